/* SPDX-License-Identifier: Apache-2.0 */
/* How far a walk through the lineage goes, and that it finds in any graph what it should. */
#include "lineage_steps.h"

#define CHAIN 1000

/* The nearest edges are kept, and the answer says that there are more. */
static void depth_and_limit(void **state) {
  contract *c = *state;
  static const struct {
    int64_t depth;
    int64_t limit;
    int64_t edges;
    int32_t truncated;
  } cases[] = {
      {1, 0, 2, 1}, {2, 0, 4, 1}, {3, 0, 5, 0}, {4, 0, 5, 0}, {MR_LINEAGE_MAX_DEPTH, 0, 5, 0},
      {0, 1, 1, 1}, {0, 2, 2, 1}, {0, 3, 3, 1}, {0, 4, 4, 1}, {0, 5, 5, 0},
      {0, 6, 5, 0}, {2, 4, 4, 1}, {2, 3, 3, 1}, {3, 5, 5, 0}, {0, MR_LIST_MAX_LIMIT, 5, 0},
  };
  mr_run *runs[5];
  start_runs(c, runs, 5);
  use_run(runs[4], "r", runs[3]);
  use_run(runs[4], "r", runs[2]);
  use_run(runs[3], "r", runs[1]);
  use_run(runs[2], "r", runs[1]);
  use_run(runs[1], "r", runs[0]);
  for (int way = 0; way < 2; way++) {
    mr_lineage_options options = from_run(id_of(way == 0 ? runs[4] : runs[0]));
    options.direction = way;
    mr_lineage *whole = walk(c, &options);
    assert_int_equal(mr_lineage_count(whole), 5);
    for (size_t i = 0; way == 0 && i < sizeof cases / sizeof cases[0]; i++) {
      options.depth = cases[i].depth;
      options.limit = cases[i].limit;
      mr_lineage *part = walk(c, &options);
      assert_int_equal(mr_lineage_count(part), cases[i].edges);
      assert_int_equal(mr_lineage_info(part)->truncated, cases[i].truncated);
      for (int64_t k = 0; k < cases[i].edges; k++) {
        const mr_lineage_edge_record *a = mr_lineage_at(part, k);
        const mr_lineage_edge_record *b = mr_lineage_at(whole, k);
        assert_string_equal(a->source, b->source);
        assert_string_equal(a->target, b->target);
        assert_int_equal(a->distance, b->distance);
      }
      mr_lineage_free(part);
    }
    mr_lineage_free(whole);
  }
  free_runs(runs, 5);
}

/* A run with many neighbours: which ones a limit keeps depends on their names alone. */
static void limit_of_many(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  for (int i = 99; i >= 0; i--) {
    char role[16];
    (void)snprintf(role, sizeof role, "role %02d", (i * 37) % 100);
    use_digest(run, role, SOME_DIGEST);
  }
  mr_lineage_options options = from_run(id_of(run));
  for (options.limit = 1; options.limit <= 100; options.limit += 11) {
    mr_lineage *lineage = walk(c, &options);
    assert_int_equal(mr_lineage_count(lineage), options.limit);
    assert_int_equal(mr_lineage_info(lineage)->truncated, options.limit < 100);
    assert_int_equal(mr_lineage_info(lineage)->node_count, 2);
    for (int64_t i = 0; i < options.limit; i++) {
      char role[16];
      (void)snprintf(role, sizeof role, "role %02d", (int)i);
      assert_string_equal(mr_lineage_at(lineage, i)->role, role);
    }
    mr_lineage_free(lineage);
  }
  mr_run_free(run);
}

#define CLOUD 9
#define FAR   100

/* Edges from A to each run the one way, along what `uses` says: uses[i][j] where j is an input of i. */
static void measure(bool uses[CLOUD][CLOUD], bool up, int out[CLOUD]) {
  for (int i = 0; i < CLOUD; i++) out[i] = i == 0 ? 0 : FAR;
  for (int round = 0; round < CLOUD; round++) {
    for (int i = 0; i < CLOUD; i++) {
      for (int j = 0; j < CLOUD; j++) {
        int from = up ? i : j;
        int to = up ? j : i;
        if (uses[i][j] && out[from] + 1 < out[to]) out[to] = out[from] + 1;
      }
    }
  }
}

/* The distance that the edge from j to i must have; 0 where the walk must not find it. */
static int64_t expected(int direction, const int up[CLOUD], const int down[CLOUD], int i, int j) {
  int above = direction == MR_LINEAGE_DIRECTION_DOWNSTREAM ? FAR : up[i] + 1;
  int below = direction == MR_LINEAGE_DIRECTION_UPSTREAM ? FAR : down[j] + 1;
  if (above >= FAR && below >= FAR) return 0;
  return above <= below ? -above : below;
}

static int number_of(mr_run *const *runs, const char *id) {
  int i = 0;
  while (i < CLOUD && strcmp(id_of(runs[i]), id) != 0) i++;
  assert_true(i < CLOUD);
  return i;
}

/* Clouds of runs with any cycles: what is found, and how far it is, from a count of our own. */
static void any_graph(void **state) {
  contract *c = *state;
  for (uint64_t seed = 0; seed < (uint64_t)contract_scale(40, 4); seed++) {
    bool uses[CLOUD][CLOUD] = {{false}};
    uint8_t noise[CLOUD * CLOUD];
    int up[CLOUD];
    int down[CLOUD];
    mr_run *runs[CLOUD];
    contract_fill(noise, sizeof noise, seed);
    start_runs(c, runs, CLOUD);
    for (int i = 0; i < CLOUD; i++) {
      for (int j = 0; j < CLOUD; j++) {
        uses[i][j] = i != j && noise[i * CLOUD + j] < 45;
        if (uses[i][j]) use_run(runs[i], "r", runs[j]);
      }
    }
    measure(uses, true, up);
    measure(uses, false, down);
    mr_lineage_options options = from_run(id_of(runs[0]));
    for (options.direction = 0; options.direction <= 2; options.direction++) {
      int64_t count = 0;
      int64_t last = 1;
      for (int k = 0; k < CLOUD * CLOUD; k++) {
        count += uses[k / CLOUD][k % CLOUD] &&
                 expected(options.direction, up, down, k / CLOUD, k % CLOUD) != 0;
      }
      mr_lineage *lineage = walk(c, &options);
      assert_int_equal(mr_lineage_count(lineage), count);
      assert_int_equal(mr_lineage_info(lineage)->truncated, 0);
      for (int64_t k = 0; k < count; k++) {
        const mr_lineage_edge_record *edge = mr_lineage_at(lineage, k);
        int i = number_of(runs, edge->target);
        int j = number_of(runs, edge->source);
        int64_t length = edge->distance < 0 ? -edge->distance : edge->distance;
        assert_true(uses[i][j]);
        uses[i][j] = false; /* once */
        assert_int_equal(edge->distance, expected(options.direction, up, down, i, j));
        assert_true(length >= last);
        last = length;
      }
      for (int64_t k = 0; k < count; k++) {
        const mr_lineage_edge_record *edge = mr_lineage_at(lineage, k);
        uses[number_of(runs, edge->target)][number_of(runs, edge->source)] = true;
      }
      mr_lineage_free(lineage);
    }
    free_runs(runs, CLOUD);
  }
}

static void a_long_chain(void **state) {
  contract *c = *state;
  mr_run *last = contract_run(c, "x");
  char first_id[40];
  (void)snprintf(first_id, sizeof first_id, "%s", id_of(last));
  for (int i = 1; i < CHAIN; i++) {
    mr_run *run = contract_run(c, "x");
    use_run(run, "r", last);
    mr_run_free(last);
    last = run;
  }
  mr_lineage_options options = from_run(id_of(last));
  options.depth = MR_LINEAGE_MAX_DEPTH;
  mr_lineage *lineage = walk(c, &options);
  assert_int_equal(mr_lineage_count(lineage), CHAIN - 1);
  assert_int_equal(mr_lineage_info(lineage)->node_count, CHAIN);
  assert_int_equal(mr_lineage_info(lineage)->truncated, 0);
  for (int64_t i = 0; i < CHAIN - 1; i++) {
    assert_int_equal(mr_lineage_at(lineage, i)->distance, -1 - i);
  }
  assert_string_equal(mr_lineage_at(lineage, CHAIN - 2)->source, first_id);
  mr_lineage_free(lineage);
  options.depth = 0;
  lineage = walk(c, &options);
  assert_int_equal(mr_lineage_count(lineage), MR_LINEAGE_DEFAULT_DEPTH);
  assert_int_equal(mr_lineage_info(lineage)->truncated, 1);
  mr_lineage_free(lineage);
  mr_run_free(last);
}

int contract_lineage_bounds_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(depth_and_limit),
      TEST(limit_of_many),
      TEST(any_graph),
      TEST(a_long_chain),
  };
  return GROUP("bounds of lineage", tests);
}
