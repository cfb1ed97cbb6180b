/* SPDX-License-Identifier: Apache-2.0 */
/* Every public function that can fail, as a call with good arguments of which one can be made bad.
 * Whoever adds a function adds a row, or test_arguments fails. */
#ifndef API_CALLS_H
#define API_CALLS_H

#include "api_test.h"

/* A handle of each kind in one registry, and what the calls below need of it. */
typedef struct api_world {
  mr_registry *registry;
  mr_experiment *experiment;
  mr_run *run;
  mr_metric *metric;
  mr_history *history;
  mr_manifest *manifest;
  mr_dataset *dataset;
  mr_model *model;
  mr_gate *gate;
  mr_request *request;
  mr_decision *decision;
  mr_version *version;
  mr_version *spare;        /* whose status changes */
  mr_version *doomed;       /* that is deleted */
  mr_request *open_request; /* that waits until it is withdrawn */
  mr_semver *semver;
  mr_semver_range *semver_range;
  mr_blob *blob;
  mr_lineage *lineage;
  mr_report *report;
  mr_fsck *fsck;
  mr_buffer *buffer;
  mr_cancel *cancel;
  mr_experiment_page *experiments;
  mr_run_page *runs;
  mr_property_page *params;
  mr_input_page *inputs;
  mr_check_page *checks;
  mr_metric_page *metrics;
  mr_artifact_page *artifacts;
  mr_dataset_page *datasets;
  mr_model_page *models;
  mr_version_page *versions;
  mr_channel_page *channels;
  mr_channel_move_page *moves;
  mr_gate_page *gates;
  mr_request_page *requests;

  char folder[96]; /* "data" with one file in the test's folder */
  char file[112];
  char outside[96]; /* where things are fetched to */
  char backup[112]; /* a place where nothing is yet */
  char run_id[40];
  char request_id[40];
  char dataset_id[40];
  char check_id[40];
  char digest[72];
  char number[64];
  char spare_number[64];
  char open_request_id[40];
  /* Made anew by api_prepare, since a call uses them up. */
  char fresh_run[40];
  char fresh_name[32];
  unsigned serial;

  int change;        /* index of the argument that is made bad, -1: none */
  const char *text;  /* what it becomes when it is text */
  int64_t number_in; /* when it is a number */
  int sentinel;      /* the outputs point here before the call */
  bool touched;      /* the call wrote an output */
} api_world;

/* Every handle but the registry, with what frees it. */
#define API_HANDLES(X)                                                                             \
  X(experiment, mr_experiment_free)                                                                \
  X(run, mr_run_free)                                                                              \
  X(metric, mr_metric_free)                                                                        \
  X(history, mr_history_free)                                                                      \
  X(manifest, mr_manifest_free)                                                                    \
  X(dataset, mr_dataset_free)                                                                      \
  X(model, mr_model_free)                                                                          \
  X(gate, mr_gate_free)                                                                            \
  X(request, mr_request_free)                                                                      \
  X(open_request, mr_request_free)                                                                 \
  X(decision, mr_decision_free)                                                                    \
  X(version, mr_version_free)                                                                      \
  X(spare, mr_version_free)                                                                        \
  X(doomed, mr_version_free)                                                                       \
  X(semver, mr_semver_free)                                                                        \
  X(semver_range, mr_semver_range_free)                                                            \
  X(blob, mr_blob_free)                                                                            \
  X(lineage, mr_lineage_free)                                                                      \
  X(report, mr_report_free)                                                                        \
  X(fsck, mr_fsck_free)                                                                            \
  X(buffer, mr_buffer_free)                                                                        \
  X(cancel, mr_cancel_free)                                                                        \
  X(experiments, mr_experiment_page_free)                                                          \
  X(runs, mr_run_page_free)                                                                        \
  X(params, mr_property_page_free)                                                                 \
  X(inputs, mr_input_page_free)                                                                    \
  X(checks, mr_check_page_free)                                                                    \
  X(metrics, mr_metric_page_free)                                                                  \
  X(artifacts, mr_artifact_page_free)                                                              \
  X(datasets, mr_dataset_page_free)                                                                \
  X(models, mr_model_page_free)                                                                    \
  X(versions, mr_version_page_free)                                                                \
  X(channels, mr_channel_page_free)                                                                \
  X(moves, mr_channel_move_page_free)                                                              \
  X(gates, mr_gate_page_free)                                                                      \
  X(requests, mr_request_page_free)

#define API_COUNT_HANDLE(handle, free_it) +1
enum { API_HANDLE_COUNT = 0 API_HANDLES(API_COUNT_HANDLE) };

/* Fills a world whose registry is open already. */
void api_world_fill(api_world *world, const char *folder);
/* Before each call that should work. */
void api_prepare(api_world *world);
/* Frees one of the handles; it is NULL then. */
void api_world_free_handle(api_world *world, int number);
/* Frees all of them. */
void api_world_free(api_world *world);
/* For setup and teardown of a test: a world in a registry of its own, in memory. */
int api_world_setup(void **state, api_world *world);
int api_world_teardown(void **state, api_world *world);

enum {
  API_WRITES = 1, /* answers READ_ONLY where the registry is open so */
  API_ALONE = 2   /* belongs to no registry: neither CLOSED nor FORKED */
};

/* `arguments` are "name:kind" with a blank between, in the order in which `call` counts them; the
 * fields of option structs follow as if they were arguments. A capital means that NULL is fine.
 *   h handle or other pointer         o output
 *   n name, 1 to 250 bytes            c name of a channel    m name of a model
 *   v value, up to 65,536 bytes       w the same up to 4,096 bytes
 *   p path in a tree                  f path in the file system
 *   i id                              d digest
 *   s semantic version                r reference            e any other text with a grammar
 *   t token that is a number          y token that is text
 *   l limit of a list                 a amount, not negative
 *   k constant of an enum             g flags                q permission bits */
typedef struct api_call {
  const char *name;
  mr_status (*call)(api_world *world, mr_error *error);
  const char *arguments;
  unsigned flags;
} api_call;

/* The tables, each ended by a row without a name. */
extern const api_call api_lab_calls[];
extern const api_call api_govern_calls[];
extern const api_call api_release_calls[];
extern const api_call api_upkeep_calls[];

/* The nth row of all of them; NULL at the end. */
const api_call *api_call_at(size_t index);

/* What the tables are written with. */
#define API_POINTER(index, value) (w->change == (index) ? NULL : (value))
#define API_TEXT(index, value)    (w->change == (index) ? w->text : (value))
#define API_NUMBER(index, value)  (w->change == (index) ? w->number_in : (int64_t)(value))
#define API_OUT                   ((void *)&w->sentinel)
/* Ends a call with an output. */
#define API_END(free_output)                                                                       \
  w->touched = (const void *)out != (const void *)&w->sentinel;                                    \
  if (w->touched) free_output(out);                                                                \
  return status

#endif
