/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_records.h"

#include "cli/cli_memory.h"
#include "cli/cli_pages.h"
#include "cli/cli_words.h"

#include <string.h>

const cli_column cli_artifact_columns[CLI_ARTIFACT_COLUMN_COUNT] = {
    {"PATH", CLI_SHORTEN}, {"SIZE", CLI_RIGHT}, {"FORMAT", CLI_LEFT},
    {"DIGEST", CLI_LEFT},  {"LINK", CLI_LEFT},
};

const cli_column cli_pair_columns[2] = {{NULL, CLI_LEFT}, {NULL, CLI_LEFT}};

void cli_artifact_json(void *ctx, const mr_artifact_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "path", record->path);
  cli_json_text(json, "digest", record->digest);
  cli_json_int(json, "size", record->size);
  cli_json_text(json, "format", record->format);
  cli_json_text(json, "kind", cli_word(cli_artifact_kinds, record->kind));
  cli_json_text(json, "uri", record->uri);
  cli_json_time(json, "created_us", record->created_us);
  cli_json_end_object(json);
}

void cli_artifact_row(void *ctx, const mr_artifact_record *record) {
  cli_table *table = ctx;
  cli_table_text(table, record->path);
  cli_table_size(table, record->size);
  cli_table_text(table, record->format);
  cli_table_text(table, record->digest);
  cli_table_text(table, record->uri);
}

void cli_version_fields(cli_json *json, const mr_version_record *record) {
  cli_json_text(json, "model", record->model);
  cli_json_text(json, "number", record->number);
  cli_json_text(json, "status", cli_word(cli_version_statuses, record->status));
  cli_json_text(json, "digest", record->digest);
  cli_json_text(json, "run_id", record->run_id);
  cli_json_text(json, "artifact_path", record->artifact_path);
  cli_json_int(json, "file_count", record->file_count);
  cli_json_int(json, "total_size", record->total_size);
  cli_json_text(json, "description", record->description);
  cli_json_text(json, "id", record->id);
  cli_json_text(json, "request_id", record->request_id);
  cli_json_text(json, "experiment_id", record->experiment_id);
  cli_json_text(json, "experiment_name", record->experiment_name);
  cli_json_text(json, "source_commit", record->source_commit);
  cli_json_text(json, "source_entry_point", record->source_entry_point);
  cli_json_text(json, "source_state", cli_word(cli_source_states, record->source_state));
  cli_json_text(json, "environment_host", record->environment_host);
  cli_json_text(json, "environment_packages_digest", record->environment_packages_digest);
  cli_json_text(json, "environment_image_digest", record->environment_image_digest);
  cli_json_text(json, "params_digest", record->params_digest);
  cli_json_begin_array(json, "dataset_digests");
  for (int64_t i = 0; i < record->dataset_count; i++)
    cli_json_text(json, NULL, record->dataset_digests[i]);
  cli_json_end_array(json);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
  cli_json_text(json, "status_reason", record->status_reason);
  cli_json_text(json, "replacement", record->replacement);
  cli_json_text(json, "status_actor", record->status_actor);
  cli_json_time(json, "status_us", record->status_us);
  cli_json_begin_array(json, "warnings");
  for (int64_t i = 0; i < record->warning_count; i++)
    cli_json_text(json, NULL, record->warnings[i]);
  cli_json_end_array(json);
}

mr_status cli_version_json(FILE *out, mr_version *version, mr_error *error) {
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  cli_json json = cli_json_new(out);
  cli_json_begin_object(&json, NULL);
  cli_version_fields(&json, mr_version_info(version));
  cli_json_begin_array(&json, "artifacts");
  mr_status status = cli_each_version_artifact(version, &options, cli_artifact_json, &json, error);
  /* A list that was cut off must not look complete. */
  if (status != MR_OK) return status;
  cli_json_end_array(&json);
  cli_json_end_object(&json);
  return MR_OK;
}

void cli_channel_json(cli_json *json, const char *model, const mr_channel_record *record) {
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "model", model);
  cli_json_text(json, "name", record->name);
  cli_json_text(json, "version", record->version);
  cli_json_int(json, "sequence", record->sequence);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "moved_us", record->moved_us);
  cli_json_end_object(json);
}

/* Each line of the canonical text: "name: expression". */
static void rules_json(cli_json *json, const char *text) {
  cli_json_begin_array(json, "rules");
  while (text && *text) {
    size_t size = strcspn(text, "\n");
    char *line = cli_copy(text, size);
    char *expression = strchr(line, ':');
    if (expression) *expression++ = '\0';
    while (expression && *expression == ' ') expression++;
    cli_json_begin_object(json, NULL);
    cli_json_text(json, "name", line);
    cli_json_text(json, "expression", expression);
    cli_json_end_object(json);
    cli_free(line);
    text += size + (text[size] == '\n');
  }
  cli_json_end_array(json);
}

void cli_gate_json(void *ctx, const mr_gate_record *record) {
  cli_json *json = ctx;
  cli_json_begin_object(json, NULL);
  cli_json_text(json, "model", record->model);
  cli_json_text(json, "transition", record->transition);
  cli_json_int(json, "revision", record->revision);
  cli_json_bool(json, "in_force", record->in_force != 0);
  cli_json_text(json, "digest", record->digest);
  cli_json_text(json, "text", record->text);
  rules_json(json, record->text);
  cli_json_text(json, "actor", record->actor);
  cli_json_time(json, "created_us", record->created_us);
  cli_json_end_object(json);
}
