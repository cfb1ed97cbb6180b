/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to a version. */
#include "base/options.h"
#include "registry/version_row.h"
#include <stdio.h>

/* What there is instead of an active release. */
static mr_status explain_latest(mri_tx *tx, const char *model, int64_t model_id, mr_error *error) {
  int64_t all = 0;
  int64_t prereleases = 0;
  mr_status status = mri_sql_int(tx, error, 0, &all,
                                 "SELECT count(*) FROM version WHERE model_id = ?1", "i", model_id);
  if (status == MR_OK) {
    status = mri_sql_int(tx, error, 0, &prereleases,
                         "SELECT count(*) FROM version WHERE model_id = ?1 AND released = 0 "
                         "AND status = 1",
                         "i", model_id);
  }
  if (status != MR_OK) return status;
  if (all == 0) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no version yet; promote a run first",
                         model);
  }
  return mri_error_set(error, MR_NOT_FOUND,
                       "model '%s' has no active release among %lld versions; %lld active "
                       "prereleases were left out",
                       model, (long long)all, (long long)prereleases);
}

/* --- between keys --------------------------------------------------------------------------- */

/* A sort key, with room for the byte that makes the next one of it. */
typedef struct sort_key {
  size_t size;
  unsigned char bytes[MRI_SEMVER_KEY_MAX + 1];
} sort_key;

/* The keys from `low` up to, and not with, `high`. */
typedef struct span {
  sort_key low;
  sort_key high;
} span;

/* What a statement found in a span. */
typedef struct hit {
  int64_t id; /* 0: nothing */
  int64_t status;
  char number[44]; /* shortened, for messages */
  sort_key key;
} hit;

static bool is_below(const sort_key *a, const sort_key *b) {
  int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
  return order != 0 ? order < 0 : a->size < b->size;
}

/* Nothing is between a key and itself with a zero byte more. */
static sort_key key_after(const sort_key *key) {
  sort_key next = *key;
  next.bytes[next.size++] = '\0';
  return next;
}

static sort_key key_of(const mri_semver *version) {
  sort_key key;
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

/* Takes the row; CORRUPT where its key is none. */
static mr_status read_hit(const mri_stmt *stmt, hit *out, mr_error *error) {
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
  return MR_OK;
}

/* Raises `best` to the highest version in the span, if that is higher: one step down an index,
 * however many versions there are. `released` is 1 or 0 for the active releases or prereleases, -1
 * for all there is. */
static mr_status search(mri_tx *tx, int64_t model_id, const span *in, int released, hit *best,
                        mr_error *error) {
  sort_key low = in->low;
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = MR_OK;
  if (best->id != 0 && is_below(&low, &best->key)) low = key_after(&best->key);
  if (!is_below(&low, &in->high)) return MR_OK;
  if (released >= 0) {
    status = mri_sql_first(tx, error, &stmt, &found,
                           "SELECT id, sort_key, number, status FROM version WHERE model_id = ?1 "
                           "AND status = 1 AND released = ?2 AND sort_key >= ?3 AND sort_key < ?4 "
                           "ORDER BY sort_key DESC LIMIT 1",
                           "iibb", model_id, (int64_t)released, (const void *)low.bytes, low.size,
                           (const void *)in->high.bytes, in->high.size);
  } else {
    status = mri_sql_first(tx, error, &stmt, &found,
                           "SELECT id, sort_key, number, status FROM version WHERE model_id = ?1 "
                           "AND sort_key >= ?2 AND sort_key < ?3 ORDER BY sort_key DESC LIMIT 1",
                           "ibb", model_id, (const void *)low.bytes, low.size,
                           (const void *)in->high.bytes, in->high.size);
  }
  if (status != MR_OK || !found) return status;
  status = read_hit(stmt, best, error);
  mri_stmt_done(stmt);
  return status;
}

/* --- by range ------------------------------------------------------------------------------- */

/* Where an end of the interval is a prerelease, the others of that release are in it too. */
static mr_status search_beside(mri_tx *tx, int64_t model_id, const mri_range *range,
                               const mri_bound *end, const span *in, hit *best, mr_error *error) {
  mri_semver version;
  if (!mri_range_bound(range, end, &version) || version.prerelease[0] == '\0') return MR_OK;
  span part = prereleases_of(&version, in);
  return search(tx, model_id, &part, 0, best, error);
}

/* The highest active version in the range; best->id is 0 where there is none. */
static mr_status search_range(mri_tx *tx, int64_t model_id, const mri_range *range, hit *best,
                              mr_error *error) {
  mr_status status = MR_OK;
  best->id = 0;
  for (size_t i = 0; i < range->count && status == MR_OK; i++) {
    const mri_interval *interval = &range->intervals[i];
    span in = span_of(range, interval);
    status = search(tx, model_id, &in, 1, best, error);
    if (status != MR_OK) break;
    if (range->include_prereleases) {
      status = search(tx, model_id, &in, 0, best, error);
      continue;
    }
    status = search_beside(tx, model_id, range, &interval->low, &in, best, error);
    if (status == MR_OK)
      status = search_beside(tx, model_id, range, &interval->high, &in, best, error);
  }
  return status;
}

static mr_status search_all(mri_tx *tx, int64_t model_id, bool prereleases, hit *best,
                            mr_error *error) {
  mri_range all;
  mr_status status = mri_range_parse("*", prereleases, &all, error);
  return status == MR_OK ? search_range(tx, model_id, &all, best, error) : status;
}

static mr_status find_latest(mri_tx *tx, const char *model, int64_t model_id, bool prereleases,
                             int64_t *id, mr_error *error) {
  hit best = {0};
  mr_status status = MR_OK;
  if (prereleases) {
    status = search_all(tx, model_id, true, &best, error);
  } else {
    /* The usual question, answered by the index alone. */
    status = mri_sql_int(tx, error, 0, &best.id,
                         "SELECT id FROM version WHERE model_id = ?1 AND status = 1 "
                         "AND released = 1 ORDER BY sort_key DESC LIMIT 1",
                         "i", model_id);
  }
  if (status == MR_OK && best.id == 0) status = explain_latest(tx, model, model_id, error);
  if (status == MR_OK) *id = best.id;
  return status;
}

/* --- what there is instead -------------------------------------------------------------------- */

enum { LEFT_OUT_SHOWN = 3 };

static const char *why_left_out(int64_t status) {
  switch (status) {
  case MR_VERSION_STATUS_ACTIVE:
    return "is a prerelease, which needs MR_RESOLVE_PRERELEASES";
  case MR_VERSION_STATUS_DEPRECATED:
    return "is deprecated";
  case MR_VERSION_STATUS_YANKED:
    return "is yanked";
  default:
    return "is not active";
  }
}

/* The highest versions of the range, and why each was left out: nothing that is active is in it, so
 * if not for its status it was as a prerelease. */
static mr_status add_all_left_out(mri_tx *tx, int64_t model_id, const mri_reference *reference,
                                  mri_str *out, mr_error *error) {
  mri_range wide;
  mr_status status = MR_OK;
  sort_key below = {1, {0xff}};
  if (mri_range_parse(reference->range_text, true, &wide, NULL) != MR_OK) wide = reference->range;
  for (int shown = 0; status == MR_OK; shown++) {
    hit next = {0};
    for (size_t i = 0; i < wide.count && status == MR_OK; i++) {
      span in = span_of(&wide, &wide.intervals[i]);
      if (is_below(&below, &in.high)) in.high = below;
      status = search(tx, model_id, &in, -1, &next, error);
    }
    if (status != MR_OK || next.id == 0) break;
    if (shown == LEFT_OUT_SHOWN) {
      mri_str_add(out, "; and more");
      break;
    }
    mri_str_addf(out, "%s%s %s", shown == 0 ? ": " : "; ", next.number, why_left_out(next.status));
    below = next.key;
  }
  return status;
}

static mr_status refuse_range(const mri_reference *reference, const mri_str *left_out,
                              mr_error *error) {
  const char *text = reference->range_text;
  mri_str meaning;
  mri_str_init(&meaning, mri_mem_default());
  mri_range_format(&reference->range, &meaning);
  mr_status status = MR_OK;
  if (meaning.failed || left_out->failed) {
    status = mri_error_no_memory(error);
  } else {
    status =
        mri_error_set(error, MR_NOT_FOUND, "model '%.*s' has no active version in %.*s (%.*s)%s",
                      mri_text_fit(reference->model, 64), reference->model, mri_text_fit(text, 64),
                      text, mri_text_fit(meaning.data, 80), meaning.data, left_out->data);
  }
  mri_str_free(&meaning);
  return status;
}

static mr_status explain_range(mri_tx *tx, int64_t model_id, const mri_reference *reference,
                               mr_error *error) {
  mri_str left_out;
  hit outside = {0};
  mri_str_init(&left_out, mri_mem_default());
  mr_status status = add_all_left_out(tx, model_id, reference, &left_out, error);
  if (status == MR_OK)
    status = search_all(tx, model_id, reference->range.include_prereleases, &outside, error);
  if (status == MR_OK && outside.id != 0)
    mri_str_addf(&left_out, "%s%s is the highest outside", left_out.size > 0 ? "; " : ": ",
                 outside.number);
  if (status == MR_OK && left_out.size == 0 && !left_out.failed)
    status = explain_latest(tx, reference->model, model_id, error);
  else if (status == MR_OK)
    status = refuse_range(reference, &left_out, error);
  mri_str_free(&left_out);
  return status;
}

static mr_status find_range(mri_tx *tx, const mri_reference *reference, int64_t model_id,
                            int64_t *id, mr_error *error) {
  hit best;
  mr_status status = search_range(tx, model_id, &reference->range, &best, error);
  if (status == MR_OK && best.id == 0) status = explain_range(tx, model_id, reference, error);
  if (status == MR_OK) *id = best.id;
  return status;
}

static mr_status find_channel(mri_tx *tx, const mri_reference *reference, int64_t model_id,
                              int64_t *id, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT version_id FROM channel "
                                   "WHERE model_id = ?1 AND name = ?2",
                                   "it", model_id, reference->channel);
  if (status != MR_OK) return status;
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no channel '%s'", reference->model,
                         reference->channel);
  }
  if (mri_stmt_is_null(stmt, 0)) {
    status = mri_error_set(error, MR_NOT_FOUND, "channel '%s' of model '%s' holds no version",
                           reference->channel, reference->model);
  } else {
    *id = mri_stmt_int(stmt, 0);
  }
  mri_stmt_done(stmt);
  return status;
}

static mr_status find(mri_tx *tx, const mri_reference *reference, bool prereleases, int64_t *id,
                      mr_error *error) {
  int64_t model_id = 0;
  mr_status status = mri_model_find(tx, reference->model, &model_id, error);
  if (status != MR_OK) return status;
  if (reference->kind == MRI_SELECT_EXACT) {
    return mri_version_find(tx, model_id, reference->model, &reference->number, id, error);
  }
  if (reference->kind == MRI_SELECT_CHANNEL) {
    return find_channel(tx, reference, model_id, id, error);
  }
  if (reference->kind == MRI_SELECT_RANGE) return find_range(tx, reference, model_id, id, error);
  return find_latest(tx, reference->model, model_id, prereleases, id, error);
}

mr_status mr_registry_resolve(mr_registry *registry, const char *reference,
                              const mr_resolve_options *options, mr_version **out_version,
                              mr_error *error) {
  mr_resolve_options o;
  mri_reference parsed;
  int64_t id = 0;
  mri_tx *tx = NULL;
  mr_version *version = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(out_version, "out_version", error);
  if (status == MR_OK) {
    status = mri_options_read(&o, sizeof o, options, "mr_resolve_options", error);
  }
  if (status == MR_OK && (o.flags & ~(uint32_t)MR_RESOLVE_PRERELEASES) != 0) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "flags 0x%x of mr_resolve_options are unknown", o.flags);
  }
  bool prereleases = status == MR_OK && (o.flags & MR_RESOLVE_PRERELEASES) != 0;
  if (status == MR_OK) status = mri_reference_parse(reference, prereleases, &parsed, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, o.cancel, &tx, error);
  if (status != MR_OK) return status;
  status = find(tx, &parsed, prereleases, &id, error);
  if (status == MR_OK) status = mri_version_load(tx, registry, id, &version, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_version = version;
  if (status != MR_OK) mr_version_free(version);
  return status;
}
