/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/upkeep_limits.h"
#include "store/schema.h"

#include <errno.h>

mr_status mri_upkeep_check_schema(const mr_registry *registry, const char *what, mr_error *error) {
  int64_t version = registry->record.schema_version;
  if (version <= MRI_SCHEMA_VERSION) return MR_OK;
  return mri_error_set(error, MR_NOT_SUPPORTED,
                       "%s has schema version %lld, this library knows version %d and cannot %s; "
                       "update libmodelreg",
                       registry->record.uri, (long long)version, MRI_SCHEMA_VERSION, what);
}

bool mri_upkeep_is_lack(mr_status status, const mr_error *reason) {
  bool no_descriptor =
      status == MR_IO && (reason->backend_code == EMFILE || reason->backend_code == ENFILE);
  return status == MR_NO_MEMORY || status == MR_CANCELLED || status == MR_FORKED ||
         status == MR_CLOSED || no_descriptor;
}
