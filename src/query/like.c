/* SPDX-License-Identifier: Apache-2.0 */
/* LIKE without going back: the parts of a pattern between its % are looked for from left to right,
 * each by one pass over the text that follows all its possible beginnings at once, one bit each
 * (shift-and). The work is the text's bytes times the pattern's words of 64 bytes, whatever both
 * are made of. */
#include "query/evaluator.h"

#include <assert.h>
#include <string.h>

#define WORD       64
#define WORDS_MAX  ((MRI_QUERY_TEXT_MAX + WORD - 1) / WORD)
#define HALVES     16 /* values of half a byte */
#define ANY        '_'
#define ANY_NUMBER '%'

/* What lies between two %. */
typedef struct segment {
  const char *text;
  size_t size;
} segment;

/* Which bytes of a segment a byte of the text fits, bit i for byte i: the rows of its two halves
 * joined by AND. Row by row, `words` apart. */
typedef struct matcher {
  uint64_t high[HALVES * WORDS_MAX];
  uint64_t low[HALVES * WORDS_MAX];
  uint64_t any[WORDS_MAX]; /* the bits of _ */
  uint64_t met[WORDS_MAX]; /* which beginnings of the segment end at the byte just read */
  size_t words;
} matcher;

static char fold_ascii(char c, bool fold) {
  return fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool continues(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

static const char *skip_continued(const char *p, const char *end) {
  while (p < end && continues(*p)) p++;
  return p;
}

/* The end of the segment when it stands at `t`, else NULL. */
static const char *match_here(segment s, const char *t, const char *end, bool fold) {
  for (size_t i = 0; i < s.size; i++) {
    if (t == end) return NULL;
    if (s.text[i] == ANY) {
      if (continues(*t)) return NULL;
      t = skip_continued(t + 1, end);
    } else if (fold_ascii(s.text[i], fold) == fold_ascii(*t, fold)) {
      t++;
    } else {
      return NULL;
    }
  }
  return t;
}

static void set_bit(uint64_t *row, size_t i) {
  row[i / WORD] |= (uint64_t)1 << (i % WORD);
}

static void prepare(matcher *m, segment s, bool fold) {
  m->words = (s.size + WORD - 1) / WORD;
  memset(m->high, 0, HALVES * m->words * sizeof m->high[0]);
  memset(m->low, 0, HALVES * m->words * sizeof m->low[0]);
  memset(m->any, 0, m->words * sizeof m->any[0]);
  memset(m->met, 0, m->words * sizeof m->met[0]);
  for (size_t i = 0; i < s.size; i++) {
    unsigned char c = (unsigned char)fold_ascii(s.text[i], fold);
    if (c != ANY) {
      set_bit(m->high + (c >> 4) * m->words, i);
      set_bit(m->low + (c & 15) * m->words, i);
      continue;
    }
    set_bit(m->any, i);
    for (size_t half = 0; half < HALVES; half++) {
      if (half < 8 || half >= 12) set_bit(m->high + half * m->words, i); /* 8 to 11 continue */
      set_bit(m->low + half * m->words, i);
    }
  }
}

/* Reads one byte. A _ that was met takes the bytes that continue its character too. */
static void step(matcher *m, char c) {
  const uint64_t *high = m->high + ((unsigned char)c >> 4) * m->words;
  const uint64_t *low = m->low + ((unsigned char)c & 15) * m->words;
  uint64_t stays = continues(c) ? UINT64_MAX : 0;
  uint64_t carry = 1; /* a beginning may begin anywhere */
  for (size_t i = 0; i < m->words; i++) {
    uint64_t met = m->met[i];
    m->met[i] = (((met << 1) | carry) & high[i] & low[i]) | (met & m->any[i] & stays);
    carry = met >> (WORD - 1);
  }
}

/* The end of the first place at or behind `t` where the segment stands, NULL for none. Behind a _
 * it may lie within a character, where no other segment begins. */
static const char *find(matcher *m, segment s, const char *t, const char *end, bool fold) {
  prepare(m, s, fold);
  size_t last = s.size - 1;
  while (t < end) {
    step(m, fold_ascii(*t++, fold));
    if ((m->met[last / WORD] >> (last % WORD) & 1) != 0) return t;
  }
  return NULL;
}

/* Where the segment begins if it ends the text; `t` when there is not that much behind it. */
static const char *place_last(segment s, const char *t, const char *end) {
  const char *start = end;
  for (size_t i = 0; i < s.size; i++) {
    if (continues(s.text[i])) continue;
    do {
      if (start == t) return t;
      start--;
    } while (continues(*start));
  }
  return start;
}

/* The next segment of the pattern; *closed when no % follows. */
static segment next_segment(const char **pattern, const char *end, bool *closed) {
  segment s = {*pattern, 0};
  while (*pattern < end && **pattern != ANY_NUMBER) (*pattern)++;
  s.size = (size_t)(*pattern - s.text);
  *closed = *pattern == end;
  if (!*closed) (*pattern)++;
  return s;
}

bool mri_like(const char *text, size_t text_size, const char *pattern, size_t pattern_size,
              bool fold) {
  assert(pattern_size <= MRI_QUERY_TEXT_MAX);
  const char *end = text + text_size;
  const char *pattern_end = pattern + pattern_size;
  bool closed = false;
  segment s = next_segment(&pattern, pattern_end, &closed);
  const char *t = match_here(s, text, end, fold);
  if (t == NULL || closed) return t == end;
  matcher m;
  for (;;) {
    s = next_segment(&pattern, pattern_end, &closed);
    if (closed) break;
    if (s.size > 0) t = find(&m, s, t, end, fold);
    if (t == NULL) return false;
  }
  if (s.size == 0) return true;
  return match_here(s, place_last(s, t, end), end, fold) == end;
}
