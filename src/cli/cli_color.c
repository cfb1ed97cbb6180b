/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_color.h"

#include <stddef.h>
#include <string.h>

#define GOOD  "\x1b[32m"
#define BAD   "\x1b[31m"
#define MIND  "\x1b[33m"
#define ALIVE "\x1b[36m"
#define BOLD  "\x1b[1m"
#define PLAIN "\x1b[0m"

const char *const cli_color_words[] = {"auto", "always", "never", NULL};

typedef struct colored {
  const char *word;
  const char *color;
} colored;

/* The same color means the same everywhere; words that are not here stay as they are. */
static const colored words[] = {
    {"accepted", GOOD}, {"active", GOOD},    {"finished", GOOD}, {"passed", GOOD},
    {"repaired", GOOD}, {"true", GOOD},      {"changed", BAD},   {"error", BAD},
    {"failed", BAD},    {"false", BAD},      {"killed", BAD},    {"missing", BAD},
    {"refused", BAD},   {"unreadable", BAD}, {"yanked", BAD},    {"deprecated", MIND},
    {"extra", MIND},    {"note", MIND},      {"pending", MIND},  {"ready", MIND},
    {"skipped", MIND},  {"unknown", MIND},   {"open", ALIVE},    {"running", ALIVE},
};

static bool has_colors;

void cli_color_decide(const char *wanted, const char *no_color, const char *term,
                      bool is_terminal) {
  if (wanted && strcmp(wanted, "auto") != 0) {
    has_colors = strcmp(wanted, "always") == 0;
    return;
  }
  bool can = term && term[0] != '\0' && strcmp(term, "dumb") != 0;
  has_colors = is_terminal && can && !(no_color && no_color[0] != '\0');
}

const char *cli_color_heading(void) {
  return has_colors ? BOLD : "";
}

const char *cli_color_of(const char *word) {
  for (size_t i = 0; has_colors && i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i].word, word) == 0) return words[i].color;
  return "";
}

const char *cli_color_end(void) {
  return has_colors ? PLAIN : "";
}
