/* SPDX-License-Identifier: Apache-2.0 */
/* The content of a backup: from the registry's blob store to that of the copy. */
#ifndef MRI_UPKEEP_BACKUP_CONTENT_H
#define MRI_UPKEEP_BACKUP_CONTENT_H

#include "registry/report_builder.h"
#include "upkeep/backup_place.h"
#include "upkeep/blob_references.h"

typedef struct mri_backup_content {
  mr_registry *registry;
  mri_blobs *to;
  const mr_cancel *cancel;
  mr_report *report; /* counts what the copy has, and names what it cannot get */
  /* By the first byte of its digest: something was there already. */
  bool reused[MRI_BACKUP_SHARDS];
} mri_backup_content;

/* Copies all that is referred to, and what manifests among it refer to, each verified. */
mr_status mri_backup_copy_content(mri_backup_content *content, mri_blob_references *references,
                                  mr_error *error);

#endif
