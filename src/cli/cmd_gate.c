/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg gate set, show, detach and history. */
#include "cli/cli_commands.h"
#include "cli/cli_json.h"
#include "cli/cli_list.h"
#include "cli/cli_memory.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_pages.h"
#include "cli/cli_read.h"
#include "cli/cli_records.h"
#include "cli/cli_table.h"
#include "cli/cli_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_OPTION                                                                             \
  { "default", '\0', NULL, "The gate of the registry, which adds to every model's own" }
#define EXPECTED_OPTION                                                                            \
  { "expected", '\0', "DIGEST", "Fail unless this gate is attached now, or none" }

static const cli_option gate_set_options[] = {
    DEFAULT_OPTION,
    EXPECTED_OPTION,
    {"quiet", 'q', NULL, "Print the digest of the gate alone"},
    {NULL, '\0', NULL, NULL},
};

static const cli_option gate_show_options[] = {
    DEFAULT_OPTION,
    {NULL, '\0', NULL, NULL},
};

static const cli_option gate_detach_options[] = {
    DEFAULT_OPTION,
    EXPECTED_OPTION,
    {NULL, '\0', NULL, NULL},
};

static const cli_option gate_history_options[] = {
    DEFAULT_OPTION,
    {"transition", '\0', "TRANSITION", "Only this one: promote or channel/NAME"},
    {"limit", 'n', "NUMBER", "Stop after this many"},
    {NULL, '\0', NULL, NULL},
};

/* Whose gate is meant, by a model as the first operand or by --default in its place. Returns
 * CLI_DONE, or complains and returns CLI_USAGE. */
static int whose(const cli_context *cli, mr_gate_list_options *out, const char *const **out_rest) {
  bool is_default = cli_option_value(cli, "default") != NULL;
  size_t wanted = (size_t)cli->command->max_operands - (is_default ? 1 : 0);
  if (cli->operand_count > wanted)
    return cli_usage_error(cli, "--default stands for the model; leave '%s' out", cli->operands[0]);
  if (cli->operand_count < wanted)
    return cli_usage_error(cli, "an operand is missing: give %s", cli->command->operands);
  out->flags = is_default ? MR_GATE_DEFAULT : 0;
  out->model = is_default ? NULL : cli->operands[0];
  *out_rest = cli->operands + (is_default ? 0 : 1);
  return CLI_DONE;
}

static mr_gate_options gate_options(const mr_gate_list_options *which) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.flags = which->flags;
  options.model = which->model;
  options.transition = which->transition;
  return options;
}

/* "promote of digits", "promote of every model". */
static void put_place(const mr_gate_record *record) {
  cli_put(stdout, record->transition);
  fputs(" of ", stdout);
  cli_put(stdout, record->model ? record->model : "every model");
}

static int64_t count_rules(const mr_gate_record *record) {
  int64_t count = 0;
  for (const char *at = record->text; at && *at; at++) count += *at == '\n';
  return count;
}

static void print_gate_json(const mr_gate_record *record) {
  cli_json json = cli_json_new(stdout);
  cli_gate_json(&json, record);
}

/* The newest revision with this digest; NULL: the newest of all. *out_record is NULL when there is
 * none, else it lives as long as the page. */
static mr_status find_revision(mr_registry *registry, const mr_gate_list_options *which,
                               const char *digest, mr_gate_page **out_page,
                               const mr_gate_record **out_record, mr_error *error) {
  mr_gate_list_options options = *which;
  *out_page = NULL;
  *out_record = NULL;
  for (;;) {
    mr_gate_page *page = NULL;
    mr_status status = mr_registry_list_gates(registry, &options, &page, error);
    /* The token belongs to the page before. */
    mr_gate_page_free(*out_page);
    *out_page = page;
    if (status != MR_OK) return status;
    for (int64_t i = 0; i < mr_gate_page_count(page); i++) {
      const mr_gate_record *record = mr_gate_page_at(page, i);
      if (digest && (!record->digest || strcmp(record->digest, digest) != 0)) continue;
      *out_record = record;
      return MR_OK;
    }
    options.token = mr_gate_page_next_token(page);
    if (!options.token) return MR_OK;
  }
}

static mr_status attach(cli_context *cli, const mr_gate_list_options *which, mr_gate *gate,
                        mr_error *error) {
  mr_gate_page *page = NULL;
  const mr_gate_record *record = NULL;
  const char *digest = NULL;
  mr_gate_options options = gate_options(which);
  options.expected_digest = cli_option_value(cli, "expected");
  options.cancel = cli_interruptible();
  mr_status status = mr_gate_digest(gate, &digest, error);
  if (status == MR_OK) status = mr_registry_attach_gate(cli->registry, gate, &options, error);
  if (status == MR_OK && !cli->json && cli_option_value(cli, "quiet")) {
    printf("%s\n", digest);
    return status;
  }
  if (status == MR_OK) status = find_revision(cli->registry, which, digest, &page, &record, error);
  if (status == MR_OK && record && cli->json) {
    print_gate_json(record);
  } else if (status == MR_OK && record) {
    int64_t count = count_rules(record);
    fputs("The gate on ", stdout);
    put_place(record);
    printf(" is revision %" PRId64 ": %" PRId64 " rule%s, digest %s\n", record->revision, count,
           cli_plural(count), record->digest);
  }
  mr_gate_page_free(page);
  return status;
}

/* Where the program that writes the rules has failed there are none, and a gate without any lets
 * everything through. */
static int check_rules(const cli_context *cli, const mr_gate *gate) {
  mr_error error = MR_ERROR_INIT;
  mr_buffer *text = NULL;
  if (mr_gate_text(gate, &text, &error) != MR_OK) return cli_fail(cli, &error);
  bool is_empty = mr_buffer_size(text) == 0;
  mr_buffer_free(text);
  if (!is_empty) return CLI_DONE;
  cli_complain("a gate without rules would let everything through; 'modelreg gate detach' takes "
               "one off");
  return CLI_USAGE;
}

static int gate_set(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_gate_list_options which = MR_GATE_LIST_OPTIONS_INIT;
  const char *const *rest = NULL;
  mr_gate *gate = NULL;
  int exit_code = whose(cli, &which, &rest);
  if (!exit_code) exit_code = cli_read_gate(cli, rest[1], &gate);
  if (!exit_code) exit_code = check_rules(cli, gate);
  if (!exit_code) exit_code = cli_open_with(cli, 0);
  if (!exit_code) {
    which.transition = rest[0];
    if (attach(cli, &which, gate, &error) != MR_OK) exit_code = cli_fail(cli, &error);
  }
  mr_gate_free(gate);
  return exit_code;
}

/* The text form, which gate set reads again. */
static void put_text(const char *text) {
  while (*text) {
    size_t size = strcspn(text, "\n");
    char *line = cli_copy(text, size);
    cli_put(stdout, line);
    fputc('\n', stdout);
    cli_free(line);
    text += size + (text[size] == '\n');
  }
}

static int gate_show(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_gate_list_options which = MR_GATE_LIST_OPTIONS_INIT;
  const char *const *rest = NULL;
  mr_gate_page *page = NULL;
  const mr_gate_record *record = NULL;
  int exit_code = whose(cli, &which, &rest);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  which.transition = rest[0];
  which.limit = 1;
  if (find_revision(cli->registry, &which, NULL, &page, &record, &error) != MR_OK) {
    exit_code = cli_fail(cli, &error);
  } else if (!record || !record->text) {
    cli_complain("no gate is attached to %s of %s; 'modelreg gate set' attaches one",
                 which.transition, which.model ? which.model : "every model");
    exit_code = CLI_NOT_FOUND;
  } else if (cli->json) {
    print_gate_json(record);
  } else {
    put_text(record->text);
  }
  mr_gate_page_free(page);
  return exit_code;
}

static int gate_detach(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_gate_list_options which = MR_GATE_LIST_OPTIONS_INIT;
  const char *const *rest = NULL;
  mr_gate_page *page = NULL;
  const mr_gate_record *record = NULL;
  int exit_code = whose(cli, &which, &rest);
  if (!exit_code) exit_code = cli_open_with(cli, 0);
  if (exit_code) return exit_code;
  which.transition = rest[0];
  which.limit = 1;
  mr_gate_options options = gate_options(&which);
  options.expected_digest = cli_option_value(cli, "expected");
  options.cancel = cli_interruptible();
  mr_status status = mr_registry_detach_gate(cli->registry, &options, &error);
  if (status == MR_OK) status = find_revision(cli->registry, &which, NULL, &page, &record, &error);
  if (status == MR_OK && record && cli->json) {
    print_gate_json(record);
  } else if (status == MR_OK && record) {
    fputs("The gate on ", stdout);
    put_place(record);
    fputs(" is detached\n", stdout);
  }
  mr_gate_page_free(page);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

static const cli_column history_columns[] = {
    {"TRANSITION", CLI_LEFT}, {"REVISION", CLI_RIGHT}, {"IN FORCE", CLI_LEFT}, {"RULES", CLI_RIGHT},
    {"MADE", CLI_LEFT},       {"ACTOR", CLI_SHORTEN},  {"DIGEST", CLI_LEFT},
};

static void history_row(void *ctx, const mr_gate_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->transition);
  cli_table_int(table, record->revision);
  cli_table_text(table, record->in_force ? "yes" : "no");
  cli_table_int(table, count_rules(record));
  cli_table_time(table, record->created_us);
  cli_table_text(table, record->actor);
  cli_table_text(table, record->digest ? record->digest : "detached");
}

static int gate_history(cli_context *cli) {
  mr_error error = MR_ERROR_INIT;
  mr_gate_list_options options = MR_GATE_LIST_OPTIONS_INIT;
  const char *const *rest = NULL;
  int exit_code = whose(cli, &options, &rest);
  if (!exit_code) exit_code = cli_option_count(cli, "limit", &options.limit);
  if (!exit_code) exit_code = cli_open(cli);
  if (exit_code) return exit_code;
  options.transition = cli_option_value(cli, "transition");
  cli_list list =
      cli_list_begin(cli, history_columns, sizeof history_columns / sizeof *history_columns);
  mr_status status = cli_each_gate(cli->registry, &options, cli->json ? cli_gate_json : history_row,
                                   cli_list_output(&list), &error);
  return cli_list_end(cli, &list, status, &error);
}

const cli_command cli_gate_commands[] = {
    {"gate set", "MODEL|--default TRANSITION FILE", 2, 3, "Attach a gate to a transition",
     "The transition is promote or channel/NAME; the channel need not exist yet. The file has one\n"
     "rule a line, 'name: expression', and comments behind #; - reads standard input. The gate\n"
     "replaces the one that was attached, of which every revision is kept.\n",
     "modelreg -r registry.db gate set digits promote gate.txt", gate_set_options, gate_set},
    {"gate show", "MODEL|--default TRANSITION", 1, 2, "Print the gate that is attached",
     "As text that gate set reads.\n", "modelreg -r registry.db gate show digits promote",
     gate_show_options, gate_show},
    {"gate detach", "MODEL|--default TRANSITION", 1, 2, "Take the gate off a transition",
     "Its revisions are kept. The gate of the registry, or the model's own, still holds.\n",
     "modelreg -r registry.db gate detach digits channel/staging", gate_detach_options,
     gate_detach},
    {"gate history", "MODEL|--default", 0, 1, "List every revision of the gates, the newest first",
     "", "modelreg -r registry.db gate history digits", gate_history_options, gate_history},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
