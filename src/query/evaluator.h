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
  mri_query_value value;    /* of a path without star */
  const char *const *names; /* of a path with a star */
  size_t name_count;
  mri_reading *next; /* in the order of asking */
  mri_reading *next_in_bucket;
};

#define MRI_READING_BUCKETS 256

typedef struct mri_evaluation {
  const mri_query_subject *subject;
  mri_arena *arena;
  mr_error *error;
  unsigned char *truths; /* by index of the node */
  mri_reading *first;
  mri_reading *last;
  mri_reading *buckets[MRI_READING_BUCKETS];
  const char *bound; /* the name that the star stands for at the moment */
} mri_evaluation;

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

/* The path with the bound name in place of its star. */
mri_query_path mri_evaluation_concrete(const mri_evaluation *ev, const mri_query_path *path);
mr_status mri_evaluation_read(mri_evaluation *ev, const mri_query_path *path,
                              const mri_reading **out);
mr_status mri_evaluation_operand(mri_evaluation *ev, const mri_node *node, mri_operand *out);
/* The truth of a COMPARE, IN, LIKE or IS_NULL for the bound name. */
mr_status mri_evaluation_test(mri_evaluation *ev, const mri_node *node, mri_truth *out);
/* False for a text that reads as no number. */
bool mri_operand_number(const mri_operand *operand, double *out);

/* SQL's LIKE: % is any text, _ one character; `fold` takes ASCII letters of either case for the
 * same. */
bool mri_like(const char *text, size_t text_size, const char *pattern, size_t pattern_size,
              bool fold);

/* Every value read, and for anything but true why it came to that; both in the arena. */
mr_status mri_explain(mri_evaluation *ev, const mri_node *root, const char **observed,
                      const char **reason);

#endif
