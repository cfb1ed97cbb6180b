/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of named content, whether a dataset's or a version's: writing them to a folder, and comparing
 * a folder or the blob store with them. */
#ifndef MRI_REGISTRY_TREE_H
#define MRI_REGISTRY_TREE_H

#include "base/vec.h"
#include "registry/core.h"

typedef struct mri_tree_file {
  const char *path; /* relative to the tree */
  mr_artifact_kind kind;
  mri_digest digest;
  int64_t size;
  const char *uri; /* of a link */
  const char *format;
  int64_t created_us;
} mri_tree_file;

typedef struct mri_tree {
  mri_arena arena;
  mri_vec files; /* mri_tree_file, in the byte order of the paths */
  int64_t total_size;
  bool is_file; /* mri_tree_of_run: the path is a file, not a folder */
} mri_tree;

void mri_tree_init(mri_tree *tree, const mri_mem *mem);
void mri_tree_destroy(mri_tree *tree);
/* Copies the texts. */
mr_status mri_tree_add(mri_tree *tree, const mri_tree_file *file, mr_error *error);
/* Digest of the manifest of the tree; CORRUPT where no manifest could have those paths. */
mr_status mri_tree_digest(const mri_tree *tree, const mri_mem *mem, mri_digest *out,
                          mr_error *error);
/* Binary search; NULL when absent. */
const mri_tree_file *mri_tree_find(const mri_tree *tree, const char *path);

/* The artifacts of a run below `path`: "" is all of them, a file is itself under its last name.
 * NOT_FOUND when there are none. */
mr_status mri_tree_of_run(mri_tx *tx, int64_t run_id, const char *run, const char *path,
                          mri_tree *out, mr_error *error);

/* Opens stored content and file:// links; NOT_SUPPORTED for other links. */
mr_status mri_tree_open(mr_registry *registry, const mri_tree_file *file, const mr_cancel *cancel,
                        mri_blob **out, mr_error *error);

mr_status mri_tree_fetch(mr_registry *registry, const mri_tree *tree, const char *folder,
                         const mr_fetch_options *options, mr_report **out_report, mr_error *error);
/* folder NULL: the content where the registry keeps it. */
mr_status mri_tree_verify(mr_registry *registry, const mri_tree *tree, const char *folder,
                          const mr_verify_options *options, mr_report **out_report,
                          mr_error *error);

/* Readers of the two option structs, which check flags and modes. */
mr_status mri_fetch_options_read(mr_fetch_options *out, const mr_fetch_options *in,
                                 mr_error *error);
mr_status mri_verify_options_read(mr_verify_options *out, const mr_verify_options *in,
                                  mr_error *error);

#endif
