/* SPDX-License-Identifier: Apache-2.0 */
/* The script for zsh. */
#include "cli/cli_completion.h"
#include "cli/cli_options.h"

#include <string.h>

static const char names[] =
    "# Finds names in the registry that the line is about: those of a kind, and of a model where "
    "one\n"
    "# is given.\n"
    "_modelreg_ask() {\n"
    "  local uri=$registry at\n"
    "  at=${words[(I)(-r|--registry)]}\n"
    "  if (( at )); then\n"
    "    uri=$words[at+1]\n"
    "  fi\n"
    "  at=${words[(I)--registry=*]}\n"
    "  if (( at )); then\n"
    "    uri=${words[at]#*=}\n"
    "  fi\n"
    "  uri=${${(Q)uri}/#\\~\\//$HOME/}\n"
    "  found=(${(f)\"$(modelreg ${uri:+-r} ${uri:+\"$uri\"} completion -- \"$@\" "
    "2>/dev/null)\"})\n"
    "}\n\n"
    "# Completes with such names. The kind is the last argument; those before it are compadd's "
    "own.\n"
    "_modelreg_names() {\n"
    "  local -a found\n"
    "  _modelreg_ask $@[-1]\n"
    "  compadd \"${@[1,-2]}\" -a found\n"
    "}\n\n"
    "_modelreg_names_of_model() {\n"
    "  local model=${(Q)line[1]}\n"
    "  local -a found\n"
    "  _modelreg_ask $@[-1] ${model%%@*}\n"
    "  compadd \"${@[1,-2]}\" -a found\n"
    "}\n\n"
    "# Completes a model, and what stands behind its @.\n"
    "_modelreg_names_behind_model() {\n"
    "  local model=${(Q)PREFIX}\n"
    "  local -a found\n"
    "  if compset -P 1 '*@'; then\n"
    "    _modelreg_ask $@[-1] ${model%%@*}\n"
    "    compadd \"${@[1,-2]}\" -a found\n"
    "  else\n"
    "    _modelreg_ask models\n"
    "    compadd \"${@[1,-2]}\" $end -a found\n"
    "  fi\n"
    "}\n\n"
    "# The same where a model may not stand alone.\n"
    "_modelreg_names_behind_at() {\n"
    "  local -a end\n"
    "  end=(-S @)\n"
    "  _modelreg_names_behind_model \"$@\"\n"
    "}\n\n";

/* Completes the next word; where it is there already, $words begins with it from here on. zsh gives
 * $words back at the end of a function, so that this stands in each. */
static const char next[] = "  )\n"
                           "  _arguments -C -A '-*' $common '1: :->word' '*:: :->rest' && ret=0\n"
                           "  case $state in\n"
                           "  (word) _describe -t commands command words_of && ret=0 ;;\n"
                           "  esac\n"
                           "  if [[ $state != rest ]]; then\n"
                           "    return ret\n"
                           "  fi\n"
                           "  registry=${opt_args[-r]:-${opt_args[--registry]:-$registry}}\n"
                           "  case $words[1] in\n";

/* Text in single quotes, where _arguments and _describe take none of these as its own. */
static void put_quoted(const char *text, FILE *out) {
  for (; *text; text++) {
    if (*text == '\'') {
      fputs("'\\''", out);
      continue;
    }
    if (strchr("[]:\\", *text)) fputc('\\', out);
    fputc(*text, out);
  }
}

static void put_expected(const cli_expected *expected, FILE *out) {
  fputc(':', out);
  put_quoted(expected->name, out);
  fputc(':', out);
  if (expected->words) {
    fputc('(', out);
    for (size_t i = 0; expected->words[i]; i++)
      fprintf(out, "%s%s", i > 0 ? " " : "", expected->words[i]);
    fputc(')', out);
  } else if (expected->names) {
    fprintf(out, "%s %s", cli_completion_asker(expected->asking), expected->names);
  } else if (expected->places != CLI_NO_PLACES) {
    fputs(expected->places == CLI_FOLDERS ? "_files -/" : "_files", out);
  }
}

static void put_option(const cli_command *command, const cli_option *option, FILE *out) {
  cli_expected expected;
  bool repeats = false;
  if (option->value) {
    expected = cli_expected_value(command, option);
    repeats = expected.repeats;
  }
  const char *long_sign = option->value ? "=" : "";
  fputs("    ", out);
  if (repeats) fputs("'*'", out);
  if (option->letter && !repeats) fprintf(out, "'(-%c --%s)'", option->letter, option->name);
  if (option->letter) {
    fprintf(out, "{-%c%s,--%s%s}'[", option->letter, option->value ? "+" : "", option->name,
            long_sign);
  } else {
    fprintf(out, "'--%s%s[", option->name, long_sign);
  }
  put_quoted(option->help, out);
  fputc(']', out);
  if (option->value) put_expected(&expected, out);
  fputs("'\n", out);
}

static void put_options(const cli_command *command, const cli_option *options, FILE *out) {
  for (; options && options->name; options++) put_option(command, options, out);
}

static void put_command(const cli_command *command, const char *word, FILE *out) {
  const char *at = command->operands;
  cli_expected expected;
  fprintf(out, "  (%s)\n    specs=(\n", word);
  put_options(command, command->options, out);
  while (cli_expected_operand(command, &at, &expected)) {
    fprintf(out, "    '%s", expected.repeats ? "*" : "");
    put_expected(&expected, out);
    fputs("'\n", out);
  }
  fputs("    )\n    _arguments $common $specs && ret=0\n    ;;\n", out);
}

static void put_word(const char *word, size_t size, const char *text, FILE *out) {
  fprintf(out, "    '%.*s:", (int)size, word);
  put_quoted(text, out);
  fputs("'\n", out);
}

/* A function that completes the verb, and what follows it. */
static void put_noun(const cli_command *first, size_t size, FILE *out) {
  fprintf(out, "_modelreg_%.*s() {\n  _modelreg_common\n  words_of=(\n", (int)size, first->name);
  for (const cli_command *verb = first; verb->name; verb++) {
    if (strncmp(verb->name, first->name, size + 1) == 0)
      put_word(verb->name + size + 1, strlen(verb->name + size + 1), verb->summary, out);
  }
  fputs(next, out);
  for (const cli_command *verb = first; verb->name; verb++)
    if (strncmp(verb->name, first->name, size + 1) == 0)
      put_command(verb, verb->name + size + 1, out);
  fputs("  esac\n  return ret\n}\n\n", out);
}

static void put_top(const cli_command *commands, FILE *out) {
  fputs("_modelreg() {\n  local curcontext=\"$curcontext\" state state_descr line registry ret=1\n"
        "  typeset -A opt_args\n  local -a common words_of specs\n  _modelreg_common\n"
        "  words_of=(\n",
        out);
  for (const cli_command *command = commands; command->name; command++) {
    size_t size = 0;
    if (cli_begins_noun(commands, command, &size)) {
      put_word(command->name, size, "one of its verbs follows", out);
    } else if (command->name[size] == '\0') {
      put_word(command->name, size, command->summary, out);
    }
  }
  fputs(next, out);
  for (const cli_command *command = commands; command->name; command++) {
    size_t size = 0;
    if (cli_begins_noun(commands, command, &size)) {
      fprintf(out, "  (%.*s) _modelreg_%.*s ;;\n", (int)size, command->name, (int)size,
              command->name);
    } else if (command->name[size] == '\0') {
      put_command(command, command->name, out);
    }
  }
  fputs("  esac\n  return ret\n}\n\n", out);
}

void cli_completion_zsh(const cli_command *commands, FILE *out) {
  fputs("#compdef modelreg\n"
        "# zsh completion of modelreg(1), printed by: modelreg completion zsh\n\n"
        "_modelreg_common() {\n  common=(\n",
        out);
  put_options(NULL, cli_common_options, out);
  fputs("  )\n}\n\n", out);
  fputs(names, out);
  for (const cli_command *command = commands; command->name; command++) {
    size_t size = 0;
    if (cli_begins_noun(commands, command, &size)) put_noun(command, size, out);
  }
  put_top(commands, out);
  fputs("if [[ $funcstack[1] == _modelreg ]]; then\n  _modelreg \"$@\"\nelse\n"
        "  compdef _modelreg modelreg\nfi\n",
        out);
}
