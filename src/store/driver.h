/* SPDX-License-Identifier: Apache-2.0 */
/* The seam below the store: what a database must be able to do. A driver is a table of functions;
 * the store knows pools, transactions, the statement cache and the schema, the driver knows one
 * database. Everything a driver object uses is handed to it: no globals. */
#ifndef MRI_STORE_DRIVER_H
#define MRI_STORE_DRIVER_H

#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"
#include "store/wait.h"

/* Owned by the driver. A connection and its cursors are used by one thread at a time. */
typedef struct mri_database mri_database;
typedef struct mri_connection mri_connection;
typedef struct mri_cursor mri_cursor; /* a prepared statement */

/* How a database spells the DDL, and where it keeps it. */
typedef struct mri_dialect {
  const char *int_type; /* what {int} {real} {text} {bytes} {strict} become */
  const char *real_type;
  const char *text_type;
  const char *bytes_type;
  const char *strict;
  /* Rows (type, name, DDL) of everything in the schema that is not the database's own. NULL where
   * the database does not keep the text. */
  const char *catalog_sql;
} mri_dialect;

typedef enum mri_database_state {
  MRI_DATABASE_EMPTY,    /* nothing in it: may be made a registry */
  MRI_DATABASE_REGISTRY, /* carries our mark */
  MRI_DATABASE_FOREIGN   /* another program's */
} mri_database_state;

typedef struct mri_database_facts {
  bool single;          /* one connection is all there may be */
  bool read_only;       /* asked for, or all that the database allows: known once connected */
  const char *version;  /* of the database software */
  const char *location; /* NULL where it has none; known once connected */
  const char *label;    /* for messages, such as "registry /a/b" */
  const char *const *warnings;
  size_t warning_count;
} mri_database_facts;

typedef struct mri_database_options {
  const mri_mem *mem;
  const char *place; /* the URI without its scheme */
  bool memory;
  bool create;
  bool read_only;
  bool exclusive;
  bool allow_network;
  uint32_t file_mode;
  const char *vfs;
  uint64_t file_system;
} mri_database_options;

typedef enum mri_begin_mode {
  MRI_BEGIN_READ,    /* one snapshot, taken before begin returns */
  MRI_BEGIN_APPEND,  /* writes; the commit survives the process */
  MRI_BEGIN_DURABLE, /* writes; the commit survives the machine */
  MRI_BEGIN_GOVERN,  /* the same, and one at a time in the whole database */
  MRI_BEGIN_CREATE,  /* the same: the schema is made. The state must be looked at again */
  MRI_BEGIN_MIGRATE  /* the same: the schema is changed. References are not enforced within it. The
                      * version must be looked at again */
} mri_begin_mode;

typedef struct mri_driver {
  uint32_t struct_size;
  const char *name;
  const mri_dialect *dialect;

  /* A database: found and looked at, nothing changed yet; what cannot be a registry and what is not
   * there is refused here already, where that can be told. `forked` in the functions that end
   * something means: this is a child process, free memory but touch neither file nor server. */
  mr_status (*open)(const mri_database_options *options, mri_wait *wait, mri_database **out,
                    mr_error *error);
  const mri_database_facts *(*facts)(const mri_database *database);
  void (*close)(mri_database *database, bool forked); /* after its connections */

  mr_status (*connect)(mri_database *database, mri_wait *wait, mri_connection **out,
                       mr_error *error);
  void (*disconnect)(mri_connection *connection, bool forked); /* after its cursors */
  /* The registry on this connection was checked and is ours: make it fit for use; `read_only` when
   * its schema lets us do no more than read. */
  mr_status (*accept)(mri_connection *connection, bool read_only, mri_wait *wait, mr_error *error);

  /* Transactions. *version is the schema version that the transaction sees. `wait` must live until
   * the transaction ends. A commit that fails leaves nothing open. */
  mr_status (*begin)(mri_connection *connection, mri_begin_mode mode, mri_wait *wait,
                     int64_t *version, mr_error *error);
  mr_status (*commit)(mri_connection *connection, mr_error *error);
  void (*rollback)(mri_connection *connection);
  /* What the database needs done now and then; called after a committed write, while no other
   * thread of the process writes. */
  void (*maintain)(mri_connection *connection);

  /* What is in the database; and, where the schema is made or changed, our mark with its version. */
  mr_status (*state)(mri_connection *connection, mri_wait *wait, mri_database_state *out,
                     mr_error *error);
  mr_status (*mark)(mri_connection *connection, int64_t version, mr_error *error);

  /* Statements with ?1 ?2 ... parameters. */
  mr_status (*prepare)(mri_connection *connection, const char *sql, bool keep, mri_cursor **out,
                       bool *writes, mr_error *error);
  /* One value (type i r t b or n) to parameter `index`, counted from 1. Without `copy` text and
   * bytes stay where they are until reset. */
  mr_status (*bind)(mri_connection *connection, mri_cursor *cursor, int index,
                    const mri_value *value, bool copy, mr_error *error);
  mr_status (*step)(mri_connection *connection, mri_cursor *cursor, bool *row, mr_error *error);
  void (*reset)(mri_cursor *cursor); /* also forgets the bound values */
  void (*finalize)(mri_cursor *cursor, bool forked);
  /* The statement for many rows of `columns` values each; *changes is the sum. */
  mr_status (*batch)(mri_connection *connection, mri_cursor *cursor, size_t columns, size_t rows,
                     const mri_value *values, int64_t *changes, mr_error *error);

  /* Columns of the current row, counted from 0. */
  bool (*column_is_null)(mri_cursor *cursor, int column);
  int64_t (*column_int)(mri_cursor *cursor, int column);
  double (*column_real)(mri_cursor *cursor, int column);
  const char *(*column_text)(mri_cursor *cursor, int column);
  const void *(*column_bytes)(mri_cursor *cursor, int column, size_t *size);

  int64_t (*changes)(mri_connection *connection);       /* rows, by the last statement */
  int64_t (*total_changes)(mri_connection *connection); /* rows, since connect */

  /* The status that a code of the database means. */
  mr_status (*map_error)(int64_t code);

  /* Within a transaction: as mri_store_check and its neighbours. */
  mr_status (*check)(mri_connection *connection, mri_fault_fn each, void *ctx, mr_error *error);
  mr_status (*check_references)(mri_connection *connection, mri_fault_fn each, void *ctx,
                                mr_error *error);
  mr_status (*rebuild)(mri_connection *connection, const char *index, bool *done, mr_error *error);

  /* Within MRI_BEGIN_READ: as mri_store_backup. */
  mr_status (*backup)(mri_connection *connection, const mri_backup_target *target, mr_error *error);
} mri_driver;

/* Copies a driver of any age into `out`: slots that it does not have get stubs that answer
 * NOT_SUPPORTED, or do nothing where nothing can be answered. */
void mri_driver_complete(const mri_driver *driver, mri_driver *out);

/* One table in the whole process: constant data. */
const mri_driver *mri_sqlite_driver(void);

#endif
