/* SPDX-License-Identifier: Apache-2.0 */
#include "store/schema.h"
#include "base/str.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define MAX_OBJECTS 256

/* What the token at `text` stands for, and its length; NULL when there is none. */
static const char *token_at(const mri_dialect *dialect, const char *text, size_t *length) {
  const struct {
    const char *token;
    const char *spelling;
  } tokens[] = {
      {"{int}", dialect->int_type},   {"{real}", dialect->real_type},
      {"{text}", dialect->text_type}, {"{bytes}", dialect->bytes_type},
      {"{strict}", dialect->strict},
  };
  if (*text != '{') return NULL;
  for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
    *length = strlen(tokens[i].token);
    if (strncmp(text, tokens[i].token, *length) == 0) return tokens[i].spelling;
  }
  return NULL;
}

static void spell(const mri_dialect *dialect, const char *ddl, mri_str *out) {
  while (*ddl != '\0') {
    size_t length = 1;
    const char *spelling = token_at(dialect, ddl, &length);
    if (spelling != NULL) {
      mri_str_add(out, spelling);
    } else {
      mri_str_add_char(out, *ddl);
    }
    ddl += spelling != NULL ? length : 1;
  }
}

static bool is_spelled(const mri_dialect *dialect, const char *ddl, const char *actual) {
  while (*ddl != '\0') {
    size_t length = 1;
    const char *spelling = token_at(dialect, ddl, &length);
    if (spelling == NULL) {
      if (*ddl++ != *actual++) return false;
      continue;
    }
    size_t size = strlen(spelling);
    if (strncmp(actual, spelling, size) != 0) return false;
    actual += size;
    ddl += length;
  }
  return *actual == '\0';
}

/* The name of the table or index that a DDL statement makes. */
static const char *object_name(const char *ddl, size_t *length) {
  static const char *const heads[] = {"CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "};
  for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
    size_t size = strlen(heads[i]);
    if (strncmp(ddl, heads[i], size) != 0) continue;
    *length = strcspn(ddl + size, " ");
    return ddl + size;
  }
  assert(false); /* a statement of another form in our own list */
  *length = 0;
  return ddl;
}

static bool is_named(const char *ddl, const char *name) {
  size_t length = 0;
  const char *own = object_name(ddl, &length);
  return strlen(name) == length && memcmp(own, name, length) == 0;
}

static mr_status run(const mri_driver *driver, mri_connection *connection, const char *sql,
                     mr_error *error) {
  mri_cursor *cursor = NULL;
  bool writes = false;
  bool row = false;
  mr_status status = driver->prepare(connection, sql, false, &cursor, &writes, error);
  if (status != MR_OK) return status;
  status = driver->step(connection, cursor, &row, error);
  driver->finalize(cursor, false);
  return status;
}

static mr_status set_meta(const mri_driver *driver, mri_connection *connection, const char *key,
                          const char *value, mr_error *error) {
  mri_cursor *cursor = NULL;
  bool writes = false;
  int64_t changes = 0;
  const mri_value values[] = {{.type = 't', .data = key}, {.type = 't', .data = value}};
  mr_status status = driver->prepare(connection, "INSERT INTO meta (key, value) VALUES (?1, ?2)",
                                     false, &cursor, &writes, error);
  if (status != MR_OK) return status;
  status = driver->batch(connection, cursor, 2, 1, values, &changes, error);
  driver->finalize(cursor, false);
  return status;
}

#define NUMBER_TEXT(number)  NUMBER_TEXT_(number)
#define NUMBER_TEXT_(number) #number

mr_status mri_schema_create(const mri_mem *mem, const mri_driver *driver,
                            mri_connection *connection, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; mri_schema_v1[i] != NULL && status == MR_OK; i++) {
    mri_str sql;
    mri_str_init(&sql, mem);
    spell(driver->dialect, mri_schema_v1[i], &sql);
    const char *text = mri_str_text(&sql);
    status = text != NULL ? run(driver, connection, text, error) : mri_error_no_memory(error);
    mri_str_free(&sql);
  }
  if (status == MR_OK) {
    status = set_meta(driver, connection, "min_reader", NUMBER_TEXT(MRI_SCHEMA_MIN_READER), error);
  }
  if (status == MR_OK) {
    status = set_meta(driver, connection, "min_writer", NUMBER_TEXT(MRI_SCHEMA_MIN_WRITER), error);
  }
  if (status == MR_OK) {
    status = run(driver, connection,
                 "INSERT INTO governance (id, sequence, time_us) VALUES (1, 0, 0)", error);
  }
  return status;
}

typedef struct comparison {
  const mri_driver *driver;
  const char *label;
  bool exact;  /* the version that we know: every object must be ours */
  size_t next; /* where the next object is expected: they mostly come in our order */
  size_t total;
  size_t found;
  bool seen[MAX_OBJECTS];
} comparison;

static mr_status compare_object(comparison *c, const char *type, const char *name, const char *sql,
                                mr_error *error) {
  if (type == NULL || name == NULL || sql == NULL ||
      (strcmp(type, "table") != 0 && strcmp(type, "index") != 0)) {
    return mri_error_set(error, MR_CORRUPT, "%s holds the %s '%s', which no registry has", c->label,
                         type != NULL ? type : "object", name != NULL ? name : "?");
  }
  if (!c->exact) return MR_OK;
  for (size_t i = 0; i < c->total; i++) {
    size_t at = (c->next + i) % c->total;
    if (!is_named(mri_schema_v1[at], name)) continue;
    c->next = at + 1;
    if (c->seen[at] || !is_spelled(c->driver->dialect, mri_schema_v1[at], sql)) {
      return mri_error_set(error, MR_CORRUPT,
                           "the %s '%s' of %s is not as this library makes it; restore a backup",
                           type, name, c->label);
    }
    c->seen[at] = true;
    c->found++;
    return MR_OK;
  }
  return mri_error_set(error, MR_CORRUPT, "%s holds the %s '%s', which is none of a registry's",
                       c->label, type, name);
}

static mr_status compare(const mri_driver *driver, mri_connection *connection, const char *label,
                         bool exact, mr_error *error) {
  comparison c = {.driver = driver, .label = label, .exact = exact};
  while (mri_schema_v1[c.total] != NULL) c.total++;
  assert(c.total <= MAX_OBJECTS);
  mri_cursor *cursor = NULL;
  bool writes = false;
  bool row = false;
  mr_status status =
      driver->prepare(connection, driver->dialect->catalog_sql, false, &cursor, &writes, error);
  if (status != MR_OK) return status;
  for (;;) {
    status = driver->step(connection, cursor, &row, error);
    if (status != MR_OK || !row) break;
    status = compare_object(&c, driver->column_text(cursor, 0), driver->column_text(cursor, 1),
                            driver->column_text(cursor, 2), error);
    if (status != MR_OK) break;
  }
  driver->finalize(cursor, false);
  if (status != MR_OK || !exact || c.found == c.total) return status;
  size_t missing = 0;
  while (c.seen[missing]) missing++;
  size_t length = 0;
  const char *name = object_name(mri_schema_v1[missing], &length);
  return mri_error_set(error, MR_CORRUPT, "'%.*s' is missing in %s; restore a backup", (int)length,
                       name, label);
}

/* A small decimal number; -1 when it is none. */
static int64_t parse_version(const char *text) {
  int64_t value = 0;
  size_t digits = 0;
  for (; text != NULL && text[digits] >= '0' && text[digits] <= '9' && digits < 9; digits++) {
    value = value * 10 + (text[digits] - '0');
  }
  return digits > 0 && text[digits] == '\0' ? value : -1;
}

static mr_status get_version(const mri_driver *driver, mri_connection *connection,
                             const char *label, const char *key, int64_t *out, mr_error *error) {
  mri_cursor *cursor = NULL;
  bool writes = false;
  bool row = false;
  const mri_value value = {.type = 't', .data = key};
  mr_status status = driver->prepare(connection, "SELECT value FROM meta WHERE key = ?1", false,
                                     &cursor, &writes, error);
  if (status != MR_OK) return status;
  status = driver->bind(connection, cursor, 1, &value, false, error);
  if (status == MR_OK) status = driver->step(connection, cursor, &row, error);
  if (status == MR_OK) {
    *out = row ? parse_version(driver->column_text(cursor, 0)) : -1;
    if (*out < 1) {
      status =
          mri_error_set(error, MR_CORRUPT, "%s does not say its %s; restore a backup", label, key);
    }
  }
  driver->finalize(cursor, false);
  return status;
}

mr_status mri_schema_check(const mri_driver *driver, mri_connection *connection, const char *label,
                           int64_t version, bool *read_only, mr_error *error) {
  *read_only = false;
  if (version < 1) {
    return mri_error_set(error, MR_CORRUPT, "%s has the impossible schema version %" PRId64, label,
                         version);
  }
  if (driver->dialect->catalog_sql != NULL) {
    mr_status status = compare(driver, connection, label, version == MRI_SCHEMA_VERSION, error);
    if (status != MR_OK) return status;
  }
  if (version == MRI_SCHEMA_VERSION) return MR_OK;
  int64_t min_reader = 0;
  int64_t min_writer = 0;
  mr_status status = get_version(driver, connection, label, "min_reader", &min_reader, error);
  if (status == MR_OK) {
    status = get_version(driver, connection, label, "min_writer", &min_writer, error);
  }
  if (status != MR_OK) return status;
  if (MRI_SCHEMA_VERSION < min_reader) {
    return mri_error_set(error, MR_NOT_SUPPORTED,
                         "%s has schema version %" PRId64 " and this library knows version %d; "
                         "update libmodelreg to one that knows version %" PRId64 " or later",
                         label, version, MRI_SCHEMA_VERSION, min_reader);
  }
  *read_only = MRI_SCHEMA_VERSION < min_writer;
  return MR_OK;
}
