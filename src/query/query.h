/* SPDX-License-Identifier: Apache-2.0 */
/* The one expression language of searches and gates: text -> tree -> truth with reasons. The
 * grammar is documented in include/modelreg/gate.h and, with its source form, in parser.c. */
#ifndef MRI_QUERY_QUERY_H
#define MRI_QUERY_QUERY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>

#define MRI_QUERY_TEXT_MAX  8192 /* bytes of an expression */
#define MRI_QUERY_DEPTH_MAX 64   /* nesting of parentheses, NOT, functions and signs */

typedef struct mri_query mri_query; /* a parsed expression */

typedef enum mri_truth { MRI_FALSE = 0, MRI_TRUE = 1, MRI_UNKNOWN = 2 } mri_truth;

/* INVALID_ARGUMENT: "<reason> at <column>: <text around with the place marked by a caret (^)>"
 * on one line; LIMIT for too long (also in the canonical form, so that this can be stored and
 * parsed again) or too deep. */
mr_status mri_query_parse(const mri_mem *mem, const char *text, mri_query **out, mr_error *error);
void mri_query_free(mri_query *query);
/* The canonical text: parsing it gives the same tree, and equal trees give equal text (keywords in
 * capitals, one blank, names quoted only where needed, parentheses only where needed). */
mr_status mri_query_print(const mri_query *query, mri_str *out, mr_error *error);

/* A value that the subject provides for a path. */
typedef enum mri_value_kind {
  MRI_VALUE_MISSING = 0, /* IS NULL is true, every comparison is unknown */
  MRI_VALUE_NUMBER,
  MRI_VALUE_TEXT,
  MRI_VALUE_UNREADABLE /* there, but not readable or NaN: IS NULL is false, comparisons unknown */
} mri_value_kind;

typedef struct mri_query_value {
  mri_value_kind kind;
  double number;
  const char *text; /* UTF-8; lives as long as the evaluation's arena */
  size_t text_size;
  bool open; /* may still change: a check not reported yet, a count of approvals, an age */
} mri_query_value;

/* A reference to a value: `metrics.eval.loss` has parts {"metrics", "eval.loss"};
 * `inputs.training.digest` {"inputs", "training", "digest"}; `artifacts.*.format`
 * {"artifacts", "*", "format"} with `star` telling which part was a bare star;
 * `incumbent.metrics.accuracy` {"incumbent", "metrics", "accuracy"}; `min(metrics.loss)` has
 * summary MIN. Families have their canonical names (`tag.x` is {"tags", "x"}, `status` is
 * {"attributes", "status"}, `user_id` {"attributes", "actor"}). The parser knows which families
 * there are and how many parts they take, not which fields a subject has: who accepts an expression
 * checks those with mri_query_paths. */
typedef enum mri_summary_function {
  MRI_SUMMARY_NONE = 0,
  MRI_SUMMARY_MIN,
  MRI_SUMMARY_MAX,
  MRI_SUMMARY_MEAN,
  MRI_SUMMARY_FIRST,
  MRI_SUMMARY_LAST,
  MRI_SUMMARY_COUNT
} mri_summary_function;

#define MRI_QUERY_PARTS_MAX 6
typedef struct mri_query_path {
  mri_summary_function summary;
  int count;
  const char *parts[MRI_QUERY_PARTS_MAX];
  int star;          /* index of the part that is a bare *, -1 if none */
  bool some;         /* the last part is a field of any one of several: `dataset.FIELD` */
  const char *which; /* of a path with `some` that `get` is asked for: the one that is meant */
} mri_query_path;

typedef struct mri_query_names {
  const char *const *names;
  size_t count;
  bool open; /* there may be more */
} mri_query_names;

/* What an expression is evaluated over. `get` gives the value of a path without star; `expand`
 * gives the names that a star stands for (e.g. all artifact paths), in a stable order. Both find
 * `out` empty. A comparison with a star is true when there is at least one name and it is true for
 * every one; with no name it is unknown; reasons name the first one that failed. Each path is asked
 * for once. Strings live in `arena`.
 *
 * `some`: a run may have several datasets, and `dataset.FIELD` is about any one of them. Such a
 * path (parts {"dataset", "name"}, or with {"incumbent"} or {"evaluations", NAME} before them; no
 * star by then) goes to `expand` first, with `which` NULL: it gives a name of its own choosing for
 * each dataset of that run, such as "0", "1" ..., the same for every field. Then `get` is asked
 * for the path once for each, `which` being that name. A comparison is true when it is true for
 * some dataset, else unknown when it is unknown for one, else false. With no dataset there is one
 * comparison with nothing: IS NULL is true, all else unknown. In one comparison, paths that differ
 * in the field alone are about the same dataset; each comparison chooses anew. */
typedef struct mri_query_subject {
  void *ctx;
  mr_status (*get)(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_value *out,
                   mr_error *error);
  mr_status (*expand)(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_names *out,
                      mr_error *error);
} mri_query_subject;

typedef struct mri_query_result {
  mri_truth truth;
  const char *required; /* canonical text of the expression */
  const char *observed; /* "metrics.accuracy = 0.91, params.lr is missing": every value it read */
  const char *reason;   /* for false and unknown, the comparisons that decided it, such as
                           "metrics.accuracy is 0.91, not >= 0.92"; "" when true */
  bool open;            /* not true, but it could become true: whenever some values of the open
                           ones would make it so, though not always only then */
} mri_query_result;

/* Results live in `arena`, each one line of valid UTF-8, observed and reason at most 2,000 bytes
 * ("..." where cut). Never fails for content: what is missing or unreadable is unknown. Fails
 * only with what `get` or `expand` answers, or NO_MEMORY. */
mr_status mri_query_evaluate(const mri_query *query, const mri_query_subject *subject,
                             mri_arena *arena, mri_query_result *out, mr_error *error);

/* Whether NOT stands over a test with a star: "not every one" reads like "none", and who writes a
 * policy means the latter. */
bool mri_query_negates_star(const mri_query *query);

/* The first quoted literal that a path of this family stands beside in =, != or IN and that is none
 * of `words` (which end with NULL); NULL where there is none. Lives as long as the query. */
const char *mri_query_odd_word(const mri_query *query, const char *family,
                               const char *const *words);

/* Calls `each` for every path of the expression, in order, as often as it occurs; stops at anything
 * but MR_OK. What a path points to lives as long as the query. */
mr_status mri_query_paths(const mri_query *query,
                          mr_status (*each)(void *ctx, const mri_query_path *path, mr_error *error),
                          void *ctx, mr_error *error);

#endif
