/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259) for scripts, written as it comes. `key` is NULL for the outermost value and in
 * arrays. The output is plain to look at too: what could steer a terminal is escaped. */
#ifndef MRI_CLI_JSON_H
#define MRI_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct cli_json {
  FILE *out;
  int depth;
  /* Something is in the innermost object or array already. */
  bool has_member;
} cli_json;

cli_json cli_json_new(FILE *out);

void cli_json_begin_object(cli_json *json, const char *key);
void cli_json_end_object(cli_json *json);
void cli_json_begin_array(cli_json *json, const char *key);
void cli_json_end_array(cli_json *json);

/* NULL becomes null; bytes that are no UTF-8 become U+FFFD. */
void cli_json_text(cli_json *json, const char *key, const char *value);
void cli_json_int(cli_json *json, const char *key, int64_t value);
/* All digits; the strings "NaN", "Infinity" and "-Infinity" for what JSON has no numbers for. */
void cli_json_double(cli_json *json, const char *key, double value);
void cli_json_bool(cli_json *json, const char *key, bool value);
/* Unix microseconds; 0, which records use for "not yet", becomes null. */
void cli_json_time(cli_json *json, const char *key, int64_t time_us);

#endif
