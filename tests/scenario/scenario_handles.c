/* SPDX-License-Identifier: Apache-2.0 */
/* The handles that names stand for, the records that they and pages hold, and the names of enum
 * values. */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

/* --- names -------------------------------------------------------------------------------- */

const value_name open_flags[] = {{"CREATE", MR_OPEN_CREATE},
                                 {"READ_ONLY", MR_OPEN_READ_ONLY},
                                 {"EXCLUSIVE", MR_OPEN_EXCLUSIVE},
                                 {"ALLOW_NETWORK", MR_OPEN_ALLOW_NETWORK},
                                 {NULL, 0}};
const value_name run_kinds[] = {{"TRAINING", MR_RUN_KIND_TRAINING},
                                {"DATASET", MR_RUN_KIND_DATASET},
                                {"EVALUATION", MR_RUN_KIND_EVALUATION},
                                {NULL, 0}};
const value_name run_statuses[] = {{"RUNNING", MR_RUN_STATUS_RUNNING},
                                   {"FINISHED", MR_RUN_STATUS_FINISHED},
                                   {"FAILED", MR_RUN_STATUS_FAILED},
                                   {"KILLED", MR_RUN_STATUS_KILLED},
                                   {NULL, 0}};
const value_name source_states[] = {{"UNKNOWN", MR_SOURCE_STATE_UNKNOWN},
                                    {"CLEAN", MR_SOURCE_STATE_CLEAN},
                                    {"DIRTY", MR_SOURCE_STATE_DIRTY},
                                    {NULL, 0}};
const value_name gate_flags[] = {{"DEFAULT", MR_GATE_DEFAULT}, {NULL, 0}};
const value_name request_states[] = {{"OPEN", MR_REQUEST_STATE_OPEN},
                                     {"ACCEPTED", MR_REQUEST_STATE_ACCEPTED},
                                     {"REFUSED", MR_REQUEST_STATE_REFUSED},
                                     {"WITHDRAWN", MR_REQUEST_STATE_WITHDRAWN},
                                     {NULL, 0}};
const value_name bumps[] = {{"MAJOR", MR_BUMP_MAJOR},
                            {"MINOR", MR_BUMP_MINOR},
                            {"PATCH", MR_BUMP_PATCH},
                            {"PRERELEASE", MR_BUMP_PRERELEASE},
                            {NULL, 0}};
const value_name verify_flags[] = {{"ALLOW_EXTRA", MR_VERIFY_ALLOW_EXTRA}, {NULL, 0}};
const value_name resolve_flags[] = {{"PRERELEASES", MR_RESOLVE_PRERELEASES}, {NULL, 0}};
static const value_name input_kinds[] = {{"DATASET_RUN", MR_INPUT_KIND_DATASET_RUN},
                                         {"DATASET_DIGEST", MR_INPUT_KIND_DATASET_DIGEST},
                                         {"RUN", MR_INPUT_KIND_RUN},
                                         {"VERSION", MR_INPUT_KIND_VERSION},
                                         {NULL, 0}};
static const value_name artifact_kinds[] = {
    {"STORED", MR_ARTIFACT_KIND_STORED}, {"LINK", MR_ARTIFACT_KIND_LINK}, {NULL, 0}};
static const value_name problems[] = {{"MISSING", MR_PROBLEM_MISSING},
                                      {"CHANGED", MR_PROBLEM_CHANGED},
                                      {"EXTRA", MR_PROBLEM_EXTRA},
                                      {"UNREADABLE", MR_PROBLEM_UNREADABLE},
                                      {NULL, 0}};
static const value_name version_statuses[] = {{"ACTIVE", MR_VERSION_STATUS_ACTIVE},
                                              {"DEPRECATED", MR_VERSION_STATUS_DEPRECATED},
                                              {"YANKED", MR_VERSION_STATUS_YANKED},
                                              {NULL, 0}};
static const value_name verdicts[] = {{"PASSED", MR_VERDICT_PASSED},
                                      {"FAILED", MR_VERDICT_FAILED},
                                      {"PENDING", MR_VERDICT_PENDING},
                                      {NULL, 0}};

/* --- records ------------------------------------------------------------------------------ */

#define FIELD(record, name, kind)                                                                  \
  { #name, kind, offsetof(mr_##record##_record, name), NULL, 0 }
#define NAMED(record, name, names)                                                                 \
  { #name, INT32, offsetof(mr_##record##_record, name), names, 0 }
#define LIST(record, name, count)                                                                  \
  {                                                                                                \
#name, TEXTS, offsetof(mr_##record##_record, name), NULL,                                      \
        offsetof(mr_##record##_record, count)                                                      \
  }
#define END                                                                                        \
  { NULL, TEXT, 0, NULL, 0 }

static const field registry_fields[] = {FIELD(registry, read_only, INT32),
                                        FIELD(registry, id, TEXT),
                                        FIELD(registry, uri, TEXT),
                                        FIELD(registry, driver, TEXT),
                                        FIELD(registry, driver_version, TEXT),
                                        FIELD(registry, location, TEXT),
                                        FIELD(registry, artifact_root, TEXT),
                                        FIELD(registry, actor, TEXT),
                                        FIELD(registry, schema_version, INT64),
                                        FIELD(registry, created_us, INT64),
                                        LIST(registry, warnings, warning_count),
                                        END};
const field experiment_fields[] = {FIELD(experiment, id, TEXT), FIELD(experiment, name, TEXT),
                                   FIELD(experiment, actor, TEXT),
                                   FIELD(experiment, created_us, INT64), END};
const field run_fields[] = {NAMED(run, kind, run_kinds),
                            NAMED(run, status, run_statuses),
                            FIELD(run, sealed, INT32),
                            FIELD(run, id, TEXT),
                            FIELD(run, name, TEXT),
                            FIELD(run, experiment_id, TEXT),
                            FIELD(run, experiment_name, TEXT),
                            FIELD(run, parent_run_id, TEXT),
                            FIELD(run, actor, TEXT),
                            FIELD(run, started_us, INT64),
                            FIELD(run, ended_us, INT64),
                            FIELD(run, source_commit, TEXT),
                            FIELD(run, source_entry_point, TEXT),
                            FIELD(run, environment_host, TEXT),
                            FIELD(run, environment_packages_digest, TEXT),
                            FIELD(run, environment_image_digest, TEXT),
                            NAMED(run, source_state, source_states),
                            END};
const field property_fields[] = {FIELD(property, key, TEXT), FIELD(property, value, TEXT), END};
const field input_fields[] = {NAMED(input, kind, input_kinds),
                              FIELD(input, role, TEXT),
                              FIELD(input, run_id, TEXT),
                              FIELD(input, dataset_digest, TEXT),
                              FIELD(input, dataset_name, TEXT),
                              FIELD(input, version, TEXT),
                              END};
const field metric_fields[] = {FIELD(metric, key, TEXT),
                               FIELD(metric, count, INT64),
                               FIELD(metric, nan_count, INT64),
                               FIELD(metric, first_step, INT64),
                               FIELD(metric, first_time_us, INT64),
                               FIELD(metric, last_step, INT64),
                               FIELD(metric, last_time_us, INT64),
                               FIELD(metric, first, REAL),
                               FIELD(metric, last, REAL),
                               FIELD(metric, min, REAL),
                               FIELD(metric, max, REAL),
                               FIELD(metric, mean, REAL),
                               END};
const field artifact_fields[] = {
    NAMED(artifact, kind, artifact_kinds), FIELD(artifact, path, TEXT),
    FIELD(artifact, digest, TEXT),         FIELD(artifact, size, INT64),
    FIELD(artifact, format, TEXT),         FIELD(artifact, uri, TEXT),
    FIELD(artifact, created_us, INT64),    END};
const field dataset_fields[] = {FIELD(dataset, frozen, INT32),
                                FIELD(dataset, run_id, TEXT),
                                FIELD(dataset, name, TEXT),
                                FIELD(dataset, digest, TEXT),
                                FIELD(dataset, file_count, INT64),
                                FIELD(dataset, total_size, INT64),
                                FIELD(dataset, sample_count, INT64),
                                FIELD(dataset, schema, TEXT),
                                FIELD(dataset, source_uri, TEXT),
                                FIELD(dataset, source_version, TEXT),
                                FIELD(dataset, actor, TEXT),
                                FIELD(dataset, created_us, INT64),
                                END};
const field entry_fields[] = {FIELD(manifest_entry, path, TEXT),
                              FIELD(manifest_entry, digest, TEXT),
                              FIELD(manifest_entry, size, INT64), END};
const field report_fields[] = {FIELD(report, file_count, INT64), FIELD(report, total_size, INT64),
                               FIELD(report, problem_count, INT64), END};
const field problem_fields[] = {NAMED(problem, problem, problems), FIELD(problem, path, TEXT),
                                FIELD(problem, message, TEXT), END};
const field model_fields[] = {FIELD(model, id, TEXT),          FIELD(model, name, TEXT),
                              FIELD(model, description, TEXT), FIELD(model, actor, TEXT),
                              FIELD(model, created_us, INT64), END};
const field version_fields[] = {NAMED(version, status, version_statuses),
                                FIELD(version, id, TEXT),
                                FIELD(version, model, TEXT),
                                FIELD(version, number, TEXT),
                                FIELD(version, run_id, TEXT),
                                FIELD(version, artifact_path, TEXT),
                                FIELD(version, digest, TEXT),
                                FIELD(version, file_count, INT64),
                                FIELD(version, total_size, INT64),
                                FIELD(version, description, TEXT),
                                FIELD(version, request_id, TEXT),
                                FIELD(version, experiment_id, TEXT),
                                FIELD(version, experiment_name, TEXT),
                                FIELD(version, source_commit, TEXT),
                                FIELD(version, params_digest, TEXT),
                                FIELD(version, actor, TEXT),
                                FIELD(version, created_us, INT64),
                                LIST(version, warnings, warning_count),
                                END};
const field request_fields[] = {
    NAMED(request, state, request_states), FIELD(request, id, TEXT),
    FIELD(request, model, TEXT),           FIELD(request, transition, TEXT),
    FIELD(request, run_id, TEXT),          FIELD(request, artifact_path, TEXT),
    FIELD(request, version, TEXT),         FIELD(request, candidate_digest, TEXT),
    FIELD(request, gate_digest, TEXT),     FIELD(request, description, TEXT),
    FIELD(request, op_id, TEXT),           FIELD(request, actor, TEXT),
    FIELD(request, created_us, INT64),     END};
static const field decision_fields[] = {NAMED(decision, verdict, verdicts),
                                        FIELD(decision, request_id, TEXT),
                                        FIELD(decision, gate_digest, TEXT),
                                        FIELD(decision, created_us, INT64),
                                        FIELD(decision, rule_count, INT64),
                                        FIELD(decision, passed_count, INT64),
                                        END};
const field rule_fields[] = {NAMED(rule, verdict, verdicts),   FIELD(rule, unknown, INT32),
                             FIELD(rule, from_default, INT32), FIELD(rule, name, TEXT),
                             FIELD(rule, required, TEXT),      FIELD(rule, observed, TEXT),
                             FIELD(rule, reason, TEXT),        END};
const field channel_fields[] = {FIELD(channel, name, TEXT),      FIELD(channel, version, TEXT),
                                FIELD(channel, sequence, INT64), FIELD(channel, actor, TEXT),
                                FIELD(channel, moved_us, INT64), END};

/* --- handles ------------------------------------------------------------------------------ */

#define CLASS_WITHOUT_RECORD(noun)                                                                 \
  static void close_##noun(void *handle) {                                                         \
    mr_##noun##_free(handle);                                                                      \
  }                                                                                                \
  const handle_class noun##_class = {#noun, close_##noun, NULL, NULL};

#define CLASS_CLOSED_BY(noun, function)                                                            \
  static void close_##noun(void *handle) {                                                         \
    function(handle);                                                                              \
  }                                                                                                \
  static const void *info_##noun(const void *handle) {                                             \
    return mr_##noun##_info(handle);                                                               \
  }                                                                                                \
  const handle_class noun##_class = {#noun, close_##noun, info_##noun, noun##_fields};

#define CLASS(noun) CLASS_CLOSED_BY(noun, mr_##noun##_free)
#define blob_fields artifact_fields

CLASS_CLOSED_BY(registry, mr_registry_close)
CLASS(experiment)
CLASS(run)
CLASS(dataset)
CLASS(blob)
CLASS(report)
CLASS(model)
CLASS(version)
CLASS(request)
CLASS(decision)
CLASS_WITHOUT_RECORD(cancel)
CLASS_WITHOUT_RECORD(metric)
CLASS_WITHOUT_RECORD(history)
CLASS_WITHOUT_RECORD(manifest)
CLASS_WITHOUT_RECORD(gate)

/* --- names of a scenario ------------------------------------------------------------------ */

static binding *look_up(scenario *s, const char *name) {
  for (size_t i = 0; i < s->binding_count; i++) {
    if (strcmp(s->bindings[i].name, name) == 0) return &s->bindings[i];
  }
  return NULL;
}

binding *find_binding(scenario *s, const char *name) {
  binding *b = look_up(s, name);
  if (b == NULL) complain(s, "there is no %s", name);
  return b;
}

static void *handle_of(scenario *s, const argument *a, const handle_class *class) {
  if (a->is_list || a->items[0].is_null) complain(s, "%s needs a %s here", s->verb, class->name);
  const binding *b = find_binding(s, a->items[0].text);
  if (b->class != class) complain(s, "%s is no %s", b->name, class->name);
  return b->handle;
}

void *handle_at(scenario *s, size_t index, const handle_class *class) {
  return handle_of(s, place(s, index), class);
}

void *option_handle(scenario *s, const char *name, const handle_class *class) {
  const argument *a = option(s, name);
  return a == NULL ? NULL : handle_of(s, a, class);
}

static void drop(binding *b) {
  if (b->class != NULL) b->class->close(b->handle);
  free(b->text);
  free(b->name);
}

static binding *new_binding(scenario *s) {
  binding *b = look_up(s, s->result_name);
  if (b != NULL) {
    drop(b);
  } else {
    if (s->binding_count == MAX_BINDINGS) complain(s, "there are too many names");
    b = &s->bindings[s->binding_count++];
  }
  *b = (binding){.name = grow(s, NULL, strlen(s->result_name) + 1)};
  memcpy(b->name, s->result_name, strlen(s->result_name) + 1);
  return b;
}

void result_handle(scenario *s, const handle_class *class, void *handle) {
  if (handle == NULL) complain(s, "%s succeeded without a %s", s->verb, class->name);
  if (s->result_name == NULL) {
    class->close(handle);
    return;
  }
  binding *b = new_binding(s);
  b->class = class;
  b->handle = handle;
}

void result_text(scenario *s, const char *text) {
  say(s, "%s", quoted_text(s, text));
  if (s->result_name == NULL || text == NULL) return;
  binding *b = new_binding(s);
  b->text = grow(s, NULL, strlen(text) + 1);
  memcpy(b->text, text, strlen(text) + 1);
}

static void forget(scenario *s, binding *b) {
  drop(b);
  *b = s->bindings[--s->binding_count];
}

void close_bindings(scenario *s) {
  while (s->binding_count > 0) forget(s, &s->bindings[0]);
}

/* --- verbs on any handle ------------------------------------------------------------------ */

mr_status close_handles(scenario *s, mr_error *error) {
  (void)error;
  for (size_t i = 0; i < places(s); i++) forget(s, find_binding(s, text_at(s, i)));
  return MR_OK;
}

mr_status say_info(scenario *s, mr_error *error) {
  (void)error;
  const binding *b = find_binding(s, text_at(s, 0));
  if (b->class == NULL || b->class->info == NULL) complain(s, "%s has no record", b->name);
  say_record(s, b->class->fields, b->class->info(b->handle));
  return MR_OK;
}

const char *next_page(scenario *s, const char *token) {
  if (option(s, "pages") == NULL) return token;
  result_text(s, token);
  return NULL;
}

/* --- pages -------------------------------------------------------------------------------- */

#define DEFINE_DRAIN(noun)                                                                         \
  char *drain_##noun(scenario *s, mr_##noun##_page *page) {                                        \
    int64_t count = mr_##noun##_page_count(page);                                                  \
    for (int64_t i = 0; i < count; i++) {                                                          \
      say_record(s, noun##_fields, mr_##noun##_page_at(page, i));                                  \
    }                                                                                              \
    if (mr_##noun##_page_at(page, count) != NULL || mr_##noun##_page_at(page, -1) != NULL)         \
      complain(s, "a page has records beyond its ends");                                           \
    const char *token = mr_##noun##_page_next_token(page);                                         \
    char *copy = token == NULL ? NULL : keep_text(s, token, strlen(token));                        \
    mr_##noun##_page_free(page);                                                                   \
    return copy;                                                                                   \
  }

DEFINE_DRAIN(experiment)
DEFINE_DRAIN(run)
DEFINE_DRAIN(property)
DEFINE_DRAIN(input)
DEFINE_DRAIN(metric)
DEFINE_DRAIN(artifact)
DEFINE_DRAIN(dataset)
DEFINE_DRAIN(model)
DEFINE_DRAIN(version)
DEFINE_DRAIN(request)
DEFINE_DRAIN(channel)
