/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <pthread.h>
#include <stdlib.h>

static void creates_and_opens(void **state) {
  contract *c = *state;
  mr_model_options o = MR_MODEL_OPTIONS_INIT;
  mr_model *made = NULL;
  mr_model *opened = NULL;
  int64_t before = contract_clock(NULL);
  o.description = "Digits,\nwritten by hand";
  OK(mr_registry_create_model(c->registry, "digits", &o, &made, &error));
  OK(mr_registry_open_model(c->registry, "digits", &opened, &error));
  mr_model *const both[] = {made, opened};
  for (size_t i = 0; i < 2; i++) {
    const mr_model_record *info = mr_model_info(both[i]);
    assert_true(info->struct_size >= sizeof *info);
    assert_string_equal(info->name, "digits");
    assert_string_equal(info->description, o.description);
    assert_string_equal(info->actor, "tester");
    assert_string_equal(info->id, mr_model_info(made)->id);
    assert_int_equal(strlen(info->id), 36);
    assert_in_range((uintmax_t)info->created_us, (uintmax_t)before,
                    (uintmax_t)contract_clock(NULL));
  }
  OK(mr_registry_create_model(c->registry, "plain", NULL, NULL, &error));
  mr_model_free(opened);
  OK(mr_registry_open_model(c->registry, "plain", &opened, &error));
  assert_null(mr_model_info(opened)->description);
  mr_model_free(opened);
  mr_model_free(made);
  mr_model_free(NULL);
  assert_null(mr_model_info(NULL));
}

static void refuses(void **state) {
  contract *c = *state;
  mr_model *model = NULL;
  mr_model_options o = MR_MODEL_OPTIONS_INIT;
  char name[260];
  memset(name, 'm', sizeof name);
  name[251] = '\0';
  mr_model_free(contract_model(c, "taken"));
  REFUSED(MR_ALREADY_EXISTS, "taken",
          mr_registry_create_model(c->registry, "taken", NULL, &model, &error));
  REFUSED(MR_INVALID_ARGUMENT, "a@b|@",
          mr_registry_create_model(c->registry, "a@b", NULL, &model, &error));
  REFUSED(MR_INVALID_ARGUMENT, "a@b", mr_registry_open_model(c->registry, "a@b", &model, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model name",
          mr_registry_create_model(c->registry, "", NULL, &model, &error));
  REFUSED(MR_INVALID_ARGUMENT, "model name",
          mr_registry_create_model(c->registry, "a\x01", NULL, &model, &error));
  REFUSED(MR_LIMIT, "model name",
          mr_registry_create_model(c->registry, name, NULL, &model, &error));
  REFUSED(MR_NOT_FOUND, "nobody", mr_registry_open_model(c->registry, "nobody", &model, &error));
  o.description = "\xff";
  REFUSED(MR_INVALID_ARGUMENT, "description",
          mr_registry_create_model(c->registry, "x", &o, &model, &error));
  char *text = malloc(65538);
  assert_non_null(text);
  memset(text, 'd', 65537);
  text[65537] = '\0';
  o.description = text;
  REFUSED(MR_LIMIT, "description", mr_registry_create_model(c->registry, "x", &o, &model, &error));
  text[65536] = '\0';
  OK(mr_registry_create_model(c->registry, "long", &o, &model, &error));
  assert_string_equal(mr_model_info(model)->description, text);
  mr_model_free(model);
  free(text);
  model = NULL;
  o.struct_size = 3;
  REFUSED(MR_ABI_MISMATCH, "mr_model_options",
          mr_registry_create_model(c->registry, "y", &o, &model, &error));
  REFUSED(MR_INVALID_ARGUMENT, "NULL", mr_registry_open_model(c->registry, NULL, &model, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_model", mr_registry_open_model(c->registry, "x", NULL, &error));
  assert_null(model);
  name[250] = '\0';
  OK(mr_registry_create_model(c->registry, name, NULL, &model, &error));
  assert_string_equal(mr_model_info(model)->name, name);
  mr_model_free(model);
}

static void lists_by_name(void **state) {
  contract *c = *state;
  static listing list;
  mr_list_options options = MR_LIST_OPTIONS_INIT;
  LIST_ALL_WAYS(mr_model, options, mr_registry_list_models(c->registry, &options, &part, &error),
                name, &list, "");
  static const char *const names[] = {"fraud", "digits", "Zoo", "größe", "digits-2", "漢字", "a/b"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    mr_model_free(contract_model(c, names[i]));
  }
  LIST_ALL_WAYS(mr_model, options, mr_registry_list_models(c->registry, &options, &part, &error),
                name, &list, "Zoo a/b digits digits-2 fraud größe 漢字");
  if (!c->driver->survives_close) return;
  contract_reopen(c);
  LIST_ALL_WAYS(mr_model, options, mr_registry_list_models(c->registry, &options, &part, &error),
                name, &list, "Zoo a/b digits digits-2 fraud größe 漢字");
}

enum { RACERS = 4 };

typedef struct racer {
  mr_registry *registry;
  int made;
  int taken;
  int names;
} racer;

static void *race(void *argument) {
  racer *r = argument;
  for (int i = 0; i < r->names; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "model-%d", i);
    mr_status status = mr_registry_create_model(r->registry, name, NULL, NULL, NULL);
    r->made += status == MR_OK;
    r->taken += status == MR_ALREADY_EXISTS;
  }
  return NULL;
}

/* Only one of those who create the same model at once does. */
static void one_creator_wins(void **state) {
  contract *c = *state;
  racer racers[RACERS];
  pthread_t threads[RACERS];
  int names = (int)contract_scale(100, 10);
  int made = 0;
  int taken = 0;
  for (int i = 0; i < RACERS; i++) {
    racers[i] = (racer){c->driver->shared && i > 1 ? contract_second(c) : c->registry, 0, 0, names};
    assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
  }
  for (int i = 0; i < RACERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    made += racers[i].made;
    taken += racers[i].taken;
    if (racers[i].registry != c->registry) mr_registry_close(racers[i].registry);
  }
  assert_int_equal(made, names);
  assert_int_equal(taken, (RACERS - 1) * names);
}

int contract_model_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(creates_and_opens),
      TEST(refuses),
      TEST(lists_by_name),
      TEST(one_creator_wins),
  };
  return GROUP("models", tests);
}
