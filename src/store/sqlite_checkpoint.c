/* SPDX-License-Identifier: Apache-2.0 */
/* Folding the write-ahead log into the database file.
 *
 * SQLite 3.7.0 to 3.51.2 can lose commits when one connection copies the log while another commits
 * and restarts it. So SQLite's own automatic checkpoint is off everywhere, and ours runs only while
 * a connection of ours holds the write lock: nobody can commit meanwhile. The connection that has
 * just committed holds it, a second one copies. */
#include "base/id.h"
#include "store/sqlite_private.h"

#define TRIGGER_FRAMES     1000
#define HOLD_US            250000 /* how long writers are held at most to let readers go */
#define HOLD_PAUSE_US      2000
#define READER_LIFETIME_US 25000  /* after it few readers are left that need the old log */
#define LONG_LIFETIME_US   250000 /* waited for where that was not enough */

static int on_commit(void *ctx, sqlite3 *handle, const char *name, int frames) {
  mri_connection *connection = ctx;
  (void)handle, (void)name;
  connection->log_frames = frames;
  return SQLITE_OK;
}

void mri_sqlite_watch_log(mri_connection *connection) {
  /* The hook takes the place of the automatic checkpoint, which is one too. */
  (void)sqlite3_wal_hook(connection->handle, on_commit, connection);
}

void mri_sqlite_note_sync(mri_database *db, int code) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) db->eager = true;
}

static int64_t frame_size(mri_database *db, sqlite3 *handle) {
  if (db->frame_size == 0) {
    int64_t page_size = 0;
    if (mri_sqlite_query_int(handle, "PRAGMA page_size", &page_size) != SQLITE_OK) return 0;
    db->frame_size = page_size + 24;
  }
  return db->frame_size;
}

/* Copies until nothing is left to copy, or once when `hold` is false. Readers with an older
 * snapshot keep the rest from being copied until they end. */
static int copy(mri_database *db, sqlite3 *handle, bool hold, int64_t lifetime_us) {
  int64_t end = mri_monotonic_us() + HOLD_US;
  for (;;) {
    int frames = 0;
    int copied = 0;
    int code = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    if (code == SQLITE_OK && copied > 0) db->copied = copied;
    if (code == SQLITE_OK && copied == frames) db->eager = false;
    bool waits = (code & 0xff) == SQLITE_OK || (code & 0xff) == SQLITE_BUSY;
    if (!waits || !hold) return code;
    if (code == SQLITE_OK && copied == frames) {
      /* Readers that start from now on do not need the log. When the others have gone the next
       * writer restarts it instead of making it longer. */
      mri_sleep_us(lifetime_us);
      return code;
    }
    if (mri_monotonic_us() >= end) return code;
    mri_sleep_us(HOLD_PAUSE_US);
  }
}

/* How long to wait for readers of the old log. Where it was not begun anew since the last time that we
 * waited for them they live longer, and without more patience the log would grow for ever. */
static int64_t lifetime_of_readers(mri_database *db, int64_t frames) {
  bool again = db->held_frames > 0 && frames > db->held_frames;
  db->held_frames = frames;
  return again ? LONG_LIFETIME_US : READER_LIFETIME_US;
}

static bool connect_checkpointer(mri_database *db) {
  mri_connection *connection = NULL;
  if (mri_sqlite_connect(db, NULL, &connection, NULL) != MR_OK) return false;
  /* SQLite opens the log with the first read; before that it finds nothing to copy. */
  int64_t version = 0;
  if (mri_sqlite_query_int(connection->handle, "PRAGMA user_version", &version) != SQLITE_OK) {
    mri_sqlite_disconnect(connection, false);
    return false;
  }
  db->checkpointer = connection;
  return true;
}

void mri_sqlite_maintain(mri_connection *connection) {
  mri_database *db = connection->database;
  int64_t frames = connection->log_frames;
  connection->log_frames = 0;
  if (frames == 0) return;
  /* A log that is no longer than at our last commit was restarted since. */
  if (frames <= db->last_frames) {
    db->copied = 0;
    db->held_frames = 0;
  }
  db->last_frames = frames;
  if (frames - db->copied < TRIGGER_FRAMES && !db->eager) return;
  sqlite3 *handle = connection->handle;
  /* One connection that has the file to itself has nobody to guard against, nobody to wait for. */
  bool guarded = !db->facts.single;
  bool hold = guarded && frame_size(db, handle) * frames > MRI_SQLITE_LOG_LIMIT;
  if (guarded) {
    if (db->checkpointer == NULL && !connect_checkpointer(db)) return;
    handle = db->checkpointer->handle;
    /* Somebody else writes already: the next commit will try again. */
    if (mri_sqlite_start(connection, true) != SQLITE_OK) return;
  }
  int64_t lifetime_us = hold ? lifetime_of_readers(db, frames) : 0;
  int code = copy(db, handle, hold, lifetime_us);
  if (guarded) mri_sqlite_rollback(connection);
  mri_sqlite_note_sync(db, code);
}
