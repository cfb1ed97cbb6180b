/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions 2.0.0 (semver.org), pure functions. */
#ifndef MRI_SEMVER_SEMVER_VALUE_H
#define MRI_SEMVER_SEMVER_VALUE_H

#include "base/err.h"
#include "base/str.h"

#define MRI_SEMVER_MAX        256                       /* bytes, as npm */
#define MRI_SEMVER_NUMBER_MAX INT64_C(9007199254740991) /* 2^53 - 1, as npm */

/* prerelease and build are without '-' and '+'; "" when absent. */
typedef struct mri_semver {
  int64_t major, minor, patch;
  char prerelease[MRI_SEMVER_MAX + 1];
  char build[MRI_SEMVER_MAX + 1];
} mri_semver;

/* Strict: no "v", no blanks, no leading zeros. INVALID_ARGUMENT says where and why; LIMIT above 256
 * bytes or 2^53 - 1. */
mr_status mri_semver_parse(const char *text, mri_semver *out, mr_error *error);
/* Precedence (section 11): build metadata does not count. -1, 0 or 1. */
int mri_semver_compare(const mri_semver *a, const mri_semver *b);
void mri_semver_format(const mri_semver *version, char out[MRI_SEMVER_MAX * 2 + 64]);
/* Bytes whose memcmp order (then length) is precedence, the same for equal precedence and only for
 * it. Appended to `out`. */
void mri_semver_key(const mri_semver *version, mri_str *out);
/* The same into a buffer; the size. Three numbers of up to 7 bytes; an identifier takes at most
 * twice its room. */
#define MRI_SEMVER_KEY_MAX (3 * 8 + 2 * MRI_SEMVER_MAX + 2)
size_t mri_semver_key_bytes(const mri_semver *version, unsigned char out[MRI_SEMVER_KEY_MAX]);

typedef enum mri_semver_part {
  MRI_SEMVER_MAJOR = 1,
  MRI_SEMVER_MINOR = 2,
  MRI_SEMVER_PATCH = 3,
  MRI_SEMVER_PRERELEASE = 4
} mri_semver_part;

/* As npm's `semver.inc`: lower parts reset, 1.0.0-rc.1 + patch is 1.0.0, prerelease with an id
 * gives id.0 and counts on (npm's default identifierBase 0), which can be lower where the id
 * changes; an `id` of NULL or "" counts without id. Build metadata is dropped. LIMIT when a number
 * would pass 2^53 - 1. */
mr_status mri_semver_bump(const mri_semver *from, mri_semver_part part, const char *prerelease_id,
                          mri_semver *out, mr_error *error);

#endif
