/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file model_version.h
 * Versions: semantic versions of a model, each made by a gate that passed.
 */
#ifndef MODELREG_MODEL_VERSION_H
#define MODELREG_MODEL_VERSION_H

#include <modelreg/artifact.h>
#include <modelreg/dataset.h>
#include <modelreg/model.h>
#include <modelreg/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A version of a model. @since 0.1.0 */
typedef struct mr_version mr_version;

/** Whether a version should be used. @since 0.1.0 */
typedef int32_t mr_version_status;

enum {
  /** In use. @since 0.1.0 */
  MR_VERSION_STATUS_ACTIVE = 1,
  /** Resolves with a warning; `latest` and ranges take it where nothing active fits.
   * @since 0.1.0 */
  MR_VERSION_STATUS_DEPRECATED = 2,
  /** Skipped by `latest` and ranges; an exact reference or a digest still resolves, with a warning.
   * @since 0.1.0 */
  MR_VERSION_STATUS_YANKED = 3
};

/**
 * What a version is and where it comes from.
 * @since 0.1.0
 */
typedef struct mr_version_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Status of the version. */
  mr_version_status status;
  /** Id of the version, a UUID. */
  const char *id;
  /** Name of the model. */
  const char *model;
  /** Number: a semantic version 2.0.0 (semver.org). Its build metadata is the end of the run's id
   * unless the version was given with its own. */
  const char *number;
  /** Id of the run that made it. */
  const char *run_id;
  /** Artifact path in that run: a file, a folder, or "" for the whole tree. */
  const char *artifact_path;
  /** Digest of the manifest of its artifacts, 64 hex digits: the identity of its content. */
  const char *digest;
  /** Number of files. */
  int64_t file_count;
  /** Sum of their sizes in bytes. */
  int64_t total_size;
  /** @nullable Description given with the promotion, or NULL. */
  const char *description;
  /** Id of the request that made it. */
  const char *request_id;
  /** Id of the run's experiment. */
  const char *experiment_id;
  /** Name of the run's experiment. */
  const char *experiment_name;
  /** @nullable Commit of the run's source code, or NULL. */
  const char *source_commit;
  /** Digest of the params of the run as they were judged, 64 hex digits: BLAKE2b-256 over the line
   * "params" and, in the byte order of the keys, each key and each value as its length in decimal,
   * a colon and its bytes. */
  const char *params_digest;
  /** Who promoted it. */
  const char *actor;
  /** When it was promoted, Unix microseconds; later than every change of the registry before it,
   * also where the clock was set back. */
  int64_t created_us;
  /** What a consumer should know, one line each: that it is deprecated or yanked, why, and what to
   * use in its place. */
  const char *const *warnings;
  /** Number of `warnings`. */
  int64_t warning_count;
  /** Digests of the datasets that the run had as inputs when it was judged, 64 hex digits each, in
   * the order in which they were logged; mr_version_list_inputs() tells more. */
  const char *const *dataset_digests;
  /** Number of `dataset_digests`. */
  int64_t dataset_count;
  /** @nullable Program or script of the run, or NULL. */
  const char *source_entry_point;
  /** @nullable Host of the run, or NULL. */
  const char *environment_host;
  /** @nullable Digest of the run's list of installed packages, or NULL. */
  const char *environment_packages_digest;
  /** @nullable Digest of the run's container image, or NULL. */
  const char *environment_image_digest;
  /** Whether the source had changes that are not in the commit. */
  mr_source_state source_state;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Why it got its status: is deprecated, yanked, or active again; NULL as it was
   * promoted, or where nobody said. */
  const char *status_reason;
  /** @nullable Number of the version to use in its place, or NULL. */
  const char *replacement;
  /** Who gave it its status. */
  const char *status_actor;
  /** When, Unix microseconds. */
  int64_t status_us;
} mr_version_record;

/**
 * Opens a version by its number.
 *
 * @param model the model
 * @param number semantic version; build metadata may be left out
 * @param out_version receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a malformed number; MR_NOT_FOUND, also when it was deleted
 *         or the number names other build metadata than the version has; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_open_version(mr_model *model, const char *number,
                                       mr_version **out_version, mr_error *error);

/**
 * What this version was when the handle was opened; open it again for what it is now.
 *
 * @param version the version
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_version_record *mr_version_info(const mr_version *version);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param version the handle
 * @since 0.1.0
 */
MR_API void mr_version_free(mr_version *version);

/** One page of a list of versions. @since 0.1.0 */
typedef struct mr_version_page mr_version_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_version_page_count(const mr_version_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_version_record *mr_version_page_at(const mr_version_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_version_page_next_token(const mr_version_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_version_page_free(mr_version_page *page);

/**
 * Lists the versions of a model by precedence, the highest first, without those that were deleted.
 *
 * @param model the model
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit or token; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_list_versions(mr_model *model, const mr_list_options *options,
                                        mr_version_page **out_page, mr_error *error);

/**
 * Lists the inputs of the run that a version was made of, as mr_run_list_inputs() does: the
 * datasets with their roles and digests, runs, and the versions it builds on.
 *
 * @param version the version
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit or token; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_list_inputs(mr_version *version, const mr_list_options *options,
                                        mr_input_page **out_page, mr_error *error);

/**
 * Why a version is deprecated.
 * @since 0.1.0
 */
typedef struct mr_deprecate_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Why, 1 to 65,536 bytes: consumers read it. */
  const char *reason;
  /** @nullable Number of the version to use in its place, which is active; NULL: none. */
  const char *replacement;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_deprecate_options;

/** Initialiser for an mr_deprecate_options. @since 0.1.0 */
#define MR_DEPRECATE_OPTIONS_INIT                                                                  \
  { sizeof(mr_deprecate_options), 0, NULL, NULL, NULL }

/**
 * Deprecates a version: it still resolves, with a warning, and `latest` and ranges prefer others.
 * Again with another reason or replacement changes those.
 *
 * @param version the version
 * @param options why
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT when there is no reason, for malformed text, or a replacement
 *         that is this version; MR_NOT_FOUND when this version was deleted, or for an unknown
 *         replacement; MR_CONFLICT when this version is yanked, or the replacement is not active;
 *         MR_CANCELLED; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_deprecate(mr_version *version, const mr_deprecate_options *options,
                                      mr_error *error);

/**
 * Makes a deprecated version active again. An active one stays as it is.
 *
 * @param version the version
 * @param reason @nullable why, up to 65,536 bytes; NULL: not said
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text; MR_NOT_FOUND when it was deleted;
 *         MR_CONFLICT when it is yanked; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_undeprecate(mr_version *version, const char *reason, mr_error *error);

/** What becomes of the channels that hold a version when it is yanked. @since 0.1.0 */
typedef int32_t mr_yank_channels;

enum {
  /** They move to `replacement`; without one the version cannot be yanked. @since 0.1.0 */
  MR_YANK_CHANNELS_REPLACE = 0,
  /** Each is rolled back, as by mr_model_roll_back_channel(). @since 0.1.0 */
  MR_YANK_CHANNELS_ROLL_BACK = 1,
  /** Each is cleared. @since 0.1.0 */
  MR_YANK_CHANNELS_CLEAR = 2
};

/**
 * Why a version is yanked, and what takes its place.
 * @since 0.1.0
 */
typedef struct mr_yank_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What becomes of the channels that hold it. */
  mr_yank_channels channels;
  /** Why, 1 to 65,536 bytes: consumers read it. */
  const char *reason;
  /** @nullable Number of the version to use in its place, which is active; NULL: none. */
  const char *replacement;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_yank_options;

/** Initialiser for mr_yank_options. @since 0.1.0 */
#define MR_YANK_OPTIONS_INIT                                                                       \
  { sizeof(mr_yank_options), 0, NULL, NULL, NULL }

/**
 * Yanks a version: `latest` and ranges skip it, no channel holds it any more, and who pins it gets
 * a warning with the reason and the replacement. All in one durable transaction.
 *
 * A channel moves to the replacement if it held that before, or if its gate passes now: then
 * request and decision are kept, and evaluations sealed, as those of any move. Again with another
 * reason or replacement changes those.
 *
 * @param version the version
 * @param options why
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT when there is no reason, for malformed text, or a replacement
 *         that is this version; MR_NOT_FOUND when this version was deleted, or for an unknown
 *         replacement; MR_CONFLICT when the replacement is not active; MR_IN_USE when a channel
 *         holds this version and there is no replacement, or nothing to roll it back to: the
 *         message names the channel; MR_GATE_FAILED or MR_GATE_PENDING when the gate of a channel
 *         does not take the replacement: nothing is done then; MR_CANCELLED; MR_ABI_MISMATCH; and
 *         the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_yank(mr_version *version, const mr_yank_options *options,
                                 mr_error *error);

/**
 * Makes a yanked version what it was before: active or deprecated. Channels stay as they are. A
 * version that is not yanked stays as it is.
 *
 * @param version the version
 * @param reason @nullable why, up to 65,536 bytes; NULL: not said
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text; MR_NOT_FOUND when it was deleted; and the
 *         common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_unyank(mr_version *version, const char *reason, mr_error *error);

/**
 * Deletes a version that nothing needs. Its number is never used again; its run stays, and may be
 * promoted again to another number. Deleted already: nothing changes.
 *
 * @param version the version
 * @param reason why, 1 to 65,536 bytes
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT when there is no reason, or for malformed text; MR_IN_USE when
 *         a channel holds it, an open request proposes it for a channel, a run has it as an input,
 *         or a version names it as its replacement: the message says which; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_delete(mr_version *version, const char *reason, mr_error *error);

/**
 * Lists the artifacts of a version in the byte order of their paths, which are relative to the
 * version: a version of one file has that file's name, a version of a folder the paths below it.
 *
 * @param version the version
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_list_artifacts(mr_version *version, const mr_list_options *options,
                                           mr_artifact_page **out_page, mr_error *error);

/**
 * Opens one artifact of a version as verified bytes.
 *
 * @param version the version
 * @param path path relative to the version; @nullable the only artifact of a version of one file
 * @param out_blob receives the handle
 * @param error receives the reason of a failure
 * @return as mr_run_open_artifact(); MR_INVALID_ARGUMENT also for NULL when there are several
 * @since 0.1.0
 */
MR_API mr_status mr_version_open_artifact(mr_version *version, const char *path, mr_blob **out_blob,
                                          mr_error *error);

/**
 * Writes the artifacts of a version into a folder, each verified while it is copied. A file that is
 * there already with the right content stays, one with other content is replaced; files that are
 * not listed stay. Every file appears whole or not at all.
 *
 * @param version the version
 * @param folder the folder; made when it does not exist
 * @param options @nullable all defaults
 * @param out_report @nullable receives what was written
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; MR_NOT_SUPPORTED for a link to another place than a file;
 *         MR_NOT_FOUND or MR_TAMPERED when an artifact is gone or does not match its digest;
 *         MR_CANCELLED; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_fetch(mr_version *version, const char *folder,
                                  const mr_fetch_options *options, mr_report **out_report,
                                  mr_error *error);

/**
 * Compares a folder with the artifacts of a version, or with NULL the blob store itself.
 *
 * @param version the version
 * @param folder @nullable the folder; NULL reads every artifact where the registry keeps it
 * @param options @nullable all defaults
 * @param out_report @nullable receives what was found, problems or not; with NULL the call itself
 *        fails when there is a problem
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; MR_NOT_FOUND when there is no such folder; MR_TAMPERED when
 *         out_report is NULL and a file is missing, changed, unreadable or extra: the message names
 *         the first and how many more; MR_CANCELLED; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_version_verify(mr_version *version, const char *folder,
                                   const mr_verify_options *options, mr_report **out_report,
                                   mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
