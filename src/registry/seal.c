/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of a candidate is BLAKE2b-256 over a text of sections. A section is a name, a line
 * feed and its rows; a row is its fields, each as a decimal length, a colon and the bytes, so that
 * no two different candidates give the same text. Integers are 8 little-endian bytes. Everything
 * that a rule can read of the candidate is in it, but for what can still come: checks, approvals
 * and the time in a channel. */
#include "registry/seal.h"
#include "registry/metric_fold.h"

static void add_field(mri_str *text, const void *bytes, size_t size) {
  mri_str_add_decimal(text, size);
  mri_str_add_char(text, ':');
  mri_str_add_bytes(text, bytes, size);
}

static void add_text(mri_str *text, const char *value) {
  add_field(text, value == NULL ? "" : value, value == NULL ? 0 : strlen(value));
}

static void add_int(mri_str *text, int64_t value) {
  mri_str_add_u64(text, (uint64_t)value);
}

typedef void (*add_row)(mri_str *text, const mri_stmt *stmt);

static mr_status add_section(mri_str *text, mri_stmt *stmt, const char *name, add_row add,
                             mr_error *error) {
  mr_status status;
  bool row = false;
  mri_str_add(text, name);
  mri_str_add_char(text, '\n');
  while ((status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) add(text, stmt);
  mri_stmt_done(stmt);
  return status;
}

static void add_property(mri_str *text, const mri_stmt *stmt) {
  add_text(text, mri_stmt_text(stmt, 0));
  add_text(text, mri_stmt_text(stmt, 1));
}

static void add_metric(mri_str *text, const mri_stmt *stmt) {
  add_text(text, mri_stmt_text(stmt, 0));
  for (int i = 1; i <= 12; i++) add_int(text, mri_stmt_int(stmt, i));
}

static void add_chunk(mri_str *text, const mri_stmt *stmt) {
  size_t size = 0;
  mri_digest digest;
  const void *data = mri_stmt_bytes(stmt, 2, &size);
  add_text(text, mri_stmt_text(stmt, 0));
  add_int(text, mri_stmt_int(stmt, 1));
  mri_blake2b(data == NULL ? "" : data, size, &digest);
  add_field(text, digest.bytes, sizeof digest.bytes);
}

static void add_input(mri_str *text, const mri_stmt *stmt) {
  mri_digest digest;
  add_text(text, mri_stmt_text(stmt, 0));
  add_int(text, mri_stmt_int(stmt, 1));
  add_text(text, mri_stmt_text(stmt, 2));
  if (mri_stmt_digest(stmt, 3, &digest)) add_field(text, digest.bytes, sizeof digest.bytes);
  if (mri_stmt_is_null(stmt, 4)) return;
  add_text(text, mri_stmt_text(stmt, 4));
  for (int i = 5; i <= 8; i++) add_int(text, mri_stmt_int(stmt, i));
}

static mr_status add_params(mri_tx *tx, int64_t run_id, mri_str *text, mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status = mri_sql_query(
      tx, error, &stmt, "SELECT key, value FROM param WHERE run_id = ?1 ORDER BY key", "i", run_id);
  return status != MR_OK ? status : add_section(text, stmt, "params", add_property, error);
}

/* The same text whether a request has copied the tags yet or not. */
static mr_status add_tags(const mri_candidate *c, mri_str *text, mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status =
      c->tags_of == 0 ? mri_sql_query(c->tx, error, &stmt,
                                      "SELECT key, value FROM tag WHERE run_id = ?1 ORDER BY key",
                                      "i", c->run_id)
                      : mri_sql_query(c->tx, error, &stmt,
                                      "SELECT key, value FROM request_tag WHERE request_id = ?1 "
                                      "AND run_id = ?2 ORDER BY key",
                                      "ii", c->tags_of, c->run_id);
  return status != MR_OK ? status : add_section(text, stmt, "tags", add_property, error);
}

static mr_status add_metrics(mri_tx *tx, int64_t run_id, mri_str *text, mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status = mri_sql_query(tx, error, &stmt,
                                   "SELECT key, " MRI_SUMMARY_COLUMNS
                                   " FROM metric WHERE run_id = ?1 ORDER BY key",
                                   "i", run_id);
  if (status == MR_OK) status = add_section(text, stmt, "metrics", add_metric, error);
  if (status != MR_OK) return status;
  status = mri_sql_query(tx, error, &stmt,
                         "SELECT m.key, c.sequence, c.data FROM metric m "
                         "JOIN metric_chunk c ON c.metric_id = m.id WHERE m.run_id = ?1 "
                         "ORDER BY m.key, c.sequence",
                         "i", run_id);
  return status != MR_OK ? status : add_section(text, stmt, "points", add_chunk, error);
}

static mr_status add_inputs(mri_tx *tx, int64_t run_id, mri_str *text, mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status =
      mri_sql_query(tx, error, &stmt,
                    "SELECT i.role, i.kind, i.target, i.digest, d.name, d.sample_count, "
                    "d.file_count, d.total_size, d.frozen FROM input i "
                    "LEFT JOIN run r ON i.kind = 1 AND r.uuid = i.target "
                    "LEFT JOIN dataset d ON d.run_id = r.id WHERE i.run_id = ?1 "
                    "ORDER BY i.role, i.kind, i.target",
                    "i", run_id);
  return status != MR_OK ? status : add_section(text, stmt, "inputs", add_input, error);
}

static void add_attributes(mri_str *text, const mri_stmt *stmt) {
  for (int i = 0; i <= 4; i++) add_text(text, mri_stmt_text(stmt, i));
  for (int i = 5; i <= 9; i++) add_int(text, mri_stmt_int(stmt, i));
}

static mr_status add_run(mri_tx *tx, int64_t run_id, mri_str *text, mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status = mri_sql_query(tx, error, &stmt,
                                   "SELECT r.uuid, r.name, r.actor, e.name, r.source_commit, "
                                   "r.status, r.kind, r.started_us, r.ended_us, r.source_state "
                                   "FROM run r JOIN experiment e ON e.id = r.experiment_id "
                                   "WHERE r.id = ?1",
                                   "i", run_id);
  return status != MR_OK ? status : add_section(text, stmt, "run", add_attributes, error);
}

static void add_files(mri_str *text, const mri_tree *tree) {
  mri_str_add(text, "artifacts\n");
  for (size_t i = 0; i < tree->files.count; i++) {
    const mri_tree_file *file = mri_vec_at(&tree->files, i);
    add_text(text, file->path);
    add_field(text, file->digest.bytes, sizeof file->digest.bytes);
    add_int(text, file->size);
    add_int(text, file->kind);
    add_text(text, file->format);
    add_text(text, file->uri);
  }
}

static void digest_of(const mri_str *text, mri_digest *out) {
  mri_blake2b(text->data, text->size, out);
}

mr_status mri_params_digest(mri_tx *tx, int64_t run_id, mri_digest *out, mr_error *error) {
  mri_str text;
  mri_str_init(&text, mri_mem_default());
  mr_status status = add_params(tx, run_id, &text, error);
  if (status == MR_OK && text.failed) status = mri_error_no_memory(error);
  if (status == MR_OK) digest_of(&text, out);
  mri_str_free(&text);
  return status;
}

mr_status mri_dataset_digests(mri_tx *tx, int64_t run_id, mri_str *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  mr_status status = mri_sql_query(
      tx, error, &stmt, "SELECT digest FROM input WHERE run_id = ?1 AND kind IN (1, 2) ORDER BY id",
      "i", run_id);
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    mri_digest digest;
    if (mri_stmt_digest(stmt, 0, &digest)) {
      mri_str_add_bytes(out, digest.bytes, sizeof digest.bytes);
    }
  }
  mri_stmt_done(stmt);
  return status == MR_OK && out->failed ? mri_error_no_memory(error) : status;
}

/* The sections that a candidate and an evaluation have in common. */
static mr_status add_sections(const mri_candidate *c, mri_str *text, mr_error *error) {
  mri_str_add(text, "modelreg candidate v1\n");
  mr_status status = add_run(c->tx, c->run_id, text, error);
  if (status == MR_OK) status = add_params(c->tx, c->run_id, text, error);
  if (status == MR_OK) status = add_tags(c, text, error);
  if (status == MR_OK) status = add_metrics(c->tx, c->run_id, text, error);
  if (status == MR_OK) status = add_inputs(c->tx, c->run_id, text, error);
  if (status == MR_OK) add_files(text, c->tree);
  return status;
}

static mr_status add_evaluation(const mri_judged_run *run, mri_str *text, mr_error *error) {
  mri_str sections;
  mri_digest digest;
  mri_str_init(&sections, text->mem);
  mr_status status = add_sections(&run->candidate, &sections, error);
  if (status == MR_OK && sections.failed) status = mri_error_no_memory(error);
  if (status == MR_OK) {
    digest_of(&sections, &digest);
    add_text(text, run->name);
    add_field(text, digest.bytes, sizeof digest.bytes);
  }
  mri_str_free(&sections);
  return status;
}

mr_status mri_candidate_digest(const mri_candidate *candidate, mri_digest *out, mr_error *error) {
  mri_str text;
  const mri_vec *runs = &candidate->evaluations->runs;
  mri_str_init(&text, candidate->mem);
  mr_status status = add_sections(candidate, &text, error);
  mri_str_add(&text, "evaluations\n");
  for (size_t i = 0; i < runs->count && status == MR_OK; i++) {
    status = add_evaluation(*(mri_judged_run **)mri_vec_at(runs, i), &text, error);
  }
  if (status == MR_OK && text.failed) status = mri_error_no_memory(error);
  if (status == MR_OK) digest_of(&text, out);
  mri_str_free(&text);
  return status;
}

mr_status mri_seal_run(mri_tx *tx, int64_t run_id, int64_t request_id, const char *request,
                       mr_error *error) {
  mr_status status = mri_sql_run(tx, error,
                                 "INSERT INTO request_tag (request_id, run_id, key, value) "
                                 "SELECT ?1, run_id, key, value FROM tag WHERE run_id = ?2",
                                 "ii", request_id, run_id);
  if (status != MR_OK) return status;
  return mri_sql_run(tx, error, "UPDATE run SET sealed_by = ?2 WHERE id = ?1 AND sealed_by IS NULL",
                     "it", run_id, request);
}

mr_status mri_seal_evaluations(mri_tx *tx, const mri_judged_runs *runs, int64_t request_id,
                               const char *request, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < runs->runs.count && status == MR_OK; i++) {
    const mri_judged_run *run = *(mri_judged_run **)mri_vec_at(&runs->runs, i);
    status = mri_sql_run(tx, error,
                         "INSERT INTO request_evaluation (request_id, run_id) VALUES (?1, ?2) "
                         "ON CONFLICT DO NOTHING",
                         "ii", request_id, run->candidate.run_id);
    if (status == MR_OK && mri_tx_changes(tx) > 0) {
      status = mri_seal_run(tx, run->candidate.run_id, request_id, request, error);
    }
  }
  return status;
}
