/* SPDX-License-Identifier: Apache-2.0 */
/* A version as its row says, with the request that made it. */
#ifndef MRI_UPKEEP_FSCK_VERSION_H
#define MRI_UPKEEP_FSCK_VERSION_H

#include "upkeep/fsck_govern.h"

/* Texts live as long as the statement stays on its row. */
typedef struct mri_fsck_version {
  int64_t id;
  int64_t model_id;
  int64_t run_id;
  int64_t request_id;
  int64_t replacement_id; /* 0: none */
  int64_t released;
  int64_t status;
  int64_t file_count;
  int64_t total_size;
  int64_t status_us;
  int64_t created_us;
  const char *uuid;
  const char *number;
  const char *path;
  const char *description;
  const char *status_reason;
  const char *status_actor;
  const char *actor;
  const char *model; /* its name; NULL where there is none */
  const char *run;   /* its uuid; NULL where there is none */
  /* Of the request; `request` is its uuid, NULL where there is none. */
  const char *request;
  const char *asked_number;
  const char *asked_path;
  const char *asked_description;
  const char *asked_by;
  const char *closed_by;
  int64_t asked_model;
  int64_t asked_run;
  int64_t asked_us;
  int64_t closed_us;
  int64_t other_status; /* of the replacement; 0 where there is none */
} mri_fsck_version;

/* The changes of a version, and that it stands where they lead. */
void mri_fsck_version_changes(mri_fsck_thing *thing, const mri_fsck_version *version);

#endif
