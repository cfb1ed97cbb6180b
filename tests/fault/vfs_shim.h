/* SPDX-License-Identifier: Apache-2.0 */
/* A SQLite VFS around the default one that counts calls, fails the nth of them, and calls the test
 * in the middle of them. One for the process; thread-safe. */
#ifndef MRT_FAULT_VFS_SHIM_H
#define MRT_FAULT_VFS_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#define VFS_SHIM_NAME "modelreg_shim"

/* What is done; sets of them are or-ed. */
enum {
  VFS_OPEN = 1 << 0,
  VFS_CLOSE = 1 << 1,
  VFS_READ = 1 << 2,
  VFS_WRITE = 1 << 3,
  VFS_TRUNCATE = 1 << 4,
  VFS_SYNC = 1 << 5,
  VFS_SIZE = 1 << 6,
  VFS_LOCK = 1 << 7,
  VFS_SHM_MAP = 1 << 8,
  VFS_SHM_LOCK = 1 << 9,
  VFS_UNFETCH = 1 << 10, /* within a checkpoint: after it has read the header of the log's index */
  VFS_DELETE = 1 << 11,
  VFS_ACCESS = 1 << 12,
  VFS_EVERY_OP = (1 << 13) - 1,
  /* What can really go wrong on a disk. */
  VFS_IO = VFS_OPEN | VFS_READ | VFS_WRITE | VFS_TRUNCATE | VFS_SYNC | VFS_SIZE | VFS_SHM_MAP |
           VFS_DELETE | VFS_ACCESS
};

/* To which file. */
enum {
  VFS_DB = 1 << 0,
  VFS_LOG = 1 << 1,
  VFS_JOURNAL = 1 << 2,
  VFS_OTHER = 1 << 3,
  VFS_EVERY_FILE = (1 << 4) - 1
};

/* Called before the operation is done, with the shim disarmed, so that it may use SQLite itself. */
typedef void (*vfs_shim_hook)(void *ctx);

/* Registers the VFS (not as the default); once is enough. */
void vfs_shim_register(void);
/* Syncs are counted and may fail, but the disk is not bothered: no test here cuts the power. */
void vfs_shim_skip_syncs(bool skip);
/* Counts from 0 again, nothing fails, no hook. */
void vfs_shim_reset(void);
int64_t vfs_shim_count(unsigned ops, unsigned files);
/* The nth (1 is the next) of these operations on these files fails, and all after it when
 * `for_ever`. `code` 0 is the error that fits the operation; a failing write writes half. */
void vfs_shim_fail(unsigned ops, unsigned files, int64_t nth, bool for_ever, int code);
/* Whether that happened. */
bool vfs_shim_failed(void);
/* The nth of these operations on these files calls `hook` first, once. */
void vfs_shim_hook_at(unsigned ops, unsigned files, int64_t nth, vfs_shim_hook hook, void *ctx);
bool vfs_shim_hooked(void);

#endif
