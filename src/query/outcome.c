/* SPDX-License-Identifier: Apache-2.0 */
/* Tree + subject -> truth, and whether it could still become true: the tests joined over all that a
 * star stands for, over some of the datasets, and by AND, OR and NOT. */
#include "query/evaluator.h"

#include <assert.h>

static mri_outcome outcome_of(mri_truth truth) {
  return (mri_outcome){truth, truth == MRI_TRUE, truth == MRI_FALSE};
}

static mri_outcome outcome_not(mri_outcome a) {
  return (mri_outcome){mri_truth_not(a.truth), a.may_be_false, a.may_be_true};
}

static mri_outcome outcome_and(mri_outcome a, mri_outcome b) {
  return (mri_outcome){mri_truth_and(a.truth, b.truth), a.may_be_true && b.may_be_true,
                       a.may_be_false || b.may_be_false};
}

static mri_outcome outcome_or(mri_outcome a, mri_outcome b) {
  return outcome_not(outcome_and(outcome_not(a), outcome_not(b)));
}

/* The test for the bound star and datasets. What it reads that is open may come to anything. */
static mr_status evaluate_bound(mri_evaluation *ev, mri_outcome *out) {
  mri_truth truth = MRI_UNKNOWN;
  ev->met_open = false;
  mr_status status = mri_evaluation_test(ev, ev->test, &truth);
  *out = outcome_of(truth);
  if (ev->met_open) out->may_be_true = out->may_be_false = true;
  return status;
}

/* True for some dataset of the run in `slot`, and of those behind it. */
static mr_status evaluate_some(mri_evaluation *ev, int slot, mri_outcome *out) {
  if (slot == MRI_SOME_MAX || ev->test->some[slot] == NULL) return evaluate_bound(ev, out);
  const mri_reading *datasets = NULL;
  mr_status status = mri_evaluation_some(ev, slot, &datasets);
  if (status != MR_OK) return status;
  const mri_query_names *names = &datasets->names;
  if (names->count == 0) return evaluate_some(ev, slot + 1, out);
  mri_outcome any = outcome_of(MRI_FALSE);
  for (size_t i = 0; i < names->count && status == MR_OK; i++) {
    mri_outcome one = outcome_of(MRI_UNKNOWN);
    ev->which[slot] = names->names[i];
    status = evaluate_some(ev, slot + 1, &one);
    any = outcome_or(any, one);
  }
  any.may_be_true = any.may_be_true || names->open;
  *out = any;
  return status;
}

mr_status mri_evaluation_outcome(mri_evaluation *ev, const mri_node *node, mri_outcome *out) {
  ev->test = node;
  return evaluate_some(ev, 0, out);
}

/* A test with a star holds when it holds for every name, and there is at least one. */
static mr_status evaluate_test(mri_evaluation *ev, const mri_node *node, mri_outcome *out) {
  if (node->star == NULL) return mri_evaluation_outcome(ev, node, out);
  const mri_reading *star = NULL;
  mr_status status = mri_evaluation_star(ev, node, &star);
  if (status != MR_OK) return status;
  const mri_query_names *names = &star->names;
  mri_outcome all = outcome_of(names->count == 0 ? MRI_UNKNOWN : MRI_TRUE);
  if (names->count == 0) all.may_be_true = names->open;
  for (size_t i = 0; i < names->count && status == MR_OK; i++) {
    mri_outcome one = outcome_of(MRI_UNKNOWN);
    ev->bound = names->names[i];
    status = mri_evaluation_outcome(ev, node, &one);
    all = outcome_and(all, one);
  }
  ev->bound = NULL;
  all.may_be_false = all.may_be_false || names->open;
  *out = all;
  return status;
}

static mr_status evaluate(mri_evaluation *ev, const mri_node *node, mri_outcome *out) {
  mri_outcome outcome = outcome_of(node->kind == MRI_NODE_AND ? MRI_TRUE : MRI_FALSE);
  mr_status status = MR_OK;
  if (node->kind == MRI_NODE_AND || node->kind == MRI_NODE_OR || node->kind == MRI_NODE_NOT) {
    for (const mri_node *child = node->first; child != NULL; child = child->next) {
      mri_outcome one = outcome_of(MRI_UNKNOWN);
      status = evaluate(ev, child, &one);
      if (status != MR_OK) return status;
      outcome = node->kind == MRI_NODE_AND ? outcome_and(outcome, one) : outcome_or(outcome, one);
    }
    if (node->kind == MRI_NODE_NOT) outcome = outcome_not(outcome);
  } else {
    status = evaluate_test(ev, node, &outcome);
  }
  ev->truths[node->index] = (unsigned char)outcome.truth;
  *out = outcome;
  return status;
}

mr_status mri_query_evaluate(const mri_query *query, const mri_query_subject *subject,
                             mri_arena *arena, mri_query_result *out, mr_error *error) {
  assert(query != NULL && subject != NULL && arena != NULL && out != NULL);
  mri_evaluation ev = {.subject = subject, .arena = arena, .error = error};
  mri_query_result result = {.truth = MRI_UNKNOWN};
  ev.truths = mri_arena_alloc(arena, query->node_count);
  char *required = mri_arena_strdup(arena, query->text);
  if (ev.truths == NULL || required == NULL) return mri_error_no_memory(error);
  result.required = required;
  mri_outcome outcome = outcome_of(MRI_UNKNOWN);
  mr_status status = evaluate(&ev, query->root, &outcome);
  result.truth = outcome.truth;
  result.open = outcome.truth != MRI_TRUE && outcome.may_be_true;
  if (status == MR_OK) status = mri_explain(&ev, query->root, &result.observed, &result.reason);
  if (status == MR_OK) *out = result;
  return status;
}
