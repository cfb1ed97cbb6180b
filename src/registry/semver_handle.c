/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and ranges as handles; src/semver knows what they mean. */
#include "registry/core.h"
#include "registry/text_buffer.h"
#include "semver/range.h"
#include <modelreg/semver.h>
#include <string.h>

struct mr_semver {
  mri_semver version;
  mr_semver_record record; /* points into this handle */
  char number[];
};

struct mr_semver_range {
  mri_range range;
  char *text;
  char *comparisons;
  mr_semver_range_record record;
};

/* --- versions ----------------------------------------------------------------------------- */

static mr_status make_semver(const mri_semver *version, mr_semver **out_semver, mr_error *error) {
  char number[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(version, number);
  size_t size = strlen(number) + 1;
  mr_semver *semver = mri_mem_zalloc(mri_mem_default(), 1, sizeof *semver + size);
  if (semver == NULL) return mri_error_no_memory(error);
  semver->version = *version;
  memcpy(semver->number, number, size);
  const mri_semver *own = &semver->version;
  semver->record = (mr_semver_record){
      .struct_size = sizeof semver->record,
      .major = own->major,
      .minor = own->minor,
      .patch = own->patch,
      .prerelease = own->prerelease[0] == '\0' ? NULL : own->prerelease,
      .build = own->build[0] == '\0' ? NULL : own->build,
      .number = semver->number,
  };
  *out_semver = semver;
  return MR_OK;
}

mr_status mr_semver_parse(const char *text, mr_semver **out_semver, mr_error *error) {
  mri_semver version;
  mr_status status = mri_check_argument(out_semver, "out_semver", error);
  if (status == MR_OK) status = mri_semver_parse(text, &version, error);
  if (status == MR_OK) status = make_semver(&version, out_semver, error);
  return status;
}

const mr_semver_record *mr_semver_info(const mr_semver *semver) {
  return semver == NULL ? NULL : &semver->record;
}

int32_t mr_semver_compare(const mr_semver *semver, const mr_semver *other) {
  if (semver == NULL || other == NULL) return (semver != NULL) - (other != NULL);
  return mri_semver_compare(&semver->version, &other->version);
}

mr_status mr_semver_bump(const mr_semver *semver, mr_bump part, const char *prerelease_id,
                         mr_semver **out_semver, mr_error *error) {
  static const mri_semver_part parts[] = {MRI_SEMVER_MINOR, MRI_SEMVER_MAJOR, MRI_SEMVER_MINOR,
                                          MRI_SEMVER_PATCH, MRI_SEMVER_PRERELEASE};
  mri_semver next;
  mr_status status = mri_check_argument(semver, "semver", error);
  if (status == MR_OK) status = mri_check_argument(out_semver, "out_semver", error);
  if (status != MR_OK) return status;
  if (part < 0 || part > MR_BUMP_PRERELEASE) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "part %d is unknown", (int)part);
  }
  if (prerelease_id != NULL && part != MR_BUMP_PRERELEASE) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "prerelease_id goes with a bump of the prerelease only");
  }
  if (prerelease_id != NULL) status = mri_check_name(prerelease_id, "prerelease_id", error);
  if (status == MR_OK)
    status = mri_semver_bump(&semver->version, parts[part], prerelease_id, &next, error);
  if (status == MR_OK) status = make_semver(&next, out_semver, error);
  return status;
}

mr_status mr_semver_key(const mr_semver *semver, mr_buffer **out_key, mr_error *error) {
  mri_str key;
  mr_status status = mri_check_argument(semver, "semver", error);
  if (status == MR_OK) status = mri_check_argument(out_key, "out_key", error);
  if (status != MR_OK) return status;
  mri_str_init(&key, mri_mem_default());
  mri_semver_key(&semver->version, &key);
  return mri_buffer_take(&key, out_key, error);
}

void mr_semver_free(mr_semver *semver) {
  mri_mem_free(mri_mem_default(), semver);
}

/* --- ranges ------------------------------------------------------------------------------- */

mr_status mr_semver_range_parse(const char *text, mr_range_flags flags, mr_semver_range **out_range,
                                mr_error *error) {
  const mri_mem *mem = mri_mem_default();
  mr_status status = mri_check_argument(out_range, "out_range", error);
  if (status != MR_OK) return status;
  if ((flags & ~(mr_range_flags)MR_RANGE_PRERELEASES) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of a range are unknown",
                         (unsigned)flags);
  }
  mr_semver_range *range = mri_mem_zalloc(mem, 1, sizeof *range);
  if (range == NULL) return mri_error_no_memory(error);
  status = mri_range_parse(text, flags != 0, &range->range, error);
  if (status != MR_OK) goto cleanup;
  mri_str comparisons;
  mri_str_init(&comparisons, mem);
  mri_range_format(&range->range, &comparisons);
  range->comparisons = mri_str_take(&comparisons);
  range->text = mri_mem_strdup(mem, text);
  mri_str_free(&comparisons);
  if (range->comparisons == NULL || range->text == NULL) {
    status = mri_error_no_memory(error);
    goto cleanup;
  }
  range->record = (mr_semver_range_record){
      .struct_size = sizeof range->record,
      .flags = flags,
      .text = range->text,
      .comparisons = range->comparisons,
  };
  *out_range = range;
  range = NULL;
cleanup:
  mr_semver_range_free(range);
  return status;
}

const mr_semver_range_record *mr_semver_range_info(const mr_semver_range *semver_range) {
  return semver_range == NULL ? NULL : &semver_range->record;
}

int32_t mr_semver_range_matches(const mr_semver_range *semver_range, const mr_semver *semver) {
  return semver_range != NULL && semver != NULL &&
         mri_range_matches(&semver_range->range, &semver->version);
}

mr_status mr_semver_range_highest(const mr_semver_range *semver_range, const char *const *versions,
                                  size_t count, mr_semver **out_semver, mr_error *error) {
  bool found = false;
  mri_semver highest;
  mr_status status = mri_check_argument(semver_range, "semver_range", error);
  if (status == MR_OK && count > 0) status = mri_check_argument(versions, "versions", error);
  if (status == MR_OK) status = mri_check_argument(out_semver, "out_semver", error);
  if (status != MR_OK) return status;
  for (size_t i = 0; i < count; i++) {
    mri_semver version;
    status = mri_semver_parse(versions[i], &version, error);
    if (status != MR_OK) {
      return mri_error_prefix(error, status, "versions[%llu]", (unsigned long long)i);
    }
    if (!mri_range_matches(&semver_range->range, &version)) continue;
    if (found && mri_semver_compare(&version, &highest) <= 0) continue;
    highest = version;
    found = true;
  }
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "none of %llu versions is in the range '%s'",
                         (unsigned long long)count, semver_range->text);
  }
  return make_semver(&highest, out_semver, error);
}

void mr_semver_range_free(mr_semver_range *semver_range) {
  if (semver_range == NULL) return;
  const mri_mem *mem = mri_mem_default();
  mri_mem_free(mem, semver_range->text);
  mri_mem_free(mem, semver_range->comparisons);
  mri_mem_free(mem, semver_range);
}
