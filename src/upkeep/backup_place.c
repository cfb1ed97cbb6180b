/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/backup_place.h"
#include "base/os_file.h"
#include "registry/folder.h"
#include "store/os_statfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY)

/* What SQLite takes for a part of the database without them. */
static const char *const own_suffixes[] = {"-wal", "-shm", "-journal"};
#define OWN_SUFFIXES (sizeof own_suffixes / sizeof *own_suffixes)

void mri_backup_place_init(mri_backup_place *place, const mri_mem *mem) {
  memset(place, 0, sizeof *place);
  place->mem = mem;
  place->folder = -1;
  place->tmp = -1;
  mri_str_init(&place->root, mem);
  mri_str_init(&place->file, mem);
}

/* Says of a failure that it was this backup's. */
static mr_status of_backup(const mri_backup_place *place, mr_status status, mr_error *error) {
  if (status == MR_OK || status == MR_NO_MEMORY) return status;
  return mri_error_prefix(error, status, "backup %.*s", mri_text_fit(place->path, 200),
                          place->path);
}

static mr_status place_errno(const mri_backup_place *place, int number, const char *action,
                             const char *what, mr_error *error) {
  return of_backup(place, mri_error_errno(error, number, action, what), error);
}

static mr_status check_name(const mri_backup_place *place, mr_error *error) {
  const char *name = place->name;
  if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "path '%s' does not end with a file's name",
                         place->path);
  }
  size_t size = strlen(name);
  for (size_t i = 0; i < OWN_SUFFIXES; i++) {
    size_t length = strlen(own_suffixes[i]);
    if (size < length || strcmp(name + size - length, own_suffixes[i]) != 0) continue;
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "path '%s' ends with '%s', which SQLite takes for a part of another file",
                         place->path, own_suffixes[i]);
  }
  return MR_OK;
}

static bool is_there(int folder, const char *name, int *number) {
  struct stat info;
  *number = 0;
  if (mri_io_table()->fstat_at(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno != ENOENT) *number = errno;
  return false;
}

/* Neither the file itself nor what SQLite would read together with it. */
static mr_status check_free(const mri_backup_place *place, mr_error *error) {
  mri_str beside;
  mr_status status = MR_OK;
  int number = 0;
  if (is_there(place->folder, place->name, &number)) {
    return mri_error_set(error, MR_ALREADY_EXISTS,
                         "there is a file at %s, and a backup overwrites nothing; choose another "
                         "path",
                         place->path);
  }
  if (number != 0) return place_errno(place, number, "look for", place->name, error);
  mri_str_init(&beside, place->mem);
  for (size_t i = 0; i < OWN_SUFFIXES && status == MR_OK; i++) {
    beside.size = 0;
    mri_str_add(&beside, place->name);
    mri_str_add(&beside, own_suffixes[i]);
    const char *name = mri_str_text(&beside);
    if (name == NULL) {
      status = mri_error_no_memory(error);
    } else if (is_there(place->folder, name, &number)) {
      status = mri_error_set(error, MR_ALREADY_EXISTS,
                             "there is a file at %s%s, which SQLite would take for a part of the "
                             "copy; remove it or choose another path",
                             place->path, own_suffixes[i]);
    } else if (number != 0) {
      status = place_errno(place, number, "look for", name, error);
    }
  }
  mri_str_free(&beside);
  return status;
}

static bool is_within(const char *path, const char *folder) {
  size_t size = strlen(folder);
  if (size == 1) return true; /* the root of everything */
  return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* The registry's own content and that of the copy must not be mixed. */
static mr_status check_apart(const mri_backup_place *place, const mr_registry *registry,
                             const char *folder, mr_error *error) {
  char own[MRI_REAL_PATH_MAX];
  const char *root = registry->record.artifact_root;
  if (root == NULL) return MR_OK;
  /* It is made with the first content. */
  if (mri_real_path(root, own) != 0) (void)snprintf(own, sizeof own, "%s", root);
  if (is_within(folder, own)) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "path '%s' lies in the folder of the registry's own content, %s; choose "
                         "one outside of it",
                         place->path, root);
  }
  if (strcmp(mri_str_text(&place->root), own) != 0) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "the copy at '%s' would keep its content where the registry does, in %s; "
                       "choose another path",
                       place->path, root);
}

static mr_status find_folder(mri_backup_place *place, char real[MRI_REAL_PATH_MAX],
                             mr_error *error) {
  mri_str folder;
  const char *slash = strrchr(place->path, '/');
  place->name = slash == NULL ? place->path : slash + 1;
  mr_status status = check_name(place, error);
  if (status != MR_OK) return status;
  mri_str_init(&folder, place->mem);
  if (slash == NULL) {
    mri_str_add(&folder, ".");
  } else {
    mri_str_add_bytes(&folder, place->path,
                      slash == place->path ? 1 : (size_t)(slash - place->path));
  }
  const char *text = mri_str_text(&folder);
  status = text != NULL ? mri_folder_open(text, &place->folder, error) : mri_error_no_memory(error);
  status = of_backup(place, status, error);
  if (status == MR_OK) {
    int number = mri_real_path(text, real);
    if (number != 0) status = place_errno(place, number, "find the folder", text, error);
  }
  mri_str_free(&folder);
  return status;
}

static uint32_t folder_mode(uint32_t file_mode) {
  return (file_mode | ((file_mode & 0444) >> 2) | 0700) & 0777;
}

/* PATH.d/tmp, on the same file system as PATH: what is renamed must not need to be copied. */
static mr_status make_tmp(mri_backup_place *place, uint32_t file_mode, mr_error *error) {
  mri_str path;
  struct stat here;
  struct stat there;
  mri_str_init(&path, place->mem);
  mri_str_add(&path, place->name);
  mri_str_add(&path, ".d/tmp");
  const char *text = mri_str_text(&path);
  mr_status status = text == NULL
                         ? mri_error_no_memory(error)
                         : mri_mkdirs_beneath(place->folder, text, (mode_t)folder_mode(file_mode),
                                              true, &place->tmp, error);
  mri_str_free(&path);
  if (status != MR_OK) return of_backup(place, status, error);
  const mri_io *io = mri_io_table();
  if (io->fstat(place->folder, &here) != 0 || io->fstat(place->tmp, &there) != 0) {
    return place_errno(place, errno, "look at", "its folder", error);
  }
  if (here.st_dev == there.st_dev) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "%s.d is on another file system than the folder it is in; choose another "
                       "path",
                       place->path);
}

/* The empty file with the mode that the registry's new files get. */
static mr_status make_file(mri_backup_place *place, uint32_t file_mode, mr_error *error) {
  uint8_t random[8];
  mri_random_bytes(random, sizeof random);
  mri_str_add(&place->file, mri_str_text(&place->root));
  mri_str_add(&place->file, "/tmp/");
  size_t at = place->file.size;
  mri_str_add(&place->file, "backup-");
  for (size_t i = 0; i < sizeof random; i++) mri_str_addf(&place->file, "%02x", random[i]);
  const char *file = mri_str_text(&place->file);
  if (file == NULL) return mri_error_no_memory(error);
  place->temp = file + at;
  int number = mri_file_make(file, file_mode);
  /* Some file systems cannot do it this way; SQLite makes the file then, with its own mode. */
  bool fine = number == 0 || number == EPERM || number == EINVAL || number == ENOSYS ||
              number == EOPNOTSUPP;
  return fine ? MR_OK : place_errno(place, number, "make", file, error);
}

mr_status mri_backup_place_open(mri_backup_place *place, const mr_registry *registry,
                                const char *path, mr_error *error) {
  char real[MRI_REAL_PATH_MAX];
  uint32_t file_mode = mri_store_facts_of(registry->store)->file_mode;
  place->path = path;
  mr_status status = find_folder(place, real, error);
  if (status != MR_OK) return status;
  mri_str_add(&place->root, strcmp(real, "/") == 0 ? "" : real);
  mri_str_add_char(&place->root, '/');
  mri_str_add(&place->root, place->name);
  mri_str_add(&place->root, ".d");
  if (mri_str_text(&place->root) == NULL) return mri_error_no_memory(error);
  status = check_free(place, error);
  if (status == MR_OK) status = check_apart(place, registry, real, error);
  if (status == MR_OK) status = make_tmp(place, file_mode, error);
  if (status == MR_OK) status = make_file(place, file_mode, error);
  return status;
}

static mr_status sync_folder(const mri_backup_place *place, int root, const char *path,
                             mr_error *error) {
  int fd = mri_open_beneath(root, path, OPEN_FOLDER, 0);
  if (fd < 0) return place_errno(place, errno, "open", path, error);
  bool synced = mri_fsync_dir(fd);
  int number = errno;
  mri_io_table()->close(fd);
  return synced ? MR_OK : place_errno(place, number, "sync", path, error);
}

mr_status mri_backup_place_sync(const mri_backup_place *place, const bool shards[MRI_BACKUP_SHARDS],
                                mr_error *error) {
  int root = -1;
  mr_status status = mri_folder_open(mri_str_text(&place->root), &root, error);
  if (status != MR_OK) return status;
  status = sync_folder(place, root, ".", error);
  if (status == MR_OK) status = sync_folder(place, root, "blobs", error);
  for (unsigned i = 0; i < MRI_BACKUP_SHARDS && status == MR_OK; i++) {
    char shard[16];
    if (!shards[i]) continue;
    (void)snprintf(shard, sizeof shard, "blobs/%02x", i);
    status = sync_folder(place, root, shard, error);
  }
  mri_io_table()->close(root);
  if (status == MR_OK && !mri_fsync_dir(place->folder)) {
    status = place_errno(place, errno, "sync", "its folder", error);
  }
  return status;
}

mr_status mri_backup_place_publish(mri_backup_place *place, mr_error *error) {
  int number = mri_file_appear(place->tmp, place->temp, place->folder, place->name);
  if (number == EEXIST) {
    return mri_error_set(error, MR_ALREADY_EXISTS,
                         "somebody made a file at %s meanwhile, and a backup overwrites nothing; "
                         "choose another path",
                         place->path);
  }
  if (number != 0) return place_errno(place, number, "name", place->name, error);
  if (mri_fsync_dir(place->folder)) return MR_OK;
  number = errno;
  (void)mri_io_table()->unlink_at(place->folder, place->name, 0);
  return place_errno(place, number, "sync", "its folder", error);
}

void mri_backup_place_close(mri_backup_place *place) {
  const mri_io *io = mri_io_table();
  if (place->temp != NULL) {
    (void)io->unlink_at(place->tmp, place->temp, 0);
    for (size_t i = 0; i < OWN_SUFFIXES; i++) {
      char name[64];
      (void)snprintf(name, sizeof name, "%s%s", place->temp, own_suffixes[i]);
      (void)io->unlink_at(place->tmp, name, 0);
    }
  }
  if (place->tmp >= 0) (void)io->close(place->tmp);
  if (place->folder >= 0) (void)io->close(place->folder);
  mri_str_free(&place->root);
  mri_str_free(&place->file);
}
