/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/numbering.h"
#include <assert.h>

/* A line such as "1" or "1.2": major, and minor or -1. */
typedef struct line {
  int64_t major;
  int64_t minor;
} line;

/* "1" becomes "1.0.0", "1.2" becomes "1.2.0", and the parser of versions does the rest. */
static mr_status parse_line(const char *text, line *out, mr_error *error) {
  char number[MRI_SEMVER_MAX + 1];
  mri_semver parsed;
  size_t size = mri_strnlen(text, 64);
  int dots = 0;
  for (size_t i = 0; i < size; i++) dots += text[i] == '.';
  mr_status status = MR_INVALID_ARGUMENT;
  if (size <= 40 && dots <= 1 && strpbrk(text, "-+") == NULL) {
    const char *rest = dots == 0 ? ".0.0" : ".0";
    memcpy(number, text, size);
    memcpy(number + size, rest, strlen(rest) + 1);
    status = mri_semver_parse(number, &parsed, NULL);
  }
  if (status != MR_OK) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "line '%.64s' is not of the form 1 or 1.2",
                         text);
  }
  out->major = parsed.major;
  out->minor = dots == 0 ? -1 : parsed.minor;
  return MR_OK;
}

mr_status mri_number_check(const mr_promote_options *o, mr_error *error) {
  mri_semver number;
  line parsed;
  if (o->bump < 0 || o->bump > MR_BUMP_PRERELEASE) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "bump %d is unknown", (int)o->bump);
  }
  if (o->version != NULL && (o->bump != 0 || o->line != NULL || o->prerelease_id != NULL)) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "a version is given: bump, line and prerelease_id do not go with it");
  }
  if (o->prerelease_id != NULL && o->bump != MR_BUMP_PRERELEASE) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "prerelease_id goes with a bump of the prerelease only");
  }
  if (o->version != NULL) return mri_semver_parse(o->version, &number, error);
  if (o->line != NULL) return parse_line(o->line, &parsed, error);
  return MR_OK;
}

mr_status mri_number_key(const mri_semver *number, mri_str *out, mr_error *error) {
  mri_semver_key(number, out);
  return out->failed ? mri_error_no_memory(error) : MR_OK;
}

/* The text of a version row's number, parsed; *found is false where there is no row. Gives the
 * statement back. */
static mr_status take_number(mri_stmt *stmt, bool found, mri_semver *out, mr_error *error) {
  if (!found) return MR_OK;
  mr_status status = mri_semver_parse(mri_stmt_text(stmt, 0), out, error);
  mri_stmt_done(stmt);
  return status;
}

/* The highest version of the model or line: of the releases, or of all. */
static mr_status find_highest(mri_tx *tx, int64_t model_id, const line *in, bool releases,
                              bool *found, mri_semver *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  /* The lowest prerelease there can be, 0, bounds a line below and the next one above. */
  mri_semver low = {0, 0, 0, "0", ""};
  mri_semver high = {MRI_SEMVER_NUMBER_MAX, MRI_SEMVER_NUMBER_MAX, MRI_SEMVER_NUMBER_MAX, "", ""};
  if (in != NULL) {
    low.major = in->major;
    low.minor = in->minor < 0 ? 0 : in->minor;
    high = low;
    if (in->minor < 0) high.major++;
    if (in->minor >= 0) high.minor++;
  }
  mri_str low_key;
  mri_str high_key;
  mri_str_init(&low_key, mri_mem_default());
  mri_str_init(&high_key, mri_mem_default());
  mr_status status = mri_number_key(&low, &low_key, error);
  if (status == MR_OK) status = mri_number_key(&high, &high_key, error);
  /* A line ends before the first prerelease of the next; else the highest there can be counts. */
  if (in == NULL) mri_str_add_char(&high_key, '\0');
  if (status == MR_OK && high_key.failed) status = mri_error_no_memory(error);
  if (status == MR_OK) {
    status = mri_sql_first(tx, error, &stmt, found,
                           "SELECT number FROM version WHERE model_id = ?1 AND sort_key >= ?2 "
                           "AND sort_key < ?3 AND released >= ?4 ORDER BY sort_key DESC LIMIT 1",
                           "ibbi", model_id, (const void *)low_key.data, low_key.size,
                           (const void *)high_key.data, high_key.size, (int64_t)releases);
  }
  mri_str_free(&low_key);
  mri_str_free(&high_key);
  return status != MR_OK ? status : take_number(stmt, *found, out, error);
}

/* The first version of all is 1.0.0, the first of a line its lowest. */
static mr_status first_number(const line *in, mr_bump bump, const char *prerelease_id,
                              mri_semver *out, mr_error *error) {
  memset(out, 0, sizeof *out);
  out->major = in == NULL ? 1 : in->major;
  out->minor = in == NULL || in->minor < 0 ? 0 : in->minor;
  if (bump != MR_BUMP_PRERELEASE) return MR_OK;
  /* Raising the prerelease of a version gives the next patch; this one is the first of its own. */
  mri_semver base = *out;
  mr_status status = mri_semver_bump(&base, MRI_SEMVER_PRERELEASE, prerelease_id, out, error);
  out->patch = base.patch;
  return status;
}

mr_bump mri_bump_of(const mr_promote_options *o) {
  if (o->bump != 0) return o->bump;
  return o->line != NULL && strchr(o->line, '.') != NULL ? MR_BUMP_PATCH : MR_BUMP_MINOR;
}

static mr_status check_raised(const mri_semver *from, const mri_semver *to, const line *in,
                              const mr_promote_options *o, mr_error *error) {
  bool outside =
      in != NULL && (to->major != in->major || (in->minor >= 0 && to->minor != in->minor));
  if (!outside && mri_semver_compare(to, from) > 0) return MR_OK;
  char text[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(to, text);
  if (outside) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "this bump leads to %s, which is outside line %s", text, o->line);
  }
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "prerelease_id '%s' leads to %s, which is below what there is; give the "
                       "version itself",
                       o->prerelease_id == NULL ? "" : o->prerelease_id, text);
}

/* Releases are raised from the highest release, so that a prerelease of the next major version does
 * not swallow a patch of this one; prereleases from the highest version of all. */
static mr_status raise(mri_tx *tx, int64_t model_id, const mr_promote_options *o, mri_semver *out,
                       mr_error *error) {
  static const mri_semver_part parts[] = {MRI_SEMVER_MINOR, MRI_SEMVER_MAJOR, MRI_SEMVER_MINOR,
                                          MRI_SEMVER_PATCH, MRI_SEMVER_PRERELEASE};
  line parsed;
  const line *in = o->line == NULL ? NULL : &parsed;
  mr_bump bump = mri_bump_of(o);
  bool found = false;
  mri_semver highest;
  mr_status status = in == NULL ? MR_OK : parse_line(o->line, &parsed, error);
  if (status == MR_OK && bump != MR_BUMP_PRERELEASE) {
    status = find_highest(tx, model_id, in, true, &found, &highest, error);
  }
  if (status == MR_OK && !found) {
    status = find_highest(tx, model_id, in, false, &found, &highest, error);
  }
  if (status != MR_OK) return status;
  if (!found) return first_number(in, bump, o->prerelease_id, out, error);
  status = mri_semver_bump(&highest, parts[bump], o->prerelease_id, out, error);
  return status == MR_OK ? check_raised(&highest, out, in, o, error) : status;
}

static mr_status check_free(mri_tx *tx, int64_t model_id, const char *model,
                            const mri_semver *number, mr_error *error) {
  mri_str key;
  mri_stmt *stmt = NULL;
  bool found = false;
  mri_str_init(&key, mri_mem_default());
  mr_status status = mri_number_key(number, &key, error);
  if (status == MR_OK) {
    status = mri_sql_first(tx, error, &stmt, &found,
                           "SELECT v.number, r.uuid, v.status FROM version v "
                           "JOIN run r ON r.id = v.run_id "
                           "WHERE v.model_id = ?1 AND v.sort_key = ?2",
                           "ib", model_id, (const void *)key.data, key.size);
  }
  mri_str_free(&key);
  if (status != MR_OK || !found) return status;
  bool deleted = mri_stmt_int(stmt, 2) == MRI_VERSION_DELETED;
  status = deleted ? mri_error_set(error, MR_ALREADY_EXISTS,
                                   "%s@%s was deleted, and numbers are never used again; choose "
                                   "another",
                                   model, mri_stmt_text(stmt, 0))
                   : mri_error_set(error, MR_ALREADY_EXISTS, "%s@%s exists already, made by run %s",
                                   model, mri_stmt_text(stmt, 0), mri_stmt_text(stmt, 1));
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_number_choose(mri_tx *tx, int64_t model_id, const char *model,
                            const mr_promote_options *o, const char *run, mri_semver *out,
                            mr_error *error) {
  mr_status status = o->version != NULL ? mri_semver_parse(o->version, out, error)
                                        : raise(tx, model_id, o, out, error);
  if (status != MR_OK) return status;
  /* The last 12 digits of a run's id are random; the first are its time, which a sweep shares. */
  size_t size = strlen(run);
  assert(size == MRI_ID_SIZE - 1);
  if (out->build[0] == '\0') memcpy(out->build, run + size - 12, 13);
  char text[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(out, text);
  if (strlen(text) > MRI_SEMVER_MAX) {
    /* Nobody could read it back. */
    return mri_error_set(error, MR_LIMIT,
                         "version %.32s... is longer than %d bytes with its build metadata", text,
                         MRI_SEMVER_MAX);
  }
  /* What was raised is above every number that it could equal. */
  return o->version == NULL ? MR_OK : check_free(tx, model_id, model, out, error);
}
