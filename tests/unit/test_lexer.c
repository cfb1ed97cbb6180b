/* SPDX-License-Identifier: Apache-2.0 */
#include "query/lexer.h"
#include "query_fixture.h"

typedef struct scanner {
  mri_arena arena;
  mri_lexer lexer;
  mr_error error;
} scanner;

static void scanner_open(scanner *s, const char *text) {
  s->error = (mr_error)MR_ERROR_INIT;
  mri_arena_init(&s->arena, mri_mem_default());
  assert_int_equal(mri_lexer_init(&s->lexer, text, &s->arena, &s->error), MR_OK);
}

static mri_token scanner_next(scanner *s) {
  mri_token token;
  assert_int_equal(mri_lexer_next(&s->lexer, &token), MR_OK);
  return token;
}

static void assert_kinds(const char *text, const mri_token_kind *kinds) {
  scanner s;
  scanner_open(&s, text);
  mri_token token;
  size_t i = 0;
  do {
    token = scanner_next(&s);
    assert_int_equal(token.kind, kinds[i]);
  } while (kinds[i++] != MRI_TOKEN_END);
  mri_arena_free(&s.arena);
}

static void test_symbols_and_keywords(void **state) {
  (void)state;
  assert_kinds("== = == != <> <= >= < > ( ) , + - * /",
               (const mri_token_kind[]){MRI_TOKEN_EQ, MRI_TOKEN_EQ, MRI_TOKEN_EQ, MRI_TOKEN_NE,
                                        MRI_TOKEN_NE, MRI_TOKEN_LE, MRI_TOKEN_GE, MRI_TOKEN_LT,
                                        MRI_TOKEN_GT, MRI_TOKEN_LEFT, MRI_TOKEN_RIGHT,
                                        MRI_TOKEN_COMMA, MRI_TOKEN_PLUS, MRI_TOKEN_MINUS,
                                        MRI_TOKEN_STAR, MRI_TOKEN_SLASH, MRI_TOKEN_END});
  assert_kinds("and OR Not iN\tlike\r\nILIKE is NULL android nulls",
               (const mri_token_kind[]){MRI_TOKEN_AND, MRI_TOKEN_OR, MRI_TOKEN_NOT, MRI_TOKEN_IN,
                                        MRI_TOKEN_LIKE, MRI_TOKEN_ILIKE, MRI_TOKEN_IS,
                                        MRI_TOKEN_NULL, MRI_TOKEN_WORD, MRI_TOKEN_WORD,
                                        MRI_TOKEN_END});
  assert_kinds(" \n ", (const mri_token_kind[]){MRI_TOKEN_END});
  assert_kinds("", (const mri_token_kind[]){MRI_TOKEN_END});
}

static void test_numbers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } table[] = {
      {"0", 0},      {"12", 12},     {"1.5", 1.5},   {".5", 0.5},     {"5.", 5},
      {"1e3", 1000}, {"1E+3", 1000}, {"2e-3", 2e-3}, {"1.25e2", 125}, {"1.e1", 10},
      {"007", 7},    {"1e-999", 0},  {"0.1", 0.1},   {"2e9", 2e9},    {"1e308", 1e308},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    scanner s;
    scanner_open(&s, table[i].text);
    mri_token token = scanner_next(&s);
    assert_int_equal(token.kind, MRI_TOKEN_NUMBER);
    assert_true(token.number == table[i].value);
    assert_int_equal(scanner_next(&s).kind, MRI_TOKEN_END);
    mri_arena_free(&s.arena);
  }
  static const char *const wrong[] = {"1.2.3", "1..2",  "12abc", "1e",  "1e+",
                                      "0x10",  "1e999", "1_000", "5.e", "1.5\xc3\xa9"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    scanner s;
    mri_token token;
    scanner_open(&s, wrong[i]);
    assert_int_equal(mri_lexer_next(&s.lexer, &token), MR_INVALID_ARGUMENT);
    mri_arena_free(&s.arena);
  }
}

static void test_quotes(void **state) {
  (void)state;
  scanner s;
  scanner_open(&s, "'it''s' \"say \"\"hi\"\"\" `a``b` '' '\"`' \"'\" '\xe2\x82\xac'''");
  static const struct {
    mri_token_kind kind;
    const char *text;
    size_t at;
  } expected[] = {
      {MRI_TOKEN_TEXT, "it's", 0},           {MRI_TOKEN_TEXT, "say \"hi\"", 8},
      {MRI_TOKEN_NAME, "a`b", 21},           {MRI_TOKEN_TEXT, "", 28},
      {MRI_TOKEN_TEXT, "\"`", 31},           {MRI_TOKEN_TEXT, "'", 36},
      {MRI_TOKEN_TEXT, "\xe2\x82\xac'", 40},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    mri_token token = scanner_next(&s);
    assert_int_equal(token.kind, expected[i].kind);
    assert_string_equal(token.text, expected[i].text);
    assert_int_equal(token.at, expected[i].at);
  }
  assert_int_equal(scanner_next(&s).kind, MRI_TOKEN_END);
  mri_arena_free(&s.arena);
}

static void assert_lexer_error(const char *text, const char *message) {
  scanner s;
  scanner_open(&s, text);
  mri_token token = {.kind = MRI_TOKEN_WORD};
  mr_status status = MR_OK;
  while (status == MR_OK && token.kind != MRI_TOKEN_END) status = mri_lexer_next(&s.lexer, &token);
  assert_int_equal(status, MR_INVALID_ARGUMENT);
  assert_string_equal(s.error.message, message);
  mri_arena_free(&s.arena);
}

static void test_errors_show_the_place(void **state) {
  (void)state;
  assert_lexer_error("a ; b", "unexpected character at 3: a ^; b");
  assert_lexer_error("a !b", "unexpected character at 3: a ^!b");
  assert_lexer_error("a 'b", "a quote that is not closed at 3: a ^'b");
  assert_lexer_error("`b``", "a quote that is not closed at 1: ^`b``");
  assert_lexer_error("'\xc3\xa9\xc3\xa9' ?", "unexpected character at 6: '\xc3\xa9\xc3\xa9' ^?");
  assert_lexer_error("'a\tb'", "a control character in quotes (LIKE with _ matches one) at 3: "
                               "'a^?b'");
  assert_lexer_error("'a\xc2\x85'", "a control character in quotes (LIKE with _ matches one) at 3: "
                                    "'a^?'");
  assert_lexer_error("0123456789 0123456789 0123456789 0123456789 ; 0123456789 0123456789 "
                     "0123456789 0123456789",
                     "unexpected character at 45: ...123456789 0123456789 0123456789 ^; 0123456789 "
                     "0123456789 01234567...");
  /* A no-break space looks like a blank and is none; nor are typographic quotes quotes. */
  assert_lexer_error("a\xc2\xa0= 1", "unexpected character at 2: a^\xc2\xa0= 1");
  assert_lexer_error("\xe2\x80\x98x\xe2\x80\x99",
                     "unexpected character at 1: ^\xe2\x80\x98x\xe2\x80\x99");
  assert_lexer_error("\xe2\x80\xaex", "unexpected character at 1: ^\xe2\x80\xaex");
}

static void test_text_must_be_utf8_and_short(void **state) {
  (void)state;
  mri_arena arena;
  mri_lexer lexer;
  mr_error error = MR_ERROR_INIT;
  mri_arena_init(&arena, mri_mem_default());
  assert_int_equal(mri_lexer_init(&lexer, "a\xff", &arena, &error), MR_INVALID_ARGUMENT);
  assert_string_equal(error.message, "the expression is not valid UTF-8");
  char text[MRI_QUERY_TEXT_MAX + 2];
  memset(text, ' ', sizeof text);
  text[MRI_QUERY_TEXT_MAX] = '\0';
  assert_int_equal(mri_lexer_init(&lexer, text, &arena, &error), MR_OK);
  text[MRI_QUERY_TEXT_MAX] = ' ';
  text[MRI_QUERY_TEXT_MAX + 1] = '\0';
  assert_int_equal(mri_lexer_init(&lexer, text, &arena, &error), MR_LIMIT);
  assert_string_equal(error.message, "the expression is longer than 8192 bytes");
  mri_arena_free(&arena);
}

/* What a name is, and what follows it. */
static void assert_name(const char *text, bool rest, const char *name, const char *after) {
  scanner s;
  scanner_open(&s, text);
  const char *got = NULL;
  bool star = false;
  assert_int_equal(mri_lexer_name(&s.lexer, rest, &got, &star), MR_OK);
  assert_string_equal(got, name);
  assert_string_equal(text + s.lexer.at, after);
  assert_int_equal(star, text[1] == '*');
  mri_arena_free(&s.arena);
}

static void test_names(void **state) {
  (void)state;
  assert_name(".loss >", true, "loss", " >");
  assert_name(".eval.loss>1", true, "eval.loss", ">1");
  assert_name(".eval.loss>1", false, "eval", ".loss>1");
  assert_name(".val/loss-2", true, "val/loss-2", "");
  assert_name(".a - 1", true, "a", " - 1");
  assert_name(".a-0.002", true, "a-0.002", "");
  assert_name(".a- 1", true, "a", "- 1");
  assert_name(".a--b", true, "a", "--b");
  assert_name(".a..b", true, "a", "..b");
  assert_name(".a. b", true, "a", ". b");
  assert_name(".a*2", true, "a", "*2");
  assert_name(".a$b#c", true, "a$b", "#c");
  assert_name(".a #c", true, "a", " #c");
  assert_name(".1st", true, "1st", "");
  assert_name("._", true, "_", "");
  assert_name(".gr\xc3\xb6\xc3\x9f"
              "e)",
              true,
              "gr\xc3\xb6\xc3\x9f"
              "e",
              ")");
  assert_name(".a-\xc3\xa9-1 x", true, "a-\xc3\xa9-1", " x");
  assert_name(".a\xc2\xa0", true, "a", "\xc2\xa0");
  assert_name(".a\xe2\x80\x8b", true, "a", "\xe2\x80\x8b");
  assert_name(".a\xef\xbb\xbf", true, "a", "\xef\xbb\xbf");
  assert_name(".a\xe3\x80\x80"
              "b",
              true, "a",
              "\xe3\x80\x80"
              "b");
  assert_name(".\"a b\".c", false, "a b", ".c");
  assert_name(".`a \"b\"`", true, "a \"b\"", "");
  assert_name(".\"*\"", true, "*", "");
  assert_name(".*.format", false, "*", ".format");
  assert_name(".IN", true, "IN", "");

  static const char *const wrong[] = {".",     ".-a", "./a",  "..a",  ". a",
                                      ".\"\"", ".``", ".\"a", ".'a'", ".\xc2\xa0"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    scanner s;
    scanner_open(&s, wrong[i]);
    const char *name = NULL;
    bool star = false;
    assert_int_equal(mri_lexer_name(&s.lexer, true, &name, &star), MR_INVALID_ARGUMENT);
    mri_arena_free(&s.arena);
  }
}

static void test_plain_names(void **state) {
  (void)state;
  assert_true(mri_name_is_plain("a.b", true));
  assert_false(mri_name_is_plain("a.b", false));
  assert_true(mri_name_is_plain("val/loss-2", false));
  static const char *const quoted[] = {"",     "*",    "a b", "a.",  ".a",  "-a",        "a-",
                                       "a//b", "a\"b", "a'b", "a:b", "a#b", "a\xc2\xa0z"};
  for (size_t i = 0; i < sizeof quoted / sizeof quoted[0]; i++)
    assert_false(mri_name_is_plain(quoted[i], true));
}

/* A # ends a rule in a gate's text, so a name has one only in quotes, in a rule by itself too. */
static void test_hash_needs_quotes(void **state) {
  (void)state;
  assert_canonical("metrics.`a#b` > 1", "metrics.\"a#b\" > 1");
  assert_refused("metrics.a#b > 1", "unexpected character at 10: metrics.a^#b > 1");
}

static bool attempt_tokens(void *ctx) {
  mri_arena arena;
  mri_lexer lexer;
  mri_token token = {.kind = MRI_TOKEN_WORD};
  mri_arena_init(&arena, mri_mem_default());
  mr_status status = mri_lexer_init(&lexer, ctx, &arena, NULL);
  while (status == MR_OK && token.kind != MRI_TOKEN_END) status = mri_lexer_next(&lexer, &token);
  mri_arena_free(&arena);
  return status == MR_OK;
}

static void test_lexer_without_memory(void **state) {
  (void)state;
  char text[] = "a 'b' \"c\" `d` e";
  assert_true(unit_fail_allocations(attempt_tokens, text) >= 1);
}

static size_t encode(uint32_t c, char *out) {
  static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
  size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = size; i > 0; i--, c >>= 6)
    out[i - 1] = (char)(i == 1 ? leads[size] | c : 0x80 | (c & 0x3f));
  out[size] = '\0';
  return size;
}

/* Which characters beyond ASCII a name may have without quotes: those on either side of each edge. */
static void test_letters_beyond_ascii(void **state) {
  (void)state;
  static const struct {
    uint32_t c;
    bool letter;
  } table[] = {
      {0xa0, false},   {0xa1, true},    {0xac, true},    {0xad, false},  {0xae, true},
      {0x167f, true},  {0x1680, false}, {0x1681, true},  {0x1fff, true}, {0x2000, false},
      {0x202e, false}, {0x206f, false}, {0x2070, true},  {0x2fff, true}, {0x3000, false},
      {0x3001, true},  {0xfefe, true},  {0xfeff, false}, {0xff00, true}, {0x1f600, true},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    char name[8];
    (void)encode(table[i].c, name);
    assert_int_equal(mri_name_is_plain(name, false), table[i].letter);
    char text[32];
    (void)snprintf(text, sizeof text, "tags.a%s = 'x'", name);
    mri_query *query = NULL;
    mr_status status = mri_query_parse(mri_mem_default(), text, &query, NULL);
    assert_int_equal(status, table[i].letter ? MR_OK : MR_INVALID_ARGUMENT);
    mri_query_free(query);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_letters_beyond_ascii),
      cmocka_unit_test(test_symbols_and_keywords),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_quotes),
      cmocka_unit_test(test_errors_show_the_place),
      cmocka_unit_test(test_text_must_be_utf8_and_short),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_plain_names),
      cmocka_unit_test(test_hash_needs_quotes),
      cmocka_unit_test(test_lexer_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
