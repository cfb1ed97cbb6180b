/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file list.h
 * What all lists share. A list comes in pages: a page handle holds records, and a token for the
 * next page where there is one.
 */
#ifndef MODELREG_LIST_H
#define MODELREG_LIST_H

#include <modelreg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Records in a page when the caller does not say. @since 0.1.0 */
#define MR_LIST_DEFAULT_LIMIT 1000
/** The most records that a page can hold. @since 0.1.0 */
#define MR_LIST_MAX_LIMIT 100000

/**
 * Which part of a list to return.
 * @since 0.1.0
 */
typedef struct mr_list_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Most records in the page, 1 to MR_LIST_MAX_LIMIT; 0 is MR_LIST_DEFAULT_LIMIT. */
  int64_t limit;
  /** @nullable Token of the page before in the same list; NULL starts at the beginning. */
  const char *token;
} mr_list_options;

/** Initialiser for mr_list_options. @since 0.1.0 */
#define MR_LIST_OPTIONS_INIT                                                                       \
  { sizeof(mr_list_options), 0, 0, NULL }

#ifdef __cplusplus
}
#endif

#endif
