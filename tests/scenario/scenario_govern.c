/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of check.h, gate.h and request.h. */
#include "scenario.h"

#include <string.h>

/* --- checks ------------------------------------------------------------------------------- */

static mr_status run_log_check(scenario *s, mr_error *error) {
  mr_check_options options = MR_CHECK_OPTIONS_INIT;
  mr_check_result result = (mr_check_result)named_at(s, 2, check_results);
  options.reporter = option_text(s, "reporter");
  options.note = option_text(s, "note");
  options.evidence_path = option_text(s, "evidence_path");
  options.evidence_uri = option_text(s, "evidence_uri");
  options.evidence_digest = option_text(s, "evidence_digest");
  options.evidence_size = option_integer(s, "evidence_size");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  return mr_run_log_check(handle_at(s, 0, &run_class), text_at(s, 1), result, &options, error);
}

LIST_VERB(run, checks, check)

/* Says and keeps the id of the report of a name that counts. */
static mr_status check_id(scenario *s, mr_error *error) {
  const char *name = text_at(s, 1);
  mr_check_page *page = NULL;
  mr_status status = mr_run_list_checks(handle_at(s, 0, &run_class), NULL, &page, error);
  for (int64_t i = 0; i < mr_check_page_count(page); i++) {
    const mr_check_record *check = mr_check_page_at(page, i);
    if (check->latest && strcmp(check->name, name) == 0) result_text(s, check->id);
  }
  mr_check_page_free(page);
  return status;
}

static mr_status run_open_evidence(scenario *s, mr_error *error) {
  mr_blob *blob = NULL;
  mr_status status = mr_run_open_evidence(handle_at(s, 0, &run_class), text_at(s, 1), &blob, error);
  if (status == MR_OK) result_handle(s, &blob_class, blob);
  return status;
}

/* --- gates -------------------------------------------------------------------------------- */

static void say_buffer(scenario *s, mr_buffer *buffer) {
  say_text(s, (const char *)mr_buffer_data(buffer), mr_buffer_size(buffer));
  mr_buffer_free(buffer);
}

static mr_status gate_new(scenario *s, mr_error *error) {
  mr_gate *gate = NULL;
  mr_status status = mr_gate_new(&gate, error);
  if (status == MR_OK) result_handle(s, &gate_class, gate);
  return status;
}

static mr_status gate_add_rule(scenario *s, mr_error *error) {
  return mr_gate_add_rule(handle_at(s, 0, &gate_class), text_at(s, 1), text_at(s, 2), error);
}

static mr_status gate_parse(scenario *s, mr_error *error) {
  mr_gate *gate = NULL;
  mr_status status = mr_gate_parse(text_at(s, 0), &gate, error);
  if (status == MR_OK) result_handle(s, &gate_class, gate);
  return status;
}

static mr_status gate_text(scenario *s, mr_error *error) {
  mr_buffer *text = NULL;
  mr_status status = mr_gate_text(handle_at(s, 0, &gate_class), &text, error);
  if (status == MR_OK) say_buffer(s, text);
  return status;
}

static mr_status gate_digest(scenario *s, mr_error *error) {
  const char *digest = NULL;
  mr_status status = mr_gate_digest(handle_at(s, 0, &gate_class), &digest, error);
  if (status == MR_OK) result_text(s, digest);
  return status;
}

static mr_gate_options gate_options(scenario *s) {
  mr_gate_options options = MR_GATE_OPTIONS_INIT;
  options.flags = (mr_gate_flags)option_named(s, "flags", gate_flags);
  options.model = option_text(s, "model");
  options.transition = option_text(s, "transition");
  options.expected_digest = option_text(s, "expected_digest");
  return options;
}

static mr_status registry_attach_gate(scenario *s, mr_error *error) {
  mr_gate_options options = gate_options(s);
  return mr_registry_attach_gate(handle_at(s, 0, &registry_class), handle_at(s, 1, &gate_class),
                                 &options, error);
}

static mr_status registry_open_gate(scenario *s, mr_error *error) {
  mr_gate_options options = gate_options(s);
  mr_gate *gate = NULL;
  mr_status status =
      mr_registry_open_gate(handle_at(s, 0, &registry_class), &options, &gate, error);
  if (status == MR_OK) result_handle(s, &gate_class, gate);
  return status;
}

static mr_status registry_detach_gate(scenario *s, mr_error *error) {
  mr_gate_options options = gate_options(s);
  return mr_registry_detach_gate(handle_at(s, 0, &registry_class), &options, error);
}

static mr_status registry_list_gates(scenario *s, mr_error *error) {
  mr_registry *registry = handle_at(s, 0, &registry_class);
  mr_gate_list_options options = MR_GATE_LIST_OPTIONS_INIT;
  mr_status status = MR_OK;
  options.flags = (mr_gate_flags)option_named(s, "flags", gate_flags);
  options.model = option_text(s, "model");
  options.transition = option_text(s, "transition");
  options.limit = option_integer(s, "limit");
  options.token = option_text(s, "token");
  do {
    mr_gate_page *page = NULL;
    status = mr_registry_list_gates(registry, &options, &page, error);
    options.token = status == MR_OK ? next_page(s, drain_gate(s, page)) : NULL;
  } while (options.token != NULL);
  return status;
}

/* The gate to try may be the word null. */
static mr_status registry_evaluate_gate(scenario *s, mr_error *error) {
  mr_evaluate_options options = MR_EVALUATE_OPTIONS_INIT;
  mr_decision *decision = NULL;
  const mr_gate *gate = place(s, 1)->items[0].is_null ? NULL : handle_at(s, 1, &gate_class);
  options.bump = (mr_bump)option_named(s, "bump", bumps);
  options.model = option_text(s, "model");
  options.transition = option_text(s, "transition");
  options.run_id = option_text(s, "run_id");
  options.artifact_path = option_text(s, "artifact_path");
  options.version = option_text(s, "version");
  options.line = option_text(s, "line");
  options.prerelease_id = option_text(s, "prerelease_id");
  mr_status status =
      mr_registry_evaluate_gate(handle_at(s, 0, &registry_class), gate, &options, &decision, error);
  if (status == MR_OK) result_handle(s, &decision_class, decision);
  return status;
}

/* --- requests ----------------------------------------------------------------------------- */

static mr_status model_promote(scenario *s, mr_error *error) {
  mr_promote_options options = MR_PROMOTE_OPTIONS_INIT;
  mr_request *request = NULL;
  options.bump = (mr_bump)option_named(s, "bump", bumps);
  options.artifact_path = option_text(s, "artifact_path");
  options.version = option_text(s, "version");
  options.line = option_text(s, "line");
  options.prerelease_id = option_text(s, "prerelease_id");
  options.description = option_text(s, "description");
  options.op_id = option_text(s, "op_id");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status =
      mr_model_promote(handle_at(s, 0, &model_class), text_at(s, 1), &options, &request, error);
  if (status == MR_OK) {
    say_record(s, request_fields, mr_request_info(request));
    result_handle(s, &request_class, request);
  }
  return status;
}

static mr_status request_complete(scenario *s, mr_error *error) {
  mr_complete_options options = MR_COMPLETE_OPTIONS_INIT;
  mr_request *request = NULL;
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status =
      mr_request_complete(handle_at(s, 0, &request_class), &options, &request, error);
  if (status == MR_OK) {
    say_record(s, request_fields, mr_request_info(request));
    result_handle(s, &request_class, request);
  }
  return status;
}

static mr_status request_withdraw(scenario *s, mr_error *error) {
  const char *reason = places(s) > 1 ? text_at(s, 1) : NULL;
  return mr_request_withdraw(handle_at(s, 0, &request_class), reason, error);
}

static mr_status request_version(scenario *s, mr_error *error) {
  mr_version *version = NULL;
  mr_status status = mr_request_version(handle_at(s, 0, &request_class), &version, error);
  if (status == MR_OK) {
    say_record(s, version_fields, mr_version_info(version));
    result_handle(s, &version_class, version);
  }
  return status;
}

static mr_status registry_open_request(scenario *s, mr_error *error) {
  mr_request *request = NULL;
  mr_status status =
      mr_registry_open_request(handle_at(s, 0, &registry_class), text_at(s, 1), &request, error);
  if (status == MR_OK) result_handle(s, &request_class, request);
  return status;
}

static mr_status registry_list_requests(scenario *s, mr_error *error) {
  mr_registry *registry = handle_at(s, 0, &registry_class);
  mr_request_list_options options = MR_REQUEST_LIST_OPTIONS_INIT;
  mr_status status = MR_OK;
  options.state = (mr_request_state)option_named(s, "state", request_states);
  options.model = option_text(s, "model");
  options.limit = option_integer(s, "limit");
  options.token = option_text(s, "token");
  do {
    mr_request_page *page = NULL;
    status = mr_registry_list_requests(registry, &options, &page, error);
    options.token = status == MR_OK ? next_page(s, drain_request(s, page)) : NULL;
  } while (options.token != NULL);
  return status;
}

static mr_status request_decision(scenario *s, mr_error *error) {
  mr_decision *decision = NULL;
  mr_status status = mr_request_decision(handle_at(s, 0, &request_class), &decision, error);
  if (status == MR_OK) result_handle(s, &decision_class, decision);
  return status;
}

static mr_status request_open_decision(scenario *s, mr_error *error) {
  mr_decision *decision = NULL;
  mr_status status =
      mr_request_open_decision(handle_at(s, 0, &request_class), integer_at(s, 1), &decision, error);
  if (status == MR_OK) result_handle(s, &decision_class, decision);
  return status;
}

static mr_status decision_rules(scenario *s, mr_error *error) {
  (void)error;
  const mr_decision *decision = handle_at(s, 0, &decision_class);
  for (int64_t i = 0; i < mr_decision_count(decision); i++) {
    say_record(s, rule_fields, mr_decision_at(decision, i));
  }
  return MR_OK;
}

static mr_status decision_text(scenario *s, mr_error *error) {
  mr_buffer *text = NULL;
  mr_status status = mr_decision_text(handle_at(s, 0, &decision_class), &text, error);
  if (status == MR_OK) say_buffer(s, text);
  return status;
}

static mr_status decision_json(scenario *s, mr_error *error) {
  mr_buffer *text = NULL;
  mr_status status = mr_decision_json(handle_at(s, 0, &decision_class), &text, error);
  if (status == MR_OK) say_buffer(s, text);
  return status;
}

const verb govern_verbs[] = {{"run_log_check", run_log_check},
                             {"run_list_checks", run_list_checks},
                             {"check_id", check_id},
                             {"run_open_evidence", run_open_evidence},
                             {"gate_new", gate_new},
                             {"gate_add_rule", gate_add_rule},
                             {"gate_parse", gate_parse},
                             {"gate_text", gate_text},
                             {"gate_digest", gate_digest},
                             {"registry_attach_gate", registry_attach_gate},
                             {"registry_detach_gate", registry_detach_gate},
                             {"registry_open_gate", registry_open_gate},
                             {"registry_list_gates", registry_list_gates},
                             {"registry_evaluate_gate", registry_evaluate_gate},
                             {"model_promote", model_promote},
                             {"request_complete", request_complete},
                             {"request_withdraw", request_withdraw},
                             {"request_version", request_version},
                             {"registry_open_request", registry_open_request},
                             {"registry_list_requests", registry_list_requests},
                             {"request_decision", request_decision},
                             {"request_open_decision", request_open_decision},
                             {"decision_rules", decision_rules},
                             {"decision_text", decision_text},
                             {"decision_json", decision_json},
                             {NULL, NULL}};
