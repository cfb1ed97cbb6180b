/* SPDX-License-Identifier: Apache-2.0 */
#include "env_sheet.h"

#include <inttypes.h>

typedef struct writer {
  env_sheet *sheet;
  FILE *out;
  mr_registry *registry;
  mr_error error;
} writer;

/* Whether the call answered; remembers the first that did not. */
static bool answered(writer *w, mr_status status) {
  if (status == MR_OK) return true;
  if (!api_is_good_message(w->error.message)) w->sheet->careless = true;
  if (w->sheet->failed == MR_OK) {
    w->sheet->failed = status;
    w->sheet->error = w->error;
  }
  return false;
}

static void text(writer *w, const char *name, const char *value) {
  fprintf(w->out, "%s ", name);
  if (value == NULL) fputs("NULL", w->out);
  for (const char *p = value; p != NULL && *p != '\0'; p++) fputc(*p == '\n' ? '|' : *p, w->out);
  fputc('\n', w->out);
}

static void number(writer *w, const char *name, int64_t value) {
  fprintf(w->out, "%s %" PRId64 "\n", name, value);
}

static void real(writer *w, const char *name, double value) {
  fprintf(w->out, "%s %a\n", name, value);
}

/* Each row of a page of one kind. */
#define EACH(kind, call, body)                                                                     \
  do {                                                                                             \
    mr_##kind##_page *page = NULL;                                                                 \
    if (answered(w, (call))) {                                                                     \
      for (int64_t i = 0; i < mr_##kind##_page_count(page); i++) {                                 \
        const mr_##kind##_record *row = mr_##kind##_page_at(page, i);                              \
        body                                                                                       \
      }                                                                                            \
    }                                                                                              \
    mr_##kind##_page_free(page);                                                                   \
  } while (0)

static void write_history(writer *w, mr_run *run, const char *key) {
  mr_history *history = NULL;
  if (answered(w, mr_run_history(run, key, NULL, &history, &w->error))) {
    for (int64_t i = 0; i < mr_history_count(history); i++) {
      number(w, "history.step", mr_history_steps(history)[i]);
      number(w, "history.time", mr_history_times(history)[i]);
      real(w, "history.value", mr_history_values(history)[i]);
    }
  }
  mr_history_free(history);
}

static void write_things(writer *w, mr_run *run) {
  EACH(property, mr_run_list_params(run, NULL, &page, &w->error), {
    text(w, "param.key", row->key);
    text(w, "param.value", row->value);
  });
  EACH(property, mr_run_list_tags(run, NULL, &page, &w->error), {
    text(w, "tag.key", row->key);
    text(w, "tag.value", row->value);
  });
  EACH(input, mr_run_list_inputs(run, NULL, &page, &w->error), {
    number(w, "input.kind", row->kind);
    text(w, "input.role", row->role);
    text(w, "input.run", row->run_id);
    text(w, "input.digest", row->dataset_digest);
    text(w, "input.version", row->version);
  });
  EACH(check, mr_run_list_checks(run, NULL, &page, &w->error), {
    number(w, "check.result", row->result);
    text(w, "check.id", row->id);
    text(w, "check.name", row->name);
    text(w, "check.note", row->note);
    text(w, "check.actor", row->actor);
    number(w, "check.created", row->created_us);
  });
  EACH(metric, mr_run_list_metrics(run, NULL, &page, &w->error), {
    text(w, "metric.key", row->key);
    number(w, "metric.count", row->count);
    number(w, "metric.last_step", row->last_step);
    number(w, "metric.last_time", row->last_time_us);
    real(w, "metric.first", row->first);
    real(w, "metric.last", row->last);
    real(w, "metric.min", row->min);
    real(w, "metric.max", row->max);
    real(w, "metric.mean", row->mean);
    write_history(w, run, row->key);
  });
  EACH(artifact, mr_run_list_artifacts(run, NULL, &page, &w->error), {
    text(w, "artifact.path", row->path);
    text(w, "artifact.digest", row->digest);
    number(w, "artifact.size", row->size);
    text(w, "artifact.format", row->format);
    number(w, "artifact.created", row->created_us);
  });
}

static void write_run(writer *w, const mr_run_record *row) {
  mr_run *run = NULL;
  number(w, "run.kind", row->kind);
  number(w, "run.status", row->status);
  number(w, "run.sealed", row->sealed);
  text(w, "run.id", row->id);
  text(w, "run.name", row->name);
  text(w, "run.experiment", row->experiment_name);
  text(w, "run.actor", row->actor);
  number(w, "run.started", row->started_us);
  number(w, "run.ended", row->ended_us);
  text(w, "run.commit", row->source_commit);
  if (answered(w, mr_registry_open_run(w->registry, row->id, &run, &w->error))) {
    write_things(w, run);
  }
  mr_run_free(run);
}

static void write_files(writer *w, const char *run_id) {
  mr_dataset *dataset = NULL;
  mr_manifest *manifest = NULL;
  if (answered(w, mr_registry_open_dataset(w->registry, run_id, &dataset, &w->error)) &&
      answered(w, mr_dataset_manifest(dataset, &manifest, &w->error))) {
    for (int64_t i = 0; i < mr_manifest_count(manifest); i++) {
      text(w, "file.path", mr_manifest_at(manifest, i)->path);
      text(w, "file.digest", mr_manifest_at(manifest, i)->digest);
      number(w, "file.size", mr_manifest_at(manifest, i)->size);
    }
  }
  mr_manifest_free(manifest);
  mr_dataset_free(dataset);
}

static void write_lab(writer *w) {
  mr_registry *r = w->registry;
  EACH(experiment, mr_registry_list_experiments(r, NULL, &page, &w->error), {
    text(w, "experiment.id", row->id);
    text(w, "experiment.name", row->name);
    text(w, "experiment.actor", row->actor);
    number(w, "experiment.created", row->created_us);
  });
  EACH(run, mr_registry_list_runs(r, NULL, &page, &w->error), { write_run(w, row); });
  EACH(dataset, mr_registry_list_datasets(r, NULL, &page, &w->error), {
    number(w, "dataset.frozen", row->frozen);
    text(w, "dataset.name", row->name);
    text(w, "dataset.digest", row->digest);
    number(w, "dataset.files", row->file_count);
    number(w, "dataset.size", row->total_size);
    write_files(w, row->run_id);
  });
}

static void write_version(writer *w, mr_model *model, const mr_version_record *row) {
  mr_version *version = NULL;
  number(w, "version.status", row->status);
  text(w, "version.id", row->id);
  text(w, "version.number", row->number);
  text(w, "version.run", row->run_id);
  text(w, "version.path", row->artifact_path);
  text(w, "version.digest", row->digest);
  number(w, "version.files", row->file_count);
  number(w, "version.size", row->total_size);
  text(w, "version.description", row->description);
  text(w, "version.request", row->request_id);
  text(w, "version.params", row->params_digest);
  text(w, "version.actor", row->actor);
  number(w, "version.created", row->created_us);
  text(w, "version.reason", row->status_reason);
  if (answered(w, mr_model_open_version(model, row->number, &version, &w->error)))
    (void)answered(w, mr_version_verify(version, NULL, NULL, NULL, &w->error));
  mr_version_free(version);
}

static void write_channel(writer *w, mr_model *model, const mr_channel_record *channel) {
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  options.channel = channel->name;
  text(w, "channel.name", channel->name);
  text(w, "channel.version", channel->version);
  number(w, "channel.sequence", channel->sequence);
  text(w, "channel.actor", channel->actor);
  number(w, "channel.moved", channel->moved_us);
  EACH(channel_move, mr_model_list_channel_moves(model, &options, &page, &w->error), {
    number(w, "move.kind", row->kind);
    number(w, "move.sequence", row->sequence);
    text(w, "move.version", row->version);
    text(w, "move.previous", row->previous);
    text(w, "move.request", row->request_id);
    text(w, "move.actor", row->actor);
    number(w, "move.moved", row->moved_us);
  });
}

static void write_model(writer *w, const mr_model_record *record) {
  mr_model *model = NULL;
  text(w, "model.id", record->id);
  text(w, "model.name", record->name);
  text(w, "model.description", record->description);
  text(w, "model.actor", record->actor);
  number(w, "model.created", record->created_us);
  if (answered(w, mr_registry_open_model(w->registry, record->name, &model, &w->error))) {
    EACH(version, mr_model_list_versions(model, NULL, &page, &w->error),
         { write_version(w, model, row); });
    EACH(channel, mr_model_list_channels(model, NULL, &page, &w->error),
         { write_channel(w, model, row); });
  }
  mr_model_free(model);
}

static void write_request(writer *w, const mr_request_record *row) {
  mr_request *request = NULL;
  mr_decision *decision = NULL;
  mr_buffer *body = NULL;
  number(w, "request.state", row->state);
  text(w, "request.id", row->id);
  text(w, "request.transition", row->transition);
  text(w, "request.run", row->run_id);
  text(w, "request.path", row->artifact_path);
  text(w, "request.version", row->version);
  text(w, "request.candidate", row->candidate_digest);
  text(w, "request.gate", row->gate_digest);
  text(w, "request.actor", row->actor);
  number(w, "request.created", row->created_us);
  number(w, "request.closed", row->closed_us);
  text(w, "request.closed_by", row->closed_by);
  if (answered(w, mr_registry_open_request(w->registry, row->id, &request, &w->error)) &&
      answered(w, mr_request_decision(request, &decision, &w->error)) &&
      answered(w, mr_decision_text(decision, &body, &w->error))) {
    text(w, "decision.text", (const char *)mr_buffer_data(body));
  }
  mr_buffer_free(body);
  mr_decision_free(decision);
  mr_request_free(request);
}

static void write_gates(writer *w, const char *model) {
  mr_gate_list_options options = MR_GATE_LIST_OPTIONS_INIT;
  options.model = model;
  EACH(gate, mr_registry_list_gates(w->registry, &options, &page, &w->error), {
    text(w, "gate.model", row->model);
    text(w, "gate.transition", row->transition);
    number(w, "gate.revision", row->revision);
    text(w, "gate.digest", row->digest);
    text(w, "gate.text", row->text);
    text(w, "gate.actor", row->actor);
    number(w, "gate.created", row->created_us);
  });
}

static void write_release(writer *w) {
  static const char *const references[] = {"digits", "digits@production", "digits@^1"};
  EACH(model, mr_registry_list_models(w->registry, NULL, &page, &w->error),
       { write_model(w, row); });
  EACH(request, mr_registry_list_requests(w->registry, NULL, &page, &w->error),
       { write_request(w, row); });
  write_gates(w, "digits");
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
    mr_version *version = NULL;
    if (answered(w, mr_registry_resolve(w->registry, references[i], NULL, &version, &w->error)))
      text(w, "resolved.number", mr_version_info(version)->number);
    mr_version_free(version);
  }
}

void env_sheet_read(env_sheet *sheet, mr_registry *registry, bool check) {
  size_t size = 0;
  mr_fsck *fsck = NULL;
  writer w = {.sheet = sheet, .registry = registry, .error = MR_ERROR_INIT};
  memset(sheet, 0, sizeof *sheet);
  w.out = open_memstream(&sheet->text, &size);
  assert_non_null(w.out);
  text(&w, "registry.id", mr_registry_info(registry)->id);
  number(&w, "registry.created", mr_registry_info(registry)->created_us);
  write_lab(&w);
  write_release(&w);
  if (check && answered(&w, mr_registry_fsck(registry, NULL, &fsck, &w.error))) {
    sheet->errors = mr_fsck_info(fsck)->error_count;
    sheet->notes = mr_fsck_info(fsck)->note_count;
  }
  mr_fsck_free(fsck);
  assert_int_equal(fclose(w.out), 0);
}

static bool begins(const char *line, const char *const *known) {
  size_t size = strcspn(line, " \n");
  for (; *known != NULL; known++) {
    if (strlen(*known) == size && memcmp(line, *known, size) == 0) return true;
  }
  return false;
}

const char *env_sheet_differ(const char *before, const char *after, const char *const *known,
                             char out[80]) {
  while (*before != '\0' || *after != '\0') {
    size_t a = strcspn(before, "\n");
    size_t b = strcspn(after, "\n");
    bool same = a == b && memcmp(before, after, a) == 0;
    if (!same && !(begins(before, known) && begins(after, known))) {
      (void)snprintf(out, 80, "%.*s", (int)(strcspn(before, " \n")), before);
      return out;
    }
    before += a + (before[a] == '\n');
    after += b + (after[b] == '\n');
  }
  return NULL;
}
