/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/incumbent.h"

void mri_incumbent_init(mri_incumbent *incumbent, const mri_mem *mem) {
  memset(incumbent, 0, sizeof *incumbent);
  mri_arena_init(&incumbent->arena, mem);
  mri_tree_init(&incumbent->tree, mem);
}

void mri_incumbent_destroy(mri_incumbent *incumbent) {
  mri_tree_destroy(&incumbent->tree);
  mri_arena_free(&incumbent->arena);
}

mr_status mri_incumbent_load(mri_tx *tx, int64_t version_id, mri_incumbent *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  bool failed = false;
  if (version_id == 0) return MR_OK;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT v.run_id, r.uuid, v.artifact_path, v.number, "
                                   "v.model_id, v.request_id "
                                   "FROM version v JOIN run r ON r.id = v.run_id WHERE v.id = ?1",
                                   "i", version_id);
  if (status != MR_OK || !found) return status;
  mri_candidate *c = &out->candidate;
  c->tx = tx;
  c->mem = out->arena.mem;
  c->model_id = mri_stmt_int(stmt, 4);
  c->version_id = version_id;
  c->tags_of = mri_stmt_int(stmt, 5);
  c->run_id = mri_stmt_int(stmt, 0);
  c->run = mri_column_text(stmt, 1, &out->arena, &failed);
  c->artifact_path = mri_column_text(stmt, 2, &out->arena, &failed);
  status = failed ? mri_error_no_memory(error)
                  : mri_semver_parse(mri_stmt_text(stmt, 3), &out->number, error);
  mri_stmt_done(stmt);
  if (status == MR_OK) {
    status = mri_tree_of_run(tx, c->run_id, c->run, c->artifact_path, &out->tree, error);
  }
  c->tree = &out->tree;
  c->number = &out->number;
  out->there = status == MR_OK;
  return status;
}
