/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file resolve.h
 * Resolving: from a reference to the version that a consumer should use.
 */
#ifndef MODELREG_RESOLVE_H
#define MODELREG_RESOLVE_H

#include <modelreg/model_version.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What may be found: any of the MR_RESOLVE_ bits. @since 0.1.0 */
typedef uint32_t mr_resolve_flags;

enum {
  /** `latest` may be a prerelease, and so may what a range finds: it is read with npm's
   * includePrerelease. @since 0.1.0 */
  MR_RESOLVE_PRERELEASES = 1
};

/**
 * How to resolve.
 * @since 0.1.0
 */
typedef struct mr_resolve_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 0 or MR_RESOLVE_PRERELEASES. */
  mr_resolve_flags flags;
  /** @nullable Ends waiting early. */
  const mr_cancel *cancel;
  /** Answer as of this time, Unix microseconds, by when things were recorded here; 0: as of now.
   * The future is refused. The same question with the same time always gives the same version, with
   * the status and replacement it had then; warnings say what has become of it since. To keep that
   * promise, asking about a time after the last change records that time, durably. A registry that
   * is open read-only cannot: its answer holds unless a change is under way at this very moment, or
   * the clock is set back. */
  int64_t as_of_us;
} mr_resolve_options;

/** Initialiser for mr_resolve_options. @since 0.1.0 */
#define MR_RESOLVE_OPTIONS_INIT                                                                    \
  { sizeof(mr_resolve_options), 0, NULL, 0 }

/**
 * Finds the version that a reference names: `model` or `model@selector`, where the selector is
 * `latest` (the default: the highest active release), an exact number (build metadata may be left
 * out; its status does not matter), a range (the highest active version in it), the name of a
 * channel, or the digest of its artifacts (its first 12 to 64 hex digits, also when all are
 * decimal; its status does not matter). Where `latest` or a range finds nothing active, the highest
 * deprecated version that fits is taken, with a warning. Where several versions have the very same
 * artifacts, a digest means the active one, else the deprecated one, and of several such the
 * highest.
 *
 * Ranges have the syntax and the meaning of npm's `semver`: `^1.2`, `~1.4.0`, `1.x`, `1.2 - 2.3`,
 * `>=1.2 <2 || 3`. Blanks mean "and", `||` means "or". A number that is missing or `x`, `X` or `*`
 * may be any, so `1` and `1.4` are ranges and `*` is every release. `=1.4.2` and `v1.4.2` are
 * ranges, too, and find that version while it is not yanked; a pin has no sign. `^` keeps the
 * leftmost number that is not 0; `~` keeps major and minor, or a major that stands alone. At most
 * 256 bytes, with no blank at either end.
 *
 * As in npm, a range finds a prerelease only where it names one of the same major.minor.patch, as
 * `^1.3.0-rc.1` does for 1.3.0-rc.2; with MR_RESOLVE_PRERELEASES also those that just lie between
 * its ends. `1.x`, `^1` and `<2` end before the prereleases of 2.0.0, `<2.0.0` ends after them.
 *
 * @param registry the registry
 * @param reference the reference
 * @param options @nullable all defaults
 * @param out_version receives the version, immutable
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a malformed reference, with the column in a range, or an
 *         as_of_us in the future; MR_LIMIT for one that is too long or has a number above 2^53 - 1;
 *         MR_NOT_FOUND for an unknown model, version, channel or digest, a channel that holds
 *         nothing, or when no version can be had or none in the range: the message says what there
 *         is instead, and of a range what it means, its highest versions, why each was left out,
 *         and the highest one outside; MR_CONFLICT when a digest is too short to tell versions
 *         apart: the message names two; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_resolve(mr_registry *registry, const char *reference,
                                     const mr_resolve_options *options, mr_version **out_version,
                                     mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
