/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges: the plain form means the same as the text. The input is a range and, on the next line, a
 * version; the first byte says whether prereleases are included. */
#include "fuzz.h"
#include "semver/range.h"

#include <stdlib.h>

static void compare_forms(const mri_range *range, const mri_semver *version) {
  mri_str plain;
  mri_range again;
  mri_str_init(&plain, mri_mem_default());
  mri_range_format(range, &plain);
  const char *text = mri_str_text(&plain);
  MUST(text != NULL && text[0] != '\0');
  /* The plain form can be longer than a range may be. */
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_range_parse(text, range->include_prereleases, &again, &error);
  MUST(status == MR_OK || status == MR_LIMIT);
  if (status == MR_OK) {
    mri_str second;
    mri_str_init(&second, mri_mem_default());
    mri_range_format(&again, &second);
    MUST(strcmp(text, mri_str_text(&second)) == 0);
    mri_str_free(&second);
    if (version != NULL)
      MUST(mri_range_matches(range, version) == mri_range_matches(&again, version));
  }
  mri_str_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mri_range range;
  mri_range wider;
  mri_semver version;
  if (size == 0) return 0;
  char *text = fuzz_text(data + 1, size - 1, 1024);
  if (text == NULL) return 0;
  bool all = (data[0] & 1) != 0;
  char *second = strchr(text, '\n');
  if (second != NULL) *second++ = '\0';
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_range_parse(text, all, &range, &error);
  MUST(status == MR_OK || status == MR_INVALID_ARGUMENT || status == MR_LIMIT);
  MUST(status == MR_OK || error.message[0] != '\0');
  if (status == MR_OK) {
    bool has_version = second != NULL && mri_semver_parse(second, &version, NULL) == MR_OK;
    MUST(range.count <= MRI_RANGE_INTERVALS);
    for (size_t i = 0; i < range.count; i++) {
      mri_semver end;
      (void)mri_range_bound(&range, &range.intervals[i].low, &end);
      (void)mri_range_bound(&range, &range.intervals[i].high, &end);
    }
    compare_forms(&range, has_version ? &version : NULL);
    /* Including prereleases never loses a release. */
    if (has_version && version.prerelease[0] == '\0' && !all &&
        mri_range_parse(text, true, &wider, NULL) == MR_OK)
      MUST(!mri_range_matches(&range, &version) || mri_range_matches(&wider, &version));
  }
  free(text);
  return 0;
}
