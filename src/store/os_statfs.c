/* SPDX-License-Identifier: Apache-2.0 */
/* mknod() for a plain file and realpath() are X/Open, statfs() is Linux. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "store/os_statfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/statfs.h>
#include <sys/statvfs.h>
#elif defined(__APPLE__) || defined(__FreeBSD__)
#include <sys/mount.h>
#include <sys/param.h>
#endif

int mri_file_system_of(const char *path, mri_file_system *out) {
  *out = (mri_file_system){0};
#if defined(__linux__)
  struct statfs info;
  if (statfs(path, &info) != 0) return errno;
  /* f_type is signed on some machines; every known type has 32 bits. */
  out->type = (uint32_t)info.f_type;
  out->read_only = ((unsigned long)info.f_flags & ST_RDONLY) != 0;
#elif defined(__APPLE__) || defined(__FreeBSD__)
  struct statfs info;
  if (statfs(path, &info) != 0) return errno;
  out->read_only = (info.f_flags & MNT_RDONLY) != 0;
#else
  (void)path;
#endif
  return 0;
}

mri_file_system_kind mri_file_system_kind_of(uint64_t type, const char **name) {
  static const struct {
    uint64_t type;
    mri_file_system_kind kind;
    const char *name;
  } known[] = {
      {0x6969, MRI_FILE_SYSTEM_NETWORK, "NFS"},
      {0x517b, MRI_FILE_SYSTEM_NETWORK, "SMB"},
      {0xff534d42, MRI_FILE_SYSTEM_NETWORK, "CIFS"},
      {0xfe534d42, MRI_FILE_SYSTEM_NETWORK, "SMB"},
      {0x65735546, MRI_FILE_SYSTEM_NETWORK, "FUSE"},
      {0x01021997, MRI_FILE_SYSTEM_NETWORK, "9P"},
      {0x5346414f, MRI_FILE_SYSTEM_NETWORK, "AFS"},
      {0x6b414653, MRI_FILE_SYSTEM_NETWORK, "AFS"},
      {0x73757245, MRI_FILE_SYSTEM_NETWORK, "Coda"},
      {0x564c, MRI_FILE_SYSTEM_NETWORK, "NCP"},
      {0x786f4256, MRI_FILE_SYSTEM_NETWORK, "VirtualBox shared folder"},
      {0x0bd00bd0, MRI_FILE_SYSTEM_CLUSTER, "Lustre"},
      {0x47504653, MRI_FILE_SYSTEM_CLUSTER, "GPFS"},
      {0x19830326, MRI_FILE_SYSTEM_CLUSTER, "BeeGFS"},
      {0x00c36400, MRI_FILE_SYSTEM_CLUSTER, "CephFS"},
  };
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (known[i].type != type) continue;
    *name = known[i].name;
    return known[i].kind;
  }
  *name = NULL;
  return MRI_FILE_SYSTEM_LOCAL;
}

int mri_real_path(const char *path, char out[MRI_REAL_PATH_MAX]) {
  _Static_assert(MRI_REAL_PATH_MAX >= PATH_MAX, "realpath() fills up to PATH_MAX bytes");
  return realpath(path, out) != NULL ? 0 : errno;
}

int mri_file_make(const char *path, uint32_t mode) {
  return mknod(path, (mode_t)(S_IFREG | (mode & 0777)), 0) != 0 ? errno : 0;
}

int mri_file_appear_unlinked(int from_dir, const char *from, int to_dir, const char *to) {
  /* The name is taken first; only then may what is there be replaced. */
  if (mknodat(to_dir, to, (mode_t)(S_IFREG | 0600), 0) != 0) return errno;
  if (renameat(from_dir, from, to_dir, to) == 0) return 0;
  int number = errno;
  (void)unlinkat(to_dir, to, 0);
  return number;
}

int mri_file_appear(int from_dir, const char *from, int to_dir, const char *to) {
  if (linkat(from_dir, from, to_dir, to, 0) == 0) return 0;
  bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK;
  return no_links ? mri_file_appear_unlinked(from_dir, from, to_dir, to) : errno;
}
