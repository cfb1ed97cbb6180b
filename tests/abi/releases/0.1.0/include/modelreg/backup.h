/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file backup.h
 * Copies of a whole registry, made while it is in use.
 */
#ifndef MODELREG_BACKUP_H
#define MODELREG_BACKUP_H

#include <modelreg/registry.h>
#include <modelreg/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How to back up.
 * @since 0.1.0
 */
typedef struct mr_backup_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Ends the call early. */
  const mr_cancel *cancel;
} mr_backup_options;

/** Initialiser for mr_backup_options. @since 0.1.0 */
#define MR_BACKUP_OPTIONS_INIT                                                                     \
  { sizeof(mr_backup_options), 0, NULL }

/**
 * Copies a registry as it is at one moment: its database to a new file PATH, and every stored piece
 * of content that this database needs to PATH.d beside it. Others may go on reading and writing
 * meanwhile. Points of metrics that this handle still buffers are written first.
 *
 * The copy is a registry of its own that keeps the id: restoring is opening it, or moving PATH and
 * PATH.d to where the registry was. It appears under its name when it is complete and would survive
 * a loss of power, not before. Content is verified while it is copied; what was copied to PATH.d by
 * an earlier call that did not get to its end is used again. The copy keeps its content in PATH.d
 * even when the registry has an artifact root of its own. Links are kept, what they point to is not
 * copied.
 *
 * The report counts the pieces of content that were copied or found there already, and their bytes.
 * Content that is missing or differs from its digest in the registry itself is a problem, named by
 * its digest: the copy has then all that is left.
 *
 * @param registry the registry; one that is open for reading and `memory:` will do
 * @param local_path path of the new database file, up to 4,096 bytes; its folder must exist
 * @param options @nullable all defaults
 * @param out_report @nullable receives what the copy has, and the content that it cannot have;
 *        with NULL the call itself fails when there is such content, and there is no copy
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a malformed path; MR_ALREADY_EXISTS when there is a file
 *         at that path: nothing is ever overwritten; MR_NOT_FOUND when its folder does not exist;
 *         MR_TAMPERED when out_report is NULL and content is missing or changed: the message names
 *         the first and how many more; MR_NOT_SUPPORTED where the storage driver has a tool of its
 *         own for backups, and for a schema newer than this library's, which may refer to content
 *         that it does not know of; MR_CANCELLED; MR_ABI_MISMATCH; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_backup(mr_registry *registry, const char *local_path,
                                    const mr_backup_options *options, mr_report **out_report,
                                    mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
