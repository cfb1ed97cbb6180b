/* SPDX-License-Identifier: Apache-2.0 */
/* Rolling a channel back, and taking a yanked version out of the channels that hold it.
 *
 * A channel is like a stack of the moves that brought a version through its gate. `place` is the
 * one on top: a roll back takes off what is above the one that it goes back to, so what was rolled
 * back from is not gone back to by itself, and clearing puts nothing on top. */
#include "base/options.h"
#include "registry/channel_move.h"

enum { SKIPPED_SHOWN = 3 };

/* A move of a channel, as something to go back to. */
typedef struct place {
  int64_t version_id; /* 0: there is none */
  int64_t sequence;
} place;

/* The way down through the history of a channel. */
typedef struct descent {
  const mri_channel_row *row;
  int64_t below; /* where the stack goes on; moves that are not below are off it */
  place found;
  int64_t shown[SKIPPED_SHOWN];
  int count;
  mri_str skipped; /* the versions that will not do, and why */
} descent;

static void skip(descent *d, int64_t version_id, const char *number, const char *why) {
  for (int i = 0; i < d->count && i < SKIPPED_SHOWN; i++) {
    if (d->shown[i] == version_id) return;
  }
  d->count++;
  if (d->count <= SKIPPED_SHOWN) {
    d->shown[d->count - 1] = version_id;
    mri_str_addf(&d->skipped, "%s%s %s", d->count == 1 ? "" : "; ", number, why);
  } else if (d->count == SKIPPED_SHOWN + 1) {
    mri_str_add(&d->skipped, "; and more");
  }
}

/* One move of the history, the newest first. */
static void consider(descent *d, const mri_stmt *stmt) {
  int64_t sequence = mri_stmt_int(stmt, 0);
  int64_t at = mri_stmt_int(stmt, 1);
  bool cleared = mri_stmt_is_null(stmt, 2);
  bool on_stack = sequence < d->below;
  if (on_stack && !cleared) d->below = at;
  if (on_stack && cleared && at < sequence) d->below = at + 1; /* what it held then is the next */
  if (cleared) return;
  int64_t id = mri_stmt_int(stmt, 2);
  int64_t status = mri_stmt_int(stmt, 4);
  const char *number = mri_stmt_text(stmt, 3);
  if (id == d->row->held_id || number == NULL) return;
  if (status == MR_VERSION_STATUS_YANKED) {
    skip(d, id, number, "is yanked");
  } else if (status == MRI_VERSION_DELETED) {
    skip(d, id, number, "was deleted");
  } else if (on_stack) {
    d->found = (place){id, at};
  } else if (sequence == at) {
    skip(d, id, number, "was rolled back from");
  }
}

/* The nearest move further down that can be gone back to, of those below `end`. */
static mr_status find_back(mri_tx *tx, descent *d, int64_t end, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool there = true;
  mr_status status = mri_sql_query(tx, error, &stmt,
                                   "SELECT c.sequence, c.place, c.version_id, v.number, v.status "
                                   "FROM channel_move c LEFT JOIN version v ON v.id = c.version_id "
                                   "WHERE c.channel_id = ?1 AND c.sequence < ?2 "
                                   "ORDER BY c.sequence DESC",
                                   "ii", d->row->id, end);
  while (status == MR_OK && d->found.version_id == 0) {
    status = mri_stmt_step(stmt, &there, error);
    if (status != MR_OK || !there) break;
    consider(d, stmt);
  }
  mri_stmt_done(stmt);
  return status == MR_OK && d->skipped.failed ? mri_error_no_memory(error) : status;
}

/* The same; `refusal` where there is none, saying what there was. */
static mr_status must_find_back(mri_tx *tx, const mr_model *model, const mri_channel_row *row,
                                mr_status refusal, place *out, mr_error *error) {
  descent d = {.row = row, .below = row->held_id == 0 ? row->place + 1 : row->place};
  mri_str_init(&d.skipped, &model->registry->mem);
  mr_status status = find_back(tx, &d, d.below, error);
  if (status == MR_OK && d.found.version_id == 0) {
    /* Once more over all of it, for the message. */
    mri_str_free(&d.skipped);
    d = (descent){.row = row, .below = row->held_id == 0 ? row->place + 1 : row->place};
    mri_str_init(&d.skipped, &model->registry->mem);
    status = find_back(tx, &d, INT64_MAX, error);
  }
  if (status == MR_OK && d.found.version_id == 0) {
    status = mri_error_set(
        error, refusal, "channel '%s' of model '%s' holds %s and has nothing to go back to: %s%s",
        row->name, model->record.name, row->held,
        d.count == 0 ? "it held no other version before" : d.skipped.data,
        refusal == MR_IN_USE ? "; let it be replaced or cleared" : "");
  }
  *out = d.found;
  mri_str_free(&d.skipped);
  return status;
}

/* Where the channel held this version; out->version_id 0 where it never did. */
static mr_status find_held(mri_tx *tx, const mri_channel_row *row, int64_t version_id, place *out,
                           mr_error *error) {
  int64_t at = 0;
  mr_status status = mri_sql_int(tx, error, 0, &at,
                                 "SELECT place FROM channel_move WHERE channel_id = ?1 "
                                 "AND version_id = ?2 ORDER BY sequence DESC LIMIT 1",
                                 "ii", row->id, version_id);
  *out = (place){at == 0 ? 0 : version_id, at};
  return status;
}

static mr_status go_back(mri_tx *tx, const mr_model *model, const mri_channel_row *row,
                         const place *to, const char *reason, int64_t now_us, mr_error *error) {
  mri_channel_change change = {
      MR_CHANNEL_MOVE_KIND_ROLLED_BACK, to->version_id, to->sequence, 0, reason, now_us};
  return mri_channel_set(tx, model->registry, row, &change, error);
}

/* --- rolling back ----------------------------------------------------------------------------- */

typedef struct roll_back {
  mr_model *model;
  mri_tx *tx;
  mr_roll_back_options options;
  mri_semver wanted; /* where options.version names one */
  mri_channel_row row;
} roll_back;

static mr_status check_roll_back(roll_back *r, const mr_roll_back_options *options,
                                 mr_error *error) {
  mr_roll_back_options *o = &r->options;
  mr_status status = mri_check_argument(options, "options", error);
  if (status == MR_OK) {
    status = mri_options_read(o, sizeof *o, options, "mr_roll_back_options", error);
  }
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_roll_back_options", error);
  if (status == MR_OK) status = mri_check_channel_name(o->channel, error);
  if (status == MR_OK) status = mri_channel_check_expectation(o->channel, o->expected, error);
  if (status == MR_OK && o->version != NULL) {
    status = mri_semver_parse(o->version, &r->wanted, error);
    if (status != MR_OK) status = mri_error_prefix(error, status, "version");
  }
  return status == MR_OK ? mri_check_optional(o->reason, "reason", MRI_VALUE_MAX, error) : status;
}

static mr_status find_named(roll_back *r, place *out, mr_error *error) {
  const char *model = r->model->record.name;
  const char *number = r->options.version;
  int64_t id = 0;
  int64_t value = 0;
  mr_status status = mri_version_find(r->tx, r->model->id, model, &r->wanted, &id, error);
  if (status != MR_OK) return status;
  if (id == r->row.held_id) {
    return mri_error_set(error, MR_ALREADY_EXISTS, "channel '%s' of model '%s' holds %s already",
                         r->row.name, model, number);
  }
  status = find_held(r->tx, &r->row, id, out, error);
  if (status == MR_OK && out->version_id == 0) {
    status = mri_error_set(error, MR_CONFLICT,
                           "channel '%s' of model '%s' never held %s; move it there instead",
                           r->row.name, model, number);
  }
  if (status == MR_OK) {
    status =
        mri_sql_int(r->tx, error, 0, &value, "SELECT status FROM version WHERE id = ?1", "i", id);
  }
  if (status == MR_OK && value == MR_VERSION_STATUS_YANKED) {
    status = mri_error_set(error, MR_CONFLICT, "%s@%s is yanked and cannot be put into a channel",
                           model, number);
  }
  return status;
}

static mr_status roll_back_in(roll_back *r, mr_version **out, mr_error *error) {
  place to = {0, 0};
  int64_t now_us = 0;
  const mr_roll_back_options *o = &r->options;
  mr_status status = mri_channel_find(r->tx, r->model, o->channel, &r->row, error);
  if (status == MR_OK) status = mri_channel_check_expected(&r->row, r->model, o->expected, error);
  if (status != MR_OK) return status;
  status = o->version == NULL ? must_find_back(r->tx, r->model, &r->row, MR_NOT_FOUND, &to, error)
                              : find_named(r, &to, error);
  if (status == MR_OK) status = mri_govern_time(r->tx, r->model->registry, &now_us, error);
  if (status == MR_OK) status = go_back(r->tx, r->model, &r->row, &to, o->reason, now_us, error);
  return status == MR_OK ? mri_version_load(r->tx, r->model->registry, to.version_id, out, error)
                         : status;
}

mr_status mr_model_roll_back_channel(mr_model *model, const mr_roll_back_options *options,
                                     mr_version **out_version, mr_error *error) {
  roll_back r;
  mr_version *version = NULL;
  memset(&r, 0, sizeof r);
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_version, "out_version", error);
  if (status == MR_OK) status = check_roll_back(&r, options, error);
  if (status == MR_OK) {
    status = mri_call_begin(model->registry, MRI_TX_GOVERN, r.options.cancel, &r.tx, error);
  }
  if (status != MR_OK) return status;
  r.model = model;
  status = roll_back_in(&r, &version, error);
  status = mri_call_end(model->registry, r.tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}

/* --- yanking ---------------------------------------------------------------------------------- */

/* Everything that one yank works with. */
typedef struct letting_go {
  mri_tx *tx;
  mr_model *model;
  const mr_yank_options *options;
  int64_t replacement_id;
  int64_t now_us;
} letting_go;

static mr_status replace(const letting_go *l, const mri_channel_row *row, mr_error *error) {
  place to;
  const char *reason = l->options->reason;
  if (l->replacement_id == 0) {
    return mri_error_set(error, MR_IN_USE,
                         "channel '%s' of model '%s' holds %s; name a replacement, or let channels "
                         "be rolled back or cleared",
                         row->name, l->model->record.name, row->held);
  }
  mr_status status = find_held(l->tx, row, l->replacement_id, &to, error);
  if (status != MR_OK) return status;
  if (to.version_id != 0) return go_back(l->tx, l->model, row, &to, reason, l->now_us, error);
  return mri_channel_move_now(l->tx, l->model, row, l->replacement_id, reason, l->now_us, error);
}

static mr_status take_back(const letting_go *l, const mri_channel_row *row, mr_error *error) {
  place to;
  mr_status status = must_find_back(l->tx, l->model, row, MR_IN_USE, &to, error);
  if (status != MR_OK) return status;
  return go_back(l->tx, l->model, row, &to, l->options->reason, l->now_us, error);
}

static mr_status let_go(const letting_go *l, const mri_channel_row *row, mr_error *error) {
  mri_channel_change cleared = {MR_CHANNEL_MOVE_KIND_CLEARED, 0,        0, 0,
                                l->options->reason,           l->now_us};
  switch (l->options->channels) {
  case MR_YANK_CHANNELS_ROLL_BACK:
    return take_back(l, row, error);
  case MR_YANK_CHANNELS_CLEAR:
    return mri_channel_set(l->tx, l->model->registry, row, &cleared, error);
  default:
    return replace(l, row, error);
  }
}

/* The first channel that holds the version; *found says whether there was one. */
static mr_status find_holder(mri_tx *tx, int64_t version_id, char name[MRI_NAME_MAX + 1],
                             bool *found, mr_error *error) {
  mri_stmt *stmt = NULL;
  mr_status status = mri_sql_first(
      tx, error, &stmt, found,
      "SELECT name FROM channel WHERE version_id = ?1 ORDER BY name LIMIT 1", "i", version_id);
  if (status != MR_OK || !*found) return status;
  const char *text = mri_stmt_text(stmt, 0);
  bool good = text != NULL && mri_strnlen(text, MRI_NAME_MAX) <= MRI_NAME_MAX;
  if (good) memcpy(name, text, strlen(text) + 1);
  mri_stmt_done(stmt);
  return good ? MR_OK : mri_error_set(error, MR_CORRUPT, "a channel has no valid name");
}

mr_status mri_channels_let_go(mri_tx *tx, mr_model *model, int64_t version_id,
                              const mr_yank_options *options, int64_t replacement_id,
                              int64_t now_us, mr_error *error) {
  letting_go l = {tx, model, options, replacement_id, now_us};
  char name[MRI_NAME_MAX + 1];
  mri_channel_row row;
  bool found = true;
  mr_status status = MR_OK;
  /* Each way leaves the channel with something else, so it is not found again. */
  while (status == MR_OK) {
    status = find_holder(tx, version_id, name, &found, error);
    if (status != MR_OK || !found) break;
    status = mri_channel_find(tx, model, name, &row, error);
    if (status == MR_OK) status = let_go(&l, &row, error);
  }
  return status;
}
