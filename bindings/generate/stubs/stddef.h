/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser needs of <stddef.h>: the same on every machine. */
#ifndef MR_STUB_STDDEF_H
#define MR_STUB_STDDEF_H

typedef unsigned long size_t;

#define NULL ((void *)0)

#endif
