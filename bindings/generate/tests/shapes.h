/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file shapes.h
 * Shapes that the small headers do not have. A test puts them beside the public headers.
 */
#ifndef MODELREG_SHAPES_H
#define MODELREG_SHAPES_H

#include <modelreg/buffer.h>
#include <modelreg/cancel.h>
#include <modelreg/list.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A crate, which can be filled. @since 0.1.0 */
typedef struct mr_crate mr_crate;

/**
 * Makes a crate.
 *
 * @param out_crate receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_crate_new(mr_crate **out_crate, mr_error *error);

/**
 * Fills it.
 *
 * @param crate the crate
 * @param name what with
 * @param error receives the reason of a failure
 * @return MR_OK; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_crate_fill(mr_crate *crate, const char *name, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param crate the handle
 * @since 0.1.0
 */
MR_API void mr_crate_free(mr_crate *crate);

/** How things are. @since 0.1.0 */
typedef int32_t mr_condition;

enum {
  /** As new. @since 0.1.0 */
  MR_CONDITION_NEW = 1,
  /** Worn. @since 0.1.0 */
  MR_CONDITION_WORN = 2
};

/**
 * What a crate was.
 * @since 0.1.0
 */
typedef struct mr_crate_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Its condition. */
  mr_condition condition;
  /** When it got that condition, Unix microseconds. */
  int64_t condition_us;
  /** @nullable Who made it, or NULL. */
  const char *maker;
  /** @nullable What it held; NULL when label_count is 0. */
  const char *const *labels;
  /** Number of `labels`. */
  int64_t label_count;
} mr_crate_record;

/** One page of a list of crates. @since 0.1.0 */
typedef struct mr_crate_page mr_crate_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_crate_page_count(const mr_crate_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_crate_record *mr_crate_page_at(const mr_crate_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token; NULL at the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_crate_page_next_token(const mr_crate_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_crate_page_free(mr_crate_page *page);

/** A walk along the crates. @since 0.1.0 */
typedef struct mr_walk mr_walk;

/**
 * What a walk came across.
 * @since 0.1.0
 */
typedef struct mr_walk_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 1 when it ended early. */
  int32_t cut;
  /** How many there were. */
  int64_t crate_count;
} mr_walk_record;

/**
 * How to walk.
 * @since 0.1.0
 */
typedef struct mr_walk_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Only crates in this condition; 0: all. */
  mr_condition condition;
  /** How far; 0: to the end. */
  int64_t depth;
  /** @nullable A crate to pass by; NULL: none. */
  const mr_crate *crate;
  /** @nullable Ends it early. */
  const mr_cancel *cancel;
} mr_walk_options;

/** Initialiser for an mr_walk_options. @since 0.1.0 */
#define MR_WALK_OPTIONS_INIT                                                                       \
  { sizeof(mr_walk_options), 0, 0, NULL, NULL }

/**
 * Begins a walk.
 *
 * @param crate the crate to begin at
 * @param other @nullable the crate to end at; NULL: the last one
 * @param options @nullable all defaults
 * @param out_walk receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_CANCELLED
 * @since 0.1.0
 */
MR_API mr_status mr_crate_walk(mr_crate *crate, const mr_crate *other,
                               const mr_walk_options *options, mr_walk **out_walk, mr_error *error);

/**
 * Goes on.
 *
 * @param walk the walk, which stays as it is
 * @param options @nullable all defaults
 * @param out_walk receives the walk that is longer
 * @param error receives the reason of a failure
 * @return MR_OK: ask the new walk how far it came; MR_CANCELLED
 * @since 0.1.0
 */
MR_API mr_status mr_walk_go_on(mr_walk *walk, const mr_walk_options *options, mr_walk **out_walk,
                               mr_error *error);

/**
 * Forgets what lies behind.
 *
 * @param walk the walk
 * @param reason @nullable why; NULL: not said
 * @param error receives the reason of a failure
 * @return MR_OK, also when it is gone already; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_walk_delete(mr_walk *walk, const char *reason, mr_error *error);

/**
 * Lists what lies ahead.
 *
 * @param walk the walk
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_walk_list_crates(mr_walk *walk, const mr_list_options *options,
                                     mr_crate_page **out_page, mr_error *error);

/**
 * What it came across.
 *
 * @param walk the walk
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_walk_record *mr_walk_info(const mr_walk *walk);

/**
 * Number of crates.
 *
 * @param walk the walk
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_walk_count(const mr_walk *walk);

/**
 * One crate.
 *
 * @param walk the walk
 * @param index 0 to count - 1
 * @return @nullable a record that lives as long as the handle; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_crate_record *mr_walk_at(const mr_walk *walk, int64_t index);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param walk the handle
 * @since 0.1.0
 */
MR_API void mr_walk_free(mr_walk *walk);

/** A mark, which never changes. @since 0.1.0 */
typedef struct mr_mark mr_mark;

/** How to read a mark: 0 or MR_MARK_LOOSE. @since 0.1.0 */
typedef uint32_t mr_mark_flags;

enum {
  /** Loosely. @since 0.1.0 */
  MR_MARK_LOOSE = 1
};

/**
 * Reads a mark.
 *
 * @param text the text
 * @param flags 0 or MR_MARK_LOOSE
 * @param out_mark receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT
 * @since 0.1.0
 */
MR_API mr_status mr_mark_parse(const char *text, mr_mark_flags flags, mr_mark **out_mark,
                               mr_error *error);

/**
 * Compares two marks.
 *
 * @param mark the mark
 * @param other the mark that it is compared with
 * @return -1, 0 or 1: it is below the other, equal to it, or above it; NULL is below every mark
 * @fast
 * @since 0.1.0
 */
MR_API int32_t mr_mark_compare(const mr_mark *mark, const mr_mark *other);

/**
 * Whether a mark covers another one.
 *
 * @param mark the mark
 * @param inner the other one
 * @return 1 when it does, else 0; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int32_t mr_mark_covers(const mr_mark *mark, const mr_mark *inner);

/**
 * The bytes that sort as the mark does.
 *
 * @param mark the mark
 * @param out_key receives the key
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_mark_key(const mr_mark *mark, mr_buffer **out_key, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param mark the handle
 * @since 0.1.0
 */
MR_API void mr_mark_free(mr_mark *mark);

#ifdef __cplusplus
}
#endif

#endif
