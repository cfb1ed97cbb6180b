/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of fsck.h and backup.h, and how far a call is. */
#include "scenario.h"

#include <inttypes.h>

static mr_status registry_fsck(scenario *s, mr_error *error) {
  mr_fsck_options options = MR_FSCK_OPTIONS_INIT;
  mr_fsck *fsck = NULL;
  options.flags = (mr_fsck_flags)option_named(s, "flags", fsck_flags);
  options.limit = option_integer(s, "limit");
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status = mr_registry_fsck(handle_at(s, 0, &registry_class), &options, &fsck, error);
  if (status == MR_OK) result_handle(s, &fsck_class, fsck);
  return status;
}

static mr_status fsck_findings(scenario *s, mr_error *error) {
  (void)error;
  const mr_fsck *fsck = handle_at(s, 0, &fsck_class);
  int64_t count = mr_fsck_count(fsck);
  for (int64_t i = 0; i < count; i++) say_record(s, finding_fields, mr_fsck_at(fsck, i));
  if (mr_fsck_at(fsck, count) != NULL) complain(s, "a check has no end");
  return MR_OK;
}

static mr_status registry_backup(scenario *s, mr_error *error) {
  mr_backup_options options = MR_BACKUP_OPTIONS_INIT;
  mr_report *report = NULL;
  options.cancel = option_handle(s, "cancel", &cancel_class);
  mr_status status =
      mr_registry_backup(handle_at(s, 0, &registry_class), text_at(s, 1), &options, &report, error);
  if (status == MR_OK) result_report(s, report);
  return status;
}

static mr_status cancel_done(scenario *s, mr_error *error) {
  (void)error;
  say(s, "%" PRId64, mr_cancel_done(handle_at(s, 0, &cancel_class)));
  return MR_OK;
}

static mr_status cancel_total(scenario *s, mr_error *error) {
  (void)error;
  say(s, "%" PRId64, mr_cancel_total(handle_at(s, 0, &cancel_class)));
  return MR_OK;
}

const verb upkeep_verbs[] = {{"registry_fsck", registry_fsck},     {"fsck_findings", fsck_findings},
                             {"registry_backup", registry_backup}, {"cancel_done", cancel_done},
                             {"cancel_total", cancel_total},       {NULL, NULL}};
