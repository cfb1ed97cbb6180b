/* SPDX-License-Identifier: Apache-2.0 */
/* Content of the caller's: files on their way into the blob store, and links to what lies elsewhere.
 * Artifacts and the evidence of checks are both. */
#ifndef MRI_REGISTRY_CONTENT_H
#define MRI_REGISTRY_CONTENT_H

#include "registry/tree.h"

/* Copies a file into the blob store, durably, and fills all of `out` but its path. `dir` and `name`
 * as mri_blobs_put_file takes them. */
mr_status mri_content_put(mr_registry *registry, int dir, const char *name, const mr_cancel *cancel,
                          mri_tree_file *out, mr_error *error);
/* Fills in the format of content that the blob store has. */
mr_status mri_content_format(mr_registry *registry, mri_tree_file *file, mr_error *error);

/* Checks the three parts of a link and fills all of `out` but its path and time. `prefix` stands
 * before the names of the parts in messages. */
mr_status mri_content_link(const char *prefix, const char *uri, const char *digest, int64_t size,
                           mri_tree_file *out, mr_error *error);

#endif
