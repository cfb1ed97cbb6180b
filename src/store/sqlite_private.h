/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SQLite driver share. */
#ifndef MRI_STORE_SQLITE_PRIVATE_H
#define MRI_STORE_SQLITE_PRIVATE_H

#include "base/vec.h"
#include "store/driver.h"

#include <sqlite3.h>
#include <sys/types.h>

#define MRI_SQLITE_APPLICATION_ID 0x6D6F6472 /* "modr" */
#define MRI_SQLITE_MARK_TEXT      "1836016754"
#define MRI_SQLITE_OLDEST         3037000 /* STRICT tables */
#define MRI_SQLITE_LOG_LIMIT      ((int64_t)16 * 1024 * 1024)

typedef struct mri_live mri_live; /* a connection as a forked child will find it */

struct mri_database {
  const mri_mem *mem;
  char *path;  /* absolute once connected: the process may change its folder */
  char *label; /* "registry PATH" */
  char *vfs;   /* NULL: the default one */
  bool memory;
  bool create;
  bool exclusive;
  bool immutable;
  bool had_log;  /* there was a -wal before we came: it is not ours to fold in or remove */
  bool accepted; /* is a registry that may be used */
  bool identified;
  dev_t device;
  ino_t inode;
  mri_database_facts facts;
  mri_vec warnings; /* char * */
  /* The checkpoint; belongs to the thread that may write. */
  mri_connection *checkpointer;
  int64_t frame_size;  /* bytes of one frame of the log; 0: not known yet */
  int64_t copied;      /* frames that our last checkpoint found copied */
  int64_t last_frames; /* in the log after the last commit of this process */
  int64_t held_frames; /* when we last waited for readers of this log; 0: not since it began */
  /* An fsync failed. What the kernel could not write it may call written the next time it is asked:
   * nothing in the log can be trusted to reach the disk until all of it was copied and synced anew
   * in the database file. */
  bool eager;
};

struct mri_connection {
  mri_database *database;
  sqlite3 *handle;
  mri_live *live;
  sqlite3_stmt *begin_read;
  sqlite3_stmt *begin_write;
  sqlite3_stmt *commit;
  sqlite3_stmt *rollback;
  sqlite3_stmt *version;
  mri_wait *wait;     /* of the running transaction or call; NULL: nothing may wait */
  int synchronous;    /* as last set; 0: not set yet */
  bool durable;       /* the running transaction promises to survive the machine */
  bool progress;      /* a cancel token is being watched */
  bool lax;           /* foreign keys are not enforced, by MRI_BEGIN_MIGRATE */
  int64_t log_frames; /* in the log after the last commit of this connection; 0: none since */
};

/* sqlite_open.c */
mr_status mri_sqlite_open(const mri_database_options *options, mri_wait *wait, mri_database **out,
                          mr_error *error);
const mri_database_facts *mri_sqlite_facts(const mri_database *database);
void mri_sqlite_close(mri_database *database, bool forked);
mr_status mri_sqlite_warn(mri_database *database, mr_error *error, const char *format, ...)
    MRI_PRINTF(3, 4);
/* The size of the file or of one beside it ("-wal"); -1 when there is none. */
int64_t mri_sqlite_size_of(const mri_database *database, const char *suffix);

/* sqlite_probe.c */
/* The file as its first bytes tell, read without locks and without a trace: refuses what is not a
 * registry. *empty says that the file has no bytes. */
mr_status mri_sqlite_probe(const mri_database *database, bool *empty, mr_error *error);
/* SQLITE_CORRUPT when the file ends in the middle of a page and no log has the rest: SQLite would
 * read zeros there. */
int mri_sqlite_check_end(const mri_database *database, sqlite3 *handle);
mr_status mri_sqlite_immutable_uri(const mri_database *database, char **out, mr_error *error);

/* sqlite_inherit.c */
/* Around everything that runs SQLite, so that a fork in the middle of it is noticed. */
void mri_sqlite_enter(void);
void mri_sqlite_leave(void);
/* SQLITE_NOMEM, or SQLITE_OK. */
int mri_sqlite_live_add(mri_connection *connection);
void mri_sqlite_live_remove(mri_connection *connection);
/* FORKED in a child process that can never call SQLite again; before anything does. */
mr_status mri_sqlite_may_start(const char *place, mr_error *error);
/* In a forked child closes the connections of the parent. */
void mri_sqlite_let_go(void);

/* sqlite_connect.c */
/* A file that somebody prepared must not be able to run anything. */
int mri_sqlite_harden(sqlite3 *handle);
mr_status mri_sqlite_connect(mri_database *database, mri_wait *wait, mri_connection **out,
                             mr_error *error);
void mri_sqlite_disconnect(mri_connection *connection, bool forked);
mr_status mri_sqlite_accept(mri_connection *connection, bool read_only, mri_wait *wait,
                            mr_error *error);
/* The first half of making a registry: the file carries our mark in its only page, and is in WAL
 * mode. Everything else is one transaction of the log, so that a process that dies in between
 * leaves a file that is ours and empty, never a half-written one. */
mr_status mri_sqlite_mark_file(mri_connection *connection, mri_wait *wait, mr_error *error);

/* sqlite_copies.c */
/* Warns when another object of this process defines SQLite, too. */
mr_status mri_sqlite_warn_of_copies(mri_database *database, mr_error *error);

/* sqlite_driver.c */
int mri_sqlite_start(mri_connection *connection, bool write);
void mri_sqlite_rollback(mri_connection *connection);

/* sqlite_error.c */
mr_status mri_sqlite_status(int64_t code);
/* `action` completes "cannot ...", `handle` may be NULL. A BUSY tells how long `wait` waited. */
mr_status mri_sqlite_error(const mri_database *database, sqlite3 *handle, int code,
                           const mri_wait *wait, mr_error *error, const char *action);
/* Of the last call of the system on the database file that failed; 0: none has. */
int mri_sqlite_file_errno(sqlite3 *handle);
/* May the operation that gave `code` be tried again? Sleeps first. */
bool mri_sqlite_again(int code, mri_wait *wait);
int mri_sqlite_exec(mri_connection *connection, const char *sql);
/* First column of the first row; rows are optional. */
int mri_sqlite_query_int(sqlite3 *handle, const char *sql, int64_t *out);

/* sqlite_backup.c */
mr_status mri_sqlite_backup(mri_connection *connection, const mri_backup_target *target,
                            mr_error *error);

/* sqlite_check.c */
mr_status mri_sqlite_check(mri_connection *connection, mri_fault_fn each, void *ctx,
                           mr_error *error);
mr_status mri_sqlite_check_references(mri_connection *connection, mri_fault_fn each, void *ctx,
                                      mr_error *error);
mr_status mri_sqlite_rebuild(mri_connection *connection, const char *index, bool *done,
                             mr_error *error);
/* Whether a version (3040001 is 3.40.1) may lose what was committed while a checkpoint of the
 * write-ahead log ran beside another: 3.7.0 to 3.51.2, but for the releases that it was mended in. */
bool mri_sqlite_loses_commits(int version);

/* sqlite_checkpoint.c */
void mri_sqlite_note_sync(mri_database *database, int code);
void mri_sqlite_watch_log(mri_connection *connection);
void mri_sqlite_maintain(mri_connection *connection);

#endif
