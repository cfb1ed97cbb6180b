/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs_shim.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>

#define OPS   13
#define FILES 4

typedef struct shim_file {
  sqlite3_file base;
  sqlite3_file *real;
  unsigned kind; /* VFS_DB ... */
} shim_file;

typedef struct trap {
  unsigned ops;
  unsigned files;
  int64_t left; /* until it springs; 0: unarmed */
  bool sprung;
} trap;

static struct {
  pthread_mutex_t lock;
  int64_t counts[OPS][FILES];
  trap failure;
  bool for_ever;
  int code;
  trap hook;
  vfs_shim_hook hook_function;
  void *hook_ctx;
  bool skip_syncs;
} shim = {.lock = PTHREAD_MUTEX_INITIALIZER};

static unsigned index_of(unsigned bit) {
  unsigned i = 0;
  while ((bit >> i) > 1) i++;
  return i;
}

static bool springs(trap *t, unsigned op, unsigned file) {
  if (t->left == 0 || (t->ops & op) == 0 || (t->files & file) == 0) return false;
  if (--t->left > 0) return false;
  t->sprung = true;
  return true;
}

static int natural_code(unsigned op) {
  switch (op) {
  case VFS_OPEN:
    return SQLITE_CANTOPEN;
  case VFS_READ:
    return SQLITE_IOERR_READ;
  case VFS_WRITE:
    return SQLITE_IOERR_WRITE;
  case VFS_TRUNCATE:
    return SQLITE_IOERR_TRUNCATE;
  case VFS_SYNC:
    return SQLITE_IOERR_FSYNC;
  case VFS_SIZE:
    return SQLITE_IOERR_FSTAT;
  case VFS_LOCK:
    return SQLITE_IOERR_LOCK;
  case VFS_SHM_MAP:
    return SQLITE_IOERR_SHMMAP;
  case VFS_SHM_LOCK:
    return SQLITE_IOERR_SHMLOCK;
  case VFS_DELETE:
    return SQLITE_IOERR_DELETE;
  case VFS_ACCESS:
    return SQLITE_IOERR_ACCESS;
  default:
    return SQLITE_IOERR;
  }
}

/* Counts the call and says with which code it must fail. */
static int enter(unsigned op, unsigned file) {
  vfs_shim_hook hook = NULL;
  void *ctx = NULL;
  int code = SQLITE_OK;
  (void)pthread_mutex_lock(&shim.lock);
  shim.counts[index_of(op)][index_of(file)]++;
  if (springs(&shim.hook, op, file)) {
    hook = shim.hook_function;
    ctx = shim.hook_ctx;
  }
  trap *f = &shim.failure;
  bool again = shim.for_ever && f->sprung && (f->ops & op) != 0 && (f->files & file) != 0;
  if (springs(f, op, file) || again) code = shim.code != 0 ? shim.code : natural_code(op);
  (void)pthread_mutex_unlock(&shim.lock);
  if (hook != NULL) hook(ctx);
  return code;
}

void vfs_shim_skip_syncs(bool skip) {
  (void)pthread_mutex_lock(&shim.lock);
  shim.skip_syncs = skip;
  (void)pthread_mutex_unlock(&shim.lock);
}

void vfs_shim_reset(void) {
  (void)pthread_mutex_lock(&shim.lock);
  for (int op = 0; op < OPS; op++) {
    for (int file = 0; file < FILES; file++) shim.counts[op][file] = 0;
  }
  shim.failure = (trap){0};
  shim.hook = (trap){0};
  shim.for_ever = false;
  (void)pthread_mutex_unlock(&shim.lock);
}

int64_t vfs_shim_count(unsigned ops, unsigned files) {
  int64_t sum = 0;
  (void)pthread_mutex_lock(&shim.lock);
  for (unsigned op = 0; op < OPS; op++) {
    for (unsigned file = 0; file < FILES; file++) {
      if ((ops >> op & 1) != 0 && (files >> file & 1) != 0) sum += shim.counts[op][file];
    }
  }
  (void)pthread_mutex_unlock(&shim.lock);
  return sum;
}

void vfs_shim_fail(unsigned ops, unsigned files, int64_t nth, bool for_ever, int code) {
  (void)pthread_mutex_lock(&shim.lock);
  shim.failure = (trap){.ops = ops, .files = files, .left = nth};
  shim.for_ever = for_ever;
  shim.code = code;
  (void)pthread_mutex_unlock(&shim.lock);
}

bool vfs_shim_failed(void) {
  (void)pthread_mutex_lock(&shim.lock);
  bool sprung = shim.failure.sprung;
  (void)pthread_mutex_unlock(&shim.lock);
  return sprung;
}

void vfs_shim_hook_at(unsigned ops, unsigned files, int64_t nth, vfs_shim_hook hook, void *ctx) {
  (void)pthread_mutex_lock(&shim.lock);
  shim.hook = (trap){.ops = ops, .files = files, .left = nth};
  shim.hook_function = hook;
  shim.hook_ctx = ctx;
  (void)pthread_mutex_unlock(&shim.lock);
}

bool vfs_shim_hooked(void) {
  (void)pthread_mutex_lock(&shim.lock);
  bool sprung = shim.hook.sprung;
  (void)pthread_mutex_unlock(&shim.lock);
  return sprung;
}

static shim_file *shim_of(sqlite3_file *file) {
  return (shim_file *)(void *)file;
}

static sqlite3_vfs *real_vfs(sqlite3_vfs *vfs) {
  return vfs->pAppData;
}

static int shim_close(sqlite3_file *file) {
  shim_file *f = shim_of(file);
  (void)enter(VFS_CLOSE, f->kind);
  return f->real->pMethods != NULL ? f->real->pMethods->xClose(f->real) : SQLITE_OK;
}

static int shim_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_READ, f->kind);
  return code != SQLITE_OK ? code : f->real->pMethods->xRead(f->real, bytes, size, offset);
}

static int shim_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_WRITE, f->kind);
  if (code == SQLITE_OK) return f->real->pMethods->xWrite(f->real, bytes, size, offset);
  (void)f->real->pMethods->xWrite(f->real, bytes, size / 2, offset);
  return code;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_TRUNCATE, f->kind);
  return code != SQLITE_OK ? code : f->real->pMethods->xTruncate(f->real, size);
}

static int shim_sync(sqlite3_file *file, int flags) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_SYNC, f->kind);
  (void)pthread_mutex_lock(&shim.lock);
  bool skip = shim.skip_syncs;
  (void)pthread_mutex_unlock(&shim.lock);
  return code != SQLITE_OK || skip ? code : f->real->pMethods->xSync(f->real, flags);
}

static int shim_file_size(sqlite3_file *file, sqlite3_int64 *size) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_SIZE, f->kind);
  return code != SQLITE_OK ? code : f->real->pMethods->xFileSize(f->real, size);
}

static int shim_lock(sqlite3_file *file, int level) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_LOCK, f->kind);
  return code != SQLITE_OK ? code : f->real->pMethods->xLock(f->real, level);
}

static int shim_unlock(sqlite3_file *file, int level) {
  shim_file *f = shim_of(file);
  return f->real->pMethods->xUnlock(f->real, level);
}

static int shim_check_reserved(sqlite3_file *file, int *out) {
  shim_file *f = shim_of(file);
  return f->real->pMethods->xCheckReservedLock(f->real, out);
}

static int shim_control(sqlite3_file *file, int op, void *arg) {
  shim_file *f = shim_of(file);
  return f->real->pMethods->xFileControl(f->real, op, arg);
}

static int shim_sector_size(sqlite3_file *file) {
  shim_file *f = shim_of(file);
  return f->real->pMethods->xSectorSize(f->real);
}

static int shim_characteristics(sqlite3_file *file) {
  shim_file *f = shim_of(file);
  return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static int shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_SHM_MAP, f->kind);
  return code != SQLITE_OK ? code : f->real->pMethods->xShmMap(f->real, page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  shim_file *f = shim_of(file);
  int code = enter(VFS_SHM_LOCK, f->kind);
  /* Giving a lock back cannot fail. */
  if (code != SQLITE_OK && (flags & SQLITE_SHM_LOCK) != 0) return code;
  return f->real->pMethods->xShmLock(f->real, offset, count, flags);
}

static void shim_shm_barrier(sqlite3_file *file) {
  shim_file *f = shim_of(file);
  f->real->pMethods->xShmBarrier(f->real);
}

static int shim_shm_unmap(sqlite3_file *file, int remove) {
  shim_file *f = shim_of(file);
  return f->real->pMethods->xShmUnmap(f->real, remove);
}

static int shim_fetch(sqlite3_file *file, sqlite3_int64 offset, int size, void **out) {
  shim_file *f = shim_of(file);
  *out = NULL;
  if (f->real->pMethods->iVersion < 3) return SQLITE_OK;
  return f->real->pMethods->xFetch(f->real, offset, size, out);
}

static int shim_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page) {
  shim_file *f = shim_of(file);
  (void)enter(VFS_UNFETCH, f->kind);
  if (f->real->pMethods->iVersion < 3) return SQLITE_OK;
  return f->real->pMethods->xUnfetch(f->real, offset, page);
}

static const sqlite3_io_methods methods = {
    .iVersion = 3,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_file_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
    .xFetch = shim_fetch,
    .xUnfetch = shim_unfetch,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *out_flags) {
  shim_file *f = shim_of(file);
  f->base.pMethods = NULL;
  f->real = (sqlite3_file *)(void *)(f + 1);
  f->real->pMethods = NULL;
  f->kind = (flags & SQLITE_OPEN_MAIN_DB) != 0        ? VFS_DB
            : (flags & SQLITE_OPEN_WAL) != 0          ? VFS_LOG
            : (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0 ? VFS_JOURNAL
                                                      : VFS_OTHER;
  int code = enter(VFS_OPEN, f->kind);
  if (code != SQLITE_OK) return code;
  code = real_vfs(vfs)->xOpen(real_vfs(vfs), name, f->real, flags, out_flags);
  if (f->real->pMethods != NULL) f->base.pMethods = &methods;
  return code;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync) {
  int code = enter(VFS_DELETE, VFS_OTHER);
  return code != SQLITE_OK ? code : real_vfs(vfs)->xDelete(real_vfs(vfs), name, sync);
}

static int shim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  int code = enter(VFS_ACCESS, VFS_OTHER);
  return code != SQLITE_OK ? code : real_vfs(vfs)->xAccess(real_vfs(vfs), name, flags, out);
}

static int shim_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out) {
  return real_vfs(vfs)->xFullPathname(real_vfs(vfs), name, size, out);
}

static int shim_randomness(sqlite3_vfs *vfs, int size, char *out) {
  return real_vfs(vfs)->xRandomness(real_vfs(vfs), size, out);
}

static int shim_sleep(sqlite3_vfs *vfs, int us) {
  return real_vfs(vfs)->xSleep(real_vfs(vfs), us);
}

static int shim_time(sqlite3_vfs *vfs, double *out) {
  return real_vfs(vfs)->xCurrentTime(real_vfs(vfs), out);
}

static int shim_last_error(sqlite3_vfs *vfs, int size, char *out) {
  return real_vfs(vfs)->xGetLastError(real_vfs(vfs), size, out);
}

static int shim_time_64(sqlite3_vfs *vfs, sqlite3_int64 *out) {
  return real_vfs(vfs)->xCurrentTimeInt64(real_vfs(vfs), out);
}

void vfs_shim_register(void) {
  static sqlite3_vfs vfs;
  if (sqlite3_vfs_find(VFS_SHIM_NAME) != NULL) return;
  sqlite3_vfs *real = sqlite3_vfs_find(NULL);
  vfs = (sqlite3_vfs){
      .iVersion = 2,
      .szOsFile = (int)sizeof(shim_file) + real->szOsFile,
      .mxPathname = real->mxPathname,
      .zName = VFS_SHIM_NAME,
      .pAppData = real,
      .xOpen = shim_open,
      .xDelete = shim_delete,
      .xAccess = shim_access,
      .xFullPathname = shim_full_path,
      .xRandomness = shim_randomness,
      .xSleep = shim_sleep,
      .xCurrentTime = shim_time,
      .xGetLastError = shim_last_error,
      .xCurrentTimeInt64 = shim_time_64,
  };
  (void)sqlite3_vfs_register(&vfs, 0);
}
