/* SPDX-License-Identifier: Apache-2.0 */
#include "store/schema.h"
#include "base/str.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
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

/* The object as `ddl` has it, but that its name may be quoted. */
static bool is_spelled(const mri_dialect *dialect, const char *ddl, const char *actual) {
  size_t length = 0;
  const char *name = object_name(ddl, &length);
  size_t head = (size_t)(name - ddl);
  if (strncmp(ddl, actual, head) != 0) return false;
  actual += head;
  bool quoted = *actual == '"';
  if (quoted) actual++;
  if (strncmp(name, actual, length) != 0) return false;
  actual += length;
  if (quoted && *actual++ != '"') return false;
  for (ddl = name + length; *ddl != '\0';) {
    size_t size = 1;
    const char *spelling = token_at(dialect, ddl, &size);
    if (spelling == NULL) {
      if (*ddl++ != *actual++) return false;
      continue;
    }
    ddl += size;
    size = strlen(spelling);
    if (strncmp(actual, spelling, size) != 0) return false;
    actual += size;
  }
  return *actual == '\0';
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

static mr_status run_all(const mri_mem *mem, const mri_driver *driver, mri_connection *connection,
                         const char *const *statements, mr_error *error) {
  mr_status status = MR_OK;
  for (size_t i = 0; statements[i] != NULL && status == MR_OK; i++) {
    mri_str sql;
    mri_str_init(&sql, mem);
    spell(driver->dialect, statements[i], &sql);
    const char *text = mri_str_text(&sql);
    status = text != NULL ? run(driver, connection, text, error) : mri_error_no_memory(error);
    mri_str_free(&sql);
  }
  return status;
}

static mr_status set_meta(const mri_driver *driver, mri_connection *connection, const char *key,
                          int64_t version, mr_error *error) {
  mri_cursor *cursor = NULL;
  bool writes = false;
  int64_t changes = 0;
  char text[24];
  (void)snprintf(text, sizeof(text), "%" PRId64, version);
  const mri_value values[] = {{.type = 't', .data = key}, {.type = 't', .data = text}};
  mr_status status = driver->prepare(connection,
                                     "INSERT INTO meta (key, value) VALUES (?1, ?2) "
                                     "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                     false, &cursor, &writes, error);
  if (status != MR_OK) return status;
  status = driver->batch(connection, cursor, 2, 1, values, &changes, error);
  driver->finalize(cursor, false);
  return status;
}

static mr_status set_versions(const mri_schema *schema, const mri_driver *driver,
                              mri_connection *connection, mr_error *error) {
  mr_status status = set_meta(driver, connection, "min_reader", schema->min_reader, error);
  if (status != MR_OK) return status;
  return set_meta(driver, connection, "min_writer", schema->min_writer, error);
}

mr_status mri_schema_create(const mri_schema *schema, const mri_mem *mem, const mri_driver *driver,
                            mri_connection *connection, mr_error *error) {
  mr_status status = run_all(mem, driver, connection, schema->objects, error);
  if (status == MR_OK) status = set_versions(schema, driver, connection, error);
  if (status == MR_OK) status = run_all(mem, driver, connection, schema->rows, error);
  return status;
}

typedef struct comparison {
  const mri_driver *driver;
  const char *const *objects;
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
    if (!is_named(c->objects[at], name)) continue;
    c->next = at + 1;
    if (c->seen[at] || !is_spelled(c->driver->dialect, c->objects[at], sql)) {
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

static mr_status compare(const mri_schema *schema, const mri_driver *driver,
                         mri_connection *connection, const char *label, bool exact,
                         mr_error *error) {
  comparison c = {.driver = driver, .objects = schema->objects, .label = label, .exact = exact};
  if (driver->dialect->catalog_sql == NULL) return MR_OK;
  while (c.objects[c.total] != NULL) c.total++;
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
  const char *name = object_name(c.objects[missing], &length);
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

mr_status mri_schema_check(const mri_schema *schema, const mri_driver *driver,
                           mri_connection *connection, const char *label, int64_t version,
                           bool *read_only, mr_error *error) {
  *read_only = false;
  if (version < 1) {
    return mri_error_set(error, MR_CORRUPT, "%s has the impossible schema version %" PRId64, label,
                         version);
  }
  mr_status status = compare(schema, driver, connection, label, version == schema->version, error);
  if (status != MR_OK || version == schema->version) return status;
  if (version < schema->version) {
    return mri_error_set(error, MR_NOT_SUPPORTED,
                         "%s has schema version %" PRId64 ", this library uses %" PRId64
                         "; 'modelreg migrate' (MR_OPEN_MIGRATE) brings it forward",
                         label, version, schema->version);
  }
  int64_t min_reader = 0;
  int64_t min_writer = 0;
  status = get_version(driver, connection, label, "min_reader", &min_reader, error);
  if (status == MR_OK) {
    status = get_version(driver, connection, label, "min_writer", &min_writer, error);
  }
  if (status != MR_OK) return status;
  if (schema->version < min_reader) {
    return mri_error_set(error, MR_NOT_SUPPORTED,
                         "%s has schema version %" PRId64 " and this library knows version %" PRId64
                         "; update libmodelreg to one that knows version %" PRId64 " or later",
                         label, version, schema->version, min_reader);
  }
  *read_only = schema->version < min_writer;
  return MR_OK;
}

typedef struct broken_reference {
  const char *label;
  mr_error *error;
} broken_reference;

static mr_status refuse_reference(void *ctx, const mri_fault *fault) {
  const broken_reference *broken = ctx;
  return mri_error_set(broken->error, MR_CORRUPT,
                       "%s cannot be brought forward: %s: %s; restore a backup", broken->label,
                       fault->object != NULL ? fault->object : "a row", fault->text);
}

mr_status mri_schema_migrate(const mri_schema *schema, const mri_mem *mem, const mri_driver *driver,
                             mri_connection *connection, mri_tx *tx, const char *label,
                             int64_t version, mr_error *error) {
  assert(version >= 1 && version < schema->version);
  mr_status status = compare(schema, driver, connection, label, false, error);
  for (int64_t i = version; i < schema->version && status == MR_OK; i++) {
    const mri_schema_step *step = &schema->steps[i - 1];
    if (step->statements != NULL)
      status = run_all(mem, driver, connection, step->statements, error);
    if (status == MR_OK && step->run != NULL) status = step->run(tx, error);
    if (status == MR_OK) continue;
    return mri_error_prefix(error, status,
                            "bringing it from schema version %" PRId64 " to %" PRId64, i, i + 1);
  }
  if (status == MR_OK) status = set_versions(schema, driver, connection, error);
  if (status == MR_OK) status = compare(schema, driver, connection, label, true, error);
  if (status != MR_OK) return status;
  broken_reference broken = {label, error};
  status = driver->check_references(connection, refuse_reference, &broken, error);
  /* A database that cannot check them has enforced them. */
  return status == MR_NOT_SUPPORTED ? MR_OK : status;
}
