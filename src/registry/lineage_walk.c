/* SPDX-License-Identifier: Apache-2.0 */
/* Both ways go level by level, in turn, so that each edge gets its least distance. The edges of a
 * level are sorted before they are taken: which ones a limit leaves out depends on nothing else. */
#include "registry/lineage_walk.h"
#include "base/cancel_token.h"
#include <stdlib.h>

/* What a node of one kind is connected with, one way: rows of kind, id, name, digest (of a dataset,
 * in place of id and name) and role. `parameter` is what ?1 is: i its id, t its name, d its digest. */
typedef struct step {
  mr_lineage_kind from;
  mri_lineage_way way;
  char parameter;
  const char *sql;
} step;

static const step steps[] = {
    {MR_LINEAGE_KIND_RUN, MRI_LINEAGE_UP, 'i',
     "SELECT CASE i.kind WHEN 3 THEN 2 WHEN 4 THEN 3 ELSE 1 END, COALESCE(r.id, v.id, 0), "
     "COALESCE(r.uuid, m.name || '@' || v.number), i.digest, i.role FROM input i "
     "LEFT JOIN run r ON i.kind = 3 AND r.uuid = i.target "
     "LEFT JOIN version v ON i.kind = 4 AND v.uuid = i.target "
     "LEFT JOIN model m ON m.id = v.model_id WHERE i.run_id = ?1"},
    {MR_LINEAGE_KIND_DATASET, MRI_LINEAGE_UP, 'd',
     "SELECT 2, r.id, r.uuid, NULL, 'snapshot' FROM dataset d JOIN run r ON r.id = d.run_id "
     "WHERE d.digest = ?1"},
    {MR_LINEAGE_KIND_VERSION, MRI_LINEAGE_UP, 'i',
     "SELECT 2, r.id, r.uuid, NULL, 'promotion' FROM version v JOIN run r ON r.id = v.run_id "
     "WHERE v.id = ?1"},
    {MR_LINEAGE_KIND_CHANNEL, MRI_LINEAGE_UP, 'i',
     "SELECT 3, v.id, m.name || '@' || v.number, NULL, 'held' FROM channel c "
     "JOIN version v ON v.id = c.version_id JOIN model m ON m.id = v.model_id WHERE c.id = ?1"},

    {MR_LINEAGE_KIND_DATASET, MRI_LINEAGE_DOWN, 't',
     "SELECT 2, r.id, r.uuid, NULL, i.role FROM input i JOIN run r ON r.id = i.run_id "
     "WHERE i.target = ?1 AND i.kind = 2"},
    {MR_LINEAGE_KIND_DATASET, MRI_LINEAGE_DOWN, 'd',
     "SELECT 2, r.id, r.uuid, NULL, i.role FROM dataset d JOIN run s ON s.id = d.run_id "
     "JOIN input i ON i.target = s.uuid AND i.kind = 1 JOIN run r ON r.id = i.run_id "
     "WHERE d.digest = ?1"},
    {MR_LINEAGE_KIND_RUN, MRI_LINEAGE_DOWN, 'i',
     "SELECT 1, 0, NULL, d.digest, 'snapshot' FROM dataset d WHERE d.run_id = ?1"},
    {MR_LINEAGE_KIND_RUN, MRI_LINEAGE_DOWN, 't',
     "SELECT 2, r.id, r.uuid, NULL, i.role FROM input i JOIN run r ON r.id = i.run_id "
     "WHERE i.target = ?1 AND i.kind = 3"},
    /* What was deleted is no input of anything. */
    {MR_LINEAGE_KIND_RUN, MRI_LINEAGE_DOWN, 'i',
     "SELECT 3, v.id, m.name || '@' || v.number, NULL, 'promotion' FROM version v "
     "JOIN model m ON m.id = v.model_id WHERE v.run_id = ?1 AND v.status <> 4"},
    {MR_LINEAGE_KIND_VERSION, MRI_LINEAGE_DOWN, 'i',
     "SELECT 2, r.id, r.uuid, NULL, i.role FROM version v JOIN input i ON i.target = v.uuid "
     "AND i.kind = 4 JOIN run r ON r.id = i.run_id WHERE v.id = ?1"},
    {MR_LINEAGE_KIND_VERSION, MRI_LINEAGE_DOWN, 'i',
     "SELECT 4, c.id, m.name || '@' || c.name, NULL, 'held' FROM channel c "
     "JOIN model m ON m.id = c.model_id WHERE c.version_id = ?1"},
};

/* A new edge of the level. Its names are the near node's and, with the role, those in `owned`. */
typedef struct candidate {
  mr_lineage_edge_record edge;
  int64_t far_id;
  char *owned;
} candidate;

typedef struct walk {
  mri_tx *tx;
  mri_lineage_graph *graph;
  const mri_lineage_plan *plan;
  mri_vec frontier[2]; /* size_t: nodes to go on from */
  mri_vec candidates;
  mri_lineage_way way; /* of the level under way ... */
  int64_t distance;
  size_t room;  /* ... and how many edges it may add */
  mri_vec next; /* size_t */
  bool truncated;
} walk;

/* An index at the end of a list. */
static mr_status add_index(mri_vec *list, size_t index, mr_error *error) {
  size_t *slot = mri_vec_push(list);
  if (slot == NULL) return mri_error_no_memory(error);
  *slot = index;
  return MR_OK;
}

/* The next level goes on from this node, unless the walk has come by before. */
static mr_status go_on_from(walk *w, size_t index, mr_error *error) {
  mri_lineage_node *node = mri_vec_at(&w->graph->nodes, index);
  if (node->seen[w->way]) return MR_OK;
  node->seen[w->way] = true;
  return add_index(&w->next, index, error);
}

static int compare(const void *a, const void *b) {
  const mr_lineage_edge_record *x = &((const candidate *)a)->edge;
  const mr_lineage_edge_record *y = &((const candidate *)b)->edge;
  if (x->source_kind != y->source_kind) return x->source_kind < y->source_kind ? -1 : 1;
  int order = strcmp(x->source, y->source);
  if (order != 0) return order;
  if (x->target_kind != y->target_kind) return x->target_kind < y->target_kind ? -1 : 1;
  order = strcmp(x->target, y->target);
  return order != 0 ? order : strcmp(x->role, y->role);
}

static void drop_from(walk *w, size_t first) {
  for (size_t i = first; i < w->candidates.count; i++) {
    mri_mem_free(w->graph->mem, ((candidate *)mri_vec_at(&w->candidates, i))->owned);
  }
  w->candidates.count = first;
}

/* Sorts, leaves out what is there twice, and keeps one more than there is room for, which tells
 * that there is more. */
static void settle(walk *w) {
  size_t kept = 0;
  if (w->candidates.count < 2) return;
  qsort(w->candidates.items, w->candidates.count, sizeof(candidate), compare);
  for (size_t i = 0; i < w->candidates.count; i++) {
    candidate *one = mri_vec_at(&w->candidates, i);
    candidate *last = kept == 0 ? NULL : mri_vec_at(&w->candidates, kept - 1);
    if (last != NULL && compare(last, one) == 0) {
      mri_mem_free(w->graph->mem, one->owned);
    } else {
      *(candidate *)mri_vec_at(&w->candidates, kept++) = *one;
    }
  }
  w->candidates.count = kept;
  if (kept > w->room + 1) drop_from(w, w->room + 1);
}

static mr_status add_candidate(walk *w, const mr_lineage_edge_record *edge, int64_t far_id,
                               mr_error *error) {
  bool up = w->way == MRI_LINEAGE_UP;
  const char *far = up ? edge->source : edge->target;
  size_t far_size = strlen(far) + 1;
  size_t role_size = strlen(edge->role) + 1;
  char *owned = mri_mem_alloc(w->graph->mem, far_size + role_size);
  candidate *one = owned == NULL ? NULL : mri_vec_push(&w->candidates);
  if (one == NULL) {
    mri_mem_free(w->graph->mem, owned);
    return mri_error_no_memory(error);
  }
  memcpy(owned, far, far_size);
  memcpy(owned + far_size, edge->role, role_size);
  one->edge = *edge;
  one->edge.role = owned + far_size;
  if (up) one->edge.source = owned;
  if (!up) one->edge.target = owned;
  one->far_id = far_id;
  one->owned = owned;
  /* However many edges a node has, what is kept of them is bounded. */
  if (w->candidates.count >= 2 * (w->room + 1)) settle(w);
  return MR_OK;
}

static mr_status take_row(walk *w, const mri_lineage_node *near, const mri_stmt *stmt,
                          mr_error *error) {
  char hex[MRI_DIGEST_TEXT];
  mri_digest digest;
  mr_lineage_edge_record edge;
  mr_lineage_kind far_kind = (mr_lineage_kind)mri_stmt_int(stmt, 0);
  const char *far = mri_stmt_text(stmt, 2);
  if (far_kind == MR_LINEAGE_KIND_DATASET && mri_stmt_digest(stmt, 3, &digest)) {
    mri_digest_text(&digest, hex);
    far = hex;
  }
  const char *role = mri_stmt_text(stmt, 4);
  if (far == NULL || role == NULL) {
    return mri_error_set(error, MR_CORRUPT, "something that '%s' is connected with has no name",
                         near->name);
  }
  bool up = w->way == MRI_LINEAGE_UP;
  memset(&edge, 0, sizeof edge);
  edge.source_kind = up ? far_kind : near->kind;
  edge.source = up ? far : near->name;
  edge.target_kind = up ? near->kind : far_kind;
  edge.target = up ? near->name : far;
  edge.role = role;
  edge.distance = w->distance;
  if (mri_lineage_has_edge(w->graph, &edge)) {
    /* The other way may have found it: this one goes on all the same. */
    return go_on_from(w, mri_lineage_find_node(w->graph, far_kind, far), error);
  }
  if (w->room == 0) {
    w->truncated = true;
    return MR_OK;
  }
  return add_candidate(w, &edge, mri_stmt_int(stmt, 1), error);
}

static mr_status query_step(mri_tx *tx, const step *what, const mri_lineage_node *near,
                            mri_stmt **stmt, mr_error *error) {
  mri_digest digest;
  if (what->parameter == 'i') return mri_sql_query(tx, error, stmt, what->sql, "i", near->id);
  if (what->parameter == 't') return mri_sql_query(tx, error, stmt, what->sql, "t", near->name);
  mr_status status = mri_check_digest(near->name, "dataset", &digest, error);
  return status != MR_OK ? status : mri_sql_query(tx, error, stmt, what->sql, "d", &digest);
}

static mr_status expand_step(walk *w, const step *what, const mri_lineage_node *near,
                             mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = true;
  mr_status status = query_step(w->tx, what, near, &stmt, error);
  while (status == MR_OK && !w->truncated) {
    status = mri_check_cancel(w->plan->cancel, error);
    if (status == MR_OK) status = mri_stmt_step(stmt, &row, error);
    if (status != MR_OK || !row) break;
    status = take_row(w, near, stmt, error);
  }
  mri_stmt_done(stmt);
  return status;
}

static mr_status take_level(walk *w, mr_error *error) {
  mri_lineage_graph *graph = w->graph;
  bool up = w->way == MRI_LINEAGE_UP;
  mr_status status = MR_OK;
  settle(w);
  if (w->candidates.count > w->room) {
    w->truncated = true;
    drop_from(w, w->room);
  }
  for (size_t i = 0; i < w->candidates.count && status == MR_OK; i++) {
    const candidate *one = mri_vec_at(&w->candidates, i);
    mr_lineage_edge_record edge = one->edge;
    size_t far = mri_lineage_add_node(graph, up ? edge.source_kind : edge.target_kind, one->far_id,
                                      one->owned);
    if (far == MRI_LINEAGE_NOWHERE) return mri_error_no_memory(error);
    const char *name = ((const mri_lineage_node *)mri_vec_at(&graph->nodes, far))->name;
    if (up) edge.source = name;
    if (!up) edge.target = name;
    if (!mri_lineage_add_edge(graph, &edge)) return mri_error_no_memory(error);
    status = go_on_from(w, far, error);
  }
  return status;
}

/* One level one way. */
static mr_status go(walk *w, mri_lineage_way way, int64_t level, mr_error *error) {
  size_t left = (size_t)w->plan->limit - w->graph->edges.count;
  mr_status status = MR_OK;
  mri_vec *frontier = &w->frontier[way];
  w->way = way;
  w->distance = way == MRI_LINEAGE_UP ? -level : level;
  /* One level more than was asked for is only looked at, to tell whether there is any. */
  w->room = level > w->plan->depth ? 0 : left;
  mri_vec_init(&w->next, w->graph->mem, sizeof(size_t));
  for (size_t i = 0; i < frontier->count && status == MR_OK && !w->truncated; i++) {
    mri_lineage_node near =
        *(const mri_lineage_node *)mri_vec_at(&w->graph->nodes, *(size_t *)mri_vec_at(frontier, i));
    for (size_t k = 0; k < sizeof steps / sizeof steps[0] && status == MR_OK; k++) {
      if (steps[k].from == near.kind && steps[k].way == way) {
        status = expand_step(w, &steps[k], &near, error);
      }
    }
  }
  if (status == MR_OK) status = take_level(w, error);
  drop_from(w, 0);
  mri_vec_free(frontier);
  *frontier = w->next;
  return status;
}

mr_status mri_lineage_walk(mri_tx *tx, mri_lineage_graph *graph, const mri_lineage_plan *plan,
                           bool *truncated, mr_error *error) {
  walk w;
  memset(&w, 0, sizeof w);
  w.tx = tx;
  w.graph = graph;
  w.plan = plan;
  mri_vec_init(&w.candidates, graph->mem, sizeof(candidate));
  mri_lineage_node *start = mri_vec_at(&graph->nodes, 0);
  mr_status status = MR_OK;
  for (int way = 0; way < 2; way++) {
    mri_vec_init(&w.frontier[way], graph->mem, sizeof(size_t));
    bool wanted = plan->direction == MR_LINEAGE_DIRECTION_BOTH || plan->direction == way;
    start->seen[way] = true;
    if (wanted && status == MR_OK) status = add_index(&w.frontier[way], 0, error);
  }
  for (int64_t level = 1; status == MR_OK && !w.truncated; level++) {
    if (w.frontier[0].count + w.frontier[1].count == 0 || level > plan->depth + 1) break;
    status = go(&w, MRI_LINEAGE_UP, level, error);
    if (status == MR_OK && !w.truncated) status = go(&w, MRI_LINEAGE_DOWN, level, error);
  }
  *truncated = w.truncated;
  mri_vec_free(&w.candidates);
  mri_vec_free(&w.frontier[0]);
  mri_vec_free(&w.frontier[1]);
  return status;
}
