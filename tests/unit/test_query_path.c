/* SPDX-License-Identifier: Apache-2.0 */
#include "query_fixture.h"

typedef struct seen {
  int count;
  char text[512];
  mr_status answer;
} seen;

/* Joins the parts of each path with '|', its function before it and a ! behind the star. */
static mr_status note_path(void *ctx, const mri_query_path *path, mr_error *error) {
  seen *s = ctx;
  (void)error;
  s->count++;
  size_t size = strlen(s->text);
  static const char *const names[] = {"", "min:", "max:", "mean:", "first:", "last:", "count:"};
  size += (size_t)snprintf(s->text + size, sizeof s->text - size, "%s%s", size > 0 ? " " : "",
                           names[path->summary]);
  for (int i = 0; i < path->count; i++)
    size += (size_t)snprintf(s->text + size, sizeof s->text - size, "%s%s%s", i > 0 ? "|" : "",
                             path->parts[i], i == path->star ? "!" : "");
  return s->answer;
}

static void assert_paths(const char *text, const char *expected) {
  mri_query *query = parse_ok(text);
  seen s = {0};
  assert_int_equal(mri_query_paths(query, note_path, &s, NULL), MR_OK);
  assert_string_equal(s.text, expected);
  mri_query_free(query);
}

static const struct {
  const char *path;
  const char *parts;
} families[] = {
    {"metrics.eval.loss", "metrics|eval.loss"},
    {"metrics.`m 1`", "metrics|m 1"},
    {"metrics.metrics", "metrics|metrics"},
    {"metrics.null", "metrics|null"},
    {"metric.a", "metrics|a"},
    {"params.lr", "params|lr"},
    {"param.lr", "params|lr"},
    {"parameters.lr", "params|lr"},
    {"parameter.lr", "params|lr"},
    {"params.metrics.x", "params|metrics.x"},
    {"tags.mlflow.source.name", "tags|mlflow.source.name"},
    {"tag.\"team\"", "tags|team"},
    {"attributes.status", "attributes|status"},
    {"attribute.status", "attributes|status"},
    {"attr.status", "attributes|status"},
    {"run.status", "attributes|status"},
    {"attributes.created", "attributes|start_time"},
    {"attributes.`Run name`", "attributes|run_name"},
    {"attributes.\"Run ID\"", "attributes|run_id"},
    {"status", "attributes|status"},
    {"artifact_uri", "attributes|artifact_uri"},
    {"start_time", "attributes|start_time"},
    {"end_time", "attributes|end_time"},
    {"user_id", "attributes|actor"},
    {"attr.user_id", "attributes|actor"},
    {"run_name", "attributes|run_name"},
    {"run_id", "attributes|run_id"},
    {"`run_id`", "attributes|run_id"},
    {"`Run Name`", "attributes|run_name"},
    {"created", "attributes|start_time"},
    {"dataset.name", "dataset|name"},
    {"datasets.digest", "dataset|digest"},
    {"inputs.training.digest", "inputs|training|digest"},
    {"inputs.*.sample_count", "inputs|*!|sample_count"},
    {"artifacts.*.format", "artifacts|*!|format"},
    {"artifacts.\"*\".format", "artifacts|*|format"},
    {"artifacts.\"model.safetensors\".size", "artifacts|model.safetensors|size"},
    {"artifacts.weights/part-1.size", "artifacts|weights/part-1|size"},
    {"checks.bias_audit", "checks|bias_audit"},
    {"checks.bias.audit", "checks|bias.audit"},
    {"checks.*", "checks|*!"},
    {"evaluations.holdout.metrics.eval.auc", "evaluations|holdout|metrics|eval.auc"},
    {"evaluations.\"a.b\".metric.auc", "evaluations|a.b|metrics|auc"},
    {"evaluations.*.metrics.auc", "evaluations|*!|metrics|auc"},
    {"evaluations.h.artifacts.report.size", "evaluations|h|artifacts|report|size"},
    {"evaluations.h.checks.a.b", "evaluations|h|checks|a.b"},
    {"approvals.risk", "approvals|risk"},
    {"approvals.risk.eu", "approvals|risk.eu"},
    {"channel.staging.hours", "channel|staging|hours"},
    {"channel.pre-prod.hours", "channel|pre-prod|hours"},
    {"version.prerelease", "version|prerelease"},
    {"incumbent.metrics.accuracy", "incumbent|metrics|accuracy"},
    {"incumbent.version.number", "incumbent|version|number"},
    {"incumbent.attribute.status", "incumbent|attributes|status"},
    {"incumbent.artifacts.*.format", "incumbent|artifacts|*!|format"},
    {"incumbent.inputs.training.digest", "incumbent|inputs|training|digest"},
    {"incumbent.dataset.digest", "incumbent|dataset|digest"},
    {"min(metrics.loss)", "min:metrics|loss"},
    {"MAX( metric.loss )", "max:metrics|loss"},
    {"Mean(incumbent.metrics.a)", "mean:incumbent|metrics|a"},
    {"first(evaluations.h.metrics.a)", "first:evaluations|h|metrics|a"},
    {"last (metrics.*)", "last:metrics|*!"},
    {"count(metrics.a.b)", "count:metrics|a.b"},
};

static void test_families(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
    char text[128];
    (void)snprintf(text, sizeof text, "%s > 1", families[i].path);
    assert_paths(text, families[i].parts);
    /* On the right as on the left. */
    (void)snprintf(text, sizeof text, "1<%s", families[i].path);
    assert_paths(text, families[i].parts);
    (void)snprintf(text, sizeof text, "%s IS NULL", families[i].path);
    assert_paths(text, families[i].parts);
  }
  assert_paths("incumbent IS NULL", "incumbent");
  assert_paths("incumbent is not null", "incumbent");
}

static void test_paths_in_order(void **state) {
  (void)state;
  const char *text = "NOT (metrics.a + abs(params.b) > -tags.c) AND status IN ('x') OR "
                     "tags.c LIKE 'y' OR artifacts.*.size < 3";
  assert_paths(text, "metrics|a params|b tags|c attributes|status tags|c artifacts|*!|size");
  mri_query *query = parse_ok(text);
  seen s = {.answer = MR_NOT_SUPPORTED};
  assert_int_equal(mri_query_paths(query, note_path, &s, NULL), MR_NOT_SUPPORTED);
  assert_int_equal(s.count, 1);
  mri_query_free(query);
  assert_paths("1 = 1", "");
}

static void test_wrong_paths(void **state) {
  (void)state;
  assert_refused("metrics > 1", "expected metrics.NAME at 8: metrics^ > 1");
  assert_refused("metrics. > 1",
                 "expected a name behind the dot (quote one that is not plain) at 9: "
                 "metrics.^ > 1");
  assert_refused("artifacts.model > 1",
                 "expected artifacts.NAME.FIELD at 16: artifacts.model^ > 1");
  assert_refused("artifacts.a.b.size > 1",
                 "expected artifacts.NAME.FIELD (quote a name that has dots) at 13: "
                 "artifacts.a.^b.size > 1");
  assert_refused("version.* > 1", "version.FIELD takes no * here at 9: version.^* > 1");
  assert_refused("artifacts.a.* > 1",
                 "artifacts.NAME.FIELD takes no * here at 13: artifacts.a.^* > 1");
  assert_refused("evaluations.*.metrics.* > 1",
                 "a path takes one * only at 23: evaluations.*.metrics.^* > 1");
  assert_refused(
      "evaluations.h.auc > 1",
      "evaluations has no 'auc' (metrics, params, tags, artifacts ...; quote a name that "
      "has dots) at 15: evaluations.h.^auc > 1");
  assert_refused(
      "incumbent.checks.a = 'passed'",
      "incumbent has no 'checks' (metrics, params, tags, artifacts ...; quote a name that "
      "has dots) at 11: incumbent.^checks.a = 'passed'");
  assert_refused("Metrics.a > 1",
                 "unknown family 'Metrics' (metrics, params, tags, attributes, dataset, inputs, "
                 "artifacts, checks, evaluations, approvals, channel, version, incumbent) at 1: "
                 "^Metrics.a > 1");
  assert_refused("accuracy > 1",
                 "unknown name 'accuracy' (quote a text; metrics, params and the like "
                 "are written metrics.NAME) at 1: ^accuracy > 1");
  assert_refused("`a b` > 1", "unknown name 'a b' (quote a text; metrics, params and the like are "
                              "written metrics.NAME) at 1: ^`a b` > 1");
  assert_refused("metrics.\"a\".b > 1", "unexpected character at 12: metrics.\"a\"^.b > 1");
  assert_refused("metrics .a > 1", "expected metrics.NAME at 8: metrics^ .a > 1");
}

static void test_quoting_only_where_needed(void **state) {
  (void)state;
  assert_canonical("metrics.\"plain\" > 1", "metrics.plain > 1");
  assert_canonical("metrics.`a.b/c-d` > 1", "metrics.a.b/c-d > 1");
  assert_canonical("metrics.`a b` > 1", "metrics.\"a b\" > 1");
  assert_canonical("metrics.`a\"b` > 1", "metrics.\"a\"\"b\" > 1");
  assert_canonical("metrics.\"*\" > 1", "metrics.\"*\" > 1");
  assert_canonical("metrics.* > 1", "metrics.* > 1");
  assert_canonical("artifacts.`a`.size > 1", "artifacts.a.size > 1");
  assert_canonical("artifacts.`a.b`.size > 1", "artifacts.\"a.b\".size > 1");
  assert_canonical("evaluations.`a.b`.metrics.c.d > 1", "evaluations.\"a.b\".metrics.c.d > 1");
  assert_canonical("MIN(metric.\"x\") > 1", "min(metrics.x) > 1");
  assert_canonical("`Run name` = 'x'", "attributes.run_name = 'x'");
}

static void test_equal_paths(void **state) {
  (void)state;
  mri_query_path a = {MRI_SUMMARY_NONE, 2, {"metrics", "x"}, -1, false, NULL};
  mri_query_path b = a;
  assert_true(mri_path_equal(&a, &b));
  b.parts[1] = "y";
  assert_false(mri_path_equal(&a, &b));
  b = a;
  b.summary = MRI_SUMMARY_MIN;
  assert_false(mri_path_equal(&a, &b));
  b = a;
  b.count = 1;
  assert_false(mri_path_equal(&a, &b));
  a.parts[1] = b.parts[1] = "*";
  b = a;
  b.star = 1;
  assert_false(mri_path_equal(&a, &b));
  a = (mri_query_path){MRI_SUMMARY_NONE, 2, {"dataset", "name"}, -1, true, "0"};
  b = a;
  assert_true(mri_path_equal(&a, &b));
  b.which = "1";
  assert_false(mri_path_equal(&a, &b));
  b.which = NULL;
  assert_false(mri_path_equal(&a, &b));
  assert_false(mri_path_equal(&b, &a));
  b.some = false;
  a.which = NULL;
  assert_false(mri_path_equal(&a, &b));
}

static void test_datasets_of_the_same_run(void **state) {
  (void)state;
  mri_query_path a = {MRI_SUMMARY_NONE, 2, {"dataset", "name"}, -1, true, NULL};
  mri_query_path b = {MRI_SUMMARY_NONE, 2, {"dataset", "digest"}, -1, true, NULL};
  assert_true(mri_path_same_some(&a, &b));
  b = (mri_query_path){MRI_SUMMARY_NONE, 3, {"incumbent", "dataset", "name"}, -1, true, NULL};
  assert_false(mri_path_same_some(&a, &b));
  a = (mri_query_path){MRI_SUMMARY_NONE, 4, {"evaluations", "*", "dataset", "name"}, 1, true, NULL};
  b = a;
  assert_true(mri_path_same_some(&a, &b));
  b.star = -1; /* an evaluation of the name * */
  assert_false(mri_path_same_some(&a, &b));
  b.parts[1] = "h";
  assert_false(mri_path_same_some(&a, &b));
}

/* "Not every one" is seen wherever it is said, "none" said right is not, nor are datasets. */
static void test_negated_stars(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool negates;
  } table[] = {
      {"NOT artifacts.*.size > 1", true},
      {"NOT (1 = 1 AND (2 = 2 OR checks.* = 'passed'))", true},
      {"1 = 1 OR NOT NOT checks.* = 'passed'", true},
      {"NOT abs(-metrics.* + 1) > 2", true},
      {"NOT artifacts.*.format IN ('a')", true},
      {"NOT artifacts.*.format IS NULL", true},
      {"artifacts.*.format NOT IN ('a')", false},
      {"artifacts.*.format NOT LIKE 'a'", false},
      {"artifacts.*.format IS NOT NULL", false},
      {"artifacts.*.size > 1 AND NOT metrics.a > 1", false},
      {"NOT metrics.\"*\" > 1", false},
      {"NOT dataset.name = 'x'", false},
      {"NOT evaluations.*.dataset.name = 'x'", true},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    mri_query *query = parse_ok(table[i].text);
    if (mri_query_negates_star(query) != table[i].negates) print_error("%s\n", table[i].text);
    assert_int_equal(mri_query_negates_star(query), table[i].negates);
    mri_query_free(query);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_families),      cmocka_unit_test(test_paths_in_order),
      cmocka_unit_test(test_wrong_paths),   cmocka_unit_test(test_quoting_only_where_needed),
      cmocka_unit_test(test_equal_paths),   cmocka_unit_test(test_datasets_of_the_same_run),
      cmocka_unit_test(test_negated_stars),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
