/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg dataset snapshot. */
#include "cli/cli_open.h"
#include "cli/cmd_dataset.h"

#include "cli/cli_commands.h"
#include "cli/cli_memory.h"
#include "cli/cli_numbers.h"
#include "cli/cli_options.h"
#include "cli/cli_read.h"
#include "cli/cli_rehearsal.h"
#include "cli/cli_text.h"
#include "cli/cmd_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest text of a manifest: some ten million files. */
#define MANIFEST_MAX ((size_t)1 << 30)
/* The longest schema that the library takes. */
#define SCHEMA_MAX ((size_t)65536)

static const cli_option snapshot_options[] = {
    {"experiment", 'e', "NAME", "The experiment it belongs to; made when it does not exist"},
    {"name", '\0', "NAME", "Name of the dataset; else the folder's own"},
    {"manifest", '\0', "FILE", "Take the files from a manifest, or - for standard input"},
    CLI_DATASET_PATTERNS,
    {"samples", '\0', "NUMBER", "How many samples it has"},
    {"schema", '\0', "FILE|TEXT", "Its columns or its shape: a file's text, - for standard input"},
    {"source", '\0', "URI", "Where it comes from"},
    {"source-version", '\0', "VERSION", "Its version there, such as a snapshot of a table"},
    {"freeze", '\0', NULL, "Keep a copy of every file, so that it can be fetched later"},
    {"quiet", 'q', NULL, "Print the id of its run alone"},
    {NULL, '\0', NULL, NULL},
};

/* The values of an option that repeats; free them with cli_free(). */
static const char **values_of(const cli_context *cli, const char *name, size_t *out_count) {
  const char **values = cli_resize(NULL, cli->given_count, sizeof *values);
  size_t at = 0;
  *out_count = 0;
  for (const char *value; (value = cli_option_next(cli, name, &at)) != NULL;)
    values[(*out_count)++] = value;
  return values;
}

int cli_dataset_scan(const cli_context *cli, const char *folder, mr_manifest **out_manifest) {
  mr_error error = MR_ERROR_INIT;
  mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
  const char **include = values_of(cli, "include", &options.include_count);
  const char **exclude = values_of(cli, "exclude", &options.exclude_count);
  options.include = options.include_count > 0 ? include : NULL;
  options.exclude = options.exclude_count > 0 ? exclude : NULL;
  options.cancel = cli_interruptible();
  mr_status status = mr_manifest_new(out_manifest, &error);
  if (status == MR_OK) status = mr_manifest_add_folder(*out_manifest, folder, &options, &error);
  cli_free(include);
  cli_free(exclude);
  return status == MR_OK ? CLI_DONE : cli_fail(cli, &error);
}

/* Adds "DIGEST SIZE PATH". False when the line has another form; *status says whether the library
 * took it. */
static bool add_line(mr_manifest *manifest, char *line, mr_status *status, mr_error *error) {
  char *size = strchr(line, ' ');
  char *path = size ? strchr(size + 1, ' ') : NULL;
  int64_t bytes = 0;
  if (!path) return false;
  *size++ = '\0';
  *path++ = '\0';
  if (size[0] < '0' || size[0] > '9' || !cli_parse_int(size, &bytes)) return false;
  *status = mr_manifest_add_entry(manifest, path, bytes, line, error);
  return true;
}

/* What is wrong in a file needs no reminder of how the command is used. */
static int read_lines(const char *name, char *text, mr_manifest *manifest) {
  static const char title[] = "modelreg manifest v1";
  mr_error error = MR_ERROR_INIT;
  mr_status status = MR_OK;
  int64_t number = 1;
  for (char *line = text; *line; number++) {
    char *end = line + strcspn(line, "\n");
    char *next = end + (*end == '\n');
    *end = '\0';
    bool is_title = number == 1 && strcmp(line, title) == 0;
    if (!is_title && !add_line(manifest, line, &status, &error)) {
      cli_complain("%s: line %" PRId64 " is not of the form DIGEST SIZE PATH", name, number);
      return CLI_USAGE;
    }
    if (status != MR_OK) {
      cli_complain("%s: line %" PRId64 ": %s", name, number, error.message);
      return status == MR_NO_MEMORY ? CLI_REGISTRY : CLI_USAGE;
    }
    line = next;
  }
  return CLI_DONE;
}

static int read_manifest(const cli_context *cli, const char *path, mr_manifest **out_manifest) {
  mr_error error = MR_ERROR_INIT;
  char *text = NULL;
  int exit_code = cli_read_text(cli, path, MANIFEST_MAX, &text);
  if (!exit_code && mr_manifest_new(out_manifest, &error) != MR_OK)
    exit_code = cli_fail(cli, &error);
  if (!exit_code)
    exit_code = read_lines(strcmp(path, "-") == 0 ? "standard input" : path, text, *out_manifest);
  cli_free(text);
  return exit_code;
}

/* A file's text where there is such a file, else the text itself. */
static int read_schema(const cli_context *cli, char **out_text) {
  const char *value = cli_option_value(cli, "schema");
  struct stat found;
  if (!value) return CLI_DONE;
  if (strcmp(value, "-") != 0 && stat(value, &found) != 0) {
    *out_text = cli_copy(value, strlen(value));
    return CLI_DONE;
  }
  return cli_read_text(cli, value, SCHEMA_MAX, out_text);
}

/* The last part of the path, of the current folder for "."; "" where there is none. Free it with
 * cli_free(). */
static char *own_name(const char *folder) {
  char here[4096] = "";
  if (strcmp(folder, ".") == 0 || strcmp(folder, "./") == 0)
    folder = getcwd(here, sizeof here) ? here : "";
  size_t end = strlen(folder);
  while (end > 0 && folder[end - 1] == '/') end--;
  size_t start = end;
  while (start > 0 && folder[start - 1] != '/') start--;
  char *name = cli_copy(folder + start, end - start);
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) name[0] = '\0';
  return name;
}

/* All that the command line says, understood before anything is written. */
typedef struct snapshot_wish {
  const char *experiment;
  const char *folder;
  const char *manifest;
  /* As given, or the folder's own. */
  const char *name;
  char *own_name;
  char *schema;
  mr_dataset_options options;
} snapshot_wish;

static int read_wish(const cli_context *cli, snapshot_wish *wish) {
  const char *name = cli_option_value(cli, "name");
  size_t at = 0;
  wish->experiment = cli_option_value(cli, "experiment");
  wish->manifest = cli_option_value(cli, "manifest");
  wish->folder = cli->operand_count > 0 ? cli->operands[0] : NULL;
  bool has_patterns = cli_option_next(cli, "include", &at) != NULL;
  at = 0;
  has_patterns = cli_option_next(cli, "exclude", &at) != NULL || has_patterns;
  if (!wish->folder == !wish->manifest)
    return cli_usage_error(cli, "name either a FOLDER or a --manifest");
  if (wish->manifest && has_patterns)
    return cli_usage_error(cli, "--include and --exclude are for folders");
  if (wish->manifest && cli_option_value(cli, "freeze"))
    return cli_usage_error(cli, "--freeze needs the files themselves: name their folder");
  const char *schema = cli_option_value(cli, "schema");
  if (wish->manifest && schema && strcmp(wish->manifest, "-") == 0 && strcmp(schema, "-") == 0)
    return cli_usage_error(cli, "standard input cannot be both the manifest and the schema");
  if (!wish->experiment)
    return cli_usage_error(cli, "say which experiment it belongs to: --experiment NAME");
  if (!name && wish->manifest) return cli_usage_error(cli, "say what it is called: --name NAME");
  wish->own_name = own_name(name ? "" : wish->folder);
  wish->name = name ? name : wish->own_name;
  if (!name && !wish->name[0])
    return cli_usage_error(cli, "'%s' has no name of its own; say --name NAME", wish->folder);
  wish->options.freeze = cli_option_value(cli, "freeze") != NULL;
  wish->options.source_uri = cli_option_value(cli, "source");
  wish->options.source_version = cli_option_value(cli, "source-version");
  int exit_code = cli_option_count(cli, "samples", &wish->options.sample_count);
  if (!exit_code) exit_code = read_schema(cli, &wish->schema);
  wish->options.schema = wish->schema;
  return exit_code;
}

static int say_recorded(const cli_context *cli, mr_dataset *dataset) {
  const mr_dataset_record *record = mr_dataset_info(dataset);
  char size[CLI_NUMBER_SIZE];
  if (cli->json) return cli_dataset_show(cli, dataset, false);
  if (cli_option_value(cli, "quiet")) {
    printf("%s\n", record->run_id);
    return CLI_DONE;
  }
  cli_size(size, record->total_size);
  fputs("Recorded dataset ", stdout);
  cli_put(stdout, record->name);
  printf(": %" PRId64 " file%s, %s%s\n", record->file_count, cli_plural(record->file_count), size,
         record->frozen ? ", copies kept" : "");
  printf("Run %s, digest %s\n", record->run_id, record->digest);
  return CLI_DONE;
}

/* Whether the library takes all that is said about the dataset, whatever its files are. */
static mr_status rehearse(const snapshot_wish *wish, mr_error *error) {
  mr_dataset_options options = wish->options;
  cli_rehearsal rehearsal;
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  options.freeze = 0;
  mr_status status = cli_rehearsal_begin(wish->experiment, &rehearsal, error);
  if (status == MR_OK) status = mr_manifest_new(&manifest, error);
  if (status == MR_OK)
    status = mr_experiment_log_dataset(rehearsal.experiment, wish->name, manifest, &options,
                                       &dataset, error);
  mr_dataset_free(dataset);
  mr_manifest_free(manifest);
  cli_rehearsal_end(&rehearsal);
  return status;
}

static int record(const cli_context *cli, const snapshot_wish *wish, mr_manifest *manifest) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_dataset *dataset = NULL;
  mr_dataset_options options = wish->options;
  const char *digest = NULL;
  options.cancel = cli_interruptible();
  /* Paths that are there twice are found before an experiment is made. */
  mr_status status = mr_manifest_digest(manifest, &digest, &error);
  if (status == MR_OK)
    status = cli_experiment_make(cli->registry, wish->experiment, &experiment, &error);
  if (status == MR_OK)
    status =
        mr_experiment_log_dataset(experiment, wish->name, manifest, &options, &dataset, &error);
  int exit_code = status == MR_OK ? say_recorded(cli, dataset) : cli_fail(cli, &error);
  mr_dataset_free(dataset);
  mr_experiment_free(experiment);
  return exit_code;
}

static int snapshot(cli_context *cli) {
  snapshot_wish wish = {.options = MR_DATASET_OPTIONS_INIT};
  mr_error error = MR_ERROR_INIT;
  mr_manifest *manifest = NULL;
  int exit_code = read_wish(cli, &wish);
  if (!exit_code) exit_code = cli_open_with(cli, 0);
  if (!exit_code && rehearse(&wish, &error) != MR_OK) exit_code = cli_fail(cli, &error);
  if (!exit_code)
    exit_code = wish.manifest ? read_manifest(cli, wish.manifest, &manifest)
                              : cli_dataset_scan(cli, wish.folder, &manifest);
  if (!exit_code) exit_code = record(cli, &wish, manifest);
  mr_manifest_free(manifest);
  cli_free(wish.schema);
  cli_free(wish.own_name);
  return exit_code;
}

const cli_command cli_dataset_snapshot_commands[] = {
    {"dataset snapshot", "[FOLDER]", 0, 1, "Record which files a dataset consists of",
     "Digests of all files below the folder are recorded as a run of kind dataset. Patterns are\n"
     "those of the shell on the path inside the folder; '*' matches '/', too. A manifest has\n"
     "lines of the form DIGEST SIZE PATH, with digests as in modelreg/dataset.h. A --schema that\n"
     "names no file is the text itself.\n",
     "modelreg -r registry.db dataset snapshot data/ --experiment digits --exclude '*.tmp'",
     snapshot_options, snapshot},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
