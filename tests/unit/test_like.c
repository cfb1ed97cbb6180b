/* SPDX-License-Identifier: Apache-2.0 */
#include "query/evaluator.h"
#include "query_fixture.h"

#include <ctype.h>

static void test_like(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *pattern;
    bool like;
    bool ilike;
  } table[] = {
      {"", "", true, true},
      {"", "%", true, true},
      {"", "%%", true, true},
      {"", "_", false, false},
      {"a", "", false, false},
      {"abc", "abc", true, true},
      {"abc", "ABC", false, true},
      {"ABC", "a%", false, true},
      {"abc", "a%", true, true},
      {"abc", "%c", true, true},
      {"abc", "%b%", true, true},
      {"abc", "%b", false, false},
      {"abc", "a_c", true, true},
      {"abc", "a__c", false, false},
      {"abc", "___", true, true},
      {"abc", "____", false, false},
      {"abc", "%_", true, true},
      {"abc", "_%_%_", true, true},
      {"abc", "_%_%_%_", false, false},
      {"aXbXc", "a%b%c", true, true},
      {"mississippi", "m%iss%ip%", true, true},
      {"mississippi", "m%iss%ipx%", false, false},
      {"aaab", "%aab", true, true},
      {"100%", "100%", true, true},
      {"a\\b", "a\\b", true, true},
      {"caf\xc3\xa9", "caf_", true, true},
      {"caf\xc3\xa9", "caf__", false, false},
      {"caf\xc3\xa9", "caf\xc3\xa9", true, true},
      {"caf\xc3\xa9", "CAF\xc3\xa9", false, true},
      /* Only ASCII letters fold. */
      {"\xc3\xa9", "\xc3\x89", false, false},
      {"\xe2\x82\xac"
       "5",
       "_5", true, true},
      {"[", "{", false, false},
      {"@", "`", false, false},
      {"line\nbreak", "line_break", true, true},
      {"line\nbreak", "%break", true, true},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    const char *t = table[i].text;
    const char *p = table[i].pattern;
    if (mri_like(t, strlen(t), p, strlen(p), false) != table[i].like)
      print_error("'%s' LIKE '%s'\n", t, p);
    assert_int_equal(mri_like(t, strlen(t), p, strlen(p), false), table[i].like);
    assert_int_equal(mri_like(t, strlen(t), p, strlen(p), true), table[i].ilike);
  }
}

/* --- against its definition ------------------------------------------------------------------- */

/* Bytes of the character at `t`: those that continue it belong to it. */
static size_t character(const char *t, const char *end) {
  size_t size = 1;
  while (t + size < end && ((unsigned char)t[size] & 0xc0) == 0x80) size++;
  return size;
}

/* Which prefixes of the text the pattern so far matches, character by character of the pattern:
 * plainly right, and the product of both sizes. */
static bool like_by_table(const char *text, size_t text_size, const char *pattern,
                          size_t pattern_size, bool fold) {
  char *row = calloc(text_size + 1, 1);
  assert_non_null(row);
  row[0] = 1;
  const char *end = text + text_size;
  const char *pattern_end = pattern + pattern_size;
  for (const char *p = pattern; p < pattern_end; p += character(p, pattern_end)) {
    char *next = calloc(text_size + 1, 1);
    assert_non_null(next);
    size_t size = character(p, pattern_end);
    for (size_t i = 0; i <= text_size; i++) {
      if (*p == '%') next[i] = row[i] || (i > 0 && next[i - 1]);
      if (*p == '%' || i == text_size || !row[i]) continue;
      size_t step = character(text + i, end);
      bool same = size == step && memcmp(p, text + i, size) == 0;
      if (fold && size == 1 && step == 1)
        same = tolower((unsigned char)*p) == tolower((unsigned char)text[i]);
      if (*p == '_' || same) next[i + step] = 1;
    }
    free(row);
    row = next;
  }
  bool matches = row[text_size] != 0;
  free(row);
  return matches;
}

static void assert_like(const char *text, size_t text_size, const char *pattern,
                        size_t pattern_size) {
  for (int fold = 0; fold <= 1; fold++)
    assert_int_equal(mri_like(text, text_size, pattern, pattern_size, fold == 1),
                     like_by_table(text, text_size, pattern, pattern_size, fold == 1));
}

/* `count` pieces of those given, drawn. */
static size_t draw(dice *d, const char *const *pieces, uint32_t kinds, uint32_t count, char *out) {
  size_t size = 0;
  for (; count > 0; count--) {
    const char *piece = pieces[roll(d, kinds)];
    memcpy(out + size, piece, strlen(piece));
    size += strlen(piece);
  }
  return size;
}

static void test_short_ones(void **state) {
  (void)state;
  static const char *const letters[] = {"a", "b", "A", "\xc3\xa9", "\xe2\x82\xac"};
  static const char *const parts[] = {"a", "b", "_", "%", "%", "\xc3\xa9", "B", "\xe2\x82\xac"};
  dice d = {5};
  int matches = 0;
  for (uint64_t i = rounds(100000); i > 0; i--) {
    char text[64];
    char pattern[64];
    size_t text_size = draw(&d, letters, 5, roll(&d, 10), text);
    size_t pattern_size = draw(&d, parts, 8, roll(&d, 8), pattern);
    assert_like(text, text_size, pattern, pattern_size);
    matches += mri_like(text, text_size, pattern, pattern_size, false);
  }
  assert_true(matches > 50);
}

/* Parts of a pattern around the size of a machine word, and of several. */
static void test_long_parts(void **state) {
  (void)state;
  static const char *const few[] = {"a", "a", "a", "b"};
  static const char *const wild[] = {"a", "a", "_", "_", "b"};
  static const char *const more[] = {"a", "a", "\xc3\xa9"};
  static const uint32_t sizes[] = {1, 62, 63, 64, 65, 127, 128, 129, 200};
  dice d = {6};
  int matches = 0;
  for (uint64_t i = rounds(3000); i > 0; i--) {
    char text[1200];
    char pattern[1200] = "%";
    bool utf8 = roll(&d, 3) == 0;
    size_t text_size = draw(&d, utf8 ? more : few, utf8 ? 3 : 4, 200 + roll(&d, 200), text);
    size_t size = roll(&d, 2);
    for (uint32_t parts = 1 + roll(&d, 2); parts > 0; parts--) {
      uint32_t length = sizes[roll(&d, 9)];
      if (roll(&d, 2) == 0) {
        /* A piece of the text itself, some characters of it any. */
        size_t from = roll(&d, 100);
        while (((unsigned char)text[from] & 0xc0) == 0x80) from++;
        for (size_t at = from; at < from + length && at < text_size;) {
          size_t step = character(text + at, text + text_size);
          bool any = roll(&d, 4) == 0;
          if (any) pattern[size++] = '_';
          if (!any) memcpy(pattern + size, text + at, step);
          if (!any) size += step;
          at += step;
        }
      } else {
        size += draw(&d, wild, 5, length, pattern + size);
      }
      if (parts > 1 || roll(&d, 3) > 0) pattern[size++] = '%';
    }
    assert_like(text, text_size, pattern, size);
    matches += mri_like(text, text_size, pattern, size, false);
  }
  assert_true(matches > 100);
}

/* The largest pattern over a large value, made so that trying place by place takes the product of
 * both sizes. Each answer is known by construction. */
static void test_worst_cases(void **state) {
  (void)state;
  enum { TEXT_SIZE = 1 << 16, PATTERN = MRI_QUERY_TEXT_MAX };
  static char text[TEXT_SIZE];
  static char pattern[PATTERN];
  memset(text, 'a', sizeof text);
  /* %aaa...ab%: only where there is a b. */
  memset(pattern, 'a', sizeof pattern);
  pattern[0] = pattern[PATTERN - 1] = '%';
  pattern[PATTERN - 2] = 'b';
  assert_false(mri_like(text, sizeof text, pattern, sizeof pattern, false));
  text[TEXT_SIZE - 1] = 'b';
  assert_true(mri_like(text, sizeof text, pattern, sizeof pattern, false));
  text[TEXT_SIZE - 2] = 'A';
  assert_false(mri_like(text, sizeof text, pattern, sizeof pattern, false));
  assert_true(mri_like(text, sizeof text, pattern, sizeof pattern, true));
  text[TEXT_SIZE - 2] = 'a';
  /* The same with every second character any. */
  for (size_t k = 2; k < PATTERN - 2; k += 2) pattern[k] = '_';
  assert_true(mri_like(text, sizeof text, pattern, sizeof pattern, false));
  text[TEXT_SIZE - 1] = 'a';
  assert_false(mri_like(text, sizeof text, pattern, sizeof pattern, true));
  /* As many parts as there can be. */
  for (size_t k = 0; k < PATTERN; k++) pattern[k] = k % 2 == 0 ? '%' : '_';
  pattern[PATTERN - 2] = 'b';
  assert_false(mri_like(text, sizeof text, pattern, sizeof pattern, false));
  pattern[PATTERN - 2] = '%';
  assert_true(mri_like(text, sizeof text, pattern, sizeof pattern, false));
  assert_true(mri_like(text, PATTERN / 2, pattern, sizeof pattern, false));
  assert_false(mri_like(text, PATTERN / 2 - 1, pattern, sizeof pattern, false));
}

/* Values need not be valid UTF-8 to be compared. */
static void test_like_on_any_bytes(void **state) {
  (void)state;
  static const char bytes[] = "a\xff\x80\xc3_%\xe2";
  dice d = {6};
  for (int i = 0; i < 100000; i++) {
    char text[8];
    char pattern[8];
    uint32_t text_size = roll(&d, sizeof text);
    uint32_t pattern_size = roll(&d, sizeof pattern);
    for (uint32_t k = 0; k < text_size; k++) text[k] = bytes[roll(&d, sizeof bytes)];
    for (uint32_t k = 0; k < pattern_size; k++) pattern[k] = bytes[roll(&d, sizeof bytes)];
    bool folded = mri_like(text, text_size, pattern, pattern_size, true);
    if (mri_like(text, text_size, pattern, pattern_size, false)) assert_true(folded);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_like),
      cmocka_unit_test(test_short_ones),
      cmocka_unit_test(test_long_parts),
      cmocka_unit_test(test_worst_cases),
      cmocka_unit_test(test_like_on_any_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
