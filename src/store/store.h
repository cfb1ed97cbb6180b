/* SPDX-License-Identifier: Apache-2.0 */
/* The database as the registry sees it: an open store, transactions, cached statements. Above the
 * driver seam (driver.h); knows SQL, but nothing of models and runs. */
#ifndef MRI_STORE_STORE_H
#define MRI_STORE_STORE_H

#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/mem.h"
#include <modelreg/cancel.h>
#include <stdbool.h>

typedef struct mri_store mri_store;
typedef struct mri_tx mri_tx;
typedef struct mri_stmt mri_stmt;
struct mri_schema;

typedef struct mri_store_options {
  const mri_mem *mem; /* outlives the store */
  bool create;
  bool read_only;
  bool exclusive;          /* one process only: locking_mode=EXCLUSIVE, needs no shared memory */
  bool allow_network;      /* do not refuse a network file system */
  bool migrate;            /* bring a registry with an older schema forward */
  int64_t busy_timeout_ms; /* already defaulted by the caller */
  uint32_t file_mode;      /* of a new database file, less the umask; 0: 0644 */
  /* Called once, inside the creating transaction, after the tables exist; `location` is that of the
   * facts below. */
  mr_status (*on_create)(void *ctx, mri_tx *tx, const char *location, mr_error *error);
  void *on_create_ctx;
  const struct mri_schema *schema; /* NULL: this library's own */
  /* Test hooks: the SQLite VFS to use, and the statfs type to believe; NULL and 0 for the real. */
  const char *vfs;
  uint64_t file_system;
} mri_store_options;

typedef struct mri_store_facts {
  const char *driver;         /* "sqlite" */
  const char *driver_version; /* "3.40.1" */
  const char *location;       /* absolute path of the database file, NULL for memory: */
  int64_t schema_version;
  int64_t migrated_from; /* the version that it had before this open brought it forward, or 0 */
  uint32_t file_mode;    /* of new files, as asked for */
  bool read_only;        /* asked for, or all that the file or its schema allows */
  size_t warning_count;
  const char *const *warnings;
} mri_store_facts;

/* `uri` is PATH, sqlite:PATH or memory:. Opens one connection; others are opened on first use. A
 * `memory:` store is always new. A path that looks like a scheme ("a:b") is written "./a:b". */
mr_status mri_store_open(const char *uri, const mri_store_options *options, mri_store **out,
                         mr_error *error);
const mri_store_facts *mri_store_facts_of(const mri_store *store);
/* Waits for transactions of other threads to end, then releases files and locks. Later begins
 * answer CLOSED. Twice is fine. In a forked child nothing is closed. */
void mri_store_close(mri_store *store);
/* Memory only; after close. */
void mri_store_free(mri_store *store);

typedef enum mri_tx_kind {
  MRI_TX_READ,          /* one snapshot, taken by mri_tx_begin */
  MRI_TX_GOVERN,        /* one at a time, durable when it returns; its commit bumps the row of
                         * `governance`, unless nothing was changed */
  MRI_TX_APPEND,        /* writes of the lab notebook: kept when the process dies */
  MRI_TX_APPEND_DURABLE /* the same, kept when the machine dies; and so is then everything that was
                         * committed before it, also when it changes nothing itself */
} mri_tx_kind;

/* Waits for other writers up to the busy timeout, then BUSY; CANCELLED when `cancel` (may be NULL)
 * is triggered. FORKED in a child process, CLOSED after close, READ_ONLY for a write that is not
 * possible. A thread never begins a second transaction while it has one open. */
mr_status mri_tx_begin(mri_store *store, mri_tx_kind kind, const mr_cancel *cancel, mri_tx **out,
                       mr_error *error);
/* The same, waiting at most `budget_ms`; 0 does not wait at all. */
mr_status mri_tx_begin_within(mri_store *store, mri_tx_kind kind, int64_t budget_ms,
                              const mr_cancel *cancel, mri_tx **out, mr_error *error);
/* Commits when `status` is MR_OK, else rolls back; always ends the transaction. Returns `status`,
 * or why the commit failed. A statement that failed dooms the transaction, as databases other than
 * SQLite insist on: everything after it, and a commit, answers its status and changes nothing. */
mr_status mri_tx_end(mri_tx *tx, mr_status status, mr_error *error);

/* Statements. `sql` is a string literal with ?1 ?2 ...: the cache is keyed by its address. SQL that
 * was built at run time works too (the text is compared), it is just not worth caching. `types`
 * says what follows, one letter a parameter:
 *   i int64_t    r double (NaN is bound as NULL)    t const char * (NULL is NULL)
 *   b const void *, size_t    d const mri_digest * (32 bytes, NULL is NULL)    n (nothing: NULL)
 * mri_sql_run executes a statement that gives no rows, or throws its rows away. */
mr_status mri_sql_run(mri_tx *tx, mr_error *error, const char *sql, const char *types, ...);
/* Binds and hands out the statement, ready for mri_stmt_step. It must be given back with
 * mri_stmt_done before the transaction ends (NULL is fine). The same SQL in use twice at once
 * works, at the price of preparing it again. Bound text and bytes are copied. */
mr_status mri_sql_query(mri_tx *tx, mr_error *error, mri_stmt **out, const char *sql,
                        const char *types, ...);
/* *row says whether a row is there. */
mr_status mri_stmt_step(mri_stmt *stmt, bool *row, mr_error *error);
void mri_stmt_done(mri_stmt *stmt);
/* Query, first row, and no more: *found says whether there was one; the statement stays open for
 * reading its columns until mri_stmt_done when found, and is done already (*out NULL) when not. */
mr_status mri_sql_first(mri_tx *tx, mr_error *error, mri_stmt **out, bool *found, const char *sql,
                        const char *types, ...);
/* Integer of the first column of the first row, `missing` where there is no row or it is NULL. */
mr_status mri_sql_int(mri_tx *tx, mr_error *error, int64_t missing, int64_t *out, const char *sql,
                      const char *types, ...);

/* One statement executed for many rows. */
typedef struct mri_value {
  char type; /* as in `types` above */
  int64_t integer;
  double real;
  const void *data; /* t: NUL-terminated text or NULL; b and d: bytes */
  size_t size;      /* b */
} mri_value;
mr_status mri_sql_batch(mri_tx *tx, mr_error *error, const char *sql, size_t columns, size_t rows,
                        const mri_value *values);

bool mri_stmt_is_null(const mri_stmt *stmt, int column);
int64_t mri_stmt_int(const mri_stmt *stmt, int column);
double mri_stmt_real(const mri_stmt *stmt, int column);
/* NULL for NULL; valid until the next step or done. */
const char *mri_stmt_text(const mri_stmt *stmt, int column);
const void *mri_stmt_bytes(const mri_stmt *stmt, int column, size_t *size);
/* False when it is NULL or not 32 bytes. */
bool mri_stmt_digest(const mri_stmt *stmt, int column, mri_digest *out);

/* Rows changed by the last mri_sql_run of this transaction. */
int64_t mri_tx_changes(const mri_tx *tx);

/* What the database finds wrong with itself. */
typedef enum mri_fault_kind {
  MRI_FAULT_DAMAGE,    /* pages, or values that the schema does not allow */
  MRI_FAULT_INDEX,     /* the index `object` differs from its table */
  MRI_FAULT_DUPLICATE, /* rows that the unique index `object` does not allow */
  MRI_FAULT_REFERENCE, /* the row `object` names another one that is not there */
  MRI_FAULT_SOFTWARE   /* the version of the database software has a known fault */
} mri_fault_kind;

typedef struct mri_fault {
  mri_fault_kind kind;
  const char *object; /* the name of an index, "row 12 of table run", "SQLite 3.40.1"; or NULL */
  const char *text;   /* what is wrong with it, in one line */
} mri_fault;

/* Called for each fault until it answers anything but MR_OK, which is returned as it is. */
typedef mr_status (*mri_fault_fn)(void *ctx, const mri_fault *fault);

/* The database's own check of its structures, and of its references. NOT_SUPPORTED where it has
 * none, which does not doom the transaction. */
mr_status mri_store_check(mri_tx *tx, mri_fault_fn each, void *ctx, mr_error *error);
mr_status mri_store_check_references(mri_tx *tx, mri_fault_fn each, void *ctx, mr_error *error);
/* Makes an index anew from its table. *done false: the rows do not allow it. */
mr_status mri_store_rebuild(mri_tx *tx, const char *index, bool *done, mr_error *error);

/* Where the copy of a database goes. */
typedef struct mri_backup_target {
  const char *path;   /* of the new file, which is there and empty or is made */
  const char *name;   /* of the copy in messages, such as "backup /a/b" */
  const char *change; /* a statement that the copy differs by; NULL: none */
  const mr_cancel *cancel;
} mri_backup_target;

/* Copies the database as this READ transaction sees it, with everything committed before it, to a
 * file of its own. Others may read and write meanwhile. When this returns the copy is durable, in
 * one file and no longer open; after a failure or CANCELLED the caller removes what is there of it,
 * which may be a "-wal" or "-journal" beside it too. What is copied counts as done with the token. */
mr_status mri_store_backup(mri_tx *tx, const mri_backup_target *target, mr_error *error);

#endif
