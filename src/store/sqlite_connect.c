/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: opened distrustfully, made fit for use once the file is known to be a registry. */
#include "store/sqlite_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Waits for the locks of other processes. Called by SQLite, only inside our own calls. */
static int on_busy(void *ctx, int tries) {
  mri_connection *connection = ctx;
  (void)tries;
  return connection->wait != NULL && mri_wait_pause(connection->wait);
}

static void lower_limits(sqlite3 *handle) {
  static const struct {
    int id;
    int value;
  } limits[] = {
      {SQLITE_LIMIT_LENGTH, 128 * 1024 * 1024},
      {SQLITE_LIMIT_SQL_LENGTH, 256 * 1024},
      {SQLITE_LIMIT_COLUMN, 256},
      {SQLITE_LIMIT_EXPR_DEPTH, 500},
      {SQLITE_LIMIT_COMPOUND_SELECT, 64},
      {SQLITE_LIMIT_VDBE_OP, 250000},
      {SQLITE_LIMIT_FUNCTION_ARG, 32},
      {SQLITE_LIMIT_ATTACHED, 0},
      {SQLITE_LIMIT_VARIABLE_NUMBER, 4096},
      {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
      {SQLITE_LIMIT_WORKER_THREADS, 0},
  };
  for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
    (void)sqlite3_limit(handle, limits[i].id, limits[i].value);
  }
}

int mri_sqlite_harden(sqlite3 *handle) {
  static const struct {
    int id;
    int value;
  } settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},    {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},
  };
  (void)sqlite3_extended_result_codes(handle, 1);
  int code = SQLITE_OK;
  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && code == SQLITE_OK; i++) {
    code = sqlite3_db_config(handle, settings[i].id, settings[i].value, (int *)NULL);
  }
  if (code != SQLITE_OK) return code;
  /* Fails where SQLite cannot load extensions at all, which is as good. */
  (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)NULL);
  lower_limits(handle);
  /* A mapped page of a file that shrinks is a SIGBUS in the host. */
  sqlite3_int64 no_map = 0;
  (void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_MMAP_SIZE, &no_map);
  return SQLITE_OK;
}

static int harden(mri_connection *connection) {
  sqlite3 *handle = connection->handle;
  int code = mri_sqlite_harden(handle);
  if (code != SQLITE_OK) return code;
  mri_sqlite_watch_log(connection);
  (void)sqlite3_busy_handler(handle, on_busy, connection);
  if (connection->database->had_log && !connection->database->accepted) {
    code = sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
  }
  if (code == SQLITE_OK) code = mri_sqlite_exec(connection, "PRAGMA cell_size_check=ON");
  if (code == SQLITE_OK && connection->database->exclusive) {
    code = mri_sqlite_exec(connection, "PRAGMA locking_mode=EXCLUSIVE");
  }
  return code;
}

static int open_handle(mri_connection *connection, char *uri) {
  const mri_database *db = connection->database;
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= db->facts.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (uri != NULL) flags |= SQLITE_OPEN_URI;
  if ((db->create && !db->identified && !db->facts.read_only) || db->memory) {
    flags |= SQLITE_OPEN_CREATE;
  }
  int code = sqlite3_open_v2(uri != NULL ? uri : db->path, &connection->handle, flags, db->vfs);
  if (code == SQLITE_OK) code = harden(connection);
  return code;
}

static int inspect(const char *path, struct stat *info) {
  return stat(path, info) == 0 ? 0 : errno;
}

/* The first connection learns what the file really is; later ones must find the same file. */
static mr_status identify(mri_connection *connection, mr_error *error) {
  mri_database *db = connection->database;
  if (db->memory) return MR_OK;
  struct stat info;
  if (!db->identified) {
    const char *name = sqlite3_db_filename(connection->handle, "main");
    int number = name == NULL ? ENOENT : inspect(name, &info);
    if (number == ENOENT) {
      return mri_error_set(error, MR_IO, "%s vanished while it was being opened", db->label);
    }
    if (number != 0) return mri_error_errno(error, number, "inspect", db->label);
    char *copy = mri_mem_strdup(db->mem, name);
    if (copy == NULL) return mri_error_no_memory(error);
    mri_mem_free(db->mem, db->path);
    db->path = copy;
    db->facts.location = copy;
    db->device = info.st_dev;
    db->inode = info.st_ino;
    db->identified = true;
    if (!db->facts.read_only && sqlite3_db_readonly(connection->handle, "main") == 1) {
      db->facts.read_only = true;
      return mri_sqlite_warn(db, error, "%s is open read-only: the file is not writable",
                             db->label);
    }
    return MR_OK;
  }
  int number = inspect(db->path, &info);
  if (number != 0 && number != ENOENT && number != ENOTDIR) {
    return mri_error_errno(error, number, "inspect", db->label);
  }
  if (number == 0 && info.st_dev == db->device && info.st_ino == db->inode) return MR_OK;
  return mri_error_set(error, MR_IO,
                       "%s was moved or replaced while it is open; close it and open it again",
                       db->label);
}

/* Settings that only a registry gets, and that writing needs. */
static int make_fit(mri_connection *connection) {
  const mri_database *db = connection->database;
  if (db->memory || db->facts.read_only) return SQLITE_OK;
  int code =
      sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, (int *)NULL);
  if (code != SQLITE_OK) return code;
  if (!db->exclusive) {
    /* Whoever may only read cannot make -wal and -shm: the last writer must leave them. */
    int on = 1;
    (void)sqlite3_file_control(connection->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
  }
  return mri_sqlite_exec(connection, "PRAGMA journal_size_limit=16777216");
}

mr_status mri_sqlite_connect(mri_database *db, mri_wait *wait, mri_connection **out,
                             mr_error *error) {
  char *uri = NULL;
  mr_status status = MR_OK;
  mri_connection *connection = mri_mem_zalloc(db->mem, 1, sizeof(*connection));
  if (connection == NULL) return mri_error_no_memory(error);
  connection->database = db;
  connection->wait = wait;
  mri_sqlite_enter();
  if (!db->identified) mri_sqlite_let_go();
  if (db->immutable) status = mri_sqlite_immutable_uri(db, &uri, error);
  if (status == MR_OK && db->identified) status = identify(connection, error);
  if (status == MR_OK) {
    int code = open_handle(connection, uri);
    if (code == SQLITE_OK) code = mri_sqlite_live_add(connection);
    if (code == SQLITE_OK && db->accepted) code = make_fit(connection);
    if (code != SQLITE_OK) {
      status = mri_sqlite_error(db, connection->handle, code, wait, error, "open");
    }
  }
  if (status == MR_OK && !db->identified) status = identify(connection, error);
  mri_mem_free(db->mem, uri);
  connection->wait = NULL;
  if (status == MR_OK) {
    *out = connection;
  } else {
    mri_sqlite_disconnect(connection, false);
  }
  mri_sqlite_leave();
  return status;
}

void mri_sqlite_disconnect(mri_connection *connection, bool forked) {
  mri_database *db = connection->database;
  if (!forked && connection->handle != NULL) {
    mri_sqlite_enter();
    mri_sqlite_live_remove(connection);
    (void)sqlite3_finalize(connection->begin_read);
    (void)sqlite3_finalize(connection->begin_write);
    (void)sqlite3_finalize(connection->commit);
    (void)sqlite3_finalize(connection->rollback);
    (void)sqlite3_finalize(connection->version);
    int code = sqlite3_close(connection->handle);
    /* Nothing of ours is left open on it. */
    if (code != SQLITE_OK) (void)sqlite3_close_v2(connection->handle);
    mri_sqlite_leave();
  }
  mri_mem_free(db->mem, connection);
}

static int use_log_once(mri_connection *connection, char mode[16]) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(connection->handle, "PRAGMA journal_mode=WAL", -1, &stmt, NULL);
  if (code != SQLITE_OK) return code;
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    const unsigned char *text = sqlite3_column_text(stmt, 0);
    if (text != NULL) (void)sqlite3_snprintf(16, mode, "%s", (const char *)text);
  }
  return sqlite3_finalize(stmt);
}

/* WAL mode is kept in the file: only a registry that is being made, or one that somebody changed
 * with another tool, needs the switch. */
static mr_status use_log(mri_connection *connection, mri_wait *wait, mr_error *error) {
  const mri_database *db = connection->database;
  char mode[16] = "";
  int code;
  connection->wait = wait;
  do {
    code = use_log_once(connection, mode);
  } while (code != SQLITE_OK && mri_sqlite_again(code, wait));
  connection->wait = NULL;
  if (code != SQLITE_OK) {
    return mri_sqlite_error(db, connection->handle, code, wait, error, "open");
  }
  if (strcmp(mode, "wal") == 0) return MR_OK;
  return mri_error_set(error, MR_NOT_SUPPORTED,
                       "%s is on a file system without shared memory; the EXCLUSIVE flag makes do "
                       "with one process",
                       db->label);
}

mr_status mri_sqlite_accept(mri_connection *connection, bool read_only, mri_wait *wait,
                            mr_error *error) {
  mri_database *db = connection->database;
  if (read_only && !db->facts.read_only) {
    db->facts.read_only = true;
    /* Folding the log in is writing too. */
    (void)sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
  }
  if (!db->memory && !db->facts.read_only) {
    mr_status status = use_log(connection, wait, error);
    if (status != MR_OK) return status;
  }
  int code = make_fit(connection);
  if (code != SQLITE_OK) {
    return mri_sqlite_error(db, connection->handle, code, wait, error, "open");
  }
  db->accepted = true;
  return MR_OK;
}

/* The mark on an empty file, unless another process was faster: one page, written at once. */
static int mark_once(mri_connection *connection) {
  int64_t objects = 1;
  int64_t id = 0;
  int code = mri_sqlite_exec(connection, "PRAGMA synchronous=FULL; BEGIN EXCLUSIVE");
  if (code == SQLITE_OK) {
    code = mri_sqlite_query_int(connection->handle, "SELECT count(*) FROM sqlite_schema", &objects);
  }
  if (code == SQLITE_OK) {
    code = mri_sqlite_query_int(connection->handle, "PRAGMA application_id", &id);
  }
  if (code == SQLITE_OK && objects == 0 && id == 0) {
    code = mri_sqlite_exec(connection, "PRAGMA application_id=" MRI_SQLITE_MARK_TEXT);
  }
  if (code == SQLITE_OK) code = mri_sqlite_exec(connection, "COMMIT");
  if (sqlite3_get_autocommit(connection->handle) == 0)
    (void)mri_sqlite_exec(connection, "ROLLBACK");
  return code;
}

mr_status mri_sqlite_mark_file(mri_connection *connection, mri_wait *wait, mr_error *error) {
  if (connection->database->memory) return MR_OK;
  int code;
  connection->wait = wait;
  do {
    code = mark_once(connection);
  } while (code != SQLITE_OK && mri_sqlite_again(code, wait));
  connection->wait = NULL;
  if (code != SQLITE_OK) {
    return mri_sqlite_error(connection->database, connection->handle, code, wait, error, "create");
  }
  return use_log(connection, wait, error);
}
