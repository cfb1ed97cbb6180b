/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel_token.h"
#include "upkeep/fsck_walk.h"
#include "upkeep/upkeep_limits.h"

#include <stdarg.h>
#include <stdio.h>

#define DEFAULT_LIMIT 1000
#define MOST_LISTED   1000000

const char mri_fsck_restore[] = "restore it from a backup";

struct mr_fsck {
  mr_registry *registry;
  mri_arena arena;
  mri_vec lists[2]; /* mr_finding_record: errors, notes */
  int64_t limit;
  mr_fsck_record record;
};

static mr_fsck *new_fsck(mr_registry *registry, int64_t limit) {
  mr_fsck *fsck = mri_mem_zalloc(&registry->mem, 1, sizeof *fsck);
  if (fsck == NULL) return NULL;
  fsck->registry = mri_registry_ref(registry);
  mri_arena_init(&fsck->arena, &registry->mem);
  for (int i = 0; i < 2; i++)
    mri_vec_init(&fsck->lists[i], &registry->mem, sizeof(mr_finding_record));
  fsck->limit = limit;
  fsck->record.struct_size = sizeof fsck->record;
  return fsck;
}

mr_status mri_fsck_add(mri_fsck_walk *walk, mri_fsck_kind kind, const char *object, mr_error *error,
                       const char *format, ...) {
  mr_fsck *fsck = walk->found;
  mri_vec *list = &fsck->lists[kind.is_note];
  mr_error line = MR_ERROR_INIT;
  char message[sizeof line.message];
  if (kind.repaired) {
    fsck->record.repaired_count++;
  } else if (kind.is_note) {
    fsck->record.note_count++;
  } else {
    fsck->record.error_count++;
  }
  if ((int64_t)list->count >= fsck->limit) return MR_OK;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  /* Damaged rows hold anything: what is said of them is one line of valid text like an error. */
  mri_error_set(&line, MR_CORRUPT, "%s", message);
  const char *message_copy = mri_arena_strdup(&fsck->arena, line.message);
  mri_error_set(&line, MR_CORRUPT, "%s", object);
  const char *object_copy = mri_arena_strdup(&fsck->arena, line.message);
  const char *remedy_copy = mri_arena_strdup(&fsck->arena, kind.remedy);
  bool copied = message_copy != NULL && object_copy != NULL && remedy_copy != NULL;
  mr_finding_record *slot = copied ? mri_vec_push(list) : NULL;
  if (slot == NULL) return mri_error_no_memory(error);
  slot->struct_size = sizeof *slot;
  slot->finding = kind.finding;
  slot->is_note = kind.is_note;
  slot->repaired = kind.repaired;
  slot->object = object_copy;
  slot->message = message_copy;
  slot->remedy = remedy_copy;
  return MR_OK;
}

mr_status mri_fsck_row(mri_fsck_walk *walk, mr_error *error) {
  walk->found->record.row_count++;
  return mri_check_cancel(walk->cancel, error);
}

void mri_fsck_count_content(mri_fsck_walk *walk, int64_t bytes_read) {
  walk->found->record.blob_count++;
  walk->found->record.total_size += bytes_read;
}

static mr_status check_rows(mri_fsck_walk *walk, mr_error *error) {
  static mr_status (*const parts[])(mri_fsck_walk *, mr_error *) = {
      mri_fsck_database, mri_fsck_runs,     mri_fsck_metrics,  mri_fsck_files,
      mri_fsck_gates,    mri_fsck_requests, mri_fsck_versions, mri_fsck_channels,
  };
  mri_tx_kind kind = walk->repair ? MRI_TX_APPEND_DURABLE : MRI_TX_READ;
  mr_status status = mri_tx_begin(walk->registry->store, kind, walk->cancel, &walk->tx, error);
  if (status != MR_OK) return status;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && status == MR_OK; i++)
    status = parts[i](walk, error);
  if (status == MR_CORRUPT && walk->bad_indexes) {
    status = mri_error_set(error, MR_CORRUPT,
                           "%s cannot be read to its end for its damaged indexes; run fsck with "
                           "repair",
                           walk->registry->record.uri);
  }
  status = mri_tx_end(walk->tx, status, error);
  walk->tx = NULL;
  return status;
}

static mr_status check_options(const mr_registry *registry, const mr_fsck_options *options,
                               mr_fsck_options *out, mr_error *error) {
  const mr_fsck_flags known = MR_FSCK_QUICK | MR_FSCK_REPAIR;
  mr_status status = mri_options_read(out, sizeof *out, options, "mr_fsck_options", error);
  if (status != MR_OK) return status;
  if ((out->flags & ~known) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of mr_fsck_options are unknown",
                         out->flags & ~known);
  }
  if (out->limit < 0 || out->limit > MOST_LISTED) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "limit is %lld, not 0 to %d",
                         (long long)out->limit, MOST_LISTED);
  }
  if (out->limit == 0) out->limit = DEFAULT_LIMIT;
  if ((out->flags & MR_FSCK_REPAIR) != 0 && registry->record.read_only) {
    return mri_error_set(error, MR_READ_ONLY,
                         "a registry that is open for reading cannot be repaired");
  }
  return mri_check_cancel(out->cancel, error);
}

mr_status mr_registry_fsck(mr_registry *registry, const mr_fsck_options *options,
                           mr_fsck **out_fsck, mr_error *error) {
  mr_fsck_options o;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_fsck, "out_fsck", error);
  if (status == MR_OK) status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  status = check_options(registry, options, &o, error);
  if (status == MR_OK) status = mri_upkeep_check_schema(registry, "tell what is whole", error);
  if (status != MR_OK) return mri_leave(registry, status);
  mri_fsck_walk walk = {.registry = registry,
                        .quick = (o.flags & MR_FSCK_QUICK) != 0,
                        .repair = (o.flags & MR_FSCK_REPAIR) != 0,
                        .cancel = o.cancel,
                        .found = new_fsck(registry, o.limit)};
  mri_fsck_content_init(&walk.content, &registry->mem);
  status = walk.found != NULL ? check_rows(&walk, error) : mri_error_no_memory(error);
  if (status == MR_OK) status = mri_fsck_look_at_content(&walk, error);
  mri_fsck_content_free(&walk.content);
  if (status == MR_OK) {
    *out_fsck = walk.found;
  } else {
    mr_fsck_free(walk.found);
  }
  return mri_leave(registry, status);
}

const mr_fsck_record *mr_fsck_info(const mr_fsck *fsck) {
  return fsck == NULL ? NULL : &fsck->record;
}

int64_t mr_fsck_count(const mr_fsck *fsck) {
  if (fsck == NULL) return 0;
  int64_t count = (int64_t)(fsck->lists[0].count + fsck->lists[1].count);
  return count < fsck->limit ? count : fsck->limit;
}

const mr_finding_record *mr_fsck_at(const mr_fsck *fsck, int64_t index) {
  if (index < 0 || index >= mr_fsck_count(fsck)) return NULL;
  size_t errors = fsck->lists[0].count;
  size_t at = (size_t)index;
  return at < errors ? mri_vec_at(&fsck->lists[0], at) : mri_vec_at(&fsck->lists[1], at - errors);
}

void mr_fsck_free(mr_fsck *fsck) {
  if (fsck == NULL) return;
  mr_registry *registry = fsck->registry;
  for (int i = 0; i < 2; i++) mri_vec_free(&fsck->lists[i]);
  mri_arena_free(&fsck->arena);
  mri_mem_free(&registry->mem, fsck);
  mri_registry_unref(registry);
}
