/* SPDX-License-Identifier: Apache-2.0 */
/* Metric points in bulk, for modelreg run metric --from. */
#include "cli/cli_memory.h"
#include "cli/cli_numbers.h"
#include "cli/cli_read.h"
#include "cli/cli_times.h"
#include "cli/cmd_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* With the longest key and the longest numbers there is room left. */
#define LINE_SIZE   1024
#define MOST_FIELDS 4

/* The points of one metric, as columns. */
typedef struct series {
  char *key;
  mr_metric *metric;
  /* Where the key occurs first. */
  int64_t line;
  int64_t *steps;
  int64_t *times_us;
  double *values;
  size_t count;
  size_t room;
} series;

typedef struct points {
  const cli_context *cli;
  FILE *file;
  const char *path;
  /* What it is called in messages. */
  const char *name;
  int64_t line;
  int64_t now_us;
  /* Sorted by key. */
  series *all;
  size_t count;
  size_t room;
  size_t point_count;
} points;

/* The place of the key among the series, or where it belongs. */
static size_t place_of(const points *p, const char *key, bool *out_found) {
  size_t low = 0, high = p->count;
  *out_found = false;
  while (low < high && !*out_found) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(p->all[middle].key, key);
    if (order == 0) *out_found = true;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return high;
}

static series *series_of(points *p, const char *key) {
  bool found = false;
  size_t at = place_of(p, key, &found);
  if (found) return &p->all[at];
  if (p->count == p->room) {
    p->room = p->room > 0 ? 2 * p->room : 16;
    p->all = cli_resize(p->all, p->room, sizeof *p->all);
  }
  series *s = &p->all[at];
  memmove(s + 1, s, (p->count - at) * sizeof *s);
  p->count++;
  memset(s, 0, sizeof *s);
  s->key = cli_copy(key, strlen(key));
  s->line = p->line;
  return s;
}

static void add_point(points *p, const char *key, int64_t step, int64_t time_us, double value) {
  series *s = series_of(p, key);
  if (s->count == s->room) {
    s->room = s->room > 0 ? 2 * s->room : 64;
    s->steps = cli_resize(s->steps, s->room, sizeof *s->steps);
    s->times_us = cli_resize(s->times_us, s->room, sizeof *s->times_us);
    s->values = cli_resize(s->values, s->room, sizeof *s->values);
  }
  s->steps[s->count] = step;
  s->times_us[s->count] = time_us;
  s->values[s->count++] = value;
  p->point_count++;
}

/* What is wrong in a file needs no reminder of how the command is used. */
static int wrong_line(const points *p, const char *what, const char *text) {
  cli_complain("line %" PRId64 " of %s: '%s' is no %s; nothing was logged", p->line, p->name, text,
               what);
  return CLI_USAGE;
}

/* Reads the next line without its end; false at the end of the file. Both kinds of fault leave a
 * line that is cut off. */
static bool next_line(points *p, char line[LINE_SIZE], bool *out_long, bool *out_nul) {
  size_t size = 0;
  int c = getc(p->file);
  *out_long = *out_nul = false;
  if (c == EOF) return false;
  for (; c != EOF && c != '\n'; c = getc(p->file)) {
    if (c == '\0') *out_nul = true;
    if (size + 1 == LINE_SIZE) {
      *out_long = true;
      break;
    }
    line[size++] = (char)c;
  }
  if (size > 0 && line[size - 1] == '\r') size--;
  line[size] = '\0';
  p->line++;
  return true;
}

/* Divides at each tab, or, where there is none, at blanks. Returns how many fields there are, which
 * may be one more than there is room for. */
static size_t split(char *line, char *fields[MOST_FIELDS]) {
  const char *between = strchr(line, '\t') ? "\t" : " ";
  size_t count = 0;
  for (char *at = line;;) {
    if (*between == ' ') at += strspn(at, " ");
    if (*between == ' ' && !*at) return count;
    if (count == MOST_FIELDS) return count + 1;
    fields[count++] = at;
    at += strcspn(at, between);
    if (!*at) return count;
    *at++ = '\0';
  }
}

static int take_line(points *p, char *line) {
  char *fields[MOST_FIELDS];
  char whole[LINE_SIZE];
  int64_t step = 0, time_us = p->now_us;
  double value = 0;
  if (line[strspn(line, " \t")] == '\0') return CLI_DONE;
  memcpy(whole, line, strlen(line) + 1);
  size_t count = split(line, fields);
  if (count < 3 || count > MOST_FIELDS || !fields[0][0])
    return wrong_line(p, "KEY STEP VALUE [TIME]", whole);
  if (!cli_parse_int(fields[1], &step)) return wrong_line(p, "step", fields[1]);
  if (!cli_parse_double(fields[2], &value)) return wrong_line(p, "value", fields[2]);
  if (count == MOST_FIELDS && !cli_parse_time(fields[3], &time_us))
    return wrong_line(p, CLI_TIME_FORMS, fields[3]);
  add_point(p, fields[0], step, time_us, value);
  return CLI_DONE;
}

static int read_points(points *p) {
  char line[LINE_SIZE];
  bool is_long = false, has_nul = false;
  int exit_code = CLI_DONE;
  while (!exit_code && next_line(p, line, &is_long, &has_nul)) {
    if (is_long || has_nul) {
      cli_complain("line %" PRId64 " of %s %s; nothing was logged", p->line, p->name,
                   has_nul ? "holds a byte of zero" : "is too long");
      exit_code = CLI_USAGE;
    } else {
      exit_code = take_line(p, line);
    }
  }
  if (!exit_code && ferror(p->file)) {
    exit_code = cli_fail_to_read(p->path);
  }
  return exit_code;
}

/* The library looks at every key before a point is logged. */
static int open_metrics(points *p, mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  for (size_t i = 0; i < p->count; i++) {
    if (mr_run_metric(run, p->all[i].key, &p->all[i].metric, &error) == MR_OK) continue;
    cli_complain("line %" PRId64 " of %s; nothing was logged", p->all[i].line, p->name);
    return cli_fail(p->cli, &error);
  }
  return CLI_DONE;
}

static int log_points(const points *p, mr_run *run) {
  mr_error error = MR_ERROR_INIT;
  mr_status status = MR_OK;
  /* All metrics or none: an interruption waits. */
  cli_interruptible();
  for (size_t i = 0; i < p->count && status == MR_OK; i++) {
    const series *s = &p->all[i];
    status = mr_metric_log_many(s->metric, s->values, s->steps, s->times_us, s->count, &error);
  }
  if (status == MR_OK) status = mr_run_flush(run, &error);
  return status == MR_OK ? CLI_DONE : cli_fail(p->cli, &error);
}

static void free_points(points *p) {
  for (size_t i = 0; i < p->count; i++) {
    series *s = &p->all[i];
    mr_metric_free(s->metric);
    cli_free(s->key);
    cli_free(s->steps);
    cli_free(s->times_us);
    cli_free(s->values);
  }
  cli_free(p->all);
}

int cli_points_log(cli_context *cli, mr_run *run, const char *path, size_t *out_points,
                   size_t *out_metrics) {
  bool is_input = strcmp(path, "-") == 0;
  points p = {0};
  p.cli = cli;
  p.path = path;
  p.name = is_input ? "standard input" : path;
  p.now_us = cli_now_us();
  p.file = is_input ? stdin : fopen(path, "rb");
  if (!p.file) return cli_fail_to_read(path);
  int exit_code = read_points(&p);
  if (!exit_code) exit_code = open_metrics(&p, run);
  if (!exit_code) exit_code = log_points(&p, run);
  *out_points = p.point_count;
  *out_metrics = p.count;
  if (!is_input) fclose(p.file);
  free_points(&p);
  return exit_code;
}
