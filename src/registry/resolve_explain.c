/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/resolve_explain.h"
#include <stdio.h>

enum { LEFT_OUT_SHOWN = 3, WHEN_SIZE = 40 };

/* " as of T", or nothing as of now. */
static const char *when(const mri_scope *scope, char out[WHEN_SIZE]) {
  out[0] = '\0';
  if (scope->as_of_us != MRI_NOW) {
    (void)snprintf(out, WHEN_SIZE, " as of %lld", (long long)scope->as_of_us);
  }
  return out;
}

/* --- of all versions -------------------------------------------------------------------------- */

typedef struct census {
  long long all;
  long long later;
  long long prereleases[2]; /* active and deprecated */
  long long yanked;
  long long deleted;
} census;

static void count(census *c, int64_t status, bool released, long long n) {
  c->all += n;
  if (status == 0) c->later += n;
  if (status == MR_VERSION_STATUS_YANKED) c->yanked += n;
  if (status == MRI_VERSION_DELETED) c->deleted += n;
  if (!released && status == MR_VERSION_STATUS_ACTIVE) c->prereleases[0] += n;
  if (!released && status == MR_VERSION_STATUS_DEPRECATED) c->prereleases[1] += n;
}

static mr_status take_census(const mri_scope *scope, census *out, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool there = false;
  memset(out, 0, sizeof *out);
  mr_status status =
      mri_sql_query(scope->tx, error, &stmt,
                    "SELECT s.status, s.released, count(*) FROM (SELECT v.released AS released, "
                    "CASE WHEN v.created_us > ?2 THEN 0 ELSE " MRI_STATUS_AS_OF(
                        2) " END AS status "
                           "FROM version v WHERE v.model_id = ?1) s GROUP BY s.status, s.released",
                    "ii", scope->model_id, scope->as_of_us);
  while (status == MR_OK) {
    status = mri_stmt_step(stmt, &there, error);
    if (status != MR_OK || !there) break;
    count(out, mri_stmt_int(stmt, 0), mri_stmt_int(stmt, 1) != 0, (long long)mri_stmt_int(stmt, 2));
  }
  mri_stmt_done(stmt);
  return status;
}

static void add_count(mri_str *out, long long n, const char *what) {
  if (n > 0) mri_str_addf(out, "%s%lld %s", out->size == 0 ? "; left out: " : ", ", n, what);
}

mr_status mri_explain_latest(const mri_scope *scope, mr_error *error) {
  census c;
  mri_str left_out;
  char time[WHEN_SIZE];
  mr_status status = take_census(scope, &c, error);
  if (status != MR_OK) return status;
  if (c.all == 0) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no version yet; promote a run first",
                         scope->model);
  }
  mri_str_init(&left_out, mri_mem_default());
  add_count(&left_out, c.prereleases[0], "active prereleases");
  add_count(&left_out, c.prereleases[1], "deprecated prereleases");
  add_count(&left_out, c.yanked, "yanked");
  add_count(&left_out, c.deleted, "deleted");
  add_count(&left_out, c.later, "promoted later");
  status = left_out.failed
               ? mri_error_no_memory(error)
               : mri_error_set(error, MR_NOT_FOUND,
                               "model '%s' has no active release%s among %lld versions%s",
                               scope->model, when(scope, time), c.all, mri_str_text(&left_out));
  mri_str_free(&left_out);
  return status;
}

/* --- of a range ------------------------------------------------------------------------------- */

/* Nothing that is active or deprecated is in the range, so if not for its status it was as a
 * prerelease that a version was left out. */
static const char *why_left_out(const mri_hit *hit) {
  if (hit->later) return "was promoted later";
  switch (hit->status) {
  case MR_VERSION_STATUS_YANKED:
    return "is yanked";
  case MRI_VERSION_DELETED:
    return "was deleted";
  case MR_VERSION_STATUS_ACTIVE:
  case MR_VERSION_STATUS_DEPRECATED:
    return "is a prerelease, and prereleases were not asked for";
  default:
    return "is not active";
  }
}

/* The highest versions of the range, and why each was left out. */
static mr_status add_all_left_out(const mri_scope *scope, const mri_reference *reference,
                                  mri_str *out, mr_error *error) {
  mri_range wide;
  mri_hit next;
  mri_sort_key below;
  mr_status status = MR_OK;
  if (mri_range_parse(reference->range_text, true, &wide, NULL) != MR_OK) wide = reference->range;
  for (int shown = 0; status == MR_OK; shown++) {
    status = mri_search_any(scope, &wide, shown == 0 ? NULL : &below, &next, error);
    if (status != MR_OK || next.id == 0) break;
    if (shown == LEFT_OUT_SHOWN) {
      mri_str_add(out, "; and more");
      break;
    }
    mri_str_addf(out, "%s%s %s", shown == 0 ? ": " : "; ", next.number, why_left_out(&next));
    below = next.key;
  }
  return status;
}

static mr_status refuse_range(const mri_scope *scope, const mri_reference *reference,
                              const mri_str *left_out, mr_error *error) {
  const char *text = reference->range_text;
  mri_str meaning;
  char time[WHEN_SIZE];
  mri_str_init(&meaning, mri_mem_default());
  mri_range_format(&reference->range, &meaning);
  mr_status status = MR_OK;
  if (meaning.failed || left_out->failed) {
    status = mri_error_no_memory(error);
  } else {
    status = mri_error_set(
        error, MR_NOT_FOUND, "model '%.*s' has no active version%s in %.*s (%.*s)%s",
        mri_text_fit(scope->model, 64), scope->model, when(scope, time), mri_text_fit(text, 64),
        text, mri_text_fit(meaning.data, 80), meaning.data, left_out->data);
  }
  mri_str_free(&meaning);
  return status;
}

mr_status mri_explain_range(const mri_scope *scope, const mri_reference *reference,
                            mr_error *error) {
  mri_str left_out;
  mri_hit outside;
  mri_str_init(&left_out, mri_mem_default());
  mr_status status = add_all_left_out(scope, reference, &left_out, error);
  if (status == MR_OK) {
    status = mri_search_latest(scope, reference->range.include_prereleases, &outside, error);
  }
  if (status == MR_OK && outside.id != 0) {
    mri_str_addf(&left_out, "%s%s is the highest outside", left_out.size > 0 ? "; " : ": ",
                 outside.number);
  }
  if (status == MR_OK && left_out.size == 0 && !left_out.failed) {
    status = mri_explain_latest(scope, error);
  } else if (status == MR_OK) {
    status = refuse_range(scope, reference, &left_out, error);
  }
  mri_str_free(&left_out);
  return status;
}

/* --- of a digest or a channel ----------------------------------------------------------------- */

mr_status mri_explain_digest(const mri_scope *scope, const mri_reference *reference,
                             mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  char time[WHEN_SIZE];
  mr_status status =
      mri_sql_first(scope->tx, error, &stmt, &found,
                    "SELECT v.number, v.created_us FROM version v WHERE v.model_id = ?1 "
                    "AND v.digest >= ?2 AND v.digest <= ?3 ORDER BY v.digest LIMIT 1",
                    "idd", scope->model_id, &reference->lowest, &reference->highest);
  if (status != MR_OK) return status;
  if (!found) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no version with the digest %s",
                         scope->model, reference->digest_text);
  }
  status =
      mri_error_set(error, MR_NOT_FOUND,
                    "model '%s' has no version%s with the digest %s: "
                    "%s %s",
                    scope->model, when(scope, time), reference->digest_text, mri_stmt_text(stmt, 0),
                    mri_stmt_int(stmt, 1) > scope->as_of_us ? "was promoted later" : "was deleted");
  mri_stmt_done(stmt);
  return status;
}

mr_status mri_explain_channel(const mri_scope *scope, const char *channel, bool there,
                              mr_error *error) {
  char time[WHEN_SIZE];
  if (!there) {
    return mri_error_set(error, MR_NOT_FOUND, "model '%s' has no channel '%s'%s", scope->model,
                         channel, mri_is_hex(channel) ? "; a digest has 12 to 64 hex digits" : "");
  }
  return mri_error_set(error, MR_NOT_FOUND, "channel '%s' of model '%s' %s no version%s", channel,
                       scope->model, scope->as_of_us == MRI_NOW ? "holds" : "held",
                       when(scope, time));
}
