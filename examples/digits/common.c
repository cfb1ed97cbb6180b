/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void die(const char *path, const char *reason) {
  fprintf(stderr, "%s: %s\n", path, reason);
  exit(EXIT_FAILURE);
}

/* One row: 64 pixels and the label, separated by commas. */
static int parse_row(const char *row, struct image *image) {
  for (int i = 0; i <= PIXELS; i++) {
    char *end = NULL;
    long value = strtol(row, &end, 10);
    if (end == row || value < 0 || value > (i < PIXELS ? 16 : 9)) return 0;
    if (i < PIXELS) {
      image->pixels[i] = (float)value / 16.0F;
    } else {
      image->label = (int)value;
    }
    if (i < PIXELS && *end != ',') return 0;
    row = end + 1;
  }
  return 1;
}

/* Fisher and Yates, with the generator SplitMix64: the same order on every machine. */
static void shuffle(struct image *images, int count) {
  uint64_t state = SHUFFLE_SEED;
  for (int i = count - 1; i > 0; i--) {
    state += 0x9E3779B97F4A7C15U;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    int j = (int)((z ^ (z >> 31)) % (uint64_t)(i + 1));
    struct image swap = images[i];
    images[i] = images[j];
    images[j] = swap;
  }
}

struct images images_load(const char *path) {
  struct images images = {NULL, 0};
  int capacity = 0;
  char row[1024];
  gzFile file = gzopen(path, "rb");
  if (file == NULL) die(path, "cannot be opened");
  while (gzgets(file, row, (int)sizeof(row)) != NULL) {
    if (images.count == capacity) {
      capacity = capacity == 0 ? 512 : 2 * capacity;
      struct image *more = realloc(images.first, (size_t)capacity * sizeof(struct image));
      if (more == NULL) die(path, "not enough memory");
      images.first = more;
    }
    if (!parse_row(row, &images.first[images.count])) die(path, "not a row of digits");
    images.count++;
  }
  if (gzclose(file) != Z_OK) die(path, "cannot be read to its end");
  if (images.count <= TRAINING_COUNT + VALIDATION_COUNT) die(path, "too few images");
  shuffle(images.first, images.count);
  return images;
}

void images_free(struct images *images) {
  free(images->first);
  images->first = NULL;
  images->count = 0;
}

static struct images part(const struct images *images, int from, int to) {
  struct images result = {images->first + from, to - from};
  return result;
}

struct images training_part(const struct images *images) {
  return part(images, 0, TRAINING_COUNT);
}

struct images validation_part(const struct images *images) {
  return part(images, TRAINING_COUNT, TRAINING_COUNT + VALIDATION_COUNT);
}

struct images held_out_part(const struct images *images) {
  return part(images, TRAINING_COUNT + VALIDATION_COUNT, images->count);
}

void model_predict(const struct model *model, const struct image *image, float out[CLASSES]) {
  float highest = -INFINITY;
  float sum = 0.0F;
  for (int c = 0; c < CLASSES; c++) {
    out[c] = model->bias[c];
    for (int p = 0; p < PIXELS; p++) out[c] += model->weights[c][p] * image->pixels[p];
    highest = fmaxf(highest, out[c]);
  }
  for (int c = 0; c < CLASSES; c++) {
    out[c] = expf(out[c] - highest);
    sum += out[c];
  }
  for (int c = 0; c < CLASSES; c++) out[c] /= sum;
}

int model_classify(const struct model *model, const struct image *image) {
  float probabilities[CLASSES];
  int best = 0;
  model_predict(model, image, probabilities);
  for (int c = 1; c < CLASSES; c++) {
    if (probabilities[c] > probabilities[best]) best = c;
  }
  return best;
}

void model_measure(const struct model *model, const struct images *images, double *loss,
                   double *accuracy) {
  double sum = 0.0;
  int right = 0;
  for (int i = 0; i < images->count; i++) {
    const struct image *image = &images->first[i];
    float probabilities[CLASSES];
    model_predict(model, image, probabilities);
    sum -= log(fmax((double)probabilities[image->label], 1e-12));
    right += model_classify(model, image) == image->label;
  }
  *loss = sum / images->count;
  *accuracy = (double)right / images->count;
}

void check(mr_status status, const mr_error *error) {
  if (status == MR_OK) return;
  fprintf(stderr, "%s: %s\n", mr_status_name(status), error->message);
  exit(EXIT_FAILURE);
}

void usage(const char *text) {
  fprintf(stderr, "usage: %s\n", text);
  exit(2);
}

mr_registry *open_registry(const char *path, uint32_t flags) {
  mr_error error = MR_ERROR_INIT;
  mr_open_options options = MR_OPEN_OPTIONS_INIT;
  mr_registry *registry = NULL;
  options.flags = flags;
  check(mr_registry_open(path, &options, &registry, &error), &error);
  return registry;
}

mr_dataset *open_dataset(mr_registry *registry) {
  mr_error error = MR_ERROR_INIT;
  mr_dataset_page *page = NULL;
  mr_dataset *dataset = NULL;
  check(mr_registry_list_datasets(registry, NULL, &page, &error), &error); /* the newest first */
  for (int64_t i = 0; dataset == NULL && i < mr_dataset_page_count(page); i++) {
    const mr_dataset_record *record = mr_dataset_page_at(page, i);
    if (strcmp(record->name, "digits") == 0) {
      check(mr_registry_open_dataset(registry, record->run_id, &dataset, &error), &error);
    }
  }
  mr_dataset_page_free(page);
  if (dataset == NULL) die("digits", "no snapshot of this data set; run snapshot first");
  return dataset;
}

struct images dataset_load(mr_dataset *dataset, const char *folder) {
  mr_error error = MR_ERROR_INIT;
  char path[4096];
  check(mr_dataset_fetch(dataset, folder, NULL, NULL, &error), &error);
  int length = snprintf(path, sizeof(path), "%s/digits.csv.gz", folder);
  if (length < 0 || length >= (int)sizeof(path)) die(folder, "path too long");
  return images_load(path);
}

double metric_value(mr_run *run, const char *key) {
  mr_error error = MR_ERROR_INIT;
  mr_metric_page *page = NULL;
  double value = (double)NAN;
  check(mr_run_list_metrics(run, NULL, &page, &error), &error);
  for (int64_t i = 0; i < mr_metric_page_count(page); i++) {
    const mr_metric_record *metric = mr_metric_page_at(page, i);
    if (strcmp(metric->key, key) == 0) value = metric->last;
  }
  mr_metric_page_free(page);
  return value;
}
