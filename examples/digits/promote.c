/* SPDX-License-Identifier: Apache-2.0 */
/* Step 4: from runs to a version in production.
 *
 * A version exists only if the gate let it in; no call goes round it. */
#include "common.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Creates what is not there yet, so that this program can run again and again. */
static mr_model *ensure_model(mr_registry *registry) {
  static const char *const channels[] = {"staging", "production"};
  mr_error error = MR_ERROR_INIT;
  mr_model_options options = MR_MODEL_OPTIONS_INIT;
  mr_model *model = NULL;
  options.description = "Reads one handwritten digit from an image of 8 x 8 pixels";
  mr_status status = mr_registry_create_model(registry, "digits", &options, &model, &error);
  if (status == MR_ALREADY_EXISTS) {
    status = mr_registry_open_model(registry, "digits", &model, &error);
  }
  check(status, &error);
  for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
    status = mr_model_create_channel(model, channels[i], &error);
    if (status != MR_ALREADY_EXISTS) check(status, &error);
  }
  return model;
}

/* The rules for new versions come from a file; its digest names them. The one for production is
 * written here. */
static void attach_gates(mr_registry *registry, const char *path, char digest[65]) {
  mr_error error = MR_ERROR_INIT;
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  mr_gate *gate = NULL;
  const char *gate_digest = NULL;
  char text[16384];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
  fclose(file);

  options.model = "digits";
  options.transition = "promote";
  check(mr_gate_parse(text, &gate, &error), &error);
  check(mr_registry_attach_gate(registry, gate, &options, &error), &error);
  check(mr_gate_digest(gate, &gate_digest, &error), &error);
  snprintf(digest, 65, "%s", gate_digest);
  mr_gate_free(gate);

  options.transition = "channel/production";
  check(mr_gate_new(&gate, &error), &error);
  check(mr_gate_add_rule(gate, "released", "version.prerelease IS NULL", &error), &error);
  check(mr_registry_attach_gate(registry, gate, &options, &error), &error);
  mr_gate_free(gate);
}

/* Finds the best and the worst run by their accuracy in validation; of equal ones the newest. The
 * held-out images must not choose: they are there to judge the choice. */
static void choose(mr_registry *registry, char best[37], char worst[37]) {
  mr_error error = MR_ERROR_INIT;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_run_page *page = NULL;
  double highest = -1.0;
  double lowest = 2.0;
  options.experiment = "digits";
  options.kind = MR_RUN_KIND_TRAINING;
  options.status = MR_RUN_STATUS_FINISHED;
  check(mr_registry_list_runs(registry, &options, &page, &error), &error);
  for (int64_t i = 0; i < mr_run_page_count(page); i++) {
    const char *id = mr_run_page_at(page, i)->id;
    mr_run *run = NULL;
    check(mr_registry_open_run(registry, id, &run, &error), &error);
    double accuracy = metric_value(run, "validation.accuracy"); /* NaN is neither */
    mr_run_free(run);
    if (accuracy > highest) {
      highest = accuracy;
      snprintf(best, 37, "%s", id);
    }
    if (accuracy < lowest) {
      lowest = accuracy;
      snprintf(worst, 37, "%s", id);
    }
  }
  mr_run_page_free(page);
  if (highest < 0.0) {
    fputs("no finished runs; run train first\n", stderr);
    exit(EXIT_FAILURE);
  }
}

/* The version that was made of this run before. */
static mr_version *version_of(mr_model *model, const char *run_id) {
  mr_error error = MR_ERROR_INIT;
  mr_version_page *page = NULL;
  mr_version *version = NULL;
  check(mr_model_list_versions(model, NULL, &page, &error), &error);
  for (int64_t i = 0; version == NULL && i < mr_version_page_count(page); i++) {
    const mr_version_record *record = mr_version_page_at(page, i);
    if (strcmp(record->run_id, run_id) == 0) {
      check(mr_model_open_version(model, record->number, &version, &error), &error);
    }
  }
  mr_version_page_free(page);
  return version;
}

/* Prints a decision: what was required, what was seen, the verdict, rule by rule. */
static void print_decision(mr_request *request) {
  mr_error error = MR_ERROR_INIT;
  mr_decision *decision = NULL;
  mr_buffer *text = NULL;
  check(mr_request_decision(request, &decision, &error), &error);
  check(mr_decision_text(decision, &text, &error), &error);
  fputs((const char *)mr_buffer_data(text), stdout);
  mr_buffer_free(text);
  mr_decision_free(decision);
}

/* Proposes a run as a version. The gate decides at once; NULL is its no. */
static mr_version *promote(mr_model *model, const char *run_id, const char *gate_digest) {
  mr_error error = MR_ERROR_INIT;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_version *version = NULL;
  char op_id[128];
  /* The op_id makes a repeat harmless: under the same gate a run is proposed once, and calling
   * again finds the request of the first time. */
  snprintf(op_id, sizeof(op_id), "promote-%s-%s", run_id, gate_digest);
  options.op_id = op_id;
  mr_status status = mr_model_promote(model, run_id, &options, &request, &error);
  if (status == MR_ALREADY_EXISTS) return version_of(model, run_id); /* under an older gate */
  check(status, &error);

  status = mr_request_version(request, &version, &error);
  if (status == MR_GATE_FAILED) {
    print_decision(request);
    printf("refused: %s\n", error.message);
  } else {
    check(status, &error);
  }
  mr_request_free(request);
  return version;
}

/* Moves a channel to a version by compare-and-set: if somebody else has moved the channel since we
 * looked, nothing changes and the answer is MR_CONFLICT. */
static void move_channel(mr_model *model, const char *channel, const char *number) {
  mr_error error = MR_ERROR_INIT;
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  mr_channel_page *page = NULL;
  mr_request *request = NULL;
  mr_version *version = NULL;
  check(mr_model_list_channels(model, NULL, &page, &error), &error);
  move.channel = channel;
  move.version = number;
  move.expected = "none";
  for (int64_t i = 0; i < mr_channel_page_count(page); i++) {
    const mr_channel_record *record = mr_channel_page_at(page, i);
    if (strcmp(record->name, channel) == 0 && record->version != NULL) {
      move.expected = record->version;
    }
  }
  mr_status status = mr_model_move_channel(model, &move, &request, &error);
  if (status == MR_ALREADY_EXISTS) {
    printf("%s holds %s already\n", channel, number);
  } else {
    check(status, &error);
    check(mr_request_version(request, &version, &error), &error); /* did its gate let it pass? */
    printf("%s: %s -> %s\n", channel, move.expected, number);
  }
  mr_version_free(version);
  mr_request_free(request);
  mr_channel_page_free(page);
}

int main(int argc, char **argv) {
  char digest[65];
  char best[37];
  char worst[37];
  if (argc != 3) usage("promote REGISTRY GATE-FILE");

  mr_registry *registry = open_registry(argv[1], 0);
  mr_model *model = ensure_model(registry);
  attach_gates(registry, argv[2], digest);
  choose(registry, best, worst);

  printf("the worst run in validation, %s:\n", worst);
  mr_version *version = promote(model, worst, digest);
  if (version != NULL) fputs("the gate let it pass: look at its rules\n", stderr);
  mr_version_free(version);

  printf("\nthe best run in validation, %s:\n", best);
  version = promote(model, best, digest);
  if (version != NULL) {
    const mr_version_record *record = mr_version_info(version);
    printf("accepted: digits@%s, %" PRId64 " bytes\n", record->number, record->total_size);
    move_channel(model, "staging", record->number);
    move_channel(model, "production", record->number);
  }

  int done = version != NULL;
  mr_version_free(version);
  mr_model_free(model);
  mr_registry_close(registry);
  return done ? 0 : 1;
}
