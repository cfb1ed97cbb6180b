/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the file and looking at it before anything can change it. SQLite alone opens it, even for
 * its header: closing a descriptor of our own would drop the locks of this process. */
#include "base/str.h"
#include "store/os_statfs.h"
#include "store/sqlite_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const mri_database_facts *mri_sqlite_facts(const mri_database *db) {
  return &db->facts;
}

static void free_database(mri_database *db) {
  char **warnings = db->warnings.items;
  for (size_t i = 0; i < db->warnings.count; i++) mri_mem_free(db->mem, warnings[i]);
  mri_vec_free(&db->warnings);
  mri_mem_free(db->mem, db->path);
  mri_mem_free(db->mem, db->label);
  mri_mem_free(db->mem, db->vfs);
  mri_mem_free(db->mem, db);
}

void mri_sqlite_close(mri_database *db, bool forked) {
  if (db->checkpointer != NULL) mri_sqlite_disconnect(db->checkpointer, forked);
  free_database(db);
}

mr_status mri_sqlite_warn(mri_database *db, mr_error *error, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  char *copy = mri_mem_strdup(db->mem, text);
  char **slot = copy != NULL ? mri_vec_push(&db->warnings) : NULL;
  if (slot == NULL) {
    mri_mem_free(db->mem, copy);
    return mri_error_no_memory(error);
  }
  *slot = copy;
  db->facts.warnings = (const char *const *)db->warnings.items;
  db->facts.warning_count = db->warnings.count;
  return MR_OK;
}

int64_t mri_sqlite_size_of(const mri_database *db, const char *suffix) {
  char name[MRI_REAL_PATH_MAX + 16];
  struct stat info;
  int length = snprintf(name, sizeof(name), "%s%s", db->path, suffix);
  bool fits = length > 0 && (size_t)length < sizeof(name);
  return fits && stat(name, &info) == 0 ? (int64_t)info.st_size : -1;
}

static mr_status set_path(mri_database *db, const char *path, mr_error *error) {
  mri_str label;
  mri_str_init(&label, db->mem);
  mri_str_add(&label, "registry ");
  mri_str_add(&label, path);
  char *text = mri_str_take(&label);
  char *copy = mri_mem_strdup(db->mem, path);
  if (text == NULL || copy == NULL) {
    mri_mem_free(db->mem, text);
    mri_mem_free(db->mem, copy);
    return mri_error_no_memory(error);
  }
  mri_mem_free(db->mem, db->label);
  mri_mem_free(db->mem, db->path);
  db->label = text;
  db->facts.label = text;
  db->path = copy;
  return MR_OK;
}

/* A name that SQLite takes as it is: no ":memory:", no "file:" whatever the host configured. */
static mr_status plain_path(mri_database *db, const char *place, mr_error *error) {
  if (place[0] == '/') return set_path(db, place, error);
  mri_str path;
  mri_str_init(&path, db->mem);
  mri_str_add(&path, "./");
  mri_str_add(&path, place);
  const char *text = mri_str_text(&path);
  mr_status status = text != NULL ? set_path(db, text, error) : mri_error_no_memory(error);
  mri_str_free(&path);
  return status;
}

/* Looks at the path without opening anything: *size is -1 where there is no file. */
static mr_status look(mri_database *db, const mri_database_options *options, int64_t *size,
                      mr_error *error) {
  *size = -1;
  struct stat info;
  if (stat(db->path, &info) != 0) {
    if (errno != ENOENT) return mri_error_errno(error, errno, "open registry", options->place);
    if (options->create) return MR_OK;
    return mri_error_set(error, MR_NOT_FOUND,
                         "there is no registry at %s; the CREATE flag makes one", options->place);
  }
  if (!S_ISREG(info.st_mode)) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "%s is %s, not a registry file; name the file itself", options->place,
                         S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
  }
  *size = (int64_t)info.st_size;
  /* -wal and -shm lie beside the real file, not beside a symbolic link to it. */
  char real[MRI_REAL_PATH_MAX];
  int number = mri_real_path(db->path, real);
  if (number != 0) return mri_error_errno(error, number, "open registry", options->place);
  return set_path(db, real, error);
}

static mr_status check_file_system(mri_database *db, const mri_database_options *options,
                                   int64_t size, mr_error *error) {
  char folder[MRI_REAL_PATH_MAX];
  const char *path = db->path;
  if (size < 0) {
    (void)snprintf(folder, sizeof(folder), "%s", db->path);
    char *slash = strrchr(folder, '/');
    slash[slash == folder ? 1 : 0] = '\0';
    path = folder;
  }
  mri_file_system fs;
  int number = mri_file_system_of(path, &fs);
  if (number != 0) return mri_error_errno(error, number, "use the folder", path);
  if (options->file_system != 0) fs.type = options->file_system;
  const char *name = NULL;
  mri_file_system_kind kind = mri_file_system_kind_of(fs.type, &name);
  if (kind == MRI_FILE_SYSTEM_NETWORK && !options->allow_network && !options->exclusive) {
    return mri_error_set(error, MR_NOT_SUPPORTED,
                         "%s is on a network file system (%s), where SQLite's locks cannot be "
                         "relied on; keep it on a local disk, or open it with the EXCLUSIVE flag",
                         options->place, name);
  }
  if (fs.read_only) {
    if (size <= 0 && options->create) {
      return mri_error_set(error, MR_READ_ONLY,
                           "cannot make a registry at %s: its file system is read-only",
                           options->place);
    }
    db->facts.read_only = true;
    /* Without a log nothing is missing in the file, and nobody can change it. */
    db->immutable = size > 0 && mri_sqlite_size_of(db, "-wal") <= 0;
  }
  if (kind == MRI_FILE_SYSTEM_LOCAL || options->exclusive) return MR_OK;
  return mri_sqlite_warn(db, error,
                         "%s is on %s: processes of several machines must not use it at once; "
                         "the EXCLUSIVE flag keeps it to one process",
                         options->place, name);
}

static mr_status check_library(mr_error *error) {
  if (sqlite3_threadsafe() == 0) {
    return mri_error_set(error, MR_NOT_SUPPORTED,
                         "the SQLite library %s was built without thread safety; use another",
                         sqlite3_libversion());
  }
  if (sqlite3_libversion_number() < MRI_SQLITE_OLDEST) {
    return mri_error_set(error, MR_NOT_SUPPORTED, "SQLite %s is too old; 3.37.0 or later is needed",
                         sqlite3_libversion());
  }
  return MR_OK;
}

static mr_status open_file(mri_database *db, const mri_database_options *options, mr_error *error) {
  if (options->place[0] == '\0') {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "the registry's path is empty");
  }
  if (options->read_only && options->exclusive) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "READ_ONLY and EXCLUSIVE cannot be asked for together");
  }
  int64_t size = -1;
  mr_status status = plain_path(db, options->place, error);
  if (status == MR_OK) status = look(db, options, &size, error);
  if (status == MR_OK) status = check_file_system(db, options, size, error);
  if (status != MR_OK) return status;
  if (size == 1) {
    /* SQLite takes one byte for an empty file and would write over it. */
    return mri_error_set(error, MR_CORRUPT, "%s is no registry: not an SQLite file",
                         options->place);
  }
  int64_t log = mri_sqlite_size_of(db, "-wal");
  db->had_log = log >= 0;
  bool empty = size <= 0;
  /* With -wal and -shm in place a connection leaves nothing new behind; otherwise the first look is
   * one that leaves no trace. */
  if (!empty && (!db->had_log || mri_sqlite_size_of(db, "-shm") < 0 ||
                 mri_sqlite_size_of(db, "-journal") >= 0)) {
    status = mri_sqlite_probe(db, &empty, error);
    if (status != MR_OK) return status;
  }
  if (!empty) return MR_OK;
  if (!options->create) {
    return mri_error_set(error, MR_CORRUPT,
                         "%s is an empty file, no registry; the CREATE flag makes it one",
                         options->place);
  }
  /* SQLite would throw such a log away, and with it perhaps all that is left of a registry. The
   * size is read again: another process may have made the registry just now. */
  if (log > 0 && mri_sqlite_size_of(db, "") <= 0) {
    return mri_error_set(error, MR_CORRUPT,
                         "%s is %s, but its -wal file is not; restore it from a backup, or remove "
                         "the -wal file",
                         options->place, size < 0 ? "missing" : "empty");
  }
  if (size < 0 && options->file_mode != 0) {
    int number = mri_file_make(db->path, options->file_mode);
    /* Some file systems cannot do it this way; SQLite makes the file then, with its own mode. */
    bool fine = number == 0 || number == EEXIST || number == EPERM || number == EINVAL ||
                number == ENOSYS || number == EOPNOTSUPP;
    if (!fine) {
      return mri_error_errno(error, number, "create registry", options->place);
    }
  }
  return MR_OK;
}

mr_status mri_sqlite_open(const mri_database_options *options, mri_wait *wait, mri_database **out,
                          mr_error *error) {
  (void)wait; /* nothing here needs a lock */
  mr_status status = check_library(error);
  if (status == MR_OK) {
    status = mri_sqlite_may_start(options->memory ? "memory:" : options->place, error);
  }
  if (status != MR_OK) return status;
  mri_database *db = mri_mem_zalloc(options->mem, 1, sizeof(*db));
  if (db == NULL) return mri_error_no_memory(error);
  db->mem = options->mem;
  mri_vec_init(&db->warnings, db->mem, sizeof(char *));
  db->memory = options->memory;
  db->create = options->create;
  db->exclusive = options->exclusive;
  db->facts = (mri_database_facts){.single = options->memory || options->exclusive,
                                   .read_only = options->read_only,
                                   .version = sqlite3_libversion()};
  if (options->vfs != NULL) {
    db->vfs = mri_mem_strdup(db->mem, options->vfs);
    if (db->vfs == NULL) status = mri_error_no_memory(error);
  }
  if (status == MR_OK && db->memory) {
    status = set_path(db, ":memory:", error);
    if (status == MR_OK && options->read_only) {
      status = mri_error_set(error, MR_INVALID_ARGUMENT,
                             "memory: is always new and empty; it cannot be opened READ_ONLY");
    }
  } else if (status == MR_OK) {
    mri_sqlite_enter();
    status = open_file(db, options, error);
    mri_sqlite_leave();
    if (status == MR_OK) status = mri_sqlite_warn_of_copies(db, error);
  }
  if (status != MR_OK) {
    free_database(db);
    return status;
  }
  *out = db;
  return MR_OK;
}
