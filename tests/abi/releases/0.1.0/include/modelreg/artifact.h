/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file artifact.h
 * Artifacts: the files of a run, stored by digest or linked, and opened as verified bytes.
 */
#ifndef MODELREG_ARTIFACT_H
#define MODELREG_ARTIFACT_H

#include <modelreg/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where the bytes of an artifact are. @since 0.1.0 */
typedef int32_t mr_artifact_kind;

enum {
  /** In the blob store. @since 0.1.0 */
  MR_ARTIFACT_KIND_STORED = 1,
  /** At a URI. @since 0.1.0 */
  MR_ARTIFACT_KIND_LINK = 2
};

/**
 * What an artifact is.
 * @since 0.1.0
 */
typedef struct mr_artifact_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Where its bytes are. */
  mr_artifact_kind kind;
  /** Path in the artifact tree, relative, with `/`. */
  const char *path;
  /** Digest of the content, 64 hex digits; dataset.h says how it is made. */
  const char *digest;
  /** Size in bytes. */
  int64_t size;
  /** File format by its first bytes, a hint which loader fits: "safetensors", "gguf", "onnx",
   * "pickle", "zip", "hdf5", "numpy", "gzip", "json", "elf", or "unknown"; "link" for a link whose
   * bytes were not seen. */
  const char *format;
  /** @nullable URI of a link; NULL for stored ones. */
  const char *uri;
  /** When it was logged, Unix microseconds. */
  int64_t created_us;
} mr_artifact_record;

/**
 * How to log an artifact.
 * @since 0.1.0
 */
typedef struct mr_artifact_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Ends the call early. */
  const mr_cancel *cancel;
} mr_artifact_options;

/** Initialiser for mr_artifact_options. @since 0.1.0 */
#define MR_ARTIFACT_OPTIONS_INIT                                                                   \
  { sizeof(mr_artifact_options), 0, NULL }

/**
 * Copies a file, or a folder with its tree, into the blob store and records it. Content that is
 * there already is not stored twice. The bytes are durable before anything names them.
 *
 * @param run the run
 * @param local_path file or folder to copy; symbolic links inside a folder are refused
 * @param artifact_path where to put it in the artifact tree; @nullable a file under its own name, a
 *        folder's content at the top
 * @param options @nullable all defaults
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad path, a symbolic link or a special file;
 *         MR_NOT_FOUND when there is no such file; MR_ALREADY_EXISTS when the run has other content
 *         at a path, or a path would be both file and folder; MR_CONFLICT when the run is sealed;
 *         MR_CANCELLED; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_artifact(mr_run *run, const char *local_path, const char *artifact_path,
                                     const mr_artifact_options *options, mr_error *error);

/**
 * Stores bytes as an artifact.
 *
 * @param run the run
 * @param artifact_path where to put it in the artifact tree
 * @param data `size` bytes; @nullable when size is 0
 * @param size number of bytes
 * @param error receives the reason of a failure
 * @return as mr_run_log_artifact()
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_artifact_bytes(mr_run *run, const char *artifact_path,
                                           const uint8_t *data, size_t size, mr_error *error);

/**
 * Something that lies elsewhere and is named by its digest.
 * @since 0.1.0
 */
typedef struct mr_link_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Path in the artifact tree. */
  const char *path;
  /** Where the bytes are. `file:///absolute/path` can be opened, fetched and verified by this
   * library; other URIs are recorded. Up to 4,096 bytes. */
  const char *uri;
  /** Digest of the content, 64 hex digits; dataset.h says how it is made. */
  const char *digest;
  /** Size in bytes, 0 or more. */
  int64_t size;
} mr_link_options;

/** Initialiser for an mr_link_options. @since 0.1.0 */
#define MR_LINK_OPTIONS_INIT                                                                       \
  { sizeof(mr_link_options), 0, NULL, NULL, NULL, 0 }

/**
 * Records an artifact that lies elsewhere. Nothing is copied and nothing is read.
 *
 * @param run the run
 * @param link what and where
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad path, URI, digest or size; MR_ALREADY_EXISTS;
 *         MR_CONFLICT when the run is sealed; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_artifact_link(mr_run *run, const mr_link_options *link,
                                          mr_error *error);

/** One page of a list of artifacts. @since 0.1.0 */
typedef struct mr_artifact_page mr_artifact_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_artifact_page_count(const mr_artifact_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_artifact_record *mr_artifact_page_at(const mr_artifact_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_artifact_page_next_token(const mr_artifact_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_artifact_page_free(mr_artifact_page *page);

/**
 * Lists the artifacts of a run in the byte order of their paths.
 *
 * @param run the run
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_list_artifacts(mr_run *run, const mr_list_options *options,
                                       mr_artifact_page **out_page, mr_error *error);

/** The content of one artifact. Every byte is verified before it is handed out. @since 0.1.0 */
typedef struct mr_blob mr_blob;

/**
 * Opens an artifact of a run.
 *
 * @param run the run
 * @param artifact_path its path
 * @param out_blob receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad path; MR_NOT_FOUND when the run has no such artifact
 *         or its file is gone; MR_TAMPERED when the file has another size; MR_NOT_SUPPORTED for a
 *         link to another place than a file; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_open_artifact(mr_run *run, const char *artifact_path, mr_blob **out_blob,
                                      mr_error *error);

/**
 * What this artifact is.
 *
 * @param blob the content
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_artifact_record *mr_blob_info(const mr_blob *blob);

/**
 * The size in bytes.
 *
 * @param blob the content
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_blob_size(const mr_blob *blob);

/**
 * Reads verified bytes. Content is verified in leaves of 1 MiB, so reading a small part of a large
 * artifact does not read all of it.
 *
 * @param blob the content
 * @param offset first byte, 0 or more
 * @param out_data room for `size` bytes
 * @param size most bytes to read
 * @param out_size receives how many were read: less than `size` only at the end
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; MR_TAMPERED when the bytes do not match the digest; and the
 *         common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_blob_read(mr_blob *blob, int64_t offset, uint8_t *out_data, size_t size,
                              size_t *out_size, mr_error *error);

/**
 * All bytes at once, verified, in memory that nobody else can change.
 *
 * @param blob the content
 * @param out_data receives the first of mr_blob_size() bytes, valid until the blob is freed; not
 *        NULL for empty content either
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT; MR_TAMPERED when the bytes do not match the digest; and the
 *         common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_blob_map(mr_blob *blob, const uint8_t **out_data, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param blob the handle
 * @since 0.1.0
 */
MR_API void mr_blob_free(mr_blob *blob);

#ifdef __cplusplus
}
#endif

#endif
