/* SPDX-License-Identifier: Apache-2.0 */
/* Step 5: the life of versions after the first one: a prerelease that people look at, a fix for an
 * old line, a bad version that is taken back, and what was in production when. */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The newest training run of this name. */
static void find_run(mr_registry *registry, const char *name, char id[37]) {
  mr_error error = MR_ERROR_INIT;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_run_page *page = NULL;
  options.experiment = "digits";
  options.kind = MR_RUN_KIND_TRAINING;
  check(mr_registry_list_runs(registry, &options, &page, &error), &error);
  id[0] = '\0';
  for (int64_t i = 0; id[0] == '\0' && i < mr_run_page_count(page); i++) {
    const mr_run_record *run = mr_run_page_at(page, i);
    if (run->name != NULL && strcmp(run->name, name) == 0) snprintf(id, 37, "%s", run->id);
  }
  mr_run_page_free(page);
  if (id[0] == '\0') {
    fprintf(stderr, "no run is named %s; run train first\n", name);
    exit(EXIT_FAILURE);
  }
}

/* Proposes a run and wants a yes. */
static mr_version *promote(mr_model *model, const char *run_id, const mr_promote_options *options) {
  mr_error error = MR_ERROR_INIT;
  mr_request *request = NULL;
  mr_version *version = NULL;
  check(mr_model_promote(model, run_id, options, &request, &error), &error);
  check(mr_request_version(request, &version, &error), &error);
  mr_request_free(request);
  return version;
}

/* What a reference names now, or named as of a time; the caller frees it. */
static mr_version *resolve(mr_registry *registry, const char *reference, uint32_t flags,
                           int64_t as_of_us) {
  mr_error error = MR_ERROR_INIT;
  mr_resolve_options options = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  options.flags = flags;
  options.as_of_us = as_of_us;
  check(mr_registry_resolve(registry, reference, &options, &version, &error), &error);
  return version;
}

static void print_resolved(mr_registry *registry, const char *reference, uint32_t flags,
                           const char *how) {
  mr_version *version = resolve(registry, reference, flags, 0);
  const mr_version_record *record = mr_version_info(version);
  printf("  %-20s -> %s%s\n", reference, record->number, how);
  for (int64_t i = 0; i < record->warning_count; i++) {
    printf("     warning: %s\n", record->warnings[i]);
  }
  mr_version_free(version);
}

/* Moves a channel by compare-and-set from `held`, what it holds now. */
static void move(mr_model *model, const char *channel, const char *held, const char *number) {
  mr_error error = MR_ERROR_INIT;
  mr_move_options options = MR_MOVE_OPTIONS_INIT;
  mr_request *request = NULL;
  mr_version *version = NULL;
  options.channel = channel;
  options.expected = held;
  options.version = number;
  options.reason = "the next step of the example";
  check(mr_model_move_channel(model, &options, &request, &error), &error);
  check(mr_request_version(request, &version, &error), &error);
  printf("  %s: %s -> %s\n", channel, held, number);
  mr_version_free(version);
  mr_request_free(request);
}

/* A prerelease is a version like any other, but nobody gets one without asking. */
static void show_prerelease(mr_registry *registry, mr_model *model) {
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  char run_id[37];
  find_run(registry, "medium", run_id);
  options.bump = MR_BUMP_PRERELEASE;
  options.prerelease_id = "rc";
  printf("a prerelease for staging:\n");
  mr_version *version = promote(model, run_id, &options);
  mr_version *held = resolve(registry, "digits@staging", 0, 0);
  move(model, "staging", mr_version_info(held)->number, mr_version_info(version)->number);
  print_resolved(registry, "digits@latest", 0, "");
  print_resolved(registry, "digits@latest", MR_RESOLVE_PRERELEASES, " with prereleases");
  mr_version_free(held);
  mr_version_free(version);
}

/* Every change of a channel is kept: who, when, why. */
static void print_history(mr_model *model, const char *channel) {
  mr_error error = MR_ERROR_INIT;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_channel_move_page *page = NULL;
  options.channel = channel;
  check(mr_model_list_channel_moves(model, &options, &page, &error), &error);
  for (int64_t i = mr_channel_move_page_count(page) - 1; i >= 0; i--) { /* the newest come first */
    const mr_channel_move_record *each = mr_channel_move_page_at(page, i);
    printf("  %" PRId64 ". %s, %s: %s\n", each->sequence,
           each->version != NULL ? each->version : "nothing",
           each->kind == MR_CHANNEL_MOVE_KIND_ROLLED_BACK ? "rolled back" : "moved",
           each->reason != NULL ? each->reason : "-");
  }
  mr_channel_move_page_free(page);
}

/* When a channel was changed last. */
static int64_t moved_us(mr_model *model, const char *channel) {
  mr_error error = MR_ERROR_INIT;
  mr_channel_move_list_options options = MR_CHANNEL_MOVE_LIST_OPTIONS_INIT;
  mr_channel_move_page *page = NULL;
  options.channel = channel;
  options.limit = 1;
  check(mr_model_list_channel_moves(model, &options, &page, &error), &error);
  int64_t moved = mr_channel_move_page_at(page, 0)->moved_us;
  mr_channel_move_page_free(page);
  return moved;
}

/* A fix for the line 1.0 goes into production, turns out to be bad and is taken back. */
static void show_backport_and_yank(mr_registry *registry, mr_model *model) {
  mr_error error = MR_ERROR_INIT;
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_yank_options yank = MR_YANK_OPTIONS_INIT;
  char run_id[37];
  find_run(registry, "fast", run_id);
  options.line = "1.0";
  printf("\na backport to line 1.0:\n");
  mr_version *before = resolve(registry, "digits@production", 0, 0);
  mr_version *fix = promote(model, run_id, &options);
  const char *number = mr_version_info(fix)->number;
  move(model, "production", mr_version_info(before)->number, number);
  int64_t then_us = moved_us(model, "production");

  /* The channel has held the replacement before, so it goes back there without asking its gate. */
  yank.reason = "reads a 7 as a 1 when the light is bad";
  yank.replacement = mr_version_info(before)->number;
  check(mr_version_yank(fix, &yank, &error), &error);
  printf("yanked %s, use %s instead:\n", number, yank.replacement);
  char pin[512];
  snprintf(pin, sizeof(pin), "digits@%s", number);
  print_resolved(registry, "digits@~1.0", 0, "");
  print_resolved(registry, "digits@production", 0, "");
  print_resolved(registry, pin, 0, ", pinned");

  /* Whoever asks later who had what gets what was true then. */
  mr_version *then = resolve(registry, "digits@production", 0, then_us);
  printf("production then: %s\n", mr_version_info(then)->number);
  printf("the history of production:\n");
  print_history(model, "production");
  mr_version_free(then);
  mr_version_free(fix);
  mr_version_free(before);
}

int main(int argc, char **argv) {
  mr_error error = MR_ERROR_INIT;
  mr_model *model = NULL;
  if (argc != 2) usage("govern REGISTRY");
  mr_registry *registry = open_registry(argv[1], 0);
  check(mr_registry_open_model(registry, "digits", &model, &error), &error);
  show_prerelease(registry, model);
  show_backport_and_yank(registry, model);
  mr_model_free(model);
  mr_registry_close(registry);
  return 0;
}
