/* SPDX-License-Identifier: Apache-2.0 */
/* Colors of words that a reader looks for first, and bold headings. */
#ifndef MRI_CLI_COLOR_H
#define MRI_CLI_COLOR_H

#include <stdbool.h>

/* What --color takes; NULL ends them. */
extern const char *const cli_color_words[];

/* Says once, before anything is printed, whether tables have colors: `wanted` is one of the words,
 * NULL as "auto"; `no_color` and `term` are what the environment has by these names, or NULL. */
void cli_color_decide(const char *wanted, const char *no_color, const char *term, bool is_terminal);

/* What to write before a heading or before a word, and cli_color_end() behind it; "" where there is
 * no color. */
const char *cli_color_heading(void);
const char *cli_color_of(const char *word);
const char *cli_color_end(void);

#endif
