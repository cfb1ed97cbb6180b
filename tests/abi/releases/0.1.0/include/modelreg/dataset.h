/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file dataset.h
 * Datasets: manifests of files with digests, recorded as runs of kind dataset.
 *
 * A manifest is a sorted list of (path, size, digest). Its digest names the whole set: it is the
 * digest, as of a file, of a text with the line "modelreg manifest v1", then a line an entry in the
 * byte order of the paths: digest in hex, a space, the size in decimal, a space, the path. A file's
 * digest is the BLAKE2b-256 (RFC 7693) of its bytes up to 1 MiB; above, it is BLAKE2b-256 over the
 * line "modelreg tree v1", the size as 8 little-endian bytes and the digests of its 1 MiB leaves.
 */
#ifndef MODELREG_DATASET_H
#define MODELREG_DATASET_H

#include <modelreg/report.h>
#include <modelreg/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A list of files with their digests, to be built step by step. @since 0.1.0 */
typedef struct mr_manifest mr_manifest;

/**
 * Makes an empty manifest.
 *
 * @param out_manifest receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT when out_manifest is NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_manifest_new(mr_manifest **out_manifest, mr_error *error);

/**
 * Which files of a folder to add.
 * @since 0.1.0
 */
typedef struct mr_folder_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Shell patterns as of POSIX fnmatch() without flags, on the path relative to the
   * folder; NULL when include_count is 0, which takes every file. */
  const char *const *include;
  /** Number of `include`. */
  size_t include_count;
  /** @nullable Patterns of files to leave out even when included; NULL when exclude_count is 0. */
  const char *const *exclude;
  /** Number of `exclude`. */
  size_t exclude_count;
  /** @nullable Ends the call early. */
  const mr_cancel *cancel;
} mr_folder_options;

/** Initialiser for mr_folder_options. @since 0.1.0 */
#define MR_FOLDER_OPTIONS_INIT                                                                     \
  { sizeof(mr_folder_options), 0, NULL, 0, NULL, 0, NULL }

/**
 * Adds every regular file below a folder, with paths relative to it, and computes their digests.
 * A symbolic link or a special file among them is an error: leave it out by a pattern.
 *
 * @param manifest the manifest
 * @param folder the folder
 * @param options @nullable all defaults
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a symbolic link, a special file or a file name that is no
 *         UTF-8; MR_NOT_FOUND when the folder does not exist; MR_LIMIT for a path over 1,024 bytes;
 *         MR_CANCELLED; MR_IO; MR_NO_MEMORY. On failure the manifest is as it was. A path that is
 *         there twice is found by mr_manifest_digest().
 * @since 0.1.0
 */
MR_API mr_status mr_manifest_add_folder(mr_manifest *manifest, const char *folder,
                                        const mr_folder_options *options, mr_error *error);

/**
 * Adds one file and computes its digest.
 *
 * @param manifest the manifest
 * @param local_path the file
 * @param manifest_path path in the manifest, relative, with `/`; @nullable the file's own name
 * @param error receives the reason of a failure
 * @return as mr_manifest_add_folder()
 * @since 0.1.0
 */
MR_API mr_status mr_manifest_add_file(mr_manifest *manifest, const char *local_path,
                                      const char *manifest_path, mr_error *error);

/**
 * Adds an entry whose digest is known, such as a file in an object store. It cannot be frozen.
 *
 * @param manifest the manifest
 * @param path path in the manifest, relative, with `/`
 * @param size size in bytes, 0 or more
 * @param digest 64 hex digits
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad path, size or digest; MR_LIMIT; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_manifest_add_entry(mr_manifest *manifest, const char *path, int64_t size,
                                       const char *digest, mr_error *error);

/**
 * The digest of the manifest: its identity. Sorts the entries.
 *
 * @param manifest the manifest
 * @param out_digest receives 64 hex digits, valid until the manifest changes or is freed
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_ALREADY_EXISTS when a path is there twice, or is
 *         the folder of another; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_manifest_digest(mr_manifest *manifest, const char **out_digest,
                                    mr_error *error);

/**
 * One entry of a manifest.
 * @since 0.1.0
 */
typedef struct mr_manifest_entry_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Path, relative, with `/`. */
  const char *path;
  /** Digest of the content, 64 hex digits. */
  const char *digest;
  /** Size in bytes. */
  int64_t size;
} mr_manifest_entry_record;

/**
 * Number of entries.
 *
 * @param manifest the manifest
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_manifest_count(const mr_manifest *manifest);

/**
 * One entry: in the byte order of the paths after mr_manifest_digest(), in the order in which they
 * were added before.
 *
 * @param manifest the manifest
 * @param index 0 to count - 1
 * @return @nullable a record, valid until the manifest changes or is freed; NULL when the index is
 *         out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_manifest_entry_record *mr_manifest_at(const mr_manifest *manifest, int64_t index);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param manifest the handle
 * @since 0.1.0
 */
MR_API void mr_manifest_free(mr_manifest *manifest);

/** A dataset: a run of kind dataset with its manifest. @since 0.1.0 */
typedef struct mr_dataset mr_dataset;

/**
 * What is known about a dataset beyond its files.
 * @since 0.1.0
 */
typedef struct mr_dataset_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 1: keep a copy of every file in the blob store, so that exactly these bytes can be had
   * later. */
  int32_t freeze;
  /** Number of samples; 0: unknown. */
  int64_t sample_count;
  /** @nullable Description of the columns or of the shape, any text up to 65,536 bytes; NULL: none.
   */
  const char *schema;
  /** @nullable Where the data comes from; NULL: unknown. */
  const char *source_uri;
  /** @nullable Version at the source, such as a table's snapshot id; NULL: unknown. */
  const char *source_version;
  /** @nullable Ends the call early. */
  const mr_cancel *cancel;
} mr_dataset_options;

/** Initialiser for mr_dataset_options. @since 0.1.0 */
#define MR_DATASET_OPTIONS_INIT                                                                    \
  { sizeof(mr_dataset_options), 0, 0, NULL, NULL, NULL, NULL }

/**
 * Records a snapshot of a dataset: a run of kind dataset that is finished at once.
 *
 * Freezing reads every file again from where it was added and refuses one that has changed since.
 *
 * @param experiment the experiment
 * @param name name of the dataset, 1 to 250 bytes
 * @param manifest its files
 * @param options @nullable all defaults
 * @param out_dataset @nullable receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for bad text, a negative sample_count, or when an entry
 *         without a file should be frozen; MR_LIMIT; MR_ALREADY_EXISTS as mr_manifest_digest();
 *         MR_TAMPERED when a file changed since it was added; MR_CANCELLED; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_experiment_log_dataset(mr_experiment *experiment, const char *name,
                                           mr_manifest *manifest, const mr_dataset_options *options,
                                           mr_dataset **out_dataset, mr_error *error);

/**
 * Opens the dataset that a run recorded.
 *
 * @param registry the registry
 * @param run_id id of a run of kind dataset
 * @param out_dataset receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for text that is no id; MR_NOT_FOUND; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open_dataset(mr_registry *registry, const char *run_id,
                                          mr_dataset **out_dataset, mr_error *error);

/**
 * Opens the dataset of a digest: of several runs that recorded it the latest frozen one, else the
 * latest.
 *
 * @param registry the registry
 * @param digest digest of the manifest, 64 hex digits
 * @param out_dataset receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for text that is no digest; MR_NOT_FOUND; and the common ones
 *         of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_find_dataset(mr_registry *registry, const char *digest,
                                          mr_dataset **out_dataset, mr_error *error);

/**
 * What a dataset is.
 * @since 0.1.0
 */
typedef struct mr_dataset_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 1 when the blob store keeps a copy of every file. */
  int32_t frozen;
  /** Id of the run that recorded it. */
  const char *run_id;
  /** Name of the dataset. */
  const char *name;
  /** Digest of the manifest, 64 hex digits: the identity of the dataset. */
  const char *digest;
  /** Number of files. */
  int64_t file_count;
  /** Sum of their sizes in bytes. */
  int64_t total_size;
  /** Number of samples; 0: unknown. */
  int64_t sample_count;
  /** @nullable Schema, or NULL. */
  const char *schema;
  /** @nullable Where the data comes from, or NULL. */
  const char *source_uri;
  /** @nullable Version at the source, or NULL. */
  const char *source_version;
  /** Who recorded it. */
  const char *actor;
  /** When it was recorded, Unix microseconds. */
  int64_t created_us;
} mr_dataset_record;

/**
 * What this dataset is.
 *
 * @param dataset the dataset
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_dataset_record *mr_dataset_info(const mr_dataset *dataset);

/**
 * The files of a dataset.
 *
 * @param dataset the dataset
 * @param out_manifest receives a manifest of its own, to be freed by the caller
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_TAMPERED when the stored manifest does not match
 *         its digest; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_dataset_manifest(mr_dataset *dataset, mr_manifest **out_manifest,
                                     mr_error *error);

/** How strict a comparison is: any of the MR_VERIFY_ bits. @since 0.1.0 */
typedef uint32_t mr_verify_flags;

enum {
  /** Files that are not listed are no problem. @since 0.1.0 */
  MR_VERIFY_ALLOW_EXTRA = 1
};

/**
 * How to compare a folder with what it should be.
 * @since 0.1.0
 */
typedef struct mr_verify_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 0 or MR_VERIFY_ALLOW_EXTRA. */
  mr_verify_flags flags;
  /** @nullable Ends the call early. */
  const mr_cancel *cancel;
} mr_verify_options;

/** Initialiser for mr_verify_options. @since 0.1.0 */
#define MR_VERIFY_OPTIONS_INIT                                                                     \
  { sizeof(mr_verify_options), 0, NULL }

/**
 * Compares every file of a folder with the dataset.
 *
 * @param dataset the dataset
 * @param folder the folder
 * @param options @nullable all defaults
 * @param out_report @nullable receives what was found, problems or not; with NULL the call itself
 *        fails when there is a problem
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; MR_NOT_FOUND when there is no such folder; MR_TAMPERED when
 *         out_report is NULL and a file is missing, changed, unreadable or extra: the message names
 *         the first and how many more; MR_CANCELLED; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_dataset_verify(mr_dataset *dataset, const char *folder,
                                   const mr_verify_options *options, mr_report **out_report,
                                   mr_error *error);

/**
 * How to write files.
 * @since 0.1.0
 */
typedef struct mr_fetch_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Permission bits of new files; 0 is 0644. */
  uint32_t file_mode;
  /** @nullable Ends the call early. */
  const mr_cancel *cancel;
} mr_fetch_options;

/** Initialiser for mr_fetch_options. @since 0.1.0 */
#define MR_FETCH_OPTIONS_INIT                                                                      \
  { sizeof(mr_fetch_options), 0, NULL }

/**
 * Writes the files of a frozen dataset into a folder, each verified while it is copied. A file that
 * is there already with the right content stays, one with other content is replaced; files that
 * are not listed stay. Every file appears whole or not at all.
 *
 * @param dataset the dataset
 * @param folder the folder; made when it does not exist
 * @param options @nullable all defaults
 * @param out_report @nullable receives what was written
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; MR_NOT_SUPPORTED when the dataset is not frozen; MR_TAMPERED
 *         when a stored copy does not match its digest; MR_CANCELLED; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_dataset_fetch(mr_dataset *dataset, const char *folder,
                                  const mr_fetch_options *options, mr_report **out_report,
                                  mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param dataset the handle
 * @since 0.1.0
 */
MR_API void mr_dataset_free(mr_dataset *dataset);

/** One page of a list of datasets. @since 0.1.0 */
typedef struct mr_dataset_page mr_dataset_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_dataset_page_count(const mr_dataset_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_dataset_record *mr_dataset_page_at(const mr_dataset_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_dataset_page_next_token(const mr_dataset_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_dataset_page_free(mr_dataset_page *page);

/**
 * Lists the dataset snapshots, the newest first.
 *
 * @param registry the registry
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit or token; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_list_datasets(mr_registry *registry, const mr_list_options *options,
                                           mr_dataset_page **out_page, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
