/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file error.h
 * Status codes and the error record.
 *
 * Every call that can fail returns an mr_status and takes an mr_error as its last parameter.
 * The record belongs to the caller, needs no freeing and is written only on failure.
 */
#ifndef MODELREG_ERROR_H
#define MODELREG_ERROR_H

#include <modelreg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The result of a call: MR_OK or the reason why nothing was done.
 * Values are never reused; a reader must survive values it does not know.
 * @since 0.1.0
 */
typedef int32_t mr_status;

enum {
  /** The call did what it says. @since 0.1.0 */
  MR_OK = 0,
  /** An argument is missing, malformed or out of range; the message names it. @since 0.1.0 */
  MR_INVALID_ARGUMENT = 1,
  /** The named thing does not exist. @since 0.1.0 */
  MR_NOT_FOUND = 2,
  /** The thing exists already, with other content or in another place. @since 0.1.0 */
  MR_ALREADY_EXISTS = 3,
  /** Somebody else changed it first, or its state does not allow this. @since 0.1.0 */
  MR_CONFLICT = 4,
  /** Other writers held the registry for longer than the busy timeout; nothing changed.
   * @since 0.1.0 */
  MR_BUSY = 5,
  /** Memory ran out; nothing changed. @since 0.1.0 */
  MR_NO_MEMORY = 6,
  /** The operating system refused an operation on a file; `backend_code` holds errno.
   * @since 0.1.0 */
  MR_IO = 7,
  /** Stored data is damaged or is no registry at all. @since 0.1.0 */
  MR_CORRUPT = 8,
  /** This build, driver or schema cannot do it. @since 0.1.0 */
  MR_NOT_SUPPORTED = 9,
  /** A struct_size, a schema or a library does not fit the other side. @since 0.1.0 */
  MR_ABI_MISMATCH = 10,
  /** A documented limit is exceeded; the message names it. @since 0.1.0 */
  MR_LIMIT = 11,
  /** A gate refused the transition. @since 0.1.0 */
  MR_GATE_FAILED = 12,
  /** A gate is neither passed nor failed yet. @since 0.1.0 */
  MR_GATE_PENDING = 13,
  /** Content does not match its digest or its signature. @since 0.1.0 */
  MR_TAMPERED = 14,
  /** A signature is missing or made by a key that is not trusted. @since 0.1.0 */
  MR_UNTRUSTED = 15,
  /** The registry shows an older state than one seen before. @since 0.1.0 */
  MR_ROLLBACK = 16,
  /** The registry is open read-only, or may only be read. @since 0.1.0 */
  MR_READ_ONLY = 17,
  /** The handle was made before fork() and is used in the child. @since 0.1.0 */
  MR_FORKED = 18,
  /** The store or a server cannot be reached at the moment. @since 0.1.0 */
  MR_UNAVAILABLE = 19,
  /** Something else still needs it. @since 0.1.0 */
  MR_IN_USE = 20,
  /** The caller's mr_cancel token was triggered; nothing changed. @since 0.1.0 */
  MR_CANCELLED = 21,
  /** The registry of this handle was closed. @since 0.1.0 */
  MR_CLOSED = 22
};

/**
 * What went wrong, in a caller-owned record.
 *
 * Initialise it with MR_ERROR_INIT. A struct_size of 0 means the layout of version 0.1.
 * @since 0.1.0
 */
typedef struct mr_error {
  /** Size of this struct in bytes as the caller knows it. */
  uint32_t struct_size;
  /** The status that the call returned. */
  mr_status status;
  /** With MR_IO an errno; with other statuses an errno or the result code of SQLite behind it, for a
   * log. 0 if there is none. */
  int64_t backend_code;
  /** One line of UTF-8 without trailing dot that names the thing and the way out. */
  char message[512];
} mr_error;

/** Initialiser for an mr_error. @since 0.1.0 */
#define MR_ERROR_INIT                                                                              \
  {                                                                                                \
    sizeof(mr_error), 0, 0, {                                                                      \
      0                                                                                            \
    }                                                                                              \
  }

/**
 * The name of a status, such as "NOT_FOUND".
 *
 * @param status any value
 * @return a static string; "UNKNOWN" for values this library does not know
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_status_name(mr_status status);

#ifdef __cplusplus
}
#endif

#endif
