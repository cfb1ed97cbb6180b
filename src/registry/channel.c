/* SPDX-License-Identifier: Apache-2.0 */
/* Channels, and moving them. */
#include "base/options.h"
#include "registry/page.h"
#include "registry/request_row.h"
#include "registry/seal.h"
#include "registry/version_row.h"

mr_status mr_model_create_channel(mr_model *model, const char *name, mr_error *error) {
  mri_tx *tx = NULL;
  int64_t id = 0;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_channel_name(name, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_registry *registry = model->registry;
  status = mri_sql_int(tx, error, 0, &id,
                       "INSERT INTO channel (model_id, name, sequence, actor, moved_us) "
                       "VALUES (?1, ?2, 0, ?3, ?4) ON CONFLICT (model_id, name) DO NOTHING "
                       "RETURNING id",
                       "itti", model->id, name, mri_actor(registry), mri_now_us(registry));
  if (status == MR_OK && id == 0) {
    status = mri_error_set(error, MR_ALREADY_EXISTS, "model '%s' has a channel '%s' already",
                           model->record.name, name);
  }
  return mri_call_end(registry, tx, status, error);
}

MRI_DEFINE_PAGE(mr_channel, mr_channel_record);

static mr_status add_channel(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_channel_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  record->name = mri_column_text(stmt, 0, &page->arena, &page->failed);
  record->version = mri_column_text(stmt, 1, &page->arena, &page->failed);
  record->sequence = mri_stmt_int(stmt, 2);
  record->actor = mri_column_text(stmt, 3, &page->arena, &page->failed);
  record->moved_us = mri_stmt_int(stmt, 4);
  page->last_key = record->name;
  return MR_OK;
}

mr_status mr_model_list_channels(mr_model *model, const mr_list_options *options,
                                 mr_channel_page **out_page, mr_error *error) {
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) status = mri_cursor_options(&cursor, MRI_LIST_CHANNELS, options, error);
  if (status == MR_OK) status = mri_call_begin(model->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mr_channel_page *page = mri_page_new(model->registry, sizeof *page, &cursor);
  status = page == NULL
               ? mri_error_no_memory(error)
               : mri_sql_query(tx, error, &stmt,
                               "SELECT c.name, v.number, c.sequence, c.actor, c.moved_us "
                               "FROM channel c LEFT JOIN version v ON v.id = c.version_id "
                               "WHERE c.model_id = ?1 AND c.name > ?2 ORDER BY c.name LIMIT ?3",
                               "iti", model->id, cursor.key, cursor.limit + 1);
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_channel, error);
  status = mri_call_end(model->registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_channel_page_free(page);
  return status;
}

/* Everything that one move works with. */
typedef struct movement {
  mr_model *model;
  mr_registry *registry;
  mri_tx *tx;
  mr_move_options options;
  mri_semver wanted;
  int64_t channel_id;
  int64_t sequence;
  int64_t held_id; /* version that the channel holds, 0 for none */
  int64_t version_id;
  mri_incumbent target; /* the version to move to, as a candidate */
  mri_judgement judgement;
} movement;

static mr_status check_move(movement *m, const mr_move_options *move, mr_error *error) {
  mr_move_options *o = &m->options;
  mri_semver expected;
  mr_status status = mri_check_argument(move, "move", error);
  if (status == MR_OK) status = mri_options_read(o, sizeof *o, move, "mr_move_options", error);
  if (status == MR_OK) status = mri_options_reserved(o->reserved, "mr_move_options", error);
  if (status == MR_OK) status = mri_check_channel_name(o->channel, error);
  if (status == MR_OK) status = mri_check_argument(o->version, "version", error);
  if (status == MR_OK) status = mri_semver_parse(o->version, &m->wanted, error);
  if (status == MR_OK && o->expected == NULL) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "expected is NULL; say which version channel '%s' holds now, or none",
                           o->channel);
  }
  if (status == MR_OK && strcmp(o->expected, "none") != 0) {
    status = mri_semver_parse(o->expected, &expected, error);
    if (status != MR_OK) status = mri_error_prefix(error, status, "expected");
  }
  if (status == MR_OK) status = mri_check_optional(o->reason, "reason", MRI_VALUE_MAX, error);
  if (status == MR_OK && o->op_id != NULL) status = mri_check_name(o->op_id, "op_id", error);
  return status;
}

static mr_status intent_of(const movement *m, mri_digest *out, mr_error *error) {
  mri_str text;
  char number[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(&m->wanted, number);
  mri_str_init(&text, &m->registry->mem);
  mri_str_addf(&text, "channel/%s\n%s\n%s\n", m->options.channel, number, m->options.expected);
  mr_status status = text.failed ? mri_error_no_memory(error) : MR_OK;
  if (status == MR_OK) mri_blake2b(text.data, text.size, out);
  mri_str_free(&text);
  return status;
}

/* What the channel holds, as text for messages: its number, or "none". */
static mr_status read_channel(movement *m, char *held, size_t size, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(m->tx, error, &stmt, &found,
                                   "SELECT c.id, c.sequence, c.version_id, v.number FROM channel c "
                                   "LEFT JOIN version v ON v.id = c.version_id "
                                   "WHERE c.model_id = ?1 AND c.name = ?2",
                                   "it", m->model->id, m->options.channel);
  if (status != MR_OK) return status;
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no channel '%s'; create it first",
                         m->model->record.name, m->options.channel);
  }
  m->channel_id = mri_stmt_int(stmt, 0);
  m->sequence = mri_stmt_int(stmt, 1);
  m->held_id = mri_stmt_is_null(stmt, 2) ? 0 : mri_stmt_int(stmt, 2);
  const char *number = mri_stmt_is_null(stmt, 3) ? "none" : mri_stmt_text(stmt, 3);
  size_t length = mri_strnlen(number, size);
  if (length < size) memcpy(held, number, length + 1);
  mri_stmt_done(stmt);
  if (length < size) return MR_OK;
  return mri_error_set(error, MR_CORRUPT, "channel '%s' of model '%s' holds no version number",
                       m->options.channel, m->model->record.name);
}

static mr_status check_expected(movement *m, const char *held, mr_error *error) {
  const char *expected = m->options.expected;
  mri_semver a;
  mri_semver b;
  bool same = strcmp(expected, held) == 0;
  if (!same && m->held_id != 0 && strcmp(expected, "none") != 0) {
    same = mri_semver_parse(expected, &a, NULL) == MR_OK &&
           mri_semver_parse(held, &b, NULL) == MR_OK && mri_semver_compare(&a, &b) == 0 &&
           (a.build[0] == '\0' || strcmp(a.build, b.build) == 0);
  }
  if (same) return MR_OK;
  return mri_error_set(error, MR_CONFLICT, "channel '%s' of model '%s' holds %s now, not %s",
                       m->options.channel, m->model->record.name, held, expected);
}

static mr_status check_target(movement *m, mr_error *error) {
  int64_t version_status = 0;
  mr_status status = mri_version_find(m->tx, m->model->id, m->model->record.name, &m->wanted,
                                      &m->version_id, error);
  if (status == MR_OK && m->version_id == m->held_id) {
    return mri_error_set(error, MR_ALREADY_EXISTS, "channel '%s' of model '%s' holds %s already",
                         m->options.channel, m->model->record.name, m->options.version);
  }
  if (status == MR_OK) {
    status = mri_sql_int(m->tx, error, 0, &version_status,
                         "SELECT status FROM version WHERE id = ?1", "i", m->version_id);
  }
  if (status == MR_OK && version_status == MR_VERSION_STATUS_YANKED) {
    status = mri_error_set(error, MR_CONFLICT, "%s@%s is yanked and cannot be put into a channel",
                           m->model->record.name, m->options.version);
  }
  return status == MR_OK ? mri_incumbent_load(m->tx, m->version_id, &m->target, error) : status;
}

static mr_status judge(movement *m, const char *transition, mr_error *error) {
  mri_incumbent held;
  mri_incumbent_init(&held, &m->registry->mem);
  mr_status status = mri_incumbent_load(m->tx, m->held_id, &held, error);
  if (status == MR_OK) {
    if (held.there) m->target.candidate.incumbent = &held.candidate;
    status = mri_judge(m->tx, m->model->id, transition, &m->target.candidate, &m->judgement, error);
    m->target.candidate.incumbent = NULL;
  }
  mri_incumbent_destroy(&held);
  return status;
}

static mr_status set_channel(movement *m, int64_t request_id, int64_t now, mr_error *error) {
  const char *actor = mri_actor(m->registry);
  mr_status status =
      mri_sql_run(m->tx, error,
                  "UPDATE channel SET version_id = ?2, sequence = ?3, actor = ?4, "
                  "moved_us = ?5 WHERE id = ?1",
                  "iiiti", m->channel_id, m->version_id, m->sequence + 1, actor, now);
  if (status != MR_OK) return status;
  return mri_sql_run(m->tx, error,
                     "INSERT INTO channel_move (channel_id, sequence, version_id, request_id, "
                     "reason, actor, moved_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     "iiiitti", m->channel_id, m->sequence + 1, m->version_id, request_id,
                     m->options.reason, actor, now);
}

/* In the transaction: compare, judge, record, and set where the gate passed. */
static mr_status move_channel(movement *m, mr_request **out, mr_error *error) {
  char held[MRI_SEMVER_MAX * 2 + 64];
  char number[MRI_SEMVER_MAX * 2 + 64];
  char transition[MRI_NAME_MAX + 16] = "channel/";
  int64_t request_id = 0;
  int64_t now = mri_now_us(m->registry);
  mri_proposal proposal;
  memset(&proposal, 0, sizeof proposal);
  memcpy(transition + strlen(transition), m->options.channel, strlen(m->options.channel) + 1);
  mr_status status = intent_of(m, &proposal.intent, error);
  if (status == MR_OK) {
    status = mri_request_repeat(m->tx, m->registry, m->model->id, m->options.op_id,
                                &proposal.intent, out, error);
  }
  if (status != MR_OK || *out != NULL) return status;
  status = read_channel(m, held, sizeof held, error);
  if (status == MR_OK) status = check_expected(m, held, error);
  if (status == MR_OK) status = check_target(m, error);
  if (status == MR_OK) {
    status = mri_candidate_digest(m->tx, m->target.candidate.run_id, &m->target.tree,
                                  &proposal.candidate, error);
  }
  if (status == MR_OK) status = judge(m, transition, error);
  if (status != MR_OK) return status;
  mri_semver_format(&m->target.number, number);
  proposal.model_id = m->model->id;
  proposal.run_id = m->target.candidate.run_id;
  proposal.transition = transition;
  proposal.artifact_path = m->target.candidate.artifact_path;
  proposal.number = number;
  proposal.description = m->options.reason;
  proposal.op_id = m->options.op_id;
  status =
      mri_request_insert(m->tx, m->registry, &proposal, &m->judgement, now, &request_id, error);
  if (status == MR_OK && m->judgement.verdict == MR_VERDICT_PASSED) {
    status = set_channel(m, request_id, now, error);
  }
  return status != MR_OK ? status : mri_request_load(m->tx, m->registry, request_id, out, error);
}

mr_status mr_model_move_channel(mr_model *model, const mr_move_options *move,
                                mr_request **out_request, mr_error *error) {
  movement m;
  mr_request *request = NULL;
  memset(&m, 0, sizeof m);
  mr_status status = mri_check_argument(model, "model", error);
  if (status == MR_OK) status = mri_check_argument(out_request, "out_request", error);
  if (status == MR_OK) status = check_move(&m, move, error);
  if (status == MR_OK) {
    status = mri_call_begin(model->registry, MRI_TX_GOVERN, m.options.cancel, &m.tx, error);
  }
  if (status != MR_OK) return status;
  m.model = model;
  m.registry = model->registry;
  mri_incumbent_init(&m.target, &m.registry->mem);
  mri_judgement_init(&m.judgement, &m.registry->mem);
  status = move_channel(&m, &request, error);
  status = mri_call_end(m.registry, m.tx, status, error);
  mri_judgement_destroy(&m.judgement);
  mri_incumbent_destroy(&m.target);
  if (status == MR_OK) *out_request = request;
  if (status != MR_OK) mr_request_free(request);
  return status;
}
