/* SPDX-License-Identifier: Apache-2.0 */
/* What a forked child inherits of SQLite.
 *
 * SQLite keeps in the memory of the process which locks of a file it holds. A child that opens the
 * file anew finds its parent's locks there, believes that they are its own and takes none: the
 * parent then folds in the log and cuts it off under the child's feet. So before a child opens its
 * first connection it lets go of all it inherited. Closing them changes no file: the child holds
 * none of the locks that it gives up, and the log stays as it is. */
#include "store/sqlite_private.h"

#include <pthread.h>
#include <stdatomic.h>

struct mri_live {
  mri_live *next;
  sqlite3 *handle;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
/* Guards the lists; nothing that waits happens under it but the closing in a child. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static mri_live *lives;
static mri_live *inherited;
/* The parent had a call of SQLite under way: what it inherited may be half changed, and SQLite's
 * own locks, which all databases of a process share, may be held by threads that the child does not
 * have. Whoever waits for one of them waits for ever. */
static bool inherited_busy;
static atomic_int busy;

static void before_fork(void) {
  (void)pthread_mutex_lock(&lock);
}

static void after_fork(void) {
  (void)pthread_mutex_unlock(&lock);
}

static void after_fork_in_child(void) {
  mri_live **end = &inherited;
  while (*end != NULL) end = &(*end)->next;
  *end = lives;
  lives = NULL;
  if (atomic_exchange(&busy, 0) > 0) inherited_busy = true;
  (void)pthread_mutex_unlock(&lock);
}

static void watch_forks(void) {
  (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void mri_sqlite_enter(void) {
  (void)pthread_once(&once, watch_forks);
  atomic_fetch_add(&busy, 1);
}

void mri_sqlite_leave(void) {
  atomic_fetch_sub(&busy, 1);
}

int mri_sqlite_live_add(mri_connection *connection) {
  mri_live *live = sqlite3_malloc(sizeof(*live));
  if (live == NULL) return SQLITE_NOMEM;
  *live = (mri_live){.handle = connection->handle};
  (void)pthread_mutex_lock(&lock);
  live->next = lives;
  lives = live;
  (void)pthread_mutex_unlock(&lock);
  connection->live = live;
  return SQLITE_OK;
}

void mri_sqlite_live_remove(mri_connection *connection) {
  mri_live *live = connection->live;
  if (live == NULL) return;
  (void)pthread_mutex_lock(&lock);
  mri_live **link = &lives;
  while (*link != live) link = &(*link)->next;
  *link = live->next;
  (void)pthread_mutex_unlock(&lock);
  sqlite3_free(live);
  connection->live = NULL;
}

static void close_quietly(sqlite3 *handle) {
  (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
  for (sqlite3_stmt *stmt = sqlite3_next_stmt(handle, NULL); stmt != NULL;
       stmt = sqlite3_next_stmt(handle, NULL)) {
    (void)sqlite3_finalize(stmt);
  }
  (void)sqlite3_close(handle);
}

mr_status mri_sqlite_may_start(const char *place, mr_error *error) {
  (void)pthread_mutex_lock(&lock);
  bool stuck = inherited_busy;
  (void)pthread_mutex_unlock(&lock);
  if (!stuck) return MR_OK;
  return mri_error_set(
      error, MR_FORKED,
      "%s cannot be opened in this child process: a call on a registry was under "
      "way at the moment of fork(); fork when none is, or start a program of its own",
      place);
}

void mri_sqlite_let_go(void) {
  (void)pthread_mutex_lock(&lock);
  while (inherited != NULL) {
    mri_live *live = inherited;
    inherited = live->next;
    close_quietly(live->handle);
    sqlite3_free(live);
  }
  (void)pthread_mutex_unlock(&lock);
}
