/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"

#include "registry/lineage_graph.h"

#define DATASET MR_LINEAGE_KIND_DATASET
#define RUN     MR_LINEAGE_KIND_RUN
#define VERSION MR_LINEAGE_KIND_VERSION

static const char *name_at(const mri_lineage_graph *graph, size_t index) {
  return ((const mri_lineage_node *)mri_vec_at(&graph->nodes, index))->name;
}

static mr_lineage_edge_record edge_of(const mri_lineage_graph *graph, size_t source, size_t target,
                                      const char *role) {
  const mri_lineage_node *from = mri_vec_at(&graph->nodes, source);
  const mri_lineage_node *to = mri_vec_at(&graph->nodes, target);
  mr_lineage_edge_record edge;
  memset(&edge, 0, sizeof edge);
  edge.source_kind = from->kind;
  edge.source = from->name;
  edge.target_kind = to->kind;
  edge.target = to->name;
  edge.role = role;
  return edge;
}

static void an_empty_graph_has_nothing(void **state) {
  (void)state;
  mri_lineage_graph graph;
  mr_lineage_edge_record edge;
  memset(&edge, 0, sizeof edge);
  edge.source = edge.target = edge.role = "";
  mri_lineage_graph_init(&graph, mri_mem_default());
  assert_true(mri_lineage_find_node(&graph, RUN, "a") == MRI_LINEAGE_NOWHERE);
  assert_false(mri_lineage_has_edge(&graph, &edge));
  mri_lineage_graph_destroy(&graph);
  assert_int_equal(mri_mem_live(), 0);
}

/* Also when the tables have grown several times. */
static void nodes_are_there_once(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  mri_lineage_graph graph;
  char name[32];
  mri_lineage_graph_init(&graph, mri_mem_default());
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < COUNT; i++) {
      (void)snprintf(name, sizeof name, "node %d", i / 3);
      size_t index = mri_lineage_add_node(&graph, i % 3 + 1, i, name);
      assert_int_equal(index, i); /* the kind is part of what a node is */
      assert_int_equal(mri_lineage_find_node(&graph, i % 3 + 1, name), i);
      assert_true(mri_lineage_find_node(&graph, MR_LINEAGE_KIND_CHANNEL, name) ==
                  MRI_LINEAGE_NOWHERE);
    }
  }
  assert_int_equal(graph.nodes.count, COUNT);
  assert_string_equal(name_at(&graph, 2999), "node 999");
  assert_int_equal(((const mri_lineage_node *)mri_vec_at(&graph.nodes, 7))->id, 7);
  mri_lineage_graph_destroy(&graph);
  assert_int_equal(mri_mem_live(), 0);
}

/* Direction, kinds and role are all part of what an edge is; its distance is not. */
static void edges_are_told_apart(void **state) {
  (void)state;
  mri_lineage_graph graph;
  mri_lineage_graph_init(&graph, mri_mem_default());
  static const mr_lineage_kind kinds[] = {DATASET, RUN, VERSION};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(mri_lineage_add_node(&graph, kinds[i], 0, "x"), 2 * i);
    assert_int_equal(mri_lineage_add_node(&graph, kinds[i], 0, "y"), 2 * i + 1);
  }
  size_t count = 0;
  for (size_t from = 0; from < 6; from++) {
    for (size_t to = 0; to < 6; to++) {
      for (int role = 0; role < 8; role++) {
        char text[8];
        (void)snprintf(text, sizeof text, "r%d", role);
        mr_lineage_edge_record edge = edge_of(&graph, from, to, text);
        assert_false(mri_lineage_has_edge(&graph, &edge));
        assert_true(mri_lineage_add_edge(&graph, &edge));
        edge.distance = 5;
        assert_true(mri_lineage_has_edge(&graph, &edge));
        count++;
      }
    }
  }
  assert_int_equal(graph.edges.count, count);
  const mr_lineage_edge_record *last = mri_vec_at(&graph.edges, count - 1);
  assert_int_equal(last->struct_size, sizeof *last);
  assert_string_equal(last->role, "r7"); /* its own copy */
  mri_lineage_graph_destroy(&graph);
  assert_int_equal(mri_mem_live(), 0);
}

static bool build(void *ctx) {
  mri_lineage_graph graph;
  char name[32];
  bool good = true;
  (void)ctx;
  mri_lineage_graph_init(&graph, mri_mem_default());
  for (int i = 0; i < 100 && good; i++) {
    (void)snprintf(name, sizeof name, "node %d", i);
    size_t index = mri_lineage_add_node(&graph, RUN, i, name);
    good = index != MRI_LINEAGE_NOWHERE;
    if (good) {
      mr_lineage_edge_record edge = edge_of(&graph, 0, index, "r");
      good = mri_lineage_add_edge(&graph, &edge);
    }
  }
  mri_lineage_graph_destroy(&graph);
  return good;
}

static void memory_runs_out(void **state) {
  (void)state;
  assert_true(unit_fail_allocations(build, NULL) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_graph_has_nothing),
      cmocka_unit_test(nodes_are_there_once),
      cmocka_unit_test(edges_are_told_apart),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
