/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file registry.h
 * Opening, inspecting and closing a registry.
 */
#ifndef MODELREG_REGISTRY_H
#define MODELREG_REGISTRY_H

#include <modelreg/cancel.h>
#include <modelreg/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One open registry. It may be used from any thread. @since 0.1.0 */
typedef struct mr_registry mr_registry;

/** How to open a registry: any of the MR_OPEN_ bits. @since 0.1.0 */
typedef uint32_t mr_open_flags;

enum {
  /** Create the registry when there is none. @since 0.1.0 */
  MR_OPEN_CREATE = 1,
  /** Only read; every write answers MR_READ_ONLY. @since 0.1.0 */
  MR_OPEN_READ_ONLY = 2,
  /** Use the file from this process alone; needs no shared memory, so it also works on network
   * file systems. @since 0.1.0 */
  MR_OPEN_EXCLUSIVE = 4,
  /** Accept a network file system, whose locks the caller vouches for. @since 0.1.0 */
  MR_OPEN_ALLOW_NETWORK = 8,
  /** Bring a registry with the schema of an older library to this library's, in one transaction,
   * before it is used; one that has it stays as it is. Older libraries may then no longer write to
   * it, or read it. @since 0.1.0 */
  MR_OPEN_MIGRATE = 16
};

/** How long a call waits for other writers when the caller does not say, in milliseconds.
 * @since 0.1.0 */
#define MR_DEFAULT_BUSY_TIMEOUT_MS 10000

/**
 * How to open a registry.
 * @since 0.1.0
 */
typedef struct mr_open_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Any of MR_OPEN_CREATE, MR_OPEN_READ_ONLY, MR_OPEN_EXCLUSIVE, MR_OPEN_ALLOW_NETWORK and
   * MR_OPEN_MIGRATE. */
  mr_open_flags flags;
  /** @nullable Who acts through this handle: recorded with everything it writes, up to 250 bytes.
   * NULL: MODELREG_ACTOR from the environment, else the user id and host name. */
  const char *actor;
  /** @nullable Folder of the blob store. NULL: as said when the registry was created, by default
   * the database's path with ".d" appended. Given together with MR_OPEN_CREATE it is remembered in
   * a new registry; a relative path counts from the folder of the database. */
  const char *artifact_root;
  /** How long a call waits for other writers in milliseconds, 1 to 86,400,000; 0 is
   * MR_DEFAULT_BUSY_TIMEOUT_MS. */
  int64_t busy_timeout_ms;
  /** Permission bits of new files; 0 is 0666, from which the process umask takes its part. Folders
   * get the search bit wherever the read bit is set. */
  uint32_t file_mode;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Memory functions of the host, copied; NULL: malloc and its kin. */
  const mr_allocator *allocator;
  /** @nullable Clock of the host; NULL: the system clock. A time before 1970 or after 9999 is
   * refused by whatever governs, and taken for the nearest one between by what logs. */
  mr_clock_fn clock;
  /** First argument of `clock`. */
  void *clock_ctx;
  /** @nullable Source of randomness for ids; NULL: the system's. */
  mr_random_fn random;
  /** First argument of `random`. */
  void *random_ctx;
} mr_open_options;

/** Initialiser for mr_open_options. @since 0.1.0 */
#define MR_OPEN_OPTIONS_INIT                                                                       \
  { sizeof(mr_open_options), 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL }

/**
 * What a registry is and where it lives.
 * @since 0.1.0
 */
typedef struct mr_registry_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 1 when this handle cannot write. */
  int32_t read_only;
  /** Id of the registry, a UUID. */
  const char *id;
  /** The URI it was opened with. */
  const char *uri;
  /** Name of the storage driver, such as "sqlite". */
  const char *driver;
  /** Version of the database behind it, such as "3.40.1". */
  const char *driver_version;
  /** @nullable Absolute path of the database file; NULL where there is none. */
  const char *location;
  /** @nullable Folder of the blob store; NULL for memory: registries. */
  const char *artifact_root;
  /** Actor of this handle. */
  const char *actor;
  /** Version of the schema in the database. */
  int64_t schema_version;
  /** When it was created, Unix microseconds. */
  int64_t created_us;
  /** What an operator should know about this registry, one line each. */
  const char *const *warnings;
  /** Number of `warnings`. */
  int64_t warning_count;
  /** The schema version that it had before MR_OPEN_MIGRATE brought it forward; 0: it stayed. */
  int64_t migrated_from;
} mr_registry_record;

/**
 * Opens a registry. It is never created or brought to another schema unless the flags say so.
 *
 * A registry is one SQLite file and, beside it, the folder PATH.d with the blob store. Several
 * processes may open, create and write one registry at the same time. Nothing that is no registry
 * is ever changed: a text file, another program's database or a damaged file is refused and stays
 * as it is. With MR_OPEN_CREATE an existing empty file becomes a registry.
 *
 * @param uri `PATH`, `sqlite:PATH` or `memory:` (a registry that lives as long as the handle and
 *        needs MR_OPEN_CREATE), up to 4,096 bytes
 * @param options @nullable all defaults
 * @param out_registry receives the handle; close it with mr_registry_close()
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a malformed argument, contradicting flags, or an
 *         artifact_root for a new registry that is a file;
 *         MR_NOT_FOUND when there is no such file and MR_OPEN_CREATE is not set;
 *         MR_CORRUPT for a damaged registry, and for a file that is no registry;
 *         MR_NOT_SUPPORTED for an unknown URI scheme, a schema that this library cannot read, a
 *         schema of an older library without MR_OPEN_MIGRATE, a SQLite that is too old or without
 *         threads, or a network file system; MR_READ_ONLY when a registry is to be created or
 *         brought forward where nothing can be written;
 *         MR_ABI_MISMATCH for an option struct that does not fit;
 *         MR_FORKED in a child process when another thread used a registry while the process
 *         forked; MR_BUSY, MR_IO, MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open(const char *uri, const mr_open_options *options,
                                  mr_registry **out_registry, mr_error *error);

/**
 * What this registry is.
 *
 * @param registry the registry
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_registry_record *mr_registry_info(const mr_registry *registry);

/**
 * Makes everything logged through this handle so far survive a loss of power.
 *
 * @param registry the registry
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_CONFLICT as mr_run_flush(); and the common ones
 *         of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_flush(mr_registry *registry, mr_error *error);

/**
 * Closes a registry: buffered metric points are written, then files and locks are released before
 * the call returns. Other handles of this registry stay valid to be freed and for reading their
 * records; every other call on them answers MR_CLOSED. Waits for calls of other threads that are
 * under way. In a forked child only memory is freed. NULL is a no-op.
 *
 * A failure to write buffered points cannot be reported here: call mr_registry_flush() before.
 *
 * @param registry the registry; not to be used afterwards
 * @since 0.1.0
 */
MR_API void mr_registry_close(mr_registry *registry);

#ifdef __cplusplus
}
#endif

#endif
