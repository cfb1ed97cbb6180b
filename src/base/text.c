/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

bool mri_is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static bool is_tail(uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

size_t mri_utf8_step(const char *text, size_t size, uint32_t *code) {
  if (size == 0) return 0;
  const uint8_t *in = (const uint8_t *)text;
  uint32_t value = in[0];
  size_t length = 1;
  if (in[0] >= 0x80) {
    /* 0xc0 and 0xc1 could only start overlong forms, 0xf5 and up lie above U+10FFFF. */
    if (in[0] < 0xc2 || in[0] > 0xf4) return 0;
    length = in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
    if (size < length) return 0;
    static const uint8_t lead_bits[5] = {0, 0, 0x1f, 0x0f, 0x07};
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    value &= lead_bits[length];
    for (size_t i = 1; i < length; i++) {
      if (!is_tail(in[i])) return 0;
      value = (value << 6) | (in[i] & 0x3fu);
    }
    if (value < least[length] || value > 0x10ffff) return 0;
    if (value >= 0xd800 && value <= 0xdfff) return 0;
  }
  if (code != NULL) *code = value;
  return length;
}

bool mri_utf8_valid(const char *text, size_t size) {
  size_t at = 0;
  while (at < size) {
    if ((uint8_t)text[at] < 0x80) {
      at++;
      continue;
    }
    size_t length = mri_utf8_step(text + at, size - at, NULL);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

size_t mri_strnlen(const char *text, size_t max) {
  const char *end = memchr(text, '\0', max == SIZE_MAX ? max : max + 1);
  return end == NULL ? max + 1 : (size_t)(end - text);
}

static bool is_white_control(uint32_t code) {
  return code == '\t' || code == '\n' || code == '\r';
}

/* The part that all checks share: UTF-8 and control characters. */
static mr_status check_characters(const char *text, size_t size, const char *what, bool white,
                                  mr_error *error) {
  size_t at = 0;
  while (at < size) {
    uint32_t code = 0;
    size_t length = mri_utf8_step(text + at, size - at, &code);
    if (length == 0)
      return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is not valid UTF-8 at byte %zu", what,
                           at);
    if (mri_is_control(code) && !(white && is_white_control(code)))
      return mri_error_set(error, MR_INVALID_ARGUMENT,
                           "%s has the control character U+%04X at byte %zu; remove it", what,
                           (unsigned)code, at);
    at += length;
  }
  return MR_OK;
}

static mr_status missing(const char *what, mr_error *error) {
  return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is missing (NULL)", what);
}

static mr_status too_long(const char *what, size_t max, mr_error *error) {
  return mri_error_set(error, MR_LIMIT, "%s is longer than %zu bytes; shorten it", what, max);
}

mr_status mri_check_name(const char *name, const char *what, mr_error *error) {
  if (name == NULL) return missing(what, error);
  size_t size = mri_strnlen(name, MRI_NAME_MAX);
  if (size == 0)
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is empty; give 1 to %d bytes", what,
                         MRI_NAME_MAX);
  if (size > MRI_NAME_MAX) return too_long(what, MRI_NAME_MAX, error);
  if (name[0] == ' ' || name[size - 1] == ' ')
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s \"%s\" starts or ends with a blank", what,
                         name);
  return check_characters(name, size, what, false, error);
}

mr_status mri_check_value(const char *value, const char *what, size_t max, mr_error *error) {
  if (value == NULL) return missing(what, error);
  return mri_check_optional(value, what, max, error);
}

mr_status mri_check_optional(const char *value, const char *what, size_t max, mr_error *error) {
  if (value == NULL) return MR_OK;
  size_t size = mri_strnlen(value, max);
  if (size > max) return too_long(what, max, error);
  return check_characters(value, size, what, true, error);
}

static bool is_dots(const char *part, size_t size) {
  return (size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.');
}

mr_status mri_check_path(const char *path, const char *what, mr_error *error) {
  if (path == NULL) return missing(what, error);
  size_t size = mri_strnlen(path, MRI_PATH_MAX);
  if (size > MRI_PATH_MAX) return too_long(what, MRI_PATH_MAX, error);
  mr_status status = check_characters(path, size, what, false, error);
  if (status != MR_OK) return status;
  if (path[0] == '/')
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s \"%s\" is absolute; give a relative path",
                         what, path);
  if (memchr(path, '\\', size) != NULL)
    return mri_error_set(error, MR_INVALID_ARGUMENT, "%s \"%s\" has a backslash; use '/'", what,
                         path);
  const char *part = path;
  for (;;) {
    size_t length = strcspn(part, "/");
    if (length == 0)
      return mri_error_set(error, MR_INVALID_ARGUMENT, "%s \"%s\" has an empty part", what, path);
    if (is_dots(part, length))
      return mri_error_set(error, MR_INVALID_ARGUMENT, "%s \"%s\" has a part \"%.*s\"", what, path,
                           (int)length, part);
    if (part[length] == '\0') return MR_OK;
    part += length + 1;
  }
}

int mri_text_fit(const char *text, int max) {
  size_t size = mri_strnlen(text, (size_t)max);
  if (size <= (size_t)max) return (int)size;
  size = (size_t)max;
  while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) size--;
  return (int)size;
}
