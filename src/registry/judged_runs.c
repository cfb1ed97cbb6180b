/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/judged_runs.h"
#include "registry/subject_parts.h"
#include <assert.h>

void mri_judged_runs_init(mri_judged_runs *runs, const mri_mem *mem) {
  runs->mem = mem;
  mri_vec_init(&runs->runs, mem, sizeof(mri_judged_run *));
}

static mri_judged_run *run_at(const mri_judged_runs *runs, size_t index) {
  return *(mri_judged_run **)mri_vec_at(&runs->runs, index);
}

static void free_run(const mri_mem *mem, mri_judged_run *run) {
  mri_tree_destroy(&run->tree);
  mri_arena_free(&run->arena);
  mri_mem_free(mem, run);
}

void mri_judged_runs_destroy(mri_judged_runs *runs) {
  for (size_t i = 0; i < runs->runs.count; i++) free_run(runs->mem, run_at(runs, i));
  mri_vec_free(&runs->runs);
}

/* An evaluation needs no artifacts. */
static mr_status load_tree(mri_judged_run *run, mr_error *error) {
  const mri_candidate *c = &run->candidate;
  int64_t any = 0;
  mr_status status = mri_sql_int(
      c->tx, error, 0, &any, "SELECT 1 FROM artifact WHERE run_id = ?1 LIMIT 1", "i", c->run_id);
  if (status != MR_OK || any == 0) return status;
  return mri_tree_of_run(c->tx, c->run_id, c->run, "", &run->tree, error);
}

/* Columns: id, uuid, name. */
static mr_status read_run(mri_tx *tx, const mri_stmt *stmt, int64_t tags_of, mri_judged_run *run,
                          mr_error *error) {
  bool failed = false;
  mri_candidate *c = &run->candidate;
  c->tx = tx;
  c->mem = run->arena.mem;
  c->run_id = mri_stmt_int(stmt, 0);
  c->run = mri_column_text(stmt, 1, &run->arena, &failed);
  c->artifact_path = "";
  c->tree = &run->tree;
  c->tags_of = tags_of;
  run->name = mri_column_text(stmt, 2, &run->arena, &failed);
  if (failed) return mri_error_no_memory(error);
  if (run->name == NULL) {
    return mri_error_set(error, MR_CORRUPT, "evaluation %s has no name", c->run);
  }
  return load_tree(run, error);
}

/* Remembers the run of the statement's row in its place. */
static mr_status add_run(mri_judged_runs *runs, mri_tx *tx, const mri_stmt *stmt, int64_t tags_of,
                         const mri_judged_run **out, mr_error *error) {
  mri_judged_run *run = mri_mem_zalloc(runs->mem, 1, sizeof *run);
  if (run == NULL) return mri_error_no_memory(error);
  mri_arena_init(&run->arena, runs->mem);
  mri_tree_init(&run->tree, runs->mem);
  mr_status status = read_run(tx, stmt, tags_of, run, error);
  if (status == MR_OK && mri_vec_push(&runs->runs) == NULL) status = mri_error_no_memory(error);
  if (status != MR_OK) {
    free_run(runs->mem, run);
    return status;
  }
  mri_judged_run **list = runs->runs.items;
  size_t at = runs->runs.count - 1;
  for (; at > 0 && strcmp(list[at - 1]->name, run->name) > 0; at--) list[at] = list[at - 1];
  list[at] = run;
  if (out != NULL) *out = run;
  return MR_OK;
}

mr_status mri_judged_runs_load(mri_tx *tx, int64_t request_id, mri_judged_runs *out,
                               mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  mr_status status =
      mri_sql_query(tx, error, &stmt,
                    "SELECT r.id, r.uuid, r.name FROM request_evaluation q JOIN run r "
                    "ON r.id = q.run_id WHERE q.request_id = ?1 ORDER BY r.name",
                    "i", request_id);
  if (status != MR_OK) return status;
  while ((status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    status = add_run(out, tx, stmt, request_id, NULL, error);
    if (status != MR_OK) break;
  }
  mri_stmt_done(stmt);
  return status;
}

/* Finished evaluations (3, 2) with the run ?1, or a version made of its artifacts ?3, as an input:
 * each as often as it has one. Ids of runs and versions are unique among both. */
#define EVALUATION_SQL                                                                             \
  "FROM (SELECT ?1 AS target UNION ALL SELECT v.uuid FROM version v WHERE v.run_id = ?2 "          \
  "AND v.artifact_path = ?3 AND v.status <> 4) t JOIN input i ON i.target = t.target "             \
  "JOIN run e ON e.id = i.run_id WHERE i.kind IN (3, 4) AND e.kind = 3 AND e.status = 2 "          \
  "AND (i.role = 'candidate' OR NOT EXISTS (SELECT 1 FROM input o WHERE o.run_id = i.run_id "      \
  "AND o.kind IN (3, 4) AND o.id <> i.id)) "

mr_status mri_judged_runs_find(const mri_candidate *candidate, const char *name,
                               const mri_candidate **out, mr_error *error) {
  mri_judged_runs *runs = candidate->evaluations;
  mri_stmt *stmt = NULL;
  bool found = false;
  const mri_judged_run *run = NULL;
  *out = NULL;
  assert(runs != NULL);
  for (size_t i = 0; i < runs->runs.count; i++) {
    if (strcmp(run_at(runs, i)->name, name) == 0) run = run_at(runs, i);
  }
  if (run == NULL) {
    mr_status status = mri_sql_first(
        candidate->tx, error, &stmt, &found,
        "SELECT e.id, e.uuid, e.name " EVALUATION_SQL "AND e.name = ?4 ORDER BY e.id DESC LIMIT 1",
        "titt", candidate->run, candidate->run_id, candidate->artifact_path, name);
    if (status != MR_OK || !found) return status;
    status = add_run(runs, candidate->tx, stmt, 0, &run, error);
    mri_stmt_done(stmt);
    if (status != MR_OK) return status;
  }
  *out = &run->candidate;
  return MR_OK;
}

/* Two lists in order as one, each name once. */
static size_t merge(const mri_judged_runs *runs, const mri_query_names *others, const char **out) {
  size_t count = 0;
  size_t i = 0;
  size_t j = 0;
  while (i < runs->runs.count || j < others->count) {
    const char *a = i < runs->runs.count ? run_at(runs, i)->name : NULL;
    const char *b = j < others->count ? others->names[j] : NULL;
    int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a, b);
    i += order <= 0;
    j += order >= 0;
    out[count++] = order < 0 ? a : b;
  }
  return count;
}

mr_status mri_judged_runs_names(const mri_candidate *candidate, mri_arena *arena,
                                const char *const **names, size_t *count, mr_error *error) {
  const mri_judged_runs *runs = candidate->evaluations;
  mri_query_names others = {NULL, 0, false};
  mri_stmt *stmt = NULL;
  mr_status status = mri_sql_query(
      candidate->tx, error, &stmt,
      "SELECT DISTINCT e.name " EVALUATION_SQL "AND e.name IS NOT NULL ORDER BY e.name", "tit",
      candidate->run, candidate->run_id, candidate->artifact_path);
  if (status == MR_OK) status = mri_names_read(stmt, arena, &others, error);
  size_t most = runs->runs.count + others.count;
  if (status != MR_OK || most == 0) return status;
  const char **list = mri_arena_alloc(arena, most * sizeof *list);
  if (list == NULL) return mri_error_no_memory(error);
  *count = merge(runs, &others, list);
  *names = list;
  return MR_OK;
}
