/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3: measures every trained model on images that neither training nor choosing has seen.
 *
 * The result goes to three places, and a gate can ask for each: a run of kind evaluation that says
 * what was measured with which data; the metric test.accuracy of the training run, so that versions
 * can be compared; and a check, the report of somebody who looked for something. */
#include "weights.h"

#include <math.h>
#include <stdio.h>

/* Records what was measured, and of which run with which data. */
static void record_evaluation(mr_experiment *experiment, const char *run_id,
                              const char *dataset_run_id, double accuracy) {
  mr_error error = MR_ERROR_INIT;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  mr_input_options model = MR_INPUT_OPTIONS_INIT;
  mr_input_options data = MR_INPUT_OPTIONS_INIT;
  mr_run *evaluation = NULL;

  options.kind = MR_RUN_KIND_EVALUATION;
  options.name = "held-out";
  options.source_entry_point = "examples/digits/evaluate.c";
  check(mr_experiment_start_run(experiment, &options, &evaluation, &error), &error);
  model.role = "model";
  model.run_id = run_id;
  check(mr_run_log_input(evaluation, &model, &error), &error);
  data.role = "test";
  data.dataset_run_id = dataset_run_id;
  check(mr_run_log_input(evaluation, &data, &error), &error);
  check(mr_run_log_metric(evaluation, "test.accuracy", accuracy, 0, &error), &error);
  check(mr_run_finish(evaluation, MR_RUN_STATUS_FINISHED, &error), &error);
  mr_run_free(evaluation);
}

/* Reports whether all weights are numbers. Every report is kept, and the latest counts. */
static void report_finite(mr_run *run, const struct model *model) {
  mr_error error = MR_ERROR_INIT;
  mr_check_options options = MR_CHECK_OPTIONS_INIT;
  int finite = 1;
  for (int c = 0; c < CLASSES; c++) {
    for (int p = 0; p < PIXELS; p++) finite = finite && isfinite(model->weights[c][p]);
    finite = finite && isfinite(model->bias[c]);
  }
  options.reporter = "examples/digits/evaluate.c";
  options.note = "looked at every weight";
  check(mr_run_log_check(run, "finite_weights",
                         finite ? MR_CHECK_RESULT_PASSED : MR_CHECK_RESULT_FAILED, &options,
                         &error),
        &error);
}

static void evaluate(mr_registry *registry, mr_experiment *experiment, const char *run_id,
                     const char *dataset_run_id, const struct images *held_out) {
  mr_error error = MR_ERROR_INIT;
  mr_run *run = NULL;
  mr_blob *blob = NULL;
  struct model model;
  double loss = 0.0;
  double accuracy = 0.0;

  check(mr_registry_open_run(registry, run_id, &run, &error), &error);
  /* Once is enough; and a run that was ever proposed as a version is sealed: it takes no more
   * metrics. */
  if (!isnan(metric_value(run, "test.accuracy")) || mr_run_info(run)->sealed) {
    mr_run_free(run);
    return;
  }
  check(mr_run_open_artifact(run, WEIGHTS_PATH, &blob, &error), &error);
  weights_load(blob, &model);
  mr_blob_free(blob);
  model_measure(&model, held_out, &loss, &accuracy);

  record_evaluation(experiment, run_id, dataset_run_id, accuracy);
  check(mr_run_log_metric(run, "test.accuracy", accuracy, 0, &error), &error);
  check(mr_run_flush(run, &error), &error);
  report_finite(run, &model);
  const char *name = mr_run_info(run)->name;
  printf("run %s %-11s test.accuracy=%.4f\n", run_id, name != NULL ? name : "-", accuracy);
  mr_run_free(run);
}

int main(int argc, char **argv) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  mr_run_list_options options = MR_RUN_LIST_OPTIONS_INIT;
  mr_run_page *page = NULL;
  if (argc != 3) usage("evaluate REGISTRY FOLDER-FOR-DATA");

  mr_registry *registry = open_registry(argv[1], 0);
  check(mr_registry_open_experiment(registry, "digits", &experiment, &error), &error);
  mr_dataset *dataset = open_dataset(registry);
  struct images images = dataset_load(dataset, argv[2]);
  struct images held_out = held_out_part(&images);
  printf("%d held-out images\n", held_out.count);

  options.experiment = "digits";
  options.kind = MR_RUN_KIND_TRAINING;
  options.status = MR_RUN_STATUS_FINISHED;
  check(mr_registry_list_runs(registry, &options, &page, &error), &error);
  for (int64_t i = mr_run_page_count(page) - 1; i >= 0; i--) { /* the newest come first */
    evaluate(registry, experiment, mr_run_page_at(page, i)->id, mr_dataset_info(dataset)->run_id,
             &held_out);
  }

  mr_run_page_free(page);
  images_free(&images);
  mr_dataset_free(dataset);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  return 0;
}
