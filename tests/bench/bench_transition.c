/* SPDX-License-Identifier: Apache-2.0 */
/* What is written durably: promotions, and moves of a channel. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>

enum { PROMOTIONS = 300, MOVES = 300 };

static void write_rows(void *ctx, int64_t round) {
  bench_copier **copier = ctx; /* the first member of what the benches have */
  (void)round;
  bench_copier_write(*copier);
}

static void read_rows(void *ctx, int64_t round) {
  bench_copier **copier = ctx;
  (void)round;
  bench_copier_read(*copier);
}

/* --- promotions ------------------------------------------------------------------------------- */

typedef struct promotions {
  bench_copier *copier;
  mr_model *model;
  char (*runs)[40];
  int64_t syncs;          /* of all promotions */
  int64_t baseline_syncs; /* of writing the same rows */
} promotions;

static void promote(void *ctx, int64_t round) {
  promotions *p = ctx;
  mr_request *request = NULL;
  int64_t before = bench_syncs();
  bench_check(mr_model_promote(p->model, p->runs[round + 1], NULL, &request, &bench_error));
  if (mr_request_info(request)->state != MR_REQUEST_STATE_ACCEPTED) bench_die("not promoted");
  mr_request_free(request);
  p->syncs += bench_syncs() - before;
}

static void promote_baseline(void *ctx, int64_t round) {
  promotions *p = ctx;
  int64_t before = bench_syncs();
  write_rows(ctx, round);
  p->baseline_syncs += bench_syncs() - before;
}

void bench_promote(const char *path) {
  promotions p = {NULL, NULL, bench_alloc(PROMOTIONS + 1, sizeof *p.runs), 0, 0};
  char number[64];
  mr_registry *registry = bench_registry(path);
  mr_experiment *experiment = bench_experiment(registry, "promote");
  p.model = bench_model(registry, "promote");
  for (int i = 0; i <= PROMOTIONS; i++) bench_trained(experiment, p.runs[i]);
  bench_promote_run(p.model, p.runs[0], number);
  p.copier = bench_copier_open(path);
  const bench_pair pair = {"promote", "us",      PROMOTIONS,       1, NULL,
                           promote,   read_rows, promote_baseline, &p};
  bench_compare(&pair);
  bench_print("promote_syncs", (double)p.syncs / PROMOTIONS, (double)p.baseline_syncs / PROMOTIONS,
              "syncs");
  bench_copier_close(p.copier);
  mr_model_free(p.model);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  free(p.runs);
}

/* --- channels --------------------------------------------------------------------------------- */

typedef struct moves {
  bench_copier *copier;
  mr_model *model;
  char numbers[2][64];
} moves;

static void move(void *ctx, int64_t round) {
  const moves *m = ctx;
  bench_move(m->model, "production", m->numbers[(round + 1) % 2], m->numbers[round % 2]);
}

/* To the second version, which is then to be rolled back. */
static void move_on(void *ctx, int64_t round) {
  move(ctx, 0);
  read_rows(ctx, round);
  write_rows(ctx, round);
}

static void roll_back(void *ctx, int64_t round) {
  const moves *m = ctx;
  mr_version *version = NULL;
  mr_roll_back_options back = MR_ROLL_BACK_OPTIONS_INIT;
  (void)round;
  back.channel = "production";
  back.expected = m->numbers[1];
  bench_check(mr_model_roll_back_channel(m->model, &back, &version, &bench_error));
  mr_version_free(version);
}

void bench_channel(const char *path) {
  moves m;
  char id[40];
  mr_registry *registry = bench_registry(path);
  mr_experiment *experiment = bench_experiment(registry, "channel");
  m.model = bench_model(registry, "channel");
  for (int i = 0; i < 2; i++) {
    bench_trained(experiment, id);
    bench_promote_run(m.model, id, m.numbers[i]);
  }
  bench_check(mr_model_create_channel(m.model, "production", &bench_error));
  bench_move(m.model, "production", m.numbers[0], "none");
  m.copier = bench_copier_open(path);
  const bench_pair moved = {"channel_move", "us", MOVES, 1, NULL, move, read_rows, write_rows, &m};
  const bench_pair rolled = {"channel_roll_back", "us",      MOVES,      1, move_on,
                             roll_back,           read_rows, write_rows, &m};
  bench_compare(&moved);
  bench_compare(&rolled);
  bench_copier_close(m.copier);
  mr_model_free(m.model);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
}
