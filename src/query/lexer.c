/* SPDX-License-Identifier: Apache-2.0 */
#include "query/lexer.h"

#include "base/text.h"
#include "query/query.h"
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CONTEXT_MAX 32 /* characters of the text shown on either side of an error */

/* --- characters --------------------------------------------------------------------------- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_continuation(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

/* Decodes one character of valid UTF-8; returns its bytes. */
static size_t decode(const char *text, uint32_t *out) {
  unsigned char lead = (unsigned char)text[0];
  size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t value = size == 1 ? lead : lead & (0x7fU >> size);
  for (size_t i = 1; i < size; i++) value = (value << 6) | ((unsigned char)text[i] & 0x3fU);
  *out = value;
  return size;
}

/* Characters beyond ASCII that must be quoted: controls, blanks and typographic punctuation (and
 * with it everything that changes the direction of the text), which a reader could mistake. */
static bool is_deceptive(uint32_t c) {
  return (c >= 0x80 && c <= 0xa0) || c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x206f) ||
         c == 0x3000 || c == 0xfeff;
}

/* Bytes of the letter, digit or _ at `text`, 0 when something else is there. */
static size_t word_char(const char *text) {
  if (*text == '_' || is_digit(*text) || is_ascii_letter(*text)) return 1;
  if ((unsigned char)*text < 0x80) return 0;
  uint32_t c = 0;
  size_t size = decode(text, &c);
  return is_deceptive(c) ? 0 : size;
}

/* --- errors ------------------------------------------------------------------------------- */

mr_status mri_lexer_refuse(const mri_lexer *lexer, mr_status status, size_t at, const char *format,
                           ...) {
  char reason[192];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  size_t column = 1;
  for (size_t i = 0; i < at; i++) column += !is_continuation(lexer->text[i]);
  size_t from = at;
  for (int shown = 0; from > 0 && shown < CONTEXT_MAX; shown++) {
    do from--;
    while (from > 0 && is_continuation(lexer->text[from]));
  }
  size_t to = at;
  for (int shown = 0; to < lexer->size && shown < CONTEXT_MAX; shown++) {
    do to++;
    while (to < lexer->size && is_continuation(lexer->text[to]));
  }
  return mri_error_set(lexer->error, status, "%s at %d: %s%.*s^%.*s%s", reason, (int)column,
                       from > 0 ? "..." : "", (int)(at - from), lexer->text + from, (int)(to - at),
                       lexer->text + at, to < lexer->size ? "..." : "");
}

static mr_status no_memory(const mri_lexer *lexer) {
  return mri_error_no_memory(lexer->error);
}

mr_status mri_lexer_init(mri_lexer *lexer, const char *text, mri_arena *arena, mr_error *error) {
  size_t size = mri_strnlen(text, MRI_QUERY_TEXT_MAX);
  if (size > MRI_QUERY_TEXT_MAX)
    return mri_error_set(error, MR_LIMIT, "the expression is longer than %d bytes",
                         MRI_QUERY_TEXT_MAX);
  if (!mri_utf8_valid(text, size))
    return mri_error_set(error, MR_INVALID_ARGUMENT, "the expression is not valid UTF-8");
  *lexer = (mri_lexer){text, size, 0, arena, error};
  return MR_OK;
}

/* --- names and texts ---------------------------------------------------------------------- */

char mri_lexer_peek(const mri_lexer *lexer) {
  return lexer->text[lexer->at];
}

char mri_lexer_peek_token(const mri_lexer *lexer) {
  size_t at = lexer->at;
  while (is_blank(lexer->text[at])) at++;
  return lexer->text[at];
}

/* Control characters would break the promise that an expression prints as one line. */
static bool is_control(const char *text) {
  unsigned char c = (unsigned char)text[0];
  return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

/* A quoted token that starts at lexer->at; its quote is doubled inside. */
static mr_status scan_quoted(mri_lexer *lexer, const char **out) {
  const char *text = lexer->text;
  size_t start = lexer->at;
  char quote = text[start];
  size_t end = start + 1;
  for (;; end++) {
    if (end >= lexer->size)
      return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, start, "a quote that is not closed");
    if (is_control(text + end))
      return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, end,
                              "a control character in quotes (LIKE with _ matches one)");
    if (text[end] == quote && text[++end] != quote) break;
  }
  char *copy = mri_arena_alloc(lexer->arena, end - start);
  if (copy == NULL) return no_memory(lexer);
  size_t size = 0;
  for (size_t at = start + 1; at + 1 < end; at++) {
    copy[size++] = text[at];
    if (text[at] == quote) at++;
  }
  lexer->at = end;
  *out = copy;
  return MR_OK;
}

/* Bytes of the unquoted name at `text`, see the rules in query_path.c. */
static size_t plain_name(const char *text, bool rest) {
  size_t size = word_char(text);
  if (size == 0) return 0;
  for (;;) {
    size_t more = word_char(text + size);
    bool joins =
        text[size] == '-' || text[size] == '/' || text[size] == '$' || (rest && text[size] == '.');
    if (more == 0 && joins) {
      more = word_char(text + size + 1);
      if (more > 0) more++;
    }
    if (more == 0) return size;
    size += more;
  }
}

bool mri_name_is_plain(const char *name, bool rest) {
  size_t size = plain_name(name, rest);
  return size > 0 && name[size] == '\0';
}

mr_status mri_lexer_name(mri_lexer *lexer, bool rest, const char **out, bool *star) {
  assert(lexer->text[lexer->at] == '.');
  size_t at = ++lexer->at;
  char c = lexer->text[at];
  *star = c == '*';
  if (c == '"' || c == '`') {
    mr_status status = scan_quoted(lexer, out);
    if (status == MR_OK && **out == '\0')
      return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at, "an empty name");
    return status;
  }
  size_t size = *star ? 1 : plain_name(lexer->text + at, rest);
  if (size == 0)
    return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, at,
                            "expected a name behind the dot (quote one that is not plain)");
  lexer->at += size;
  *out = mri_arena_strndup(lexer->arena, lexer->text + at, size);
  return *out == NULL ? no_memory(lexer) : MR_OK;
}

/* --- tokens ------------------------------------------------------------------------------- */

static bool equal_folded(const char *word, size_t size, const char *keyword) {
  for (size_t i = 0; i < size; i++) {
    char c = word[i];
    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    if (keyword[i] != c) return false;
  }
  return keyword[size] == '\0';
}

static mr_status scan_word(mri_lexer *lexer, mri_token *out) {
  static const struct {
    const char *text;
    mri_token_kind kind;
  } keywords[] = {
      {"AND", MRI_TOKEN_AND}, {"OR", MRI_TOKEN_OR},     {"NOT", MRI_TOKEN_NOT},
      {"IN", MRI_TOKEN_IN},   {"LIKE", MRI_TOKEN_LIKE}, {"ILIKE", MRI_TOKEN_ILIKE},
      {"IS", MRI_TOKEN_IS},   {"NULL", MRI_TOKEN_NULL},
  };
  const char *start = lexer->text + lexer->at;
  size_t size = 0;
  for (size_t more; (more = word_char(start + size)) > 0;) size += more;
  lexer->at += size;
  for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
    if (equal_folded(start, size, keywords[i].text)) {
      out->kind = keywords[i].kind;
      return MR_OK;
    }
  }
  out->kind = MRI_TOKEN_WORD;
  out->text = mri_arena_strndup(lexer->arena, start, size);
  return out->text == NULL ? no_memory(lexer) : MR_OK;
}

/* 12, 1.5, .5, 5., each with an exponent or without. */
static mr_status scan_number(mri_lexer *lexer, mri_token *out) {
  const char *start = lexer->text + lexer->at;
  const char *end = start;
  while (is_digit(*end)) end++;
  if (*end == '.') end++;
  while (is_digit(*end)) end++;
  if (*end == 'e' || *end == 'E') {
    const char *exponent = end + 1;
    if (*exponent == '+' || *exponent == '-') exponent++;
    if (is_digit(*exponent)) end = exponent;
    while (is_digit(*end)) end++;
  }
  if (*end == '.' || word_char(end) > 0)
    return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, lexer->at,
                            "this is not a number (quote a text)");
  out->kind = MRI_TOKEN_NUMBER;
  if (!mri_parse_double(start, (size_t)(end - start), &out->number) || !isfinite(out->number))
    return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, lexer->at, "this number is too large");
  lexer->at += (size_t)(end - start);
  return MR_OK;
}

static mr_status scan_symbol(mri_lexer *lexer, mri_token *out) {
  static const struct {
    char text[3];
    mri_token_kind kind;
  } symbols[] = {
      {"==", MRI_TOKEN_EQ},   {"!=", MRI_TOKEN_NE},   {"<>", MRI_TOKEN_NE},   {"<=", MRI_TOKEN_LE},
      {">=", MRI_TOKEN_GE},   {"=", MRI_TOKEN_EQ},    {"<", MRI_TOKEN_LT},    {">", MRI_TOKEN_GT},
      {"(", MRI_TOKEN_LEFT},  {")", MRI_TOKEN_RIGHT}, {",", MRI_TOKEN_COMMA}, {"+", MRI_TOKEN_PLUS},
      {"-", MRI_TOKEN_MINUS}, {"*", MRI_TOKEN_STAR},  {"/", MRI_TOKEN_SLASH},
  };
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    size_t size = strlen(symbols[i].text);
    if (strncmp(lexer->text + lexer->at, symbols[i].text, size) == 0) {
      lexer->at += size;
      out->kind = symbols[i].kind;
      return MR_OK;
    }
  }
  return mri_lexer_refuse(lexer, MR_INVALID_ARGUMENT, lexer->at, "unexpected character");
}

mr_status mri_lexer_next(mri_lexer *lexer, mri_token *out) {
  while (is_blank(lexer->text[lexer->at])) lexer->at++;
  const char *start = lexer->text + lexer->at;
  *out = (mri_token){.at = lexer->at};
  if (lexer->at == lexer->size) {
    out->kind = MRI_TOKEN_END;
    return MR_OK;
  }
  if (*start == '\'' || *start == '"' || *start == '`') {
    out->kind = *start == '`' ? MRI_TOKEN_NAME : MRI_TOKEN_TEXT;
    return scan_quoted(lexer, &out->text);
  }
  if (is_digit(*start) || (*start == '.' && is_digit(start[1]))) return scan_number(lexer, out);
  if (word_char(start) > 0) return scan_word(lexer, out);
  return scan_symbol(lexer, out);
}
