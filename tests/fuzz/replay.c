/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a target over every file of the folders that are named, as a plain test: PROGRAM FOLDER... */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int is_input(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static void run_file(const char *folder, const char *name) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  MUST(file != NULL);
  MUST(fseek(file, 0, SEEK_END) == 0);
  long size = ftell(file);
  MUST(size >= 0);
  rewind(file);
  /* Of exactly this size, so that a sanitizer sees a read beyond it. */
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
  MUST(data != NULL);
  MUST(fread(data, 1, (size_t)size, file) == (size_t)size);
  (void)fclose(file);
  /* Said before, so that a crash names its input. */
  printf("%s\n", name);
  (void)fflush(stdout);
  (void)LLVMFuzzerTestOneInput(data, (size_t)size);
  free(data);
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) {
    struct dirent **entries = NULL;
    int found = scandir(argv[i], &entries, is_input, alphasort);
    MUST(found >= 0);
    for (int j = 0; j < found; j++) {
      run_file(argv[i], entries[j]->d_name);
      free(entries[j]);
    }
    free(entries);
    count += found;
  }
  printf("%d inputs\n", count);
  /* A corpus that is not there proves nothing. */
  return count > 0 ? 0 : 1;
}
