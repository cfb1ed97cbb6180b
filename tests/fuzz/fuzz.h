/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target has: bytes in, and what must hold of whatever comes out. A target is
 * deterministic and keeps nothing from one input to the next. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One input. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a promise is broken, in every build. */
#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) fuzz_broken(#condition, __FILE__, __LINE__);                                 \
  } while (0)
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

/* The input as text, which ends at its first NUL; NULL where it is longer than `most`. Free it. */
char *fuzz_text(const uint8_t *data, size_t size, size_t most);

/* Takes what it needs from the front of an input; zeros when there is no more. */
typedef struct fuzz_bytes {
  const uint8_t *at;
  size_t left;
} fuzz_bytes;
uint8_t fuzz_byte(fuzz_bytes *in);
/* Up to 4 bytes, little-endian. */
uint32_t fuzz_number(fuzz_bytes *in, int size);
/* A text of up to `most` bytes, whose length is a byte before it; `most` below 256. */
void fuzz_take_text(fuzz_bytes *in, char *out, size_t most);

/* A folder of this process's own below TMPDIR or /dev/shm, made once and removed at the end. */
const char *fuzz_folder(void);

#endif
