/* SPDX-License-Identifier: Apache-2.0 */
/* Gates that are detached, and the list of every revision. */
#include "contract.h"

static const char strict[] = "never: metrics.accuracy > 2\n";
static const char loose[] = "always: metrics.accuracy > 0\n";

static mr_gate_options place(const char *model, const char *transition) {
  mr_gate_options o = MR_GATE_OPTIONS_INIT;
  o.model = model;
  if (model == NULL) o.flags = MR_GATE_DEFAULT;
  o.transition = transition;
  return o;
}

static void detach(const contract *c, const char *model, const char *transition) {
  mr_gate_options o = place(model, transition);
  OK(mr_registry_detach_gate(c->registry, &o, &error));
}

static void digest_of(const char *text, char out[DIGEST_TEXT]) {
  contract_blake2b(text, strlen(text), out);
}

/* What becomes of a run of accuracy 0.9 now. */
static mr_request_state promoted(const contract *c, mr_model *model) {
  mr_request *request = NULL;
  mr_run *run = contract_trained(c, 0.9);
  contract_finish(run);
  OK(mr_model_promote(model, mr_run_info(run)->id, NULL, &request, &error));
  mr_request_state state = mr_request_info(request)->state;
  mr_request_free(request);
  mr_run_free(run);
  return state;
}

static void what_is_left_judges(void **state) {
  contract *c = *state;
  mr_gate *gate = NULL;
  mr_model *model = contract_model(c, "m");
  contract_attach(c, "m", NULL, strict);
  contract_attach(c, NULL, NULL, loose);
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_REFUSED);
  detach(c, "m", NULL);
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_ACCEPTED);
  mr_gate_options o = place("m", NULL);
  REFUSED(MR_NOT_FOUND, "no gate|'m'", mr_registry_open_gate(c->registry, &o, &gate, &error));
  contract_attach(c, NULL, NULL, strict); /* the default gate is left, and counts */
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_REFUSED);
  contract_attach(c, "m", NULL, loose);
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_REFUSED);
  detach(c, NULL, "promote");
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_ACCEPTED);
  detach(c, "m", "promote");
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_ACCEPTED); /* nothing is asked for */
  if (c->driver->survives_close) {
    mr_model_free(model);
    contract_reopen(c);
    OK(mr_registry_open_model(c->registry, "m", &model, &error));
    assert_int_equal(promoted(c, model), MR_REQUEST_STATE_ACCEPTED);
  }
  contract_attach(c, "m", NULL, strict);
  assert_int_equal(promoted(c, model), MR_REQUEST_STATE_REFUSED);
  mr_model_free(model);
}

static void detaching_is_compare_and_set(void **state) {
  contract *c = *state;
  char is[DIGEST_TEXT];
  char is_not[DIGEST_TEXT];
  mr_gate *gate = NULL;
  mr_gate_options o = place("m", "channel/live");
  digest_of(loose, is);
  digest_of(strict, is_not);
  mr_model_free(contract_model(c, "m"));
  REFUSED(MR_NOT_FOUND, "no gate|channel/live|'m'",
          mr_registry_detach_gate(c->registry, &o, &error));
  o.expected_digest = is;
  REFUSED(MR_NOT_FOUND, "no gate", mr_registry_detach_gate(c->registry, &o, &error));
  contract_attach(c, "m", "channel/live", loose);
  o.expected_digest = is_not;
  REFUSED(MR_CONFLICT, is, mr_registry_detach_gate(c->registry, &o, &error));
  o.expected_digest = "none";
  REFUSED(MR_CONFLICT, "none", mr_registry_detach_gate(c->registry, &o, &error));
  o.expected_digest = "nonsense";
  REFUSED(MR_INVALID_ARGUMENT, "expected_digest", mr_registry_detach_gate(c->registry, &o, &error));
  o.expected_digest = NULL;
  OK(mr_registry_open_gate(c->registry, &o, &gate, &error)); /* what was refused changed nothing */
  o.expected_digest = is;
  OK(mr_registry_detach_gate(c->registry, &o, &error));
  REFUSED(MR_NOT_FOUND, "no gate", mr_registry_detach_gate(c->registry, &o, &error));
  REFUSED(MR_CONFLICT, "none", mr_registry_attach_gate(c->registry, gate, &o, &error));
  o.expected_digest = "none"; /* as before the first one */
  OK(mr_registry_attach_gate(c->registry, gate, &o, &error));
  mr_gate_free(gate);
}

static void detaching_refuses(void **state) {
  contract *c = *state;
  mr_gate_options o = place(NULL, NULL);
  REFUSED(MR_NOT_FOUND, "default gate|promote", mr_registry_detach_gate(c->registry, &o, &error));
  o.transition = "demote";
  REFUSED(MR_INVALID_ARGUMENT, "demote", mr_registry_detach_gate(c->registry, &o, &error));
  o.transition = NULL;
  o.model = "m";
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT", mr_registry_detach_gate(c->registry, &o, &error));
  o.flags = 0;
  REFUSED(MR_NOT_FOUND, "'m'", mr_registry_detach_gate(c->registry, &o, &error));
  o.flags = 4;
  REFUSED(MR_INVALID_ARGUMENT, "flags", mr_registry_detach_gate(c->registry, &o, &error));
  o.struct_size = 3;
  REFUSED(MR_ABI_MISMATCH, "mr_gate_options", mr_registry_detach_gate(c->registry, &o, &error));
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_detach_gate(c->registry, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "registry", mr_registry_detach_gate(NULL, &o, &error));
}

/* "transition/revision/digits of the digest/in force" of every revision. */
static void collect(const contract *c, mr_gate_list_options *o, listing *list) {
  char token[64] = "";
  list->count = 0;
  list->pages = 0;
  for (bool more = true; more;) {
    mr_gate_page *page = NULL;
    o->token = token[0] == '\0' ? NULL : token;
    OK(mr_registry_list_gates(c->registry, o, &page, &error));
    assert_true(o->limit == 0 || mr_gate_page_count(page) <= o->limit);
    for (int64_t i = 0; i < mr_gate_page_count(page); i++) {
      char text[120];
      const mr_gate_record *r = mr_gate_page_at(page, i);
      (void)snprintf(text, sizeof text, "%s/%lld/%.8s/%d", r->transition, (long long)r->revision,
                     r->digest == NULL ? "-" : r->digest, (int)r->in_force);
      contract_list_add(list, text);
      assert_int_equal(r->digest == NULL, r->text == NULL);
    }
    list->pages++;
    more = mr_gate_page_next_token(page) != NULL;
    if (more) (void)snprintf(token, sizeof token, "%s", mr_gate_page_next_token(page));
    mr_gate_page_free(page);
  }
  o->token = NULL;
}

static void listed(const contract *c, const char *model, const char *transition,
                   const char *texts) {
  static listing list;
  mr_gate_list_options o = MR_GATE_LIST_OPTIONS_INIT;
  o.model = model;
  if (model == NULL) o.flags = MR_GATE_DEFAULT;
  o.transition = transition;
  for (o.limit = 0; o.limit <= 3; o.limit++) {
    collect(c, &o, &list);
    LISTED(&list, texts);
    if (o.limit == 1) assert_int_equal(list.pages, list.count == 0 ? 1 : list.count);
  }
}

static void every_revision_is_listed(void **state) {
  contract *c = *state;
  char a[DIGEST_TEXT];
  char b[DIGEST_TEXT];
  char texts[400];
  digest_of(loose, a);
  digest_of(strict, b);
  mr_model_free(contract_model(c, "m"));
  mr_model_free(contract_model(c, "n"));
  listed(c, "m", NULL, "");
  contract_attach(c, "m", NULL, loose);
  contract_attach(c, "n", NULL, strict);
  contract_attach(c, "m", "channel/live", strict);
  contract_attach(c, NULL, NULL, strict);
  contract_attach(c, "m", NULL, loose); /* the same again is no revision */
  contract_attach(c, "m", NULL, strict);
  detach(c, "m", "channel/live");
  contract_attach(c, "m", NULL, loose); /* an old one again is */
  contract_attach(c, "m", "channel/next", "");
  if (c->driver->survives_close) contract_reopen(c);
  (void)snprintf(texts, sizeof texts,
                 "channel/next/1/0e5751c0/1 promote/3/%.8s/1 channel/live/2/-/0 promote/2/%.8s/0 "
                 "channel/live/1/%.8s/0 promote/1/%.8s/0",
                 a, b, b, a);
  listed(c, "m", NULL, texts);
  (void)snprintf(texts, sizeof texts, "promote/3/%.8s/1 promote/2/%.8s/0 promote/1/%.8s/0", a, b,
                 a);
  listed(c, "m", "promote", texts);
  listed(c, "m", "channel/other", "");
  (void)snprintf(texts, sizeof texts, "promote/1/%.8s/1", b);
  listed(c, "n", NULL, texts);
  listed(c, NULL, NULL, texts);
  contract_attach(c, "m", "channel/live", loose); /* goes on counting */
  (void)snprintf(texts, sizeof texts,
                 "channel/live/3/%.8s/1 channel/live/2/-/0 channel/live/1/%.8s/0", a, b);
  listed(c, "m", "channel/live", texts);
}

static void records_say_who_and_when(void **state) {
  contract *c = *state;
  mr_gate_page *page = NULL;
  mr_gate_list_options o = MR_GATE_LIST_OPTIONS_INIT;
  int64_t before = contract_clock(NULL);
  mr_model_free(contract_model(c, "m"));
  contract_attach(c, "m", NULL, loose);
  contract_turn_clock(-3600000000); /* time goes on, whatever the clock says */
  detach(c, "m", NULL);
  contract_attach(c, NULL, "channel/live", strict);
  o.model = "m";
  OK(mr_registry_list_gates(c->registry, &o, &page, &error));
  assert_int_equal(mr_gate_page_count(page), 2);
  const mr_gate_record *now = mr_gate_page_at(page, 0);
  const mr_gate_record *first = mr_gate_page_at(page, 1);
  assert_int_equal(now->struct_size, sizeof *now);
  assert_string_equal(now->model, "m");
  assert_string_equal(now->transition, "promote");
  assert_string_equal(now->actor, "tester");
  assert_null(now->digest);
  assert_null(now->text);
  assert_string_equal(first->text, loose);
  assert_int_equal(strlen(first->digest), 64);
  assert_true(first->created_us > before);
  assert_true(now->created_us > first->created_us);
  assert_null(mr_gate_page_at(page, 2));
  assert_null(mr_gate_page_at(page, -1));
  int64_t detached_us = now->created_us;
  mr_gate_page_free(page);
  o.model = NULL;
  o.flags = MR_GATE_DEFAULT;
  OK(mr_registry_list_gates(c->registry, &o, &page, &error));
  assert_int_equal(mr_gate_page_count(page), 1);
  assert_null(mr_gate_page_at(page, 0)->model);
  assert_string_equal(mr_gate_page_at(page, 0)->transition, "channel/live");
  assert_true(mr_gate_page_at(page, 0)->created_us > detached_us);
  assert_int_equal(mr_gate_page_at(page, 0)->in_force, 1);
  mr_gate_page_free(page);
  mr_gate_page_free(NULL);
  assert_int_equal(mr_gate_page_count(NULL), 0);
  assert_null(mr_gate_page_at(NULL, 0));
  assert_null(mr_gate_page_next_token(NULL));
}

static void listing_refuses(void **state) {
  contract *c = *state;
  mr_gate_page *page = NULL;
  mr_gate_list_options o = MR_GATE_LIST_OPTIONS_INIT;
  static const char *const tokens[] = {
      "", "x", "G", "G0", "G-1", "G1x", "g1", "R1", "G1234567890123456789"};
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_list_gates(c->registry, &o, &page, &error));
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_list_gates(c->registry, NULL, &page, &error));
  o.model = "nobody";
  REFUSED(MR_NOT_FOUND, "nobody", mr_registry_list_gates(c->registry, &o, &page, &error));
  o.flags = MR_GATE_DEFAULT;
  REFUSED(MR_INVALID_ARGUMENT, "MR_GATE_DEFAULT",
          mr_registry_list_gates(c->registry, &o, &page, &error));
  o.model = NULL;
  o.transition = "demote";
  REFUSED(MR_INVALID_ARGUMENT, "demote", mr_registry_list_gates(c->registry, &o, &page, &error));
  o.transition = NULL;
  o.limit = MR_LIST_MAX_LIMIT + 1;
  REFUSED(MR_INVALID_ARGUMENT, "limit", mr_registry_list_gates(c->registry, &o, &page, &error));
  o.limit = -1;
  REFUSED(MR_INVALID_ARGUMENT, "limit", mr_registry_list_gates(c->registry, &o, &page, &error));
  o.limit = 0;
  for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
    o.token = tokens[i];
    REFUSED(MR_INVALID_ARGUMENT, "token", mr_registry_list_gates(c->registry, &o, &page, &error));
  }
  o.struct_size = 2;
  REFUSED(MR_ABI_MISMATCH, "mr_gate_list_options",
          mr_registry_list_gates(c->registry, &o, &page, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_page", mr_registry_list_gates(c->registry, &o, NULL, &error));
  assert_null(page);
}

/* Where nothing is held yet, nothing has been held for any time. */
static void a_promotion_reads_no_channel(void **state) {
  contract *c = *state;
  mr_decision *decision = NULL;
  mr_evaluate_options e = MR_EVALUATE_OPTIONS_INIT;
  mr_gate_options o = place("m", NULL);
  mr_gate *gate = NULL;
  mr_model_free(contract_model(c, "m"));
  mr_run *run = contract_trained(c, 0.9);
  OK(mr_gate_parse("fine: metrics.x > 1\nsoak: version.major < 2 OR channel.staging.hours >= 24",
                   &gate, &error));
  REFUSED(MR_INVALID_ARGUMENT, "'soak'|channel|promotion",
          mr_registry_attach_gate(c->registry, gate, &o, &error));
  o = place(NULL, "promote");
  REFUSED(MR_INVALID_ARGUMENT, "'soak'", mr_registry_attach_gate(c->registry, gate, &o, &error));
  e.model = "m";
  e.run_id = mr_run_info(run)->id;
  REFUSED(MR_INVALID_ARGUMENT, "'soak'",
          mr_registry_evaluate_gate(c->registry, gate, &e, &decision, &error));
  o = place("m", "channel/staging"); /* it would wait for itself */
  REFUSED(MR_INVALID_ARGUMENT, "'soak'|'channel.staging.hours'|this very channel",
          mr_registry_attach_gate(c->registry, gate, &o, &error));
  o = place("m", "channel/production");
  OK(mr_registry_attach_gate(c->registry, gate, &o, &error));
  mr_gate_free(gate);
  mr_run_free(run);
}

int contract_gate_history_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_left_judges),
      TEST(detaching_is_compare_and_set),
      TEST(detaching_refuses),
      TEST(every_revision_is_listed),
      TEST(records_say_who_and_when),
      TEST(listing_refuses),
      TEST(a_promotion_reads_no_channel),
  };
  return GROUP("gate history", tests);
}
