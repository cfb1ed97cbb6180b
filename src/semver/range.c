/* SPDX-License-Identifier: Apache-2.0 */
#include "semver/range.h"

#include "base/text.h"
#include <assert.h>
#include <string.h>

/* The prereleases that every range has in its pool: none, and 0, the lowest there is. */
enum { POOL_NONE = 0, POOL_ZERO = 1, POOL_FREE = 3 };

/* The numbers of the ends that are not there. */
#define BELOW_ALL INT64_C(-1)
#define ABOVE_ALL INT64_MAX

typedef struct scanner {
  const char *text; /* all of it, for messages */
  const char *at;
  mri_range *range;
  size_t pool_size;
  mr_error *error;
} scanner;

/* What stands where a version can stand: 1, 1.2, 1.x, v1.2.3-rc.1+build. */
typedef struct partial {
  const char *start;   /* its first part */
  const char *prefix;  /* what came before: of 'v' and '=' */
  int64_t number[3];   /* above MRI_SEMVER_NUMBER_MAX where it is too high */
  int known;           /* numbers before the first wildcard or the end */
  bool number_after_x; /* as in 1.x.3 */
  uint16_t prerelease; /* of a full version */
} partial;

typedef enum operation { OP_EQUAL, OP_LESS, OP_GREATER, OP_TILDE, OP_CARET } operation;

typedef struct term {
  operation operation;
  bool or_equal; /* of OP_LESS and OP_GREATER */
  partial version;
} term;

/* --- bounds ------------------------------------------------------------------------------- */

bool mri_range_bound(const mri_range *range, const mri_bound *bound, mri_semver *out) {
  const char *prerelease = range->prereleases + bound->prerelease;
  out->major = bound->major;
  out->minor = bound->minor;
  out->patch = bound->patch;
  memcpy(out->prerelease, prerelease, strlen(prerelease) + 1);
  out->build[0] = '\0';
  return bound->major != BELOW_ALL && bound->major != ABOVE_ALL;
}

static int compare_bounds(const mri_range *range, const mri_bound *a, const mri_bound *b) {
  mri_semver left;
  mri_semver right;
  (void)mri_range_bound(range, a, &left);
  (void)mri_range_bound(range, b, &right);
  return mri_semver_compare(&left, &right);
}

static void raise_low(const mri_range *range, mri_interval *interval, mri_bound to) {
  int order = compare_bounds(range, &to, &interval->low);
  if (order > 0 || (order == 0 && to.open)) interval->low = to;
}

static void lower_high(const mri_range *range, mri_interval *interval, mri_bound to) {
  int order = compare_bounds(range, &to, &interval->high);
  if (order < 0 || (order == 0 && to.open)) interval->high = to;
}

static mri_interval everything(void) {
  mri_bound low = {BELOW_ALL, 0, 0, POOL_NONE, true};
  mri_bound high = {ABOVE_ALL, 0, 0, POOL_NONE, true};
  return (mri_interval){low, high};
}

static bool is_everything(const mri_interval *interval) {
  return interval->low.major == BELOW_ALL && interval->high.major == ABOVE_ALL;
}

/* 0.0.0 itself, where no prerelease is looked for that would be below it. */
static bool is_least_release(const mri_range *range, const mri_bound *bound) {
  return bound->major == 0 && bound->minor == 0 && bound->patch == 0 &&
         bound->prerelease == POOL_NONE && !range->include_prereleases;
}

/* Nothing is below the lowest version. */
static void leave_nothing(const mri_range *range, mri_interval *interval) {
  lower_high(range, interval, (mri_bound){0, 0, 0, POOL_ZERO, true});
}

/* --- scanning ----------------------------------------------------------------------------- */

static mr_status refuse(const scanner *s, const char *at, const char *why) {
  return mri_error_set(s->error, MR_INVALID_ARGUMENT, "'%s' is not a range: %s at column %d",
                       s->text, why, (int)(at - s->text) + 1);
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_wildcard(char c) {
  return c == 'x' || c == 'X' || c == '*';
}

static bool is_identifier_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool skip_blanks(scanner *s) {
  const char *start = s->at;
  while (is_blank(*s->at)) s->at++;
  return s->at != start;
}

static bool at_alternative_end(const scanner *s) {
  return *s->at == '\0' || (s->at[0] == '|' && s->at[1] == '|');
}

static bool at_term_end(const scanner *s) {
  return is_blank(*s->at) || at_alternative_end(s);
}

/* Numbers that no version can have are counted no further. */
static mr_status scan_number(scanner *s, int64_t *out) {
  const char *start = s->at;
  int64_t value = 0;
  for (; is_digit(*s->at); s->at++)
    if (value <= MRI_SEMVER_NUMBER_MAX) value = value * 10 + (*s->at - '0');
  if (*start == '0' && s->at - start > 1) return refuse(s, start, "a leading zero");
  *out = value;
  return MR_OK;
}

/* Dot-separated identifiers, of which those of a prerelease have no leading zeros. */
static mr_status scan_identifiers(scanner *s, bool prerelease) {
  for (;; s->at++) {
    const char *part = s->at;
    bool numeric = true;
    for (; is_identifier_char(*s->at); s->at++) numeric = numeric && is_digit(*s->at);
    if (s->at == part) return refuse(s, part, "an empty identifier");
    if (prerelease && numeric && *part == '0' && s->at - part > 1)
      return refuse(s, part, "a leading zero");
    if (*s->at != '.') return MR_OK;
  }
}

/* The '-' or '+' and the NUL take the same room, so the pool is never too small. */
static mr_status scan_prerelease(scanner *s, uint16_t *out) {
  const char *start = ++s->at;
  mr_status status = scan_identifiers(s, true);
  if (status != MR_OK) return status;
  size_t size = (size_t)(s->at - start);
  assert(s->pool_size + size < sizeof s->range->prereleases);
  memcpy(s->range->prereleases + s->pool_size, start, size);
  s->range->prereleases[s->pool_size + size] = '\0';
  *out = (uint16_t)s->pool_size;
  s->pool_size += size + 1;
  return MR_OK;
}

static mr_status scan_parts(scanner *s, partial *out, int *count) {
  bool wild = false;
  for (int i = 0;; i++) {
    if (is_wildcard(*s->at)) {
      wild = true;
      s->at++;
    } else if (is_digit(*s->at)) {
      mr_status status = scan_number(s, &out->number[i]);
      if (status != MR_OK) return status;
      if (wild) out->number_after_x = true;
      if (!wild) out->known = i + 1;
    } else {
      return refuse(s, s->at, i == 0 ? "expected a version" : "expected a number or 'x'");
    }
    *count = i + 1;
    if (i == 2 || *s->at != '.') return MR_OK;
    s->at++;
  }
}

/* [v=]* parts [-prerelease] [+build], up to the end of the term. Between two hyphen ends npm takes
 * blanks after a 'v' too. */
static mr_status scan_partial(scanner *s, const char *prefix, bool blanks, partial *out) {
  int count = 0;
  memset(out, 0, sizeof *out);
  out->prefix = prefix;
  while (*s->at == 'v' || *s->at == '=' || (blanks && is_blank(*s->at))) s->at++;
  out->start = s->at;
  mr_status status = scan_parts(s, out, &count);
  if (status == MR_OK && count == 3 && *s->at == '-') {
    uint16_t prerelease = POOL_NONE;
    status = scan_prerelease(s, &prerelease);
    if (out->known == 3) out->prerelease = prerelease;
  }
  if (status == MR_OK && *s->at == '+') {
    s->at++;
    status = scan_identifiers(s, false);
  }
  if (status != MR_OK || at_term_end(s)) return status;
  return refuse(s, s->at, "a character that is not allowed");
}

/* A full version has at most a "v" before it. */
static mr_status check_prefix(const scanner *s, const partial *p) {
  bool plain = p->start == p->prefix || (p->start == p->prefix + 1 && *p->prefix == 'v');
  if (p->known < 3 || plain) return MR_OK;
  return refuse(s, p->prefix, "more than a 'v' before a full version");
}

/* All of an operator but its '='. Whether blanks came after a '<' or '>'. */
static bool scan_operator(scanner *s, operation *out) {
  bool joined = false;
  switch (*s->at) {
  case '<':
  case '>':
    *out = *s->at++ == '<' ? OP_LESS : OP_GREATER;
    return skip_blanks(s);
  case '^':
    *out = OP_CARET;
    s->at++;
    skip_blanks(s);
    return false;
  case '~':
    *out = OP_TILDE;
    joined = *++s->at == '>';
    skip_blanks(s);
    if (*s->at != '>') return false;
    s->at++;
    if (!skip_blanks(s)) return false;
    /* npm reads "~> >1" as "~>1" too. */
    if (*s->at != '>' || !joined) return true;
    s->at++;
    return skip_blanks(s);
  default:
    *out = OP_EQUAL;
    return false;
  }
}

static mr_status scan_term(scanner *s, term *out) {
  bool apart = scan_operator(s, &out->operation);
  const char *prefix = s->at;
  out->or_equal = *prefix == '=';
  if (out->or_equal) {
    prefix = ++s->at;
    /* Blanks may stand on one side of it. */
    if (!apart && skip_blanks(s)) prefix = s->at;
  }
  mr_status status = scan_partial(s, prefix, false, &out->version);
  if (status != MR_OK || out->operation == OP_TILDE || out->operation == OP_CARET) return status;
  if (out->version.number_after_x) return refuse(s, out->version.start, "a number after 'x'");
  return check_prefix(s, &out->version);
}

/* --- meaning ------------------------------------------------------------------------------ */

/* The version that p stands for, with `last` counted up where it is not negative: then the lowest
 * version of that number, and what is behind it is 0. */
static mr_status bound_of(const scanner *s, const partial *p, int last, mri_bound *out) {
  int64_t number[3] = {0};
  int used = last < 0 ? p->known : last + 1;
  for (int i = 0; i < used; i++) {
    number[i] = p->number[i] + (i == last);
    if (number[i] > MRI_SEMVER_NUMBER_MAX)
      return mri_error_set(s->error, MR_LIMIT,
                           "'%s': the range at column %d has a number above 9007199254740991",
                           s->text, (int)(p->start - s->text) + 1);
  }
  uint16_t prerelease = p->prerelease;
  if (last >= 0 || (p->known < 3 && s->range->include_prereleases)) prerelease = POOL_ZERO;
  *out = (mri_bound){number[0], number[1], number[2], prerelease, false};
  return MR_OK;
}

/* From p up. From 0.0.0 up is everything, as npm has it, but not where that is spelled v0.0.0. */
static mr_status apply_from(scanner *s, const partial *p, mri_interval *interval) {
  mri_bound low;
  if (p->known == 0) return MR_OK;
  mr_status status = bound_of(s, p, -1, &low);
  if (status != MR_OK) return status;
  if (!is_least_release(s->range, &low) || (p->known == 3 && p->start != p->prefix))
    raise_low(s->range, interval, low);
  return MR_OK;
}

/* Below the first version in which the number `last` of p is higher. */
static mr_status apply_below_next(scanner *s, const partial *p, int last, mri_interval *interval) {
  mri_bound high;
  mr_status status = bound_of(s, p, last, &high);
  if (status != MR_OK) return status;
  high.open = true;
  lower_high(s->range, interval, high);
  return MR_OK;
}

/* From p up, as long as the number `last` stays. */
static mr_status apply_within(scanner *s, const partial *p, int last, mri_interval *interval) {
  mr_status status = apply_from(s, p, interval);
  return status == MR_OK ? apply_below_next(s, p, last, interval) : status;
}

static mr_status apply_less(scanner *s, const term *t, mri_interval *interval) {
  mri_bound high;
  const partial *p = &t->version;
  if (p->known == 0) {
    if (!t->or_equal) leave_nothing(s->range, interval);
    return MR_OK;
  }
  if (p->known < 3 && t->or_equal) return apply_below_next(s, p, p->known - 1, interval);
  mr_status status = bound_of(s, p, -1, &high);
  if (status != MR_OK) return status;
  if (p->known < 3) high.prerelease = POOL_ZERO;
  high.open = !t->or_equal;
  lower_high(s->range, interval, high);
  return MR_OK;
}

static mr_status apply_greater(scanner *s, const term *t, mri_interval *interval) {
  mri_bound low;
  const partial *p = &t->version;
  if (t->or_equal) return apply_from(s, p, interval);
  if (p->known == 0) {
    leave_nothing(s->range, interval);
    return MR_OK;
  }
  mr_status status = bound_of(s, p, p->known < 3 ? p->known - 1 : -1, &low);
  if (status != MR_OK) return status;
  if (p->known < 3 && !s->range->include_prereleases) low.prerelease = POOL_NONE;
  low.open = p->known == 3;
  raise_low(s->range, interval, low);
  return MR_OK;
}

static mr_status apply_equal(scanner *s, const partial *p, mri_interval *interval) {
  mri_bound exact;
  if (p->known == 0) return MR_OK;
  if (p->known < 3) return apply_within(s, p, p->known - 1, interval);
  mr_status status = bound_of(s, p, -1, &exact);
  if (status != MR_OK) return status;
  raise_low(s->range, interval, exact);
  lower_high(s->range, interval, exact);
  return MR_OK;
}

/* The leftmost number that is not 0 stays, or the last one there is. */
static int caret_stays(const partial *p) {
  int last = 0;
  while (last < p->known - 1 && p->number[last] == 0) last++;
  return last;
}

static mr_status apply(scanner *s, const term *t, mri_interval *interval) {
  const partial *p = &t->version;
  switch (t->operation) {
  case OP_LESS:
    return apply_less(s, t, interval);
  case OP_GREATER:
    return apply_greater(s, t, interval);
  case OP_TILDE:
    return p->known == 0 ? MR_OK : apply_within(s, p, p->known == 1 ? 0 : 1, interval);
  case OP_CARET:
    return p->known == 0 ? MR_OK : apply_within(s, p, caret_stays(p), interval);
  case OP_EQUAL:
  default:
    return apply_equal(s, p, interval);
  }
}

/* `from - to`, both included, where a partial `to` includes all that it can stand for. */
static mr_status apply_hyphen(scanner *s, partial *from, partial *to, mri_interval *interval) {
  bool include = s->range->include_prereleases;
  /* The prereleases of a release come before it. */
  if (include && from->known == 3 && from->prerelease == POOL_NONE) from->prerelease = POOL_ZERO;
  mr_status status = apply_from(s, from, interval);
  if (status != MR_OK) return status;
  term last = {OP_LESS, true, *to};
  if (include && to->known == 3 && to->prerelease == POOL_NONE)
    return apply_below_next(s, to, 2, interval);
  return apply_less(s, &last, interval);
}

/* --- grammar ------------------------------------------------------------------------------ */

/* Whether a hyphen stands by itself in the alternative: only a hyphen range has one. */
static bool has_hyphen(const scanner *s) {
  scanner ahead = *s;
  for (; !at_alternative_end(&ahead); ahead.at++)
    if (is_blank(ahead.at[0]) && ahead.at[1] == '-' && is_blank(ahead.at[2])) return true;
  return false;
}

static mr_status parse_hyphen(scanner *s, mri_interval *interval) {
  partial ends[2];
  for (int i = 0;; i++) {
    mr_status status = scan_partial(s, s->at, true, &ends[i]);
    if (status == MR_OK) status = check_prefix(s, &ends[i]);
    if (status != MR_OK) return status;
    skip_blanks(s);
    if (i == 1) break;
    if (s->at[0] != '-' || !is_blank(s->at[1])) return refuse(s, s->at, "expected '-'");
    s->at++;
    skip_blanks(s);
  }
  if (!at_alternative_end(s)) return refuse(s, s->at, "expected '||' or the end");
  return apply_hyphen(s, &ends[0], &ends[1], interval);
}

/* Terms between blanks, all of which must hold; none is everything. */
static mr_status parse_alternative(scanner *s, mri_interval *interval) {
  *interval = everything();
  skip_blanks(s);
  if (has_hyphen(s)) return parse_hyphen(s, interval);
  while (!at_alternative_end(s)) {
    term t;
    mr_status status = scan_term(s, &t);
    if (status == MR_OK) status = apply(s, &t, interval);
    if (status != MR_OK) return status;
    skip_blanks(s);
  }
  return MR_OK;
}

mr_status mri_range_parse(const char *text, bool include_prereleases, mri_range *out,
                          mr_error *error) {
  assert(out != NULL);
  if (text == NULL) return mri_error_set(error, MR_INVALID_ARGUMENT, "range is NULL");
  if (mri_strnlen(text, MRI_RANGE_MAX) > MRI_RANGE_MAX)
    return mri_error_set(error, MR_LIMIT, "'%.32s...' is longer than %d bytes, too long a range",
                         text, MRI_RANGE_MAX);
  scanner s = {text, text, out, POOL_FREE, error};
  bool all = false;
  out->include_prereleases = include_prereleases;
  out->count = 0;
  memcpy(out->prereleases,
         "\0"
         "0",
         POOL_FREE);
  for (;;) {
    mri_interval interval;
    mr_status status = parse_alternative(&s, &interval);
    if (status != MR_OK) return status;
    all = all || is_everything(&interval);
    if (!all) out->intervals[out->count++] = interval;
    if (*s.at == '\0') break;
    s.at += 2;
  }
  /* Beside everything npm forgets the alternatives, and the prereleases that they would let in. */
  if (all) {
    out->intervals[0] = everything();
    out->count = 1;
  }
  return MR_OK;
}

/* --- use ---------------------------------------------------------------------------------- */

static bool same_release(const mri_bound *bound, const mri_semver *version) {
  return bound->prerelease != POOL_NONE && bound->major == version->major &&
         bound->minor == version->minor && bound->patch == version->patch;
}

static bool is_inside(const mri_range *range, const mri_interval *interval,
                      const mri_semver *version) {
  mri_semver end;
  (void)mri_range_bound(range, &interval->low, &end);
  int order = mri_semver_compare(version, &end);
  if (order < 0 || (order == 0 && interval->low.open)) return false;
  (void)mri_range_bound(range, &interval->high, &end);
  order = mri_semver_compare(version, &end);
  return order < 0 || (order == 0 && !interval->high.open);
}

bool mri_range_matches(const mri_range *range, const mri_semver *version) {
  bool as_release = version->prerelease[0] == '\0' || range->include_prereleases;
  for (size_t i = 0; i < range->count; i++) {
    const mri_interval *interval = &range->intervals[i];
    if (!is_inside(range, interval, version)) continue;
    if (as_release || same_release(&interval->low, version) ||
        same_release(&interval->high, version))
      return true;
  }
  return false;
}

static void format_bound(const mri_range *range, const mri_bound *bound, const char *sign,
                         mri_str *out) {
  mri_semver version;
  char text[MRI_SEMVER_MAX * 2 + 64];
  if (!mri_range_bound(range, bound, &version)) return;
  mri_semver_format(&version, text);
  mri_str_add(out, sign);
  mri_str_add(out, text);
}

/* Read as it stands, ">=0.0.0" would be everything: see apply_from. */
static const char *low_sign(const mri_range *range, const mri_bound *low) {
  if (low->open) return ">";
  return is_least_release(range, low) ? ">=v" : ">=";
}

void mri_range_format(const mri_range *range, mri_str *out) {
  for (size_t i = 0; i < range->count; i++) {
    const mri_bound *low = &range->intervals[i].low;
    const mri_bound *high = &range->intervals[i].high;
    if (i > 0) mri_str_add(out, " || ");
    if (is_everything(&range->intervals[i])) {
      mri_str_add_char(out, '*');
    } else if (!low->open && !high->open && compare_bounds(range, low, high) == 0) {
      format_bound(range, low, "", out);
    } else {
      format_bound(range, low, low_sign(range, low), out);
      if (low->major != BELOW_ALL && high->major != ABOVE_ALL) mri_str_add_char(out, ' ');
      format_bound(range, high, high->open ? "<" : "<=", out);
    }
  }
}
