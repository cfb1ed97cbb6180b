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
  /** `latest` may be a prerelease. @since 0.1.0 */
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
} mr_resolve_options;

/** Initialiser for mr_resolve_options. @since 0.1.0 */
#define MR_RESOLVE_OPTIONS_INIT                                                                    \
  { sizeof(mr_resolve_options), 0, NULL }

/**
 * Finds the version that a reference names: `model` or `model@selector`, where the selector is
 * `latest` (the default: the highest active release), an exact number (build metadata may be left
 * out), or the name of a channel.
 *
 * @param registry the registry
 * @param reference the reference
 * @param options @nullable all defaults
 * @param out_version receives the version, immutable
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a malformed reference; MR_NOT_FOUND for an unknown model,
 *         version or channel, a channel that holds nothing, or when no version is active: the
 *         message says what there is instead; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_resolve(mr_registry *registry, const char *reference,
                                     const mr_resolve_options *options, mr_version **out_version,
                                     mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
