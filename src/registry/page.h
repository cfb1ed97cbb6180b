/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: the one way in which lists are handed out. */
#ifndef MRI_REGISTRY_PAGE_H
#define MRI_REGISTRY_PAGE_H

#include "base/vec.h"
#include "registry/core.h"

/* The letter that the tokens of a list begin with: a token of one list means nothing to another. */
typedef enum mri_list {
  MRI_LIST_CHANNEL_MOVES = 'C', /* capital letters go on by the id of a row ... */
  MRI_LIST_DATASETS = 'D',
  MRI_LIST_EXPERIMENTS = 'E',
  MRI_LIST_GATES = 'G',
  MRI_LIST_INPUTS = 'I',
  MRI_LIST_CHECKS = 'K',
  MRI_LIST_REQUESTS = 'Q',
  MRI_LIST_RUNS = 'R',
  MRI_LIST_ARTIFACTS = 'a', /* ... and the others by its key */
  MRI_LIST_CHANNELS = 'c',
  MRI_LIST_METRICS = 'x',
  MRI_LIST_MODELS = 'm',
  MRI_LIST_PARAMS = 'p',
  MRI_LIST_TAGS = 't',
  MRI_LIST_VERSIONS = 'v'
} mri_list;

typedef struct mri_page {
  mr_registry *registry;
  mri_arena arena;
  mri_vec records; /* pointers */
  mri_list list;
  int64_t limit;
  bool failed;          /* a string could not be copied */
  int64_t last_id;      /* of the last row that was added, where the list goes by id ... */
  const char *last_key; /* ... and where it goes by key */
  const char *next_token;
} mri_page;

/* Where a list starts: after this id (0 at the beginning) or key ("" at the beginning). */
typedef struct mri_cursor {
  mri_list list;
  int64_t limit;
  int64_t id;
  const char *key;
} mri_cursor;

mr_status mri_cursor_read(mri_cursor *out, mri_list list, int64_t limit, const char *token,
                          mr_error *error);
mr_status mri_cursor_options(mri_cursor *out, mri_list list, const mr_list_options *options,
                             mr_error *error);

/* A new page in `size` bytes whose first member is the mri_page. */
void *mri_page_new(mr_registry *registry, size_t size, const mri_cursor *cursor);
/* A zeroed record of the page with its struct_size set; NULL when memory runs out. */
void *mri_page_add(mri_page *page, size_t record_size);
/* Steps `stmt` (bound with a LIMIT of limit + 1), calls `row` for each row of the page, gives the
 * statement back. */
mr_status mri_page_fill(mri_page *page, mri_stmt *stmt,
                        mr_status (*row)(mri_page *page, const mri_stmt *stmt, mr_error *error),
                        mr_error *error);
/* There is more: the next page begins after the last row that was added. */
mr_status mri_page_end(mri_page *page, mr_error *error);
void mri_page_destroy(mri_page *page);

/* The four public functions of a page type. */
#define MRI_DEFINE_PAGE(noun, record)                                                              \
  struct noun##_page {                                                                             \
    mri_page page;                                                                                 \
  };                                                                                               \
  int64_t noun##_page_count(const noun##_page *page) {                                             \
    return page == NULL ? 0 : (int64_t)page->page.records.count;                                   \
  }                                                                                                \
  const record *noun##_page_at(const noun##_page *page, int64_t index) {                           \
    if (page == NULL || index < 0 || index >= (int64_t)page->page.records.count) return NULL;      \
    return *(record *const *)mri_vec_at(&page->page.records, (size_t)index);                       \
  }                                                                                                \
  const char *noun##_page_next_token(const noun##_page *page) {                                    \
    return page == NULL ? NULL : page->page.next_token;                                            \
  }                                                                                                \
  void noun##_page_free(noun##_page *page) {                                                       \
    if (page != NULL) mri_page_destroy(&page->page);                                               \
  }                                                                                                \
  struct noun##_page

#endif
