/* SPDX-License-Identifier: Apache-2.0 */
/* Where a backup goes: its folder, the folder of its content, and the database under a temporary
 * name until it is complete. */
#ifndef MRI_UPKEEP_BACKUP_PLACE_H
#define MRI_UPKEEP_BACKUP_PLACE_H

#include "registry/core.h"

#define MRI_BACKUP_SHARDS 256

typedef struct mri_backup_place {
  const mri_mem *mem;
  const char *path; /* as the caller says it, for messages */
  const char *name; /* its last part */
  int folder;       /* where the copy appears */
  int tmp;          /* PATH.d/tmp */
  mri_str root;     /* PATH.d, absolute */
  mri_str file;     /* of the database, absolute, under its temporary name */
  const char *temp; /* that name within `tmp`; NULL until there may be such a file */
} mri_backup_place;

/* Safe to close at once. */
void mri_backup_place_init(mri_backup_place *place, const mri_mem *mem);
/* Refuses what no copy of this registry may be; makes PATH.d/tmp and in it the empty file. */
mr_status mri_backup_place_open(mri_backup_place *place, const mr_registry *registry,
                                const char *path, mr_error *error);
/* The names of these folders of content, by the first byte of their digests, of what is in them and
 * of PATH.d itself survive a loss of power, whoever made them. */
mr_status mri_backup_place_sync(const mri_backup_place *place, const bool shards[MRI_BACKUP_SHARDS],
                                mr_error *error);
/* The database gets its name, durably. ALREADY_EXISTS when another one has it by now. */
mr_status mri_backup_place_publish(mri_backup_place *place, mr_error *error);
/* Removes what is left under the temporary name. */
void mri_backup_place_close(mri_backup_place *place);

#endif
