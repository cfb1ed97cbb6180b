/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file experiment.h
 * Experiments: named groups of runs.
 */
#ifndef MODELREG_EXPERIMENT_H
#define MODELREG_EXPERIMENT_H

#include <modelreg/list.h>
#include <modelreg/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An experiment. @since 0.1.0 */
typedef struct mr_experiment mr_experiment;

/**
 * What an experiment is.
 * @since 0.1.0
 */
typedef struct mr_experiment_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Id of the experiment, a UUID. */
  const char *id;
  /** Its name, unique in the registry. */
  const char *name;
  /** Who created it. */
  const char *actor;
  /** When it was created, Unix microseconds. */
  int64_t created_us;
} mr_experiment_record;

/**
 * Opens the experiment of this name, and creates it when there is none.
 *
 * @param registry the registry
 * @param name 1 to 250 bytes of UTF-8 without control characters
 * @param out_experiment receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT or MR_LIMIT for a bad name; MR_NOT_FOUND when it does not
 *         exist and the registry is read-only; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open_experiment(mr_registry *registry, const char *name,
                                             mr_experiment **out_experiment, mr_error *error);

/**
 * What this experiment is.
 *
 * @param experiment the experiment
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_experiment_record *mr_experiment_info(const mr_experiment *experiment);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param experiment the handle
 * @since 0.1.0
 */
MR_API void mr_experiment_free(mr_experiment *experiment);

/** One page of a list of experiments. @since 0.1.0 */
typedef struct mr_experiment_page mr_experiment_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_experiment_page_count(const mr_experiment_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_experiment_record *mr_experiment_page_at(const mr_experiment_page *page,
                                                         int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_experiment_page_next_token(const mr_experiment_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_experiment_page_free(mr_experiment_page *page);

/**
 * Lists the experiments in order of creation.
 *
 * @param registry the registry
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit or token; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_list_experiments(mr_registry *registry, const mr_list_options *options,
                                              mr_experiment_page **out_page, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
