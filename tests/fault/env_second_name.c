/* SPDX-License-Identifier: Apache-2.0 */
/* A library whose symbol merely looks like one of SQLite's. */
int sqlite3_open_v3(void);

int sqlite3_open_v3(void) {
  return 1;
}
