/* SPDX-License-Identifier: Apache-2.0 */
/* The only reader of the environment. */
#ifndef MRI_BASE_OS_ENV_H
#define MRI_BASE_OS_ENV_H

/* secure_getenv of a MODELREG_* variable; NULL when unset, empty or the process is privileged. */
const char *mri_env(const char *name);

#endif
