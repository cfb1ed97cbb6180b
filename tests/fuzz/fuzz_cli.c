/* SPDX-License-Identifier: Apache-2.0 */
/* What the tool prints: whatever a name holds, nothing of it reaches a terminal that could steer
 * one, and JSON stays JSON. */
#include "cli/cli_json.h"
#include "cli/cli_memory.h"
#include "cli/cli_text.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static void check_printable(const char *text) {
  size_t width = 0;
  uint32_t code = 0;
  char *printable = cli_printable(text);
  const char *at = printable;
  for (size_t size; (size = cli_decode(at, &code)) > 0; at += size) {
    MUST(!cli_is_unsafe(code));
    width += (size_t)cli_char_width(code);
  }
  MUST(*at == '\0');
  MUST(width == cli_width(printable));
  cli_free(printable);
}

/* A string of JSON: quotes around, no bare control character, every escape a known one. */
static void check_json(const char *text) {
  char *out = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&out, &size);
  MUST(stream != NULL);
  cli_json json = cli_json_new(stream);
  cli_json_begin_array(&json, NULL);
  cli_json_text(&json, NULL, text);
  cli_json_end_array(&json);
  MUST(fclose(stream) == 0);
  const char *at = out + strlen("[\n  \"");
  uint32_t code = 0;
  MUST(size > strlen("[\n  \"") && strncmp(out, "[\n  \"", strlen("[\n  \"")) == 0);
  while (*at != '"') {
    size_t step = cli_decode(at, &code);
    MUST(step > 0 && !cli_is_unsafe(code));
    if (*at == '\\') {
      MUST(strchr("\"\\/bfnrtu", at[1]) != NULL && at[1] != '\0');
      if (at[1] == 'u') MUST(strspn(at + 2, "0123456789abcdefABCDEF") >= 4);
      step = at[1] == 'u' ? 6 : 2;
    }
    at += step;
  }
  MUST(strcmp(at, "\"\n]\n") == 0);
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size, 4096);
  if (text == NULL) return 0;
  check_printable(text);
  check_json(text);
  free(text);
  return 0;
}
