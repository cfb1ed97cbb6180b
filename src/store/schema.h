/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a registry: made, compared with what is there, and their versions. */
#ifndef MRI_STORE_SCHEMA_H
#define MRI_STORE_SCHEMA_H

#include "store/driver.h"

#define MRI_SCHEMA_VERSION    1
#define MRI_SCHEMA_MIN_READER 1 /* the oldest library, by its schema version, that may read this */
#define MRI_SCHEMA_MIN_WRITER 1

/* Every table and index, NULL-terminated, beginning with exactly "CREATE TABLE name ",
 * "CREATE INDEX name " or "CREATE UNIQUE INDEX name ", without a semicolon. {int} {real} {text} {bytes} {strict}
 * are spelled by the dialect. The store itself needs
 *   meta (key {text} PRIMARY KEY, value {text} NOT NULL)
 *   governance (id {int} PRIMARY KEY CHECK (id = 1), sequence {int} NOT NULL) */
extern const char *const mri_schema_v1[];

/* Within MRI_BEGIN_CREATE: the tables, meta rows min_reader and min_writer, the governance row. */
mr_status mri_schema_create(const mri_mem *mem, const mri_driver *driver,
                            mri_connection *connection, mr_error *error);

/* Within a transaction that sees schema `version`. May this library use the registry? *read_only
 * says that it may only read. Every object of version 1 must be as we would make it, and there is
 * never a trigger or a view. */
mr_status mri_schema_check(const mri_driver *driver, mri_connection *connection, const char *label,
                           int64_t version, bool *read_only, mr_error *error);

#endif
