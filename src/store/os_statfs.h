/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file system a path is on, a new file that nobody opens, and its name. */
#ifndef MRI_STORE_OS_STATFS_H
#define MRI_STORE_OS_STATFS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum mri_file_system_kind {
  MRI_FILE_SYSTEM_LOCAL,   /* or unknown: taken for local */
  MRI_FILE_SYSTEM_CLUSTER, /* shared by machines, with working locks but no shared memory */
  MRI_FILE_SYSTEM_NETWORK  /* locks and shared memory cannot be relied on */
} mri_file_system_kind;

typedef struct mri_file_system {
  uint64_t type; /* f_type of statfs; 0 where there is no such thing */
  bool read_only;
} mri_file_system;

/* 0, or errno. */
int mri_file_system_of(const char *path, mri_file_system *out);
/* *name is a static string such as "NFS", NULL for local ones. */
mri_file_system_kind mri_file_system_kind_of(uint64_t type, const char **name);

#define MRI_REAL_PATH_MAX 4096
/* The absolute path without symbolic links of something that exists. 0, or errno. */
int mri_real_path(const char *path, char out[MRI_REAL_PATH_MAX]);

/* Makes an empty file with these permissions less the umask, without ever holding a descriptor: a
 * descriptor that is closed would drop the locks of every SQLite connection of this process to that
 * file. 0, or errno (EEXIST). */
int mri_file_make(const char *path, uint32_t mode);

/* Gives a file a name in another folder of the same file system, never one that is taken. 0, or
 * errno (EEXIST). The old name is gone or not, and may be removed. */
int mri_file_appear(int from_dir, const char *from, int to_dir, const char *to);
/* The same without hard links, which some file systems do not have: a process that dies in the
 * middle of it may leave an empty file of that name. */
int mri_file_appear_unlinked(int from_dir, const char *from, int to_dir, const char *to);

#endif
