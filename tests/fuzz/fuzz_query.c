/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: what is read prints in one canonical form, evaluates to one truth with an
 * explanation, and never asks for what the grammar does not have. */
#include "fuzz.h"
#include "query/query.h"

#include "base/text.h"
#include <math.h>
#include <stdlib.h>

static uint32_t hash(const mri_query_path *path) {
  uint32_t value = 2166136261U;
  for (int i = 0; i < path->count; i++)
    for (const char *at = path->parts[i]; *at != '\0'; at++)
      value = (value ^ (uint8_t)*at) * 16777619U;
  return value ^ (uint32_t)path->summary;
}

/* A subject that knows every path: what it answers hangs on the path's name alone. */
static mr_status get(void *ctx, const mri_query_path *path, mri_arena *arena, mri_query_value *out,
                     mr_error *error) {
  static const double numbers[] = {0, -0.0, 1, 0.92, -1e308, 5e-324, 0.1, 1e15};
  static const char *const texts[] = {"", "adam", "0.92", "abc%", "_", "\xc3\xa9", "FINISHED", "1"};
  (void)ctx;
  (void)arena;
  (void)error;
  uint32_t chosen = hash(path);
  MUST(path->star == -1 && path->count >= 1 && path->count <= MRI_QUERY_PARTS_MAX);
  out->kind = (mri_value_kind)(chosen % 4);
  out->number = numbers[chosen / 4 % 8];
  out->text = out->kind == MRI_VALUE_TEXT ? texts[chosen / 4 % 8] : NULL;
  out->text_size = out->text != NULL ? strlen(out->text) : 0;
  out->open = (chosen / 32 & 1) != 0;
  return MR_OK;
}

static mr_status expand(void *ctx, const mri_query_path *path, mri_arena *arena,
                        mri_query_names *out, mr_error *error) {
  static const char *const names[] = {"0", "1", "model.bin"};
  (void)ctx;
  (void)arena;
  (void)error;
  out->names = names;
  out->count = hash(path) % 4;
  out->open = (hash(path) / 4 & 1) != 0;
  return MR_OK;
}

static mri_query_result evaluate(const mri_query *query, mri_arena *arena) {
  mri_query_subject subject = {NULL, get, expand};
  mri_query_result result;
  MUST(mri_query_evaluate(query, &subject, arena, &result, NULL) == MR_OK);
  MUST(result.truth == MRI_TRUE || result.truth == MRI_FALSE || result.truth == MRI_UNKNOWN);
  MUST((result.reason[0] == '\0') == (result.truth == MRI_TRUE));
  MUST(!result.open || result.truth != MRI_TRUE);
  MUST(strlen(result.observed) <= 2000 && strlen(result.reason) <= 2000);
  MUST(mri_utf8_valid(result.observed, strlen(result.observed)));
  MUST(mri_utf8_valid(result.reason, strlen(result.reason)));
  MUST(strpbrk(result.reason, "\r\n") == NULL && strpbrk(result.observed, "\r\n") == NULL);
  return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const mri_mem *mem = mri_mem_default();
  mr_error error = MR_ERROR_INIT;
  mri_query *query = NULL;
  mri_query *again = NULL;
  mri_str first;
  mri_str second;
  mri_arena arena;
  char *text = fuzz_text(data, size, MRI_QUERY_TEXT_MAX + 2);
  if (text == NULL) return 0;
  mr_status status = mri_query_parse(mem, text, &query, &error);
  free(text);
  if (status != MR_OK) {
    MUST(status == MR_INVALID_ARGUMENT || status == MR_LIMIT);
    MUST(mri_utf8_valid(error.message, strlen(error.message)) && error.message[0] != '\0');
    return 0;
  }
  mri_str_init(&first, mem);
  mri_str_init(&second, mem);
  mri_arena_init(&arena, mem);
  MUST(mri_query_print(query, &first, NULL) == MR_OK);
  MUST(mri_query_parse(mem, mri_str_text(&first), &again, &error) == MR_OK);
  MUST(mri_query_print(again, &second, NULL) == MR_OK);
  MUST(strcmp(mri_str_text(&first), mri_str_text(&second)) == 0);
  MUST(mri_query_negates_star(query) == mri_query_negates_star(again));
  mri_query_result one = evaluate(query, &arena);
  mri_query_result two = evaluate(again, &arena);
  MUST(one.truth == two.truth && one.open == two.open);
  MUST(strcmp(one.required, mri_str_text(&first)) == 0);
  MUST(strcmp(one.observed, two.observed) == 0 && strcmp(one.reason, two.reason) == 0);
  mri_arena_free(&arena);
  mri_str_free(&first);
  mri_str_free(&second);
  mri_query_free(query);
  mri_query_free(again);
  return 0;
}
