/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation in progress, shared by the evaluator and by what explains its result. */
#ifndef MRI_QUERY_EVALUATOR_H
#define MRI_QUERY_EVALUATOR_H

#include "query/ast.h"

#define MRI_EXPLAIN_MAX 2000 /* bytes of `observed` and of `reason` */

/* What the subject said about one path, asked once. */
typedef struct mri_reading mri_reading;
struct mri_reading {
  mri_query_path path;
  uint32_t hash;
  mri_query_value value; /* what `get` gave */
  mri_query_names names; /* what `expand` gave; of datasets with the value of none, MISSING */
  mri_reading *next;     /* in the order of asking */
  mri_reading *next_in_bucket;
};

typedef struct mri_evaluation {
  const mri_query_subject *subject;
  mri_arena *arena;
  mr_error *error;
  unsigned char *truths; /* by index of the node */
  mri_reading *first;
  mri_reading *last;
  mri_reading **buckets; /* as many as there are readings or more: a test with * reads many */
  size_t bucket_count;
  size_t reading_count;
  /* Of the test at work: what its star stands for at the moment and which dataset is chosen of each
   * run, NULL where it has none, and whether a value that was read is open. */
  const mri_node *test;
  const char *bound;
  const char *which[MRI_SOME_MAX];
  bool met_open;
} mri_evaluation;

/* A truth, and what it could become if the open values changed: any it may, and where nothing is
 * open true and false are what they are and unknown can become neither. */
typedef struct mri_outcome {
  mri_truth truth;
  bool may_be_true;
  bool may_be_false;
} mri_outcome;

/* The value of a node; TEXT is a span of bytes. */
typedef enum mri_operand_kind {
  MRI_OPERAND_UNKNOWN,
  MRI_OPERAND_NUMBER, /* never NaN */
  MRI_OPERAND_TEXT
} mri_operand_kind;

typedef struct mri_operand {
  mri_operand_kind kind;
  double number;
  const char *text;
  size_t text_size;
} mri_operand;

/* The path with the bound name in place of its star, and the chosen dataset. */
mri_query_path mri_evaluation_concrete(const mri_evaluation *ev, const mri_query_path *path);
mr_status mri_evaluation_read(mri_evaluation *ev, const mri_query_path *path,
                              const mri_reading **out);
mr_status mri_evaluation_operand(mri_evaluation *ev, const mri_node *node, mri_operand *out);
/* Takes up a test with a star; the names that it stands for. */
mr_status mri_evaluation_star(mri_evaluation *ev, const mri_node *node, const mri_reading **out);
/* The datasets of the run in a slot of the test at work, for the bound name. */
mr_status mri_evaluation_some(mri_evaluation *ev, int slot, const mri_reading **out);
/* The truth of a COMPARE, IN, LIKE or IS_NULL, the test at work, for the bound name and the chosen
 * datasets. */
mr_status mri_evaluation_test(mri_evaluation *ev, const mri_node *node, mri_truth *out);
/* Takes up a test; what it comes to for the bound name over all datasets. */
mr_status mri_evaluation_outcome(mri_evaluation *ev, const mri_node *node, mri_outcome *out);
mri_truth mri_truth_not(mri_truth truth);
mri_truth mri_truth_and(mri_truth a, mri_truth b);
/* False for a text that reads as no number. */
bool mri_operand_number(const mri_operand *operand, double *out);

/* SQL's LIKE: % is any text, _ one character, which is a byte that begins one with those that
 * continue it; `fold` takes ASCII letters of either case for the same. The pattern is valid UTF-8,
 * at most MRI_QUERY_TEXT_MAX bytes. */
bool mri_like(const char *text, size_t text_size, const char *pattern, size_t pattern_size,
              bool fold);

/* Every value read, and for anything but true why it came to that; both in the arena. */
mr_status mri_explain(mri_evaluation *ev, const mri_node *root, const char **observed,
                      const char **reason);

#endif
