/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file report.h
 * What a comparison of files with their digests found.
 */
#ifndef MODELREG_REPORT_H
#define MODELREG_REPORT_H

#include <modelreg/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The result of verifying or fetching files. @since 0.1.0 */
typedef struct mr_report mr_report;

/** What is wrong with a file. @since 0.1.0 */
typedef int32_t mr_problem;

enum {
  /** The file is not there. @since 0.1.0 */
  MR_PROBLEM_MISSING = 1,
  /** Its size or content differs from the digest. @since 0.1.0 */
  MR_PROBLEM_CHANGED = 2,
  /** It is there and should not be. @since 0.1.0 */
  MR_PROBLEM_EXTRA = 3,
  /** It could not be read, or is no regular file. @since 0.1.0 */
  MR_PROBLEM_UNREADABLE = 4
};

/**
 * The sums of a report.
 * @since 0.1.0
 */
typedef struct mr_report_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Files that were looked at. */
  int64_t file_count;
  /** Bytes that were read or written. */
  int64_t total_size;
  /** Files with a problem: 0 means that everything is as it should be. */
  int64_t problem_count;
} mr_report_record;

/**
 * One problem of a report.
 * @since 0.1.0
 */
typedef struct mr_problem_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What is wrong. */
  mr_problem problem;
  /** Path of the file, relative to the folder. */
  const char *path;
  /** The problem in one line. */
  const char *message;
} mr_problem_record;

/**
 * The sums.
 *
 * @param report the report
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_report_record *mr_report_info(const mr_report *report);

/**
 * Number of problems.
 *
 * @param report the report
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_report_count(const mr_report *report);

/**
 * One problem.
 *
 * @param report the report
 * @param index 0 to count - 1, in path order
 * @return @nullable a record that lives as long as the handle; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_problem_record *mr_report_at(const mr_report *report, int64_t index);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param report the handle
 * @since 0.1.0
 */
MR_API void mr_report_free(mr_report *report);

#ifdef __cplusplus
}
#endif

#endif
