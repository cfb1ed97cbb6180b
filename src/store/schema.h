/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a registry: made, compared with what is there, and brought to a newer version. */
#ifndef MRI_STORE_SCHEMA_H
#define MRI_STORE_SCHEMA_H

#include "store/driver.h"

#define MRI_SCHEMA_VERSION    1
#define MRI_SCHEMA_MIN_READER 1 /* the oldest library, by its schema version, that may read this */
#define MRI_SCHEMA_MIN_WRITER 1

/* What brings a registry of one version to the next: the statements in their order, then the
 * function. Within it foreign keys are not enforced; they are checked at its end.
 *
 * Afterwards every object must be as a new registry has it, which is compared before the commit. So
 * that it comes out so, letter by letter:
 *   - ALTER TABLE t ADD COLUMN c puts the text of the column, as it is written there, behind the
 *     last column of t and before its table constraints: the new version declares it in that place;
 *   - everything else makes a table anew: CREATE TABLE t_next, INSERT INTO t_next ... SELECT, DROP
 *     TABLE t, ALTER TABLE t_next RENAME TO t, and only then its indexes. Within t_next a reference
 *     to t itself is written "REFERENCES t". SQLite quotes the name that a table was given by
 *     RENAME, and the comparison lets it;
 *   - an index is dropped and made. */
typedef struct mri_schema_step {
  const char *const *statements;                 /* NULL-terminated, with the tokens; NULL: none */
  mr_status (*run)(mri_tx *tx, mr_error *error); /* NULL: nothing more to do */
} mri_schema_step;

typedef struct mri_schema {
  int64_t version;
  int64_t min_reader; /* the oldest library, by its schema version, that may read this */
  int64_t min_writer;
  /* Every table and index, NULL-terminated, beginning with exactly "CREATE TABLE name ",
   * "CREATE INDEX name " or "CREATE UNIQUE INDEX name ", without a semicolon. {int} {real} {text}
   * {bytes} {strict} are spelled by the dialect. The store itself needs
   *   meta (key {text} PRIMARY KEY, value {text} NOT NULL)
   *   governance (id {int} PRIMARY KEY CHECK (id = 1), sequence {int} NOT NULL) */
  const char *const *objects;
  const char *const *rows; /* statements for the rows that a new registry has; NULL-terminated */
  const mri_schema_step *steps; /* version - 1 of them: the first brings version 1 to 2 */
} mri_schema;

/* This library's own, and its objects. */
extern const mri_schema mri_schema_own;
extern const char *const mri_schema_v1[];

/* Within MRI_BEGIN_CREATE: the objects, meta rows min_reader and min_writer, the first rows. */
mr_status mri_schema_create(const mri_schema *schema, const mri_mem *mem, const mri_driver *driver,
                            mri_connection *connection, mr_error *error);

/* Within a transaction that sees schema `version`. May a library with `schema` use the registry?
 * *read_only says that it may only read. Every object of its own version must be as it would make
 * it, and there is never a trigger or a view. NOT_SUPPORTED for an older version. */
mr_status mri_schema_check(const mri_schema *schema, const mri_driver *driver,
                           mri_connection *connection, const char *label, int64_t version,
                           bool *read_only, mr_error *error);

/* Within MRI_BEGIN_MIGRATE, which is `tx` on `connection`: the steps from `version` on, the meta
 * rows, and the comparison with what the schema should be. The mark is the caller's. */
mr_status mri_schema_migrate(const mri_schema *schema, const mri_mem *mem, const mri_driver *driver,
                             mri_connection *connection, mri_tx *tx, const char *label,
                             int64_t version, mr_error *error);

#endif
