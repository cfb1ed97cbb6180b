/* SPDX-License-Identifier: Apache-2.0 */
/* nftw */
#define _XOPEN_SOURCE 700
#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_broken(const char *condition, const char *file, int line) {
  fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
  abort();
}

char *fuzz_text(const uint8_t *data, size_t size, size_t most) {
  if (size > most) return NULL;
  char *text = malloc(size + 1);
  MUST(text != NULL);
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  return text;
}

uint8_t fuzz_byte(fuzz_bytes *in) {
  if (in->left == 0) return 0;
  in->left--;
  return *in->at++;
}

uint32_t fuzz_number(fuzz_bytes *in, int size) {
  uint32_t value = 0;
  for (int i = 0; i < size; i++) value |= (uint32_t)fuzz_byte(in) << 8 * i;
  return value;
}

void fuzz_take_text(fuzz_bytes *in, char *out, size_t most) {
  size_t size = fuzz_byte(in);
  if (size > most - 1) size = most - 1;
  if (size > in->left) size = in->left;
  memcpy(out, in->at, size);
  out[size] = '\0';
  in->at += size;
  in->left -= size;
}

static char folder[256];
static pid_t owner;

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *ftw) {
  (void)status;
  (void)flag;
  (void)ftw;
  return remove(path);
}

static void remove_folder(void) {
  if (getpid() == owner) (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void) {
  if (folder[0] != '\0') return folder;
  const char *chosen = getenv("TMPDIR");
  const char *base = chosen != NULL ? chosen : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  (void)snprintf(folder, sizeof folder, "%s/modelreg_fuzz_XXXXXX", base);
  MUST(mkdtemp(folder) != NULL);
  owner = getpid();
  (void)atexit(remove_folder);
  return folder;
}
