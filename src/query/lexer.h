/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> tokens. The parser reads one token at a time; names behind a dot have rules of their own
 * and are read by mri_lexer_name. */
#ifndef MRI_QUERY_LEXER_H
#define MRI_QUERY_LEXER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>

typedef enum mri_token_kind {
  MRI_TOKEN_END,
  MRI_TOKEN_WORD,   /* a word that is no keyword: family, function or attribute */
  MRI_TOKEN_NAME,   /* `quoted with backticks` */
  MRI_TOKEN_TEXT,   /* 'text' or "text" */
  MRI_TOKEN_NUMBER, /* without sign */
  MRI_TOKEN_LEFT,   /* ( */
  MRI_TOKEN_RIGHT,  /* ) */
  MRI_TOKEN_COMMA,
  MRI_TOKEN_PLUS,
  MRI_TOKEN_MINUS,
  MRI_TOKEN_STAR,
  MRI_TOKEN_SLASH,
  MRI_TOKEN_EQ, /* = == */
  MRI_TOKEN_NE, /* != <> */
  MRI_TOKEN_LT,
  MRI_TOKEN_LE,
  MRI_TOKEN_GT,
  MRI_TOKEN_GE,
  MRI_TOKEN_AND,
  MRI_TOKEN_OR,
  MRI_TOKEN_NOT,
  MRI_TOKEN_IN,
  MRI_TOKEN_LIKE,
  MRI_TOKEN_ILIKE,
  MRI_TOKEN_IS,
  MRI_TOKEN_NULL
} mri_token_kind;

typedef struct mri_token {
  mri_token_kind kind;
  size_t at;        /* where it starts, in bytes */
  double number;    /* NUMBER */
  const char *text; /* WORD, NAME and TEXT, unquoted, in the arena */
} mri_token;

typedef struct mri_lexer {
  const char *text;
  size_t size;
  size_t at; /* behind the current token */
  mri_arena *arena;
  mr_error *error;
} mri_lexer;

/* INVALID_ARGUMENT for text that is no UTF-8, LIMIT above MRI_QUERY_TEXT_MAX. */
mr_status mri_lexer_init(mri_lexer *lexer, const char *text, mri_arena *arena, mr_error *error);
mr_status mri_lexer_next(mri_lexer *lexer, mri_token *out);
/* The first byte behind the current token, 0 at the end: blanks count, and do not count. */
char mri_lexer_peek(const mri_lexer *lexer);
char mri_lexer_peek_token(const mri_lexer *lexer);
/* A name behind the dot at lexer->at: "quoted", `quoted`, a star, or unquoted; unquoted names go on
 * over dots only when `rest`. *star tells a bare star from a quoted one. */
mr_status mri_lexer_name(mri_lexer *lexer, bool rest, const char **out, bool *star);

/* Whether the canonical form of a name needs no quotes; with dots inside only when `rest`. */
bool mri_name_is_plain(const char *name, bool rest);

/* "<reason> at <column>: <the text around `at`, with a caret before it>". */
mr_status mri_lexer_refuse(const mri_lexer *lexer, mr_status status, size_t at, const char *format,
                           ...) MRI_PRINTF(4, 5);

#endif
