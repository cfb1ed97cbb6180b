/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of what is decided: gates, models, requests and decisions. */
#include "api_calls.h"

static mr_status call_gate_new(api_world *w, mr_error *error) {
  mr_gate *out = API_OUT;
  mr_status status = mr_gate_new(API_POINTER(0, &out), error);
  API_END(mr_gate_free);
}

static mr_status call_gate_add_rule(api_world *w, mr_error *error) {
  mr_gate *gate = NULL;
  OK(mr_gate_new(&gate, &api_error));
  mr_status status = mr_gate_add_rule(API_POINTER(0, gate), API_TEXT(1, "r"),
                                      API_TEXT(2, "metrics.loss < 1"), error);
  mr_gate_free(gate);
  return status;
}

static mr_status call_gate_parse(api_world *w, mr_error *error) {
  mr_gate *out = API_OUT;
  mr_status status = mr_gate_parse(API_TEXT(0, "a: metrics.loss < 1"), API_POINTER(1, &out), error);
  API_END(mr_gate_free);
}

static mr_status call_gate_text(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_gate_text(API_POINTER(0, w->gate), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

static mr_status call_gate_digest(api_world *w, mr_error *error) {
  const char *out = API_OUT;
  mr_status status = mr_gate_digest(API_POINTER(0, w->gate), API_POINTER(1, &out), error);
  API_END((void));
}

static mr_status call_attach_gate(api_world *w, mr_error *error) {
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  o.model = API_TEXT(3, "digits");
  o.transition = API_TEXT(4, "channel/gated");
  o.expected_digest = API_TEXT(5, NULL);
  o.flags = (mr_gate_flags)API_NUMBER(6, 0);
  return mr_registry_attach_gate(API_POINTER(0, w->registry), API_POINTER(1, w->gate),
                                 API_POINTER(2, &o), error);
}

static mr_status call_open_gate(api_world *w, mr_error *error) {
  mr_gate *out = API_OUT;
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  o.model = API_TEXT(3, "digits");
  o.transition = API_TEXT(4, "promote");
  o.flags = (mr_gate_flags)API_NUMBER(5, 0);
  mr_status status = mr_registry_open_gate(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                           API_POINTER(2, &out), error);
  API_END(mr_gate_free);
}

static mr_status call_detach_gate(api_world *w, mr_error *error) {
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  o.model = API_TEXT(2, "digits");
  o.transition = API_TEXT(3, "channel/gated");
  o.expected_digest = API_TEXT(4, NULL);
  o.flags = (mr_gate_flags)API_NUMBER(5, 0);
  return mr_registry_detach_gate(API_POINTER(0, w->registry), API_POINTER(1, &o), error);
}

static mr_status call_list_gates(api_world *w, mr_error *error) {
  mr_gate_page *out = API_OUT;
  mr_gate_list_options o = MR_GATE_LIST_OPTIONS_INIT;
  o.model = API_TEXT(3, "digits");
  o.transition = API_TEXT(4, "promote");
  o.limit = API_NUMBER(5, 0);
  o.token = API_TEXT(6, NULL);
  o.flags = (mr_gate_flags)API_NUMBER(7, 0);
  mr_status status = mr_registry_list_gates(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                            API_POINTER(2, &out), error);
  API_END(mr_gate_page_free);
}

static mr_status call_evaluate_gate(api_world *w, mr_error *error) {
  mr_decision *out = API_OUT;
  mr_evaluate_options o = MR_EVALUATE_OPTIONS_INIT;
  o.model = API_TEXT(4, "digits");
  o.transition = API_TEXT(5, "promote");
  o.run_id = API_TEXT(6, w->fresh_run);
  o.artifact_path = API_TEXT(7, "model");
  if (w->change == 8) {
    o.version = w->text;
  } else {
    o.bump = (mr_bump)API_NUMBER(9, MR_BUMP_PRERELEASE);
    o.line = API_TEXT(10, NULL);
    o.prerelease_id = API_TEXT(11, NULL);
  }
  mr_status status = mr_registry_evaluate_gate(API_POINTER(0, w->registry), API_POINTER(1, w->gate),
                                               API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_decision_free);
}

static mr_status call_create_model(api_world *w, mr_error *error) {
  mr_model *out = API_OUT;
  mr_model_options o = MR_MODEL_OPTIONS_INIT;
  o.description = API_TEXT(4, "d");
  mr_status status =
      mr_registry_create_model(API_POINTER(0, w->registry), API_TEXT(1, w->fresh_name),
                               API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_model_free);
}

static mr_status call_open_model(api_world *w, mr_error *error) {
  mr_model *out = API_OUT;
  mr_status status = mr_registry_open_model(API_POINTER(0, w->registry), API_TEXT(1, "digits"),
                                            API_POINTER(2, &out), error);
  API_END(mr_model_free);
}

static mr_status call_list_models(api_world *w, mr_error *error) {
  mr_model_page *out = API_OUT;
  mr_list_options o = MR_LIST_OPTIONS_INIT;
  o.limit = API_NUMBER(3, 0);
  o.token = API_TEXT(4, NULL);
  mr_status status = mr_registry_list_models(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                             API_POINTER(2, &out), error);
  API_END(mr_model_page_free);
}

static mr_status call_promote(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  o.bump = (mr_bump)API_NUMBER(4, MR_BUMP_PRERELEASE);
  o.artifact_path = API_TEXT(5, "model");
  if (w->change == 6) {
    o.version = w->text;
    o.bump = 0;
  } else {
    o.line = API_TEXT(7, NULL);
    o.prerelease_id = API_TEXT(8, NULL);
  }
  o.description = API_TEXT(9, "d");
  o.op_id = API_TEXT(10, w->fresh_name);
  mr_status status = mr_model_promote(API_POINTER(0, w->model), API_TEXT(1, w->fresh_run),
                                      API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_request_free);
}

static mr_status call_complete(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_complete_options o = MR_COMPLETE_OPTIONS_INIT;
  mr_status status = mr_request_complete(API_POINTER(0, w->open_request), API_POINTER(1, &o),
                                         API_POINTER(2, &out), error);
  API_END(mr_request_free);
}

static mr_status call_withdraw(api_world *w, mr_error *error) {
  return mr_request_withdraw(API_POINTER(0, w->open_request), API_TEXT(1, "r"), error);
}

static mr_status call_request_version(api_world *w, mr_error *error) {
  mr_version *out = API_OUT;
  mr_status status = mr_request_version(API_POINTER(0, w->request), API_POINTER(1, &out), error);
  API_END(mr_version_free);
}

static mr_status call_open_request(api_world *w, mr_error *error) {
  mr_request *out = API_OUT;
  mr_status status = mr_registry_open_request(
      API_POINTER(0, w->registry), API_TEXT(1, w->request_id), API_POINTER(2, &out), error);
  API_END(mr_request_free);
}

static mr_status call_list_requests(api_world *w, mr_error *error) {
  mr_request_page *out = API_OUT;
  mr_request_list_options o = MR_REQUEST_LIST_OPTIONS_INIT;
  o.state = (mr_request_state)API_NUMBER(3, MR_REQUEST_STATE_ACCEPTED);
  o.model = API_TEXT(4, "digits");
  o.limit = API_NUMBER(5, 0);
  o.token = API_TEXT(6, NULL);
  mr_status status = mr_registry_list_requests(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                               API_POINTER(2, &out), error);
  API_END(mr_request_page_free);
}

static mr_status call_request_decision(api_world *w, mr_error *error) {
  mr_decision *out = API_OUT;
  mr_status status = mr_request_decision(API_POINTER(0, w->request), API_POINTER(1, &out), error);
  API_END(mr_decision_free);
}

static mr_status call_open_decision(api_world *w, mr_error *error) {
  mr_decision *out = API_OUT;
  mr_status status =
      mr_request_open_decision(API_POINTER(0, w->request), 1, API_POINTER(1, &out), error);
  API_END(mr_decision_free);
}

static mr_status call_decision_text(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_decision_text(API_POINTER(0, w->decision), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

static mr_status call_decision_json(api_world *w, mr_error *error) {
  mr_buffer *out = API_OUT;
  mr_status status = mr_decision_json(API_POINTER(0, w->decision), API_POINTER(1, &out), error);
  API_END(mr_buffer_free);
}

#define TEXT_LIST " options:H out_page:o limit:l token:y"

const api_call api_govern_calls[] = {
    {"mr_gate_new", call_gate_new, "out_gate:o", API_ALONE},
    {"mr_gate_add_rule", call_gate_add_rule, "gate:h name:n expression:e", API_ALONE},
    {"mr_gate_parse", call_gate_parse, "text:e out_gate:o", API_ALONE},
    {"mr_gate_text", call_gate_text, "gate:h out_text:o", API_ALONE},
    {"mr_gate_digest", call_gate_digest, "gate:h out_digest:o", API_ALONE},
    {"mr_registry_attach_gate", call_attach_gate,
     "registry:h gate:h options:h model:m transition:E expected_digest:D flags:g", API_WRITES},
    {"mr_registry_open_gate", call_open_gate,
     "registry:h options:h out_gate:o model:m transition:E flags:g", 0},
    {"mr_registry_detach_gate", call_detach_gate,
     "registry:h options:h model:m transition:E expected_digest:D flags:g", API_WRITES},
    {"mr_registry_list_gates", call_list_gates,
     "registry:h options:h out_page:o model:m transition:E limit:l token:t flags:g", 0},
    {"mr_registry_evaluate_gate", call_evaluate_gate,
     "registry:h gate:H options:h out_decision:o model:m transition:E run_id:i artifact_path:P "
     "version:S bump:k line:E prerelease_id:N",
     0},
    {"mr_registry_create_model", call_create_model,
     "registry:h name:m options:H out_model:O description:V", API_WRITES},
    {"mr_registry_open_model", call_open_model, "registry:h name:m out_model:o", 0},
    {"mr_registry_list_models", call_list_models, "registry:h" TEXT_LIST, 0},
    {"mr_model_promote", call_promote,
     "model:h run_id:i options:H out_request:o bump:k artifact_path:P version:S line:E "
     "prerelease_id:N description:V op_id:N",
     API_WRITES},
    {"mr_request_complete", call_complete, "request:h options:H out_request:o", API_WRITES},
    {"mr_request_withdraw", call_withdraw, "request:h reason:V", API_WRITES},
    {"mr_request_version", call_request_version, "request:h out_version:o", 0},
    {"mr_registry_open_request", call_open_request, "registry:h request_id:i out_request:o", 0},
    {"mr_registry_list_requests", call_list_requests,
     "registry:h options:H out_page:o state:k model:M limit:l token:t", 0},
    {"mr_request_decision", call_request_decision, "request:h out_decision:o", 0},
    {"mr_request_open_decision", call_open_decision, "request:h out_decision:o", 0},
    {"mr_decision_text", call_decision_text, "decision:h out_text:o", API_ALONE},
    {"mr_decision_json", call_decision_json, "decision:h out_json:o", API_ALONE},
    {NULL, NULL, NULL, 0},
};
