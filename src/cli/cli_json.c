/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_json.h"

#include "cli/cli_progress.h"
#include "cli/cli_text.h"

#include <inttypes.h>
#include <math.h>

static void put_escape(FILE *out, uint32_t code) {
  if (code >= 0x10000) {
    put_escape(out, 0xD800 + ((code - 0x10000) >> 10));
    put_escape(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
    return;
  }
  fprintf(out, "\\u%04x", (unsigned)code);
}

static void put_string(FILE *out, const char *text) {
  fputc('"', out);
  while (*text) {
    uint32_t code = 0;
    size_t length = cli_decode(text, &code);
    if (length == 0) {
      fputs("\\ufffd", out);
      text++;
      continue;
    }
    if (code == '"' || code == '\\') {
      fprintf(out, "\\%c", (char)code);
    } else if (code == '\n') {
      fputs("\\n", out);
    } else if (cli_is_unsafe(code)) {
      put_escape(out, code);
    } else {
      fwrite(text, 1, length, out);
    }
    text += length;
  }
  fputc('"', out);
}

static void new_line(const cli_json *json) {
  fprintf(json->out, "\n%*s", json->depth * 2, "");
}

/* What stands before a value: comma, line break and key. */
static void put_key(cli_json *json, const char *key) {
  if (json->has_member) fputc(',', json->out);
  if (json->depth > 0) new_line(json);
  if (key) {
    put_string(json->out, key);
    fputs(": ", json->out);
  }
  json->has_member = true;
}

static void begin(cli_json *json, const char *key, char bracket) {
  put_key(json, key);
  fputc(bracket, json->out);
  json->depth++;
  json->has_member = false;
}

static void end(cli_json *json, char bracket) {
  json->depth--;
  if (json->has_member) new_line(json);
  fputc(bracket, json->out);
  json->has_member = true;
  if (json->depth == 0) fputc('\n', json->out);
}

cli_json cli_json_new(FILE *out) {
  cli_progress_stop();
  cli_json json = {out, 0, false};
  return json;
}

void cli_json_begin_object(cli_json *json, const char *key) {
  begin(json, key, '{');
}

void cli_json_end_object(cli_json *json) {
  end(json, '}');
}

void cli_json_begin_array(cli_json *json, const char *key) {
  begin(json, key, '[');
}

void cli_json_end_array(cli_json *json) {
  end(json, ']');
}

void cli_json_text(cli_json *json, const char *key, const char *value) {
  put_key(json, key);
  if (value) {
    put_string(json->out, value);
  } else {
    fputs("null", json->out);
  }
}

void cli_json_int(cli_json *json, const char *key, int64_t value) {
  put_key(json, key);
  fprintf(json->out, "%" PRId64, value);
}

void cli_json_double(cli_json *json, const char *key, double value) {
  char text[CLI_NUMBER_SIZE];
  cli_double(text, value);
  if (isnan(value) || isinf(value)) {
    cli_json_text(json, key, text);
    return;
  }
  put_key(json, key);
  fputs(text, json->out);
}

void cli_json_bool(cli_json *json, const char *key, bool value) {
  put_key(json, key);
  fputs(value ? "true" : "false", json->out);
}

void cli_json_time(cli_json *json, const char *key, int64_t time_us) {
  if (time_us != 0) {
    cli_json_int(json, key, time_us);
  } else {
    cli_json_text(json, key, NULL);
  }
}
