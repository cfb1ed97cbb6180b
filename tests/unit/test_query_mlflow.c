/* SPDX-License-Identifier: Apache-2.0 */
/* Every form of filter that MLflow's search_runs documents, with its meaning there: it finds a run
 * where the filter is true here.
 *
 * What is different: MLflow compares a NaN metric as a number in one of its stores (as 0) and
 * differently in another; here it is unknown, so that no filter finds it. ILIKE takes letters
 * beyond ASCII of either case for the same in some of its stores, here in none. Beyond MLflow there
 * are OR, NOT, parentheses, arithmetic, IN for everything, < and > for texts (by their bytes), and
 * a bare number is compared with params and tags too, as a number. */
#include "query_fixture.h"

static const char *const datasets[] = {"0", "1", NULL};

/* A run with two datasets, as its store shows it. */
static const fact finished[] = {
    NUMBER("metrics.auc", 0.94),
    NUMBER("metrics.err", 0.04),
    NUMBER("metrics.\"r2 score\"", 0.6),
    NUMBER("metrics.\"2021-05-06 drift\"", 0.2),
    NUMBER("metrics.model.acc", 0.75),
    NUMBER("metrics.cross-entropy", -1.5),
    NUMBER("metrics.val/loss", 1e-7),
    NUMBER("metrics.nan", (double)NAN),
    TEXT("params.beta", "0.5"),
    TEXT("params.lambda", "0.001"),
    TEXT("params.layers", "10"),
    TEXT("params.model", "BERT-large"),
    TEXT("params.model-kind", "tree"),
    TEXT("params.note", "it's"),
    TEXT("tags.mlflow.user", "ada@example.org"),
    TEXT("tags.mlflow.parentRunId", "0a1b"),
    TEXT("tags.kind", "Linear Regression"),
    TEXT("tags.release", "true"),
    TEXT("tags.\"release candidate\"", "rc1"),
    TEXT("attributes.status", "FINISHED"),
    TEXT("attributes.actor", "ada"),
    TEXT("attributes.run_id", "9f8e7d"),
    TEXT("attributes.run_name", "quick-fox-7"),
    TEXT("attributes.artifact_uri", "models:/forest/1"),
    NUMBER("attributes.start_time", 1700000000000),
    NUMBER("attributes.end_time", 1700000600000),
    NAMES("dataset.name", datasets),
    TEXT("dataset.name#0", "housing"),
    TEXT("dataset.name#1", "holdout"),
    NAMES("dataset.digest", datasets),
    TEXT("dataset.digest#0", "aa11"),
    TEXT("dataset.digest#1", "bb22"),
    NAMES("dataset.context", datasets),
    TEXT("dataset.context#0", "train"),
    TEXT("dataset.context#1", "test"),
    FACTS_END,
};

typedef struct filter {
  const char *text;
  bool finds;
} filter;

static void assert_filters(const filter *table) {
  for (const filter *f = table; f->text != NULL; f++) {
    bool finds = truth_over(f->text, finished) == MRI_TRUE;
    if (finds != f->finds) print_error("%s\n", f->text);
    assert_int_equal(finds, f->finds);
  }
}

static void test_metrics(void **state) {
  (void)state;
  static const filter table[] = {
      {"metrics.auc > 0.93", true},
      {"metric.auc > 0.95", false},
      {"metrics.auc = 0.94", true},
      {"metrics.auc != 0.94", false},
      {"metrics.auc >= 0.94", true},
      {"metrics.auc<=0.93", false},
      {"metrics.auc < 99.90", true},
      {"metrics.auc < 1", true},
      {"metrics.`r2 score` > 0.5", true},
      {"metrics.\"r2 score\" > 0.7", false},
      {"metrics.\"2021-05-06 drift\" < 0.3", true},
      {"metrics.`2021-05-06 drift` < 0.1", false},
      {"metrics.\"model.acc\" >= 0.75", true},
      {"metrics.model.acc >= 0.75", true},
      {"metrics.`cross-entropy` < 0", true},
      {"metrics.\"cross-entropy\" > -1.6", true},
      {"metrics.\"val/loss\" < 1e-6", true},
      {"metrics.`val/loss` < .5", true},
      /* A run without the metric is not found, whatever is asked. */
      {"metrics.gone > 0", false},
      {"metrics.gone != 0", false},
      {"metrics.gone = 0", false},
      {"metrics.nan = 0", false},
      {"metrics.nan != 0", false},
      {"`metrics`.auc > 0.93", true},
      {"`metric`.`auc` > 0.95", false},
      {NULL, false},
  };
  assert_filters(table);
}

static void test_params_and_tags(void **state) {
  (void)state;
  static const filter table[] = {
      {"params.beta = '0.5'", true},
      {"params.beta = \"0.5\"", true},
      {"param.beta = '0.50'", false},
      {"parameters.beta != '0.5'", false},
      {"parameter.layers = '10'", true},
      {"params.layers = '10.0'", false},
      {"params.gone != '10'", false},
      {"params.gone = ''", false},
      {"params.model = 'BERT-large'", true},
      {"params.model = 'bert-large'", false},
      {"params.model LIKE 'BERT%'", true},
      {"params.model LIKE 'bert%'", false},
      {"params.model ILIKE 'bert%'", true},
      {"params.model ILIKE '%LARGE'", true},
      {"params.model like \"%-%\"", true},
      {"params.model ilike \"%_t-L%\"", true},
      {"params.model LIKE 'BERT'", false},
      {"params.\"model-kind\" = 'tree'", true},
      {"params.`model-kind` != 'forest'", true},
      {"params.note = \"it's\"", true},
      {"params.lambda = \"0.001\"", true},
      {"tags.\"mlflow.user\" = 'ada@example.org'", true},
      {"tags.`mlflow.user` = \"bob@example.org\"", false},
      {"tags.mlflow.user ILIKE '%@EXAMPLE.%'", true},
      {"tags.mlflow.parentRunId = '0a1b'", true},
      {"tag.`mlflow.parentRunId` != '0a1b'", false},
      {"tags.`kind` LIKE 'Linear%'", true},
      {"tags.`kind` LIKE 'linear%'", false},
      {"tags.kind ILIKE '%regress%'", true},
      {"tags.release = 'true'", true},
      {"tags.release = 'True'", false},
      {"tags.`release candidate` = 'rc1'", true},
      {"tags.\"release candidate\" LIKE 'rc_'", true},
      {"tags.gone != 'x'", false},
      {"tags.gone LIKE '%'", false},
      {"tags.gone IS NULL", true},
      {"params.beta IS NOT NULL", true},
      {NULL, false},
  };
  assert_filters(table);
}

static void test_attributes(void **state) {
  (void)state;
  static const filter table[] = {
      {"attributes.status = \"FINISHED\"", true},
      {"attributes.status = 'finished'", false},
      {"attributes.status ILIKE 'finished'", true},
      {"attributes.status != 'FAILED'", true},
      {"attribute.status = 'RUNNING'", false},
      {"attr.status = 'FINISHED'", true},
      {"run.status = 'FINISHED'", true},
      {"status = 'FINISHED'", true},
      {"status != 'KILLED'", true},
      {"attributes.`status` = 'SCHEDULED'", false},
      {"attributes.created > 1699999999999", true},
      {"attributes.Created > 1700000000000", false},
      {"attributes.start_time >= 1700000000000", true},
      {"attributes.end_time < 1700000600000", false},
      {"start_time < 1700000000001 AND end_time != 0", true},
      {"created = 1700000000000", true},
      {"attributes.run_id = '9f8e7d'", true},
      {"attributes.run_id IN ('9f8e7d', '000000')", true},
      {"attributes.run_id IN ('000000')", false},
      {"attributes.run_id NOT IN ('000000', \"111111\")", true},
      {"run_id in ('9f8e7d',)", true},
      {"attributes.run_name = 'quick-fox-7'", true},
      {"attributes.`run_name` IN ('quick-fox-7', 'slow-cat-1')", true},
      {"attributes.`run name` IN ('slow-cat-1')", false},
      {"attributes.`Run name` ILIKE \"%FOX%\"", true},
      {"attributes.\"Run Name\" LIKE 'quick%'", true},
      {"run_name LIKE '%7'", true},
      {"`Run Name` = 'quick-fox-7'", true},
      {"attributes.artifact_uri = 'models:/forest/1'", true},
      {"artifact_uri LIKE 'models:/%'", true},
      {"attributes.user_id = 'ada'", true},
      {"user_id = 'bob'", false},
      {"user_id != 'bob'", true},
      {NULL, false},
  };
  assert_filters(table);
}

static void test_datasets(void **state) {
  (void)state;
  static const filter table[] = {
      {"dataset.name = 'housing'", true},
      {"datasets.name = 'holdout'", true},
      {"dataset.name = 'Housing'", false},
      {"dataset.name != 'housing'", true},
      {"dataset.name LIKE 'ho%'", true},
      {"dataset.name ILIKE 'HOUSING'", true},
      {"dataset.digest IN ('bb22', 'cc33')", true},
      {"dataset.digest IN ('cc33')", false},
      {"dataset.digest NOT IN ('aa11')", true},
      {"dataset.digest NOT IN ('aa11', 'bb22')", false},
      {"dataset.context = 'train'", true},
      {"dataset.context = \"test\"", true},
      {"dataset.context = 'validation'", false},
      {"dataset.`context` IN ('train')", true},
      /* One join a filter: each may be of another dataset. */
      {"dataset.name = 'housing' AND dataset.context = 'test'", true},
      {"dataset.name = 'housing' AND dataset.name = 'holdout'", true},
      {"dataset.name = 'housing' AND dataset.name = 'sounds'", false},
      {NULL, false},
  };
  assert_filters(table);
}

static void test_chains(void **state) {
  (void)state;
  static const filter table[] = {
      {"params.beta = \"0.5\" and params.lambda = \"0.001\" and metrics.err <= 0.05", true},
      {"params.beta = \"0.5\" and params.lambda = \"0.001\" and metrics.err <= 0.01", false},
      {"params.model = 'BERT-large' and params.layers = '10' and metrics.`r2 score` >= 0.545",
       true},
      {"metrics.err < 0.9 and tags.release = 'true'", true},
      {"metrics.auc > 0.72 AND metrics.\"model.acc\" > 0.70 AND params.layers = \"10\" AND "
       "params.model LIKE \"BERT%\" AND tags.\"kind\" ILIKE \"linear%\" AND "
       "dataset.name = \"housing\" AND attributes.end_time < 1700000600001",
       true},
      {"  metrics.auc>0.72\n And\tparams.layers='10'  ", true},
      {"metrics.gone < 1 AND params.layers = '10'", false},
      {NULL, false},
  };
  assert_filters(table);
}

/* What MLflow refuses because of its form is refused here too. */
static void test_what_neither_reads(void **state) {
  (void)state;
  static const char *const table[] = {
      "metrics.auc",
      "metrics.auc > ",
      "> 1",
      "auc > 1",
      "model.auc > 1",
      "params.model = BERT",
      "params.model = `x`",
      "metrics.auc => 1",
      "metrics.auc > 1 metrics.err > 1",
      "attributes. = 'x'",
      "metrics.auc > 1,",
      "tags.x = 'y",
      "metrics.auc > 1;",
      "params.x LIKE 5",
      "run_id IN ()",
      "run_id IN '9f8e7d'",
      "params.x IN ('a', b)",
      "metrics.r2 score > 1",
      "metrics.`r2 score > 1",
      "AND metrics.auc > 1",
      "metrics.auc > 1 AND",
      "metrics.auc BETWEEN 1",
      "`metrics`auc > 1",
      "`metrics.auc` > 1",
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    mri_query *query = NULL;
    mr_status status = mri_query_parse(mri_mem_default(), table[i], &query, NULL);
    if (status != MR_INVALID_ARGUMENT) print_error("%s\n", table[i]);
    assert_int_equal(status, MR_INVALID_ARGUMENT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_metrics),    cmocka_unit_test(test_params_and_tags),
      cmocka_unit_test(test_attributes), cmocka_unit_test(test_datasets),
      cmocka_unit_test(test_chains),     cmocka_unit_test(test_what_neither_reads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
