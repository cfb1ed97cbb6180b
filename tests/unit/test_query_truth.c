/* SPDX-License-Identifier: Apache-2.0 */
/* The query language against a second, independent evaluator: random expressions are written and
 * judged at the same time, over random values. */
#include "query_fixture.h"

#include <ctype.h>

static bool like_slowly(const char *t, const char *p) {
  if (*p == '\0') return *t == '\0';
  if (*p == '%') return like_slowly(t, p + 1) || (*t != '\0' && like_slowly(t + 1, p));
  return *t != '\0' && (*p == '_' || *p == *t) && like_slowly(t + 1, p + 1);
}

/* Values of ten variables, drawn anew for each expression. */
typedef struct world {
  fact facts[11];
  char texts[10][16];
} world;

static void draw_world(dice *d, world *w) {
  static const char *const names[] = {
      "metrics.a", "metrics.b", "params.a",          "params.b",      "params.\"c d\"",
      "tags.t",    "tags.u.v",  "attributes.status", "version.major", "incumbent.metrics.a"};
  static const double numbers[] = {0, 1, -1, 0.5, 2, 10};
  static const char *const texts[] = {"", "x", "X", "xy", "1", "0.5", "10", "2.0", "-1", "nan"};
  for (int i = 0; i < 10; i++) {
    fact *f = &w->facts[i];
    *f = (fact){.path = names[i]};
    uint32_t kind = roll(d, 8);
    if (kind == 0) {
      f->kind = MRI_VALUE_MISSING;
    } else if (kind == 1) {
      f->kind = MRI_VALUE_UNREADABLE;
    } else if (kind <= 4) {
      f->kind = MRI_VALUE_NUMBER;
      f->number = kind == 2 && roll(d, 4) == 0 ? (double)NAN : numbers[roll(d, 6)];
    } else {
      f->kind = MRI_VALUE_TEXT;
      f->text = texts[roll(d, 10)];
    }
  }
  w->facts[10] = (fact)FACTS_END;
}

/* A value of the second evaluator. `textual` for what has a text form: paths and literals. */
typedef struct plain {
  bool known;
  bool is_text;
  double number;
  char text[16];
  enum { LITERAL_TEXT, LITERAL_NUMBER, A_PATH, COMPUTED } from;
} plain;

typedef struct writer {
  dice d;
  const world *world;
  char text[MRI_QUERY_TEXT_MAX];
  size_t size;
  int depth;
} writer;

static void put(writer *w, const char *text) {
  size_t size = strlen(text);
  assert_true(w->size + size + 1 < sizeof w->text);
  memcpy(w->text + w->size, text, size + 1);
  w->size += size;
}

/* A keyword in any case, a blank or two around it. */
static void put_word(writer *w, const char *word) {
  char copy[8];
  size_t i = 0;
  for (; word[i] != '\0'; i++)
    copy[i] = roll(&w->d, 2) == 0 ? (char)tolower((unsigned char)word[i]) : word[i];
  copy[i] = '\0';
  put(w, roll(&w->d, 3) == 0 ? " \t" : " ");
  put(w, copy);
  put(w, roll(&w->d, 3) == 0 ? "  " : " ");
}

static bool reads_as_number(const plain *v, double *out) {
  *out = v->number;
  if (!v->is_text) return true;
  char *end = NULL;
  *out = strtod(v->text, &end);
  return v->text[0] != '\0' && *end == '\0' && !isnan(*out);
}

static plain write_path(writer *w) {
  const fact *f = &w->world->facts[roll(&w->d, 10)];
  plain v = {.from = A_PATH};
  put(w, f->path);
  v.known = f->kind == MRI_VALUE_TEXT || (f->kind == MRI_VALUE_NUMBER && !isnan(f->number));
  v.is_text = f->kind == MRI_VALUE_TEXT;
  v.number = f->number;
  if (v.is_text) (void)snprintf(v.text, sizeof v.text, "%s", f->text);
  return v;
}

static plain write_literal(writer *w, bool text) {
  static const char *const texts[] = {"", "x", "xy", "1", "0.5", "10", "-1", "2"};
  static const char *const numbers[] = {"0", "1", "-1", "0.5", "2", "10", "1e1", ".5", "2."};
  plain v = {.known = true, .is_text = text};
  if (text) {
    (void)snprintf(v.text, sizeof v.text, "%s", texts[roll(&w->d, 8)]);
    const char *quote = roll(&w->d, 2) == 0 ? "'" : "\"";
    put(w, quote);
    put(w, v.text);
    put(w, quote);
  } else {
    const char *number = numbers[roll(&w->d, 9)];
    v.from = LITERAL_NUMBER;
    v.number = strtod(number, NULL);
    put(w, number);
  }
  return v;
}

/* Arithmetic always in parentheses: what binds to what is tested elsewhere. */
static plain write_number(writer *w, int depth) {
  uint32_t kind = roll(&w->d, depth > 0 ? 5 : 2);
  if (kind == 0) return write_path(w);
  if (kind == 1) return write_literal(w, false);
  plain v = {.from = COMPUTED};
  double x = 0;
  double y = 0;
  put(w, kind == 2 ? "abs(" : kind == 3 ? "-(" : "(");
  plain left = write_number(w, depth - 1);
  v.known = left.known && reads_as_number(&left, &x);
  v.number = kind == 2 ? fabs(x) : -x;
  if (kind == 4) {
    char comparison = "+-*/"[roll(&w->d, 4)];
    put_word(w, (const char[]){comparison, '\0'});
    plain right = write_number(w, depth - 1);
    v.known =
        v.known && right.known && reads_as_number(&right, &y) && (comparison != '/' || y != 0);
    v.number = comparison == '+'   ? x + y
               : comparison == '-' ? x - y
               : comparison == '*' ? x * y
                                   : x / y;
    if (comparison == '/' && y == 0) v.number = 0;
  }
  put(w, ")");
  if (isnan(v.number)) v.known = false;
  return v;
}

/* A number in its shortest form: those drawn here have few digits. */
static void as_text(plain *v) {
  if (!v->is_text) (void)snprintf(v->text, sizeof v->text, "%g", v->number);
}

static mri_truth order_truth(uint32_t comparison, int order) {
  const bool holds[] = {order == 0, order != 0, order<0, order <= 0, order> 0, order >= 0};
  return holds[comparison] ? MRI_TRUE : MRI_FALSE;
}

static mri_truth judge(plain a, plain b, uint32_t comparison) {
  double x = 0;
  double y = 0;
  if (!a.known || !b.known) return MRI_UNKNOWN;
  bool quoted = a.from == LITERAL_TEXT || b.from == LITERAL_TEXT;
  if (!quoted && reads_as_number(&a, &x) && reads_as_number(&b, &y))
    return order_truth(comparison, (x > y) - (x < y));
  if (!quoted && !(a.from == A_PATH && b.from == A_PATH && a.is_text && b.is_text))
    return MRI_UNKNOWN;
  as_text(&a);
  as_text(&b);
  int order = strcmp(a.text, b.text);
  return order_truth(comparison, (order > 0) - (order < 0));
}

static mri_truth not_of(mri_truth t) {
  return t == MRI_UNKNOWN ? t : t == MRI_TRUE ? MRI_FALSE : MRI_TRUE;
}

static mri_truth write_compare(writer *w) {
  static const char *const operators[][2] = {{"=", "=="},  {"!=", "<>"}, {"<", "<"},
                                             {"<=", "<="}, {">", ">"},   {">=", ">="}};
  bool quoted = roll(&w->d, 2) == 0;
  bool turned = roll(&w->d, 2) == 0;
  uint32_t comparison = roll(&w->d, 6);
  plain a;
  if (quoted)
    a = turned ? write_literal(w, true) : write_path(w);
  else
    a = write_number(w, 2);
  put_word(w, operators[comparison][roll(&w->d, 2)]);
  plain b;
  if (quoted)
    b = turned ? write_path(w) : write_literal(w, true);
  else
    b = write_number(w, 2);
  return judge(a, b, comparison);
}

static mri_truth write_test(writer *w) {
  uint32_t kind = roll(&w->d, 6);
  if (kind >= 3) return write_compare(w);
  plain left = write_path(w);
  bool negated = roll(&w->d, 2) == 0;
  mri_truth truth = MRI_FALSE;
  if (kind == 0) {
    if (negated) put_word(w, "NOT");
    put_word(w, "IN");
    put(w, "(");
    for (uint32_t n = 1 + roll(&w->d, 3); n > 0; n--) {
      mri_truth one = judge(left, write_literal(w, roll(&w->d, 2) == 0), 0);
      if (one == MRI_TRUE || (one == MRI_UNKNOWN && truth == MRI_FALSE)) truth = one;
      put(w, n > 1 ? "," : ")");
    }
  } else if (kind == 1) {
    static const char *const patterns[] = {"%", "x%", "_", "%y", "X_", "0.%"};
    const char *pattern = patterns[roll(&w->d, 6)];
    if (negated) put_word(w, "NOT");
    put_word(w, "LIKE");
    put(w, "'");
    put(w, pattern);
    put(w, "'");
    as_text(&left);
    truth = !left.known ? MRI_UNKNOWN : like_slowly(left.text, pattern) ? MRI_TRUE : MRI_FALSE;
  } else {
    const fact *f = NULL;
    for (f = w->world->facts; f->path != NULL; f++) {
      size_t size = strlen(f->path);
      if (size <= w->size && strcmp(w->text + w->size - size, f->path) == 0 &&
          (size == w->size || strchr(" (", w->text[w->size - size - 1]) != NULL))
        break;
    }
    assert_non_null(f->path);
    put_word(w, "IS");
    if (negated) put_word(w, "NOT");
    put_word(w, "NULL");
    truth = f->kind == MRI_VALUE_MISSING ? MRI_TRUE : MRI_FALSE;
  }
  return negated ? not_of(truth) : truth;
}

/* Truths as numbers, 0 false, 1 unknown, 2 true: AND is the least, OR the greatest. */
static int rank(mri_truth t) {
  return t == MRI_FALSE ? 0 : t == MRI_UNKNOWN ? 1 : 2;
}

static mri_truth write_truth(writer *w, int depth) {
  uint32_t kind = roll(&w->d, depth > 0 ? 4 : 1);
  if (kind == 0) return write_test(w);
  if (kind == 1) {
    put_word(w, "NOT");
    put(w, "(");
    mri_truth inner = write_truth(w, depth - 1);
    put(w, ")");
    return not_of(inner);
  }
  mri_truth truth = kind == 2 ? MRI_TRUE : MRI_FALSE;
  for (uint32_t n = 2 + roll(&w->d, 2); n > 0; n--) {
    put(w, "(");
    mri_truth one = write_truth(w, depth - 1);
    put(w, ")");
    if (n > 1) put_word(w, kind == 2 ? "AND" : "OR");
    if (kind == 2 ? rank(one) < rank(truth) : rank(one) > rank(truth)) truth = one;
  }
  return truth;
}

static void test_against_a_second_evaluator(void **state) {
  (void)state;
  uint64_t counts[3] = {0, 0, 0};
  uint64_t count = rounds(30000);
  for (uint64_t i = 0; i < count; i++) {
    world drawn;
    writer w = {.d = {i * 7919}, .world = &drawn};
    draw_world(&w.d, &drawn);
    mri_truth expected = write_truth(&w, 3);
    mri_truth truth = truth_over(w.text, drawn.facts);
    if (truth != expected) print_error("%s\n", w.text);
    assert_int_equal(truth, expected);
    counts[truth]++;
    char *text = canonical(w.text);
    assert_int_equal(truth_over(text, drawn.facts), expected);
    mri_mem_free(mri_mem_default(), text);
  }
  for (int i = 0; i < 3; i++) assert_true(counts[i] > count / 10);
}

static void test_de_morgan(void **state) {
  (void)state;
  dice d = {31};
  uint64_t unknown = 0;
  uint64_t count = rounds(5000);
  for (uint64_t i = 0; i < count; i++) {
    world drawn;
    draw_world(&d, &drawn);
    writer a = {.d = {roll(&d, 1U << 30)}, .world = &drawn};
    writer b = {.d = {roll(&d, 1U << 30)}, .world = &drawn};
    (void)write_truth(&a, 1);
    (void)write_truth(&b, 1);
    static const char *const pairs[][2] = {
        {"NOT (%s AND %s)", "NOT (%s) OR NOT (%s)"},
        {"NOT (%s OR %s)", "NOT (%s) AND NOT (%s)"},
        {"NOT NOT ((%s) AND (%s))", "(%s) AND (%s)"},
    };
    uint32_t law = roll(&d, 3);
    mri_truth sides[2];
    for (int side = 0; side < 2; side++) {
      mri_str text;
      mri_str_init(&text, mri_mem_default());
      const char *form = pairs[law][side];
      const char *operands[] = {a.text, b.text};
      int next = 0;
      for (const char *p = form; *p != '\0'; p++) {
        if (*p != '%') {
          mri_str_add_char(&text, *p);
          continue;
        }
        p++;
        mri_str_addf(&text, "(%s)", operands[next++]);
      }
      sides[side] = truth_over(mri_str_text(&text), drawn.facts);
      mri_str_free(&text);
    }
    assert_int_equal(sides[0], sides[1]);
    unknown += sides[0] == MRI_UNKNOWN;
  }
  assert_true(unknown > count / 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_a_second_evaluator),
      cmocka_unit_test(test_de_morgan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
