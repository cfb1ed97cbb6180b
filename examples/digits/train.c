/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: trains five models, each a run of the experiment "digits" with its params, its curves,
 * the data set it was made from, and its weights. */
#define _POSIX_C_SOURCE 200809L /* gethostname */
#include "weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EPOCHS = 30 };

struct setting {
  const char *name;
  const char *learning_rate;
  const char *l2; /* how strongly weights are pulled to zero */
};

static const struct setting settings[] = {
    {"fast", "0.1", "0"},       {"medium", "0.05", "0"},
    {"slow", "0.02", "0.0001"}, {"slow-smooth", "0.02", "0.001"},
    {"crushed", "0.05", "0.1"}, /* bad on purpose: such a pull leaves little to learn */
};

/* Stochastic gradient descent, one pass over the images in their order. */
static void train_epoch(struct model *model, const struct images *images, float rate, float l2) {
  for (int i = 0; i < images->count; i++) {
    const struct image *image = &images->first[i];
    float probabilities[CLASSES];
    model_predict(model, image, probabilities);
    for (int c = 0; c < CLASSES; c++) {
      float slope = probabilities[c] - (c == image->label ? 1.0F : 0.0F);
      model->bias[c] -= rate * slope;
      for (int p = 0; p < PIXELS; p++) {
        float *weight = &model->weights[c][p];
        *weight -= rate * (slope * image->pixels[p] + l2 * *weight);
      }
    }
  }
}

static mr_run *start_run(mr_experiment *experiment, const struct setting *setting,
                         const char *dataset_run_id) {
  mr_error error = MR_ERROR_INIT;
  mr_run_options options = MR_RUN_OPTIONS_INIT;
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  mr_run *run = NULL;
  char host[256] = "";

  /* Where the run comes from: whoever starts this program knows the commit. */
  const char *commit = getenv("SOURCE_COMMIT");
  const char *dirty = getenv("SOURCE_DIRTY");
  options.name = setting->name;
  options.source_entry_point = "examples/digits/train.c";
  options.source_commit = commit != NULL && *commit != '\0' ? commit : NULL;
  if (dirty != NULL) {
    options.source_state = strcmp(dirty, "1") == 0 ? MR_SOURCE_STATE_DIRTY : MR_SOURCE_STATE_CLEAN;
  }
  options.environment_host = gethostname(host, sizeof(host) - 1) == 0 ? host : NULL;
  check(mr_experiment_start_run(experiment, &options, &run, &error), &error);

  const char *const keys[] = {"model", "learning_rate", "l2", "epochs", "shuffle_seed"};
  const char *values[] = {"softmax-regression", setting->learning_rate, setting->l2, NULL, NULL};
  char epochs[16];
  char seed[16];
  snprintf(epochs, sizeof(epochs), "%d", EPOCHS);
  snprintf(seed, sizeof(seed), "%d", SHUFFLE_SEED);
  values[3] = epochs;
  values[4] = seed;
  check(mr_run_log_params(run, keys, values, 5, &error), &error);

  input.role = "training";
  input.dataset_run_id = dataset_run_id;
  check(mr_run_log_input(run, &input, &error), &error);
  return run;
}

static void train(mr_experiment *experiment, const struct setting *setting,
                  const struct images *images, const char *dataset_run_id) {
  static const char *const keys[] = {"training.loss", "training.accuracy", "validation.loss",
                                     "validation.accuracy"};
  mr_error error = MR_ERROR_INIT;
  struct images training = training_part(images);
  struct images validation = validation_part(images);
  struct model model = {0};
  double values[4];
  float rate = strtof(setting->learning_rate, NULL);
  float l2 = strtof(setting->l2, NULL);

  mr_run *run = start_run(experiment, setting, dataset_run_id);
  for (int epoch = 1; epoch <= EPOCHS; epoch++) {
    train_epoch(&model, &training, rate, l2);
    model_measure(&model, &training, &values[0], &values[1]);
    model_measure(&model, &validation, &values[2], &values[3]);
    check(mr_run_log_metrics(run, epoch, keys, values, 4, &error), &error);
  }

  uint8_t file[WEIGHTS_SIZE];
  weights_encode(&model, file);
  check(mr_run_log_artifact_bytes(run, WEIGHTS_PATH, file, sizeof(file), &error), &error);
  check(mr_run_finish(run, MR_RUN_STATUS_FINISHED, &error), &error);
  printf("run %s %-11s learning_rate=%-4s l2=%-6s loss=%.4f validation.accuracy=%.4f\n",
         mr_run_info(run)->id, setting->name, setting->learning_rate, setting->l2, values[0],
         values[3]);
  mr_run_free(run);
}

int main(int argc, char **argv) {
  mr_error error = MR_ERROR_INIT;
  mr_experiment *experiment = NULL;
  if (argc != 3) usage("train REGISTRY FOLDER-FOR-DATA");

  mr_registry *registry = open_registry(argv[1], 0);
  check(mr_registry_open_experiment(registry, "digits", &experiment, &error), &error);
  mr_dataset *dataset = open_dataset(registry);
  struct images images = dataset_load(dataset, argv[2]);

  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
    train(experiment, &settings[i], &images, mr_dataset_info(dataset)->run_id);
  }

  images_free(&images);
  mr_dataset_free(dataset);
  mr_experiment_free(experiment);
  mr_registry_close(registry);
  return 0;
}
