/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run.h
 * Runs: recorded events with params, tags, inputs and a status.
 */
#ifndef MODELREG_RUN_H
#define MODELREG_RUN_H

#include <modelreg/experiment.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A run. It may be used from any thread. @since 0.1.0 */
typedef struct mr_run mr_run;

/** What kind of event a run records. @since 0.1.0 */
typedef int32_t mr_run_kind;

enum {
  /** A training run; the default. @since 0.1.0 */
  MR_RUN_KIND_TRAINING = 1,
  /** A dataset snapshot, see dataset.h. @since 0.1.0 */
  MR_RUN_KIND_DATASET = 2,
  /** An evaluation of another run or of a version. @since 0.1.0 */
  MR_RUN_KIND_EVALUATION = 3
};

/** How far a run is. @since 0.1.0 */
typedef int32_t mr_run_status;

enum {
  /** It was started and has not ended. @since 0.1.0 */
  MR_RUN_STATUS_RUNNING = 1,
  /** It ended well. Only such a run can become a version. @since 0.1.0 */
  MR_RUN_STATUS_FINISHED = 2,
  /** It ended with an error. @since 0.1.0 */
  MR_RUN_STATUS_FAILED = 3,
  /** Somebody or something stopped it. @since 0.1.0 */
  MR_RUN_STATUS_KILLED = 4
};

/** Whether the source code of a run was as its commit says. @since 0.1.0 */
typedef int32_t mr_source_state;

enum {
  /** Nobody said. @since 0.1.0 */
  MR_SOURCE_STATE_UNKNOWN = 0,
  /** Everything was in the commit. @since 0.1.0 */
  MR_SOURCE_STATE_CLEAN = 1,
  /** There were changes that are not in the commit. @since 0.1.0 */
  MR_SOURCE_STATE_DIRTY = 2
};

/**
 * What is known about a run when it starts.
 * @since 0.1.0
 */
typedef struct mr_run_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** MR_RUN_KIND_TRAINING or MR_RUN_KIND_EVALUATION; 0 is MR_RUN_KIND_TRAINING. A dataset run is made by
   * mr_experiment_log_dataset(). */
  mr_run_kind kind;
  /** @nullable A name for people, up to 250 bytes; NULL: none. Need not be unique. */
  const char *name;
  /** @nullable Id of the run that this one is part of, such as a sweep; NULL: none. */
  const char *parent_run_id;
  /** @nullable Commit of the source code; NULL: unknown. */
  const char *source_commit;
  /** @nullable Program or script that runs; NULL: unknown. */
  const char *source_entry_point;
  /** Whether the source had changes that are not in the commit. */
  mr_source_state source_state;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Host it runs on; NULL: unknown. */
  const char *environment_host;
  /** @nullable Digest of the list of installed packages, any text up to 250 bytes; NULL: unknown.
   */
  const char *environment_packages_digest;
  /** @nullable Digest of the container image, any text up to 250 bytes; NULL: unknown. */
  const char *environment_image_digest;
  /** @nullable Keys of the first tags; the last value counts where one occurs twice. NULL when
   * tag_count is 0. */
  const char *const *tag_keys;
  /** @nullable Values of the first tags; NULL when tag_count is 0. */
  const char *const *tag_values;
  /** Number of tag_keys and tag_values. */
  size_t tag_count;
} mr_run_options;

/** Initialiser for mr_run_options. @since 0.1.0 */
#define MR_RUN_OPTIONS_INIT                                                                        \
  { sizeof(mr_run_options), 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 0 }

/**
 * What a run is.
 * @since 0.1.0
 */
typedef struct mr_run_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Kind of the run. */
  mr_run_kind kind;
  /** Status of the run. */
  mr_run_status status;
  /** 1 when a request for a transition has sealed it: params, metrics, inputs and artifacts cannot
   * change any more. */
  int32_t sealed;
  /** Id of the run, a UUID whose first digits are its time. */
  const char *id;
  /** @nullable Name, or NULL. */
  const char *name;
  /** Id of its experiment. */
  const char *experiment_id;
  /** Name of its experiment. */
  const char *experiment_name;
  /** @nullable Id of the run it is part of, or NULL. */
  const char *parent_run_id;
  /** Who started it. */
  const char *actor;
  /** When it started, Unix microseconds. */
  int64_t started_us;
  /** When it ended, Unix microseconds; 0 while it runs. */
  int64_t ended_us;
  /** @nullable Commit of the source code, or NULL. */
  const char *source_commit;
  /** @nullable Program or script, or NULL. */
  const char *source_entry_point;
  /** @nullable Host, or NULL. */
  const char *environment_host;
  /** @nullable Digest of the list of installed packages, or NULL. */
  const char *environment_packages_digest;
  /** @nullable Digest of the container image, or NULL. */
  const char *environment_image_digest;
  /** Whether the source had changes that are not in the commit. */
  mr_source_state source_state;
  /** Zero. */
  uint32_t reserved;
} mr_run_record;

/**
 * Starts a run. It is recorded at once with status MR_RUN_STATUS_RUNNING.
 *
 * @param experiment the experiment
 * @param options @nullable all defaults
 * @param out_run receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for an unknown kind or bad text; MR_LIMIT for text that is too
 *         long; MR_NOT_FOUND for an unknown parent; MR_ABI_MISMATCH; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_experiment_start_run(mr_experiment *experiment, const mr_run_options *options,
                                         mr_run **out_run, mr_error *error);

/**
 * Opens a run to read it or to go on with it.
 *
 * @param registry the registry
 * @param run_id the run's id
 * @param out_run receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for text that is no id; MR_NOT_FOUND; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open_run(mr_registry *registry, const char *run_id, mr_run **out_run,
                                      mr_error *error);

/**
 * What this run was when the handle was opened; open it again for what it is now.
 *
 * @param run the run
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_run_record *mr_run_info(const mr_run *run);

/**
 * Frees the handle. The run goes on; metric points that are still in memory are written when the
 * last handle of the run is freed or the registry is closed. NULL is a no-op.
 *
 * @param run the run
 * @since 0.1.0
 */
MR_API void mr_run_free(mr_run *run);

/**
 * Records a param. A param never changes: the same value again is fine, another is refused.
 *
 * @param run the run
 * @param key 1 to 250 bytes of UTF-8 without control characters
 * @param value up to 65,536 bytes of UTF-8; tab, line feed and carriage return are the only control
 *        characters allowed
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT or MR_LIMIT for bad text; MR_ALREADY_EXISTS when it has
 *         another value; MR_CONFLICT when the run is sealed; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_param(mr_run *run, const char *key, const char *value, mr_error *error);

/**
 * Records many params in one transaction: all of them or none.
 *
 * @param run the run
 * @param keys `count` keys, as for mr_run_log_param()
 * @param values `count` values, as for mr_run_log_param()
 * @param count number of params, 0 or more
 * @param error receives the reason of a failure
 * @return as mr_run_log_param()
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_params(mr_run *run, const char *const *keys, const char *const *values,
                                   size_t count, mr_error *error);

/**
 * Sets a tag, over an older value. Tags of a sealed run can still change; a request keeps its copy.
 *
 * @param run the run
 * @param key 1 to 250 bytes of UTF-8 without control characters
 * @param value up to 65,536 bytes of UTF-8, as for mr_run_log_param()
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT or MR_LIMIT for bad text; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_set_tag(mr_run *run, const char *key, const char *value, mr_error *error);

/**
 * Deletes a tag.
 *
 * @param run the run
 * @param key the tag's key
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for bad text; MR_NOT_FOUND when there is no such tag; and the
 *         common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_delete_tag(mr_run *run, const char *key, mr_error *error);

/**
 * What a run used. Exactly one of dataset_run_id, dataset_digest, run_id and version is set.
 * @since 0.1.0
 */
typedef struct mr_input_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** What it was used for: "training", "validation", "test", "base" or your own word; 1 to 250
   * bytes. */
  const char *role;
  /** @nullable Id of a dataset run of this registry. */
  const char *dataset_run_id;
  /** @nullable Digest of a dataset's manifest, 64 hex digits; the dataset need not be known here
   * yet. */
  const char *dataset_digest;
  /** @nullable Id of a run of this registry, such as the run that an evaluation looks at. */
  const char *run_id;
  /** @nullable A version of a model of this registry as `model@number`. */
  const char *version;
} mr_input_options;

/** Initialiser for an mr_input_options. @since 0.1.0 */
#define MR_INPUT_OPTIONS_INIT                                                                      \
  { sizeof(mr_input_options), 0, NULL, NULL, NULL, NULL, NULL }

/**
 * Records what a run used. The same input again changes nothing.
 *
 * @param run the run
 * @param input role and what was used
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT unless exactly one thing is named, or for malformed text;
 *         MR_NOT_FOUND for an unknown run, dataset run or version; MR_CONFLICT when the run is
 *         sealed; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_input(mr_run *run, const mr_input_options *input, mr_error *error);

/**
 * Ends a run. Everything logged on it so far survives a loss of power when this returns. The same
 * status again is fine. A run that has ended and is not sealed still accepts params, metrics,
 * inputs and artifacts, such as an evaluation that comes later.
 *
 * @param run the run
 * @param status MR_RUN_STATUS_FINISHED, MR_RUN_STATUS_FAILED or MR_RUN_STATUS_KILLED
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for another status; MR_CONFLICT when it has ended with another
 *         status, or, once, as mr_run_flush(); and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_finish(mr_run *run, mr_run_status status, mr_error *error);

/**
 * Which runs to list.
 * @since 0.1.0
 */
typedef struct mr_run_list_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Only runs of this kind; 0: all kinds. */
  mr_run_kind kind;
  /** Only runs of this status; 0: all. */
  mr_run_status status;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Only runs of the experiment of this name; NULL: all experiments. */
  const char *experiment;
  /** Most records in the page, 1 to MR_LIST_MAX_LIMIT; 0 is MR_LIST_DEFAULT_LIMIT. */
  int64_t limit;
  /** @nullable Token of the page before; NULL starts at the beginning. */
  const char *token;
} mr_run_list_options;

/** Initialiser for mr_run_list_options. @since 0.1.0 */
#define MR_RUN_LIST_OPTIONS_INIT                                                                   \
  { sizeof(mr_run_list_options), 0, 0, 0, NULL, 0, NULL }

/** One page of a list of runs. @since 0.1.0 */
typedef struct mr_run_page mr_run_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_run_page_count(const mr_run_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_run_record *mr_run_page_at(const mr_run_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_run_page_next_token(const mr_run_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_run_page_free(mr_run_page *page);

/**
 * Lists runs, the newest first.
 *
 * @param registry the registry
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit, token, kind or status; MR_NOT_FOUND for an
 *         unknown experiment; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_list_runs(mr_registry *registry, const mr_run_list_options *options,
                                       mr_run_page **out_page, mr_error *error);

/**
 * A key with its value: a param or a tag.
 * @since 0.1.0
 */
typedef struct mr_property_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** The key. */
  const char *key;
  /** The value. */
  const char *value;
} mr_property_record;

/** One page of a list of params or tags. @since 0.1.0 */
typedef struct mr_property_page mr_property_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_property_page_count(const mr_property_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_property_record *mr_property_page_at(const mr_property_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_property_page_next_token(const mr_property_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_property_page_free(mr_property_page *page);

/**
 * Lists the params of a run in the byte order of their keys.
 *
 * @param run the run
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_list_params(mr_run *run, const mr_list_options *options,
                                    mr_property_page **out_page, mr_error *error);

/**
 * Lists the tags of a run in the byte order of their keys.
 *
 * @param run the run
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_list_tags(mr_run *run, const mr_list_options *options,
                                  mr_property_page **out_page, mr_error *error);

/** What an input points at. @since 0.1.0 */
typedef int32_t mr_input_kind;

enum {
  /** A dataset run of this registry. @since 0.1.0 */
  MR_INPUT_KIND_DATASET_RUN = 1,
  /** A dataset known by its digest alone. @since 0.1.0 */
  MR_INPUT_KIND_DATASET_DIGEST = 2,
  /** A run. @since 0.1.0 */
  MR_INPUT_KIND_RUN = 3,
  /** A version. @since 0.1.0 */
  MR_INPUT_KIND_VERSION = 4
};

/**
 * One input of a run.
 * @since 0.1.0
 */
typedef struct mr_input_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What it points at. */
  mr_input_kind kind;
  /** What it was used for. */
  const char *role;
  /** @nullable Id of the run or dataset run; NULL for other kinds. */
  const char *run_id;
  /** @nullable Digest of the dataset; NULL for runs and versions. */
  const char *dataset_digest;
  /** @nullable Name of the dataset where it is known here; else NULL. */
  const char *dataset_name;
  /** @nullable The version as `model@number`; NULL for other kinds. */
  const char *version;
} mr_input_record;

/** One page of a list of inputs. @since 0.1.0 */
typedef struct mr_input_page mr_input_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_input_page_count(const mr_input_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_input_record *mr_input_page_at(const mr_input_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_input_page_next_token(const mr_input_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_input_page_free(mr_input_page *page);

/**
 * Lists the inputs of a run in the order in which they were logged.
 *
 * @param run the run
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit or token; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_list_inputs(mr_run *run, const mr_list_options *options,
                                    mr_input_page **out_page, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
