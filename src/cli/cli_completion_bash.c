/* SPDX-License-Identifier: Apache-2.0 */
/* The script for bash. It needs nothing of the package bash-completion, and no registry. */
#include "cli/cli_completion.h"
#include "cli/cli_options.h"

#include <string.h>

static const char begin[] =
    "# bash completion of modelreg(1), printed by: modelreg completion bash\n"
    "\n"
    "# Completes with some of these words; with files or, for -d, folders.\n"
    "_modelreg_words() {\n"
    "  local IFS=$' \\t\\n'\n"
    "  COMPREPLY=($(compgen -W \"$1\" -- \"$cur\"))\n"
    "}\n"
    "\n"
    "# Completes with names of the registry that the line is about: those of a kind, and of a "
    "model\n"
    "# where one is given, with what stands before and behind each.\n"
    "_modelreg_names() {\n"
    "  local name\n"
    "  while IFS= read -r name; do\n"
    "    name=$3$name$4\n"
    "    if [[ $name == \"$cur\"* ]]; then\n"
    "      COMPREPLY+=(\"$name\")\n"
    "    fi\n"
    "  done < <(\"${COMP_WORDS[0]}\" ${registry:+-r \"${registry/#\\~\\//$HOME/}\"} completion -- "
    "\"$1\" "
    "${2:+\"$2\"} \\\n"
    "    2>/dev/null)\n"
    "}\n"
    "\n"
    "_modelreg_names_of_model() {\n"
    "  _modelreg_names \"$1\" \"$model\"\n"
    "}\n"
    "\n"
    "# Completes a model, and what stands behind its @.\n"
    "_modelreg_names_behind_model() {\n"
    "  if [[ -n $selected ]]; then\n"
    "    _modelreg_names \"$1\" \"$selected\" \"$before\"\n"
    "  else\n"
    "    _modelreg_names models '' '' \"$2\"\n"
    "  fi\n"
    "}\n"
    "\n"
    "# The same where a model may not stand alone.\n"
    "_modelreg_names_behind_at() {\n"
    "  _modelreg_names_behind_model \"$1\" @\n"
    "  if [[ -z $selected ]]; then\n"
    "    compopt -o nospace 2>/dev/null\n"
    "  fi\n"
    "}\n"
    "\n"
    "_modelreg_files() {\n"
    "  local IFS=$'\\n'\n"
    "  COMPREPLY=($(compgen \"$1\" -- \"$cur\"))\n"
    "  compopt -o filenames 2>/dev/null\n"
    "}\n"
    "\n";

static const char scan[] =
    "\n"
    "# Takes note of the value of the option $pending.\n"
    "_modelreg_note() {\n"
    "  if [[ $pending == -r || $pending == --registry ]]; then\n"
    "    registry=$1 noted=1\n"
    "  fi\n"
    "}\n"
    "\n"
    "_modelreg() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} command='' noun='' pending='' "
    "registry='' operand=0 i word\n"
    "  local verbs options takers noted='' model='' selected='' before='' end=$COMP_CWORD\n"
    "  COMPREPLY=()\n"
    "  _modelreg_options\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    word=${COMP_WORDS[i]}\n"
    "    if [[ $word == [=:@] ]]; then\n"
    "      # bash takes what is joined by these for words of their own.\n"
    "      if ((i + 1 < COMP_CWORD)); then\n"
    "        ((i++))\n"
    "        if [[ -n $pending ]]; then\n"
    "          _modelreg_note \"${COMP_WORDS[i]}\"\n"
    "          pending=\n"
    "        elif [[ -n $noted ]]; then\n"
    "          registry+=$word${COMP_WORDS[i]}\n"
    "        fi\n"
    "      fi\n"
    "      continue\n"
    "    fi\n"
    "    noted=\n"
    "    if [[ -n $pending ]]; then\n"
    "      _modelreg_note \"$word\"\n"
    "      pending=\n"
    "    elif [[ $takers == *\" $word \"* ]]; then\n"
    "      pending=$word\n"
    "    elif [[ $word == -?* ]]; then\n"
    "      :\n"
    "    elif [[ -n $command ]]; then\n"
    "      if ((operand++ == 0)); then\n"
    "        model=${word%%@*}\n"
    "      fi\n"
    "    else\n"
    "      command=${noun:+$noun }$word\n"
    "      verbs=\n"
    "      _modelreg_verbs \"$command\"\n"
    "      if [[ -n $verbs ]]; then\n"
    "        noun=$command command=\n"
    "      fi\n"
    "      _modelreg_options\n"
    "    fi\n"
    "  done\n"
    "  if [[ $cur == [=:@] ]]; then\n"
    "    cur=\n"
    "  else\n"
    "    ((end--))\n"
    "  fi\n"
    "  word=${COMP_WORDS[end]}\n"
    "  if [[ $word == @ && -z $pending ]] && ((operand > 0)); then\n"
    "    # The operand before it goes on here, and readline replaces the @, too.\n"
    "    selected=${COMP_WORDS[end - 1]} before=@ cur=@$cur\n"
    "    ((operand--))\n"
    "  elif [[ $cur == *@* ]]; then\n"
    "    selected=${cur%%@*} before=${cur%%@*}@\n"
    "  fi\n"
    "  if [[ -n $pending ]]; then\n"
    "    _modelreg_value \"$pending\"\n"
    "  elif [[ $cur == -* ]]; then\n"
    "    _modelreg_words \"$options\"\n"
    "  elif [[ -z $command ]]; then\n"
    "    _modelreg_verbs \"$noun\"\n"
    "    _modelreg_words \"$verbs\"\n"
    "  else\n"
    "    _modelreg_operand\n"
    "  fi\n"
    "}\n"
    "\n"
    "complete -F _modelreg modelreg\n";

/* The verbs of each noun, and for "" all that can stand first. */
static void put_verbs(const cli_command *commands, FILE *out) {
  fputs("_modelreg_verbs() {\n  case $1 in\n    '') verbs='", out);
  for (const cli_command *command = commands; command->name; command++) {
    size_t size = 0;
    bool is_noun = strchr(command->name, ' ') != NULL;
    if (cli_begins_noun(commands, command, &size) || !is_noun)
      fprintf(out, "%.*s ", (int)size, command->name);
  }
  fputs("' ;;\n", out);
  for (const cli_command *command = commands; command->name; command++) {
    size_t size = 0;
    if (!cli_begins_noun(commands, command, &size)) continue;
    fprintf(out, "    %.*s) verbs='", (int)size, command->name);
    for (const cli_command *verb = command; verb->name; verb++)
      if (strncmp(verb->name, command->name, size + 1) == 0)
        fprintf(out, "%s ", verb->name + size + 1);
    fputs("' ;;\n", out);
  }
  fputs("  esac\n}\n\n", out);
}

/* All options, or those alone that take a value, each between blanks. */
static void put_names(const cli_option *options, bool takers, FILE *out) {
  for (; options && options->name; options++) {
    if (takers && !options->value) continue;
    fprintf(out, "--%s ", options->name);
    if (options->letter) fprintf(out, "-%c ", options->letter);
  }
}

static void put_options(const cli_command *commands, FILE *out) {
  fputs("_modelreg_options() {\n  options=' ", out);
  put_names(cli_common_options, false, out);
  fputs("'\n  takers=' ", out);
  put_names(cli_common_options, true, out);
  fputs("'\n  case $command in\n", out);
  for (; commands->name; commands++) {
    if (!commands->options) continue;
    fprintf(out, "    '%s')\n      options+='", commands->name);
    put_names(commands->options, false, out);
    fputs("'\n      takers+='", out);
    put_names(commands->options, true, out);
    fputs("' ;;\n", out);
  }
  fputs("  esac\n}\n\n", out);
}

static bool is_known(const cli_expected *expected) {
  return expected->words || expected->names || expected->places != CLI_NO_PLACES;
}

static void put_expected(const cli_expected *expected, FILE *out) {
  if (expected->names) {
    fprintf(out, "%s %s", cli_completion_asker(expected->asking), expected->names);
    return;
  }
  if (!expected->words) {
    fprintf(out, "_modelreg_files %s", expected->places == CLI_FOLDERS ? "-d" : "-f");
    return;
  }
  fputs("_modelreg_words '", out);
  for (size_t i = 0; expected->words[i]; i++) fprintf(out, "%s ", expected->words[i]);
  fputc('\'', out);
}

/* `command` is NULL for the options that every command has. */
static void put_values(const cli_command *command, const cli_option *options, FILE *out) {
  for (; options && options->name; options++) {
    cli_expected expected;
    if (!options->value) continue;
    expected = cli_expected_value(command, options);
    if (!is_known(&expected)) continue;
    const char *name = command ? command->name : NULL;
    fputs("    ", out);
    if (options->letter && name) fprintf(out, "'%s -%c' | ", name, options->letter);
    if (options->letter && !name) fprintf(out, "*' -%c' | ", options->letter);
    if (name) fprintf(out, "'%s --%s') ", name, options->name);
    if (!name) fprintf(out, "*' --%s') ", options->name);
    put_expected(&expected, out);
    fputs(" ;;\n", out);
  }
}

static void put_operands(const cli_command *command, FILE *out) {
  const char *at = command->operands;
  cli_expected expected;
  for (int i = 0; cli_expected_operand(command, &at, &expected); i++) {
    if (!is_known(&expected)) continue;
    if (expected.repeats) {
      fprintf(out, "    '%s '*) ", command->name);
    } else {
      fprintf(out, "    '%s %d') ", command->name, i);
    }
    put_expected(&expected, out);
    fputs(" ;;\n", out);
  }
}

void cli_completion_bash(const cli_command *commands, FILE *out) {
  fputs(begin, out);
  put_verbs(commands, out);
  put_options(commands, out);
  fputs("_modelreg_value() {\n  case \"$command $1\" in\n", out);
  for (const cli_command *command = commands; command->name; command++)
    put_values(command, command->options, out);
  put_values(NULL, cli_common_options, out);
  fputs("  esac\n}\n\n_modelreg_operand() {\n  case \"$command $operand\" in\n", out);
  for (const cli_command *command = commands; command->name; command++) put_operands(command, out);
  /* A case without anything in it is no syntax error, and no command fails. */
  fputs("    *) ;;\n  esac\n}\n", out);
  fputs(scan, out);
}
