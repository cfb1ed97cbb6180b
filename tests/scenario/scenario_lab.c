/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of registry.h, experiment.h, run.h and metric.h. */
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- the library and the registry --------------------------------------------------------- */

/* 2026-01-01T00:00:00Z; every step takes a second, during which the clock stands still. */
#define FIRST_MOMENT_US INT64_C(1767225600000000)

static int64_t step_clock(void *ctx) {
  return FIRST_MOMENT_US + (int64_t)((const scenario *)ctx)->moment * 1000000;
}

/* SplitMix64 (Steele, Lea and Flood, 2014) of the step's number and the place in its stream. */
static void step_random(void *ctx, uint8_t *out, size_t size) {
  scenario *s = ctx;
  for (size_t i = 0; i < size; i++, s->random_at++) {
    uint64_t z = (s->moment << 32) + s->random_at / 8 + 1;
    z *= UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    out[i] = (uint8_t)(z >> 8 * (s->random_at % 8));
  }
}

static mr_status library_version(scenario *s, mr_error *error) {
  (void)error;
  result_text(s, mr_library_version());
  return MR_OK;
}

static mr_status abi_level(scenario *s, mr_error *error) {
  (void)error;
  say(s, "%" PRIu32, mr_abi_level());
  return MR_OK;
}

static mr_status status_name(scenario *s, mr_error *error) {
  (void)error;
  result_text(s, mr_status_name((mr_status)integer_at(s, 0)));
  return MR_OK;
}

/* The time that the step stands at, to be named later on. */
static mr_status now(scenario *s, mr_error *error) {
  char text[24];
  (void)error;
  (void)snprintf(text, sizeof text, "%" PRId64, step_clock(s));
  result_text(s, text);
  return MR_OK;
}

static mr_status registry_open(scenario *s, mr_error *error) {
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  mr_registry *registry = NULL;
  options.flags = (mr_open_flags)option_named(s, "flags", open_flags);
  options.actor = option_text(s, "actor");
  options.artifact_root = option_text(s, "artifact_root");
  options.busy_timeout_ms = option_integer(s, "busy_timeout_ms");
  options.file_mode = (uint32_t)option_integer(s, "file_mode");
  options.clock = step_clock;
  options.clock_ctx = s;
  options.random = step_random;
  options.random_ctx = s;
  mr_status status = mr_registry_open(text_at(s, 0), &options, &registry, error);
  if (status == MR_OK) result_handle(s, &registry_class, registry);
  return status;
}

static mr_status registry_flush(scenario *s, mr_error *error) {
  return mr_registry_flush(handle_at(s, 0, &registry_class), error);
}

/* --- cancel tokens ------------------------------------------------------------------------ */

static mr_status cancel_new(scenario *s, mr_error *error) {
  mr_cancel *cancel = NULL;
  mr_status status = mr_cancel_new(&cancel, error);
  if (status == MR_OK) result_handle(s, &cancel_class, cancel);
  return status;
}

static mr_status cancel_trigger(scenario *s, mr_error *error) {
  (void)error;
  mr_cancel_trigger(handle_at(s, 0, &cancel_class));
  return MR_OK;
}

/* --- experiments and runs ----------------------------------------------------------------- */

LIST_VERB(registry, experiments, experiment)

static mr_status registry_open_experiment(scenario *s, mr_error *error) {
  mr_experiment *experiment = NULL;
  mr_status status = mr_registry_open_experiment(handle_at(s, 0, &registry_class), text_at(s, 1),
                                                 &experiment, error);
  if (status == MR_OK) result_handle(s, &experiment_class, experiment);
  return status;
}

static mr_status experiment_start_run(scenario *s, mr_error *error) {
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  mr_run *run = NULL;
  const argument *keys = option(s, "tag_keys");
  options.kind = (mr_run_kind)option_named(s, "kind", run_kinds);
  options.name = option_text(s, "name");
  options.parent_run_id = option_text(s, "parent_run_id");
  options.source_commit = option_text(s, "source_commit");
  options.source_entry_point = option_text(s, "source_entry_point");
  options.source_state = (mr_source_state)option_named(s, "source_state", source_states);
  options.environment_host = option_text(s, "environment_host");
  options.environment_packages_digest = option_text(s, "environment_packages_digest");
  options.environment_image_digest = option_text(s, "environment_image_digest");
  options.tag_keys = texts(s, keys);
  options.tag_values = texts(s, option(s, "tag_values"));
  options.tag_count = keys != NULL ? keys->count : 0;
  mr_status status =
      mr_experiment_start_run(handle_at(s, 0, &experiment_class), &options, &run, error);
  if (status == MR_OK) result_handle(s, &run_class, run);
  return status;
}

static mr_status registry_open_run(scenario *s, mr_error *error) {
  mr_run *run = NULL;
  mr_status status =
      mr_registry_open_run(handle_at(s, 0, &registry_class), text_at(s, 1), &run, error);
  if (status == MR_OK) result_handle(s, &run_class, run);
  return status;
}

static mr_status registry_list_runs(scenario *s, mr_error *error) {
  mr_registry *registry = handle_at(s, 0, &registry_class);
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_status status = MR_OK;
  options.kind = (mr_run_kind)option_named(s, "kind", run_kinds);
  options.status = (mr_run_status)option_named(s, "status", run_statuses);
  options.experiment = option_text(s, "experiment");
  options.limit = option_integer(s, "limit");
  options.token = option_text(s, "token");
  do {
    mr_run_page *page = NULL;
    status = mr_registry_list_runs(registry, &options, &page, error);
    options.token = status == MR_OK ? next_page(s, drain_run(s, page)) : NULL;
  } while (options.token != NULL);
  return status;
}

static mr_status run_log_param(scenario *s, mr_error *error) {
  return mr_run_log_param(handle_at(s, 0, &run_class), text_at(s, 1), text_at(s, 2), error);
}

static mr_status run_log_params(scenario *s, mr_error *error) {
  const argument *keys = place(s, 1);
  return mr_run_log_params(handle_at(s, 0, &run_class), texts(s, keys), texts(s, place(s, 2)),
                           keys->count, error);
}

static mr_status run_set_tag(scenario *s, mr_error *error) {
  return mr_run_set_tag(handle_at(s, 0, &run_class), text_at(s, 1), text_at(s, 2), error);
}

static mr_status run_delete_tag(scenario *s, mr_error *error) {
  return mr_run_delete_tag(handle_at(s, 0, &run_class), text_at(s, 1), error);
}

static mr_status run_log_input(scenario *s, mr_error *error) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = option_text(s, "role");
  input.dataset_run_id = option_text(s, "dataset_run_id");
  input.dataset_digest = option_text(s, "dataset_digest");
  input.run_id = option_text(s, "run_id");
  input.version = option_text(s, "version");
  return mr_run_log_input(handle_at(s, 0, &run_class), &input, error);
}

static mr_status run_finish(scenario *s, mr_error *error) {
  mr_run_status status = (mr_run_status)named_at(s, 1, run_statuses);
  return mr_run_finish(handle_at(s, 0, &run_class), status, error);
}

LIST_VERB(run, params, property)
LIST_VERB(run, tags, property)
LIST_VERB(run, inputs, input)

/* --- metrics ------------------------------------------------------------------------------ */

LIST_VERB(run, metrics, metric)

static mr_status run_log_metric(scenario *s, mr_error *error) {
  return mr_run_log_metric(handle_at(s, 0, &run_class), text_at(s, 1), real_at(s, 2),
                           integer_at(s, 3), error);
}

static mr_status run_log_metrics(scenario *s, mr_error *error) {
  const argument *keys = place(s, 2);
  return mr_run_log_metrics(handle_at(s, 0, &run_class), integer_at(s, 1), texts(s, keys),
                            reals(s, place(s, 3)), keys->count, error);
}

static mr_status run_metric(scenario *s, mr_error *error) {
  mr_metric *metric = NULL;
  mr_status status = mr_run_metric(handle_at(s, 0, &run_class), text_at(s, 1), &metric, error);
  if (status == MR_OK) result_handle(s, &metric_class, metric);
  return status;
}

static mr_status metric_log(scenario *s, mr_error *error) {
  return mr_metric_log(handle_at(s, 0, &metric_class), real_at(s, 1), integer_at(s, 2), error);
}

static mr_status metric_log_many(scenario *s, mr_error *error) {
  const argument *values = place(s, 1);
  return mr_metric_log_many(handle_at(s, 0, &metric_class), reals(s, values),
                            integers(s, place(s, 2)), integers(s, option(s, "times_us")),
                            values->count, error);
}

static mr_status run_flush(scenario *s, mr_error *error) {
  return mr_run_flush(handle_at(s, 0, &run_class), error);
}

static mr_status run_history(scenario *s, mr_error *error) {
  mr_history_options options = MR_HISTORY_OPTIONS_INIT;
  mr_history *history = NULL;
  if (option(s, "from_step") != NULL) options.flags |= MR_HISTORY_FROM_STEP;
  if (option(s, "to_step") != NULL) options.flags |= MR_HISTORY_TO_STEP;
  options.from_step = option_integer(s, "from_step");
  options.to_step = option_integer(s, "to_step");
  mr_status status =
      mr_run_history(handle_at(s, 0, &run_class), text_at(s, 1), &options, &history, error);
  if (status == MR_OK) result_handle(s, &history_class, history);
  return status;
}

/* Few points one by one, as "step time value bits"; many as the fingerprints of their columns. */
static mr_status history_points(scenario *s, mr_error *error) {
  (void)error;
  const mr_history *history = handle_at(s, 0, &history_class);
  size_t count = (size_t)mr_history_count(history);
  const int64_t *steps = mr_history_steps(history);
  const int64_t *times = mr_history_times(history);
  const double *values = mr_history_values(history);
  if (count > 20) {
    say(s, "%zu points, fingerprints %016" PRIx64 " %016" PRIx64 " %016" PRIx64, count,
        fingerprint(steps, count * sizeof *steps), fingerprint(times, count * sizeof *times),
        fingerprint(values, count * sizeof *values));
    return MR_OK;
  }
  for (size_t i = 0; i < count; i++) {
    uint64_t bits = 0;
    memcpy(&bits, &values[i], sizeof bits);
    say(s, "%" PRId64 " %" PRId64 " %s %016" PRIx64, steps[i], times[i], written_real(s, values[i]),
        bits);
  }
  return MR_OK;
}

const verb lab_verbs[] = {{"close", close_handles},
                          {"info", say_info},
                          {"library_version", library_version},
                          {"abi_level", abi_level},
                          {"status_name", status_name},
                          {"now", now},
                          {"registry_open", registry_open},
                          {"registry_flush", registry_flush},
                          {"cancel_new", cancel_new},
                          {"cancel_trigger", cancel_trigger},
                          {"registry_open_experiment", registry_open_experiment},
                          {"registry_list_experiments", registry_list_experiments},
                          {"experiment_start_run", experiment_start_run},
                          {"registry_open_run", registry_open_run},
                          {"registry_list_runs", registry_list_runs},
                          {"run_log_param", run_log_param},
                          {"run_log_params", run_log_params},
                          {"run_set_tag", run_set_tag},
                          {"run_delete_tag", run_delete_tag},
                          {"run_log_input", run_log_input},
                          {"run_finish", run_finish},
                          {"run_list_params", run_list_params},
                          {"run_list_tags", run_list_tags},
                          {"run_list_inputs", run_list_inputs},
                          {"run_list_metrics", run_list_metrics},
                          {"run_log_metric", run_log_metric},
                          {"run_log_metrics", run_log_metrics},
                          {"run_metric", run_metric},
                          {"metric_log", metric_log},
                          {"metric_log_many", metric_log_many},
                          {"run_flush", run_flush},
                          {"run_history", run_history},
                          {"history_points", history_points},
                          {NULL, NULL}};
