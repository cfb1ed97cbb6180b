/* SPDX-License-Identifier: Apache-2.0 */
/* Artifact records, pages of them, and open content, for runs and versions alike. */
#ifndef MRI_REGISTRY_ARTIFACT_RECORD_H
#define MRI_REGISTRY_ARTIFACT_RECORD_H

#include "registry/page.h"
#include "registry/tree.h"

mr_artifact_page *mri_artifact_page_new(mr_registry *registry, const mri_cursor *cursor);
/* Rows of path, kind, digest, size, format, uri, created_us; gives the statement back. */
mr_status mri_artifact_page_fill(mr_artifact_page *page, mri_stmt *stmt, mr_error *error);
/* The files of a tree after the cursor's key. */
mr_status mri_artifact_page_of_tree(mr_artifact_page *page, const mri_tree *tree,
                                    const mri_cursor *cursor, mr_error *error);

/* Opens one file of a tree as a public handle. */
mr_status mri_artifact_open(mr_registry *registry, const mri_tree_file *file, mr_blob **out,
                            mr_error *error);

#endif
