/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a registry: first the database as one snapshot shows it, then the content that this
 * snapshot refers to, and last the name. Content that comes to the registry later is none of the
 * copy's, and what the snapshot refers to is never changed. */
#include "base/cancel_token.h"
#include "registry/folder.h"
#include "registry/run_core.h"
#include "upkeep/backup_content.h"
#include "upkeep/backup_place.h"
#include "upkeep/upkeep_limits.h"

#include <modelreg/backup.h>
#include <stdio.h>

typedef struct backup {
  mr_registry *registry;
  const char *path;
  const mr_cancel *cancel;
  mri_backup_place place;
  mri_blob_references references;
} backup;

/* The copy has its content beside itself, wherever the registry has its own. */
static const char own_place[] = "DELETE FROM meta WHERE key = 'artifact_root'";

static mr_status copy_database(backup *b, mr_error *error) {
  mri_str name;
  mri_tx *tx = NULL;
  mr_status status = mri_tx_begin(b->registry->store, MRI_TX_READ, b->cancel, &tx, error);
  if (status != MR_OK) return status;
  mri_str_init(&name, &b->registry->mem);
  mri_str_addf(&name, "backup %.*s", mri_text_fit(b->path, 200), b->path);
  mri_backup_target target = {.path = mri_str_text(&b->place.file),
                              .name = mri_str_text(&name),
                              .change = own_place,
                              .cancel = b->cancel};
  status = target.name == NULL ? mri_error_no_memory(error) : mri_store_backup(tx, &target, error);
  if (status == MR_OK) status = mri_blob_references_read(&b->references, tx, b->cancel, error);
  mri_str_free(&name);
  return mri_tx_end(tx, status, error);
}

static mr_status copy_content(backup *b, mr_report *report, mr_error *error) {
  mri_backup_content content = {.registry = b->registry, .cancel = b->cancel, .report = report};
  mr_status status = mri_blobs_open_folder(&b->registry->mem, mri_str_text(&b->place.root),
                                           mri_store_facts_of(b->registry->store)->file_mode, false,
                                           &content.to, error);
  if (status != MR_OK) return status;
  status = mri_backup_copy_content(&content, &b->references, error);
  mri_blobs_close(content.to);
  /* Whoever put there what is used again may not have come to make its name durable. */
  bool reused = false;
  for (size_t i = 0; i < MRI_BACKUP_SHARDS; i++) reused = reused || content.reused[i];
  if (status == MR_OK && reused) status = mri_backup_place_sync(&b->place, content.reused, error);
  return status;
}

static mr_status make_backup(backup *b, mr_report **out_report, mr_error *error) {
  mr_report *report = mri_report_new(b->registry);
  if (report == NULL) return mri_error_no_memory(error);
  mr_status status = copy_database(b, error);
  if (status == MR_OK) status = copy_content(b, report, error);
  if (status == MR_OK && out_report == NULL && mr_report_count(report) > 0) {
    return mri_report_finish(report, "content of the registry is damaged", NULL, error);
  }
  if (status == MR_OK) status = mri_check_cancel(b->cancel, error);
  if (status == MR_OK) status = mri_backup_place_publish(&b->place, error);
  if (status == MR_OK) return mri_report_finish(report, "backup", out_report, error);
  mr_report_free(report);
  return status;
}

static mr_status check_call(const mr_registry *registry, const char *path,
                            const mr_backup_options *options, mr_backup_options *out,
                            mr_error *error) {
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_local_path(path, "local_path", error);
  if (status == MR_OK) {
    status = mri_options_read(out, sizeof *out, options, "mr_backup_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(out->reserved, "mr_backup_options", error);
  if (status == MR_OK) status = mri_check_cancel(out->cancel, error);
  return status;
}

mr_status mr_registry_backup(mr_registry *registry, const char *path,
                             const mr_backup_options *options, mr_report **out_report,
                             mr_error *error) {
  mr_backup_options o;
  mr_status status = check_call(registry, path, options, &o, error);
  if (status == MR_OK) status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  status = mri_upkeep_check_schema(registry, "tell what to copy", error);
  if (status != MR_OK) return mri_leave(registry, status);
  backup b = {.registry = registry, .path = path, .cancel = o.cancel};
  mri_backup_place_init(&b.place, &registry->mem);
  mri_blob_references_init(&b.references, &registry->mem);
  status = mri_backup_place_open(&b.place, registry, path, error);
  if (status == MR_OK && !registry->record.read_only) status = mri_run_cores_fold(registry, error);
  if (status == MR_OK) status = make_backup(&b, out_report, error);
  mri_backup_place_close(&b.place);
  mri_blob_references_free(&b.references);
  return mri_leave(registry, status);
}
