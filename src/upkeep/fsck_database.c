/* SPDX-License-Identifier: Apache-2.0 */
/* The database as its own software sees it, and the two tables that say what the registry is. */
#include "upkeep/fsck_rows.h"

#include <stdio.h>

#define INDEX_NAME_BYTES 96
#define LINE_BYTES       200
#define LISTED           20

/* An index that differs from its table: one finding, however many rows are concerned. */
typedef struct bad_index {
  char name[INDEX_NAME_BYTES];
  char line[LINE_BYTES]; /* the first that was said of it */
  int64_t lines;
} bad_index;

typedef struct self_check {
  mri_fsck_walk *walk;
  mr_error *error;
  mri_vec indexes; /* bad_index */
  int64_t damages; /* lines about pages and values: one damaged page gives many */
  bool indexes_only;
} self_check;

static mr_status note_index(self_check *self, const mri_fault *fault) {
  bad_index *index = NULL;
  for (size_t i = 0; i < self->indexes.count && index == NULL; i++) {
    bad_index *one = mri_vec_at(&self->indexes, i);
    if (strncmp(one->name, fault->object, sizeof one->name - 1) == 0) index = one;
  }
  if (index == NULL) {
    index = mri_vec_push(&self->indexes);
    if (index == NULL) return mri_error_no_memory(self->error);
    (void)snprintf(index->name, sizeof index->name, "%s", fault->object);
    (void)snprintf(index->line, sizeof index->line, "%s", fault->text);
  }
  index->lines++;
  return MR_OK;
}

static mr_status on_fault(void *ctx, const mri_fault *fault) {
  self_check *self = ctx;
  mri_fsck_kind kind = {.finding = MR_FINDING_DATABASE, .remedy = mri_fsck_restore};
  char object[INDEX_NAME_BYTES + 8];
  if (fault->kind == MRI_FAULT_INDEX) return note_index(self, fault);
  if (self->indexes_only) return MR_OK;
  (void)snprintf(object, sizeof object, "%s", fault->object == NULL ? "database" : fault->object);
  switch (fault->kind) {
  case MRI_FAULT_DUPLICATE:
    kind.finding = MR_FINDING_REFERENCE;
    (void)snprintf(object, sizeof object, "index %s", fault->object);
    break;
  case MRI_FAULT_REFERENCE:
    kind.finding = MR_FINDING_REFERENCE;
    break;
  case MRI_FAULT_SOFTWARE:
    kind.finding = MR_FINDING_SOFTWARE;
    kind.is_note = true;
    kind.remedy = "install a newer version, or let no other program write to the file";
    break;
  default:
    if (++self->damages > LISTED) return MR_OK;
    break;
  }
  return mri_fsck_add(self->walk, kind, object, self->error, "%s", fault->text);
}

static mr_status add_indexes(self_check *self) {
  mr_status status = MR_OK;
  for (size_t i = 0; i < self->indexes.count && status == MR_OK; i++) {
    const bad_index *index = mri_vec_at(&self->indexes, i);
    bool hopeless = self->walk->repair || self->damages > 0;
    const mri_fsck_kind kind = {.finding = MR_FINDING_DATABASE,
                                .repaired = index->lines == 0,
                                .remedy = hopeless ? mri_fsck_restore : mri_fsck_repair};
    char object[INDEX_NAME_BYTES + 8];
    (void)snprintf(object, sizeof object, "index %s", index->name);
    status = mri_fsck_add(self->walk, kind, object, self->error, "it differs from its table: %s",
                          index->line);
    self->walk->bad_indexes = self->walk->bad_indexes || !hopeless;
  }
  return status;
}

static mr_status add_more(const self_check *self) {
  const mri_fsck_kind kind = {.finding = MR_FINDING_DATABASE, .remedy = mri_fsck_restore};
  int64_t more = self->damages - LISTED;
  if (more <= 0) return MR_OK;
  return mri_fsck_add(self->walk, kind, "database", self->error, "it has %lld more such damages",
                      (long long)more);
}

/* What the second look does not complain of any more was mended. */
static mr_status rebuild_indexes(self_check *self) {
  self_check again = {.walk = self->walk, .error = self->error, .indexes_only = true};
  mri_vec_init(&again.indexes, self->indexes.mem, sizeof(bad_index));
  mr_status status = MR_OK;
  for (size_t i = 0; i < self->indexes.count && status == MR_OK; i++) {
    bad_index *index = mri_vec_at(&self->indexes, i);
    bool done = false;
    status = mri_store_rebuild(self->walk->tx, index->name, &done, self->error);
    if (done) index->lines = 0;
  }
  if (status == MR_OK) status = mri_store_check(self->walk->tx, on_fault, &again, self->error);
  for (size_t i = 0; i < again.indexes.count && status == MR_OK; i++) {
    const bad_index *still = mri_vec_at(&again.indexes, i);
    for (size_t j = 0; j < self->indexes.count; j++) {
      bad_index *index = mri_vec_at(&self->indexes, j);
      if (strcmp(index->name, still->name) == 0) index->lines = still->lines;
    }
  }
  mri_vec_free(&again.indexes);
  return status;
}

/* References are looked up by indexes: those come first. Nothing is known where the database cannot
 * check itself. Where pages are damaged, too, no index is made anew: that gives back the pages of
 * the old one, and one of them may be the page of a table by now. */
static mr_status check_itself(mri_fsck_walk *walk, mr_error *error) {
  self_check self = {.walk = walk, .error = error};
  mri_vec_init(&self.indexes, &walk->registry->mem, sizeof(bad_index));
  mr_status status = mri_store_check(walk->tx, on_fault, &self, error);
  bool known = status != MR_NOT_SUPPORTED;
  bool sound = self.damages == 0;
  if (status == MR_OK && walk->repair && sound && self.indexes.count > 0) {
    status = rebuild_indexes(&self);
  }
  if (status == MR_OK) status = add_more(&self);
  if (status == MR_OK) status = add_indexes(&self);
  if (status == MR_OK) status = mri_store_check_references(walk->tx, on_fault, &self, error);
  mri_vec_free(&self.indexes);
  return known ? status : MR_OK;
}

static bool is_number(const char *text) {
  size_t digits = strspn(text, "0123456789");
  return digits > 0 && digits < 19 && text[digits] == '\0';
}

static int64_t number_of(const char *text) {
  int64_t number = 0;
  for (; *text != '\0'; text++) number = number * 10 + (*text - '0');
  return number;
}

/* What must be said of a registry. */
typedef struct said {
  bool created;
  bool versions[2]; /* as version_keys has them */
} said;

/* Only a library of another schema reads them. */
static const char *const version_keys[] = {"min_reader", "min_writer"};

static mr_status version_value(mri_fsck_walk *walk, const char *key, const char *value,
                               mr_error *error) {
  if (is_number(value) && number_of(value) >= 1 &&
      number_of(value) <= walk->registry->record.schema_version) {
    return MR_OK;
  }
  return mri_fsck_bad_value(walk, "registry", error, "its %s '%.64s' is no version of the schema",
                            key, value);
}

/* The id and the folder of artifacts are looked at by every open. */
static mr_status meta_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt, mr_error *error) {
  said *has = ctx;
  const char *key = mri_stmt_text(stmt, 0);
  const char *value = mri_stmt_text(stmt, 1);
  mr_status status = mri_fsck_have(stmt, 0, error);
  if (status == MR_OK) status = mri_fsck_have(stmt, 1, error);
  if (status != MR_OK) return status;
  if (key == NULL) key = "";
  if (value == NULL) value = "";
  if (strcmp(key, "id") == 0 || strcmp(key, "artifact_root") == 0) return MR_OK;
  if (strcmp(key, "created_us") == 0) {
    has->created = true;
    if (is_number(value) && mri_check_clock(number_of(value), NULL) == MR_OK) return MR_OK;
    return mri_fsck_bad_value(walk, "registry", error,
                              "its created_us '%.64s' is no time between 1970 and 9999", value);
  }
  for (int i = 0; i < 2; i++) {
    if (strcmp(key, version_keys[i]) != 0) continue;
    has->versions[i] = true;
    return version_value(walk, key, value, error);
  }
  return mri_fsck_bad_value(walk, "registry", error, "it has a property '%.64s' that is unknown",
                            key);
}

static mr_status check_meta(mri_fsck_walk *walk, mr_error *error) {
  said has = {.created = false};
  mr_status status =
      mri_fsck_each(walk, meta_row, &has, error, "SELECT key, value FROM meta ORDER BY key");
  for (int i = 0; i < 2 && status == MR_OK; i++) {
    if (has.versions[i]) continue;
    status = mri_fsck_bad_value(walk, "registry", error, "it does not say its %s", version_keys[i]);
  }
  if (status != MR_OK || has.created) return status;
  return mri_fsck_bad_value(walk, "registry", error, "it does not say when it was created");
}

static mr_status governance_row(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                                mr_error *error) {
  int64_t *rows = ctx;
  int64_t sequence = mri_stmt_int(stmt, 0);
  int64_t time_us = mri_stmt_int(stmt, 1);
  mr_status status = MR_OK;
  (*rows)++;
  if (sequence < 0) {
    status = mri_fsck_bad_value(walk, "registry", error, "its number of changes is %lld",
                                (long long)sequence);
  }
  if (status != MR_OK || time_us == 0) return status; /* nothing was ever governed */
  return mri_fsck_time(walk, stmt, 1, "the time of its last change", "registry", error);
}

static mr_status check_governance(mri_fsck_walk *walk, mr_error *error) {
  int64_t rows = 0;
  mr_status status = mri_fsck_each(walk, governance_row, &rows, error,
                                   "SELECT sequence, time_us FROM governance ORDER BY id");
  if (status != MR_OK || rows == 1) return status;
  return mri_fsck_bad_value(walk, "registry", error,
                            "it has %lld rows that count its changes instead of one",
                            (long long)rows);
}

mr_status mri_fsck_database(mri_fsck_walk *walk, mr_error *error) {
  mr_status status = check_itself(walk, error);
  if (status == MR_OK) status = check_meta(walk, error);
  return status == MR_OK ? check_governance(walk, error) : status;
}
