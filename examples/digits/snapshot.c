/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: records exactly which data the models will be made from.
 *
 * A snapshot names every file by the digest of its bytes and the whole set by the digest of that
 * list. Frozen means that the registry also keeps the bytes, so that they can be had back later. */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Snapshots `folder` and returns the record of it. */
static mr_dataset *snapshot(mr_experiment *experiment, const char *folder, int64_t sample_count) {
  static const char *const only_data[] = {"*.csv.gz"};
  mr_error error = MR_ERROR_INIT;
  mr_folder_options which = MR_FOLDER_OPTIONS_INIT;
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;

  which.include = only_data;
  which.include_count = 1;
  check(mr_manifest_new(&manifest, &error), &error);
  check(mr_manifest_add_folder(manifest, folder, &which, &error), &error);

  options.freeze = 1;
  options.sample_count = sample_count;
  options.schema = "64 pixels of an image of 8 x 8, row by row, 0 to 16; the label, 0 to 9";
  options.source_uri = "https://doi.org/10.24432/C50P49";
  check(mr_experiment_log_dataset(experiment, "digits", manifest, &options, &dataset, &error),
        &error);
  mr_manifest_free(manifest);
  return dataset;
}

int main(int argc, char **argv) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  char file[4096];
  if (argc != 3) usage("snapshot REGISTRY FOLDER");

  snprintf(file, sizeof(file), "%s/digits.csv.gz", argv[2]);
  struct images images = images_load(file);
  mr_registry *registry = open_registry(argv[1], MR_OPEN_CREATE);
  check(mr_registry_open_experiment(registry, "digits", &experiment, &error), &error);

  mr_dataset *first = snapshot(experiment, argv[2], images.count);
  mr_dataset *second = snapshot(experiment, argv[2], images.count);
  const mr_dataset_record *record = mr_dataset_info(first);
  const mr_dataset_record *again = mr_dataset_info(second);
  printf("dataset run %s: %" PRId64 " samples in %" PRId64 " file(s), %" PRId64 " bytes, frozen\n",
         record->run_id, record->sample_count, record->file_count, record->total_size);
  printf("dataset run %s: the same folder once more\n", again->run_id);
  int same = strcmp(record->digest, again->digest) == 0;
  printf("%s digest: %s\n", same ? "same" : "NOT the same", again->digest);

  mr_dataset_free(first);
  mr_dataset_free(second);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  images_free(&images);
  return same ? 0 : 1;
}
