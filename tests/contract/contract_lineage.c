/* SPDX-License-Identifier: Apache-2.0 */
/* What a thing was made of, and what was made of it. */
#include "lineage_steps.h"

#define UNKNOWN_ID "01234567-89ab-7def-8123-456789abcdef"

/* Names of nodes as the tests spell them. */
#define LABELS 24
typedef struct labels {
  size_t count;
  char names[LABELS][300];
  char texts[LABELS][16];
} labels;

static void label(labels *all, const char *name, const char *text) {
  assert_true(all->count < LABELS);
  (void)snprintf(all->names[all->count], sizeof all->names[0], "%s", name);
  (void)snprintf(all->texts[all->count++], sizeof all->texts[0], "%s", text);
}

static const char *text_of(const labels *all, mr_lineage_kind kind, const char *name) {
  for (size_t i = 0; i < all->count; i++) {
    if (strcmp(all->names[i], name) == 0) return all->texts[i];
  }
  print_error("no label for the node %s of kind %d\n", name, (int)kind);
  return name;
}

/* The edges as "DISTANCE:SOURCE>TARGET:ROLE" with a blank between, in this order. */
static void edges_are(const contract *c, const labels *all, const mr_lineage_options *options,
                      int64_t nodes, const char *texts, const char *file, int line) {
  static listing list;
  mr_lineage *lineage = walk(c, options);
  list.count = 0;
  for (int64_t i = 0; i < mr_lineage_count(lineage); i++) {
    char text[700];
    const mr_lineage_edge_record *edge = mr_lineage_at(lineage, i);
    assert_true(edge->struct_size >= sizeof *edge);
    (void)snprintf(text, sizeof text, "%d:%s>%s:%s", (int)edge->distance,
                   text_of(all, edge->source_kind, edge->source),
                   text_of(all, edge->target_kind, edge->target), edge->role);
    contract_list_add(&list, text);
  }
  contract_list_is(&list, texts, file, line);
  if (mr_lineage_info(lineage)->node_count != nodes || mr_lineage_info(lineage)->truncated) {
    print_error("%s:%d: %d nodes, truncated %d\n", file, line,
                (int)mr_lineage_info(lineage)->node_count,
                (int)mr_lineage_info(lineage)->truncated);
    _fail(file, line);
  }
  mr_lineage_free(lineage);
}

/* The walk from `options` the way of `direction` gives these edges among so many nodes. */
#define EDGES(way, nodes, texts)                                                                   \
  do {                                                                                             \
    options.direction = MR_LINEAGE_DIRECTION_##way;                                                \
    edges_are(c, &all, &options, nodes, texts, __FILE__, __LINE__);                                \
  } while (0)

static mr_lineage_options from_dataset(const char *digest) {
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  options.dataset_digest = digest;
  return options;
}

static mr_lineage_options from_version(const char *version) {
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  options.version = version;
  return options;
}

static mr_lineage_options from_channel(const char *channel) {
  mr_lineage_options options = MR_LINEAGE_OPTIONS_INIT;
  options.channel = channel;
  return options;
}

static void use_dataset(mr_run *run, const char *role, const mr_dataset *used) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.dataset_run_id = mr_dataset_info(used)->run_id;
  OK(mr_run_log_input(run, &input, &error));
}

static void use_version(mr_run *run, const char *role, const char *version) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = role;
  input.version = version;
  OK(mr_run_log_input(run, &input, &error));
}

/* A dataset of one file; the name of the file tells one from another. */
static mr_dataset *record(const contract *c, const char *path) {
  mr_experiment *experiment = contract_experiment(c, "data");
  mr_manifest *manifest = NULL;
  mr_dataset *dataset = NULL;
  OK(mr_manifest_new(&manifest, &error));
  OK(mr_manifest_add_entry(manifest, path, 3, SOME_DIGEST, &error));
  OK(mr_experiment_log_dataset(experiment, "digits", manifest, NULL, &dataset, &error));
  mr_manifest_free(manifest);
  mr_experiment_free(experiment);
  return dataset;
}

static void label_runs(labels *all, mr_run *const *runs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char text[2] = {(char)('A' + (int)i), '\0'};
    label(all, id_of(runs[i]), text);
  }
}

/* D was made of B and C, both of A. */
static void a_diamond(void **state) {
  contract *c = *state;
  static labels all;
  mr_run *runs[4];
  all.count = 0;
  start_runs(c, runs, 4);
  label_runs(&all, runs, 4);
  use_run(runs[3], "right", runs[2]);
  use_run(runs[3], "left", runs[1]);
  use_run(runs[2], "base", runs[0]);
  use_run(runs[1], "base", runs[0]);
  mr_lineage_options options = from_run(id_of(runs[3]));
  EDGES(UPSTREAM, 4, "-1:B>D:left -1:C>D:right -2:A>B:base -2:A>C:base");
  EDGES(DOWNSTREAM, 1, "");
  EDGES(BOTH, 4, "-1:B>D:left -1:C>D:right -2:A>B:base -2:A>C:base");
  options = from_run(id_of(runs[0]));
  EDGES(UPSTREAM, 1, "");
  EDGES(DOWNSTREAM, 4, "1:A>B:base 1:A>C:base 2:B>D:left 2:C>D:right");
  options = from_run(id_of(runs[1]));
  EDGES(UPSTREAM, 2, "-1:A>B:base");
  EDGES(DOWNSTREAM, 2, "1:B>D:left");
  /* Not what else was made of A: that is neither up nor down from here. */
  EDGES(BOTH, 3, "-1:A>B:base 1:B>D:left");
  free_runs(runs, 4);
}

/* Two roles between the same two are two edges; the same input again is the same edge. */
static void several_edges_between_two(void **state) {
  contract *c = *state;
  static labels all;
  mr_run *runs[2];
  all.count = 0;
  start_runs(c, runs, 2);
  label_runs(&all, runs, 2);
  use_run(runs[1], "teacher", runs[0]);
  use_run(runs[1], "base", runs[0]);
  use_run(runs[1], "base", runs[0]);
  mr_lineage_options options = from_run(id_of(runs[1]));
  EDGES(UPSTREAM, 2, "-1:A>B:base -1:A>B:teacher");
  options = from_run(id_of(runs[0]));
  EDGES(DOWNSTREAM, 2, "1:A>B:base 1:A>B:teacher");
  free_runs(runs, 2);
}

/* Runs that are inputs of each other: the walk ends, each edge is there once at its least distance. */
static void cycles_end(void **state) {
  contract *c = *state;
  static labels all;
  mr_run *runs[4];
  all.count = 0;
  start_runs(c, runs, 4);
  label_runs(&all, runs, 4);
  use_run(runs[0], "r", runs[1]);
  use_run(runs[1], "r", runs[0]);
  mr_lineage_options options = from_run(id_of(runs[0]));
  EDGES(UPSTREAM, 2, "-1:B>A:r -2:A>B:r");
  EDGES(DOWNSTREAM, 2, "1:A>B:r 2:B>A:r");
  EDGES(BOTH, 2, "-1:B>A:r 1:A>B:r");
  options.depth = 2;
  EDGES(UPSTREAM, 2, "-1:B>A:r -2:A>B:r");
  options.depth = 0;
  /* A > B > C > A, and D after C: down from A there is D, behind edges that are upstream, too. */
  use_run(runs[2], "s", runs[1]);
  use_run(runs[0], "s", runs[2]);
  use_run(runs[3], "s", runs[2]);
  EDGES(BOTH, 4, "-1:B>A:r -1:C>A:s 1:A>B:r -2:B>C:s 3:C>D:s");
  free_runs(runs, 4);
}

/* A dataset that was recorded twice is one node; inputs name it by a run or by its digest. */
static void datasets(void **state) {
  contract *c = *state;
  static labels all;
  mr_run *runs[3];
  all.count = 0;
  mr_dataset *first = record(c, "a.csv");
  mr_dataset *second = record(c, "a.csv");
  const char *digest = mr_dataset_info(first)->digest;
  start_runs(c, runs, 3);
  label_runs(&all, runs, 3);
  label(&all, digest, "data");
  label(&all, mr_dataset_info(first)->run_id, "S1");
  label(&all, mr_dataset_info(second)->run_id, "S2");
  use_dataset(runs[0], "training", first);
  use_dataset(runs[0], "training", second);
  use_digest(runs[0], "training", digest);
  use_digest(runs[1], "test", digest);
  use_dataset(runs[2], "test", second);
  mr_lineage_options options = from_run(id_of(runs[0]));
  EDGES(UPSTREAM, 4, "-1:data>A:training -2:S1>data:snapshot -2:S2>data:snapshot");
  options = from_dataset(digest);
  EDGES(UPSTREAM, 3, "-1:S1>data:snapshot -1:S2>data:snapshot");
  EDGES(DOWNSTREAM, 4, "1:data>A:training 1:data>B:test 1:data>C:test");
  EDGES(BOTH, 6,
        "-1:S1>data:snapshot -1:S2>data:snapshot 1:data>A:training 1:data>B:test 1:data>C:test");
  options = from_run(mr_dataset_info(second)->run_id);
  EDGES(UPSTREAM, 1, "");
  EDGES(DOWNSTREAM, 5, "1:S2>data:snapshot 2:data>A:training 2:data>B:test 2:data>C:test");
  free_runs(runs, 3);
  mr_dataset_free(first);
  mr_dataset_free(second);
}

/* Digests need not be of anything that is recorded here, and may be written in capitals. */
static void unknown_digests(void **state) {
  contract *c = *state;
  static labels all;
  static const char upper[] = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
  mr_run *run = NULL;
  mr_lineage_options options = from_dataset(upper);
  all.count = 0;
  EDGES(BOTH, 1, "");
  mr_lineage *lineage = walk(c, &options);
  assert_int_equal(mr_lineage_info(lineage)->start_kind, MR_LINEAGE_KIND_DATASET);
  assert_string_equal(mr_lineage_info(lineage)->start, SOME_DIGEST);
  mr_lineage_free(lineage);
  run = contract_run(c, "x");
  label(&all, id_of(run), "A");
  label(&all, SOME_DIGEST, "data");
  use_digest(run, "training", SOME_DIGEST);
  EDGES(BOTH, 2, "1:data>A:training");
  mr_run_free(run);
}

/* A base is trained on data and promoted; it is fine-tuned, evaluated, promoted and released. */
typedef struct story {
  mr_dataset *data;
  mr_run *base;
  mr_run *tuned;
  mr_run *judged;
  mr_model *base_model;
  mr_model *model;
  mr_version *base_version;
  mr_version *version;
  char base_text[300];
  char text[300];
} story;

static mr_version *promote(mr_model *model, mr_run *run, char text[300]) {
  contract_finish(run);
  mr_version *version = contract_promote(model, run, NULL);
  (void)snprintf(text, 300, "%s@%s", mr_version_info(version)->model,
                 mr_version_info(version)->number);
  return version;
}

static void tell(const contract *c, story *s, labels *all) {
  s->data = record(c, "a.csv");
  s->base = contract_trained(c, 0.9);
  s->tuned = contract_trained(c, 0.95);
  s->judged = contract_run(c, "x");
  s->base_model = contract_model(c, "base");
  s->model = contract_model(c, "digits");
  use_dataset(s->base, "training", s->data);
  s->base_version = promote(s->base_model, s->base, s->base_text);
  use_version(s->tuned, "base", "base@1.0.0");
  s->version = promote(s->model, s->tuned, s->text);
  use_version(s->judged, "candidate", s->text);
  OK(mr_model_create_channel(s->model, "production", &error));
  OK(mr_model_create_channel(s->model, "staging", &error));
  contract_move(s->model, "production", "1.0.0", "none");
  contract_move(s->model, "staging", "1.0.0", "none");
  all->count = 0;
  label(all, mr_dataset_info(s->data)->digest, "data");
  label(all, mr_dataset_info(s->data)->run_id, "S");
  label(all, id_of(s->base), "BASE");
  label(all, id_of(s->tuned), "TUNED");
  label(all, id_of(s->judged), "JUDGED");
  label(all, s->base_text, "base@1");
  label(all, s->text, "digits@1");
  label(all, "digits@production", "production");
  label(all, "digits@staging", "staging");
}

static void end_story(story *s) {
  mr_version_free(s->base_version);
  mr_version_free(s->version);
  mr_model_free(s->base_model);
  mr_model_free(s->model);
  mr_run_free(s->base);
  mr_run_free(s->tuned);
  mr_run_free(s->judged);
  mr_dataset_free(s->data);
}

#define DOWN_TO_CHANNELS                                                                           \
  "1:BASE>base@1:promotion 2:base@1>TUNED:base 3:TUNED>digits@1:promotion "                        \
  "4:digits@1>JUDGED:candidate 4:digits@1>production:held 4:digits@1>staging:held"

static void from_data_to_channel(void **state) {
  contract *c = *state;
  static labels all;
  story s;
  tell(c, &s, &all);
  mr_lineage_options options = from_run(id_of(s.base));
  EDGES(DOWNSTREAM, 7, DOWN_TO_CHANNELS);
  EDGES(UPSTREAM, 3, "-1:data>BASE:training -2:S>data:snapshot");
  options = from_channel("digits@production");
  EDGES(DOWNSTREAM, 1, "");
  EDGES(UPSTREAM, 7,
        "-1:digits@1>production:held -2:TUNED>digits@1:promotion -3:base@1>TUNED:base "
        "-4:BASE>base@1:promotion -5:data>BASE:training -6:S>data:snapshot");
  options = from_version("digits@1.0.0");
  EDGES(DOWNSTREAM, 4,
        "1:digits@1>JUDGED:candidate 1:digits@1>production:held 1:digits@1>staging:held");
  EDGES(UPSTREAM, 6,
        "-1:TUNED>digits@1:promotion -2:base@1>TUNED:base -3:BASE>base@1:promotion "
        "-4:data>BASE:training -5:S>data:snapshot");
  mr_lineage *lineage = walk(c, &options);
  assert_int_equal(mr_lineage_info(lineage)->start_kind, MR_LINEAGE_KIND_VERSION);
  assert_string_equal(mr_lineage_info(lineage)->start, s.text);
  const mr_lineage_edge_record *edge = mr_lineage_at(lineage, 0);
  assert_int_equal(edge->source_kind, MR_LINEAGE_KIND_RUN);
  assert_int_equal(edge->target_kind, MR_LINEAGE_KIND_VERSION);
  mr_lineage_free(lineage);
  options = from_version(s.text);
  options.direction = MR_LINEAGE_DIRECTION_BOTH;
  lineage = walk(c, &options);
  assert_int_equal(mr_lineage_count(lineage), 8);
  mr_lineage_free(lineage);
  /* A channel holds one version, and no more the one that it held before. */
  mr_version *next = contract_version(c, s.model, "2.0.0");
  contract_move(s.model, "production", "2.0.0", "1.0.0");
  options = from_version("digits@1.0.0");
  EDGES(DOWNSTREAM, 3, "1:digits@1>JUDGED:candidate 1:digits@1>staging:held");
  mr_version_free(next);
  end_story(&s);
}

/* A version that was deleted is in no lineage; one that something was made of cannot be deleted. */
static void deleted_versions(void **state) {
  contract *c = *state;
  static labels all;
  story s;
  mr_lineage *lineage = NULL;
  tell(c, &s, &all);
  mr_version *other = contract_version(c, s.base_model, "2.0.0");
  char other_run[40];
  (void)snprintf(other_run, sizeof other_run, "%s", mr_version_info(other)->run_id);
  mr_lineage_options options = from_run(other_run);
  label(&all, other_run, "OTHER");
  char other_text[300];
  (void)snprintf(other_text, sizeof other_text, "base@%s", mr_version_info(other)->number);
  label(&all, other_text, "base@2");
  EDGES(BOTH, 2, "1:OTHER>base@2:promotion");
  OK(mr_version_delete(other, "never used", &error));
  EDGES(BOTH, 1, "");
  options = from_version("base@2.0.0");
  REFUSED(MR_NOT_FOUND, "base|2.0.0", mr_registry_lineage(c->registry, &options, &lineage, &error));
  assert_null(lineage);
  REFUSED(MR_IN_USE, "base@1.0.0", mr_version_delete(s.base_version, "wrong labels", &error));
  options = from_run(id_of(s.base));
  EDGES(DOWNSTREAM, 7, DOWN_TO_CHANNELS);
  mr_version_free(other);
  end_story(&s);
}

static void refuses_what_is_wrong(void **state) {
  contract *c = *state;
  mr_lineage *lineage = NULL;
  mr_lineage_options o = MR_LINEAGE_OPTIONS_INIT;
  mr_model *model = contract_model(c, "digits");
  mr_version *version = contract_version(c, model, "1.0.0");
#define BAD(status, words)                                                                         \
  REFUSED(status, words, mr_registry_lineage(c->registry, &o, &lineage, &error));                  \
  assert_null(lineage)
  BAD(MR_INVALID_ARGUMENT, "exactly one");
  o.run_id = UNKNOWN_ID;
  o.channel = "digits@production";
  BAD(MR_INVALID_ARGUMENT, "exactly one");
  o.channel = NULL;
  BAD(MR_NOT_FOUND, UNKNOWN_ID);
  o.run_id = "nonsense";
  BAD(MR_INVALID_ARGUMENT, "run_id");
  o.run_id = NULL;
  o.dataset_digest = "0011";
  BAD(MR_INVALID_ARGUMENT, "dataset_digest");
  o.dataset_digest = NULL;
  static const char *const versions[] = {
      "digits",     "digits@latest", "digits@production", "digits@^1.0.0",
      "digits@1.0", "@1.0.0",        "digits@1.0.0 ",     "",
      "digits@\xff"};
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    o.version = versions[i];
    BAD(MR_INVALID_ARGUMENT, "version");
  }
  o.version = "nobody@1.0.0";
  BAD(MR_NOT_FOUND, "nobody");
  o.version = "digits@1.0.1";
  BAD(MR_NOT_FOUND, "digits|1.0.1");
  o.version = "digits@1.0.0+other";
  BAD(MR_NOT_FOUND, "digits|1.0.0+other");
  o.version = NULL;
  static const char *const channels[] = {"digits", "digits@1.0.0", "digits@latest", "@production",
                                         "digits@"};
  for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
    o.channel = channels[i];
    BAD(MR_INVALID_ARGUMENT, "channel");
  }
  o.channel = "nobody@production";
  BAD(MR_NOT_FOUND, "nobody");
  o.channel = "digits@production";
  BAD(MR_NOT_FOUND, "digits|production");
  o.channel = NULL;
  o.dataset_digest = SOME_DIGEST;
  static const int64_t depths[] = {-1, MR_LINEAGE_MAX_DEPTH + 1, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
    o.depth = depths[i];
    BAD(MR_INVALID_ARGUMENT, "depth");
  }
  o.depth = 0;
  static const int64_t limits[] = {-1, MR_LIST_MAX_LIMIT + 1, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    o.limit = limits[i];
    BAD(MR_INVALID_ARGUMENT, "limit");
  }
  o.limit = 0;
  static const mr_lineage_direction directions[] = {-1, 3, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++) {
    o.direction = directions[i];
    BAD(MR_INVALID_ARGUMENT, "direction");
  }
  o.direction = 0;
  mr_cancel *cancel = NULL;
  OK(mr_cancel_new(&cancel, &error));
  mr_cancel_trigger(cancel);
  o.cancel = cancel;
  BAD(MR_CANCELLED, "");
  mr_cancel_free(cancel);
#undef BAD
  assert_null(mr_lineage_info(NULL));
  assert_null(mr_lineage_at(NULL, 0));
  assert_int_equal(mr_lineage_count(NULL), 0);
  mr_lineage_free(NULL);
  mr_version_free(version);
  mr_model_free(model);
}

/* A channel that holds nothing is a start without edges. */
static void empty_channel(void **state) {
  contract *c = *state;
  static labels all;
  mr_model *model = contract_model(c, "digits");
  OK(mr_model_create_channel(model, "production", &error));
  mr_lineage_options options = from_channel("digits@production");
  all.count = 0;
  EDGES(BOTH, 1, "");
  mr_model_free(model);
}

/* A lineage is a picture of its moment, and outlives the registry's handle. */
static void outlives_the_registry(void **state) {
  contract *c = *state;
  static labels all;
  mr_run *runs[2];
  all.count = 0;
  start_runs(c, runs, 2);
  label_runs(&all, runs, 2);
  use_run(runs[1], "base", runs[0]);
  mr_lineage_options options = from_run(all.names[1]);
  mr_lineage *lineage = walk(c, &options);
  use_run(runs[1], "late", runs[0]);
  free_runs(runs, 2);
  if (c->driver->survives_close) {
    contract_reopen(c);
    EDGES(UPSTREAM, 2, "-1:A>B:base -1:A>B:late");
  } else {
    mr_registry_close(c->registry);
    c->registry = NULL;
  }
  assert_int_equal(mr_lineage_count(lineage), 1);
  assert_string_equal(mr_lineage_at(lineage, 0)->source, all.names[0]);
  assert_string_equal(mr_lineage_info(lineage)->start, all.names[1]);
  mr_lineage_free(lineage);
}

int contract_lineage_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_diamond),        TEST(several_edges_between_two),
      TEST(cycles_end),       TEST(datasets),
      TEST(unknown_digests),  TEST(from_data_to_channel),
      TEST(deleted_versions), TEST(refuses_what_is_wrong),
      TEST(empty_channel),    TEST(outlives_the_registry),
  };
  return GROUP("lineage", tests);
}
