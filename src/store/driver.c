/* SPDX-License-Identifier: Apache-2.0 */
#include "store/driver.h"

#include <assert.h>
#include <string.h>

static mr_status missing(mr_error *error, const char *what) {
  return mri_error_set(error, MR_NOT_SUPPORTED, "this database driver cannot %s", what);
}

static mr_status no_open(const mri_database_options *options, mri_wait *wait, mri_database **out,
                         mr_error *error) {
  (void)options, (void)wait, (void)out;
  return missing(error, "open a database");
}

static const mri_database_facts *no_facts(const mri_database *database) {
  static const mri_database_facts none = {.version = "", .label = "registry"};
  (void)database;
  return &none;
}

static void no_close(mri_database *database, bool forked) {
  (void)database, (void)forked;
}

static mr_status no_connect(mri_database *database, mri_wait *wait, mri_connection **out,
                            mr_error *error) {
  (void)database, (void)wait, (void)out;
  return missing(error, "connect");
}

static void no_disconnect(mri_connection *connection, bool forked) {
  (void)connection, (void)forked;
}

static mr_status no_accept(mri_connection *connection, bool read_only, mri_wait *wait,
                           mr_error *error) {
  (void)connection, (void)read_only, (void)wait;
  return missing(error, "prepare a connection for use");
}

static mr_status no_begin(mri_connection *connection, mri_begin_mode mode, mri_wait *wait,
                          int64_t *version, mr_error *error) {
  (void)connection, (void)mode, (void)wait, (void)version;
  return missing(error, "begin a transaction");
}

static mr_status no_commit(mri_connection *connection, mr_error *error) {
  (void)connection;
  return missing(error, "commit");
}

static void no_connection_work(mri_connection *connection) {
  (void)connection;
}

static mr_status no_state(mri_connection *connection, mri_wait *wait, mri_database_state *out,
                          mr_error *error) {
  (void)connection, (void)wait, (void)out;
  return missing(error, "tell what is in a database");
}

static mr_status no_mark(mri_connection *connection, int64_t version, mr_error *error) {
  (void)connection, (void)version;
  return missing(error, "make a registry");
}

static mr_status no_prepare(mri_connection *connection, const char *sql, bool keep,
                            mri_cursor **out, bool *writes, mr_error *error) {
  (void)connection, (void)sql, (void)keep, (void)out, (void)writes;
  return missing(error, "prepare statements");
}

static mr_status no_bind(mri_connection *connection, mri_cursor *cursor, int index,
                         const mri_value *value, bool copy, mr_error *error) {
  (void)connection, (void)cursor, (void)index, (void)value, (void)copy;
  return missing(error, "bind values");
}

static mr_status no_step(mri_connection *connection, mri_cursor *cursor, bool *row,
                         mr_error *error) {
  (void)connection, (void)cursor, (void)row;
  return missing(error, "run statements");
}

static void no_reset(mri_cursor *cursor) {
  (void)cursor;
}

static void no_finalize(mri_cursor *cursor, bool forked) {
  (void)cursor, (void)forked;
}

static mr_status no_batch(mri_connection *connection, mri_cursor *cursor, size_t columns,
                          size_t rows, const mri_value *values, int64_t *changes, mr_error *error) {
  (void)connection, (void)cursor, (void)columns, (void)rows, (void)values, (void)changes;
  return missing(error, "run a statement for many rows");
}

static bool no_column_is_null(mri_cursor *cursor, int column) {
  (void)cursor, (void)column;
  return true;
}

static int64_t no_column_int(mri_cursor *cursor, int column) {
  (void)cursor, (void)column;
  return 0;
}

static double no_column_real(mri_cursor *cursor, int column) {
  (void)cursor, (void)column;
  return 0.0;
}

static const char *no_column_text(mri_cursor *cursor, int column) {
  (void)cursor, (void)column;
  return NULL;
}

static const void *no_column_bytes(mri_cursor *cursor, int column, size_t *size) {
  (void)cursor, (void)column;
  *size = 0;
  return NULL;
}

static int64_t no_changes(mri_connection *connection) {
  (void)connection;
  return 0;
}

static mr_status no_map_error(int64_t code) {
  return code == 0 ? MR_OK : MR_NOT_SUPPORTED;
}

static mr_status no_check(mri_connection *connection, mri_fault_fn each, void *ctx,
                          mr_error *error) {
  (void)connection, (void)each, (void)ctx;
  return missing(error, "check itself");
}

static mr_status no_rebuild(mri_connection *connection, const char *index, bool *done,
                            mr_error *error) {
  (void)connection, (void)index, (void)done;
  return missing(error, "make an index anew");
}

static mr_status no_backup(mri_connection *connection, const mri_backup_target *target,
                           mr_error *error) {
  (void)connection, (void)target;
  return mri_error_set(error, MR_NOT_SUPPORTED,
                       "this database driver cannot copy a database; use the database's own tool");
}

void mri_driver_complete(const mri_driver *driver, mri_driver *out) {
  static const mri_dialect standard = {"BIGINT", "DOUBLE PRECISION", "TEXT", "BYTEA", "", NULL};
  assert(driver->struct_size >= sizeof(uint32_t));
  mri_driver d = {0};
  memcpy(&d, driver, driver->struct_size < sizeof(d) ? driver->struct_size : sizeof(d));
  d.struct_size = (uint32_t)sizeof(d);
  if (d.name == NULL) d.name = "unnamed";
  if (d.dialect == NULL) d.dialect = &standard;
  if (d.open == NULL) d.open = no_open;
  if (d.facts == NULL) d.facts = no_facts;
  if (d.close == NULL) d.close = no_close;
  if (d.connect == NULL) d.connect = no_connect;
  if (d.disconnect == NULL) d.disconnect = no_disconnect;
  if (d.accept == NULL) d.accept = no_accept;
  if (d.begin == NULL) d.begin = no_begin;
  if (d.commit == NULL) d.commit = no_commit;
  if (d.rollback == NULL) d.rollback = no_connection_work;
  if (d.maintain == NULL) d.maintain = no_connection_work;
  if (d.state == NULL) d.state = no_state;
  if (d.mark == NULL) d.mark = no_mark;
  if (d.prepare == NULL) d.prepare = no_prepare;
  if (d.bind == NULL) d.bind = no_bind;
  if (d.step == NULL) d.step = no_step;
  if (d.reset == NULL) d.reset = no_reset;
  if (d.finalize == NULL) d.finalize = no_finalize;
  if (d.batch == NULL) d.batch = no_batch;
  if (d.column_is_null == NULL) d.column_is_null = no_column_is_null;
  if (d.column_int == NULL) d.column_int = no_column_int;
  if (d.column_real == NULL) d.column_real = no_column_real;
  if (d.column_text == NULL) d.column_text = no_column_text;
  if (d.column_bytes == NULL) d.column_bytes = no_column_bytes;
  if (d.changes == NULL) d.changes = no_changes;
  if (d.total_changes == NULL) d.total_changes = no_changes;
  if (d.map_error == NULL) d.map_error = no_map_error;
  if (d.check == NULL) d.check = no_check;
  if (d.check_references == NULL) d.check_references = no_check;
  if (d.rebuild == NULL) d.rebuild = no_rebuild;
  if (d.backup == NULL) d.backup = no_backup;
  *out = d;
}
