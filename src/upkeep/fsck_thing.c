/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/fsck_thing.h"

#include <stdarg.h>
#include <stdio.h>

void mri_fsck_thing_is(mri_fsck_thing *thing, mri_fsck_walk *walk, mr_error *error,
                       const char *format, ...) {
  va_list arguments;
  thing->walk = walk;
  thing->error = error;
  thing->status = MR_OK;
  thing->found = 0;
  va_start(arguments, format);
  (void)vsnprintf(thing->name, sizeof thing->name, format, arguments);
  va_end(arguments);
}

void mri_fsck_thing_row(mri_fsck_thing *thing) {
  if (thing->status == MR_OK) thing->status = mri_fsck_row(thing->walk, thing->error);
}

void mri_fsck_say(mri_fsck_thing *thing, mr_finding finding, const char *format, ...) {
  char message[MRI_FSCK_TEXT];
  const mri_fsck_kind kind = {.finding = finding, .remedy = mri_fsck_restore};
  va_list arguments;
  thing->found++;
  if (thing->status != MR_OK) return;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  thing->status = mri_fsck_add(thing->walk, kind, thing->name, thing->error, "%s", message);
}

void mri_fsck_say_why(mri_fsck_thing *thing, const char *where, mr_status status,
                      const mr_error *why) {
  if (status == MR_OK) return;
  mri_fsck_say(thing, MR_FINDING_VALUE, "%s%s", where, why->message);
}

static int64_t count_all(const mri_fsck_thing *thing) {
  return mr_fsck_info(thing->walk->found)->error_count;
}

void mri_fsck_thing_id(mri_fsck_thing *thing, const mri_stmt *stmt, int column) {
  int64_t before = count_all(thing);
  if (thing->status != MR_OK) return;
  thing->status = mri_fsck_id(thing->walk, stmt, column, thing->name, thing->error);
  thing->found += count_all(thing) - before;
}

void mri_fsck_thing_time(mri_fsck_thing *thing, const mri_stmt *stmt, int column, const char *where,
                         const char *what) {
  char both[MRI_FSCK_OBJECT];
  int64_t before = count_all(thing);
  if (thing->status != MR_OK) return;
  (void)snprintf(both, sizeof both, "%s%s", where, what);
  thing->status = mri_fsck_time(thing->walk, stmt, column, both, thing->name, thing->error);
  thing->found += count_all(thing) - before;
}

void mri_fsck_thing_range(mri_fsck_thing *thing, const mri_stmt *stmt, int column,
                          const char *where, const char *what, int64_t first, int64_t last) {
  char both[MRI_FSCK_OBJECT];
  int64_t before = count_all(thing);
  if (thing->status != MR_OK) return;
  (void)snprintf(both, sizeof both, "%s%s", where, what);
  thing->status =
      mri_fsck_range(thing->walk, stmt, column, both, first, last, thing->name, thing->error);
  thing->found += count_all(thing) - before;
}

void mri_fsck_thing_texts(mri_fsck_thing *thing, const mri_stmt *stmt, const char *where,
                          const mri_fsck_text *texts, size_t count) {
  char both[MRI_FSCK_OBJECT];
  int64_t before = count_all(thing);
  for (size_t i = 0; i < count && thing->status == MR_OK; i++) {
    mri_fsck_text text = texts[i];
    (void)snprintf(both, sizeof both, "%s%s", where, text.what);
    text.what = both;
    thing->status = mri_fsck_texts(thing->walk, stmt, thing->name, &text, 1, thing->error);
  }
  thing->found += count_all(thing) - before;
}

bool mri_fsck_is_content(mr_status status, const mr_error *why) {
  /* What the database says carries its code. */
  if (why->backend_code != 0) return false;
  switch (status) {
  case MR_INVALID_ARGUMENT:
  case MR_NOT_FOUND:
  case MR_ALREADY_EXISTS:
  case MR_LIMIT:
  case MR_CORRUPT:
  case MR_TAMPERED:
    return true;
  default:
    return false;
  }
}

mr_status mri_fsck_pass_on(mr_status status, const mr_error *why, mr_error *error) {
  if (status == MR_OK || mri_fsck_is_content(status, why)) return MR_OK;
  return mri_error_set_code(error, status, why->backend_code, "%s", why->message);
}

bool mri_fsck_same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const char *mri_fsck_shown(const char *text) {
  return text == NULL || text[0] == '\0' ? "none" : text;
}

int64_t mri_fsck_reference(const mri_stmt *stmt, int column) {
  return mri_stmt_is_null(stmt, column) ? 0 : mri_stmt_int(stmt, column);
}
