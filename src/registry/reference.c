/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/reference.h"
#include <assert.h>

#define BLANKS " \t\n\v\f\r"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool mri_is_hex(const char *text) {
  while (is_hex_digit(*text)) text++;
  return *text == '\0';
}

enum { DIGEST_LEAST = 12, DIGEST_MOST = MRI_DIGEST_TEXT - 1 };

/* Short ones may be channels, and bare numbers. */
static bool is_digest(const char *text) {
  return mri_is_hex(text) && strlen(text) >= DIGEST_LEAST;
}

/* Whether it is a range, and be it one that no version can match. */
static bool is_range(const char *text) {
  mri_range range;
  return mri_range_parse(text, false, &range, NULL) != MR_INVALID_ARGUMENT;
}

/* `latest`, a range, a digest, and what looks like a version or wildcard with or without "v". */
static bool is_reserved(const char *name) {
  if (strcmp(name, "latest") == 0 || is_digest(name) || is_range(name)) return true;
  const char *rest = name[0] == 'v' || name[0] == 'V' ? name + 1 : name;
  if (is_digit(rest[0])) return true;
  return (rest[0] == 'x' || rest[0] == 'X') && (rest[1] == '\0' || rest[1] == '.');
}

mr_status mri_check_channel_name(const char *name, mr_error *error) {
  mr_status status = mri_check_name(name, "channel name", error);
  if (status != MR_OK) return status;
  bool good = is_letter(name[0]);
  for (const char *c = name; *c != '\0' && good; c++) {
    good = is_letter(*c) || is_digit(*c) || *c == '.' || *c == '_' || *c == '-';
  }
  if (!good) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "channel name '%s' must begin with a letter and go on with letters, "
                         "digits, '.', '_' and '-'",
                         name);
  }
  if (is_reserved(name)) {
    return mri_error_set(
        error, MR_INVALID_ARGUMENT,
        "channel name '%s' is reserved: it reads as latest, a version, a range or a "
        "digest",
        name);
  }
  return MR_OK;
}

mr_status mri_check_model_name(const char *name, mr_error *error) {
  mr_status status = mri_check_name(name, "model name", error);
  if (status != MR_OK) return status;
  if (strchr(name, '@') != NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "model name '%s' must not contain '@', which separates the selector",
                         name);
  }
  return MR_OK;
}

/* Whether it was meant as a version or range: no name of a channel begins so. */
static bool looks_like_range(const char *selector) {
  const char *rest = selector[0] == 'v' ? selector + 1 : selector;
  return selector[0] != '\0' && (is_digit(rest[0]) || strchr("^~<>=*", rest[0]) != NULL);
}

static mr_status parse_range(const char *text, const char *selector, bool prereleases,
                             mri_reference *out, mr_error *error) {
  size_t size = strlen(selector);
  mr_error why = MR_ERROR_INIT;
  mr_status status = MR_INVALID_ARGUMENT;
  /* npm would read nothing as everything, and drop blanks: here they are a slip. */
  if (size > 0 && strchr(BLANKS, selector[0]) == NULL && strchr(BLANKS, selector[size - 1]) == NULL)
    status = mri_range_parse(selector, prereleases, &out->range, &why);
  if (status == MR_OK) {
    out->kind = MRI_SELECT_RANGE;
    out->range_text = selector;
    return MR_OK;
  }
  if (status == MR_INVALID_ARGUMENT && size > 0 && mri_is_hex(selector)) {
    return mri_error_set(error, status, "reference '%s': a digest has %d to %d hex digits, not %d",
                         text, DIGEST_LEAST, DIGEST_MOST, (int)size);
  }
  if (why.status != MR_OK && (status != MR_INVALID_ARGUMENT || looks_like_range(selector))) {
    return mri_error_set(error, status, "reference '%.*s': %s", mri_text_fit(text, 100), text,
                         why.message);
  }
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "reference '%s': '%s' is neither latest, a version such as 1.4.2, a range "
                       "such as ^1.2 nor the name of a channel",
                       text, selector);
}

/* The digests that begin so are those between it with every digit that is missing a 0, or an f. */
static mr_status parse_digest(const char *text, const char *selector, mri_reference *out,
                              mr_error *error) {
  char low[MRI_DIGEST_TEXT];
  char high[MRI_DIGEST_TEXT];
  size_t size = strlen(selector);
  if (size > DIGEST_MOST) {
    return mri_error_set(
        error, MR_LIMIT, "reference '%.*s': a digest has %d to %d hex digits, not %llu",
        mri_text_fit(text, 100), text, DIGEST_LEAST, DIGEST_MOST, (unsigned long long)size);
  }
  memset(low, '0', DIGEST_MOST);
  memset(high, 'f', DIGEST_MOST);
  for (size_t i = 0; i < size; i++) {
    char c = selector[i];
    low[i] = high[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
  }
  low[DIGEST_MOST] = high[DIGEST_MOST] = '\0';
  out->kind = MRI_SELECT_DIGEST;
  out->digest_text = selector;
  bool good = mri_digest_parse(low, &out->lowest) && mri_digest_parse(high, &out->highest);
  assert(good);
  (void)good;
  return MR_OK;
}

static mr_status parse_selector(const char *text, const char *selector, bool prereleases,
                                mri_reference *out, mr_error *error) {
  if (strcmp(selector, "latest") == 0) {
    out->kind = MRI_SELECT_LATEST;
  } else if (mri_semver_parse(selector, &out->number, NULL) == MR_OK) {
    out->kind = MRI_SELECT_EXACT;
  } else if (is_digest(selector)) {
    return parse_digest(text, selector, out, error);
  } else if (mri_check_channel_name(selector, NULL) == MR_OK) {
    out->kind = MRI_SELECT_CHANNEL;
    memcpy(out->channel, selector, strlen(selector) + 1);
  } else {
    return parse_range(text, selector, prereleases, out, error);
  }
  return MR_OK;
}

mr_status mri_reference_parse(const char *text, bool prereleases, mri_reference *out,
                              mr_error *error) {
  mr_status status = mri_check_value(text, "reference", 1024, error);
  if (status != MR_OK) return status;
  const char *at = strchr(text, '@');
  size_t size = at == NULL ? strlen(text) : (size_t)(at - text);
  if (size > MRI_NAME_MAX) {
    return mri_error_set(error, MR_LIMIT, "the model name of reference '%s' is over %d bytes", text,
                         MRI_NAME_MAX);
  }
  memcpy(out->model, text, size);
  out->model[size] = '\0';
  status = mri_check_model_name(out->model, error);
  if (status != MR_OK) return mri_error_prefix(error, status, "reference '%s'", text);
  return parse_selector(text, at == NULL ? "latest" : at + 1, prereleases, out, error);
}

mr_status mri_model_find(mri_tx *tx, const char *name, int64_t *id, mr_error *error) {
  mr_status status =
      mri_sql_int(tx, error, 0, id, "SELECT id FROM model WHERE name = ?1", "t", name);
  if (status == MR_OK && *id == 0) {
    status = mri_error_set(error, MR_NOT_FOUND, "there is no model '%s'", name);
  }
  return status;
}

/* Whether the version that was found is one as of that time. */
static mr_status check_found(const mri_stmt *stmt, const char *model, const mri_semver *number,
                             int64_t as_of_us, mr_error *error) {
  char text[MRI_SEMVER_MAX * 2 + 64];
  mri_semver stored;
  mri_semver_format(number, text);
  if (mri_stmt_int(stmt, 3) > as_of_us) {
    return mri_error_set(error, MR_NOT_FOUND,
                         "model '%s' had no version %s as of %lld; it was promoted later", model,
                         text, (long long)as_of_us);
  }
  if (mri_stmt_int(stmt, 2) == MRI_VERSION_DELETED) {
    return mri_error_set(error, MR_NOT_FOUND,
                         "model '%s' has no version %s any more: it was deleted", model, text);
  }
  mr_status status = mri_semver_parse(mri_stmt_text(stmt, 1), &stored, error);
  if (status == MR_OK && number->build[0] != '\0' && strcmp(number->build, stored.build) != 0) {
    status = mri_error_set(error, MR_NOT_FOUND, "model '%s' has no version %s, but %s", model, text,
                           mri_stmt_text(stmt, 1));
  }
  return status;
}

mr_status mri_version_find_as_of(mri_tx *tx, int64_t model_id, const char *model,
                                 const mri_semver *number, int64_t as_of_us, int64_t *id,
                                 mr_error *error) {
  unsigned char key[MRI_SEMVER_KEY_MAX];
  mri_stmt *stmt = NULL;
  bool found = false;
  size_t size = mri_semver_key_bytes(number, key);
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT v.id, v.number, " MRI_STATUS_AS_OF(
                        3) ", v.created_us "
                           "FROM version v WHERE v.model_id = ?1 AND v.sort_key = ?2",
                    "ibi", model_id, (const void *)key, size, as_of_us);
  if (status != MR_OK) return status;
  if (!found) {
    char text[MRI_SEMVER_MAX * 2 + 64];
    mri_semver_format(number, text);
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no version %s", model, text);
  }
  status = check_found(stmt, model, number, as_of_us, error);
  if (status == MR_OK) *id = mri_stmt_int(stmt, 0);
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_version_find(mri_tx *tx, int64_t model_id, const char *model,
                           const mri_semver *number, int64_t *id, mr_error *error) {
  return mri_version_find_as_of(tx, model_id, model, number, MRI_NOW, id, error);
}

mr_status mri_version_uuid(mri_tx *tx, const mri_reference *reference, char *out, mr_error *error) {
  int64_t model_id = 0;
  int64_t id = 0;
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_model_find(tx, reference->model, &model_id, error);
  if (status == MR_OK) {
    status = mri_version_find(tx, model_id, reference->model, &reference->number, &id, error);
  }
  if (status == MR_OK) {
    status =
        mri_sql_first(tx, error, &stmt, &found, "SELECT uuid FROM version WHERE id = ?1", "i", id);
  }
  if (status != MR_OK) return status;
  assert(found);
  bool good = mri_id_valid(mri_stmt_text(stmt, 0));
  if (good) memcpy(out, mri_stmt_text(stmt, 0), MRI_ID_SIZE);
  mri_stmt_done(stmt);
  return good ? MR_OK
              : mri_error_set(error, MR_CORRUPT, "a version of model '%s' has no id",
                              reference->model);
}
