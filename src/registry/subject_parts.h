/* SPDX-License-Identifier: Apache-2.0 */
/* The families of paths that are read of a candidate itself: what stands behind subject.c's table.
 * A reader finds `out` empty, which is MISSING, and leaves it so where there is nothing. */
#ifndef MRI_REGISTRY_SUBJECT_PARTS_H
#define MRI_REGISTRY_SUBJECT_PARTS_H

#include "registry/subject.h"

typedef mr_status mri_read_value(const mri_candidate *c, const mri_query_path *path,
                                 mri_arena *arena, mri_query_value *out, mr_error *error);
typedef mr_status mri_read_names(const mri_candidate *c, mri_arena *arena, mri_query_names *out,
                                 mr_error *error);

/* NaN is unreadable, and so no number. */
void mri_value_number(mri_query_value *out, double number);
/* NULL stays missing. */
mr_status mri_value_text(mri_query_value *out, mri_arena *arena, const char *text, mr_error *error);
/* The first column of every row as names; gives the statement back. */
mr_status mri_names_read(mri_stmt *stmt, mri_arena *arena, mri_query_names *out, mr_error *error);

mri_read_value mri_read_metric;
mri_read_value mri_read_param;
mri_read_value mri_read_tag;
mri_read_value mri_read_attribute;
mri_read_value mri_read_check;
mri_read_names mri_check_names;

mri_read_value mri_read_input;
mri_read_value mri_read_dataset;
mri_read_names mri_dataset_names;
mri_read_value mri_read_artifact;
mri_read_names mri_artifact_names;

#endif
