/* SPDX-License-Identifier: Apache-2.0 */
/* The families of paths that a rule can read, and whose they are. */
#include "registry/subject.h"
#include "query/query_path.h"
#include "registry/judged_runs.h"
#include "registry/reference.h"
#include "registry/subject_parts.h"

static mri_read_value read_number;
static mri_read_value read_approvals;
static mri_read_value read_channel;

#define EVALUATIONS "evaluations"
#define INCUMBENT   "incumbent"
#define CHANNEL     "channel"

/* `names`: what a star stands for, or the datasets of a run; `get` NULL: paths of another run go on
 * behind it; `fields`: the last part is one of these, where there are any. */
#define FIELDS_MAX 12
typedef struct family {
  const char *name;
  mri_read_value *get;
  mri_read_names *names;
  const char *fields[FIELDS_MAX];
} family;

static const family families[] = {
    {"metrics", mri_read_metric, NULL, {NULL}},
    {"params", mri_read_param, NULL, {NULL}},
    {"tags", mri_read_tag, NULL, {NULL}},
    {"attributes",
     mri_read_attribute,
     NULL,
     {"status", "kind", "run_id", "run_name", "actor", "experiment", "start_time", "end_time",
      "source_commit", "source_dirty", "artifact_uri", NULL}},
    {"inputs",
     mri_read_input,
     NULL,
     {"digest", "name", "sample_count", "file_count", "total_size", "frozen", "run_id", "version",
      NULL}},
    {"dataset", mri_read_dataset, mri_dataset_names, {"digest", "name", "context", NULL}},
    {"artifacts",
     mri_read_artifact,
     mri_artifact_names,
     {"path", "format", "size", "digest", "kind", NULL}},
    {"checks", mri_read_check, mri_check_names, {NULL}},
    {"approvals", read_approvals, NULL, {NULL}},
    {CHANNEL, read_channel, NULL, {"hours", NULL}},
    {"version", read_number, NULL, {"major", "minor", "patch", "prerelease", "number", NULL}},
    {EVALUATIONS, NULL, NULL, {NULL}},
    {INCUMBENT, NULL, NULL, {NULL}},
};

/* The parser and this table know the same families. */
static const family *family_of(const mri_query_path *path) {
  const family *f = families;
  while (strcmp(f->name, path->parts[0]) != 0) f++;
  return f;
}

static bool is(const family *f, const char *name) {
  return strcmp(f->name, name) == 0;
}

/* --- checking ----------------------------------------------------------------------------- */

/* The path without its first parts. */
static mri_query_path below(const mri_query_path *path, int parts) {
  mri_query_path rest = *path;
  rest.count -= parts;
  for (int i = 0; i < rest.count; i++) rest.parts[i] = path->parts[i + parts];
  rest.star = path->star < parts ? -1 : path->star - parts;
  return rest;
}

static mr_status refuse(const mri_query_path *path, const char *why, mr_error *error) {
  mri_str text;
  mri_str_init(&text, mri_mem_default());
  mri_path_print(path, &text);
  mr_status status = text.failed ? mri_error_no_memory(error)
                                 : mri_error_set(error, MR_INVALID_ARGUMENT, "'%.*s' %s",
                                                 mri_text_fit(text.data, 160), text.data, why);
  mri_str_free(&text);
  return status;
}

/* Whether a transition moves this channel. */
static bool moves(const char *transition, const char *channel) {
  static const char start[] = "channel/";
  return strncmp(transition, start, sizeof start - 1) == 0 &&
         strcmp(transition + sizeof start - 1, channel) == 0;
}

/* A family without a list takes any name. */
static bool has_field(const family *f, const char *name) {
  if (f->fields[0] == NULL) return true;
  for (size_t i = 0; f->fields[i] != NULL; i++) {
    if (strcmp(f->fields[i], name) == 0) return true;
  }
  return false;
}

mr_status mri_subject_check(void *ctx, const mri_query_path *path, mr_error *error) {
  const char *transition = ctx;
  const family *f = family_of(path);
  if (f->get == NULL) {
    if (path->count == 1) return MR_OK; /* the incumbent itself */
    mri_query_path rest = below(path, is(f, EVALUATIONS) ? 2 : 1);
    return mri_subject_check(ctx, &rest, error);
  }
  if (!has_field(f, path->parts[path->count - 1])) {
    return refuse(path, "is not a field that a gate can read", error);
  }
  if (path->star >= 0 && f->names == NULL) {
    return refuse(path, "cannot have a *; artifacts, checks and evaluations can", error);
  }
  if (!is(f, CHANNEL)) return MR_OK;
  if (transition != NULL && strcmp(transition, "promote") == 0) {
    return refuse(path,
                  "cannot be read before a promotion, when no channel holds the version; attach "
                  "the rule to channel/NAME",
                  error);
  }
  if (transition != NULL && moves(transition, path->parts[1])) {
    return refuse(path,
                  "cannot guard this very channel, which does not hold the version before the move",
                  error);
  }
  return mri_check_channel_name(path->parts[1], error);
}

/* --- reading ------------------------------------------------------------------------------ */

static mr_status read_number(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                             mri_query_value *out, mr_error *error) {
  const mri_semver *number = c->number;
  const char *field = path->parts[path->count - 1];
  if (strcmp(field, "major") == 0) mri_value_number(out, (double)number->major);
  if (strcmp(field, "minor") == 0) mri_value_number(out, (double)number->minor);
  if (strcmp(field, "patch") == 0) mri_value_number(out, (double)number->patch);
  if (strcmp(field, "prerelease") == 0 && number->prerelease[0] != '\0') {
    return mri_value_text(out, arena, number->prerelease, error);
  }
  /* The incumbent itself is shown by its number. */
  if (strcmp(field, "number") == 0 || strcmp(field, INCUMBENT) == 0) {
    char text[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(number, text);
    return mri_value_text(out, arena, text, error);
  }
  return MR_OK;
}

/* No approval can be recorded yet, so there are none; that may change. */
static mr_status read_approvals(const mri_candidate *c, const mri_query_path *path,
                                mri_arena *arena, mri_query_value *out, mr_error *error) {
  (void)c;
  (void)path;
  (void)arena;
  (void)error;
  mri_value_number(out, 0);
  out->open = true;
  return MR_OK;
}

static mr_status read_channel(const mri_candidate *c, const mri_query_path *path, mri_arena *arena,
                              mri_query_value *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  (void)arena;
  out->open = true;
  mr_status status = mri_sql_first(c->tx, error, &stmt, &found,
                                   "SELECT moved_us FROM channel WHERE model_id = ?1 "
                                   "AND name = ?2 AND version_id = ?3",
                                   "iti", c->model_id, path->parts[1], c->version_id);
  if (status != MR_OK || !found) return status;
  int64_t held_us = c->now_us - mri_stmt_int(stmt, 0);
  mri_stmt_done(stmt);
  mri_value_number(out, held_us <= 0 ? 0 : (double)held_us / 3.6e9);
  return MR_OK;
}

/* Whose path it is once `incumbent` and `evaluations.NAME` are taken off, and what is left of it;
 * *owner is NULL where there is no such thing. */
static mr_status find_owner(const mri_candidate *c, const mri_query_path *path,
                            const mri_candidate **owner, mri_query_path *rest, mr_error *error) {
  const family *f = family_of(path);
  *owner = c;
  *rest = *path;
  if (is(f, INCUMBENT)) {
    *owner = c->incumbent;
    if (path->count > 1) *rest = below(path, 1);
  } else if (is(f, EVALUATIONS)) {
    *rest = below(path, 2);
    return mri_judged_runs_find(c, path->parts[1], owner, error);
  }
  return MR_OK;
}

static mr_status get(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_value *out,
                     mr_error *error) {
  const mri_candidate *owner = NULL;
  mri_query_path rest;
  mr_status status = find_owner(ctx, path, &owner, &rest, error);
  if (status != MR_OK) return status;
  if (owner == NULL) {
    out->open = is(family_of(path), EVALUATIONS);
    return MR_OK;
  }
  if (rest.count == 1) return read_number(owner, &rest, arena, out, error);
  return family_of(&rest)->get(owner, &rest, arena, out, error);
}

static mr_status expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                        mri_query_names *out, mr_error *error) {
  const mri_candidate *c = ctx;
  const mri_candidate *owner = NULL;
  mri_query_path rest;
  bool evaluations = is(family_of(path), EVALUATIONS);
  if (evaluations && path->star == 1) {
    out->open = true;
    return mri_judged_runs_names(c, arena, &out->names, &out->count, error);
  }
  mr_status status = find_owner(c, path, &owner, &rest, error);
  if (status != MR_OK) return status;
  if (owner == NULL) {
    out->open = evaluations;
    return MR_OK;
  }
  return family_of(&rest)->names(owner, arena, out, error);
}

mri_query_subject mri_subject_of(const mri_candidate *candidate) {
  return (mri_query_subject){(void *)(uintptr_t)candidate, get, expand};
}
