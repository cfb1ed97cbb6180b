/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of lineage share: runs that use each other, and walks from them. */
#ifndef LINEAGE_STEPS_H
#define LINEAGE_STEPS_H

#include "contract.h"

#define SOME_DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static inline mr_lineage *walk(const contract *c, const mr_lineage_options *options) {
  mr_lineage *lineage = NULL;
  OK(mr_registry_lineage(c->registry, options, &lineage, &error));
  const mr_lineage_record *info = mr_lineage_info(lineage);
  assert_true(info->struct_size >= sizeof *info);
  assert_int_equal(info->edge_count, mr_lineage_count(lineage));
  assert_null(mr_lineage_at(lineage, info->edge_count));
  assert_null(mr_lineage_at(lineage, -1));
  return lineage;
}

static inline mr_lineage_options from_run(const char *run_id) {
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  options.run_id = run_id;
  return options;
}

static inline const char *id_of(const mr_run *run) {
  return mr_run_info(run)->id;
}

static inline void use_run(mr_run *run, const char *role, const mr_run *used) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.run_id = id_of(used);
  OK(mr_run_log_input(run, &input, &error));
}

static inline void use_digest(mr_run *run, const char *role, const char *digest) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.dataset_digest = digest;
  OK(mr_run_log_input(run, &input, &error));
}

static inline void start_runs(const contract *c, mr_run **runs, size_t count) {
  for (size_t i = 0; i < count; i++) runs[i] = contract_run(c, "x");
}

static inline void free_runs(mr_run **runs, size_t count) {
  for (size_t i = 0; i < count; i++) mr_run_free(runs[i]);
}

#endif
