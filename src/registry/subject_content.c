/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule reads of the content behind a candidate: inputs, datasets and artifacts. */
#include "registry/subject_parts.h"
#include <stdlib.h>

/* Columns: how many inputs there are, digest, name, sample_count, file_count, total_size, frozen,
 * run, version, role. Of a dataset that was named by its digest alone only the digest is known:
 * what others record about it later must not change a verdict. */
#define INPUT_SQL                                                                                  \
  "SELECT count(*) OVER (), i.digest, d.name, d.sample_count, d.file_count, d.total_size, "        \
  "d.frozen, CASE WHEN i.kind IN (1, 3) THEN i.target END, "                                       \
  "(SELECT m.name || '@' || v.number FROM version v JOIN model m ON m.id = v.model_id "            \
  "WHERE i.kind = 4 AND v.uuid = i.target), i.role FROM input i "                                  \
  "LEFT JOIN run r ON i.kind = 1 AND r.uuid = i.target "                                           \
  "LEFT JOIN dataset d ON d.run_id = r.id WHERE i.run_id = ?1 "

static mr_status read_field(mri_stmt *stmt, const char *field, mri_arena *arena,
                            mri_query_value *out, mr_error *error) {
  static const struct {
    const char *field;
    int column;
    bool number;
  } fields[] = {
      {"digest", 1, false},    {"name", 2, false},      {"sample_count", 3, true},
      {"file_count", 4, true}, {"total_size", 5, true}, {"frozen", 6, true},
      {"run_id", 7, false},    {"version", 8, false},   {"context", 9, false},
  };
  mr_status status = MR_OK;
  if (mri_stmt_int(stmt, 0) > 1) {
    out->kind = MRI_VALUE_UNREADABLE; /* several inputs: which one is meant is not said */
    mri_stmt_done(stmt);
    return MR_OK;
  }
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (strcmp(fields[i].field, field) != 0 || mri_stmt_is_null(stmt, fields[i].column)) continue;
    if (fields[i].number) {
      int64_t number = mri_stmt_int(stmt, fields[i].column);
      /* A sample count of 0 means that nobody said how many there are. */
      if (number != 0 || fields[i].column != 3) mri_value_number(out, (double)number);
    } else if (fields[i].column == 1) {
      mri_digest digest;
      char text[MRI_DIGEST_TEXT];
      if (!mri_stmt_digest(stmt, 1, &digest)) continue;
      mri_digest_text(&digest, text);
      status = mri_value_text(out, arena, text, error);
    } else {
      status = mri_value_text(out, arena, mri_stmt_text(stmt, fields[i].column), error);
    }
  }
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_read_input(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                         mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(c->tx, error, &stmt, &found, INPUT_SQL "AND i.role = ?2", "it",
                                   c->run_id, path->parts[1]);
  if (status != MR_OK || !found) return status;
  return read_field(stmt, path->parts[2], arena, out, error);
}

/* A dataset is called by the id of its input row. */
mr_status mri_read_dataset(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                           mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  int64_t id = (int64_t)strtoll(path->which, NULL, 10);
  mr_status status =
      mri_sql_first(c->tx, error, &stmt, &found, INPUT_SQL "AND i.id = ?2", "ii", c->run_id, id);
  if (status != MR_OK || !found) return status;
  return read_field(stmt, path->parts[1], arena, out, error);
}

mr_status mri_dataset_names(const mri_candidate *c, mri_arena *arena, mri_query_names *out,
                            mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status = mri_sql_query(c->tx, error, &stmt,
                                   "SELECT CAST(id AS TEXT) FROM input WHERE run_id = ?1 "
                                   "AND kind IN (1, 2) ORDER BY id",
                                   "i", c->run_id);
  return status != MR_OK ? status : mri_names_read(stmt, arena, out, error);
}

mr_status mri_read_artifact(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                            mri_query_value *out, mr_error *error) {
  const mri_tree_file *file = mri_tree_find(c->tree, path->parts[1]);
  const char *field = path->parts[2];
  if (file == NULL) return MR_OK;
  if (strcmp(field, "size") == 0) {
    mri_value_number(out, (double)file->size);
    return MR_OK;
  }
  if (strcmp(field, "path") == 0) return mri_value_text(out, arena, file->path, error);
  if (strcmp(field, "format") == 0) return mri_value_text(out, arena, file->format, error);
  if (strcmp(field, "kind") == 0) {
    const char *kind = file->kind == MR_ARTIFACT_KIND_LINK ? "link" : "stored";
    return mri_value_text(out, arena, kind, error);
  }
  char digest[MRI_DIGEST_TEXT];
  mri_digest_text(&file->digest, digest);
  return mri_value_text(out, arena, digest, error);
}

mr_status mri_artifact_names(const mri_candidate *c, mri_arena *arena, mri_query_names *out,
                             mr_error *error) {
  size_t n = c->tree->files.count;
  if (n == 0) return MR_OK;
  const char **list = mri_arena_alloc(arena, n * sizeof *list);
  if (list == NULL) return mri_error_no_memory(error);
  for (size_t i = 0; i < n; i++) {
    list[i] = ((const mri_tree_file *)mri_vec_at(&c->tree->files, i))->path;
  }
  out->names = list;
  out->count = n;
  return MR_OK;
}
