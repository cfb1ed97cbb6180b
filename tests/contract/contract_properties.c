/* SPDX-License-Identifier: Apache-2.0 */
/* Params and tags. */
#include "contract.h"

#include <stdlib.h>

static const char *value_of(mr_property_page *page, const char *key) {
  for (int64_t i = 0; i < mr_property_page_count(page); i++) {
    const mr_property_record *property = mr_property_page_at(page, i);
    assert_true(property->struct_size >= sizeof *property);
    if (strcmp(property->key, key) == 0) return property->value;
  }
  return NULL;
}

static void params_is(mr_run *run, const char *keys) {
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_property, options, mr_run_list_params(run, &options, &part, &error), key, &list,
                keys);
}

static void tags_is(mr_run *run, const char *keys) {
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_property, options, mr_run_list_tags(run, &options, &part, &error), key, &list,
                keys);
}

static void params_never_change(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_property_page *page = NULL;
  OK(mr_run_log_param(run, "lr", "0.1", &error));
  OK(mr_run_log_param(run, "lr", "0.1", &error));
  REFUSED(MR_ALREADY_EXISTS, "lr|0.1|0.2", mr_run_log_param(run, "lr", "0.2", &error));
  REFUSED(MR_ALREADY_EXISTS, "lr", mr_run_log_param(run, "lr", "0.10", &error));
  OK(mr_run_log_param(run, "empty", "", &error));
  OK(mr_run_log_param(run, "empty", "", &error));
  REFUSED(MR_ALREADY_EXISTS, "empty", mr_run_log_param(run, "empty", " ", &error));
  OK(mr_run_list_params(run, NULL, &page, &error));
  assert_int_equal(mr_property_page_count(page), 2);
  assert_string_equal(value_of(page, "lr"), "0.1");
  assert_string_equal(value_of(page, "empty"), "");
  mr_property_page_free(page);
  mr_run_free(run);
}

static void batches_are_all_or_nothing(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  static const char *const keys[] = {"b", "a", "d", "c"};
  static const char *const values[] = {"1", "2", "3", "4"};
  static const char *const clashing[] = {"e", "f", "a"};
  static const char *const clash_values[] = {"1", "2", "other"};
  static const char *const bad[] = {"g", ""};
  static const char *const twice[] = {"t", "t"};
  static const char *const same[] = {"1", "1"};
  OK(mr_run_log_params(run, NULL, NULL, 0, &error));
  params_is(run, "");
  OK(mr_run_log_params(run, keys, values, 4, &error));
  OK(mr_run_log_params(run, keys, values, 4, &error));
  params_is(run, "a b c d");
  REFUSED(MR_ALREADY_EXISTS, "'a'", mr_run_log_params(run, clashing, clash_values, 3, &error));
  REFUSED(MR_INVALID_ARGUMENT, "param key", mr_run_log_params(run, bad, values, 2, &error));
  REFUSED(MR_INVALID_ARGUMENT, "keys", mr_run_log_params(run, NULL, values, 1, &error));
  REFUSED(MR_INVALID_ARGUMENT, "values", mr_run_log_params(run, keys, NULL, 1, &error));
  REFUSED(MR_ALREADY_EXISTS, "'t'", mr_run_log_params(run, twice, values, 2, &error));
  params_is(run, "a b c d");
  OK(mr_run_log_params(run, twice, same, 2, &error));
  params_is(run, "a b c d t");
  mr_run_free(run);
}

static void many_params(void **state) {
  contract *c = *state;
  enum { COUNT = 1500 };
  static char texts[COUNT][16];
  static const char *keys[COUNT];
  mr_run *run = contract_run(c, "x");
  mr_property_page *page = NULL;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  for (int i = 0; i < COUNT; i++) {
    (void)snprintf(texts[i], sizeof texts[i], "p%05d", (i * 7919) % COUNT);
    keys[i] = texts[i];
  }
  OK(mr_run_log_params(run, keys, keys, COUNT, &error));
  OK(mr_run_list_params(run, NULL, &page, &error));
  assert_int_equal(mr_property_page_count(page), MR_LIST_DEFAULT_LIMIT);
  for (int i = 0; i < MR_LIST_DEFAULT_LIMIT; i++) {
    char key[16];
    (void)snprintf(key, sizeof key, "p%05d", i);
    assert_string_equal(mr_property_page_at(page, i)->key, key);
    assert_string_equal(mr_property_page_at(page, i)->value, key);
  }
  char token[64];
  (void)snprintf(token, sizeof token, "%s", mr_property_page_next_token(page));
  mr_property_page_free(page);
  options.token = token;
  OK(mr_run_list_params(run, &options, &page, &error));
  assert_int_equal(mr_property_page_count(page), COUNT - MR_LIST_DEFAULT_LIMIT);
  assert_string_equal(mr_property_page_at(page, 0)->key, "p01000");
  assert_null(mr_property_page_next_token(page));
  mr_property_page_free(page);
  mr_run_free(run);
}

static void keys_are_in_byte_order(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  static const char *const keys[] = {"ä", "Z", "a", "z", "漢", "a.b", "a-b", "\xf0\x9f\x90\xbb",
                                     "1", "_", "A"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    OK(mr_run_log_param(run, keys[i], keys[i], &error));
    OK(mr_run_set_tag(run, keys[i], keys[i], &error));
  }
  params_is(run, "1 A Z _ a a-b a.b z ä 漢 \xf0\x9f\x90\xbb");
  tags_is(run, "1 A Z _ a a-b a.b z ä 漢 \xf0\x9f\x90\xbb");
  mr_run_free(run);
}

static void values_are_kept_exactly(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_property_page *page = NULL;
  enum { MAX = 65536 };
  char *longest = malloc(MAX + 2);
  assert_non_null(longest);
  for (int i = 0; i < MAX + 1; i++) longest[i] = (char)('a' + i % 26);
  longest[MAX + 1] = '\0';
  REFUSED(MR_LIMIT, "param value|65536", mr_run_log_param(run, "long", longest, &error));
  REFUSED(MR_LIMIT, "tag value|65536", mr_run_set_tag(run, "long", longest, &error));
  longest[MAX] = '\0';
  static const char odd[] =
      "tab\tline\nreturn\r 'single' \"double\" \\ %s ?1 größe \xf0\x9f\x90\xbb ";
  OK(mr_run_log_param(run, "long", longest, &error));
  OK(mr_run_log_param(run, "odd", odd, &error));
  OK(mr_run_set_tag(run, "long", longest, &error));
  OK(mr_run_set_tag(run, "odd", odd, &error));
  for (int i = 0; i < 2; i++) {
    OK((i == 0 ? mr_run_list_params : mr_run_list_tags)(run, NULL, &page, &error));
    assert_string_equal(value_of(page, "long"), longest);
    assert_string_equal(value_of(page, "odd"), odd);
    mr_property_page_free(page);
  }
  free(longest);
  mr_run_free(run);
}

static void text_is_checked(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  char key[260];
  memset(key, 'k', sizeof key);
  key[251] = '\0';
  REFUSED(MR_LIMIT, "param key|250", mr_run_log_param(run, key, "1", &error));
  REFUSED(MR_LIMIT, "tag key|250", mr_run_set_tag(run, key, "1", &error));
  static const char *const bad[] = {"", "a\tb", "a\nb", "\x7f", "\xc2\x85", "\xff", "\xed\xa0\x80"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "param key", mr_run_log_param(run, bad[i], "1", &error));
    REFUSED(MR_INVALID_ARGUMENT, "tag key", mr_run_set_tag(run, bad[i], "1", &error));
    REFUSED(MR_INVALID_ARGUMENT, "tag key", mr_run_delete_tag(run, bad[i], &error));
  }
  static const char *const bad_values[] = {"\x01", "\x7f", "\xc2\x85", "\xc0\x80", "x\xe2\x82"};
  for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
    REFUSED(MR_INVALID_ARGUMENT, "param value", mr_run_log_param(run, "k", bad_values[i], &error));
    REFUSED(MR_INVALID_ARGUMENT, "tag value", mr_run_set_tag(run, "k", bad_values[i], &error));
  }
  REFUSED(MR_INVALID_ARGUMENT, "value", mr_run_log_param(run, "k", NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "key", mr_run_log_param(run, NULL, "v", &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_log_param(NULL, "k", "v", &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_set_tag(NULL, "k", "v", &error));
  REFUSED(MR_INVALID_ARGUMENT, "run", mr_run_delete_tag(NULL, "k", &error));
  key[250] = '\0';
  OK(mr_run_log_param(run, key, "1", &error));
  OK(mr_run_set_tag(run, key, "1", &error));
  params_is(run, key);
  tags_is(run, key);
  mr_run_free(run);
}

static void tags_change(void **state) {
  contract *c = *state;
  mr_run *run = contract_run(c, "x");
  mr_property_page *page = NULL;
  OK(mr_run_set_tag(run, "stage", "new", &error));
  OK(mr_run_set_tag(run, "stage", "old", &error));
  OK(mr_run_set_tag(run, "owner", "ann", &error));
  OK(mr_run_list_tags(run, NULL, &page, &error));
  assert_int_equal(mr_property_page_count(page), 2);
  assert_string_equal(value_of(page, "stage"), "old");
  OK(mr_run_delete_tag(run, "stage", &error));
  REFUSED(MR_NOT_FOUND, "stage", mr_run_delete_tag(run, "stage", &error));
  HAS(error.message, mr_run_info(run)->id);
  tags_is(run, "owner");
  assert_string_equal(value_of(page, "stage"), "old"); /* the page shows what it showed */
  mr_property_page_free(page);
  OK(mr_run_set_tag(run, "stage", "again", &error));
  tags_is(run, "owner stage");
  mr_run_free(run);
}

static void runs_do_not_mix(void **state) {
  contract *c = *state;
  mr_run *one = contract_run(c, "x");
  mr_run *two = contract_run(c, "x");
  OK(mr_run_log_param(one, "lr", "1", &error));
  OK(mr_run_log_param(two, "lr", "2", &error));
  OK(mr_run_set_tag(one, "t", "1", &error));
  params_is(one, "lr");
  params_is(two, "lr");
  tags_is(one, "t");
  tags_is(two, "");
  REFUSED(MR_NOT_FOUND, "'t'", mr_run_delete_tag(two, "t", &error));
  if (c->driver->survives_close) {
    char id[40];
    mr_run *again = NULL;
    mr_property_page *page = NULL;
    (void)snprintf(id, sizeof id, "%s", mr_run_info(two)->id);
    contract_reopen(c);
    OK(mr_registry_open_run(c->registry, id, &again, &error));
    OK(mr_run_list_params(again, NULL, &page, &error));
    assert_string_equal(value_of(page, "lr"), "2");
    mr_property_page_free(page);
    mr_run_free(again);
  }
  mr_run_free(one);
  mr_run_free(two);
}

int contract_property_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(params_never_change),
      TEST(batches_are_all_or_nothing),
      TEST(many_params),
      TEST(keys_are_in_byte_order),
      TEST(values_are_kept_exactly),
      TEST(text_is_checked),
      TEST(tags_change),
      TEST(runs_do_not_mix),
  };
  return GROUP("params and tags", tests);
}
