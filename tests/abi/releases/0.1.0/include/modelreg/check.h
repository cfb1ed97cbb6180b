/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file check.h
 * Checks: what named validations of a run found, who said so, and the evidence.
 *
 * Every report is kept; of several with one name the latest counts. Checks can be reported at any
 * time, also on a run that is sealed: a request that waits for one is completed with
 * mr_request_complete().
 */
#ifndef MODELREG_CHECK_H
#define MODELREG_CHECK_H

#include <modelreg/artifact.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a check found. @since 0.1.0 */
typedef int32_t mr_check_result;

enum {
  /** All is well. @since 0.1.0 */
  MR_CHECK_RESULT_PASSED = 1,
  /** It is not. @since 0.1.0 */
  MR_CHECK_RESULT_FAILED = 2,
  /** It was not made. @since 0.1.0 */
  MR_CHECK_RESULT_SKIPPED = 3
};

/**
 * What is known about a report of a check. Evidence is a file that is copied into the blob store,
 * or something elsewhere that is named by its digest; not both.
 * @since 0.1.0
 */
typedef struct mr_check_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Who or what made the check, such as a tool with its version, up to 250 bytes; NULL:
   * the actor of the registry. */
  const char *reporter;
  /** @nullable A note for people, up to 65,536 bytes; NULL: none. */
  const char *note;
  /** @nullable Local path of a file that shows what was found; NULL: none. */
  const char *evidence_path;
  /** @nullable Where evidence lies that is not copied, up to 4,096 bytes; NULL: nowhere. */
  const char *evidence_uri;
  /** @nullable Digest of what lies there, 64 hex digits; goes with evidence_uri. */
  const char *evidence_digest;
  /** Size in bytes of what lies there; goes with evidence_uri. */
  int64_t evidence_size;
  /** @nullable Ends copying early. */
  const mr_cancel *cancel;
} mr_check_options;

/** Initialiser for mr_check_options. @since 0.1.0 */
#define MR_CHECK_OPTIONS_INIT                                                                      \
  { sizeof(mr_check_options), 0, NULL, NULL, NULL, NULL, NULL, 0, NULL }

/**
 * Records a report of a check. Once it returns it survives a loss of power.
 *
 * @param run the run, in any state
 * @param name name of the check, 1 to 250 bytes
 * @param result what it found
 * @param options @nullable all defaults
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad name, an unknown result, evidence in both ways or a
 *         URI without digest; MR_NOT_FOUND when there is no file at evidence_path; MR_CANCELLED;
 *         MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_check(mr_run *run, const char *name, mr_check_result result,
                                  const mr_check_options *options, mr_error *error);

/**
 * One report of a check.
 * @since 0.1.0
 */
typedef struct mr_check_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What it found. */
  mr_check_result result;
  /** Id of the report, a UUID. */
  const char *id;
  /** Name of the check. */
  const char *name;
  /** Who or what made the check. */
  const char *reporter;
  /** @nullable Note, or NULL. */
  const char *note;
  /** @nullable Digest of the evidence, 64 hex digits; NULL: there is none. */
  const char *evidence_digest;
  /** @nullable Where the evidence lies; NULL where the registry keeps it, or there is none. */
  const char *evidence_uri;
  /** Size of the evidence in bytes; 0 when there is none. */
  int64_t evidence_size;
  /** Actor of the registry that recorded it. */
  const char *actor;
  /** When it was recorded, Unix microseconds. */
  int64_t created_us;
  /** 1 when it is the latest report of its name, the one that counts. */
  int32_t latest;
  /** Zero. */
  uint32_t reserved;
} mr_check_record;

/** One page of a list of reports of checks. @since 0.1.0 */
typedef struct mr_check_page mr_check_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_check_page_count(const mr_check_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_check_record *mr_check_page_at(const mr_check_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_check_page_next_token(const mr_check_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_check_page_free(mr_check_page *page);

/**
 * Lists every report of a check on a run, in the order in which they were recorded.
 *
 * @param run the run
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit or token; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_list_checks(mr_run *run, const mr_list_options *options,
                                    mr_check_page **out_page, mr_error *error);

/**
 * Opens the evidence of a report as verified bytes. The path in its record is the id of the report.
 *
 * @param run the run
 * @param check_id id of the report
 * @param out_blob receives the handle
 * @param error receives the reason of a failure
 * @return as mr_run_open_artifact(); MR_NOT_FOUND also when the run has no such report, or the
 *         report no evidence
 * @since 0.1.0
 */
MR_API mr_status mr_run_open_evidence(mr_run *run, const char *check_id, mr_blob **out_blob,
                                      mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
