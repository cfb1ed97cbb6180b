/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of calls on a registry in memory: each byte chooses a call, what follows its
 * arguments. Nothing crashes, a failed call leaves its output alone and says why, and whatever was
 * done, the registry is whole in the end. */
#include "fuzz.h"

#include <modelreg/modelreg.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_CALLS 120
#define SLOTS      4

/* What calls work on. A slot may be empty: the library must answer NULL, too. */
typedef struct world {
  fuzz_bytes in;
  mr_registry *registry;
  mr_experiment *experiments[SLOTS];
  mr_run *runs[SLOTS];
  char run_ids[SLOTS][40];
  mr_model *models[SLOTS];
  mr_request *requests[SLOTS];
  mr_version *versions[SLOTS];
  mr_gate *gates[SLOTS];
  int64_t now_us;
  uint32_t random;
  mr_error error;
} world;

static int64_t step_clock(void *ctx) {
  world *w = ctx;
  return w->now_us;
}

static void step_random(void *ctx, uint8_t *out, size_t size) {
  world *w = ctx;
  for (size_t i = 0; i < size; i++) {
    w->random = w->random * 1664525U + 1013904223U;
    out[i] = (uint8_t)(w->random >> 24);
  }
}

static size_t slot(world *w) {
  return fuzz_byte(&w->in) % SLOTS;
}

/* Mostly names that fit together, now and then any text. */
static const char *a_name(world *w, char out[64]) {
  static const char *const names[] = {"digits", "fraud", "accuracy", "loss",
                                      "a",      "b",     "latest",   "production"};
  uint8_t choice = fuzz_byte(&w->in);
  if (choice >= 240) {
    fuzz_take_text(&w->in, out, 64);
    return out;
  }
  return choice == 239 ? NULL : names[choice % 8];
}

static const char *a_number(world *w, char out[64]) {
  static const char *const numbers[] = {"1.0.0", "1.1.0", "2.0.0-rc.0", "1.0.1"};
  uint8_t choice = fuzz_byte(&w->in);
  if (choice >= 248) {
    fuzz_take_text(&w->in, out, 64);
    return out;
  }
  const mr_version *version = w->versions[choice / 8 % SLOTS];
  if ((choice & 4) != 0 && version != NULL) return mr_version_info(version)->number;
  return numbers[choice & 3];
}

/* The result of a call: known, and with a reason when it failed. */
static bool done(world *w, mr_status status) {
  MUST(strncmp(mr_status_name(status), "UNKNOWN", 7) != 0);
  if (status == MR_OK) return true;
  MUST(w->error.status == status && w->error.message[0] != '\0');
  MUST(strpbrk(w->error.message, "\r\n") == NULL);
  /* Nothing fails in memory but what is asked for. */
  MUST(status != MR_IO && status != MR_CORRUPT && status != MR_TAMPERED && status != MR_BUSY);
  return false;
}

/* Puts a handle into a slot, in place of the one that was there. */
#define KEEP(type, place, call)                                                                    \
  do {                                                                                             \
    mr_##type *fresh = NULL;                                                                       \
    if (done(w, call)) {                                                                           \
      MUST(fresh != NULL);                                                                         \
      mr_##type##_free(place);                                                                     \
      (place) = fresh;                                                                             \
    } else {                                                                                       \
      MUST(fresh == NULL);                                                                         \
    }                                                                                              \
  } while (0)

static void open_experiment(world *w) {
  char text[64];
  size_t at = slot(w);
  KEEP(experiment, w->experiments[at],
       mr_registry_open_experiment(w->registry, a_name(w, text), &fresh, &w->error));
}

static void start_run(world *w) {
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  size_t at = slot(w);
  mr_experiment *experiment = w->experiments[slot(w)];
  options.kind = (mr_run_kind)(fuzz_byte(&w->in) % 4);
  mr_run *before = w->runs[at];
  KEEP(run, w->runs[at], mr_experiment_start_run(experiment, &options, &fresh, &w->error));
  if (w->runs[at] != before)
    (void)snprintf(w->run_ids[at], sizeof w->run_ids[at], "%s", mr_run_info(w->runs[at])->id);
}

static void log_to_run(world *w) {
  char key[64];
  char value[64];
  mr_run *run = w->runs[slot(w)];
  const char *name = a_name(w, key);
  switch (fuzz_byte(&w->in) % 6) {
  case 0:
    (void)done(w, mr_run_log_param(run, name, a_name(w, value), &w->error));
    break;
  case 1:
    (void)done(w, mr_run_set_tag(run, name, a_name(w, value), &w->error));
    break;
  case 2: {
    double number = (double)(int8_t)fuzz_byte(&w->in) / 8;
    (void)done(w, mr_run_log_metric(run, name, number, (int8_t)fuzz_byte(&w->in), &w->error));
    break;
  }
  case 3:
    (void)done(
        w, mr_run_log_check(run, name, (mr_check_result)(fuzz_byte(&w->in) % 5), NULL, &w->error));
    break;
  case 4: {
    uint8_t byte = fuzz_byte(&w->in);
    (void)done(w, mr_run_log_artifact_bytes(run, name, &byte, byte % 2, &w->error));
    break;
  }
  default: {
    mr_input_options input = MR_INPUT_OPTIONS_INIT;
    input.role = name;
    input.run_id = w->run_ids[slot(w)];
    (void)done(w, mr_run_log_input(run, &input, &w->error));
    break;
  }
  }
}

static void finish_run(world *w) {
  mr_run *run = w->runs[slot(w)];
  (void)done(w, mr_run_finish(run, (mr_run_status)(fuzz_byte(&w->in) % 5), &w->error));
}

static void make_model(world *w) {
  char text[64];
  size_t at = slot(w);
  const char *name = a_name(w, text);
  if ((fuzz_byte(&w->in) & 1) != 0) {
    KEEP(model, w->models[at],
         mr_registry_create_model(w->registry, name, NULL, &fresh, &w->error));
  } else {
    KEEP(model, w->models[at], mr_registry_open_model(w->registry, name, &fresh, &w->error));
  }
}

static void set_gate(world *w) {
  static const char *const texts[] = {
      "good: metrics.accuracy >= 1",
      "check: checks.a = 'passed'",
      "better: metrics.accuracy >= incumbent.metrics.accuracy OR incumbent IS NULL",
      "measured: evaluations.a.metrics.loss < 1",
  };
  char text[64];
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  size_t at = slot(w);
  uint8_t choice = fuzz_byte(&w->in);
  KEEP(gate, w->gates[at], mr_gate_parse(texts[choice % 4], &fresh, &w->error));
  options.model = a_name(w, text);
  options.transition = (choice & 4) != 0 ? "channel/production" : NULL;
  if ((choice & 8) != 0) {
    options.model = NULL;
    options.flags = MR_GATE_DEFAULT;
  }
  if ((choice & 16) != 0) {
    (void)done(w, mr_registry_detach_gate(w->registry, &options, &w->error));
  } else {
    (void)done(w, mr_registry_attach_gate(w->registry, w->gates[at], &options, &w->error));
  }
}

static void promote(world *w) {
  char text[64];
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  size_t at = slot(w);
  mr_model *model = w->models[slot(w)];
  const char *run_id = w->run_ids[slot(w)];
  uint8_t choice = fuzz_byte(&w->in);
  options.bump = (mr_bump)(choice % 5);
  if ((choice & 8) != 0) options.version = a_number(w, text);
  if ((choice & 16) != 0) options.op_id = "op";
  if ((choice & 32) != 0) options.artifact_path = "a";
  KEEP(request, w->requests[at], mr_model_promote(model, run_id, &options, &fresh, &w->error));
}

static void follow_request(world *w) {
  size_t at = slot(w);
  mr_request *request = w->requests[at];
  switch (fuzz_byte(&w->in) % 4) {
  case 0:
    KEEP(request, w->requests[at], mr_request_complete(request, NULL, &fresh, &w->error));
    break;
  case 1:
    (void)done(w, mr_request_withdraw(request, "no", &w->error));
    break;
  case 2: {
    mr_decision *decision = NULL;
    if (done(w, mr_request_decision(request, &decision, &w->error)))
      MUST(mr_decision_info(decision) != NULL);
    mr_decision_free(decision);
    break;
  }
  default:
    at = slot(w);
    KEEP(version, w->versions[at], mr_request_version(request, &fresh, &w->error));
    break;
  }
}

static void change_version(world *w) {
  char text[64];
  mr_version *version = w->versions[slot(w)];
  mr_deprecate_options deprecate = MR_DEPRECATE_OPTIONS_INIT;
  mr_yank_options yank = MR_YANK_OPTIONS_INIT;
  switch (fuzz_byte(&w->in) % 5) {
  case 0:
    deprecate.reason = a_name(w, text);
    (void)done(w, mr_version_deprecate(version, &deprecate, &w->error));
    break;
  case 1:
    (void)done(w, mr_version_undeprecate(version, NULL, &w->error));
    break;
  case 2:
    yank.reason = "bad";
    yank.channels = (mr_yank_channels)(fuzz_byte(&w->in) % 5);
    if ((fuzz_byte(&w->in) & 1) != 0) yank.replacement = a_number(w, text);
    (void)done(w, mr_version_yank(version, &yank, &w->error));
    break;
  case 3:
    (void)done(w, mr_version_unyank(version, NULL, &w->error));
    break;
  default:
    (void)done(w, mr_version_delete(version, "bad", &w->error));
    break;
  }
}

static void change_channel(world *w) {
  char text[64];
  char expected[64];
  mr_model *model = w->models[slot(w)];
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  mr_roll_back_options back = MR_ROLL_BACK_OPTIONS_INIT;
  mr_clear_options clear = MR_CLEAR_OPTIONS_INIT;
  size_t at = slot(w);
  switch (fuzz_byte(&w->in) % 4) {
  case 0:
    (void)done(w, mr_model_create_channel(model, a_name(w, text), &w->error));
    break;
  case 1:
    move.channel = "production";
    move.version = a_number(w, text);
    move.expected = (fuzz_byte(&w->in) & 1) != 0 ? a_number(w, expected) : "none";
    KEEP(request, w->requests[at], mr_model_move_channel(model, &move, &fresh, &w->error));
    break;
  case 2:
    back.channel = "production";
    back.expected = a_number(w, expected);
    KEEP(version, w->versions[at], mr_model_roll_back_channel(model, &back, &fresh, &w->error));
    break;
  default:
    clear.channel = "production";
    clear.expected = a_number(w, expected);
    (void)done(w, mr_model_clear_channel(model, &clear, &w->error));
    break;
  }
}

static void resolve(world *w) {
  static const char *const references[] = {"digits",        "digits@^1", "digits@production",
                                           "digits@latest", "fraud@1.x", "fraud@production"};
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  size_t at = slot(w);
  uint8_t choice = fuzz_byte(&w->in);
  if ((choice & 64) != 0) options.as_of_us = w->now_us - (int64_t)fuzz_byte(&w->in);
  if ((choice & 128) != 0) options.flags = MR_RESOLVE_PRERELEASES;
  KEEP(version, w->versions[at],
       mr_registry_resolve(w->registry, references[choice % 6], &options, &fresh, &w->error));
  if (w->versions[at] != NULL && (choice & 32) != 0)
    (void)mr_version_verify(w->versions[at], NULL, NULL, NULL, &w->error);
}

static void end_world(world *w) {
  mr_fsck *fsck = NULL;
  MUST(mr_registry_fsck(w->registry, NULL, &fsck, &w->error) == MR_OK);
  if (mr_fsck_info(fsck)->error_count != 0) {
    const mr_finding_record *first = mr_fsck_at(fsck, 0);
    fprintf(stderr, "%s: %s\n", first->object, first->message);
    MUST(mr_fsck_info(fsck)->error_count == 0);
  }
  mr_fsck_free(fsck);
  for (size_t i = 0; i < SLOTS; i++) {
    mr_experiment_free(w->experiments[i]);
    mr_run_free(w->runs[i]);
    mr_model_free(w->models[i]);
    mr_request_free(w->requests[i]);
    mr_version_free(w->versions[i]);
    mr_gate_free(w->gates[i]);
  }
  mr_registry_close(w->registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const calls[])(world *) = {
      open_experiment, start_run, log_to_run,     finish_run,     make_model,    set_gate,
      promote,         resolve,   follow_request, change_version, change_channel};
  world w = {.in = {data, size}, .now_us = INT64_C(1767225600000000), .random = 1};
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  options.flags = MR_OPEN_CREATE;
  options.actor = "fuzz";
  options.clock = step_clock;
  options.clock_ctx = &w;
  options.random = step_random;
  options.random_ctx = &w;
  w.error = (mr_error)MR_ERROR_INIT;
  MUST(mr_registry_open("memory:", &options, &w.registry, &w.error) == MR_OK);
  for (int i = 0; i < MOST_CALLS && w.in.left > 0; i++) {
    uint8_t choice = fuzz_byte(&w.in);
    /* The clock stands, goes on, and is set back. */
    w.now_us += choice >= 128 ? 1000 : choice >= 120 ? -5000 : 0;
    calls[choice % (sizeof calls / sizeof *calls)](&w);
  }
  end_world(&w);
  return 0;
}
