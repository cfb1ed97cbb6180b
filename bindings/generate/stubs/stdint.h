/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser needs of <stdint.h>: the names count, their widths are in layout.py. */
#ifndef MR_STUB_STDINT_H
#define MR_STUB_STDINT_H

typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;

#endif
