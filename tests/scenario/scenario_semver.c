/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of semver.h. */
#include "scenario.h"

static mr_status semver_parse(scenario *s, mr_error *error) {
  mr_semver *semver = NULL;
  mr_status status = mr_semver_parse(text_at(s, 0), &semver, error);
  if (status == MR_OK) result_handle(s, &semver_class, semver);
  return status;
}

static mr_status semver_compare(scenario *s, mr_error *error) {
  (void)error;
  say(s, "%d",
      (int)mr_semver_compare(handle_at(s, 0, &semver_class), handle_at(s, 1, &semver_class)));
  return MR_OK;
}

static mr_status semver_bump(scenario *s, mr_error *error) {
  mr_semver *semver = NULL;
  const char *id = places(s) > 2 ? text_at(s, 2) : NULL;
  mr_status status = mr_semver_bump(handle_at(s, 0, &semver_class), (mr_bump)named_at(s, 1, bumps),
                                    id, &semver, error);
  if (status == MR_OK) result_handle(s, &semver_class, semver);
  return status;
}

static mr_status semver_key(scenario *s, mr_error *error) {
  mr_buffer *key = NULL;
  mr_status status = mr_semver_key(handle_at(s, 0, &semver_class), &key, error);
  if (status == MR_OK) {
    say(s, "%s", quoted(s, mr_buffer_data(key), mr_buffer_size(key), false));
    mr_buffer_free(key);
  }
  return status;
}

static mr_status semver_range_parse(scenario *s, mr_error *error) {
  mr_semver_range *range = NULL;
  mr_range_flags flags = places(s) > 1 ? (mr_range_flags)named_at(s, 1, range_flags) : 0;
  mr_status status = mr_semver_range_parse(text_at(s, 0), flags, &range, error);
  if (status == MR_OK) result_handle(s, &semver_range_class, range);
  return status;
}

static mr_status semver_range_matches(scenario *s, mr_error *error) {
  (void)error;
  const mr_semver_range *range = handle_at(s, 0, &semver_range_class);
  say(s, "%d", (int)mr_semver_range_matches(range, handle_at(s, 1, &semver_class)));
  return MR_OK;
}

static mr_status semver_range_highest(scenario *s, mr_error *error) {
  const argument *list = place(s, 1);
  mr_semver *semver = NULL;
  mr_status status = mr_semver_range_highest(handle_at(s, 0, &semver_range_class), texts(s, list),
                                             list->count, &semver, error);
  if (status == MR_OK) result_handle(s, &semver_class, semver);
  return status;
}

const verb semver_verbs[] = {{"semver_parse", semver_parse},
                             {"semver_compare", semver_compare},
                             {"semver_bump", semver_bump},
                             {"semver_key", semver_key},
                             {"semver_range_parse", semver_range_parse},
                             {"semver_range_matches", semver_range_matches},
                             {"semver_range_highest", semver_range_highest},
                             {NULL, NULL}};
