/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE (sizeof(((mr_error *)0)->message))

/* The layout of version 0.1, which a struct_size of 0 stands for, for ever. */
enum { FIRST_SIZE = 528 };

/* How many bytes of the struct the caller has. */
static size_t known_size(const mr_error *error) {
  size_t size = error->struct_size == 0 ? FIRST_SIZE : error->struct_size;
  return size > sizeof *error ? sizeof *error : size;
}

static size_t message_room(const mr_error *error) {
  size_t size = known_size(error);
  size_t offset = offsetof(mr_error, message);
  return size > offset ? size - offset : 0;
}

/* Line and paragraph separators break a line, too. */
static bool is_unsafe(uint32_t code) {
  return mri_is_control(code) || code == 0x2028 || code == 0x2029;
}

/* Copies text of `size` bytes as one safe line. `cut` says that text ends in the middle of
 * something longer, perhaps of a character. */
static void copy_safely(char *out, size_t room, const char *text, size_t size, bool cut) {
  if (room == 0) return;
  size_t used = 0;
  size_t at = 0;
  while (at < size) {
    uint32_t code = 0;
    size_t length = mri_utf8_step(text + at, size - at, &code);
    if (length == 0 && cut && size - at < 4) break;
    size_t copied = length == 0 || is_unsafe(code) ? 1 : length;
    if (used + copied >= room) break;
    if (length == 0 || is_unsafe(code)) {
      out[used] = '?';
    } else {
      memcpy(out + used, text + at, length);
    }
    used += copied;
    at += length == 0 ? 1 : length;
  }
  /* What is left of a message ends like a whole one. */
  while ((cut || at < size) && used > 0 && (out[used - 1] == ' ' || out[used - 1] == '.')) used--;
  out[used] = '\0';
}

static void fill(mr_error *error, mr_status status, int64_t code, const char *text, size_t size,
                 bool cut) {
  size_t known = known_size(error);
  if (known >= offsetof(mr_error, status) + sizeof error->status) error->status = status;
  if (known >= offsetof(mr_error, backend_code) + sizeof error->backend_code)
    error->backend_code = code;
  copy_safely(error->message, message_room(error), text, size, cut);
}

MRI_PRINTF(4, 0)
static void fill_format(mr_error *error, mr_status status, int64_t code, const char *format,
                        va_list args) {
  /* The arguments may point into the old message, so the new one is made beside it. */
  char text[MESSAGE_SIZE];
  int length = vsnprintf(text, sizeof text, format, args);
  if (length < 0) length = 0;
  bool cut = (size_t)length >= sizeof text;
  fill(error, status, code, text, cut ? sizeof text - 1 : (size_t)length, cut);
}

mr_status mri_error_set(mr_error *error, mr_status status, const char *format, ...) {
  if (error == NULL) return status;
  va_list args;
  va_start(args, format);
  fill_format(error, status, 0, format, args);
  va_end(args);
  return status;
}

mr_status mri_error_set_code(mr_error *error, mr_status status, int64_t code, const char *format,
                             ...) {
  if (error == NULL) return status;
  va_list args;
  va_start(args, format);
  fill_format(error, status, code, format, args);
  va_end(args);
  return status;
}

static mr_status status_of_errno(int errno_value) {
  switch (errno_value) {
  case ENOENT:
  case ENOTDIR:
    return MR_NOT_FOUND;
  case EEXIST:
    return MR_ALREADY_EXISTS;
  case EROFS:
    return MR_READ_ONLY;
  case ENOMEM:
    return MR_NO_MEMORY;
  case ELOOP:
  case EXDEV:
    return MR_INVALID_ARGUMENT;
  default:
    return MR_IO;
  }
}

mr_status mri_error_errno(mr_error *error, int errno_value, const char *action, const char *path) {
  mr_status status = status_of_errno(errno_value);
  if (error == NULL) return status;
  char reason[128];
  (void)snprintf(reason, sizeof reason, "error %d", errno_value);
  /* English whatever the host's locale is; "C" is built in, so this allocates nothing. */
  locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (locale != (locale_t)0) {
    (void)snprintf(reason, sizeof reason, "%s", strerror_l(errno_value, locale));
    freelocale(locale);
  }
  return mri_error_set_code(error, status, errno_value, "cannot %s %s: %s", action, path, reason);
}

mr_status mri_error_no_memory(mr_error *error) {
  return mri_error_set(error, MR_NO_MEMORY, "out of memory");
}

mr_status mri_error_prefix(mr_error *error, mr_status status, const char *format, ...) {
  size_t room = error == NULL ? 0 : message_room(error);
  if (room == 0) return status;
  char raw[MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(raw, sizeof raw, format, args);
  va_end(args);
  if (length < 0) length = 0;
  bool cut = (size_t)length >= sizeof raw;
  char prefix[MESSAGE_SIZE];
  copy_safely(prefix, sizeof prefix, raw, cut ? sizeof raw - 1 : (size_t)length, cut);
  char text[2 * MESSAGE_SIZE + 2];
  int total = snprintf(text, sizeof text, "%s: %.*s", prefix, (int)room, error->message);
  if (total > 0) copy_safely(error->message, room, text, (size_t)total, false);
  return status;
}
