/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file types.h
 * What every other header needs: the export macro, integer types, and the hooks that a host may
 * hand to the library.
 */
#ifndef MODELREG_TYPES_H
#define MODELREG_TYPES_H

#include <stddef.h>
#include <stdint.h>

/** Marks a public function. @since 0.1.0 */
#if defined(_WIN32)
#define MR_API
#elif defined(__GNUC__) && defined(MR_BUILDING)
#define MR_API __attribute__((visibility("default")))
#else
#define MR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Memory functions of the host. They may be called from any thread.
 *
 * A NULL from `allocate` or `reallocate` makes the running call fail with MR_NO_MEMORY.
 * SQLite keeps its own allocator.
 * @since 0.1.0
 */
typedef struct mr_allocator {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Handed to each function as its first argument. */
  void *ctx;
  /** Like malloc; `size` is never 0. */
  void *(*allocate)(void *ctx, size_t size);
  /** Like realloc; `memory` is never NULL and `size` is never 0. */
  void *(*reallocate)(void *ctx, void *memory, size_t size);
  /** Like free; `memory` is never NULL. */
  void (*deallocate)(void *ctx, void *memory);
} mr_allocator;

/** Initialiser for an mr_allocator. @since 0.1.0 */
#define MR_ALLOCATOR_INIT                                                                          \
  { sizeof(mr_allocator), 0, NULL, NULL, NULL, NULL }

/**
 * A clock: Unix time in microseconds. May be called from any thread.
 * @since 0.1.0
 */
typedef int64_t (*mr_clock_fn)(void *ctx);

/**
 * A source of random bytes for new ids: fills `out` with `size` bytes. May be called from any
 * thread.
 * @since 0.1.0
 */
typedef void (*mr_random_fn)(void *ctx, uint8_t *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif
