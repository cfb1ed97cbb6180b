/* SPDX-License-Identifier: Apache-2.0 */
/* What a process does to the files of a folder, written down, and the folder as a loss of power at
 * any point would have left it. What was synced is there: the bytes of a file after its own sync,
 * a name after that of its folder. Of everything else any part may be there or not. */
#ifndef MRT_FAULT_CRASH_LOG_H
#define MRT_FAULT_CRASH_LOG_H

#include "crash_calls.h"

typedef enum crash_op_kind {
  CRASH_OP_LINK = 1, /* a name in a folder now means this node */
  CRASH_OP_REMOVE,
  CRASH_OP_WRITE,
  CRASH_OP_RESIZE,
  CRASH_OP_SYNC,
  CRASH_OP_MARK /* something was acknowledged */
} crash_op_kind;

typedef struct crash_op {
  crash_op_kind kind;
  int node;   /* file or folder that is written, resized, synced, or that the name means */
  int folder; /* of the name */
  char name[80];
  uint8_t *bytes;
  size_t size;
  int64_t offset; /* of a resize the new size */
} crash_op;

typedef struct crash_node {
  bool is_folder;
  uint64_t device; /* 0 with inode 0: it has no name any more */
  uint64_t inode;
} crash_node;

typedef struct crash_log {
  char root[64];
  crash_watcher watcher;
  crash_op *ops;
  size_t count;
  size_t room;
  crash_node *nodes; /* the first is the root */
  size_t node_count;
  size_t node_room;
  crash_node gone[2]; /* what the call that is under way takes the name from, and replaces */
} crash_log;

/* An array with room for one more item. */
void *crash_grown(void *items, size_t count, size_t *room, size_t size);

/* Writes down what happens below an empty folder; syncs do not bother the disk. */
void crash_log_start(crash_log *log, const char *folder);
void crash_log_mark(crash_log *log);
void crash_log_stop(void);
void crash_log_free(crash_log *log);

/* --- after it ----------------------------------------------------------------------------- */

typedef enum crash_fate {
  CRASH_DROPPED,
  CRASH_WRITTEN,
  CRASH_PARTLY, /* each sector as it was at some time since the sync */
  CRASH_GARBAGE /* the same, but some sectors hold noise */
} crash_fate;

typedef struct crash_cut {
  size_t at;        /* operations that were done */
  crash_fate bytes; /* that were not synced */
  size_t sector;
  crash_fate names; /* the same; garbage means partly */
  uint64_t seed;
} crash_cut;

typedef struct crash_replay crash_replay;

crash_replay *crash_replay_new(const crash_log *log);
/* Makes the folder as after that cut; no cut comes before an earlier one. */
void crash_replay_image(crash_replay *replay, const crash_cut *cut, const char *folder);
/* Acknowledgements before the last cut. */
int crash_replay_marks(const crash_replay *replay);
void crash_replay_free(crash_replay *replay);

#endif
