/* SPDX-License-Identifier: Apache-2.0 */
/* A first look that leaves no trace: no lock, no -wal, no -shm, no journal rolled back. */
#include "base/str.h"
#include "store/sqlite_private.h"

#include <errno.h>
#include <string.h>

static bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && strchr("/._-", c) != NULL);
}

mr_status mri_sqlite_immutable_uri(const mri_database *db, char **out, mr_error *error) {
  static const char digits[] = "0123456789ABCDEF";
  mri_str uri;
  mri_str_init(&uri, db->mem);
  mri_str_add(&uri, "file:");
  for (const char *p = db->path; *p != '\0'; p++) {
    unsigned char byte = (unsigned char)*p;
    if (is_plain(*p)) {
      mri_str_add_char(&uri, *p);
    } else {
      mri_str_add_char(&uri, '%');
      mri_str_add_char(&uri, digits[byte >> 4]);
      mri_str_add_char(&uri, digits[byte & 15]);
    }
  }
  mri_str_add(&uri, "?immutable=1");
  *out = mri_str_take(&uri);
  return *out != NULL ? MR_OK : mri_error_no_memory(error);
}

int mri_sqlite_check_end(const mri_database *db, sqlite3 *handle) {
  int64_t page_size = 0;
  if (db->memory) return SQLITE_OK;
  int code = mri_sqlite_query_int(handle, "PRAGMA page_size", &page_size);
  if (code != SQLITE_OK || page_size <= 0) return code;
  int64_t size = mri_sqlite_size_of(db, "");
  if (size < 0) return SQLITE_IOERR_FSTAT;
  bool whole = size % page_size == 0 || mri_sqlite_size_of(db, "-wal") > 0 ||
               mri_sqlite_size_of(db, "-journal") > 0;
  return whole ? SQLITE_OK : SQLITE_CORRUPT;
}

static int look_once(const mri_database *db, const char *uri, int64_t *pages, int64_t *id,
                     int *number) {
  sqlite3 *handle = NULL;
  int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(uri, &handle, flags, db->vfs);
  if (code == SQLITE_OK) code = mri_sqlite_query_int(handle, "PRAGMA page_count", pages);
  if (code == SQLITE_OK && *pages > 0) {
    code = mri_sqlite_query_int(handle, "PRAGMA application_id", id);
  }
  if (code == SQLITE_OK && *id == MRI_SQLITE_APPLICATION_ID) {
    code = mri_sqlite_check_end(db, handle);
  }
  *number = handle != NULL ? sqlite3_system_errno(handle) : 0;
  if (*number == 0) *number = mri_sqlite_file_errno(handle);
  (void)sqlite3_close(handle);
  return code;
}

mr_status mri_sqlite_probe(const mri_database *db, bool *empty, mr_error *error) {
  char *uri = NULL;
  mr_status status = mri_sqlite_immutable_uri(db, &uri, error);
  if (status != MR_OK) return status;
  int64_t pages = 0;
  int64_t id = 0;
  int number = 0;
  int code = look_once(db, uri, &pages, &id, &number);
  mri_mem_free(db->mem, uri);
  if (mri_sqlite_status(code) == MR_CORRUPT && db->had_log && (code & 0xff) != SQLITE_NOTADB) {
    /* The file alone need not make sense while it is being folded, or its log holds more. */
    *empty = false;
    return MR_OK;
  }
  if (code != SQLITE_OK) {
    /* SQLite takes what cannot be read for damaged. */
    bool unreadable = mri_sqlite_status(code) == MR_CORRUPT && number == EIO;
    if (unreadable || (number != 0 && mri_sqlite_status(code) == MR_IO)) {
      return mri_error_errno(error, number, "open", db->label);
    }
    return mri_sqlite_error(db, NULL, code, NULL, error, "open");
  }
  *empty = pages == 0;
  if (*empty || id == MRI_SQLITE_APPLICATION_ID) return MR_OK;
  return mri_error_set(error, MR_CORRUPT,
                       "%s is another program's SQLite database; choose another path", db->label);
}
