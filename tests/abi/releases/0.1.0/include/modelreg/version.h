/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file version.h
 * The version of the library, at compile time and at run time.
 */
#ifndef MODELREG_VERSION_H
#define MODELREG_VERSION_H

#include <modelreg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Major version of these headers. @since 0.1.0 */
#define MR_LIBRARY_VERSION_MAJOR 0
/** Minor version of these headers. @since 0.1.0 */
#define MR_LIBRARY_VERSION_MINOR 1
/** Patch version of these headers. @since 0.1.0 */
#define MR_LIBRARY_VERSION_PATCH 0
/** ABI level of these headers; a library of another level does not fit. @since 0.1.0 */
#define MR_ABI_LEVEL 1

/**
 * The version of the library that is loaded, such as "0.1.0".
 *
 * @return a static string
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_library_version(void);

/**
 * The ABI level of the library that is loaded, to compare with MR_ABI_LEVEL.
 *
 * @return the level, 1 or more
 * @fast
 * @since 0.1.0
 */
MR_API uint32_t mr_abi_level(void);

#ifdef __cplusplus
}
#endif

#endif
