/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/subject.h"
#include "metrics/summary.h"
#include "registry/metric_fold.h"
#include <math.h>

typedef enum family {
  FAMILY_METRICS,
  FAMILY_PARAMS,
  FAMILY_TAGS,
  FAMILY_ATTRIBUTES,
  FAMILY_INPUTS,
  FAMILY_DATASET,
  FAMILY_ARTIFACTS,
  FAMILY_VERSION,
  FAMILY_INCUMBENT,
  FAMILY_COUNT
} family;

/* Names, how many parts a path has, and where the last part is one of few fields, these. */
#define FIELDS_MAX 11
typedef struct family_rule {
  const char *name;
  int parts;
  const char *fields[FIELDS_MAX];
} family_rule;

static const family_rule families[FAMILY_COUNT] = {
    {"metrics", 2, {NULL}},
    {"params", 2, {NULL}},
    {"tags", 2, {NULL}},
    {"attributes",
     2,
     {"status", "kind", "run_id", "run_name", "actor", "experiment", "start_time", "end_time",
      "source_commit", "source_dirty", NULL}},
    {"inputs",
     3,
     {"digest", "name", "sample_count", "file_count", "total_size", "frozen", "run_id", "version",
      NULL}},
    {"dataset", 2, {"digest", "name", "context", NULL}},
    {"artifacts", 3, {"path", "format", "size", "digest", "kind", NULL}},
    {"version", 2, {"major", "minor", "patch", "prerelease", "number", NULL}},
    {"incumbent", 0, {NULL}},
};

static family family_of(const char *name) {
  int i = 0;
  while (i < FAMILY_COUNT && strcmp(families[i].name, name) != 0) i++;
  return (family)i;
}

/* A family without a list takes any name. */
static bool has_field(const family_rule *rule, const char *name) {
  if (rule->fields[0] == NULL) return true;
  for (size_t i = 0; rule->fields[i] != NULL; i++) {
    if (strcmp(rule->fields[i], name) == 0) return true;
  }
  return false;
}

static mr_status refuse(const mri_query_path *path, const char *why, mr_error *error) {
  return mri_error_set(error, MR_INVALID_ARGUMENT, "'%s%s%s' %s", path->parts[0],
                       path->count > 1 ? "." : "",
                       path->count > 1 ? path->parts[path->count - 1] : "", why);
}

/* The path without a leading "incumbent". */
static mri_query_path below(const mri_query_path *path) {
  mri_query_path rest = *path;
  rest.count--;
  for (int i = 0; i < rest.count; i++) rest.parts[i] = path->parts[i + 1];
  rest.star = path->star < 0 ? -1 : path->star - 1;
  return rest;
}

mr_status mri_subject_check(void *ctx, const mri_query_path *path, mr_error *error) {
  (void)ctx;
  family f = family_of(path->parts[0]);
  if (f == FAMILY_COUNT) {
    return refuse(path,
                  "is not known; use metrics, params, tags, attributes, inputs, dataset, "
                  "artifacts, version or incumbent",
                  error);
  }
  if (f == FAMILY_INCUMBENT) {
    if (path->count == 1) return MR_OK;
    mri_query_path rest = below(path);
    if (family_of(rest.parts[0]) == FAMILY_INCUMBENT) {
      return refuse(path, "nests incumbent in itself", error);
    }
    return mri_subject_check(NULL, &rest, error);
  }
  if (path->count != families[f].parts) {
    return refuse(path,
                  f == FAMILY_INPUTS || f == FAMILY_ARTIFACTS
                      ? "needs a name and a field, as in artifacts.\"model.onnx\".size"
                      : "needs exactly one name after the dot",
                  error);
  }
  if (!has_field(&families[f], path->parts[path->count - 1])) {
    return refuse(path, "is not a field that a gate can read", error);
  }
  if (path->star >= 0 && f != FAMILY_ARTIFACTS) {
    return refuse(path, "cannot have a *; only artifacts can", error);
  }
  return MR_OK;
}

static void set_number(mri_query_value *out, double number) {
  out->kind = isnan(number) ? MRI_VALUE_UNREADABLE : MRI_VALUE_NUMBER;
  out->number = number;
}

static mr_status set_text(mri_query_value *out, mri_arena *arena, const char *text,
                          mr_error *error) {
  if (text == NULL) return MR_OK;
  out->text = mri_arena_strdup(arena, text);
  if (out->text == NULL) return mri_error_no_memory(error);
  out->kind = MRI_VALUE_TEXT;
  out->text_size = strlen(text);
  return MR_OK;
}

static mr_status get_metric(const mri_candidate *c, const mri_query_path *path,
                            mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_summary s;
  mr_status status =
      mri_sql_first(c->tx, error, &stmt, &found,
                    "SELECT " MRI_SUMMARY_COLUMNS " FROM metric WHERE run_id = ?1 AND key = ?2",
                    "it", c->run_id, path->parts[1]);
  if (status != MR_OK || !found) return status;
  mri_summary_read(stmt, 0, &s);
  mri_stmt_done(stmt);
  switch (path->summary) {
  case MRI_SUMMARY_MIN:
    set_number(out, mri_summary_min(&s));
    break;
  case MRI_SUMMARY_MAX:
    set_number(out, mri_summary_max(&s));
    break;
  case MRI_SUMMARY_MEAN:
    set_number(out, mri_summary_mean(&s));
    break;
  case MRI_SUMMARY_FIRST:
    set_number(out, s.first);
    break;
  case MRI_SUMMARY_COUNT:
    set_number(out, (double)s.count);
    break;
  case MRI_SUMMARY_LAST:
  case MRI_SUMMARY_NONE:
  default:
    set_number(out, s.last);
    break;
  }
  return MR_OK;
}

/* First column of the first row as text. */
static mr_status get_row_text(mri_stmt *stmt, bool found, mri_arena *arena, mri_query_value *out,
                              mr_error *error) {
  if (!found) return MR_OK;
  mr_status status = set_text(out, arena, mri_stmt_text(stmt, 0), error);
  mri_stmt_done(stmt);
  return status;
}

static mr_status get_param(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                           mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(c->tx, error, &stmt, &found,
                                   "SELECT value FROM param WHERE run_id = ?1 AND key = ?2", "it",
                                   c->run_id, path->parts[1]);
  return status != MR_OK ? status : get_row_text(stmt, found, arena, out, error);
}

static mr_status get_tag(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                         mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(c->tx, error, &stmt, &found,
                                   "SELECT value FROM tag WHERE run_id = ?1 AND key = ?2", "it",
                                   c->run_id, path->parts[1]);
  return status != MR_OK ? status : get_row_text(stmt, found, arena, out, error);
}

static mr_status get_attribute(const mri_candidate *c, const char *name, mri_arena *arena,
                               mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
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
    set_number(out, (double)(mri_stmt_int(stmt, 6) / 1000));
  } else if (strcmp(name, "end_time") == 0) {
    if (mri_stmt_int(stmt, 7) != 0) set_number(out, (double)(mri_stmt_int(stmt, 7) / 1000));
  } else if (strcmp(name, "source_commit") == 0) {
    text = mri_stmt_text(stmt, 8);
  } else if (strcmp(name, "source_dirty") == 0 && mri_stmt_int(stmt, 9) != 0) {
    set_number(out, mri_stmt_int(stmt, 9) == MR_SOURCE_STATE_DIRTY ? 1 : 0);
  }
  status = set_text(out, arena, text, error);
  mri_stmt_done(stmt);
  return status;
}

/* Columns: how many inputs there are, digest, name, sample_count, file_count, total_size, frozen,
 * run, version, role. Of a dataset that was named by its digest alone only the digest is known: what
 * others record about it later must not change a verdict. */
#define INPUT_SQL                                                                                  \
  "SELECT count(*) OVER (), i.digest, d.name, d.sample_count, d.file_count, d.total_size, "        \
  "d.frozen, CASE WHEN i.kind IN (1, 3) THEN i.target END, "                                       \
  "(SELECT m.name || '@' || v.number FROM version v JOIN model m ON m.id = v.model_id "            \
  "WHERE i.kind = 4 AND v.uuid = i.target), i.role FROM input i "                                  \
  "LEFT JOIN run r ON i.kind = 1 AND r.uuid = i.target "                                           \
  "LEFT JOIN dataset d ON d.run_id = r.id WHERE i.run_id = ?1 "

static mr_status read_input(mri_stmt *stmt, const char *field, mri_arena *arena,
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
      if (number != 0 || fields[i].column != 3) set_number(out, (double)number);
    } else if (fields[i].column == 1) {
      mri_digest digest;
      char text[MRI_DIGEST_TEXT];
      if (!mri_stmt_digest(stmt, 1, &digest)) continue;
      mri_digest_text(&digest, text);
      status = set_text(out, arena, text, error);
    } else {
      status = set_text(out, arena, mri_stmt_text(stmt, fields[i].column), error);
    }
  }
  mri_stmt_done(stmt);
  return status;
}

static mr_status get_input(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                           mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(c->tx, error, &stmt, &found, INPUT_SQL "AND i.role = ?2", "it",
                                   c->run_id, path->parts[1]);
  if (status != MR_OK || !found) return status;
  return read_input(stmt, path->parts[2], arena, out, error);
}

static mr_status get_dataset(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                             mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status =
      mri_sql_first(c->tx, error, &stmt, &found, INPUT_SQL "AND i.kind IN (1, 2)", "i", c->run_id);
  if (status != MR_OK || !found) return status;
  return read_input(stmt, path->parts[1], arena, out, error);
}

static mr_status get_artifact(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                              mri_query_value *out, mr_error *error) {
  const mri_tree_file *file = mri_tree_find(c->tree, path->parts[1]);
  const char *field = path->parts[2];
  if (file == NULL) return MR_OK;
  if (strcmp(field, "size") == 0) {
    set_number(out, (double)file->size);
    return MR_OK;
  }
  if (strcmp(field, "path") == 0) return set_text(out, arena, file->path, error);
  if (strcmp(field, "format") == 0) return set_text(out, arena, file->format, error);
  if (strcmp(field, "kind") == 0) {
    return set_text(out, arena, file->kind == MR_ARTIFACT_KIND_LINK ? "link" : "stored", error);
  }
  if (strcmp(field, "digest") != 0) return MR_OK;
  char digest[MRI_DIGEST_TEXT];
  mri_digest_text(&file->digest, digest);
  return set_text(out, arena, digest, error);
}

static mr_status get_number(const mri_candidate *c, const char *field, mri_arena *arena,
                            mri_query_value *out, mr_error *error) {
  const mri_semver *number = c->number;
  if (strcmp(field, "major") == 0) set_number(out, (double)number->major);
  if (strcmp(field, "minor") == 0) set_number(out, (double)number->minor);
  if (strcmp(field, "patch") == 0) set_number(out, (double)number->patch);
  if (strcmp(field, "prerelease") == 0 && number->prerelease[0] != '\0') {
    return set_text(out, arena, number->prerelease, error);
  }
  if (strcmp(field, "number") == 0) {
    char text[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(number, text);
    return set_text(out, arena, text, error);
  }
  return MR_OK;
}

static mr_status get(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_value *out,
                     mr_error *error) {
  const mri_candidate *c = ctx;
  memset(out, 0, sizeof *out);
  switch (family_of(path->parts[0])) {
  case FAMILY_METRICS:
    return get_metric(c, path, out, error);
  case FAMILY_PARAMS:
    return get_param(c, path, arena, out, error);
  case FAMILY_TAGS:
    return get_tag(c, path, arena, out, error);
  case FAMILY_ATTRIBUTES:
    return get_attribute(c, path->parts[1], arena, out, error);
  case FAMILY_INPUTS:
    return get_input(c, path, arena, out, error);
  case FAMILY_DATASET:
    return get_dataset(c, path, arena, out, error);
  case FAMILY_ARTIFACTS:
    return get_artifact(c, path, arena, out, error);
  case FAMILY_VERSION:
    return get_number(c, path->parts[1], arena, out, error);
  case FAMILY_INCUMBENT:
    break;
  case FAMILY_COUNT:
  default:
    return MR_OK;
  }
  if (c->incumbent == NULL) return MR_OK;
  if (path->count == 1) return get_number(c->incumbent, "number", arena, out, error);
  mri_query_path rest = below(path);
  return get((void *)(uintptr_t)c->incumbent, &rest, arena, out, error);
}

/* Only artifacts have a star: the names are the paths of the version. */
static mr_status expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                        const char *const **names, size_t *count, mr_error *error) {
  const mri_candidate *c = ctx;
  *names = NULL;
  *count = 0;
  if (family_of(path->parts[0]) == FAMILY_INCUMBENT) c = c->incumbent;
  if (c == NULL || c->tree->files.count == 0) return MR_OK;
  size_t n = c->tree->files.count;
  const char **list = mri_arena_alloc(arena, n * sizeof *list);
  if (list == NULL) return mri_error_no_memory(error);
  for (size_t i = 0; i < n; i++) {
    list[i] = ((const mri_tree_file *)mri_vec_at(&c->tree->files, i))->path;
  }
  *names = list;
  *count = n;
  return MR_OK;
}

mri_query_subject mri_subject_of(const mri_candidate *candidate) {
  return (mri_query_subject){(void *)(uintptr_t)candidate, get, expand};
}
