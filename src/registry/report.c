/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"
#include "registry/report_builder.h"
#include <stdio.h>
#include <stdlib.h>

struct mr_report {
  mr_registry *registry;
  mri_arena arena;
  mri_vec problems; /* mr_problem_record */
  mr_report_record record;
};

mr_report *mri_report_new(mr_registry *registry) {
  mr_report *report = mri_mem_zalloc(&registry->mem, 1, sizeof *report);
  if (report == NULL) return NULL;
  report->registry = mri_registry_ref(registry);
  mri_arena_init(&report->arena, &registry->mem);
  mri_vec_init(&report->problems, &registry->mem, sizeof(mr_problem_record));
  report->record.struct_size = sizeof report->record;
  return report;
}

void mri_report_count(mr_report *report, int64_t bytes) {
  report->record.file_count++;
  report->record.total_size += bytes;
}

mr_status mri_report_add(mr_report *report, mr_problem problem, const char *path,
                         const char *message, mr_error *error) {
  const char *path_copy = mri_arena_strdup(&report->arena, path);
  const char *message_copy = mri_arena_strdup(&report->arena, message);
  mr_problem_record *slot =
      path_copy == NULL || message_copy == NULL ? NULL : mri_vec_push(&report->problems);
  if (slot == NULL) return mri_error_no_memory(error);
  slot->struct_size = sizeof *slot;
  slot->problem = problem;
  slot->path = path_copy;
  slot->message = message_copy;
  report->record.problem_count++;
  return MR_OK;
}

static int compare_problems(const void *a, const void *b) {
  return strcmp(((const mr_problem_record *)a)->path, ((const mr_problem_record *)b)->path);
}

mr_status mri_report_finish(mr_report *report, const char *what, mr_report **out, mr_error *error) {
  size_t count = report->problems.count;
  if (count > 1) {
    qsort(report->problems.items, count, sizeof(mr_problem_record), compare_problems);
  }
  if (out != NULL) {
    *out = report;
    return MR_OK;
  }
  mr_status status = MR_OK;
  if (count > 0) {
    const mr_problem_record *first = mri_vec_at(&report->problems, 0);
    char more[64] = "";
    if (count > 1) {
      (void)snprintf(more, sizeof more, ", and %llu more %s", (unsigned long long)(count - 1),
                     count == 2 ? "problem" : "problems");
    }
    /* Whatever is long is cut, so that the end is always there. */
    status = mri_error_set(error, MR_TAMPERED, "%.*s: %.*s%s", mri_text_fit(what, 150), what,
                           mri_text_fit(first->message, 250), first->message, more);
  }
  mr_report_free(report);
  return status;
}

const mr_report_record *mr_report_info(const mr_report *report) {
  return report == NULL ? NULL : &report->record;
}

int64_t mr_report_count(const mr_report *report) {
  return report == NULL ? 0 : (int64_t)report->problems.count;
}

const mr_problem_record *mr_report_at(const mr_report *report, int64_t index) {
  if (index < 0 || index >= mr_report_count(report)) return NULL;
  return mri_vec_at(&report->problems, (size_t)index);
}

void mr_report_free(mr_report *report) {
  if (report == NULL) return;
  mr_registry *registry = report->registry;
  mri_arena_free(&report->arena);
  mri_vec_free(&report->problems);
  mri_mem_free(&registry->mem, report);
  mri_registry_unref(registry);
}
