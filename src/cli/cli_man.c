/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_man.h"

#include "cli/cli_help.h"
#include "cli/cli_options.h"

#include <stdbool.h>
#include <string.h>

/* What is here in the language of man(7), since it names no command's options. */
static const char begin[] =
    ".SH NAME\n"
    "modelreg \\- a registry of models, of the runs they come from and of the gates between them\n"
    ".SH SYNOPSIS\n"
    ".B modelreg\n"
    ".I COMMAND\n"
    ".RI [ OPTION .\\|.\\|.]\\&\n"
    ".RI [ OPERAND .\\|.\\|.]\\&\n"
    ".br\n"
    ".B modelreg\n"
    ".RI [ COMMAND ]\n"
    ".B \\-\\-help\n"
    ".SH DESCRIPTION\n"
    ".B modelreg\n"
    "keeps the life of a model in one place: datasets, training runs with their params, metrics,\n"
    "checks and artifacts; the versions that runs were promoted to, the gates they had to pass "
    "and\n"
    "the channels that consumers follow.\n"
    "A registry is one file with a folder of artifacts beside it, and\n"
    ".B modelreg init\n"
    "creates one; no server is needed.\n"
    ".PP\n"
    "A\n"
    ".I REFERENCE\n"
    "names a version:\n"
    ".I MODEL\n"
    "or\n"
    ".IR MODEL @ SELECTOR ,\n"
    "where the selector is\n"
    ".B latest\n"
    "(the default), a number, a range such as\n"
    ".BR ^1.2 ,\n"
    "a channel, or 12 and more digits of the digest of the artifacts.\n"
    ".PP\n"
    "Options may stand before and behind operands; behind\n"
    ".B \\-\\-\n"
    "everything is an operand.\n";

static const char middle[] =
    ".SH ENVIRONMENT\n"
    ".TP\n"
    ".B MODELREG_REGISTRY\n"
    "The registry, where\n"
    ".B \\-\\-registry\n"
    "is not given.\n"
    ".TP\n"
    ".B MODELREG_ACTOR\n"
    "Who does it: the name that runs, requests and events are recorded with. Without it that is "
    "the\n"
    "id of the user and the name of the host.\n"
    ".TP\n"
    ".B NO_COLOR\n"
    "If it is set and not empty, nothing is colored unless\n"
    ".B \\-\\-color\n"
    "says so.\n"
    ".TP\n"
    ".B TERM\n"
    "Nothing is colored where it is not set, empty or\n"
    ".BR dumb .\n"
    ".TP\n"
    ".B COLUMNS\n"
    "The width of a terminal that does not say how wide it is.\n"
    ".SH FILES\n"
    ".TP\n"
    ".I REGISTRY\n"
    "The database, such as\n"
    ".IR registry.db .\n"
    "While it is in use,\n"
    ".IR registry.db\\-wal\n"
    "and\n"
    ".I registry.db\\-shm\n"
    "are part of it.\n"
    ".TP\n"
    ".IR REGISTRY .d/\n"
    "Stored content by digest, and metrics on their way into the database. Copy it together with\n"
    "the database.\n"
    ".SH EXIT STATUS\n"
    ".TP\n"
    ".B 0\n"
    "Done.\n"
    ".TP\n"
    ".B 1\n"
    "What was asked for was not found, in the registry or among files.\n"
    ".TP\n"
    ".B 2\n"
    "The command line is wrong.\n"
    ".TP\n"
    ".B 3\n"
    "There is trouble with the registry, with files or with standard output.\n"
    ".TP\n"
    ".B 4\n"
    "A gate failed.\n"
    ".TP\n"
    ".B 5\n"
    "A gate is pending.\n"
    ".TP\n"
    ".B 6\n"
    "Files or records differ from what they should be.\n"
    ".PP\n"
    "Interrupted by a signal,\n"
    ".B modelreg\n"
    "leaves nothing half done and ends by that signal, unless it was done already. A run that\n"
    "was being started is failed then.\n"
    ".SH JSON OUTPUT\n"
    "With\n"
    ".B \\-\\-json\n"
    "a command prints one JSON value to standard output: an object, or for lists an array of\n"
    "objects. The names of the fields are stable; new ones may be added, and new words for what\n"
    "is listed here as a choice. Times are Unix\n"
    "microseconds, their names end with\n"
    ".BR _us .\n"
    "Sizes are bytes. States and kinds are lower-case words. What is not there is null. NaN and "
    "the\n"
    "infinities are the strings \"NaN\", \"Infinity\" and \"\\-Infinity\". Output that was cut off "
    "is no\n"
    "valid JSON, and the exit status is not 0. Where nothing came of the command nothing is\n"
    "printed; a gate that fails or is pending, what is damaged and what differs are results, and\n"
    "printed. Messages go to standard error, as text.\n"
    ".PP\n"
    "The fields, by command; those of what is printed by more than one stand at the end.\n";

static const char end[] =
    ".SH EXAMPLES\n"
    "From a run to a version in production:\n"
    ".PP\n"
    ".nf\n"
    ".RS\n"
    "export MODELREG_REGISTRY=registry.db\n"
    "modelreg init\n"
    "run=$(modelreg run start \\-\\-experiment digits \\-\\-param lr=0.1 \\-\\-quiet)\n"
    "modelreg run metric $run accuracy=0.97 \\-\\-step 10\n"
    "modelreg run artifact $run model.safetensors\n"
    "modelreg run finish $run\n"
    "modelreg model create digits\n"
    "modelreg promote digits $run\n"
    "modelreg channel create digits production\n"
    "modelreg channel move digits production 1.0.0 \\-\\-expected none\n"
    "modelreg fetch digits@production \\-o model/\n"
    ".RE\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    ".BR sqlite3 (1)\n";

/* Text as it is: nothing in it is a request, an escape or a typographic dash. */
static void put(const char *text, size_t size, FILE *out) {
  bool at_start = true;
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if (at_start && (c == '.' || c == '\'')) fputs("\\&", out);
    if (c == '\\') {
      fputs("\\e", out);
    } else if (c == '-') {
      fputs("\\-", out);
    } else if (c == '\'') {
      fputs("\\(aq", out);
    } else if (c == '`') {
      fputs("\\(ga", out);
    } else if (c == '^') {
      fputs("\\(ha", out);
    } else if (c == '~') {
      fputs("\\(ti", out);
    } else if (c != '\n' || i + 1 < size) {
      fputc(c, out);
    }
    at_start = c == '\n';
  }
}

void cli_man_text(const char *text, FILE *out) {
  put(text, strlen(text), out);
}

static bool is_name(char c) {
  return (c >= 'A' && c <= 'Z') || c == '_';
}

/* Operands: what stands in capitals is to be replaced. */
static void put_operands(const char *text, FILE *out) {
  while (*text) {
    size_t size = 0;
    bool name = is_name(text[0]);
    while (text[size] && is_name(text[size]) == name) size++;
    if (name) fputs("\\fI", out);
    put(text, size, out);
    if (name) fputs("\\fR", out);
    text += size;
  }
}

static void put_options(const cli_option *options, FILE *out) {
  for (; options && options->name; options++) {
    fputs(".TP\n", out);
    if (options->letter) fprintf(out, "\\fB\\-%c\\fR, ", options->letter);
    fputs("\\fB\\-\\-", out);
    cli_man_text(options->name, out);
    fputs("\\fR", out);
    if (options->value) {
      fputc(' ', out);
      put_operands(options->value, out);
    }
    fputc('\n', out);
    cli_man_text(options->help, out);
    fputs(".\n", out);
  }
}

static void put_command(const cli_command *command, FILE *out) {
  fputs(".TP\n\\fBmodelreg ", out);
  cli_man_text(command->name, out);
  fputs("\\fR", out);
  if (command->operands[0]) {
    fputc(' ', out);
    put_operands(command->operands, out);
  }
  fputc('\n', out);
  cli_man_text(command->summary, out);
  fputs(".\n", out);
  if (command->description[0]) {
    cli_man_text(command->description, out);
    fputc('\n', out);
  }
  fputs(".RS\n", out);
  put_options(command->options, out);
  fputs(".PP\nExample:\n", out);
  cli_man_text(command->example, out);
  fputs("\n.RE\n", out);
}

void cli_man(const cli_command *commands, FILE *out) {
  const char *title = NULL;
  fprintf(out, ".TH MODELREG 1 \"\" \"modelreg %d.%d.%d\" \"User Commands\"\n",
          MR_LIBRARY_VERSION_MAJOR, MR_LIBRARY_VERSION_MINOR, MR_LIBRARY_VERSION_PATCH);
  /* No hyphens and no stretched blanks: what is read here is typed. */
  fputs(".nh\n.ad l\n", out);
  fputs(begin, out);
  fputs(".SH OPTIONS\nEvery command has these:\n", out);
  put_options(cli_common_options, out);
  fputs(".SH COMMANDS\n", out);
  for (; commands->name; commands++) {
    const char *next = cli_help_group(commands->name);
    if (next && (!title || strcmp(title, next) != 0)) {
      fprintf(out, ".SS %s\n", next);
      title = next;
    }
    put_command(commands, out);
  }
  fputs(middle, out);
  cli_man_json(out);
  fputs(end, out);
}
