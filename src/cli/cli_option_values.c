/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of options mean. */
#include "cli/cli_options.h"

#include "cli/cli_numbers.h"
#include "cli/cli_times.h"

#include <stdio.h>
#include <string.h>

int cli_check_given(const cli_context *cli, const char *name) {
  const char *value = cli_option_value(cli, name);
  if (value && value[0]) return CLI_DONE;
  return cli_usage_error(cli, "--%s is empty; give a path", name);
}

int cli_option_count(const cli_context *cli, const char *name, int64_t *out) {
  return cli_option_int(cli, name, 1, out);
}

int cli_option_past_time(const cli_context *cli, const char *name, int64_t *out) {
  const char *text = cli_option_value(cli, name);
  int64_t time_us = 0;
  if (!text) return CLI_DONE;
  if (!cli_parse_time(text, &time_us))
    return cli_usage_error(cli, "--%s must be a " CLI_TIME_FORMS ", not '%s'", name, text);
  if (time_us > cli_now_us())
    return cli_usage_error(cli, "--%s must not be in the future, as %s is", name, text);
  *out = time_us;
  return CLI_DONE;
}

int cli_find_word(const cli_context *cli, const char *name, const char *text,
                  const char *const *words, int32_t *out) {
  char all[256] = "";
  for (int32_t i = 0; words[i]; i++) {
    if (strcmp(words[i], text) == 0) {
      *out = i + 1;
      return CLI_DONE;
    }
    size_t size = strlen(all);
    const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
    snprintf(all + size, sizeof all - size, "%s%s", between, words[i]);
  }
  return cli_usage_error(cli, "--%s must be %s, not '%s'", name, all, text);
}

int cli_option_word(const cli_context *cli, const char *name, const char *const *words,
                    int32_t *out) {
  const char *text = cli_option_value(cli, name);
  return text ? cli_find_word(cli, name, text, words, out) : CLI_DONE;
}
