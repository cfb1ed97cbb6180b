/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/version_search.h"
#include <stdio.h>

/* The keys from `low` up to, and not with, `high`. */
typedef struct span {
  mri_sort_key low;
  mri_sort_key high;
} span;

/* What to look for: versions of one status that are released, or not; status 0 is all there is. */
typedef struct wanted {
  int64_t status;
  bool released;
} wanted;

static bool is_below(const mri_sort_key *a, const mri_sort_key *b) {
  int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
  return order != 0 ? order < 0 : a->size < b->size;
}

/* Nothing is between a key and itself with a zero byte more. */
static mri_sort_key key_after(const mri_sort_key *key) {
  mri_sort_key next = *key;
  next.bytes[next.size++] = '\0';
  return next;
}

static mri_sort_key key_of(const mri_semver *version) {
  mri_sort_key key;
  key.size = mri_semver_key_bytes(version, key.bytes);
  return key;
}

/* No key is below a zero byte or above 0xff. */
static span span_of(const mri_range *range, const mri_interval *interval) {
  span in = {{1, {0}}, {1, {0xff}}};
  mri_semver end;
  if (mri_range_bound(range, &interval->low, &end)) {
    in.low = key_of(&end);
    if (interval->low.open) in.low = key_after(&in.low);
  }
  if (mri_range_bound(range, &interval->high, &end)) {
    in.high = key_of(&end);
    if (!interval->high.open) in.high = key_after(&in.high);
  }
  return in;
}

/* The prereleases of one release, as far as they are in the span. */
static span prereleases_of(const mri_semver *release, const span *in) {
  mri_semver version = *release;
  memcpy(version.prerelease, "0", 2); /* the lowest */
  span out = {key_of(&version), {0}};
  version.prerelease[0] = '\0';
  out.high = key_of(&version);
  if (is_below(&out.low, &in->low)) out.low = in->low;
  if (is_below(&in->high, &out.high)) out.high = in->high;
  return out;
}

/* Takes the row (id, sort_key, number, status, created_us); CORRUPT where its key is none. */
static mr_status read_hit(const mri_scope *scope, const mri_stmt *stmt, mri_hit *out,
                          mr_error *error) {
  size_t size = 0;
  const void *key = mri_stmt_bytes(stmt, 1, &size);
  const char *number = mri_stmt_text(stmt, 2);
  if (number == NULL) number = "";
  int shown = mri_text_fit(number, 40);
  (void)snprintf(out->number, sizeof out->number, "%.*s%s", shown, number,
                 number[shown] == '\0' ? "" : "...");
  if (size == 0 || size > MRI_SEMVER_KEY_MAX)
    return mri_error_set(error, MR_CORRUPT, "version %s has no valid sort key", out->number);
  memcpy(out->key.bytes, key, size);
  out->key.size = size;
  out->id = mri_stmt_int(stmt, 0);
  out->status = mri_stmt_int(stmt, 3);
  out->later = mri_stmt_int(stmt, 4) > scope->as_of_us;
  return MR_OK;
}

/* As of now the status is in an index, as of an earlier time it is not: then what is higher is read
 * down to the first that fits. */
static mr_status query_span(const mri_scope *s, const mri_sort_key *low, const mri_sort_key *high,
                            const wanted *w, mri_stmt **stmt, bool *found, mr_error *error) {
  if (w->status == 0) {
    return mri_sql_first(s->tx, error, stmt, found,
                         "SELECT v.id, v.sort_key, v.number, " MRI_STATUS_AS_OF(
                             4) ", v.created_us FROM version v WHERE v.model_id = ?1 "
                                "AND v.sort_key >= ?2 AND v.sort_key < ?3 "
                                "ORDER BY v.sort_key DESC LIMIT 1",
                         "ibbi", s->model_id, (const void *)low->bytes, low->size,
                         (const void *)high->bytes, high->size, s->as_of_us);
  }
  if (s->as_of_us == MRI_NOW) {
    return mri_sql_first(s->tx, error, stmt, found,
                         "SELECT id, sort_key, number, status, created_us FROM version "
                         "WHERE model_id = ?1 AND status = ?5 AND released = ?4 "
                         "AND sort_key >= ?2 AND sort_key < ?3 ORDER BY sort_key DESC LIMIT 1",
                         "ibbii", s->model_id, (const void *)low->bytes, low->size,
                         (const void *)high->bytes, high->size, (int64_t)w->released, w->status);
  }
  return mri_sql_first(s->tx, error, stmt, found,
                       "SELECT v.id, v.sort_key, v.number, v.status, v.created_us FROM version v "
                       "WHERE v.model_id = ?1 AND v.sort_key >= ?2 AND v.sort_key < ?3 "
                       "AND v.released = ?4 AND v.created_us <= ?6 "
                       "AND " MRI_STATUS_AS_OF(6) " = ?5 ORDER BY v.sort_key DESC LIMIT 1",
                       "ibbiii", s->model_id, (const void *)low->bytes, low->size,
                       (const void *)high->bytes, high->size, (int64_t)w->released, w->status,
                       s->as_of_us);
}

/* Raises `best` to the highest version in the span, if that is higher: as of now one step down an
 * index, however many versions there are. */
static mr_status search(const mri_scope *scope, const span *in, const wanted *w, mri_hit *best,
                        mr_error *error) {
  mri_sort_key low = in->low;
  mri_stmt *stmt = NULL;
  bool found = false;
  if (best->id != 0 && is_below(&low, &best->key)) low = key_after(&best->key);
  if (!is_below(&low, &in->high)) return MR_OK;
  mr_status status = query_span(scope, &low, &in->high, w, &stmt, &found, error);
  if (status != MR_OK || !found) return status;
  status = read_hit(scope, stmt, best, error);
  mri_stmt_done(stmt);
  return status;
}

/* --- by range --------------------------------------------------------------------------------- */

/* Where an end of the interval is a prerelease, the others of that release are in it too. */
static mr_status search_beside(const mri_scope *scope, const mri_range *range, const mri_bound *end,
                               const span *in, int64_t of, mri_hit *best, mr_error *error) {
  mri_semver version;
  wanted w = {of, false};
  if (!mri_range_bound(range, end, &version) || version.prerelease[0] == '\0') return MR_OK;
  span part = prereleases_of(&version, in);
  return search(scope, &part, &w, best, error);
}

static mr_status search_interval(const mri_scope *scope, const mri_range *range,
                                 const mri_interval *interval, int64_t of, mri_hit *best,
                                 mr_error *error) {
  wanted releases = {of, true};
  wanted others = {of, false};
  span in = span_of(range, interval);
  mr_status status = search(scope, &in, &releases, best, error);
  if (status == MR_OK && range->include_prereleases) {
    return search(scope, &in, &others, best, error);
  }
  if (status == MR_OK) {
    status = search_beside(scope, range, &interval->low, &in, of, best, error);
  }
  if (status == MR_OK) {
    status = search_beside(scope, range, &interval->high, &in, of, best, error);
  }
  return status;
}

mr_status mri_search_range(const mri_scope *scope, const mri_range *range, mri_hit *out,
                           mr_error *error) {
  static const int64_t preferred[] = {MR_VERSION_STATUS_ACTIVE, MR_VERSION_STATUS_DEPRECATED};
  mr_status status = MR_OK;
  out->id = 0;
  for (size_t k = 0; k < 2 && status == MR_OK && out->id == 0; k++) {
    for (size_t i = 0; i < range->count && status == MR_OK; i++) {
      status = search_interval(scope, range, &range->intervals[i], preferred[k], out, error);
    }
  }
  return status;
}

mr_status mri_search_latest(const mri_scope *scope, bool prereleases, mri_hit *out,
                            mr_error *error) {
  mri_range all;
  mr_status status = mri_range_parse("*", prereleases, &all, error);
  return status == MR_OK ? mri_search_range(scope, &all, out, error) : status;
}

static mr_status latest_release(const mri_scope *scope, int64_t of, int64_t *id, mr_error *error) {
  return mri_sql_int(scope->tx, error, 0, id,
                     "SELECT id FROM version WHERE model_id = ?1 AND status = ?2 AND released = 1 "
                     "ORDER BY sort_key DESC LIMIT 1",
                     "ii", scope->model_id, of);
}

mr_status mri_search_latest_id(const mri_scope *scope, bool prereleases, int64_t *id,
                               mr_error *error) {
  mri_hit hit;
  mr_status status = MR_OK;
  hit.id = 0;
  if (prereleases || scope->as_of_us != MRI_NOW) {
    status = mri_search_latest(scope, prereleases, &hit, error);
    *id = hit.id;
    return status;
  }
  status = latest_release(scope, MR_VERSION_STATUS_ACTIVE, id, error);
  if (status != MR_OK || *id != 0) return status;
  return latest_release(scope, MR_VERSION_STATUS_DEPRECATED, id, error);
}

mr_status mri_search_any(const mri_scope *scope, const mri_range *range, const mri_sort_key *below,
                         mri_hit *out, mr_error *error) {
  wanted all = {0, false};
  mr_status status = MR_OK;
  out->id = 0;
  for (size_t i = 0; i < range->count && status == MR_OK; i++) {
    span in = span_of(range, &range->intervals[i]);
    if (below != NULL && is_below(below, &in.high)) in.high = *below;
    status = search(scope, &in, &all, out, error);
  }
  return status;
}

/* --- by digest -------------------------------------------------------------------------------- */

enum { NUMBER_SHOWN = 80 };

/* A version as one that has a digest. */
typedef struct owner {
  mri_digest digest;
  char number[NUMBER_SHOWN + 1];
} owner;

static mr_status read_owner(const mri_stmt *stmt, owner *out, mr_error *error) {
  const char *number = mri_stmt_text(stmt, 2);
  if (number == NULL) number = "";
  (void)snprintf(out->number, sizeof out->number, "%.*s", mri_text_fit(number, NUMBER_SHOWN),
                 number);
  bool good = mri_stmt_digest(stmt, 5, &out->digest);
  return good ? MR_OK : mri_error_set(error, MR_CORRUPT, "version %s has no digest", out->number);
}

/* Whether `hit` is to be preferred: the active one, then a deprecated one, then the highest. */
static bool is_better(const mri_hit *hit, const mri_hit *best) {
  if (best->id == 0 || hit->status != best->status) {
    return best->id == 0 || hit->status < best->status;
  }
  return is_below(&best->key, &hit->key);
}

/* Takes a row up; CONFLICT where its digest is not that of the rows before. */
static mr_status consider_digest(const mri_scope *s, const mri_reference *reference,
                                 const mri_stmt *stmt, owner *first, mri_hit *best,
                                 mr_error *error) {
  mri_hit hit;
  owner other;
  if (mri_stmt_int(stmt, 3) == MRI_VERSION_DELETED) return MR_OK;
  mr_status status = read_owner(stmt, best->id == 0 ? first : &other, error);
  if (status == MR_OK && best->id != 0 && !mri_digest_equal(&other.digest, &first->digest)) {
    status = mri_error_set(error, MR_CONFLICT,
                           "digest %s means several versions of model '%s', %s and %s at least; "
                           "give more digits",
                           reference->digest_text, s->model, first->number, other.number);
  }
  if (status == MR_OK) status = read_hit(s, stmt, &hit, error);
  if (status == MR_OK && is_better(&hit, best)) *best = hit;
  return status;
}

/* The rows come in the order of an index, those with one digest together. */
mr_status mri_search_digest(const mri_scope *scope, const mri_reference *reference, mri_hit *out,
                            mr_error *error) {
  mri_stmt *stmt = NULL;
  bool row = false;
  owner first;
  out->id = 0;
  mr_status status = mri_sql_query(
      scope->tx, error, &stmt,
      "SELECT v.id, v.sort_key, v.number, " MRI_STATUS_AS_OF(
          4) ", v.created_us, v.digest FROM version v WHERE v.model_id = ?1 "
             "AND v.digest >= ?2 AND v.digest <= ?3 AND v.created_us <= ?4 "
             "ORDER BY v.digest",
      "iddi", scope->model_id, &reference->lowest, &reference->highest, scope->as_of_us);
  if (status != MR_OK) return status;
  while ((status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    status = consider_digest(scope, reference, stmt, &first, out, error);
    if (status != MR_OK) break;
  }
  mri_stmt_done(stmt);
  return status;
}
