/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of dataset.h and artifact.h, and those that make and damage files to play with. */
#include "scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- files of the scenario's folder ------------------------------------------------------- */

/* A path relative to the folder as an absolute one. */
static const char *file_at(scenario *s, size_t index) {
  const char *path = text_at(s, index);
  size_t room = strlen(s->folder) + strlen(path) + 2;
  char *full = keep(s, room);
  (void)snprintf(full, room, "%s/%s", s->folder, path);
  return full;
}

static mr_status make_folder(scenario *s, mr_error *error) {
  (void)error;
  const char *path = file_at(s, 0);
  if (mkdir(path, 0777) != 0) complain(s, "%s: %s", path, strerror(errno));
  return MR_OK;
}

static mr_status write_file(scenario *s, mr_error *error) {
  (void)error;
  const char *path = file_at(s, 0);
  const item *data = &place(s, 1)->items[0];
  FILE *file = fopen(path, "wb");
  if (file == NULL) complain(s, "%s: %s", path, strerror(errno));
  size_t written = fwrite(data->text, 1, data->size, file);
  if (fclose(file) != 0 || written != data->size) complain(s, "%s cannot be written", path);
  return MR_OK;
}

static mr_status read_file(scenario *s, mr_error *error) {
  (void)error;
  const char *path = file_at(s, 0);
  char *data = keep(s, 4096);
  FILE *file = fopen(path, "rb");
  if (file == NULL) complain(s, "%s: %s", path, strerror(errno));
  size_t size = fread(data, 1, 4096, file);
  (void)fclose(file);
  say(s, "%s", quoted(s, data, size, false));
  return MR_OK;
}

static mr_status remove_file(scenario *s, mr_error *error) {
  (void)error;
  const char *path = file_at(s, 0);
  if (unlink(path) != 0) complain(s, "%s: %s", path, strerror(errno));
  return MR_OK;
}

/* Changes one bit of the first byte, of a file that nobody may write, too. */
static void flip_bit(scenario *s, const char *path) {
  FILE *file = chmod(path, 0600) == 0 ? fopen(path, "r+b") : NULL;
  int byte = file != NULL ? fgetc(file) : EOF;
  if (byte == EOF || fseek(file, 0, SEEK_SET) != 0 || fputc(byte ^ 1, file) == EOF ||
      fclose(file) != 0) {
    complain(s, "%s cannot be changed", path);
  }
}

static mr_status damage_file(scenario *s, mr_error *error) {
  (void)error;
  flip_bit(s, file_at(s, 0));
  return MR_OK;
}

/* The same to the stored copy of a digest, below the blob store's folder of an SQLite registry. */
static mr_status damage_blob(scenario *s, mr_error *error) {
  (void)error;
  const mr_registry *registry = handle_at(s, 0, &registry_class);
  const char *root = mr_registry_info(registry)->artifact_root;
  const char *digest = text_at(s, 1);
  size_t room = strlen(root) + 80;
  char *path = keep(s, room);
  (void)snprintf(path, room, "%s/blobs/%.2s/%s", root, digest, digest + 2);
  flip_bit(s, path);
  return MR_OK;
}

/* --- reports ------------------------------------------------------------------------------ */

void result_report(scenario *s, mr_report *report) {
  const mr_report_record *sums = mr_report_info(report);
  say(s, "%" PRId64 " files, %" PRId64 " bytes, %" PRId64 " problems", sums->file_count,
      sums->total_size, sums->problem_count);
  for (int64_t i = 0; i < mr_report_count(report); i++) {
    say_record(s, problem_fields, mr_report_at(report, i));
  }
  if (mr_report_at(report, mr_report_count(report)) != NULL) complain(s, "a report has no end");
  result_handle(s, &report_class, report);
}

static mr_verify_options verify_options(scenario *s) {
  mr_verify_options options = MR_VERIFY_OPTIONS_INIT;
  options.flags = (mr_verify_flags)option_named(s, "flags", verify_flags);
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return options;
}

static mr_fetch_options fetch_options(scenario *s) {
  mr_fetch_options options = MR_FETCH_OPTIONS_INIT;
  options.file_mode = (uint32_t)option_integer(s, "file_mode");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return options;
}

/* --- manifests and datasets --------------------------------------------------------------- */

static mr_status manifest_new(scenario *s, mr_error *error) {
  mr_manifest *manifest = NULL;
  mr_status status = mr_manifest_new(&manifest, error);
  if (status == MR_OK) result_handle(s, &manifest_class, manifest);
  return status;
}

static mr_status manifest_add_folder(scenario *s, mr_error *error) {
  mr_folder_options options = MR_FOLDER_OPTIONS_INIT;
  const argument *include = option(s, "include");
  const argument *exclude = option(s, "exclude");
  options.include = texts(s, include);
  options.include_count = include != NULL ? include->count : 0;
  options.exclude = texts(s, exclude);
  options.exclude_count = exclude != NULL ? exclude->count : 0;
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return mr_manifest_add_folder(handle_at(s, 0, &manifest_class), text_at(s, 1), &options, error);
}

static mr_status manifest_add_file(scenario *s, mr_error *error) {
  return mr_manifest_add_file(handle_at(s, 0, &manifest_class), text_at(s, 1), text_at(s, 2),
                              error);
}

static mr_status manifest_add_entry(scenario *s, mr_error *error) {
  return mr_manifest_add_entry(handle_at(s, 0, &manifest_class), text_at(s, 1), integer_at(s, 2),
                               text_at(s, 3), error);
}

static mr_status manifest_digest(scenario *s, mr_error *error) {
  const char *digest = NULL;
  mr_status status = mr_manifest_digest(handle_at(s, 0, &manifest_class), &digest, error);
  if (status == MR_OK) result_text(s, digest);
  return status;
}

static mr_status manifest_entries(scenario *s, mr_error *error) {
  (void)error;
  const mr_manifest *manifest = handle_at(s, 0, &manifest_class);
  for (int64_t i = 0; i < mr_manifest_count(manifest); i++) {
    say_record(s, entry_fields, mr_manifest_at(manifest, i));
  }
  return MR_OK;
}

static mr_status experiment_log_dataset(scenario *s, mr_error *error) {
  mr_dataset_options options = MR_DATASET_OPTIONS_INIT;
  mr_dataset *dataset = NULL;
  options.freeze = (int32_t)option_integer(s, "freeze");
  options.sample_count = option_integer(s, "sample_count");
  options.schema = option_text(s, "schema");
  options.source_uri = option_text(s, "source_uri");
  options.source_version = option_text(s, "source_version");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status =
      mr_experiment_log_dataset(handle_at(s, 0, &experiment_class), text_at(s, 1),
                                handle_at(s, 2, &manifest_class), &options, &dataset, error);
  if (status == MR_OK) result_handle(s, &dataset_class, dataset);
  return status;
}

static mr_status registry_open_dataset(scenario *s, mr_error *error) {
  mr_dataset *dataset = NULL;
  mr_status status =
      mr_registry_open_dataset(handle_at(s, 0, &registry_class), text_at(s, 1), &dataset, error);
  if (status == MR_OK) result_handle(s, &dataset_class, dataset);
  return status;
}

static mr_status registry_find_dataset(scenario *s, mr_error *error) {
  mr_dataset *dataset = NULL;
  mr_status status =
      mr_registry_find_dataset(handle_at(s, 0, &registry_class), text_at(s, 1), &dataset, error);
  if (status == MR_OK) result_handle(s, &dataset_class, dataset);
  return status;
}

LIST_VERB(registry, datasets, dataset)

static mr_status dataset_manifest(scenario *s, mr_error *error) {
  mr_manifest *manifest = NULL;
  mr_status status = mr_dataset_manifest(handle_at(s, 0, &dataset_class), &manifest, error);
  if (status == MR_OK) result_handle(s, &manifest_class, manifest);
  return status;
}

static mr_status dataset_verify(scenario *s, mr_error *error) {
  mr_verify_options options = verify_options(s);
  mr_report *report = NULL;
  mr_status status =
      mr_dataset_verify(handle_at(s, 0, &dataset_class), text_at(s, 1), &options, &report, error);
  if (status == MR_OK) result_report(s, report);
  return status;
}

static mr_status dataset_fetch(scenario *s, mr_error *error) {
  mr_fetch_options options = fetch_options(s);
  mr_report *report = NULL;
  mr_status status =
      mr_dataset_fetch(handle_at(s, 0, &dataset_class), text_at(s, 1), &options, &report, error);
  if (status == MR_OK) result_report(s, report);
  return status;
}

/* --- artifacts ---------------------------------------------------------------------------- */

static mr_status run_log_artifact(scenario *s, mr_error *error) {
  mr_artifact_options options = MR_ARTIFACT_OPTIONS_INIT;
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return mr_run_log_artifact(handle_at(s, 0, &run_class), text_at(s, 1), text_at(s, 2), &options,
                             error);
}

static mr_status run_log_artifact_bytes(scenario *s, mr_error *error) {
  const item *data = &place(s, 2)->items[0];
  return mr_run_log_artifact_bytes(handle_at(s, 0, &run_class), text_at(s, 1),
                                   (const uint8_t *)data->text, data->size, error);
}

static mr_status run_log_artifact_link(scenario *s, mr_error *error) {
  mr_link_options link = MR_LINK_OPTIONS_INIT;
  link.path = option_text(s, "path");
  link.uri = option_text(s, "uri");
  link.digest = option_text(s, "digest");
  link.size = option_integer(s, "size");
  return mr_run_log_artifact_link(handle_at(s, 0, &run_class), &link, error);
}

LIST_VERB(run, artifacts, artifact)
LIST_VERB(version, artifacts, artifact)

static mr_status run_open_artifact(scenario *s, mr_error *error) {
  mr_blob *blob = NULL;
  mr_status status = mr_run_open_artifact(handle_at(s, 0, &run_class), text_at(s, 1), &blob, error);
  if (status == MR_OK) result_handle(s, &blob_class, blob);
  return status;
}

static mr_status version_open_artifact(scenario *s, mr_error *error) {
  mr_blob *blob = NULL;
  mr_status status =
      mr_version_open_artifact(handle_at(s, 0, &version_class), text_at(s, 1), &blob, error);
  if (status == MR_OK) result_handle(s, &blob_class, blob);
  return status;
}

static mr_status version_fetch(scenario *s, mr_error *error) {
  mr_fetch_options options = fetch_options(s);
  mr_report *report = NULL;
  mr_status status =
      mr_version_fetch(handle_at(s, 0, &version_class), text_at(s, 1), &options, &report, error);
  if (status == MR_OK) result_report(s, report);
  return status;
}

static mr_status version_verify(scenario *s, mr_error *error) {
  mr_verify_options options = verify_options(s);
  mr_report *report = NULL;
  mr_status status =
      mr_version_verify(handle_at(s, 0, &version_class), text_at(s, 1), &options, &report, error);
  if (status == MR_OK) result_report(s, report);
  return status;
}

static mr_status blob_size(scenario *s, mr_error *error) {
  (void)error;
  say(s, "%" PRId64, mr_blob_size(handle_at(s, 0, &blob_class)));
  return MR_OK;
}

static mr_status blob_read(scenario *s, mr_error *error) {
  size_t size = (size_t)integer_at(s, 2);
  uint8_t *data = keep(s, size);
  size_t got = 0;
  mr_status status =
      mr_blob_read(handle_at(s, 0, &blob_class), integer_at(s, 1), data, size, &got, error);
  if (status == MR_OK) say(s, "%zu %s", got, quoted(s, data, got, false));
  return status;
}

static mr_status blob_map(scenario *s, mr_error *error) {
  mr_blob *blob = handle_at(s, 0, &blob_class);
  const uint8_t *data = NULL;
  mr_status status = mr_blob_map(blob, &data, error);
  if (status == MR_OK) say(s, "%s", quoted(s, data, (size_t)mr_blob_size(blob), false));
  return status;
}

const verb file_verbs[] = {{"make_folder", make_folder},
                           {"write_file", write_file},
                           {"read_file", read_file},
                           {"remove_file", remove_file},
                           {"damage_file", damage_file},
                           {"damage_blob", damage_blob},
                           {"manifest_new", manifest_new},
                           {"manifest_add_folder", manifest_add_folder},
                           {"manifest_add_file", manifest_add_file},
                           {"manifest_add_entry", manifest_add_entry},
                           {"manifest_digest", manifest_digest},
                           {"manifest_entries", manifest_entries},
                           {"experiment_log_dataset", experiment_log_dataset},
                           {"registry_open_dataset", registry_open_dataset},
                           {"registry_find_dataset", registry_find_dataset},
                           {"registry_list_datasets", registry_list_datasets},
                           {"dataset_manifest", dataset_manifest},
                           {"dataset_verify", dataset_verify},
                           {"dataset_fetch", dataset_fetch},
                           {"run_log_artifact", run_log_artifact},
                           {"run_log_artifact_bytes", run_log_artifact_bytes},
                           {"run_log_artifact_link", run_log_artifact_link},
                           {"run_list_artifacts", run_list_artifacts},
                           {"version_list_artifacts", version_list_artifacts},
                           {"run_open_artifact", run_open_artifact},
                           {"version_open_artifact", version_open_artifact},
                           {"version_fetch", version_fetch},
                           {"version_verify", version_verify},
                           {"blob_size", blob_size},
                           {"blob_read", blob_read},
                           {"blob_map", blob_map},
                           {NULL, NULL}};
