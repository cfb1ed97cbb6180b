/* SPDX-License-Identifier: Apache-2.0 */
/* A library that brings symbols of SQLite with it, as a wheel or a plug-in would that carries a copy
 * of its own. It is only looked for, never called. */
int sqlite3_libversion_number(void);
int sqlite3_open_v2(const char *name, void **out, int flags, const char *vfs);

int sqlite3_libversion_number(void) {
  return 3008000;
}

int sqlite3_open_v2(const char *name, void **out, int flags, const char *vfs) {
  (void)name, (void)out, (void)flags, (void)vfs;
  return 1;
}
