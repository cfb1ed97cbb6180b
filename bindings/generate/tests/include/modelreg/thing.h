/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file thing.h
 * Things, which have one of every shape.
 *
 * The lines of a paragraph
 * are one.
 *
 *     a table        stays
 *     as it          is
 */
#ifndef MODELREG_THING_H
#define MODELREG_THING_H

#include <modelreg/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A thing. @since 0.1.0 */
typedef struct mr_thing mr_thing;

/** The most things. @since 0.1.0 */
#define MR_THING_LIMIT 0x10

/** What kind of thing. @since 0.1.0 */
typedef int32_t mr_thing_kind;

enum {
  /** A good one. @since 0.1.0 */
  MR_THING_KIND_GOOD = 1,
  /** A bad one. @since 0.2.0 @deprecated MR_THING_KIND_GOOD */
  MR_THING_KIND_BAD = 2
};

/** How to open. @since 0.1.0 */
typedef uint32_t mr_open_flags;

enum {
  /** Make it. @since 0.1.0 */
  MR_OPEN_CREATE = 1,
  /** Only look. @since 0.1.0 */
  MR_OPEN_LOOK = 1 << 1
};

/**
 * How to open a thing.
 * @since 0.1.0
 */
typedef struct mr_open_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Any of MR_OPEN_CREATE and MR_OPEN_LOOK. */
  mr_open_flags flags;
  /** 1: be strict. */
  int32_t strict;
  /** Zero. */
  uint32_t reserved;
  /** @nullable A name; NULL: none. @since 0.2.0 */
  const char *name;
  /** @nullable Keys; NULL when tag_count is 0. */
  const char *const *tag_keys;
  /** @nullable Values; NULL when tag_count is 0. */
  const char *const *tag_values;
  /** Number of both. */
  size_t tag_count;
  /** @nullable Functions of the host; NULL: the system's. */
  const mr_hooks *hooks;
  /** @nullable A clock; NULL: the system's. */
  mr_clock_fn clock;
  /** First argument of `clock`. */
  void *clock_ctx;
} mr_open_options;

/** Initialiser for an mr_open_options. @since 0.1.0 */
#define MR_OPEN_OPTIONS_INIT                                                                       \
  { sizeof(mr_open_options), 0, 0, 0, NULL, NULL, NULL, 0, NULL, NULL, NULL }

/**
 * What a thing is.
 * @since 0.1.0
 */
typedef struct mr_thing_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Kind of the thing. */
  mr_thing_kind kind;
  /** Its name. */
  const char *name;
  /** Weight in kilograms. */
  double weight;
  /** What to know, one line each. */
  const char *const *warnings;
  /** Number of `warnings`. */
  int64_t warning_count;
} mr_thing_record;

/**
 * Opens a thing.
 *
 * @param folder where it is
 * @param options @nullable all defaults
 * @param out_thing receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad
 *         folder; MR_NOT_FOUND
 * @since 0.1.0
 */
MR_API mr_status mr_thing_open(const char *folder, const mr_open_options *options,
                               mr_thing **out_thing, mr_error *error);

/**
 * What it is.
 *
 * @param thing the thing
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_thing_record *mr_thing_info(const mr_thing *thing);

/**
 * Sets a property.
 *
 * @param thing the thing
 * @param key its key
 * @param value its value
 * @param error receives the reason of a failure
 * @return as mr_thing_open()
 * @since 0.1.0
 * @skip
 */
MR_API mr_status mr_thing_set(mr_thing *thing, const char *key, const char *value, mr_error *error);

/**
 * Logs points.
 *
 * @param thing the thing
 * @param values `count` values
 * @param steps `count` steps
 * @param count number of points
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT
 * @since 0.1.0
 */
MR_API mr_status mr_thing_log(mr_thing *thing, const double *values, const int64_t *steps,
                              size_t count, mr_error *error);

/**
 * Stores bytes.
 *
 * @param thing the thing
 * @param data @nullable when size is 0
 * @param size number of bytes
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT
 * @since 0.1.0
 */
MR_API mr_status mr_thing_store(mr_thing *thing, const uint8_t *data, size_t size, mr_error *error);

/**
 * Reads bytes.
 *
 * @param thing the thing
 * @param offset first byte
 * @param out_data room for `size` bytes
 * @param size most bytes to read
 * @param out_size receives how many were read
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT
 * @since 0.1.0
 */
MR_API mr_status mr_thing_read(mr_thing *thing, int64_t offset, uint8_t *out_data, size_t size,
                               size_t *out_size, mr_error *error);

/**
 * All bytes at once.
 *
 * @param thing the thing
 * @param out_data receives the first of mr_thing_size() bytes
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT
 * @since 0.1.0
 */
MR_API mr_status mr_thing_map(mr_thing *thing, const uint8_t **out_data, mr_error *error);

/**
 * How many bytes.
 *
 * @param thing the thing
 * @return 0 or more
 * @fast
 * @since 0.1.0
 */
MR_API size_t mr_thing_size(const mr_thing *thing);

/**
 * Its digest.
 *
 * @param thing the thing
 * @param out_digest receives 64 hex digits
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; @nullable NULL where it has none
 * @since 0.1.0
 */
MR_API mr_status mr_thing_digest(mr_thing *thing, const char **out_digest, mr_error *error);

/**
 * Number of points.
 *
 * @param thing the thing
 * @return 0 or more
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_thing_count(const mr_thing *thing);

/**
 * The column of steps.
 *
 * @param thing the thing
 * @return `count` steps
 * @fast
 * @since 0.1.0
 */
MR_API const int64_t *mr_thing_steps(const mr_thing *thing);

/**
 * Wakes it up.
 *
 * @param thing the thing; NULL is a no-op
 * @fast
 * @since 0.1.0
 */
MR_API void mr_thing_wake(mr_thing *thing);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param thing the handle
 * @since 0.1.0
 */
MR_API void mr_thing_free(mr_thing *thing);

/** One page of a list of things. @since 0.1.0 */
typedef struct mr_thing_page mr_thing_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_thing_page_count(const mr_thing_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_thing_record *mr_thing_page_at(const mr_thing_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token; NULL at the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_thing_page_next_token(const mr_thing_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_thing_page_free(mr_thing_page *page);

#ifdef __cplusplus
}
#endif

#endif
