/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file types.h
 * What the other headers need.
 */
#ifndef MODELREG_TYPES_H
#define MODELREG_TYPES_H

#include <stddef.h>
#include <stdint.h>

/** Marks a public function. @since 0.1.0 */
#if defined(_WIN32)
#define MR_API
#elif defined(__GNUC__)
#define MR_API __attribute__((visibility("default")))
#else
#define MR_API
#endif

/** Major version. @since 0.1.0 */
#define MR_LIBRARY_VERSION_MAJOR 0
/** Minor version. @since 0.1.0 */
#define MR_LIBRARY_VERSION_MINOR 2
/** Patch version. @since 0.1.0 */
#define MR_LIBRARY_VERSION_PATCH 3
/** ABI level. @since 0.1.0 */
#define MR_ABI_LEVEL 1

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Functions of the host.
 * @since 0.1.0
 */
typedef struct mr_hooks {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** First argument of each function. */
  void *ctx;
  /** Like malloc. */
  void *(*allocate)(void *ctx, size_t size);
} mr_hooks;

/** Initialiser for an mr_hooks. @since 0.1.0 */
#define MR_HOOKS_INIT                                                                              \
  { sizeof(mr_hooks), 0, NULL, NULL }

/** A clock. @since 0.1.0 */
typedef int64_t (*mr_clock_fn)(void *ctx);

#ifdef __cplusplus
}
#endif

#endif
