/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg run check, input and artifact. */
#include "cli/cli_commands.h"
#include "cli/cli_memory.h"
#include "cli/cli_numbers.h"
#include "cli/cli_options.h"
#include "cli/cli_read.h"
#include "cli/cli_words.h"
#include "cli/cmd_run.h"

#include <string.h>

/* The longest note that a check can have. */
#define MOST_NOTE 65536

static int check_result(const cli_context *cli, const char *text, mr_check_result *out) {
  for (int32_t i = 0; cli_check_results[i]; i++) {
    if (strcmp(cli_check_results[i], text) == 0) {
      *out = i + 1;
      return CLI_DONE;
    }
  }
  return cli_usage_error(cli, "a check is passed, failed or skipped, not '%s'", text);
}

/* The end of the last line is the file's, not the note's. */
static const char *trimmed(char *note) {
  size_t size = strlen(note);
  while (size > 0 && (note[size - 1] == '\n' || note[size - 1] == '\r')) size--;
  note[size] = '\0';
  return note;
}

/* `out_note` is what is to be freed. */
static int check_options(const cli_context *cli, mr_check_options *options, char **out_note) {
  const char *note_file = cli_option_value(cli, "note-file");
  options->reporter = cli_option_value(cli, "reporter");
  options->note = cli_option_value(cli, "note");
  options->evidence_path = cli_option_value(cli, "evidence");
  options->evidence_uri = cli_option_value(cli, "evidence-uri");
  options->evidence_digest = cli_option_value(cli, "evidence-digest");
  bool has_size = cli_option_value(cli, "evidence-size") != NULL;
  if (options->note && note_file)
    return cli_usage_error(cli, "a check has one note: give --note or --note-file");
  if (options->evidence_path && options->evidence_uri)
    return cli_usage_error(cli, "a check has one evidence: give --evidence or --evidence-uri");
  bool has_uri = options->evidence_uri != NULL;
  if (has_uri != (options->evidence_digest != NULL) || has_uri != has_size)
    return cli_usage_error(
        cli, "--evidence-uri, --evidence-digest and --evidence-size go together: give all or none");
  int exit_code = cli_option_int(cli, "evidence-size", 0, &options->evidence_size);
  if (!exit_code && note_file) exit_code = cli_read_text(cli, note_file, MOST_NOTE, out_note);
  if (!exit_code && note_file) options->note = trimmed(*out_note);
  return exit_code;
}

static int run_check(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_check_options options = MR_CHECK_OPTIONS_INIT;
  mr_check_result result = 0;
  mr_run *run = NULL;
  char *note = NULL;
  const char *name = cli->operands[1];
  int exit_code = check_result(cli, cli->operands[2], &result);
  if (!exit_code) exit_code = check_options(cli, &options, &note);
  if (!exit_code) exit_code = cli_run_open(cli, &run);
  if (!exit_code) {
    options.cancel = cli_interruptible();
    if (mr_run_log_check(run, name, result, &options, &error) != MR_OK) {
      exit_code = cli_fail(cli, &error);
    } else {
      exit_code = cli_run_say(cli, run, "Reported check %s of run %s: %s", name,
                              mr_run_info(run)->id, cli->operands[2]);
    }
  }
  mr_run_free(run);
  cli_free(note);
  return exit_code;
}

int cli_input_parse(const cli_context *cli, const char *role, const char *what,
                    mr_input_options *input) {
  static const char *const kinds[] = {"dataset", "digest", "run", "version"};
  mr_input_options parsed = MR_INPUT_OPTIONS_INIT;
  const char **targets[] = {&parsed.dataset_run_id, &parsed.dataset_digest, &parsed.run_id,
                            &parsed.version};
  parsed.role = role;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size_t size = strlen(kinds[i]);
    if (strncmp(what, kinds[i], size) == 0 && what[size] == ':' && what[size + 1]) {
      *targets[i] = what + size + 1;
      *input = parsed;
      return CLI_DONE;
    }
  }
  return cli_usage_error(cli, "'%s' is no dataset:ID, digest:HEX, run:ID or version:MODEL@NUMBER",
                         what);
}

mr_status cli_input_check(mr_registry *registry, const mr_input_options *input, mr_error *error) {
  mr_status status;
  if (input->dataset_run_id) {
    mr_dataset *dataset = NULL;
    status = mr_registry_open_dataset(registry, input->dataset_run_id, &dataset, error);
    mr_dataset_free(dataset);
  } else {
    /* A walk finds what the others name, or says why not. */
    mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
    mr_lineage *lineage = NULL;
    options.dataset_digest = input->dataset_digest;
    options.run_id = input->run_id;
    options.version = input->version;
    options.depth = 1;
    options.limit = 1;
    status = mr_registry_lineage(registry, &options, &lineage, error);
    mr_lineage_free(lineage);
  }
  return status;
}

static int run_input(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_input_options input;
  mr_run *run = NULL;
  int exit_code = cli_input_parse(cli, cli->operands[1], cli->operands[2], &input);
  if (!exit_code) exit_code = cli_run_open(cli, &run);
  if (!exit_code && mr_run_log_input(run, &input, &error) != MR_OK)
    exit_code = cli_fail(cli, &error);
  if (!exit_code)
    exit_code = cli_run_say(cli, run, "Logged %s input of run %s: %s", cli->operands[1],
                            mr_run_info(run)->id, cli->operands[2]);
  mr_run_free(run);
  return exit_code;
}

/* A URI ends with the file's own name, as a path does; what asks for a part of it is left out. */
static char *name_in_uri(const char *uri) {
  size_t size = strcspn(uri, "?#");
  size_t first = size;
  while (first > 0 && uri[first - 1] != '/') first--;
  return cli_copy(uri + first, size - first);
}

static int link_options(const cli_context *cli, mr_link_options *link, char **out_name) {
  link->uri = cli_option_value(cli, "link");
  link->digest = cli_option_value(cli, "digest");
  if (!link->digest || !cli_option_value(cli, "size"))
    return cli_usage_error(cli, "a link needs --digest HEX and --size NUMBER, as nothing is read");
  if (cli->operand_count > 2)
    return cli_usage_error(cli, "with --link there is no PATH to copy: '%s'", cli->operands[1]);
  *out_name = name_in_uri(link->uri);
  link->path = cli->operand_count > 1 ? cli->operands[1] : *out_name;
  if (!link->path[0])
    return cli_usage_error(cli, "'%s' ends with no name; give ARTIFACT_PATH", link->uri);
  return cli_option_int(cli, "size", 0, &link->size);
}

static int artifact_link(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  mr_run *run = NULL;
  char *name = NULL;
  int exit_code = link_options(cli, &link, &name);
  if (!exit_code) exit_code = cli_run_open(cli, &run);
  if (!exit_code && mr_run_log_artifact_link(run, &link, &error) != MR_OK)
    exit_code = cli_fail(cli, &error);
  if (!exit_code)
    exit_code = cli_run_say(cli, run, "Logged link %s to run %s", link.path, mr_run_info(run)->id);
  mr_run_free(run);
  cli_free(name);
  return exit_code;
}

static int artifact_file(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_artifact_options options = MR_ARTIFACT_OPTIONS_INIT;
  mr_run *run = NULL;
  const char *path = cli->operands[1];
  const char *artifact_path = cli->operand_count > 2 ? cli->operands[2] : NULL;
  int exit_code = cli_run_open(cli, &run);
  if (exit_code) return exit_code;
  options.cancel = cli_interruptible();
  if (mr_run_log_artifact(run, path, artifact_path, &options, &error) != MR_OK) {
    exit_code = cli_fail(cli, &error);
  } else {
    exit_code = cli_run_say(cli, run, "Logged %s to run %s%s%s", path, mr_run_info(run)->id,
                            artifact_path ? " as " : "", artifact_path ? artifact_path : "");
  }
  mr_run_free(run);
  return exit_code;
}

static int run_artifact(cli_context *cli) {
  if (cli_option_value(cli, "link")) return artifact_link(cli);
  if (cli_option_value(cli, "digest") || cli_option_value(cli, "size"))
    return cli_usage_error(cli, "--digest and --size go with --link; those of a file are measured");
  if (cli->operand_count < 2)
    return cli_usage_error(cli, "PATH is missing: a file or folder, or --link URI");
  return artifact_file(cli);
}

static const cli_option run_check_options[] = {
    {"reporter", '\0', "TEXT", "Who or what made the check; else the actor"},
    {"note", '\0', "TEXT", "A note for people"},
    {"note-file", '\0', "FILE", "Read the note from a file, or from standard input for -"},
    {"evidence", '\0', "FILE", "Keep this file as evidence"},
    {"evidence-uri", '\0', "URI", "Where evidence lies that is not copied"},
    {"evidence-digest", '\0', "HEX", "Digest of what lies there"},
    {"evidence-size", '\0', "NUMBER", "Size of what lies there in bytes"},
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

static const cli_option run_input_options[] = {
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

static const cli_option run_artifact_options[] = {
    {"link", '\0', "URI", "Record what lies there; nothing is copied and nothing is read"},
    {"digest", '\0', "HEX", "Digest of what the link leads to"},
    {"size", '\0', "NUMBER", "Size of what the link leads to in bytes"},
    CLI_RUN_QUIET,
    {NULL, '\0', NULL, NULL},
};

const cli_command cli_run_attach_commands[] = {
    {"run check", "RUN NAME RESULT", 3, 3, "Report what a check of a run found",
     "RESULT is passed, failed or skipped. Every report is kept, the latest of a name counts.\n"
     "Checks can be reported at any time, also on a run that is sealed.\n",
     "modelreg -r registry.db run check 01980000-0000-7000-8000-000000000000 bias_audit passed",
     run_check_options, run_check},
    {"run input", "RUN ROLE WHAT", 3, 3, "Record what a run used",
     "ROLE says what for: training, validation, test, base or a word of your own.\n" CLI_INPUT_HELP,
     "modelreg -r registry.db run input 01980000-0000-7000-8000-000000000000 base "
     "version:digits@1.0.0",
     run_input_options, run_input},
    {"run artifact", "RUN [PATH] [ARTIFACT_PATH]", 1, 3, "Log files of a run",
     "PATH is a file, which is logged under its own name, or a folder, whose content comes to the\n"
     "top of the artifacts; ARTIFACT_PATH puts it elsewhere. With --link there is no PATH, and "
     "the\n"
     "URI's last part is the name.\n",
     "modelreg -r registry.db run artifact 01980000-0000-7000-8000-000000000000 model.safetensors",
     run_artifact_options, run_artifact},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
