/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file modelreg.h
 * Everything.
 */
#ifndef MODELREG_MODELREG_H
#define MODELREG_MODELREG_H

#include <modelreg/error.h>
#include <modelreg/thing.h>
#include <modelreg/types.h>

#endif
