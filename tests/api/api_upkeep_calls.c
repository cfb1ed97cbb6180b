/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of fsck.h and backup.h. */
#include "api_calls.h"

static mr_status call_fsck(api_world *w, mr_error *error) {
  mr_fsck *out = API_OUT;
  mr_fsck_options o = MR_FSCK_OPTIONS_INIT;
  o.flags = (mr_fsck_flags)API_NUMBER(3, MR_FSCK_QUICK);
  o.limit = API_NUMBER(4, 3);
  mr_status status = mr_registry_fsck(API_POINTER(0, w->registry), API_POINTER(1, &o),
                                      API_POINTER(2, &out), error);
  API_END(mr_fsck_free);
}

static mr_status call_backup(api_world *w, mr_error *error) {
  mr_report *out = API_OUT;
  mr_backup_options o = MR_BACKUP_OPTIONS_INIT;
  mr_status status = mr_registry_backup(API_POINTER(0, w->registry), API_TEXT(1, w->backup),
                                        API_POINTER(2, &o), API_POINTER(3, &out), error);
  API_END(mr_report_free);
}

const api_call api_upkeep_calls[] = {
    {"mr_registry_fsck", call_fsck, "registry:h options:H out_fsck:o flags:g limit:a", 0},
    {"mr_registry_backup", call_backup, "registry:h local_path:f options:H out_report:O", 0},
    {NULL, NULL, NULL, 0},
};
