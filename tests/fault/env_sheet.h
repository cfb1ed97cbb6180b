/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a registry answers, as text, to compare a damaged one with what it was. */
#ifndef MRT_FAULT_ENV_SHEET_H
#define MRT_FAULT_ENV_SHEET_H

#include "env_stage.h"

typedef struct env_sheet {
  char *text;       /* lines "what.field value"; to be freed */
  mr_status failed; /* the first call that did not answer, MR_OK: all did */
  mr_error error;   /* and what it said */
  int64_t errors;   /* that fsck found */
  int64_t notes;    /* that it made, such as of content that nothing refers to any more */
  bool careless;    /* a failure whose message is unfit for people */
} env_sheet;

/* Reads all there is; `check` also runs fsck, which reads the content too. */
void env_sheet_read(env_sheet *sheet, mr_registry *registry, bool check);
/* The name, up to the blank, of the first line in which the two differ that none of `known` (ended by
 * NULL) begins; NULL when there is none. `out` receives it. */
const char *env_sheet_differ(const char *before, const char *after, const char *const *known,
                             char out[80]);

#endif
