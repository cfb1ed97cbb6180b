/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file model.h
 * Models: stable identities in the registry.
 */
#ifndef MODELREG_MODEL_H
#define MODELREG_MODEL_H

#include <modelreg/list.h>
#include <modelreg/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A model. @since 0.1.0 */
typedef struct mr_model mr_model;

/**
 * What is known about a model when it is created.
 * @since 0.1.0
 */
typedef struct mr_model_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** @nullable A description, up to 65,536 bytes; NULL: none. */
  const char *description;
} mr_model_options;

/** Initialiser for mr_model_options. @since 0.1.0 */
#define MR_MODEL_OPTIONS_INIT                                                                      \
  { sizeof(mr_model_options), 0, NULL }

/**
 * What a model is.
 * @since 0.1.0
 */
typedef struct mr_model_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Id of the model, a UUID. */
  const char *id;
  /** Its name, unique in the registry. */
  const char *name;
  /** @nullable Description, or NULL. */
  const char *description;
  /** Who created it. */
  const char *actor;
  /** When it was created, Unix microseconds. */
  int64_t created_us;
} mr_model_record;

/**
 * Creates a model.
 *
 * @param registry the registry
 * @param name 1 to 250 bytes of UTF-8 without control characters and without "@"
 * @param options @nullable all defaults
 * @param out_model @nullable receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT or MR_LIMIT for bad text; MR_ALREADY_EXISTS; MR_ABI_MISMATCH;
 *         and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_create_model(mr_registry *registry, const char *name,
                                          const mr_model_options *options, mr_model **out_model,
                                          mr_error *error);

/**
 * Opens a model.
 *
 * @param registry the registry
 * @param name its name
 * @param out_model receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad name; MR_NOT_FOUND; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open_model(mr_registry *registry, const char *name,
                                        mr_model **out_model, mr_error *error);

/**
 * What this model is.
 *
 * @param model the model
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_model_record *mr_model_info(const mr_model *model);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param model the handle
 * @since 0.1.0
 */
MR_API void mr_model_free(mr_model *model);

/** One page of a list of models. @since 0.1.0 */
typedef struct mr_model_page mr_model_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_model_page_count(const mr_model_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_model_record *mr_model_page_at(const mr_model_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_model_page_next_token(const mr_model_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_model_page_free(mr_model_page *page);

/**
 * Lists the models in the byte order of their names.
 *
 * @param registry the registry
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_list_models(mr_registry *registry, const mr_list_options *options,
                                         mr_model_page **out_page, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
