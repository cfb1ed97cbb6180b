/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file semver.h
 * Semantic versions (semver.org, 2.0.0) and ranges of them, as the registry reads them. Nothing
 * here needs a registry.
 *
 * A version is MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], strictly: no "v" in front, no blanks, no
 * leading zeros, at most 256 bytes, numbers up to 2^53 - 1. Precedence is that of section 11:
 *
 *     1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-rc.9 < 1.0.0-rc.10 < 1.0.0 < 1.0.1
 *
 * Build metadata does not count: 1.0.0+a and 1.0.0+b are equal.
 *
 * Ranges are written as npm writes them, and mean the same:
 *
 *     1.2.3                    that version, whatever its build metadata; also =1.2.3
 *     1.x  1.2  *              every version with these numbers
 *     ^1.2.3                   >=1.2.3 <2.0.0-0: up to the next number that is not 0
 *     ~1.2.3                   >=1.2.3 <1.3.0-0
 *     >=1.2 <2                 all of several comparisons
 *     1.2 - 2.3                from one to the other, both included
 *     ^1.2 || 3.1.4            any of several alternatives
 *
 * A prerelease is in a range only where the range names a prerelease of the same MAJOR.MINOR.PATCH,
 * as ^1.2.3-rc.1 does for 1.2.3-rc.2, or with MR_RANGE_PRERELEASES.
 */
#ifndef MODELREG_SEMVER_H
#define MODELREG_SEMVER_H

#include <modelreg/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A semantic version. It never changes. @since 0.1.0 */
typedef struct mr_semver mr_semver;

/**
 * What a semantic version consists of.
 * @since 0.1.0
 */
typedef struct mr_semver_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 0. */
  uint32_t reserved;
  /** The major number. */
  int64_t major;
  /** The minor number. */
  int64_t minor;
  /** The patch number. */
  int64_t patch;
  /** @nullable What stands between "-" and "+", such as "rc.1"; NULL for a release. */
  const char *prerelease;
  /** @nullable What stands behind "+"; NULL where there is no build metadata. */
  const char *build;
  /** All of it as text. */
  const char *number;
} mr_semver_record;

/** Which part of a version to raise. @since 0.1.0 */
typedef int32_t mr_bump;

enum {
  /** 1.2.3 -> 2.0.0. @since 0.1.0 */
  MR_BUMP_MAJOR = 1,
  /** 1.2.3 -> 1.3.0; the default. @since 0.1.0 */
  MR_BUMP_MINOR = 2,
  /** 1.2.3 -> 1.2.4; 1.2.3-rc.1 -> 1.2.3. @since 0.1.0 */
  MR_BUMP_PATCH = 3,
  /** 1.2.3 -> 1.2.4-rc.0; 1.2.4-rc.0 -> 1.2.4-rc.1. @since 0.1.0 */
  MR_BUMP_PRERELEASE = 4
};

/**
 * Reads a version.
 *
 * @param text the version, such as "1.4.0-rc.1+5f2c"
 * @param out_semver receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for what is no version: the message says where and why;
 *         MR_LIMIT above 256 bytes or 2^53 - 1; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_semver_parse(const char *text, mr_semver **out_semver, mr_error *error);

/**
 * What this version consists of.
 *
 * @param semver the version
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_semver_record *mr_semver_info(const mr_semver *semver);

/**
 * Compares two versions by precedence, in which build metadata does not count.
 *
 * @param semver the version
 * @param other the version that it is compared with
 * @return -1, 0 or 1: the version is below the other, equal to it, or above it; NULL is below every
 *         version
 * @fast
 * @since 0.1.0
 */
MR_API int32_t mr_semver_compare(const mr_semver *semver, const mr_semver *other);

/**
 * Raises a part of a version. The lower parts go back to 0, and build metadata is dropped. Of a
 * prerelease of exactly the version asked for, that version is the next: 2.0.0-rc.1 with
 * MR_BUMP_MAJOR gives 2.0.0.
 *
 * @param semver the version, which stays as it is
 * @param part the part to raise; 0 is MR_BUMP_MINOR
 * @param prerelease_id @nullable for MR_BUMP_PRERELEASE the id of the prerelease, such as "rc", 1
 *        to 250 bytes: where the version is no prerelease of this id it starts with 0, which is not
 *        always a higher version; NULL: keep the id there is, or have none
 * @param out_semver receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for an unknown part, a malformed id, or an id with another
 *         part than MR_BUMP_PRERELEASE; MR_LIMIT when a number would pass 2^53 - 1 or the version
 *         256 bytes; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_semver_bump(const mr_semver *semver, mr_bump part, const char *prerelease_id,
                                mr_semver **out_semver, mr_error *error);

/**
 * The bytes that sort as the version does, for a database of one's own: memcmp() over the shorter
 * of two keys, and where that is 0 their sizes, give their precedence. Versions of equal
 * precedence, and no others, have equal keys. A key has at most 538 bytes; its format never
 * changes:
 *
 *     major, minor, patch      each: one byte with the count of bytes of the number without
 *                              leading zero bytes, 0 for 0; these bytes, the highest first
 *     each identifier of the   a number: byte 1, one byte with the count of digits, the digits
 *     prerelease, in order     else: byte 2, the ASCII characters, byte 0
 *     the end                  byte 0 for a prerelease, byte 3 for a release
 *
 * @param semver the version
 * @param out_key receives the key
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_semver_key(const mr_semver *semver, mr_buffer **out_key, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param semver the handle
 * @since 0.1.0
 */
MR_API void mr_semver_free(mr_semver *semver);

/** A range of versions. It never changes. @since 0.1.0 */
typedef struct mr_semver_range mr_semver_range;

/** What a range takes: 0 or MR_RANGE_PRERELEASES. @since 0.1.0 */
typedef uint32_t mr_range_flags;

enum {
  /** Every prerelease that lies in the range, also those that it does not name. 1.x then begins at
   * 1.0.0-0. @since 0.1.0 */
  MR_RANGE_PRERELEASES = 1
};

/**
 * What a range is.
 * @since 0.1.0
 */
typedef struct mr_semver_range_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** The flags that it was read with. */
  mr_range_flags flags;
  /** The range as it was given. */
  const char *text;
  /** The same in plain comparisons, such as ">=1.2.0 <2.0.0-0 || 3.1.4", or "*", which reads as this
   * range again but may be longer than a range that can be read. */
  const char *comparisons;
} mr_semver_range_record;

/**
 * Reads a range.
 *
 * @param text the range, such as "^1.2 || 3.1.4", up to 256 bytes; "" is every release
 * @param flags 0 or MR_RANGE_PRERELEASES
 * @param out_range receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for what is no range: the message says where and why; or for
 *         unknown flags; MR_LIMIT above 256 bytes, or where an end would pass 2^53 - 1;
 *         MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_semver_range_parse(const char *text, mr_range_flags flags,
                                       mr_semver_range **out_range, mr_error *error);

/**
 * What this range is.
 *
 * @param semver_range the range
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_semver_range_record *mr_semver_range_info(const mr_semver_range *semver_range);

/**
 * Whether a version is in a range.
 *
 * @param semver_range the range
 * @param semver the version
 * @return 1 when it is, else 0; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int32_t mr_semver_range_matches(const mr_semver_range *semver_range,
                                       const mr_semver *semver);

/**
 * The highest of several versions that is in a range; of equal ones the first.
 *
 * @param semver_range the range
 * @param versions @nullable the versions as text, in any order; NULL when count is 0
 * @param count how many
 * @param out_semver receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_NOT_FOUND when none is in the range; MR_INVALID_ARGUMENT and MR_LIMIT when one
 *         cannot be read: the message begins with "versions[N]", N counted from 0; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_semver_range_highest(const mr_semver_range *semver_range,
                                         const char *const *versions, size_t count,
                                         mr_semver **out_semver, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param semver_range the handle
 * @since 0.1.0
 */
MR_API void mr_semver_range_free(mr_semver_range *semver_range);

#ifdef __cplusplus
}
#endif

#endif
