/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that do something to one registry at once. */
#ifndef API_RACE_H
#define API_RACE_H

#include "api_test.h"

enum { API_RACERS = 16 };

/* They start when the last of them is at the start line and the parent has closed the gate. */
typedef struct api_race {
  const api_place *place;
  int number; /* of this child */
  int rounds; /* to run, or which one this is */
  int gate[2];
  int report[2]; /* children write, the parent reads */
  const char *versions[API_RACERS + 1];
  char text[96];
} api_race;

void api_race_open(api_race *race, const api_place *place);
/* In a child: opens the registry and waits for others as long as it takes, since on a slow machine
 * many in a line take long. */
mr_registry *api_race_enter(const char *path, uint32_t flags);
/* In a child: waits until all of them are there. */
void api_race_wait(api_race *race);
/* Starts `count` children together; their exit codes. */
void api_race_run(api_race *race, int count, void (*body)(void *ctx), int codes[API_RACERS]);
/* The same where every child must end with 0. */
void api_race_win(api_race *race, int count, void (*body)(void *ctx));
void api_race_close(api_race *race);

/* Makes the registry at the api_place `ctx` with the model "digits" and its gate: in a child, so
 * that the parent forks with nothing open. */
void api_race_make_model(void *ctx);
/* Another version of the model, made in this process. */
void api_race_add_version(mr_registry *registry, mr_model *model);
/* The versions are 1.0.0, 1.1.0 ... without a gap, each of a run of its own. */
void api_race_check_numbers(const api_place *place, int64_t count);
/* What the only channel of the model holds now, without build metadata, or "none". */
void api_race_held(mr_model *model, char *out, size_t size);

#endif
