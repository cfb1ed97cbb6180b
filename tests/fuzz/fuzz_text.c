/* SPDX-License-Identifier: Apache-2.0 */
/* Names, values, paths, references and numbers: what passes is harmless. */
#include "base/str.h"
#include "base/text.h"
#include "fuzz.h"
#include "registry/reference.h"

#include <math.h>
#include <stdlib.h>

static bool has_control(const char *text, bool lines_too) {
  size_t left = strlen(text);
  while (left > 0) {
    uint32_t code = 0;
    size_t step = mri_utf8_step(text, left, &code);
    MUST(step > 0);
    bool is_line = code == '\t' || code == '\n' || code == '\r';
    if (mri_is_control(code) && (lines_too || !is_line)) return true;
    text += step;
    left -= step;
  }
  return false;
}

static void check_path(const char *text) {
  if (mri_check_path(text, "path", NULL) != MR_OK) return;
  MUST(text[0] != '/' && text[0] != '\0' && strlen(text) <= MRI_PATH_MAX);
  MUST(mri_utf8_valid(text, strlen(text)) && !has_control(text, true));
  MUST(strchr(text, '\\') == NULL && strstr(text, "//") == NULL);
  for (const char *part = text; part != NULL; part = strchr(part, '/')) {
    if (*part == '/') part++;
    size_t size = strcspn(part, "/");
    MUST(size > 0 && !(size == 1 && part[0] == '.') && strncmp(part, "../", 3) != 0);
    MUST(strcmp(part, "..") != 0);
  }
}

static void check_reference(const char *text) {
  mri_reference reference;
  mr_error error = MR_ERROR_INIT;
  mr_status status = mri_reference_parse(text, false, &reference, &error);
  if (status != MR_OK) {
    MUST(mri_utf8_valid(error.message, strlen(error.message)) && error.message[0] != '\0');
    return;
  }
  MUST(reference.model[0] != '\0' && strchr(reference.model, '@') == NULL);
  MUST(mri_check_name(reference.model, "model", NULL) == MR_OK);
  if (reference.kind == MRI_SELECT_CHANNEL)
    MUST(mri_check_channel_name(reference.channel, NULL) == MR_OK);
  if (reference.kind == MRI_SELECT_DIGEST)
    MUST(memcmp(&reference.lowest, &reference.highest, sizeof reference.lowest) <= 0);
}

static void check_number(const char *text, size_t size) {
  double value = 0;
  if (!mri_parse_double(text, size, &value)) return;
  mri_str out;
  double again = 0;
  mri_str_init(&out, mri_mem_default());
  mri_str_add_double(&out, value);
  const char *written = mri_str_text(&out);
  MUST(mri_parse_double(written, strlen(written), &again));
  MUST(isnan(value) ? isnan(again) != 0 : memcmp(&value, &again, sizeof value) == 0);
  mri_str_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size, 70000);
  if (text == NULL) return 0;
  if (mri_check_name(text, "name", NULL) == MR_OK) {
    MUST(strlen(text) <= MRI_NAME_MAX && text[0] != '\0' && !has_control(text, true));
    MUST(text[0] != ' ' && text[strlen(text) - 1] != ' ');
  }
  if (mri_check_value(text, "value", MRI_VALUE_MAX, NULL) == MR_OK)
    MUST(strlen(text) <= MRI_VALUE_MAX && !has_control(text, false));
  check_path(text);
  check_reference(text);
  check_number(text, strlen(text));
  free(text);
  return 0;
}
