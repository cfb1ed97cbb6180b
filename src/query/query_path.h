/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand behind a family's name: metrics.NAME, artifacts.NAME.FIELD and so on. */
#ifndef MRI_QUERY_QUERY_PATH_H
#define MRI_QUERY_QUERY_PATH_H

#include "query/lexer.h"
#include "query/query.h"

/* Reads the path that starts with `word` at byte `at`; the lexer stands behind the word. A word
 * without a dot is `incumbent` or an attribute. *is_metric: the innermost family is metrics, so
 * summary functions apply. */
mr_status mri_path_parse(mri_lexer *lexer, const char *word, size_t at, mri_query_path *out,
                         bool *is_metric);
/* An attribute by its bare name. */
mr_status mri_path_attribute(mri_lexer *lexer, const char *word, size_t at, mri_query_path *out);

/* MRI_SUMMARY_NONE when `word` is no summary function; any case. */
mri_summary_function mri_summary_find(const char *word);
bool mri_is_abs(const char *word);

/* Appends the canonical text; failures stick in `out`. */
void mri_path_print(const mri_query_path *path, mri_str *out);
bool mri_path_equal(const mri_query_path *a, const mri_query_path *b);
/* Whether two paths with `some` are about the datasets of the same run. */
bool mri_path_same_some(const mri_query_path *a, const mri_query_path *b);

#endif
