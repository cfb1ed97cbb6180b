/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: moves that follow each other, each with what entitles it, and lead to what is held. */
#include "registry/reference.h"
#include "upkeep/fsck_govern.h"

#include <stdio.h>

typedef struct channel {
  int64_t id;
  int64_t model_id;
  int64_t version_id; /* 0: none */
  int64_t sequence;
  int64_t moved_us;
  const char *name;
  const char *actor;
  const char *model;
  int64_t held_status;
} channel;

/* The move before. */
typedef struct mover {
  int64_t sequence;
  int64_t version_id; /* 0: none */
  int64_t place;
  int64_t moved_us;
  bool same_actor; /* as the channel has it */
  bool wrong;      /* something was found: what follows from it is not said again */
} mover;

/* One row of a history. */
typedef struct move {
  int64_t sequence;
  int64_t kind;
  int64_t version_id;
  int64_t previous_id;
  int64_t place;
  int64_t request_id;
  int64_t moved_us;
  const char *reason;
  const char *actor;
  const char *number; /* of the version */
  int64_t model_id;   /* of the version */
  int64_t made_for;   /* the model of the request that made the version */
  const char *request;
} move;

/* Columns 11 to 20 are of the request, 21 and 22 of the one that made the version. */
#define MOVE_SQL                                                                                   \
  "SELECT x.sequence, x.kind, x.version_id, x.previous_id, x.place, x.request_id, x.moved_us, "    \
  "x.reason, x.actor, v.number, v.model_id, q.uuid, q.state, q.model_id, q.transition, "           \
  "q.version, q.closed_us, q.closed_by, q.description, q.created_us, q.actor, p.version, "         \
  "p.model_id "                                                                                    \
  "FROM channel_move x LEFT JOIN version v ON v.id = x.version_id "                                \
  "LEFT JOIN request p ON p.id = v.request_id "                                                    \
  "LEFT JOIN request q ON q.id = x.request_id WHERE x.channel_id = ?1 ORDER BY x.sequence"

static void read_move(const mri_stmt *stmt, move *m) {
  m->sequence = mri_stmt_int(stmt, 0);
  m->kind = mri_stmt_int(stmt, 1);
  m->version_id = mri_fsck_reference(stmt, 2);
  m->previous_id = mri_fsck_reference(stmt, 3);
  m->place = mri_stmt_int(stmt, 4);
  m->request_id = mri_fsck_reference(stmt, 5);
  m->moved_us = mri_stmt_int(stmt, 6);
  m->reason = mri_stmt_text(stmt, 7);
  m->actor = mri_stmt_text(stmt, 8);
  m->number = mri_stmt_text(stmt, 9);
  m->model_id = mri_fsck_reference(stmt, 10);
  m->request = mri_stmt_text(stmt, 11);
  m->made_for = mri_fsck_reference(stmt, 22);
}

/* What a move through the gate says otherwise than its request; NULL: nothing. */
static const char *find_difference(const channel *c, const move *m, const mri_stmt *stmt) {
  static const char prefix[] = "channel/";
  const char *transition = mri_stmt_text(stmt, 14);
  const char *by = mri_stmt_text(stmt, 17);
  bool at_once = mri_stmt_int(stmt, 19) == mri_stmt_int(stmt, 16);
  if (mri_stmt_int(stmt, 12) != MR_REQUEST_STATE_ACCEPTED) return "acceptance";
  if (mri_stmt_int(stmt, 13) != c->model_id) return "model";
  if (transition == NULL || strncmp(transition, prefix, sizeof prefix - 1) != 0 ||
      !mri_fsck_same_text(transition + sizeof prefix - 1, c->name)) {
    return "channel";
  }
  /* The number of a version stands in the request that made it, too. */
  if (!mri_fsck_same_text(mri_stmt_text(stmt, 15), m->number) &&
      !mri_fsck_same_text(mri_stmt_text(stmt, 15), mri_stmt_text(stmt, 21))) {
    return "version";
  }
  if (mri_stmt_int(stmt, 16) != m->moved_us) return "time";
  if (!mri_fsck_same_text(by, m->actor)) return "actor";
  if (at_once && !mri_fsck_same_text(mri_stmt_text(stmt, 20), m->actor)) return "actor";
  return mri_fsck_same_text(mri_stmt_text(stmt, 18), m->reason) ? NULL : "reason";
}

static void check_request(mri_fsck_thing *thing, const char *where, const channel *c, const move *m,
                          const mri_stmt *stmt) {
  bool wrong = false;
  if (m->request == NULL) return; /* the check of the database says so */
  const char *what = find_difference(c, m, stmt);
  if (what == NULL || thing->status != MR_OK) return;
  thing->status = mri_fsck_request_is_wrong(thing->walk, m->request_id, &wrong, thing->error);
  if (wrong) return;
  mri_fsck_say(thing, MR_FINDING_REFERENCE, "%sits %s is not that of request %s, which made it",
               where, what, m->request);
}

/* What is gone back to was moved to, and is what was held then. */
static void check_place(mri_fsck_thing *thing, const char *where, const channel *c, const move *m) {
  int64_t version_id = 0;
  if (thing->status != MR_OK) return;
  thing->status = mri_sql_int(thing->walk->tx, thing->error, 0, &version_id,
                              "SELECT version_id FROM channel_move WHERE channel_id = ?1 "
                              "AND sequence = ?2 AND sequence < ?3 AND kind = 1",
                              "iii", c->id, m->place, m->sequence);
  if (thing->status == MR_OK && version_id != m->version_id) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE,
                 "%sit goes back to move %lld, which did not bring its version", where,
                 (long long)m->place);
  }
}

/* What each kind of move has. */
static void check_kind(mri_fsck_thing *thing, const char *where, const channel *c, const move *m,
                       const mover *last, const mri_stmt *stmt) {
  bool moved = m->kind == MR_CHANNEL_MOVE_KIND_MOVED;
  bool cleared = m->kind == MR_CHANNEL_MOVE_KIND_CLEARED;
  if (moved != (m->request_id != 0)) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, moved ? "%sit has no request" : "%sit has a request",
                 where);
  } else if (cleared != (m->version_id == 0)) {
    mri_fsck_say(thing, MR_FINDING_VALUE,
                 cleared ? "%sit clears the channel, but has a version" : "%sit has no version",
                 where);
  } else if (m->version_id == m->previous_id) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sthe channel held that before", where);
  } else if (m->version_id != 0 && m->number != NULL && m->model_id != c->model_id &&
             m->made_for != c->model_id) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "%sits version is of another model", where);
  } else if (m->kind == MR_CHANNEL_MOVE_KIND_ROLLED_BACK) {
    check_place(thing, where, c, m);
  } else if (m->place != (moved ? m->sequence : last->place) && !(cleared && last->wrong)) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sits place is %lld", where, (long long)m->place);
  } else if (moved) {
    check_request(thing, where, c, m, stmt);
  }
}

static void check_move(mri_fsck_thing *thing, const channel *c, const mri_stmt *stmt, mover *last) {
  static const mri_fsck_text texts[] = {
      {7, "its reason", MRI_VALUE_MAX, true},
      {8, "its actor", 0, false},
  };
  char where[64];
  move m;
  int64_t before = thing->found;
  read_move(stmt, &m);
  mri_fsck_thing_row(thing);
  (void)snprintf(where, sizeof where, "move %lld: ", (long long)m.sequence);
  mri_fsck_thing_range(thing, stmt, 1, where, "its kind", MR_CHANNEL_MOVE_KIND_MOVED,
                       MR_CHANNEL_MOVE_KIND_CLEARED);
  mri_fsck_thing_texts(thing, stmt, where, texts, sizeof texts / sizeof *texts);
  mri_fsck_thing_time(thing, stmt, 6, where, "its time");
  bool follows = last->sequence < INT64_MAX && m.sequence == last->sequence + 1;
  if (thing->found > before) {
    /* One finding is enough. */
  } else if (!follows) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "move %lld follows move %lld", (long long)m.sequence,
                 (long long)last->sequence);
  } else if (m.previous_id != last->version_id && !last->wrong) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sit does not begin with what the channel held",
                 where);
  } else if (m.moved_us <= last->moved_us && !last->wrong) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "%sit is not later than the one before it", where);
  } else {
    check_kind(thing, where, c, &m, last, stmt);
  }
  *last = (mover){m.sequence,
                  m.version_id,
                  m.place,
                  m.moved_us,
                  mri_fsck_same_text(m.actor, c->actor),
                  thing->found > before};
}

/* What the row of a channel repeats of its last move. */
static void check_end(mri_fsck_thing *thing, const channel *c, const mover *last) {
  const char *what = NULL;
  if (c->sequence != last->sequence) {
    mri_fsck_say(thing, MR_FINDING_COUNT, "it counts %lld moves, and the last is %lld",
                 (long long)c->sequence, (long long)last->sequence);
    return;
  }
  if (c->version_id != last->version_id) what = "version";
  if (last->sequence > 0 && !last->same_actor) what = "actor";
  if (last->sequence > 0 && c->moved_us != last->moved_us) what = "time";
  if (what != NULL && !last->wrong) {
    mri_fsck_say(thing, MR_FINDING_SEQUENCE, "its %s is not that of its last move", what);
  } else if (what == NULL && c->version_id != 0 &&
             (c->held_status == MR_VERSION_STATUS_YANKED ||
              c->held_status == MRI_VERSION_DELETED)) {
    mri_fsck_say(thing, MR_FINDING_REFERENCE, "it holds a version that is %s",
                 c->held_status == MRI_VERSION_DELETED ? "deleted" : "yanked");
  }
}

static void check_moves(mri_fsck_thing *thing, const channel *c) {
  mri_stmt *stmt = NULL;
  bool row = false;
  mover last = {0, 0, 0, 0, true, false};
  if (thing->status != MR_OK) return;
  thing->status = mri_sql_query(thing->walk->tx, thing->error, &stmt, MOVE_SQL, "i", c->id);
  while (thing->status == MR_OK &&
         (thing->status = mri_stmt_step(stmt, &row, thing->error)) == MR_OK && row) {
    check_move(thing, c, stmt, &last);
  }
  mri_stmt_done(stmt);
  if (thing->status == MR_OK) check_end(thing, c, &last);
}

/* Columns: id, model_id, version_id, sequence, moved_us, name, actor, model's name, the version's
 * status. */
static mr_status check_channel(mri_fsck_walk *walk, void *ctx, const mri_stmt *stmt,
                               mr_error *error) {
  static const mri_fsck_text texts[] = {
      {5, "its name", 0, false},
      {6, "its actor", 0, false},
  };
  mri_fsck_thing thing;
  mr_error why = MR_ERROR_INIT;
  channel c = {.id = mri_stmt_int(stmt, 0),
               .model_id = mri_stmt_int(stmt, 1),
               .version_id = mri_fsck_reference(stmt, 2),
               .sequence = mri_stmt_int(stmt, 3),
               .moved_us = mri_stmt_int(stmt, 4),
               .name = mri_stmt_text(stmt, 5),
               .actor = mri_stmt_text(stmt, 6),
               .model = mri_stmt_text(stmt, 7),
               .held_status = mri_fsck_reference(stmt, 8)};
  mri_fsck_thing_is(&thing, walk, error, "channel %s of %s", mri_fsck_shown(c.name),
                    mri_fsck_shown(c.model));
  (void)ctx;
  mri_fsck_thing_texts(&thing, stmt, "", texts, sizeof texts / sizeof *texts);
  if (thing.found == 0) mri_fsck_say_why(&thing, "", mri_check_channel_name(c.name, &why), &why);
  mri_fsck_thing_time(&thing, stmt, 4, "", "the time of its last move");
  /* What its row says wrong it says of every move. */
  if (thing.found == 0) check_moves(&thing, &c);
  return thing.status;
}

mr_status mri_fsck_channels(mri_fsck_walk *walk, mr_error *error) {
  return mri_fsck_each(walk, check_channel, NULL, error,
                       "SELECT c.id, c.model_id, c.version_id, c.sequence, c.moved_us, c.name, "
                       "c.actor, m.name, v.status FROM channel c "
                       "LEFT JOIN model m ON m.id = c.model_id "
                       "LEFT JOIN version v ON v.id = c.version_id ORDER BY c.id");
}
