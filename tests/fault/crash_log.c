/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_log.h"

#include "api_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void *crash_grown(void *items, size_t count, size_t *room, size_t size) {
  if (count < *room) return items;
  *room = *room == 0 ? 64 : *room * 2;
  items = realloc(items, *room * size);
  CHILD(items != NULL);
  return items;
}

static crash_op *add(crash_log *log, crash_op_kind kind, int node) {
  log->ops = crash_grown(log->ops, log->count, &log->room, sizeof *log->ops);
  crash_op *op = &log->ops[log->count++];
  *op = (crash_op){.kind = kind, .node = node, .folder = -1};
  return op;
}

static int find(const crash_log *log, const struct stat *info) {
  for (size_t i = log->node_count; i > 0; i--) {
    const crash_node *node = &log->nodes[i - 1];
    if (node->inode == info->st_ino && node->device == info->st_dev) return (int)i - 1;
  }
  return -1;
}

static int add_node(crash_log *log, const struct stat *info) {
  log->nodes = crash_grown(log->nodes, log->node_count, &log->node_room, sizeof *log->nodes);
  log->nodes[log->node_count] =
      (crash_node){S_ISDIR(info->st_mode), (uint64_t)info->st_dev, (uint64_t)info->st_ino};
  return (int)log->node_count++;
}

/* SQLite's shared memory is made anew. */
static bool is_memory(const char *path) {
  size_t size = strlen(path);
  return size >= 4 && strcmp(path + size - 4, "-shm") == 0;
}

/* The folder that the path ends in, or -1 when that is none of ours; *name is its last part. */
static int folder_of(const crash_log *log, int dir, const char *path, const char **name) {
  char folder[512] = ".";
  struct stat info;
  const char *slash = strrchr(path, '/');
  *name = slash == NULL ? path : slash + 1;
  if (slash != NULL) {
    int size = snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    CHILD(size > 0 && (size_t)size < sizeof folder);
  }
  return fstatat(dir, folder, &info, 0) == 0 ? find(log, &info) : -1;
}

static void link_node(crash_log *log, int dir, const char *path, int node) {
  const char *name = NULL;
  int folder = folder_of(log, dir, path, &name);
  CHILD(folder >= 0 && strlen(name) < sizeof log->ops->name);
  crash_op *op = add(log, CRASH_OP_LINK, node);
  op->folder = folder;
  (void)snprintf(op->name, sizeof op->name, "%s", name);
}

static void remove_name(crash_log *log, int dir, const char *path) {
  const char *name = NULL;
  int folder = folder_of(log, dir, path, &name);
  if (folder < 0 || is_memory(name)) return;
  crash_op *op = add(log, CRASH_OP_REMOVE, -1);
  op->folder = folder;
  (void)snprintf(op->name, sizeof op->name, "%s", name);
}

/* Of an open file. One of our folder that was never seen being made is a hole in the watch. */
static int node_of(const crash_log *log, int fd) {
  char link[64];
  char path[512] = "";
  struct stat info;
  if (fstat(fd, &info) != 0) return -1;
  int node = find(log, &info);
  if (node >= 0 || info.st_nlink == 0) return node;
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  CHILD(readlink(link, path, sizeof path - 1) > 0);
  bool ours = strncmp(path, log->root, strlen(log->root)) == 0 && path[strlen(log->root)] == '/';
  if (!ours || is_memory(path)) return -1;
  crash_watch(NULL);
  print_error("%s was made unseen\n", path);
  CHILD(false);
  return -1;
}

/* Numbers of files are used again once their last name is gone. */
static void note_gone(crash_log *log, crash_node *gone, int dir, const char *path) {
  struct stat info;
  *gone = (crash_node){0};
  if (fstatat(dir, path, &info, AT_SYMLINK_NOFOLLOW) != 0 || find(log, &info) < 0) return;
  *gone = (crash_node){false, (uint64_t)info.st_dev, (uint64_t)info.st_ino};
}

static void forget(crash_log *log, const crash_node *gone) {
  for (size_t i = 0; i < log->node_count && gone->inode != 0; i++) {
    crash_node *node = &log->nodes[i];
    if (node->inode == gone->inode && node->device == gone->device) node->device = node->inode = 0;
  }
}

static void before(void *ctx, const crash_call *call) {
  crash_log *log = ctx;
  if (call->kind == CRASH_UNLINK) note_gone(log, &log->gone[0], call->dir, call->path);
  if (call->kind != CRASH_RENAME) return;
  note_gone(log, &log->gone[0], call->dir, call->path);
  note_gone(log, &log->gone[1], call->to_dir, call->to);
}

static void after_rename(crash_log *log, const crash_call *call) {
  struct stat info;
  forget(log, &log->gone[1]);
  if (log->gone[0].inode == 0) return;
  CHILD(fstatat(call->to_dir, call->to, &info, AT_SYMLINK_NOFOLLOW) == 0);
  link_node(log, call->to_dir, call->to, find(log, &info));
  remove_name(log, call->dir, call->path);
}

static void after_made(crash_log *log, const crash_call *call) {
  const char *name = NULL;
  struct stat info;
  if (folder_of(log, call->dir, call->path, &name) < 0 || is_memory(name)) return;
  CHILD(fstatat(call->dir, call->path, &info, AT_SYMLINK_NOFOLLOW) == 0);
  link_node(log, call->dir, call->path, add_node(log, &info));
}

static void after_write(crash_log *log, int node, const crash_call *call) {
  if (node < 0 || call->size == 0) return;
  crash_op *op = add(log, CRASH_OP_WRITE, node);
  op->bytes = malloc(call->size);
  CHILD(op->bytes != NULL);
  memcpy(op->bytes, call->bytes, call->size);
  op->size = call->size;
  op->offset = call->offset;
}

static void after(void *ctx, const crash_call *call) {
  crash_log *log = ctx;
  bool open = call->kind == CRASH_WRITE || call->kind == CRASH_TRUNCATE || call->kind == CRASH_SYNC;
  int node = open ? node_of(log, call->fd) : -1;
  switch (call->kind) {
  case CRASH_CREATE:
  case CRASH_MKDIR:
    after_made(log, call);
    break;
  case CRASH_RENAME:
    after_rename(log, call);
    break;
  case CRASH_UNLINK:
    forget(log, &log->gone[0]);
    remove_name(log, call->dir, call->path);
    break;
  case CRASH_WRITE:
    after_write(log, node, call);
    break;
  case CRASH_TRUNCATE:
    if (node >= 0) add(log, CRASH_OP_RESIZE, node)->offset = call->offset;
    break;
  case CRASH_SYNC:
    if (node >= 0) (void)add(log, CRASH_OP_SYNC, node);
    break;
  }
}

void crash_log_start(crash_log *log, const char *folder) {
  struct stat info;
  *log = (crash_log){.watcher = {log, before, after, true}};
  (void)snprintf(log->root, sizeof log->root, "%s", folder);
  CHILD(stat(folder, &info) == 0 && S_ISDIR(info.st_mode));
  (void)add_node(log, &info);
  crash_watch(&log->watcher);
}

void crash_log_mark(crash_log *log) {
  (void)add(log, CRASH_OP_MARK, -1);
}

void crash_log_stop(void) {
  crash_watch(NULL);
}

void crash_log_free(crash_log *log) {
  for (size_t i = 0; i < log->count; i++) free(log->ops[i].bytes);
  free(log->ops);
  free(log->nodes);
  *log = (crash_log){0};
}
