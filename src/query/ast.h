/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of an expression, for everything that walks it: printer, evaluator, SQL compiler.
 *
 * Chains are one node with many children, so that only nesting, which MRI_QUERY_DEPTH_MAX bounds,
 * makes a walk recurse. Trees are normal: no AND directly below an AND (nor OR below OR), no SUM as
 * the first child of a SUM (nor PRODUCT of a PRODUCT), no NEGATE over a NUMBER. Trees are never
 * changed after parsing; many threads may read one. */
#ifndef MRI_QUERY_AST_H
#define MRI_QUERY_AST_H

#include "query/query.h"
#include <stdbool.h>

typedef enum mri_node_kind {
  /* Truths. */
  MRI_NODE_OR,      /* two or more truths */
  MRI_NODE_AND,     /* two or more truths */
  MRI_NODE_NOT,     /* one truth */
  MRI_NODE_COMPARE, /* two values and `compare` */
  MRI_NODE_IN,      /* a value, then one or more NUMBER and TEXT; `negated` */
  MRI_NODE_LIKE,    /* a PATH and a TEXT, the pattern; `negated`, `fold` for ILIKE */
  MRI_NODE_IS_NULL, /* a PATH; `negated` */
  /* Values. */
  MRI_NODE_SUM,     /* two or more numeric values; `sign` of each but the first is + or - */
  MRI_NODE_PRODUCT, /* two or more numeric values; `sign` is * or / */
  MRI_NODE_NEGATE,  /* one numeric value */
  MRI_NODE_ABS,     /* one numeric value */
  MRI_NODE_NUMBER,  /* finite */
  MRI_NODE_TEXT,    /* a quoted literal */
  MRI_NODE_PATH
} mri_node_kind;

typedef enum mri_compare {
  MRI_COMPARE_EQ,
  MRI_COMPARE_NE,
  MRI_COMPARE_LT,
  MRI_COMPARE_LE,
  MRI_COMPARE_GT,
  MRI_COMPARE_GE
} mri_compare;

#define MRI_SOME_MAX 2 /* runs whose datasets one comparison may name */

typedef struct mri_node mri_node;
struct mri_node {
  mri_node_kind kind;
  mri_compare compare;
  bool negated;
  bool fold;
  char sign;            /* the operator before this child of a SUM or PRODUCT */
  size_t at;            /* where it starts in the text, in bytes */
  size_t index;         /* its own, below node_count */
  const mri_node *star; /* of a truth or value: the PATH below it that has a star, or NULL */
  /* Of a test or value: a PATH with `some` for each run whose datasets are below it, or NULL. */
  const mri_node *some[MRI_SOME_MAX];
  mri_node *first; /* children */
  mri_node *last;
  mri_node *next; /* sibling */
  double number;
  const char *text;
  size_t text_size;
  const mri_query_path *path;
};

struct mri_query {
  mri_arena arena; /* owns the nodes, their strings and this struct's text */
  const mri_node *root;
  size_t node_count;
  const char *text; /* canonical */
};

bool mri_node_is_truth(const mri_node *node);
/* "=", "!=", "<" and so on. */
const char *mri_compare_text(mri_compare compare);

/* Appends the canonical text of a node; failures stick in `out`. */
void mri_node_print(const mri_node *node, mri_str *out);
/* The text between quotes, those inside doubled. */
void mri_quote_print(const char *text, char quote, mri_str *out);
#endif
