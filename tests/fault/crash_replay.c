/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_log.h"

#include "api_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct content {
  uint8_t *bytes;
  size_t size;
  size_t room;
} content;

typedef struct name {
  char text[80];
  int node;
} name;

typedef struct names {
  name *items;
  size_t count;
  size_t room;
} names;

/* What is durable of a file or folder, and which operations came after that. */
typedef struct state {
  content content;
  names names;
  size_t *pending;
  size_t pending_count;
  size_t pending_room;
} state;

struct crash_replay {
  const crash_log *log;
  state *states;
  size_t at;
  int marks;
};

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t z = a + b * UINT64_C(0x9E3779B97F4A7C15) + c * UINT64_C(0xA24BAED4963EE407);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* --- contents ----------------------------------------------------------------------------- */

static void resize(content *c, size_t size) {
  if (size > c->room) {
    c->room = size + size / 2;
    c->bytes = realloc(c->bytes, c->room);
    CHILD(c->bytes != NULL);
  }
  if (size > c->size) memset(c->bytes + c->size, 0, size - c->size);
  c->size = size;
}

static void put(content *c, const crash_op *op, size_t from, size_t size) {
  size_t at = (size_t)op->offset + from;
  if (at + size > c->size) resize(c, at + size);
  memcpy(c->bytes + at, op->bytes + from, size);
}

static void apply(content *c, const crash_op *op) {
  if (op->kind == CRASH_OP_RESIZE) {
    resize(c, (size_t)op->offset);
  } else {
    put(c, op, 0, op->size);
  }
}

/* A sector goes to the disk with all that was written to it before: how many of the pending
 * operations that were. */
static size_t reached(const crash_cut *cut, int node, uint64_t sector, size_t pending) {
  uint64_t draw = mix(cut->seed, (uint64_t)node, sector);
  if (draw % 4 == 0) return 0;
  if (draw % 4 == 1) return pending;
  return (size_t)((draw >> 8) % (pending + 1));
}

static void apply_partly(content *c, const crash_cut *cut, int node, const crash_op *op,
                         size_t number, size_t pending) {
  if (op->kind == CRASH_OP_RESIZE) {
    if (number < reached(cut, node, UINT64_MAX, pending)) resize(c, (size_t)op->offset);
    return;
  }
  for (size_t from = 0; from < op->size;) {
    uint64_t at = (uint64_t)op->offset + from;
    uint64_t sector = at / cut->sector;
    size_t size = cut->sector - (size_t)(at % cut->sector);
    if (size > op->size - from) size = op->size - from;
    uint64_t noise = mix(cut->seed, sector, (uint64_t)node + 1);
    if (cut->bytes == CRASH_GARBAGE && noise % 8 == 0) {
      put(c, op, from, size);
      for (size_t i = 0; i < size; i++) c->bytes[at + i] = (uint8_t)mix(noise, at + i, 0);
    } else if (number < reached(cut, node, sector, pending)) {
      put(c, op, from, size);
    }
    from += size;
  }
}

static content content_after(const crash_replay *replay, int node, const crash_cut *cut) {
  const state *s = &replay->states[node];
  content c = {0};
  resize(&c, s->content.size);
  if (c.size > 0) memcpy(c.bytes, s->content.bytes, c.size);
  for (size_t i = 0; i < s->pending_count && cut->bytes != CRASH_DROPPED; i++) {
    const crash_op *op = &replay->log->ops[s->pending[i]];
    if (cut->bytes == CRASH_WRITTEN) {
      apply(&c, op);
    } else {
      apply_partly(&c, cut, node, op, i, s->pending_count);
    }
  }
  return c;
}

/* --- names -------------------------------------------------------------------------------- */

static void change(names *list, const crash_op *op) {
  size_t at = 0;
  while (at < list->count && strcmp(list->items[at].text, op->name) != 0) at++;
  if (op->kind == CRASH_OP_REMOVE) {
    if (at < list->count) list->items[at] = list->items[--list->count];
    return;
  }
  if (at == list->count) {
    list->items = crash_grown(list->items, list->count, &list->room, sizeof *list->items);
    list->count++;
    (void)snprintf(list->items[at].text, sizeof list->items[at].text, "%s", op->name);
  }
  list->items[at].node = op->node;
}

static names names_after(const crash_replay *replay, int node, const crash_cut *cut) {
  const state *s = &replay->states[node];
  names list = {.room = s->names.room, .count = s->names.count};
  list.items = malloc((list.room + 1) * sizeof *list.items);
  CHILD(list.items != NULL);
  if (list.count > 0) memcpy(list.items, s->names.items, list.count * sizeof *list.items);
  for (size_t i = 0; i < s->pending_count; i++) {
    bool kept = cut->names == CRASH_WRITTEN;
    if (cut->names > CRASH_WRITTEN) kept = mix(cut->seed, (uint64_t)node, i) % 2 == 0;
    if (kept) change(&list, &replay->log->ops[s->pending[i]]);
  }
  return list;
}

/* --- the folder --------------------------------------------------------------------------- */

static void make_file(const char *path, const content *c) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  CHILD(fd >= 0);
  for (size_t done = 0; done < c->size;) {
    ssize_t count = write(fd, c->bytes + done, c->size - done);
    CHILD(count > 0);
    done += (size_t)count;
  }
  CHILD(close(fd) == 0);
}

static void make(const crash_replay *replay, int node, const crash_cut *cut, const char *path) {
  if (!replay->log->nodes[node].is_folder) {
    content c = content_after(replay, node, cut);
    make_file(path, &c);
    free(c.bytes);
    return;
  }
  CHILD(mkdir(path, 0755) == 0);
  names list = names_after(replay, node, cut);
  for (size_t i = 0; i < list.count; i++) {
    char inner[512];
    (void)snprintf(inner, sizeof inner, "%s/%s", path, list.items[i].text);
    make(replay, list.items[i].node, cut, inner);
  }
  free(list.items);
}

static void settle(crash_replay *replay, int node) {
  state *s = &replay->states[node];
  for (size_t i = 0; i < s->pending_count; i++) {
    const crash_op *op = &replay->log->ops[s->pending[i]];
    if (replay->log->nodes[node].is_folder) {
      change(&s->names, op);
    } else {
      apply(&s->content, op);
    }
  }
  s->pending_count = 0;
}

static void step(crash_replay *replay) {
  const crash_op *op = &replay->log->ops[replay->at];
  if (op->kind == CRASH_OP_MARK) {
    replay->marks++;
  } else if (op->kind == CRASH_OP_SYNC) {
    settle(replay, op->node);
  } else {
    bool named = op->kind == CRASH_OP_LINK || op->kind == CRASH_OP_REMOVE;
    state *s = &replay->states[named ? op->folder : op->node];
    s->pending = crash_grown(s->pending, s->pending_count, &s->pending_room, sizeof *s->pending);
    s->pending[s->pending_count++] = replay->at;
  }
  replay->at++;
}

crash_replay *crash_replay_new(const crash_log *log) {
  crash_replay *replay = calloc(1, sizeof *replay);
  CHILD(replay != NULL);
  replay->log = log;
  replay->states = calloc(log->node_count, sizeof *replay->states);
  CHILD(replay->states != NULL);
  return replay;
}

void crash_replay_image(crash_replay *replay, const crash_cut *cut, const char *folder) {
  CHILD(replay->at <= cut->at && cut->at <= replay->log->count);
  while (replay->at < cut->at) step(replay);
  make(replay, 0, cut, folder);
}

int crash_replay_marks(const crash_replay *replay) {
  return replay->marks;
}

void crash_replay_free(crash_replay *replay) {
  for (size_t i = 0; i < replay->log->node_count; i++) {
    free(replay->states[i].content.bytes);
    free(replay->states[i].names.items);
    free(replay->states[i].pending);
  }
  free(replay->states);
  free(replay);
}
