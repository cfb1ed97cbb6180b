/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios in which the host's memory runs out: at every allocation, once and from then on. A call
 * then says so and has changed nothing, nothing leaks, and the same call works when there is memory
 * again. */
#ifndef API_STAGE_H
#define API_STAGE_H

#include "api_test.h"

typedef struct api_stage {
  const api_place *place;
  api_memory memory;
  mr_registry *registry; /* with the memory that fails */
  mr_registry *other;    /* of the same file, to look at it */
  mr_experiment *experiment;
  mr_run *run;
  mr_model *model;
  mr_version *version;
  mr_manifest *manifest;
  char run_id[40];
  char target[96];
  int serial;
  int64_t acknowledged; /* points */
  int64_t kept;         /* of the try that failed */
  int64_t versions;     /* before the act */
  int64_t requests;
} api_stage;

typedef struct api_scenario {
  const char *name;
  /* Everything that is needed is there before; with memory. */
  void (*before)(api_stage *s);
  /* What runs with failing memory: the first status that is not MR_OK. Gives back all it took. */
  mr_status (*act)(api_stage *s);
  /* The registry shows all of it, or nothing. */
  void (*check)(api_stage *s, bool done);
} api_scenario;

/* Opens the registry with the memory that fails. */
mr_registry *api_stage_open(api_stage *s, mr_status *status);
/* Removes the registry and what lies beside it. */
void api_stage_remove(const api_stage *s);
/* At every allocation; there must be `least` at least. */
void api_stage_run(const api_place *place, const api_scenario *plan, int64_t least);
/* For a scenario that needs nothing before. */
void api_stage_nothing(api_stage *s);

#endif
