/* SPDX-License-Identifier: Apache-2.0 */
/* A second SQLite in this process. POSIX locks belong to the process: when the other copy closes the
 * registry's file, even after reading alone, the kernel drops the locks that ours holds on it. One
 * copy knows of all its own connections and prevents that; two do not know of each other. */
#include "base/os_objects.h"
#include "store/sqlite_private.h"

mr_status mri_sqlite_warn_of_copies(mri_database *db, mr_error *error) {
  char path[256];
  /* A text within the library that our calls go to. The address of a function may be one of the
   * program's own, and what sqlite3_libversion() gives may be a copy in the program. */
  const char *ours = sqlite3_sourceid();
  if (!mri_find_other_object("sqlite3_open_v2", ours, path, sizeof path)) return MR_OK;
  return mri_sqlite_warn(db, error,
                         "%s brings another copy of SQLite into this process: when code that uses "
                         "it closes this registry's file, locks get lost and so may writes; never "
                         "open the file with it",
                         path[0] != '\0' ? path : "the program itself");
}
