/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/page.h"

/* 0 for anything but a positive decimal number of at most 18 digits. */
static int64_t read_id(const char *text) {
  int64_t id = 0;
  for (const char *c = text; *c != '\0'; c++) {
    if (*c < '0' || *c > '9' || c - text >= 18) return 0;
    id = id * 10 + (*c - '0');
  }
  return id;
}

static bool goes_by_id(mri_list list) {
  return list < 'a';
}

mr_status mri_cursor_read(mri_cursor *out, mri_list list, int64_t limit, const char *token,
                          mr_error *error) {
  if (limit < 0 || limit > MR_LIST_MAX_LIMIT) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "limit is %lld, not 0 to %d", (long long)limit,
                         MR_LIST_MAX_LIMIT);
  }
  out->list = list;
  out->limit = limit == 0 ? MR_LIST_DEFAULT_LIMIT : limit;
  out->id = 0;
  out->key = "";
  if (token == NULL) return MR_OK;
  mr_status status = mri_check_value(token, "token", MRI_VALUE_MAX, error);
  if (status != MR_OK) return status;
  if (token[0] == (char)list && goes_by_id(list)) {
    out->id = read_id(token + 1);
    if (out->id > 0) return MR_OK;
  } else if (token[0] == (char)list && token[1] != '\0') {
    out->key = token + 1;
    return MR_OK;
  }
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "token is not one that a page of this list gave out");
}

mr_status mri_cursor_options(mri_cursor *out, mri_list list, const mr_list_options *options,
                             mr_error *error) {
  mr_list_options o;
  mr_status status = mri_options_read(&o, sizeof o, options, "mr_list_options", error);
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_list_options", error);
  if (status != MR_OK) return status;
  return mri_cursor_read(out, list, o.limit, o.token, error);
}

void *mri_page_new(mr_registry *registry, size_t size, const mri_cursor *cursor) {
  mri_page *page = mri_mem_zalloc(&registry->mem, 1, size);
  if (page == NULL) return NULL;
  page->registry = mri_registry_ref(registry);
  mri_arena_init(&page->arena, &registry->mem);
  mri_vec_init(&page->records, &registry->mem, sizeof(void *));
  page->list = cursor->list;
  page->limit = cursor->limit;
  return page;
}

void *mri_page_add(mri_page *page, size_t record_size) {
  void **slot = mri_vec_push(&page->records);
  if (slot == NULL) return NULL;
  *slot = mri_arena_alloc(&page->arena, record_size);
  if (*slot == NULL) {
    page->records.count--;
    return NULL;
  }
  uint32_t size = (uint32_t)record_size;
  memcpy(*slot, &size, sizeof size);
  return *slot;
}

/* A token is the letter of its list and the id or key of the last row. */
mr_status mri_page_end(mri_page *page, mr_error *error) {
  mri_str token;
  mri_str_init(&token, &page->registry->mem);
  mri_str_add_char(&token, (char)page->list);
  if (goes_by_id(page->list)) {
    mri_str_addf(&token, "%lld", (long long)page->last_id);
  } else {
    mri_str_add(&token, page->last_key);
  }
  const char *text = mri_str_text(&token);
  if (text != NULL) page->next_token = mri_arena_strdup(&page->arena, text);
  mri_str_free(&token);
  return page->next_token == NULL ? mri_error_no_memory(error) : MR_OK;
}

mr_status mri_page_fill(mri_page *page, mri_stmt *stmt,
                        mr_status (*row)(mri_page *page, const mri_stmt *stmt, mr_error *error),
                        mr_error *error) {
  mr_status status;
  for (;;) {
    bool there = false;
    status = mri_stmt_step(stmt, &there, error);
    if (status != MR_OK || !there) break;
    if ((int64_t)page->records.count == page->limit) {
      status = mri_page_end(page, error);
      break;
    }
    status = row(page, stmt, error);
    if (status == MR_OK && page->failed) status = mri_error_no_memory(error);
    if (status != MR_OK) break;
  }
  mri_stmt_done(stmt);
  return status;
}

void mri_page_destroy(mri_page *page) {
  mr_registry *registry = page->registry;
  mri_arena_free(&page->arena);
  mri_vec_free(&page->records);
  mri_mem_free(&registry->mem, page);
  mri_registry_unref(registry);
}
