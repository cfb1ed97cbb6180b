/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/manifest_handle.h"
#include "base/options.h"
#include "base/text.h"
#include "registry/folder.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

mr_status mri_manifest_records(mr_manifest *manifest, size_t first, mr_error *error) {
  mri_manifest *inner = &manifest->manifest;
  size_t count = mri_manifest_count(inner);
  manifest->records.count = first;
  for (size_t i = first; i < count; i++) {
    const mri_manifest_entry *entry = mri_manifest_at(inner, i);
    mr_manifest_entry_record *record = mri_vec_push(&manifest->records);
    char *digest = mri_arena_alloc(&inner->arena, MRI_DIGEST_TEXT);
    if (record == NULL || digest == NULL) return mri_error_no_memory(error);
    mri_digest_text(&entry->digest, digest);
    record->struct_size = sizeof *record;
    record->path = entry->path;
    record->digest = digest;
    record->size = entry->size;
  }
  return MR_OK;
}

mr_status mr_manifest_new(mr_manifest **out_manifest, mr_error *error) {
  mr_status status = mri_check_argument(out_manifest, "out_manifest", error);
  if (status != MR_OK) return status;
  mr_manifest *manifest = mri_mem_zalloc(mri_mem_default(), 1, sizeof *manifest);
  if (manifest == NULL) return mri_error_no_memory(error);
  mri_manifest_init(&manifest->manifest, mri_mem_default());
  mri_vec_init(&manifest->records, mri_mem_default(), sizeof(mr_manifest_entry_record));
  *out_manifest = manifest;
  return MR_OK;
}

void mr_manifest_free(mr_manifest *manifest) {
  if (manifest == NULL) return;
  mri_manifest_destroy(&manifest->manifest);
  mri_vec_free(&manifest->records);
  mri_mem_free(mri_mem_default(), manifest);
}

/* An addition either ends with its records, or the manifest is as it was. */
static mr_status settle(mr_manifest *manifest, size_t before, int64_t size_before, mr_status status,
                        mr_error *error) {
  if (status == MR_OK) status = mri_manifest_records(manifest, before, error);
  if (status != MR_OK) {
    manifest->manifest.entries.count = before;
    manifest->manifest.total_size = size_before;
    manifest->records.count = before;
  }
  return status;
}

typedef struct addition {
  mr_manifest *manifest;
  const mr_folder_options *options;
  const char *folder;
} addition;

static bool matches(const char *const *patterns, size_t count, const char *path) {
  for (size_t i = 0; i < count; i++) {
    if (fnmatch(patterns[i], path, 0) == 0) return true;
  }
  return false;
}

static bool wanted(void *ctx, const char *path) {
  const addition *a = ctx;
  const mr_folder_options *o = a->options;
  if (o->include_count > 0 && !matches(o->include, o->include_count, path)) return false;
  return !matches(o->exclude, o->exclude_count, path);
}

/* Freezing reads the file again, perhaps from another working folder. */
static void add_absolute(mri_str *out, const char *path) {
  char folder[4096];
  if (path[0] != '/' && getcwd(folder, sizeof folder) != NULL) {
    mri_str_add(out, folder);
    mri_str_add_char(out, '/');
  }
  mri_str_add(out, path);
}

static mr_status add_file(void *ctx, const mri_folder_file *file, mr_error *error) {
  addition *a = ctx;
  mri_digest digest;
  int64_t size = 0;
  mr_status status = mri_file_digest(mri_mem_default(), file->dir, file->name, file->path,
                                     a->options->cancel, &digest, &size, error);
  if (status == MR_IO) return mri_error_prefix(error, status, "%s", a->folder);
  if (status != MR_OK) return status;
  mri_str source;
  mri_str_init(&source, mri_mem_default());
  add_absolute(&source, a->folder);
  mri_str_add_char(&source, '/');
  mri_str_add(&source, file->path);
  const char *text = mri_str_text(&source);
  status = text == NULL
               ? mri_error_no_memory(error)
               : mri_manifest_add(&a->manifest->manifest, file->path, size, &digest, text, error);
  mri_str_free(&source);
  return status;
}

static mr_status refuse_other(void *ctx, const char *path, mr_error *error) {
  const addition *a = ctx;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "%s/%s is a symbolic link or a special file; leave it out with an exclude "
                       "pattern",
                       a->folder, path);
}

static mr_status check_patterns(const char *const *patterns, size_t count, const char *what,
                                mr_error *error) {
  mr_status status = count == 0 ? MR_OK : mri_check_argument(patterns, what, error);
  for (size_t i = 0; i < count && status == MR_OK; i++) {
    status = mri_check_value(patterns[i], what, MRI_PATH_MAX, error);
  }
  return status;
}

mr_status mr_manifest_add_folder(mr_manifest *manifest, const char *path,
                                 const mr_folder_options *options, mr_error *error) {
  mr_folder_options o;
  mr_status status = mri_check_argument(manifest, "manifest", error);
  if (status == MR_OK) status = mri_check_local_path(path, "path", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_folder_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o.reserved, "mr_folder_options", error);
  if (status == MR_OK) status = check_patterns(o.include, o.include_count, "include", error);
  if (status == MR_OK) status = check_patterns(o.exclude, o.exclude_count, "exclude", error);
  if (status != MR_OK) return status;
  size_t before = mri_manifest_count(&manifest->manifest);
  int64_t size_before = manifest->manifest.total_size;
  addition a = {manifest, &o, path};
  mri_folder_walk walk = {&a, o.cancel, add_file, refuse_other, wanted, NULL};
  mri_work work;
  int64_t ahead = 0;
  if (o.cancel != NULL) {
    status = mri_folder_size(mri_mem_default(), path, &walk, &ahead, error);
    if (status != MR_OK) return status;
    mri_cancel_add_total(o.cancel, ahead);
  }
  mri_work_begin(&work, o.cancel, ahead, 1);
  o.cancel = &work.token;
  status = mri_folder_visit(mri_mem_default(), path, &walk, error);
  if (status == MR_OK) mri_work_end(&work);
  return settle(manifest, before, size_before, status, error);
}

mr_status mr_manifest_add_file(mr_manifest *manifest, const char *local_path,
                               const char *manifest_path, mr_error *error) {
  mri_digest digest;
  int64_t size = 0;
  mr_status status = mri_check_argument(manifest, "manifest", error);
  if (status == MR_OK) status = mri_check_local_path(local_path, "local_path", error);
  if (status != MR_OK) return status;
  if (manifest_path == NULL) {
    const char *slash = strrchr(local_path, '/');
    manifest_path = slash == NULL ? local_path : slash + 1;
  }
  status = mri_check_path(manifest_path, "manifest path", error);
  if (status == MR_OK) {
    status = mri_file_digest(mri_mem_default(), AT_FDCWD, local_path, local_path, NULL, &digest,
                             &size, error);
  }
  if (status != MR_OK) return status;
  size_t before = mri_manifest_count(&manifest->manifest);
  int64_t size_before = manifest->manifest.total_size;
  mri_str source;
  mri_str_init(&source, mri_mem_default());
  add_absolute(&source, local_path);
  const char *text = mri_str_text(&source);
  status = text == NULL
               ? mri_error_no_memory(error)
               : mri_manifest_add(&manifest->manifest, manifest_path, size, &digest, text, error);
  mri_str_free(&source);
  return settle(manifest, before, size_before, status, error);
}

mr_status mr_manifest_add_entry(mr_manifest *manifest, const char *path, int64_t size,
                                const char *digest, mr_error *error) {
  mri_digest parsed;
  mr_status status = mri_check_argument(manifest, "manifest", error);
  if (status == MR_OK) status = mri_check_path(path, "manifest path", error);
  if (status == MR_OK) status = mri_check_digest(digest, "digest", &parsed, error);
  if (status == MR_OK && size < 0) {
    status =
        mri_error_set(error, MR_INVALID_ARGUMENT, "size is %lld, not 0 or more", (long long)size);
  }
  if (status != MR_OK) return status;
  size_t before = mri_manifest_count(&manifest->manifest);
  int64_t size_before = manifest->manifest.total_size;
  status = mri_manifest_add(&manifest->manifest, path, size, &parsed, NULL, error);
  return settle(manifest, before, size_before, status, error);
}

mr_status mr_manifest_digest(mr_manifest *manifest, const char **out_digest, mr_error *error) {
  mr_status status = mri_check_argument(manifest, "manifest", error);
  if (status == MR_OK) status = mri_check_argument(out_digest, "out_digest", error);
  if (status != MR_OK) return status;
  if (!manifest->manifest.sealed) {
    status = mri_manifest_seal(&manifest->manifest, error);
    if (status == MR_OK) status = mri_manifest_records(manifest, 0, error);
    if (status != MR_OK) {
      manifest->manifest.sealed = false;
      return status;
    }
  }
  mri_digest_text(&manifest->manifest.digest, manifest->digest);
  *out_digest = manifest->digest;
  return MR_OK;
}

int64_t mr_manifest_count(const mr_manifest *manifest) {
  return manifest == NULL ? 0 : (int64_t)manifest->records.count;
}

const mr_manifest_entry_record *mr_manifest_at(const mr_manifest *manifest, int64_t index) {
  if (manifest == NULL || index < 0 || index >= (int64_t)manifest->records.count) return NULL;
  return mri_vec_at(&manifest->records, (size_t)index);
}
