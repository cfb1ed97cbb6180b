/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> tree, by recursive descent. Keywords and functions in any case, blanks between tokens
 * free:
 *
 *   expression := conjunction { OR conjunction }
 *   conjunction:= negation { AND negation }
 *   negation   := NOT negation | test
 *   test       := sum [ compare sum
 *                     | [NOT] IN '(' literal { ',' literal } [','] ')'
 *                     | [NOT] (LIKE | ILIKE) text
 *                     | IS [NOT] NULL ]
 *   compare    := '=' | '==' | '!=' | '<>' | '<' | '<=' | '>' | '>='
 *   sum        := product { ('+' | '-') product }
 *   product    := signed { ('*' | '/') signed }
 *   signed     := '-' signed | '+' signed | atom
 *   atom       := number | text | path | abs '(' sum ')' | summary '(' path ')'
 *               | '(' expression ')'
 *   literal    := text | ['-' | '+'] number
 *   summary    := min | max | mean | first | last | count      over metrics
 *   number     := digits with optional point and exponent; no sign, no hexadecimal
 *   text       := '...' or "...", the quote doubled inside, no control characters
 *
 * A parenthesised expression may be a truth or a value; which of them each place needs is checked
 * where the node is made. LIKE's % is any text and _ any one character, there is no escape; ILIKE
 * takes ASCII letters of either case for the same. How values compare is told in evaluator.c.
 *
 *   path := metrics.NAME | params.NAME | tags.NAME | checks.NAME | approvals.NAME
 *         | attributes.NAME | dataset.NAME | version.NAME
 *         | inputs.NAME.FIELD | artifacts.NAME.FIELD | channel.NAME.FIELD
 *         | evaluations.NAME.path | incumbent[.path]
 *
 * where the first word may stand in `...`, with MLflow's other spellings metric, param,
 * parameter(s), tag, attr, attribute, run, datasets, and the bare attributes status, artifact_uri,
 * start_time, end_time, actor (user_id there), run_name, run_id. A NAME of metrics, params, tags,
 * checks, inputs, artifacts and evaluations may be `*`. `incumbent` alone can only be tested with
 * IS NULL.
 *
 * Names. Quoted with "..." or `...` a NAME is any text without control characters. Unquoted it
 * begins with a letter, digit or _ and goes on over letters, digits and _; over one each of
 * - / $ # and, in the last part of a path, '.', where a letter, digit or _ follows directly. So
 * metrics.eval.loss, params.learning-rate and metrics.val/loss are names, metrics.a - 0.002 is a
 * difference, and metrics.a-0.002 and metrics.a/2 are names too: write blanks around operators.
 * Letters are those of ASCII and every character beyond it that is no blank, control or
 * typographic punctuation. There are no blanks around the dots. In the middle of a path a name
 * with dots must be quoted: artifacts."model.onnx".size. */
#include "query/ast.h"

#include "query/lexer.h"
#include "query/query_path.h"
#include <assert.h>
#include <string.h>

typedef struct parser {
  mri_lexer lexer;
  mri_token token;
  mri_arena *arena;
  int depth;
  size_t nodes;
} parser;

static mr_status parse_expression(parser *p, mri_node **out);
static mr_status parse_sum(parser *p, mri_node **out);
static mr_status parse_signed(parser *p, mri_node **out);

/* --- helpers ------------------------------------------------------------------------------ */

static mr_status refuse(const parser *p, size_t at, const char *why) {
  return mri_lexer_refuse(&p->lexer, MR_INVALID_ARGUMENT, at, "%s", why);
}

static mr_status advance(parser *p) {
  return mri_lexer_next(&p->lexer, &p->token);
}

static mr_status expect(parser *p, mri_token_kind kind, const char *what) {
  if (p->token.kind != kind)
    return mri_lexer_refuse(&p->lexer, MR_INVALID_ARGUMENT, p->token.at, "expected %s", what);
  return advance(p);
}

static mr_status enter(parser *p) {
  if (++p->depth <= MRI_QUERY_DEPTH_MAX) return MR_OK;
  return mri_lexer_refuse(&p->lexer, MR_LIMIT, p->token.at, "nested deeper than %d levels",
                          MRI_QUERY_DEPTH_MAX);
}

static mr_status new_node(parser *p, mri_node_kind kind, size_t at, mri_node **out) {
  *out = mri_arena_alloc(p->arena, sizeof **out);
  if (*out == NULL) return mri_error_no_memory(p->lexer.error);
  (*out)->kind = kind;
  (*out)->at = at;
  (*out)->index = p->nodes++;
  return MR_OK;
}

/* Hands the datasets that a value names up to what holds it. */
static mr_status adopt_some(const parser *p, mri_node *parent, const mri_node *child) {
  for (int i = 0; i < MRI_SOME_MAX && child->some[i] != NULL; i++) {
    int slot = 0;
    while (slot < MRI_SOME_MAX && parent->some[slot] != NULL &&
           !mri_path_same_some(parent->some[slot]->path, child->some[i]->path))
      slot++;
    if (slot == MRI_SOME_MAX)
      return refuse(p, child->some[i]->at, "a comparison takes the datasets of two runs only");
    if (parent->some[slot] == NULL) parent->some[slot] = child->some[i];
  }
  return MR_OK;
}

/* Adds a child; where it is of the parent's kind and `splice`, its children instead. A star of a
 * value belongs to the test that holds it, so it is handed up only among values, and so are
 * datasets. */
static mr_status adopt(parser *p, mri_node *parent, mri_node *child, bool splice) {
  if (!mri_node_is_truth(child)) {
    if (child->star != NULL && parent->star != NULL)
      return refuse(p, child->star->at, "a comparison takes one * only");
    if (child->star != NULL) parent->star = child->star;
    mr_status status = adopt_some(p, parent, child);
    if (status != MR_OK) return status;
  }
  bool merge = splice && child->kind == parent->kind;
  mri_node *first = merge ? child->first : child;
  if (parent->last == NULL)
    parent->first = first;
  else
    parent->last->next = first;
  parent->last = merge ? child->last : child;
  return MR_OK;
}

static bool is_literal(const mri_node *node) {
  return node->kind == MRI_NODE_NUMBER || node->kind == MRI_NODE_TEXT;
}

static bool is_bare_incumbent(const mri_node *node) {
  return node->kind == MRI_NODE_PATH && node->path->count == 1;
}

static mr_status need_truth(const parser *p, const mri_node *node) {
  if (mri_node_is_truth(node)) return MR_OK;
  return refuse(p, p->token.at, "expected a comparison (=, >, IN, LIKE, IS NULL ...)");
}

static mr_status need_value(const parser *p, const mri_node *node) {
  if (mri_node_is_truth(node)) return refuse(p, node->at, "expected a value, not a comparison");
  if (is_bare_incumbent(node))
    return refuse(p, node->at, "incumbent alone takes IS NULL or IS NOT NULL only");
  return MR_OK;
}

static mr_status need_number(const parser *p, const mri_node *node) {
  if (node->kind == MRI_NODE_TEXT) return refuse(p, node->at, "expected a number, not a text");
  return need_value(p, node);
}

/* --- values ------------------------------------------------------------------------------- */

static mr_status new_path(parser *p, const mri_query_path *path, size_t at, mri_node **out) {
  mri_query_path *copy = mri_arena_alloc(p->arena, sizeof *copy);
  if (copy == NULL) return mri_error_no_memory(p->lexer.error);
  *copy = *path;
  mr_status status = new_node(p, MRI_NODE_PATH, at, out);
  if (status != MR_OK) return status;
  (*out)->path = copy;
  if (path->star >= 0) (*out)->star = *out;
  if (path->some) (*out)->some[0] = *out;
  return advance(p);
}

static mr_status parse_summary(parser *p, mri_summary_function summary, mri_node **out) {
  size_t at = p->token.at;
  mri_query_path path;
  bool is_metric = false;
  mr_status status = enter(p);
  if (status == MR_OK) status = advance(p);
  if (status == MR_OK) status = expect(p, MRI_TOKEN_LEFT, "(");
  if (status != MR_OK) return status;
  size_t inner = p->token.at;
  bool word = p->token.kind == MRI_TOKEN_WORD || p->token.kind == MRI_TOKEN_NAME;
  if (word && mri_lexer_peek(&p->lexer) == '.')
    status = mri_path_parse(&p->lexer, p->token.text, inner, &path, &is_metric);
  if (status == MR_OK && !is_metric)
    status = refuse(p, inner,
                    "expected a metric: min, max, mean, first, last and count take "
                    "metrics.NAME");
  if (status != MR_OK) return status;
  path.summary = summary;
  status = new_path(p, &path, at, out);
  p->depth--;
  return status != MR_OK ? status : expect(p, MRI_TOKEN_RIGHT, ")");
}

static mr_status parse_abs(parser *p, mri_node **out) {
  mri_node *inner = NULL;
  mr_status status = new_node(p, MRI_NODE_ABS, p->token.at, out);
  if (status == MR_OK) status = enter(p);
  if (status == MR_OK) status = advance(p);
  if (status == MR_OK) status = expect(p, MRI_TOKEN_LEFT, "(");
  if (status == MR_OK) status = parse_sum(p, &inner);
  if (status == MR_OK) status = need_number(p, inner);
  if (status == MR_OK) status = adopt(p, *out, inner, false);
  p->depth--;
  return status != MR_OK ? status : expect(p, MRI_TOKEN_RIGHT, ")");
}

static mr_status parse_word(parser *p, mri_node **out) {
  const char *word = p->token.text;
  if (p->token.kind == MRI_TOKEN_WORD && mri_lexer_peek(&p->lexer) != '.' &&
      mri_lexer_peek_token(&p->lexer) == '(') {
    mri_summary_function summary = mri_summary_find(word);
    if (summary != MRI_SUMMARY_NONE) return parse_summary(p, summary, out);
    if (mri_is_abs(word)) return parse_abs(p, out);
    return refuse(p, p->token.at, "unknown function (min, max, mean, first, last, count, abs)");
  }
  mri_query_path path;
  bool is_metric = false;
  mr_status status = p->token.kind == MRI_TOKEN_NAME && mri_lexer_peek(&p->lexer) != '.'
                         ? mri_path_attribute(&p->lexer, word, p->token.at, &path)
                         : mri_path_parse(&p->lexer, word, p->token.at, &path, &is_metric);
  return status != MR_OK ? status : new_path(p, &path, p->token.at, out);
}

static mr_status parse_literal(parser *p, mri_node **out) {
  bool number = p->token.kind == MRI_TOKEN_NUMBER;
  mr_status status = new_node(p, number ? MRI_NODE_NUMBER : MRI_NODE_TEXT, p->token.at, out);
  if (status != MR_OK) return status;
  (*out)->number = p->token.number;
  (*out)->text = p->token.text;
  (*out)->text_size = number ? 0 : strlen(p->token.text);
  return advance(p);
}

static mr_status parse_parentheses(parser *p, mri_node **out) {
  mr_status status = enter(p);
  if (status == MR_OK) status = advance(p);
  if (status == MR_OK) status = parse_expression(p, out);
  p->depth--;
  return status != MR_OK ? status : expect(p, MRI_TOKEN_RIGHT, ")");
}

static mr_status parse_atom(parser *p, mri_node **out) {
  switch (p->token.kind) {
  case MRI_TOKEN_NUMBER:
  case MRI_TOKEN_TEXT:
    return parse_literal(p, out);
  case MRI_TOKEN_WORD:
  case MRI_TOKEN_NAME:
    return parse_word(p, out);
  case MRI_TOKEN_LEFT:
    return parse_parentheses(p, out);
  default:
    return refuse(p, p->token.at, "expected a value");
  }
}

/* A sign before a number becomes part of it, so that -5 is one literal everywhere. */
static mr_status parse_signed(parser *p, mri_node **out) {
  bool minus = p->token.kind == MRI_TOKEN_MINUS;
  if (!minus && p->token.kind != MRI_TOKEN_PLUS) return parse_atom(p, out);
  size_t at = p->token.at;
  mri_node *inner = NULL;
  mr_status status = enter(p);
  if (status == MR_OK) status = advance(p);
  if (status == MR_OK) status = parse_signed(p, &inner);
  if (status == MR_OK) status = need_number(p, inner);
  p->depth--;
  if (status != MR_OK) return status;
  if (minus && inner->kind == MRI_NODE_NUMBER) {
    inner->number = -inner->number;
  } else if (minus) {
    mri_node *negate = NULL;
    status = new_node(p, MRI_NODE_NEGATE, at, &negate);
    if (status == MR_OK) status = adopt(p, negate, inner, false);
    inner = negate;
  }
  *out = inner;
  return status;
}

static mr_status parse_product(parser *p, mri_node **out) {
  mr_status status = parse_signed(p, out);
  mri_node *product = NULL;
  while (status == MR_OK && (p->token.kind == MRI_TOKEN_STAR || p->token.kind == MRI_TOKEN_SLASH)) {
    char sign = p->token.kind == MRI_TOKEN_STAR ? '*' : '/';
    mri_node *factor = NULL;
    status = need_number(p, *out);
    if (status == MR_OK && product == NULL) {
      status = new_node(p, MRI_NODE_PRODUCT, (*out)->at, &product);
      if (status == MR_OK) status = adopt(p, product, *out, true);
      *out = product;
    }
    if (status == MR_OK) status = advance(p);
    if (status == MR_OK) status = parse_signed(p, &factor);
    if (status == MR_OK) status = need_number(p, factor);
    if (status != MR_OK) return status;
    factor->sign = sign;
    status = adopt(p, product, factor, false);
  }
  return status;
}

static mr_status parse_sum(parser *p, mri_node **out) {
  mr_status status = parse_product(p, out);
  mri_node *sum = NULL;
  while (status == MR_OK && (p->token.kind == MRI_TOKEN_PLUS || p->token.kind == MRI_TOKEN_MINUS)) {
    char sign = p->token.kind == MRI_TOKEN_PLUS ? '+' : '-';
    mri_node *term = NULL;
    status = need_number(p, *out);
    if (status == MR_OK && sum == NULL) {
      status = new_node(p, MRI_NODE_SUM, (*out)->at, &sum);
      if (status == MR_OK) status = adopt(p, sum, *out, true);
      *out = sum;
    }
    if (status == MR_OK) status = advance(p);
    if (status == MR_OK) status = parse_product(p, &term);
    if (status == MR_OK) status = need_number(p, term);
    if (status != MR_OK) return status;
    term->sign = sign;
    status = adopt(p, sum, term, false);
  }
  return status;
}

/* --- truths ------------------------------------------------------------------------------- */

static mr_status parse_list(parser *p, mri_node *in) {
  mr_status status = expect(p, MRI_TOKEN_LEFT, "( and a list of literals");
  do {
    mri_node *item = NULL;
    if (status == MR_OK && p->token.kind == MRI_TOKEN_RIGHT && in->last != in->first) break;
    if (status == MR_OK) status = parse_signed(p, &item);
    if (status == MR_OK && !is_literal(item)) status = refuse(p, item->at, "expected a literal");
    if (status == MR_OK) status = adopt(p, in, item, false);
    if (status == MR_OK && p->token.kind != MRI_TOKEN_COMMA) break;
    if (status == MR_OK) status = advance(p);
  } while (status == MR_OK);
  return status != MR_OK ? status : expect(p, MRI_TOKEN_RIGHT, ", or )");
}

static mr_status parse_pattern(parser *p, mri_node *like) {
  mri_node *pattern = NULL;
  if (like->first->kind != MRI_NODE_PATH)
    return refuse(p, like->first->at, "LIKE needs a name such as params.NAME before it");
  if (p->token.kind != MRI_TOKEN_TEXT) return refuse(p, p->token.at, "expected a quoted pattern");
  mr_status status = parse_literal(p, &pattern);
  return status != MR_OK ? status : adopt(p, like, pattern, false);
}

/* IN, LIKE and ILIKE, the token in hand, with or without the NOT before them. */
static mr_status parse_membership(parser *p, mri_node *left, bool negated, mri_node **out) {
  bool in = p->token.kind == MRI_TOKEN_IN;
  bool fold = p->token.kind == MRI_TOKEN_ILIKE;
  if (!in && !fold && p->token.kind != MRI_TOKEN_LIKE)
    return refuse(p, p->token.at, "expected IN, LIKE or ILIKE");
  mr_status status = need_value(p, left);
  if (status == MR_OK) status = new_node(p, in ? MRI_NODE_IN : MRI_NODE_LIKE, left->at, out);
  if (status == MR_OK) status = adopt(p, *out, left, false);
  if (status != MR_OK) return status;
  (*out)->negated = negated;
  (*out)->fold = fold;
  status = advance(p);
  if (status != MR_OK) return status;
  return in ? parse_list(p, *out) : parse_pattern(p, *out);
}

static mr_status parse_is_null(parser *p, mri_node *left, mri_node **out) {
  if (left->kind != MRI_NODE_PATH)
    return refuse(p, left->at, "IS NULL needs a name such as metrics.NAME before it");
  mr_status status = new_node(p, MRI_NODE_IS_NULL, left->at, out);
  if (status == MR_OK) status = adopt(p, *out, left, false);
  if (status == MR_OK) status = advance(p);
  if (status != MR_OK) return status;
  if (p->token.kind == MRI_TOKEN_NOT) {
    (*out)->negated = true;
    status = advance(p);
  }
  return status != MR_OK ? status : expect(p, MRI_TOKEN_NULL, "NULL");
}

static mr_status parse_compare(parser *p, mri_node *left, mri_node **out) {
  mri_node *right = NULL;
  mr_status status = need_value(p, left);
  if (status == MR_OK) status = new_node(p, MRI_NODE_COMPARE, left->at, out);
  if (status != MR_OK) return status;
  (*out)->compare = (mri_compare)((int)p->token.kind - (int)MRI_TOKEN_EQ);
  status = adopt(p, *out, left, false);
  if (status == MR_OK) status = advance(p);
  if (status == MR_OK) status = parse_sum(p, &right);
  if (status == MR_OK) status = need_value(p, right);
  return status != MR_OK ? status : adopt(p, *out, right, false);
}

static mr_status parse_test(parser *p, mri_node **out) {
  mri_node *left = NULL;
  mr_status status = parse_sum(p, &left);
  if (status != MR_OK) return status;
  switch (p->token.kind) {
  case MRI_TOKEN_EQ:
  case MRI_TOKEN_NE:
  case MRI_TOKEN_LT:
  case MRI_TOKEN_LE:
  case MRI_TOKEN_GT:
  case MRI_TOKEN_GE:
    return parse_compare(p, left, out);
  case MRI_TOKEN_NOT:
    status = advance(p);
    return status != MR_OK ? status : parse_membership(p, left, true, out);
  case MRI_TOKEN_IN:
  case MRI_TOKEN_LIKE:
  case MRI_TOKEN_ILIKE:
    return parse_membership(p, left, false, out);
  case MRI_TOKEN_IS:
    return parse_is_null(p, left, out);
  default:
    *out = left;
    return MR_OK;
  }
}

static mr_status parse_not(parser *p, mri_node **out) {
  if (p->token.kind != MRI_TOKEN_NOT) return parse_test(p, out);
  mri_node *inner = NULL;
  mr_status status = new_node(p, MRI_NODE_NOT, p->token.at, out);
  if (status == MR_OK) status = enter(p);
  if (status == MR_OK) status = advance(p);
  if (status == MR_OK) status = parse_not(p, &inner);
  if (status == MR_OK) status = need_truth(p, inner);
  p->depth--;
  return status != MR_OK ? status : adopt(p, *out, inner, false);
}

/* A chain of AND or OR becomes one node. */
static mr_status parse_chain(parser *p, mri_token_kind word, mri_node_kind kind,
                             mr_status (*parse_link)(parser *, mri_node **), mri_node **out) {
  mr_status status = parse_link(p, out);
  mri_node *chain = NULL;
  while (status == MR_OK && p->token.kind == word) {
    mri_node *link = NULL;
    status = need_truth(p, *out);
    if (status == MR_OK && chain == NULL) {
      status = new_node(p, kind, (*out)->at, &chain);
      if (status == MR_OK) status = adopt(p, chain, *out, true);
      *out = chain;
    }
    if (status == MR_OK) status = advance(p);
    if (status == MR_OK) status = parse_link(p, &link);
    if (status == MR_OK) status = need_truth(p, link);
    if (status == MR_OK) status = adopt(p, chain, link, true);
  }
  return status;
}

static mr_status parse_and(parser *p, mri_node **out) {
  return parse_chain(p, MRI_TOKEN_AND, MRI_NODE_AND, parse_not, out);
}

static mr_status parse_expression(parser *p, mri_node **out) {
  return parse_chain(p, MRI_TOKEN_OR, MRI_NODE_OR, parse_and, out);
}

/* --- the whole ---------------------------------------------------------------------------- */

static mr_status parse_all(parser *p, mri_node **out) {
  mr_status status = advance(p);
  if (status != MR_OK) return status;
  if (p->token.kind == MRI_TOKEN_END)
    return mri_error_set(p->lexer.error, MR_INVALID_ARGUMENT, "the expression is empty");
  status = parse_expression(p, out);
  if (status == MR_OK) status = need_truth(p, *out);
  if (status == MR_OK && p->token.kind != MRI_TOKEN_END)
    status = refuse(p, p->token.at, "expected AND, OR or the end");
  return status;
}

/* The canonical text is kept: a decision quotes it, and it must itself be short enough to parse. */
static mr_status keep_text(mri_query *query, const mri_mem *mem, mr_error *error) {
  mri_str text;
  mri_str_init(&text, mem);
  mri_node_print(query->root, &text);
  mr_status status = MR_OK;
  if (text.failed) {
    status = mri_error_no_memory(error);
  } else if (text.size > MRI_QUERY_TEXT_MAX) {
    status = mri_error_set(error, MR_LIMIT,
                           "the expression is longer than %d bytes in its canonical form",
                           MRI_QUERY_TEXT_MAX);
  } else {
    query->text = mri_arena_strndup(&query->arena, mri_str_text(&text), text.size);
    if (query->text == NULL) status = mri_error_no_memory(error);
  }
  mri_str_free(&text);
  return status;
}

mr_status mri_query_parse(const mri_mem *mem, const char *text, mri_query **out, mr_error *error) {
  assert(mem != NULL && out != NULL);
  if (text == NULL) return mri_error_set(error, MR_INVALID_ARGUMENT, "the expression is NULL");
  mri_query *query = mri_mem_zalloc(mem, 1, sizeof *query);
  if (query == NULL) return mri_error_no_memory(error);
  mri_arena_init(&query->arena, mem);
  parser p = {.arena = &query->arena};
  mri_node *root = NULL;
  mr_status status = mri_lexer_init(&p.lexer, text, &query->arena, error);
  if (status == MR_OK) status = parse_all(&p, &root);
  if (status == MR_OK) {
    query->root = root;
    query->node_count = p.nodes;
    status = keep_text(query, mem, error);
  }
  if (status != MR_OK) {
    mri_query_free(query);
    return status;
  }
  *out = query;
  return MR_OK;
}

void mri_query_free(mri_query *query) {
  if (query == NULL) return;
  const mri_mem *mem = query->arena.mem;
  mri_arena_free(&query->arena);
  mri_mem_free(mem, query);
}
