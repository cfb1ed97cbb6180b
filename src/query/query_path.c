/* SPDX-License-Identifier: Apache-2.0 */
#include "query/query_path.h"

#include "query/ast.h"
#include <assert.h>
#include <string.h>

/* What follows a family's name:
 *   NAME      one name, everything up to the next blank or operator: metrics.eval.loss
 *   FIELD     the same, but the family has a fixed set of names: no star
 *   RECORD    a name and a field: artifacts."model.onnx".size; a name with dots is quoted
 *   HELD      the same without star: channel.staging.hours
 *   RUN       a name and a path of that run: evaluations.holdout.metrics.auc
 *   INCUMBENT nothing, or a path of the incumbent: incumbent.metrics.auc */
typedef enum shape { NAME, FIELD, RECORD, HELD, RUN, INCUMBENT } shape;

typedef struct family {
  const char *word;  /* as written */
  const char *name;  /* canonical */
  const char *usage; /* for messages */
  shape shape;
  bool of_run;       /* may follow evaluations.NAME */
  bool of_incumbent; /* may follow incumbent */
} family;

#define ATTRIBUTES "attributes"

static const family families[] = {
    {"metrics", "metrics", "metrics.NAME", NAME, true, true},
    {"metric", "metrics", "metrics.NAME", NAME, true, true},
    {"params", "params", "params.NAME", NAME, true, true},
    {"param", "params", "params.NAME", NAME, true, true},
    {"parameters", "params", "params.NAME", NAME, true, true},
    {"parameter", "params", "params.NAME", NAME, true, true},
    {"tags", "tags", "tags.NAME", NAME, true, true},
    {"tag", "tags", "tags.NAME", NAME, true, true},
    {"attributes", ATTRIBUTES, "attributes.NAME", FIELD, true, true},
    {"attribute", ATTRIBUTES, "attributes.NAME", FIELD, true, true},
    {"attr", ATTRIBUTES, "attributes.NAME", FIELD, true, true},
    {"run", ATTRIBUTES, "attributes.NAME", FIELD, true, true},
    {"dataset", "dataset", "dataset.FIELD", FIELD, true, true},
    {"datasets", "dataset", "dataset.FIELD", FIELD, true, true},
    {"inputs", "inputs", "inputs.ROLE.FIELD", RECORD, true, true},
    {"artifacts", "artifacts", "artifacts.NAME.FIELD", RECORD, true, true},
    {"checks", "checks", "checks.NAME", NAME, true, false},
    {"evaluations", "evaluations", "evaluations.NAME.metrics.NAME", RUN, false, false},
    {"approvals", "approvals", "approvals.ROLE", FIELD, false, false},
    {"channel", "channel", "channel.NAME.FIELD", HELD, false, false},
    {"version", "version", "version.FIELD", FIELD, false, true},
    {"incumbent", "incumbent", "incumbent.metrics.NAME", INCUMBENT, false, false},
};

static const family *find_family(const char *word, const family *parent) {
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
    const family *f = &families[i];
    if (strcmp(f->word, word) != 0) continue;
    if (parent == NULL) return f;
    return (parent->shape == RUN ? f->of_run : f->of_incumbent) ? f : NULL;
  }
  return NULL;
}

static bool equal_folded(const char *a, const char *b) {
  for (;; a++, b++) {
    char c = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
    if (c != *b) return false;
    if (c == '\0') return true;
  }
}

/* MLflow's other spellings of attributes, and its user, who is our actor. */
static const char *canonical_attribute(const char *name) {
  if (equal_folded(name, "created")) return "start_time";
  if (equal_folded(name, "run name")) return "run_name";
  if (equal_folded(name, "run id")) return "run_id";
  if (strcmp(name, "user_id") == 0) return "actor";
  return name;
}

/* Attributes that need no `attributes.`: those of MLflow, so that a misspelt word is an error. */
static bool is_bare_attribute(const char *name) {
  static const char *const bare[] = {"status", "artifact_uri", "start_time", "end_time",
                                     "actor",  "run_name",     "run_id"};
  for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++)
    if (strcmp(name, bare[i]) == 0) return true;
  return false;
}

/* --- parsing ------------------------------------------------------------------------------ */

static void add_part(mri_query_path *path, const char *part) {
  assert(path->count < MRI_QUERY_PARTS_MAX);
  path->parts[path->count++] = part;
}

static mr_status expect_dot(mri_lexer *lexer, const family *f) {
  if (mri_lexer_peek(lexer) == '.') return MR_OK;
  return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, lexer->at, "expected %s", f->usage);
}

static mr_status add_name(mri_lexer *lexer, const family *f, bool rest, bool star_allowed,
                          mri_query_path *path) {
  mr_status status = expect_dot(lexer, f);
  if (status != MR_OK) return status;
  size_t at = lexer->at + 1;
  const char *name = NULL;
  bool star = false;
  status = mri_lexer_name(lexer, rest, &name, &star);
  if (status != MR_OK) return status;
  if (star && !star_allowed)
    return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at, "%s takes no * here", f->usage);
  if (star && path->star >= 0)
    return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at, "a path takes one * only");
  if (star) path->star = path->count;
  if (strcmp(f->name, ATTRIBUTES) == 0) name = canonical_attribute(name);
  add_part(path, name);
  return MR_OK;
}

static mr_status add_field(mri_lexer *lexer, const family *f, mri_query_path *path) {
  size_t at = lexer->at + 1;
  mr_status status = add_name(lexer, f, true, false, path);
  if (status != MR_OK || strchr(path->parts[path->count - 1], '.') == NULL) return status;
  return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at,
                          "expected %s (quote a name that has dots)", f->usage);
}

static mr_status read_nested(mri_lexer *lexer, const family *parent, const family **out) {
  mr_status status = expect_dot(lexer, parent);
  if (status != MR_OK) return status;
  size_t at = lexer->at + 1;
  const char *word = NULL;
  bool star = false;
  status = mri_lexer_name(lexer, false, &word, &star);
  if (status != MR_OK) return status;
  *out = find_family(word, parent);
  if (*out != NULL) return MR_OK;
  return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at,
                          "%s has no '%s' (metrics, params, tags, artifacts ...; quote a name "
                          "that has dots)",
                          parent->name, word);
}

/* Reads what follows `f`; *next is the family to go on with, NULL when the path is complete. */
static mr_status read_family(mri_lexer *lexer, const family *f, mri_query_path *path,
                             const family **next) {
  mr_status status = MR_OK;
  *next = NULL;
  add_part(path, f->name);
  path->some = strcmp(f->name, "dataset") == 0;
  switch (f->shape) {
  case NAME:
  case FIELD:
    return add_name(lexer, f, true, f->shape == NAME, path);
  case RECORD:
  case HELD:
    status = add_name(lexer, f, false, f->shape == RECORD, path);
    return status != MR_OK ? status : add_field(lexer, f, path);
  case RUN:
    status = add_name(lexer, f, false, true, path);
    return status != MR_OK ? status : read_nested(lexer, f, next);
  case INCUMBENT:
    return mri_lexer_peek(lexer) == '.' ? read_nested(lexer, f, next) : MR_OK;
  }
  assert(false);
  return MR_OK;
}

mr_status mri_path_attribute(mri_lexer *lexer, const char *word, size_t at, mri_query_path *out) {
  const char *name = canonical_attribute(word);
  *out = (mri_query_path){.star = -1};
  add_part(out, ATTRIBUTES);
  add_part(out, name);
  if (is_bare_attribute(name)) return MR_OK;
  return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at,
                          "unknown name '%.64s' (quote a text; metrics, params and the like are "
                          "written metrics.NAME)",
                          word);
}

mr_status mri_path_parse(mri_lexer *lexer, const char *word, size_t at, mri_query_path *out,
                         bool *is_metric) {
  *is_metric = false;
  const family *f = find_family(word, NULL);
  if (f == NULL && mri_lexer_peek(lexer) != '.') return mri_path_attribute(lexer, word, at, out);
  if (f == NULL)
    return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at,
                            "unknown family '%.64s' (metrics, params, tags, attributes, dataset, "
                            "inputs, artifacts, checks, evaluations, approvals, channel, version, "
                            "incumbent)",
                            word);
  *out = (mri_query_path){.star = -1};
  while (f != NULL) {
    *is_metric = strcmp(f->name, "metrics") == 0;
    const family *next = NULL;
    mr_status status = read_family(lexer, f, out, &next);
    if (status != MR_OK) return status;
    f = next;
  }
  return MR_OK;
}

/* --- text --------------------------------------------------------------------------------- */

static const char *const summary_names[] = {"", "min", "max", "mean", "first", "last", "count"};

mri_summary_function mri_summary_find(const char *word) {
  for (int i = MRI_SUMMARY_MIN; i <= MRI_SUMMARY_COUNT; i++)
    if (equal_folded(word, summary_names[i])) return (mri_summary_function)i;
  return MRI_SUMMARY_NONE;
}

bool mri_is_abs(const char *word) {
  return equal_folded(word, "abs");
}

void mri_path_print(const mri_query_path *path, mri_str *out) {
  if (path->summary != MRI_SUMMARY_NONE) {
    mri_str_add(out, summary_names[path->summary]);
    mri_str_add_char(out, '(');
  }
  for (int i = 0; i < path->count; i++) {
    if (i > 0) mri_str_add_char(out, '.');
    /* Only the last part may have dots without quotes: a field never has one. */
    if (i == path->star || mri_name_is_plain(path->parts[i], i == path->count - 1))
      mri_str_add(out, path->parts[i]);
    else
      mri_quote_print(path->parts[i], '"', out);
  }
  if (path->summary != MRI_SUMMARY_NONE) mri_str_add_char(out, ')');
}

static bool equal_parts(const mri_query_path *a, const mri_query_path *b, int count) {
  for (int i = 0; i < count; i++)
    if (strcmp(a->parts[i], b->parts[i]) != 0) return false;
  return true;
}

bool mri_path_equal(const mri_query_path *a, const mri_query_path *b) {
  if (a->summary != b->summary || a->count != b->count || a->star != b->star) return false;
  if (a->some != b->some || (a->which == NULL) != (b->which == NULL)) return false;
  if (a->which != NULL && strcmp(a->which, b->which) != 0) return false;
  return equal_parts(a, b, a->count);
}

bool mri_path_same_some(const mri_query_path *a, const mri_query_path *b) {
  assert(a->some && b->some);
  return a->count == b->count && a->star == b->star && equal_parts(a, b, a->count - 1);
}
