/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the store whose disk is the shim: store_test.h with vfs_shim.h below it. */
#ifndef MRT_FAULT_STORE_SHIM_H
#define MRT_FAULT_STORE_SHIM_H

#include "store_test.h"
#include "vfs_shim.h"

static inline int store_shim_setup(void **state) {
  int result = store_setup(state);
  store_fixture *f = *state;
  vfs_shim_register();
  vfs_shim_skip_syncs(true);
  vfs_shim_reset();
  f->options.vfs = VFS_SHIM_NAME;
  return result;
}

/* Where locks fail too, waiting for them only takes time. */
static inline int store_shim_setup_impatient(void **state) {
  int result = store_shim_setup(state);
  store_fixture *f = *state;
  f->options.busy_timeout_ms = 5;
  return result;
}

static inline int store_shim_teardown(void **state) {
  vfs_shim_reset();
  return store_teardown(state);
}

#define store_shim_test(function)                                                                  \
  cmocka_unit_test_setup_teardown(function, store_shim_setup, store_shim_teardown)
#define store_shim_impatient_test(function)                                                        \
  cmocka_unit_test_setup_teardown(function, store_shim_setup_impatient, store_shim_teardown)

#endif
