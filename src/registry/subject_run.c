/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule reads of a run: metrics, params, tags, attributes and checks. */
#include "metrics/summary.h"
#include "registry/metric_fold.h"
#include "registry/subject_parts.h"
#include <math.h>

void mri_value_number(mri_query_value *out, double number) {
  out->kind = isnan(number) ? MRI_VALUE_UNREADABLE : MRI_VALUE_NUMBER;
  out->number = number;
}

mr_status mri_value_text(mri_query_value *out, mri_arena *arena, const char *text,
                         mr_error *error) {
  if (text == NULL) return MR_OK;
  out->text = mri_arena_strdup(arena, text);
  if (out->text == NULL) return mri_error_no_memory(error);
  out->kind = MRI_VALUE_TEXT;
  out->text_size = strlen(text);
  return MR_OK;
}

mr_status mri_names_read(mri_stmt *stmt, mri_arena *arena, mri_query_names *out, mr_error *error) {
  mri_vec list;
  bool row = false;
  mr_status status;
  mri_vec_init(&list, arena->mem, sizeof(const char *));
  while ((status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    const char **slot = mri_vec_push(&list);
    if (slot != NULL) *slot = mri_arena_strdup(arena, mri_stmt_text(stmt, 0));
    if (slot == NULL || *slot == NULL) {
      status = mri_error_no_memory(error);
      break;
    }
  }
  mri_stmt_done(stmt);
  if (status == MR_OK && list.count > 0) {
    const char **names = mri_arena_alloc(arena, list.count * sizeof *names);
    if (names == NULL) status = mri_error_no_memory(error);
    if (names != NULL) memcpy(names, list.items, list.count * sizeof *names);
    out->names = names;
    out->count = list.count;
  }
  mri_vec_free(&list);
  return status;
}

mr_status mri_read_metric(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                          mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_summary s;
  (void)arena;
  mr_status status =
      mri_sql_first(c->tx, error, &stmt, &found,
                    "SELECT " MRI_SUMMARY_COLUMNS " FROM metric WHERE run_id = ?1 AND key = ?2",
                    "it", c->run_id, path->parts[1]);
  if (status != MR_OK || !found) return status;
  mri_summary_read(stmt, 0, &s);
  mri_stmt_done(stmt);
  switch (path->summary) {
  case MRI_SUMMARY_MIN:
    mri_value_number(out, mri_summary_min(&s));
    break;
  case MRI_SUMMARY_MAX:
    mri_value_number(out, mri_summary_max(&s));
    break;
  case MRI_SUMMARY_MEAN:
    mri_value_number(out, mri_summary_mean(&s));
    break;
  case MRI_SUMMARY_FIRST:
    mri_value_number(out, s.first);
    break;
  case MRI_SUMMARY_COUNT:
    mri_value_number(out, (double)s.count);
    break;
  case MRI_SUMMARY_LAST:
  case MRI_SUMMARY_NONE:
  default:
    mri_value_number(out, s.last);
    break;
  }
  return MR_OK;
}

/* First column of the first row as text. */
static mr_status get_row_text(mri_stmt *stmt, bool found, mri_arena *arena, mri_query_value *out,
                              mr_error *error) {
  if (!found) return MR_OK;
  mr_status status = mri_value_text(out, arena, mri_stmt_text(stmt, 0), error);
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_read_param(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                         mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(c->tx, error, &stmt, &found,
                                   "SELECT value FROM param WHERE run_id = ?1 AND key = ?2", "it",
                                   c->run_id, path->parts[1]);
  return status != MR_OK ? status : get_row_text(stmt, found, arena, out, error);
}

mr_status mri_read_tag(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                       mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status =
      c->tags_of == 0
          ? mri_sql_first(c->tx, error, &stmt, &found,
                          "SELECT value FROM tag WHERE run_id = ?1 AND key = ?2", "it", c->run_id,
                          path->parts[1])
          : mri_sql_first(c->tx, error, &stmt, &found,
                          "SELECT value FROM request_tag WHERE request_id = ?1 AND run_id = ?2 "
                          "AND key = ?3",
                          "iit", c->tags_of, c->run_id, path->parts[1]);
  return status != MR_OK ? status : get_row_text(stmt, found, arena, out, error);
}

/* MLflow's `artifact_uri` is read too, and is never there: artifacts have no place of their own. */
mr_status mri_read_attribute(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                             mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  const char *name = path->parts[1];
  mr_status status = mri_sql_first(
      c->tx, error, &stmt, &found,
      "SELECT r.status, r.kind, r.uuid, r.name, r.actor, e.name, r.started_us, r.ended_us, "
      "r.source_commit, r.source_state FROM run r JOIN experiment e ON e.id = r.experiment_id "
      "WHERE r.id = ?1",
      "i", c->run_id);
  if (status != MR_OK || !found) return status;
  const char *text = NULL;
  if (strcmp(name, "status") == 0) {
    text = mri_run_status_name((mr_run_status)mri_stmt_int(stmt, 0));
  } else if (strcmp(name, "kind") == 0) {
    text = mri_run_kind_name((mr_run_kind)mri_stmt_int(stmt, 1));
  } else if (strcmp(name, "run_id") == 0) {
    text = mri_stmt_text(stmt, 2);
  } else if (strcmp(name, "run_name") == 0) {
    text = mri_stmt_text(stmt, 3);
  } else if (strcmp(name, "actor") == 0) {
    text = mri_stmt_text(stmt, 4);
  } else if (strcmp(name, "experiment") == 0) {
    text = mri_stmt_text(stmt, 5);
  } else if (strcmp(name, "start_time") == 0) {
    mri_value_number(out, (double)(mri_stmt_int(stmt, 6) / 1000));
  } else if (strcmp(name, "end_time") == 0) {
    if (mri_stmt_int(stmt, 7) != 0) mri_value_number(out, (double)(mri_stmt_int(stmt, 7) / 1000));
  } else if (strcmp(name, "source_commit") == 0) {
    text = mri_stmt_text(stmt, 8);
  } else if (strcmp(name, "source_dirty") == 0 && mri_stmt_int(stmt, 9) != 0) {
    mri_value_number(out, mri_stmt_int(stmt, 9) == MR_SOURCE_STATE_DIRTY ? 1 : 0);
  }
  status = mri_value_text(out, arena, text, error);
  mri_stmt_done(stmt);
  return status;
}

/* The latest report counts. One that is missing may still come, one that is there is what it is. */
mr_status mri_read_check(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                         mri_query_value *out, mr_error *error) {
  int64_t result = 0;
  mr_status status = mri_sql_int(c->tx, error, 0, &result,
                                 "SELECT result FROM run_check WHERE run_id = ?1 AND name = ?2 "
                                 "ORDER BY id DESC LIMIT 1",
                                 "it", c->run_id, path->parts[1]);
  if (status != MR_OK) return status;
  switch (result) {
  case 0:
    out->open = true;
    return MR_OK;
  case MR_CHECK_RESULT_PASSED:
    return mri_value_text(out, arena, "passed", error);
  case MR_CHECK_RESULT_FAILED:
    return mri_value_text(out, arena, "failed", error);
  case MR_CHECK_RESULT_SKIPPED:
    return mri_value_text(out, arena, "skipped", error);
  default:
    out->kind = MRI_VALUE_UNREADABLE;
    return MR_OK;
  }
}

mr_status mri_check_names(const mri_candidate *c, mri_arena *arena, mri_query_names *out,
                          mr_error *error) {
  mri_stmt *stmt = NULL;
  out->open = true;
  mr_status status = mri_sql_query(
      c->tx, error, &stmt, "SELECT DISTINCT name FROM run_check WHERE run_id = ?1 ORDER BY name",
      "i", c->run_id);
  return status != MR_OK ? status : mri_names_read(stmt, arena, out, error);
}
