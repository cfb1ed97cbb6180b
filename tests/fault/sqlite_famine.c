/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite_famine.h"

#include <sqlite3.h>
#include <stddef.h>

static struct {
  int64_t left; /* 0: all is well */
  bool for_ever;
  bool failed;
} famine;

static sqlite3_mem_methods plenty;

static bool starves(void) {
  if (famine.left == 0) return famine.failed && famine.for_ever;
  if (--famine.left > 0) return false;
  famine.failed = true;
  return true;
}

static void *scarce_malloc(int size) {
  return starves() ? NULL : plenty.xMalloc(size);
}

static void *scarce_realloc(void *memory, int size) {
  return starves() ? NULL : plenty.xRealloc(memory, size);
}

bool sqlite_famine_arm(void) {
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plenty) != SQLITE_OK) return false;
  sqlite3_mem_methods scarce = plenty;
  scarce.xMalloc = scarce_malloc;
  scarce.xRealloc = scarce_realloc;
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce) == SQLITE_OK;
}

void sqlite_famine_fail(int64_t nth, bool for_ever) {
  famine.failed = false;
  famine.for_ever = for_ever;
  famine.left = nth;
}

bool sqlite_famine_failed(void) {
  return famine.failed;
}
