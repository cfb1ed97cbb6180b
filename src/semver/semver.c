/* SPDX-License-Identifier: Apache-2.0 */
#include "semver/semver_value.h"

#include "base/text.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One dot-separated part of a prerelease or build. */
typedef struct identifier {
  const char *text;
  size_t size;
  bool numeric;
} identifier;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* Takes the identifier that starts at *cursor and moves behind it and its dot. False at the end. */
static bool next_identifier(const char **cursor, identifier *out) {
  const char *start = *cursor;
  if (*start == '\0') return false;
  const char *end = start;
  bool numeric = true;
  while (*end != '\0' && *end != '.') numeric = is_digit(*end++) && numeric;
  *out = (identifier){start, (size_t)(end - start), numeric};
  *cursor = *end == '.' ? end + 1 : end;
  return true;
}

/* --- parsing ------------------------------------------------------------------------------ */

static mr_status refuse(const char *text, const char *at, const char *why, mr_error *error) {
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "'%s' is not a semantic version: %s at column %d", text, why,
                       (int)(at - text) + 1);
}

static mr_status parse_number(const char *text, const char **cursor, const char *what, int64_t *out,
                              mr_error *error) {
  const char *start = *cursor;
  const char *p = start;
  int64_t value = 0;
  for (; is_digit(*p); p++) {
    value = value * 10 + (*p - '0');
    if (value > MRI_SEMVER_NUMBER_MAX)
      return mri_error_set(error, MR_LIMIT, "'%s': %s is above 9007199254740991", text, what);
  }
  if (p == start) {
    char why[64];
    (void)snprintf(why, sizeof why, "the %s number is missing", what);
    return refuse(text, start, why, error);
  }
  if (*start == '0' && p - start > 1) return refuse(text, start, "a leading zero", error);
  *cursor = p;
  *out = value;
  return MR_OK;
}

/* Dot-separated identifiers up to the end or, in a prerelease, up to '+'. */
static mr_status parse_identifiers(const char *text, const char **cursor, bool prerelease,
                                   char out[MRI_SEMVER_MAX + 1], mr_error *error) {
  const char *start = *cursor;
  const char *p = start;
  for (;;) {
    const char *part = p;
    bool numeric = true;
    for (; is_identifier_char(*p); p++) numeric = numeric && is_digit(*p);
    bool at_end = *p == '\0' || *p == '.' || (prerelease && *p == '+');
    if (!at_end) return refuse(text, p, "a character that is not allowed", error);
    if (p == part) return refuse(text, p, "an empty identifier", error);
    if (prerelease && numeric && *part == '0' && p - part > 1)
      return refuse(text, part, "a leading zero", error);
    if (*p != '.') break;
    p++;
  }
  memcpy(out, start, (size_t)(p - start));
  out[p - start] = '\0';
  *cursor = p;
  return MR_OK;
}

static mr_status parse_core(const char *text, const char **cursor, mri_semver *version,
                            mr_error *error) {
  mr_status status = parse_number(text, cursor, "major", &version->major, error);
  if (status != MR_OK) return status;
  if (**cursor != '.') return refuse(text, *cursor, "expected '.' and a minor number", error);
  ++*cursor;
  status = parse_number(text, cursor, "minor", &version->minor, error);
  if (status != MR_OK) return status;
  if (**cursor != '.') return refuse(text, *cursor, "expected '.' and a patch number", error);
  ++*cursor;
  return parse_number(text, cursor, "patch", &version->patch, error);
}

mr_status mri_semver_parse(const char *text, mri_semver *out, mr_error *error) {
  assert(out != NULL);
  if (text == NULL) return mri_error_set(error, MR_INVALID_ARGUMENT, "version is NULL");
  if (mri_strnlen(text, MRI_SEMVER_MAX) > MRI_SEMVER_MAX)
    return mri_error_set(error, MR_LIMIT, "'%.32s...' is longer than %d bytes, too long a version",
                         text, MRI_SEMVER_MAX);
  mri_semver version = {0};
  const char *cursor = text;
  mr_status status = parse_core(text, &cursor, &version, error);
  if (status == MR_OK && *cursor == '-') {
    cursor++;
    status = parse_identifiers(text, &cursor, true, version.prerelease, error);
  }
  if (status == MR_OK && *cursor == '+') {
    cursor++;
    status = parse_identifiers(text, &cursor, false, version.build, error);
  }
  if (status == MR_OK && *cursor != '\0')
    status = refuse(text, cursor, "expected '-', '+' or the end", error);
  if (status == MR_OK) *out = version;
  return status;
}

/* --- order -------------------------------------------------------------------------------- */

static int compare_numbers(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int sign(int value) {
  return (value > 0) - (value < 0);
}

/* Digits without leading zeros compare by length first, so there is no largest identifier. */
static int compare_identifiers(const identifier *a, const identifier *b) {
  if (a->numeric != b->numeric) return a->numeric ? -1 : 1;
  if (a->numeric && a->size != b->size) return a->size < b->size ? -1 : 1;
  size_t shorter = a->size < b->size ? a->size : b->size;
  int order = memcmp(a->text, b->text, shorter);
  return order != 0 ? sign(order) : (a->size > b->size) - (a->size < b->size);
}

int mri_semver_compare(const mri_semver *a, const mri_semver *b) {
  int order = compare_numbers(a->major, b->major);
  if (order == 0) order = compare_numbers(a->minor, b->minor);
  if (order == 0) order = compare_numbers(a->patch, b->patch);
  if (order != 0) return order;
  const char *left = a->prerelease;
  const char *right = b->prerelease;
  if (*left == '\0' || *right == '\0') return (*left == '\0') - (*right == '\0');
  for (;;) {
    identifier x;
    identifier y;
    bool has_x = next_identifier(&left, &x);
    bool has_y = next_identifier(&right, &y);
    if (!has_x || !has_y) return has_x - has_y;
    order = compare_identifiers(&x, &y);
    if (order != 0) return order;
  }
}

/* A number is its length in bytes, then its bytes from the highest: short numbers stay short. */
static unsigned char *key_number(int64_t value, unsigned char *out) {
  unsigned char *count = out++;
  *count = 0;
  for (int shift = 48; shift >= 0; shift -= 8) {
    if (*count == 0 && (value >> shift) == 0) continue;
    *out++ = (unsigned char)((value >> shift) & 0xff);
    ++*count;
  }
  return out;
}

/* The marks order what may stand in one place: end of the list, number, text, no prerelease. */
enum { KEY_END = 0, KEY_NUMERIC = 1, KEY_TEXT = 2, KEY_RELEASE = 3 };

size_t mri_semver_key_bytes(const mri_semver *version, unsigned char out[MRI_SEMVER_KEY_MAX]) {
  unsigned char *at = key_number(version->major, out);
  at = key_number(version->minor, at);
  at = key_number(version->patch, at);
  const char *cursor = version->prerelease;
  identifier part;
  while (next_identifier(&cursor, &part)) {
    *at++ = part.numeric ? KEY_NUMERIC : KEY_TEXT;
    if (part.numeric) *at++ = (unsigned char)part.size;
    memcpy(at, part.text, part.size);
    at += part.size;
    if (!part.numeric) *at++ = KEY_END;
  }
  *at++ = version->prerelease[0] == '\0' ? KEY_RELEASE : KEY_END;
  return (size_t)(at - out);
}

void mri_semver_key(const mri_semver *version, mri_str *out) {
  unsigned char key[MRI_SEMVER_KEY_MAX];
  mri_str_add_bytes(out, key, mri_semver_key_bytes(version, key));
}

static char *put_number(char *at, int64_t number) {
  char digits[20];
  size_t count = 0;
  for (; number > 0 || count == 0; number /= 10) digits[count++] = (char)('0' + number % 10);
  while (count > 0) *at++ = digits[--count];
  return at;
}

static char *put_label(char *at, char mark, const char *label) {
  size_t size = strlen(label);
  if (size == 0) return at;
  *at = mark;
  memcpy(at + 1, label, size);
  return at + 1 + size;
}

/* Without printf, which would cost as much as a statement: a promotion does this seven times. */
void mri_semver_format(const mri_semver *version, char out[MRI_SEMVER_MAX * 2 + 64]) {
  char *at = put_number(out, version->major);
  *at++ = '.';
  at = put_number(at, version->minor);
  *at++ = '.';
  at = put_number(at, version->patch);
  at = put_label(at, '-', version->prerelease);
  at = put_label(at, '+', version->build);
  *at = '\0';
}

/* --- bumping ------------------------------------------------------------------------------ */

static mr_status too_long(mr_error *error) {
  return mri_error_set(error, MR_LIMIT, "the next version is longer than %d bytes", MRI_SEMVER_MAX);
}

static mr_status count_up(int64_t *number, const char *what, mr_error *error) {
  if (*number >= MRI_SEMVER_NUMBER_MAX)
    return mri_error_set(error, MR_LIMIT, "the next %s number would pass 9007199254740991", what);
  ++*number;
  return MR_OK;
}

static mr_status check_prerelease_id(const char *id, mr_error *error) {
  if (mri_strnlen(id, MRI_SEMVER_MAX) > MRI_SEMVER_MAX) return too_long(error);
  char copy[MRI_SEMVER_MAX + 1];
  const char *cursor = id;
  mr_error inner = MR_ERROR_INIT;
  bool valid = parse_identifiers(id, &cursor, true, copy, &inner) == MR_OK && *cursor == '\0';
  if (valid) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "prerelease id '%s' must be dot-separated letters, digits and hyphens "
                       "without leading zeros",
                       id);
}

/* Counts the last numeric identifier up, or appends ".0" where there is none. */
static mr_status count_prerelease(char prerelease[MRI_SEMVER_MAX + 1], mr_error *error) {
  identifier part;
  identifier last = {NULL, 0, false};
  const char *cursor = prerelease;
  while (next_identifier(&cursor, &part))
    if (part.numeric) last = part;
  char next[MRI_SEMVER_MAX * 2];
  int length = 0;
  if (last.text == NULL) {
    length = snprintf(next, sizeof next, "%s.0", prerelease);
  } else {
    int64_t value = 0;
    for (size_t i = 0; i < last.size && value <= MRI_SEMVER_NUMBER_MAX; i++)
      value = value * 10 + (last.text[i] - '0');
    mr_status status = count_up(&value, "prerelease", error);
    if (status != MR_OK) return status;
    length = snprintf(next, sizeof next, "%.*s%" PRId64 "%s", (int)(last.text - prerelease),
                      prerelease, value, last.text + last.size);
  }
  /* A version leaves its prerelease 250 bytes, so two more or one more digit always fit. */
  assert(length > 0 && length <= MRI_SEMVER_MAX);
  memcpy(prerelease, next, (size_t)length + 1);
  return MR_OK;
}

/* Whether `prerelease` starts with the identifiers of `id` and a number follows them. */
static bool continues_id(const char *prerelease, const char *id) {
  identifier a;
  identifier b;
  while (next_identifier(&id, &b))
    if (!next_identifier(&prerelease, &a) || compare_identifiers(&a, &b) != 0) return false;
  return next_identifier(&prerelease, &a) && a.numeric;
}

static mr_status bump_prerelease(mri_semver *version, const char *id, mr_error *error) {
  if (version->prerelease[0] == '\0') {
    mr_status status = count_up(&version->patch, "patch", error);
    if (status != MR_OK) return status;
    memcpy(version->prerelease, "0", 2);
  } else {
    mr_status status = count_prerelease(version->prerelease, error);
    if (status != MR_OK) return status;
  }
  if (id == NULL || id[0] == '\0' || continues_id(version->prerelease, id)) return MR_OK;
  char next[MRI_SEMVER_MAX + 8];
  int length = snprintf(next, sizeof next, "%s.0", id);
  if (length > MRI_SEMVER_MAX) return too_long(error);
  memcpy(version->prerelease, next, (size_t)length + 1);
  return MR_OK;
}

/* A prerelease of exactly the version asked for becomes that version; anything else counts up. */
static mr_status bump_release(mri_semver *version, mri_semver_part part, mr_error *error) {
  bool release = version->prerelease[0] == '\0';
  mr_status status = MR_OK;
  if (part == MRI_SEMVER_MAJOR) {
    if (release || version->minor != 0 || version->patch != 0)
      status = count_up(&version->major, "major", error);
    version->minor = 0;
    version->patch = 0;
  } else if (part == MRI_SEMVER_MINOR) {
    if (release || version->patch != 0) status = count_up(&version->minor, "minor", error);
    version->patch = 0;
  } else if (release) {
    status = count_up(&version->patch, "patch", error);
  }
  version->prerelease[0] = '\0';
  return status;
}

mr_status mri_semver_bump(const mri_semver *from, mri_semver_part part, const char *prerelease_id,
                          mri_semver *out, mr_error *error) {
  assert(from != NULL && out != NULL);
  mri_semver version = *from;
  version.build[0] = '\0';
  mr_status status = MR_OK;
  switch (part) {
  case MRI_SEMVER_MAJOR:
  case MRI_SEMVER_MINOR:
  case MRI_SEMVER_PATCH:
    status = bump_release(&version, part, error);
    break;
  case MRI_SEMVER_PRERELEASE:
    if (prerelease_id != NULL && prerelease_id[0] != '\0')
      status = check_prerelease_id(prerelease_id, error);
    if (status == MR_OK) status = bump_prerelease(&version, prerelease_id, error);
    break;
  default:
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "no such part of a version: %d", (int)part);
  }
  if (status != MR_OK) return status;
  char text[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(&version, text);
  if (mri_strnlen(text, MRI_SEMVER_MAX) > MRI_SEMVER_MAX) return too_long(error);
  *out = version;
  return MR_OK;
}
