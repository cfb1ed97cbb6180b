/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this example share: the images, the model and helpers around the
 * library. Nothing in here is special to model registries but the last part, from check() on. */
#ifndef DIGITS_COMMON_H
#define DIGITS_COMMON_H

#include <modelreg/modelreg.h>

enum { PIXELS = 64, CLASSES = 10 };

/* The images are shuffled once, always in the same way, and dealt out: the first 1,200 to train,
 * the next 197 to choose among the trained models, the rest (400) to judge the chosen one. Nobody
 * looks at the rest before evaluate.c. */
enum { SHUFFLE_SEED = 1, TRAINING_COUNT = 1200, VALIDATION_COUNT = 197 };

struct image {
  float pixels[PIXELS]; /* 0 is white, 1 is black */
  int label;            /* 0 to 9 */
};

struct images {
  struct image *first;
  int count;
};

/* Reads a gzipped CSV file: a row an image, 64 numbers from 0 to 16 and the label. Shuffled. */
struct images images_load(const char *path);
void images_free(struct images *images);

/* The three parts of the shuffled images; nothing is copied. */
struct images training_part(const struct images *images);
struct images validation_part(const struct images *images);
struct images held_out_part(const struct images *images);

/* Softmax regression: a score for each class, linear in the pixels. */
struct model {
  float weights[CLASSES][PIXELS];
  float bias[CLASSES];
};

/* The probability of each class. */
void model_predict(const struct model *model, const struct image *image, float out[CLASSES]);
/* The most probable class. */
int model_classify(const struct model *model, const struct image *image);
/* Mean cross entropy and the share of right answers. */
void model_measure(const struct model *model, const struct images *images, double *loss,
                   double *accuracy);

/* Prints what went wrong and ends the program, unless status is MR_OK. */
void check(mr_status status, const mr_error *error);
/* Prints how to call the program and ends it. */
void usage(const char *text);
/* Opens the registry or ends the program. `flags` as in mr_open_options. */
mr_registry *open_registry(const char *path, uint32_t flags);
/* Opens the newest snapshot of the data set "digits". */
mr_dataset *open_dataset(mr_registry *registry);
/* Writes the files of a frozen data set into `folder`, verified, and reads the images there: they
 * are those of the snapshot, whatever has become of the files it was taken from. */
struct images dataset_load(mr_dataset *dataset, const char *folder);
/* The value of a metric at its highest step; NaN when the run has no such metric. */
double metric_value(mr_run *run, const char *key);

#endif
