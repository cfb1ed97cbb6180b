/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file fsck.h
 * Checking that a registry is whole, and mending what can be mended without losing anything.
 */
#ifndef MODELREG_FSCK_H
#define MODELREG_FSCK_H

#include <modelreg/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a check of a registry found. @since 0.1.0 */
typedef struct mr_fsck mr_fsck;

/** What to check: any of the MR_FSCK_ bits. @since 0.1.0 */
typedef uint32_t mr_fsck_flags;

enum {
  /** Look only whether stored content is there and of the right size, without reading it.
   * @since 0.1.0 */
  MR_FSCK_QUICK = 1,
  /** Mend what is derived from other rows that are whole: summaries of metrics, the numbers read
   * from params and indexes; and remove what interrupted writers left behind more than a day ago.
   * Nothing else is ever changed. @since 0.1.0 */
  MR_FSCK_REPAIR = 2
};

/**
 * How to check a registry.
 * @since 0.1.0
 */
typedef struct mr_fsck_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Any of MR_FSCK_QUICK and MR_FSCK_REPAIR. */
  mr_fsck_flags flags;
  /** Most findings to list, 1 to 1,000,000; 0 is 1,000. All are counted. */
  int64_t limit;
  /** @nullable Ends the call early. With SQLite before 3.41 a trigger waits while the database
   * looks at its own pages, about a second for each gigabyte in memory. */
  const mr_cancel *cancel;
} mr_fsck_options;

/** Initialiser for mr_fsck_options. @since 0.1.0 */
#define MR_FSCK_OPTIONS_INIT                                                                       \
  { sizeof(mr_fsck_options), 0, 0, NULL }

/** What kind of thing a finding is about. @since 0.1.0 */
typedef int32_t mr_finding;

enum {
  /** The database itself: pages, indexes and constraints, as the database's own check sees them.
   * @since 0.1.0 */
  MR_FINDING_DATABASE = 1,
  /** A row names another one that is not there, or of which there may be only one. @since 0.1.0 */
  MR_FINDING_REFERENCE = 2,
  /** A value that this library never writes: an unknown state, a name or time that is none.
   * @since 0.1.0 */
  MR_FINDING_VALUE = 3,
  /** A digest that differs from what it is a digest of. @since 0.1.0 */
  MR_FINDING_DIGEST = 4,
  /** A count or a sum that differs from what it counts. @since 0.1.0 */
  MR_FINDING_COUNT = 5,
  /** The summary of a metric, or a number, that differs from what it was made of. @since 0.1.0 */
  MR_FINDING_SUMMARY = 6,
  /** A sequence with a gap or out of order, or a last state that is not what the history says.
   * @since 0.1.0 */
  MR_FINDING_SEQUENCE = 7,
  /** Stored content that is not there. @since 0.1.0 */
  MR_FINDING_MISSING = 8,
  /** Stored content that differs from its digest or cannot be read. @since 0.1.0 */
  MR_FINDING_CHANGED = 9,
  /** Something that nothing refers to: a note, no error. @since 0.1.0 */
  MR_FINDING_ORPHAN = 10,
  /** The software below has a fault that operators should know: a note, no error. @since 0.1.0 */
  MR_FINDING_SOFTWARE = 11
};

/**
 * The sums of a check.
 * @since 0.1.0
 */
typedef struct mr_fsck_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Rows that were looked at. */
  int64_t row_count;
  /** Stored pieces of content that were looked at; what is missing is none. */
  int64_t blob_count;
  /** Bytes of content that were read. */
  int64_t total_size;
  /** Errors that are still there: 0 means that the registry is whole. */
  int64_t error_count;
  /** Notes: findings that harm nothing. */
  int64_t note_count;
  /** What was mended, errors and notes, which are in neither of the two counts before. */
  int64_t repaired_count;
} mr_fsck_record;

/**
 * One finding.
 * @since 0.1.0
 */
typedef struct mr_finding_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What kind of thing it is about. */
  mr_finding finding;
  /** 1 when it is a note, which harms nothing; 0: an error. */
  int32_t is_note;
  /** 1 when it was mended. */
  int32_t repaired;
  /** What it is about, such as "version model@1.2.0" or "blob 0a1b...". */
  const char *object;
  /** What is wrong, in one line. */
  const char *message;
  /** What to do about it, in one line. */
  const char *remedy;
} mr_finding_record;

/**
 * Checks every row and every piece of content of a registry: references, values, digests, counts,
 * summaries, sequences, the database's own structures, content that nothing refers to, and the
 * version of the database software.
 *
 * Rows are read in one snapshot, so that others may go on writing; content is read after it. What
 * is found is no failure of the call. A registry that cannot be opened cannot be checked:
 * mr_registry_open() says what is wrong with it.
 *
 * With MR_FSCK_REPAIR the registry must be open for writing, and what is mended is mended in one
 * transaction: others wait with their writes while the rows are checked, not while content is read.
 * Indexes are mended only where no page of the database is damaged. Everything else needs a backup,
 * see mr_registry_backup().
 *
 * A check holds what is stored against itself. It cannot see what is whole and yet not what it was:
 * an older state of database and content in their place, a log that ends with an earlier commit,
 * another id of the registry, what a rule observed, checks, and names, tags and values of runs that
 * no request has sealed.
 *
 * @param registry the registry
 * @param options @nullable all defaults
 * @param out_fsck receives the findings
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for unknown flags or a limit out of range; MR_READ_ONLY for a
 *         repair of a registry that is open for reading; MR_CORRUPT when the database is so damaged
 *         that it cannot be read to its end; MR_NOT_SUPPORTED for a schema newer than this
 *         library's, whose rows it does not know; MR_CANCELLED; MR_ABI_MISMATCH; and the common
 *         ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_fsck(mr_registry *registry, const mr_fsck_options *options,
                                  mr_fsck **out_fsck, mr_error *error);

/**
 * The sums.
 *
 * @param fsck the findings
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_fsck_record *mr_fsck_info(const mr_fsck *fsck);

/**
 * Number of findings that are listed.
 *
 * @param fsck the findings
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_fsck_count(const mr_fsck *fsck);

/**
 * One finding.
 *
 * @param fsck the findings
 * @param index 0 to count - 1: errors before notes, each in the order they were found
 * @return @nullable a record that lives as long as the handle; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_finding_record *mr_fsck_at(const mr_fsck *fsck, int64_t index);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param fsck the handle
 * @since 0.1.0
 */
MR_API void mr_fsck_free(mr_fsck *fsck);

#ifdef __cplusplus
}
#endif

#endif
