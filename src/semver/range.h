/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of versions in npm's syntax, with the meaning that npm's `semver` gives them in its strict
 * mode: `^1.2`, `~1.4.0`, `1.x`, `>=1.2 <2 || 3`, `1.2 - 2`. Pure functions.
 *
 * Whatever a range says, each of its alternatives is one interval. A release matches where it lies
 * in one. So does a prerelease if the range was parsed to include them; else only where an end of
 * the interval is a prerelease too, and of the same major.minor.patch. */
#ifndef MRI_SEMVER_RANGE_H
#define MRI_SEMVER_RANGE_H

#include "semver/semver_value.h"

#define MRI_RANGE_MAX 256 /* bytes; npm limits only the versions in a range, to as many */
/* Alternatives of one character each; those that are everything fold into one. */
#define MRI_RANGE_INTERVALS ((MRI_RANGE_MAX + 2) / 3)

/* One end of an interval. */
typedef struct mri_bound {
  int64_t major, minor, patch;
  uint16_t prerelease; /* where it begins in the range's `prereleases` */
  bool open;           /* the version itself is outside */
} mri_bound;

typedef struct mri_interval {
  mri_bound low, high;
} mri_interval;

/* Needs no freeing and may be copied. */
typedef struct mri_range {
  bool include_prereleases;
  size_t count;
  mri_interval intervals[MRI_RANGE_INTERVALS];
  char prereleases[MRI_RANGE_MAX + 3]; /* each with its NUL */
} mri_range;

/* `include_prereleases` is npm's includePrerelease, which also moves some lower ends: with it 1.x
 * begins at 1.0.0-0. INVALID_ARGUMENT says where and why; LIMIT above 256 bytes, and where an end
 * would have a number above 2^53 - 1. On failure *out is undefined. */
mr_status mri_range_parse(const char *text, bool include_prereleases, mri_range *out,
                          mr_error *error);
bool mri_range_matches(const mri_range *range, const mri_semver *version);
/* The end as a version. False where there is none: then *out is what no version can be, below or
 * above all others. */
bool mri_range_bound(const mri_range *range, const mri_bound *bound, mri_semver *out);
/* Appends plain comparisons such as ">=1.2.0 <2.0.0-0 || 3.1.4"; "*" is everything. */
void mri_range_format(const mri_range *range, mri_str *out);

#endif
