/* SPDX-License-Identifier: Apache-2.0 */
/* Step 6: the program that uses the model. It knows a name and a channel, nothing about runs; it
 * only reads, so it may run where it could not write. */
#include "weights.h"

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv) {
  mr_error error = MR_ERROR_INIT;
  mr_version *version = NULL;
  mr_blob *blob = NULL;
  struct model model;
  double loss = 0.0;
  double accuracy = 0.0;
  if (argc != 3) usage("classify REGISTRY DIGITS.CSV.GZ");

  mr_registry *registry = open_registry(argv[1], MR_OPEN_READ_ONLY);
  check(mr_registry_resolve(registry, "digits@production", NULL, &version, &error), &error);
  const mr_version_record *record = mr_version_info(version);
  for (int64_t i = 0; i < record->warning_count; i++) {
    fprintf(stderr, "warning: %s\n", record->warnings[i]);
  }

  /* Without a report the call fails when any byte of the version is not what it was. */
  check(mr_version_verify(version, NULL, NULL, NULL, &error), &error);
  /* The version is one file, so it needs no name here. What is mapped has been verified again, in
   * memory that nobody else can change. */
  check(mr_version_open_artifact(version, NULL, &blob, &error), &error);
  weights_load(blob, &model);
  const mr_artifact_record *file = mr_blob_info(blob);
  printf("verified %s: %" PRId64 " bytes, %s, digest %.16s...\n", file->path, file->size,
         file->format, file->digest);

  struct images images = images_load(argv[2]);
  struct images held_out = held_out_part(&images);
  for (int i = 0; i < 10; i++) {
    printf("%sread %d, is %d", i > 0 ? "; " : "", model_classify(&model, &held_out.first[i]),
           held_out.first[i].label);
  }
  model_measure(&model, &held_out, &loss, &accuracy);
  printf("\nresolved digits@%s accuracy=%.4f on %d images\n", record->number, accuracy,
         held_out.count);

  images_free(&images);
  mr_blob_free(blob);
  mr_version_free(version);
  mr_registry_close(registry);
  return accuracy >= 0.93 ? 0 : 1;
}
