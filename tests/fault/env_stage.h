/* SPDX-License-Identifier: Apache-2.0 */
/* A registry with something of everything, and every kind of write to it as a step that can be
 * taken where the surroundings are short of something: it is done, or a status tells what is
 * missing and nothing of it is there. */
#ifndef MRT_FAULT_ENV_STAGE_H
#define MRT_FAULT_ENV_STAGE_H

#include "governed.h"

typedef struct env_lab {
  char home[96];  /* the folder of the registry */
  char db[112];   /* HOME/R.db */
  char copy[112]; /* HOME/copy.db, where backups go */
  char made[112]; /* HOME/made.db, another registry */
  char data[96];  /* a folder with files, elsewhere */
  char out[112];  /* HOME/out, where things are fetched to */
  mr_registry *registry;
  mr_experiment *experiment;
  mr_run *run;     /* goes on */
  mr_run *ending;  /* goes on until the step that ends it */
  mr_model *model; /* of governed_prepare, with one version */
  mr_version *version;
  char candidate[40]; /* a run that may be promoted */
  char number[40];    /* of a version that a channel may hold */
} env_lab;

typedef struct env_step {
  const char *name;
  mr_status (*act)(env_lab *lab, mr_error *error);
  /* How many there are of what the step makes: 1 when it is done, else 0; NULL: `there`. */
  const char *count;
  bool (*there)(const env_lab *lab);
} env_step;

/* Ended by a row without a name. */
extern const env_step env_steps[];
enum { ENV_STEP_MAX = 24 };

/* A new folder, in memory where there is such a file system, since many registries are made and
 * synced there; removed with api_remove_tree. Fit for a child. */
void env_make_home(const api_place *place, char home[96]);
/* Makes the registry in the folder `home`, and data in `data` if that is not there yet. */
void env_lab_open(env_lab *lab, const char *home, const char *data);
/* Closes it and removes what is in `home`. */
void env_lab_close(env_lab *lab);

/* A message for people that names a path in `home` or `data`. */
bool env_is_named(const env_lab *lab, const mr_error *error);
/* Whether what the step makes is there, as far as that can be seen. */
bool env_is_done(const env_lab *lab, const env_step *step, sqlite3 *look);

/* Takes every step; each is done, or answers MR_IO with one of these errnos (ended by 0) and a
 * message that names a path in `home` or `data`. How many were refused. */
int env_take_steps(env_lab *lab, const int *numbers, bool refused[ENV_STEP_MAX]);
/* With the shortage over: nothing is half done, and what was refused works now. */
void env_check_steps(env_lab *lab, const bool refused[ENV_STEP_MAX]);

/* The library finds no error in the registry, which is opened for it, and the facts of governed.h
 * hold. Fit for a child. */
void env_whole_at(const char *db);

#endif
