/* SPDX-License-Identifier: Apache-2.0 */
/* Building reports. */
#ifndef MRI_REGISTRY_REPORT_BUILDER_H
#define MRI_REGISTRY_REPORT_BUILDER_H

#include "registry/core.h"

mr_report *mri_report_new(mr_registry *registry);
/* One file that was looked at. */
void mri_report_count(mr_report *report, int64_t bytes);
mr_status mri_report_add(mr_report *report, mr_problem problem, const char *path,
                         const char *message, mr_error *error);
/* Sorts by path and hands the report out. Without `out` a problem is the call's failure: TAMPERED
 * naming the first and how many more; the report is freed then. */
mr_status mri_report_finish(mr_report *report, const char *what, mr_report **out, mr_error *error);

#endif
