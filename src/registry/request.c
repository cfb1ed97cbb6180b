/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"
#include "registry/decision.h"
#include "registry/page.h"
#include "registry/request_row.h"
#include "registry/version_row.h"
#include <stdio.h>

#define REQUEST_COLUMNS                                                                            \
  "q.id, q.model_id, q.state, q.uuid, m.name, q.transition, r.uuid, q.artifact_path, q.version, "  \
  "q.candidate_digest, q.gate_digest, q.description, q.op_id, q.actor, q.created_us, "             \
  "q.expected, q.closed_by, q.closed_reason, q.closed_us"
#define REQUEST_TABLES "request q JOIN model m ON m.id = q.model_id JOIN run r ON r.id = q.run_id"

static mr_status read_request(const mri_stmt *stmt, mri_arena *arena, mr_request_record *record,
                              mr_error *error) {
  bool failed = false;
  record->state = (mr_request_state)mri_stmt_int(stmt, 2);
  record->id = mri_column_text(stmt, 3, arena, &failed);
  record->model = mri_column_text(stmt, 4, arena, &failed);
  record->transition = mri_column_text(stmt, 5, arena, &failed);
  record->run_id = mri_column_text(stmt, 6, arena, &failed);
  record->artifact_path = mri_column_text(stmt, 7, arena, &failed);
  record->version = mri_column_text(stmt, 8, arena, &failed);
  record->candidate_digest = mri_column_digest(stmt, 9, arena, &failed);
  record->gate_digest = mri_column_digest(stmt, 10, arena, &failed);
  record->description = mri_column_text(stmt, 11, arena, &failed);
  record->op_id = mri_column_text(stmt, 12, arena, &failed);
  record->actor = mri_column_text(stmt, 13, arena, &failed);
  record->created_us = mri_stmt_int(stmt, 14);
  record->expected = mri_column_text(stmt, 15, arena, &failed);
  record->closed_by = mri_column_text(stmt, 16, arena, &failed);
  record->closed_reason = mri_column_text(stmt, 17, arena, &failed);
  record->closed_us = mri_stmt_int(stmt, 18);
  if (failed) return mri_error_no_memory(error);
  if (record->candidate_digest != NULL && record->gate_digest != NULL) return MR_OK;
  return mri_error_set(error, MR_CORRUPT, "request %s has no valid digests", record->id);
}

/* Makes the handle of the statement's row and gives the statement back. */
static mr_status take_row(mri_stmt *stmt, mr_registry *registry, mr_request **out,
                          mr_error *error) {
  mr_request *request = mri_mem_zalloc(&registry->mem, 1, sizeof *request);
  if (request == NULL) {
    mri_stmt_done(stmt);
    return mri_error_no_memory(error);
  }
  request->registry = mri_registry_ref(registry);
  mri_arena_init(&request->arena, &registry->mem);
  request->record.struct_size = sizeof request->record;
  request->id = mri_stmt_int(stmt, 0);
  request->model_id = mri_stmt_int(stmt, 1);
  mr_status status = read_request(stmt, &request->arena, &request->record, error);
  mri_stmt_done(stmt);
  if (status == MR_OK) *out = request;
  if (status != MR_OK) mr_request_free(request);
  return status;
}

mr_status mri_request_load(mri_tx *tx, mr_registry *registry, int64_t id, mr_request **out,
                           mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT " REQUEST_COLUMNS " FROM " REQUEST_TABLES " WHERE q.id = ?1", "i", id);
  if (status != MR_OK) return status;
  if (!found) return mri_error_set(error, MR_NOT_FOUND, "there is no such request");
  return take_row(stmt, registry, out, error);
}

mr_status mri_request_repeat(mri_tx *tx, mr_registry *registry, int64_t model_id, const char *op_id,
                             const mri_digest *intent, mr_request **out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_digest first;
  *out = NULL;
  if (op_id == NULL) return MR_OK;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT id, intent, uuid FROM request "
                                   "WHERE model_id = ?1 AND op_id = ?2",
                                   "it", model_id, op_id);
  if (status != MR_OK || !found) return status;
  int64_t id = mri_stmt_int(stmt, 0);
  bool same = mri_stmt_digest(stmt, 1, &first) && mri_digest_equal(&first, intent);
  if (!same) {
    status =
        mri_error_set(error, MR_CONFLICT, "op_id '%s' was used for something else, by request %s",
                      op_id, mri_stmt_text(stmt, 2));
  }
  mri_stmt_done(stmt);
  return status != MR_OK ? status : mri_request_load(tx, registry, id, out, error);
}

mr_status mr_registry_open_request(mr_registry *registry, const char *request_id,
                                   mr_request **out_request, mr_error *error) {
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_request *request = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_request, "out_request", error);
  if (status == MR_OK) status = mri_check_id(request_id, "request_id", error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_first(tx, error, &stmt, &found,
                         "SELECT " REQUEST_COLUMNS " FROM " REQUEST_TABLES " WHERE q.uuid = ?1",
                         "t", request_id);
  if (status == MR_OK) {
    status = found ? take_row(stmt, registry, &request, error)
                   : mri_error_set(error, MR_NOT_FOUND, "there is no request %s", request_id);
  }
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_request = request;
  if (status != MR_OK) mr_request_free(request);
  return status;
}

const mr_request_record *mr_request_info(const mr_request *request) {
  return request == NULL ? NULL : &request->record;
}

/* sequence 0: the latest. */
static mr_status open_decision(mr_request *request, int64_t sequence, mr_decision **out,
                               mr_error *error) {
  mri_tx *tx = NULL;
  mr_decision *decision = NULL;
  mri_judgement judgement;
  mr_registry *registry = request->registry;
  mr_status status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  mri_judgement_init(&judgement, &registry->mem);
  status = mri_judgement_read(tx, request->id, sequence, &judgement, error);
  if (status == MR_OK) {
    status = mri_decision_new(registry, &judgement, request->record.id, &decision, error);
  }
  mri_judgement_destroy(&judgement);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out = decision;
  if (status != MR_OK) mr_decision_free(decision);
  return status;
}

mr_status mr_request_decision(mr_request *request, mr_decision **out_decision, mr_error *error) {
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_argument(out_decision, "out_decision", error);
  return status == MR_OK ? open_decision(request, 0, out_decision, error) : status;
}

mr_status mr_request_open_decision(mr_request *request, int64_t sequence,
                                   mr_decision **out_decision, mr_error *error) {
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_argument(out_decision, "out_decision", error);
  if (status == MR_OK && sequence < 1) {
    status = mri_error_set(error, MR_NOT_FOUND, "decisions are counted from 1; there is no %lld",
                           (long long)sequence);
  }
  return status == MR_OK ? open_decision(request, sequence, out_decision, error) : status;
}

/* Why there is no version. */
static mr_status explain(mri_tx *tx, const mr_request *now, mr_error *error) {
  mri_judgement judgement;
  const mr_request_record *r = &now->record;
  char what[256];
  if (r->state == MR_REQUEST_STATE_WITHDRAWN) {
    return mri_error_set(error, MR_CONFLICT, "request %s was withdrawn by %s", r->id,
                         r->closed_by == NULL ? "somebody" : r->closed_by);
  }
  const char *how = r->state == MR_REQUEST_STATE_REFUSED ? "was refused" : "is open";
  if (strcmp(r->transition, "promote") == 0) {
    (void)snprintf(what, sizeof what, "promote of run %s to %.*s %s", r->run_id,
                   mri_text_fit(r->model, 64), r->model, how);
  } else {
    (void)snprintf(what, sizeof what, "%.*s of %.*s@%.*s %s", mri_text_fit(r->transition, 48),
                   r->transition, mri_text_fit(r->model, 48), r->model,
                   mri_text_fit(r->version, 40), r->version, how);
  }
  mri_judgement_init(&judgement, &now->registry->mem);
  mr_status status = mri_judgement_read(tx, now->id, 0, &judgement, error);
  if (status == MR_OK) status = mri_judgement_failure(&judgement, what, error);
  mri_judgement_destroy(&judgement);
  return status;
}

static mr_status find_version(mri_tx *tx, const mr_request *now, mr_version **out,
                              mr_error *error) {
  mri_semver number;
  int64_t id = 0;
  mr_status status = mri_semver_parse(now->record.version, &number, error);
  if (status == MR_OK) {
    status = mri_version_find(tx, now->model_id, now->record.model, &number, &id, error);
  }
  return status != MR_OK ? status : mri_version_load(tx, now->registry, id, out, error);
}

mr_status mr_request_version(mr_request *request, mr_version **out_version, mr_error *error) {
  mri_tx *tx = NULL;
  mr_request *now = NULL;
  mr_version *version = NULL;
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_argument(out_version, "out_version", error);
  if (status == MR_OK) status = mri_call_begin(request->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_request_load(tx, request->registry, request->id, &now, error);
  if (status == MR_OK) {
    status = now->record.state == MR_REQUEST_STATE_ACCEPTED ? find_version(tx, now, &version, error)
                                                            : explain(tx, now, error);
  }
  mr_request_free(now);
  status = mri_call_end(request->registry, tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}

static mr_status withdraw(mri_tx *tx, const mr_request *request, const char *reason,
                          mr_error *error) {
  int64_t state = 0;
  int64_t now = 0;
  mr_status status = mri_sql_int(tx, error, 0, &state, "SELECT state FROM request WHERE id = ?1",
                                 "i", request->id);
  if (status != MR_OK || state == MR_REQUEST_STATE_WITHDRAWN) return status;
  if (state != MR_REQUEST_STATE_OPEN) {
    return mri_error_set(
        error, MR_CONFLICT, "request %s is %s already; only an open one can be withdrawn",
        request->record.id, state == MR_REQUEST_STATE_ACCEPTED ? "accepted" : "refused");
  }
  status = mri_govern_time(tx, request->registry, &now, error);
  if (status != MR_OK) return status;
  return mri_sql_run(tx, error,
                     "UPDATE request SET state = ?2, closed_by = ?3, closed_reason = ?4, "
                     "closed_us = ?5 WHERE id = ?1",
                     "iitti", request->id, (int64_t)MR_REQUEST_STATE_WITHDRAWN,
                     mri_actor(request->registry), reason, now);
}

mr_status mr_request_withdraw(mr_request *request, const char *reason, mr_error *error) {
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_optional(reason, "reason", MRI_VALUE_MAX, error);
  if (status == MR_OK) status = mri_call_begin(request->registry, MRI_TX_GOVERN, NULL, &tx, error);
  if (status != MR_OK) return status;
  return mri_call_end(request->registry, tx, withdraw(tx, request, reason, error), error);
}

void mr_request_free(mr_request *request) {
  if (request == NULL) return;
  mr_registry *registry = request->registry;
  mri_arena_free(&request->arena);
  mri_mem_free(&registry->mem, request);
  mri_registry_unref(registry);
}

MRI_DEFINE_PAGE(mr_request, mr_request_record);

static mr_status add_request(mri_page *page, const mri_stmt *stmt, mr_error *error) {
  mr_request_record *record = mri_page_add(page, sizeof *record);
  if (record == NULL) return mri_error_no_memory(error);
  page->last_id = mri_stmt_int(stmt, 0);
  return read_request(stmt, &page->arena, record, error);
}

mr_status mr_registry_list_requests(mr_registry *registry, const mr_request_list_options *options,
                                    mr_request_page **out_page, mr_error *error) {
  mr_request_list_options o;
  mri_cursor cursor;
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  mr_request_page *page = NULL;
  int64_t model_id = 0;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_page, "out_page", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_request_list_options", error);
  }
  if (status == MR_OK)
    status = mri_cursor_read(&cursor, MRI_LIST_REQUESTS, o.limit, o.token, error);
  if (status == MR_OK && o.model != NULL) status = mri_check_model_name(o.model, error);
  if (status == MR_OK && (o.state < 0 || o.state > MR_REQUEST_STATE_WITHDRAWN)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "request state %d is unknown", (int)o.state);
  }
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  if (o.model != NULL) status = mri_model_find(tx, o.model, &model_id, error);
  if (status == MR_OK) {
    page = mri_page_new(registry, sizeof *page, &cursor);
    status = page == NULL ? mri_error_no_memory(error)
                          : mri_sql_query(tx, error, &stmt,
                                          "SELECT " REQUEST_COLUMNS " FROM " REQUEST_TABLES
                                          " WHERE q.id < ?1 AND (?2 = 0 OR q.state = ?2) "
                                          "AND (?3 = 0 OR q.model_id = ?3) "
                                          "ORDER BY q.id DESC LIMIT ?4",
                                          "iiii", cursor.id == 0 ? INT64_MAX : cursor.id,
                                          (int64_t)o.state, model_id, cursor.limit + 1);
  }
  if (status == MR_OK) status = mri_page_fill(&page->page, stmt, add_request, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_page = page;
  if (status != MR_OK) mr_request_page_free(page);
  return status;
}
