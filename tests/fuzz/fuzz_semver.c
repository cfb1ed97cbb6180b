/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: what is read is written the same, keys order as precedence does, bumps go up. The input
 * is two versions with a line feed between. */
#include "fuzz.h"
#include "semver/semver_value.h"

#include <stdlib.h>

static int sign(int value) {
  return (value > 0) - (value < 0);
}

static int compare_keys(const mri_semver *a, const mri_semver *b) {
  unsigned char keys[2][MRI_SEMVER_KEY_MAX];
  size_t first = mri_semver_key_bytes(a, keys[0]);
  size_t second = mri_semver_key_bytes(b, keys[1]);
  MUST(first <= MRI_SEMVER_KEY_MAX && second <= MRI_SEMVER_KEY_MAX);
  int order = memcmp(keys[0], keys[1], first < second ? first : second);
  return order != 0 ? sign(order) : (first > second) - (first < second);
}

static bool parse(const char *text, mri_semver *out) {
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_semver_parse(text, out, &error);
  if (status != MR_OK) {
    MUST(status == MR_INVALID_ARGUMENT || status == MR_LIMIT);
    MUST(error.status == status && error.message[0] != '\0');
    return false;
  }
  char again[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(out, again);
  MUST(strcmp(text, again) == 0);
  return true;
}

static void bump(const mri_semver *from, const char *id) {
  for (mri_semver_part part = MRI_SEMVER_MAJOR; part <= MRI_SEMVER_PRERELEASE; part++) {
    mri_semver next;
    mri_semver again;
    mr_status status =
        mri_semver_bump(from, part, part == MRI_SEMVER_PRERELEASE ? id : NULL, &next, NULL);
    if (status != MR_OK) continue;
    char text[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(&next, text);
    MUST(next.build[0] == '\0');
    MUST(strlen(text) > MRI_SEMVER_MAX || parse(text, &again));
    /* Another identifier may sort before the one there was. */
    MUST(part == MRI_SEMVER_PRERELEASE || mri_semver_compare(&next, from) > 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mri_semver a;
  mri_semver b;
  char *text = fuzz_text(data, size, 1024);
  if (text == NULL) return 0;
  char *second = strchr(text, '\n');
  if (second != NULL) *second++ = '\0';
  bool has_first = parse(text, &a);
  bool has_second = second != NULL && parse(second, &b);
  if (has_first) {
    MUST(mri_semver_compare(&a, &a) == 0 && compare_keys(&a, &a) == 0);
    bump(&a, has_second ? b.prerelease : NULL);
  }
  if (has_first && has_second) {
    int order = sign(mri_semver_compare(&a, &b));
    MUST(order == -sign(mri_semver_compare(&b, &a)));
    MUST(order == compare_keys(&a, &b));
  }
  free(text);
  return 0;
}
