/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"
#include "registry/decision.h"
#include "registry/page.h"
#include "registry/request_row.h"
#include "registry/seal.h"
#include "registry/version_row.h"
#include <stdio.h>

struct mr_request {
  mr_registry *registry;
  mri_arena arena;
  int64_t id;
  int64_t model_id;
  mr_request_record record;
};

#define REQUEST_COLUMNS                                                                            \
  "q.id, q.model_id, q.state, q.uuid, m.name, q.transition, r.uuid, q.artifact_path, q.version, "  \
  "q.candidate_digest, q.gate_digest, q.description, q.op_id, q.actor, q.created_us"
#define REQUEST_TABLES "request q JOIN model m ON m.id = q.model_id JOIN run r ON r.id = q.run_id"

static void read_request(const mri_stmt *stmt, mri_arena *arena, mr_request_record *record,
                         bool *failed) {
  record->state = (mr_request_state)mri_stmt_int(stmt, 2);
  record->id = mri_column_text(stmt, 3, arena, failed);
  record->model = mri_column_text(stmt, 4, arena, failed);
  record->transition = mri_column_text(stmt, 5, arena, failed);
  record->run_id = mri_column_text(stmt, 6, arena, failed);
  record->artifact_path = mri_column_text(stmt, 7, arena, failed);
  record->version = mri_column_text(stmt, 8, arena, failed);
  record->candidate_digest = mri_column_digest(stmt, 9, arena, failed);
  record->gate_digest = mri_column_digest(stmt, 10, arena, failed);
  record->description = mri_column_text(stmt, 11, arena, failed);
  record->op_id = mri_column_text(stmt, 12, arena, failed);
  record->actor = mri_column_text(stmt, 13, arena, failed);
  record->created_us = mri_stmt_int(stmt, 14);
}

/* Makes the handle of the statement's row and gives the statement back. */
static mr_status take_row(mri_stmt *stmt, mr_registry *registry, mr_request **out,
                          mr_error *error) {
  bool failed = false;
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
  read_request(stmt, &request->arena, &request->record, &failed);
  mri_stmt_done(stmt);
  if (failed) {
    mr_request_free(request);
    return mri_error_no_memory(error);
  }
  *out = request;
  return MR_OK;
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

mr_status mri_request_insert(mri_tx *tx, mr_registry *registry, const mri_proposal *p,
                             const mri_judgement *judgement, int64_t now_us, int64_t *id,
                             mr_error *error) {
  char uuid[MRI_ID_SIZE];
  bool passed = judgement->verdict == MR_VERDICT_PASSED;
  mri_id_new(&registry->ids, uuid);
  mr_status status = mri_sql_int(
      tx, error, 0, id,
      "INSERT INTO request (uuid, model_id, transition, state, run_id, artifact_path, version, "
      "candidate_digest, gate_digest, description, op_id, intent, actor, created_us) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id",
      "titiittddttdti", (const char *)uuid, p->model_id, p->transition,
      (int64_t)(passed ? MR_REQUEST_STATE_ACCEPTED : MR_REQUEST_STATE_REFUSED), p->run_id,
      p->artifact_path, p->number, &p->candidate, &judgement->gate_digest, p->description, p->op_id,
      &p->intent, mri_actor(registry), now_us);
  if (status == MR_OK) status = mri_seal_run(tx, p->run_id, *id, uuid, error);
  if (status == MR_OK) status = mri_judgement_store(tx, judgement, *id, now_us, error);
  return status;
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

mr_status mr_request_decision(mr_request *request, mr_decision **out_decision, mr_error *error) {
  mri_tx *tx = NULL;
  mr_decision *decision = NULL;
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_argument(out_decision, "out_decision", error);
  if (status == MR_OK) status = mri_call_begin(request->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_decision_load(tx, request->registry, request->id, &decision, error);
  status = mri_call_end(request->registry, tx, status, error);
  if (status == MR_OK) *out_decision = decision;
  if (status != MR_OK) mr_decision_free(decision);
  return status;
}

/* Why there is no version. */
static mr_status explain(mri_tx *tx, mr_request *request, mr_error *error) {
  mr_decision *decision = NULL;
  const mr_request_record *r = &request->record;
  char what[256];
  if (r->state == MR_REQUEST_STATE_WITHDRAWN) {
    return mri_error_set(error, MR_CONFLICT, "request %s was withdrawn", r->id);
  }
  if (r->state != MR_REQUEST_STATE_REFUSED) {
    return mri_error_set(error, MR_GATE_PENDING, "request %s is not decided yet", r->id);
  }
  mr_status status = mri_decision_load(tx, request->registry, request->id, &decision, error);
  if (status != MR_OK) return status;
  (void)snprintf(what, sizeof what, "%.*s of run %s to %.*s was refused",
                 mri_text_fit(r->transition, 40), r->transition, r->run_id,
                 mri_text_fit(r->model, 64), r->model);
  status = mri_decision_failure(decision, what, error);
  mr_decision_free(decision);
  return status;
}

static mr_status find_version(mri_tx *tx, mr_request *request, mr_version **out, mr_error *error) {
  mri_semver number;
  int64_t id = 0;
  mr_status status = mri_semver_parse(request->record.version, &number, error);
  if (status == MR_OK) {
    status = mri_version_find(tx, request->model_id, request->record.model, &number, &id, error);
  }
  return status != MR_OK ? status : mri_version_load(tx, request->registry, id, out, error);
}

mr_status mr_request_version(mr_request *request, mr_version **out_version, mr_error *error) {
  mri_tx *tx = NULL;
  mr_version *version = NULL;
  mr_status status = mri_check_argument(request, "request", error);
  if (status == MR_OK) status = mri_check_argument(out_version, "out_version", error);
  if (status == MR_OK) status = mri_call_begin(request->registry, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = request->record.state == MR_REQUEST_STATE_ACCEPTED
               ? find_version(tx, request, &version, error)
               : explain(tx, request, error);
  status = mri_call_end(request->registry, tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
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
  read_request(stmt, &page->arena, record, &page->failed);
  page->last_id = mri_stmt_int(stmt, 0);
  return MR_OK;
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
