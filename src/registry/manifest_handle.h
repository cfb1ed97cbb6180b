/* SPDX-License-Identifier: Apache-2.0 */
/* The public manifest, for the files that read and make one. */
#ifndef MRI_REGISTRY_MANIFEST_HANDLE_H
#define MRI_REGISTRY_MANIFEST_HANDLE_H

#include "base/vec.h"
#include "blob/manifest.h"
#include <modelreg/dataset.h>

struct mr_manifest {
  mri_manifest manifest;
  mri_vec records; /* mr_manifest_entry_record, in the order of the entries */
  char digest[MRI_DIGEST_TEXT];
};

/* Makes the records of the entries from index `first` on; after sealing, all of them anew. */
mr_status mri_manifest_records(mr_manifest *manifest, size_t first, mr_error *error);

#endif
