/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/lineage_graph.h"
#include "base/hash.h"
#include <string.h>

#define FIRST_SLOTS 64

void mri_lineage_graph_init(mri_lineage_graph *graph, const mri_mem *mem) {
  memset(graph, 0, sizeof *graph);
  graph->mem = mem;
  mri_arena_init(&graph->arena, mem);
  mri_vec_init(&graph->nodes, mem, sizeof(mri_lineage_node));
  mri_vec_init(&graph->edges, mem, sizeof(mr_lineage_edge_record));
}

void mri_lineage_graph_destroy(mri_lineage_graph *graph) {
  mri_mem_free(graph->mem, graph->node_index.slots);
  mri_mem_free(graph->mem, graph->edge_index.slots);
  mri_vec_free(&graph->nodes);
  mri_vec_free(&graph->edges);
  mri_arena_free(&graph->arena);
}

static uint64_t mix_text(uint64_t seed, mr_lineage_kind kind, const char *text) {
  uint8_t bytes[16];
  uint64_t hash = 0;
  mri_xxh128(text, strlen(text), bytes);
  for (size_t i = 0; i < 8; i++) hash |= (uint64_t)bytes[i] << (8 * i);
  return (seed * UINT64_C(0x9e3779b97f4a7c15)) ^ (hash + (uint64_t)kind);
}

static uint64_t hash_edge(const mr_lineage_edge_record *edge) {
  uint64_t hash = mix_text(1, edge->source_kind, edge->source);
  hash = mix_text(hash, edge->target_kind, edge->target);
  return mix_text(hash, 0, edge->role);
}

static bool same_edge(const mr_lineage_edge_record *a, const mr_lineage_edge_record *b) {
  return a->source_kind == b->source_kind && a->target_kind == b->target_kind &&
         strcmp(a->source, b->source) == 0 && strcmp(a->target, b->target) == 0 &&
         strcmp(a->role, b->role) == 0;
}

/* The slot of a node: its own, or the free one where it belongs. */
static uint32_t *node_slot(const mri_lineage_graph *graph, mr_lineage_kind kind, const char *name) {
  const mri_lineage_index *index = &graph->node_index;
  for (size_t at = (size_t)mix_text(1, kind, name);; at++) {
    uint32_t *slot = &index->slots[at & (index->slot_count - 1)];
    if (*slot == 0) return slot;
    const mri_lineage_node *node = mri_vec_at(&graph->nodes, *slot - 1);
    if (node->kind == kind && strcmp(node->name, name) == 0) return slot;
  }
}

static uint32_t *edge_slot(const mri_lineage_graph *graph, const mr_lineage_edge_record *edge) {
  const mri_lineage_index *index = &graph->edge_index;
  for (size_t at = (size_t)hash_edge(edge);; at++) {
    uint32_t *slot = &index->slots[at & (index->slot_count - 1)];
    if (*slot == 0 || same_edge(mri_vec_at(&graph->edges, *slot - 1), edge)) return slot;
  }
}

/* Room for one more item. *grown says that the slots are new and empty. */
static bool make_room(const mri_mem *mem, mri_lineage_index *index, size_t items, bool *grown) {
  *grown = false;
  if ((items + 1) * 2 <= index->slot_count) return true;
  if (items >= UINT32_MAX / 4) return false;
  size_t count = index->slot_count == 0 ? FIRST_SLOTS : index->slot_count * 2;
  uint32_t *slots = mri_mem_zalloc(mem, count, sizeof *slots);
  if (slots == NULL) return false;
  mri_mem_free(mem, index->slots);
  index->slots = slots;
  index->slot_count = count;
  *grown = true;
  return true;
}

size_t mri_lineage_find_node(const mri_lineage_graph *graph, mr_lineage_kind kind,
                             const char *name) {
  if (graph->node_index.slot_count == 0) return MRI_LINEAGE_NOWHERE;
  uint32_t slot = *node_slot(graph, kind, name);
  return slot == 0 ? MRI_LINEAGE_NOWHERE : slot - 1;
}

size_t mri_lineage_add_node(mri_lineage_graph *graph, mr_lineage_kind kind, int64_t id,
                            const char *name) {
  bool grown = false;
  size_t there = mri_lineage_find_node(graph, kind, name);
  if (there != MRI_LINEAGE_NOWHERE) return there;
  if (!make_room(graph->mem, &graph->node_index, graph->nodes.count, &grown)) {
    return MRI_LINEAGE_NOWHERE;
  }
  for (size_t i = 0; grown && i < graph->nodes.count; i++) {
    const mri_lineage_node *old = mri_vec_at(&graph->nodes, i);
    *node_slot(graph, old->kind, old->name) = (uint32_t)i + 1;
  }
  const char *copy = mri_arena_strdup(&graph->arena, name);
  uint32_t *slot = node_slot(graph, kind, name);
  mri_lineage_node *node = copy == NULL ? NULL : mri_vec_push(&graph->nodes);
  if (node == NULL) return MRI_LINEAGE_NOWHERE;
  node->kind = kind;
  node->id = id;
  node->name = copy;
  *slot = (uint32_t)graph->nodes.count;
  return graph->nodes.count - 1;
}

bool mri_lineage_has_edge(const mri_lineage_graph *graph, const mr_lineage_edge_record *edge) {
  return graph->edge_index.slot_count > 0 && *edge_slot(graph, edge) != 0;
}

bool mri_lineage_add_edge(mri_lineage_graph *graph, const mr_lineage_edge_record *edge) {
  bool grown = false;
  if (!make_room(graph->mem, &graph->edge_index, graph->edges.count, &grown)) return false;
  for (size_t i = 0; grown && i < graph->edges.count; i++) {
    *edge_slot(graph, mri_vec_at(&graph->edges, i)) = (uint32_t)i + 1;
  }
  uint32_t *slot = edge_slot(graph, edge);
  const char *role = mri_arena_strdup(&graph->arena, edge->role);
  mr_lineage_edge_record *record = role == NULL ? NULL : mri_vec_push(&graph->edges);
  if (record == NULL) return false;
  *record = *edge;
  record->struct_size = sizeof *record;
  record->role = role;
  *slot = (uint32_t)graph->edges.count;
  return true;
}
