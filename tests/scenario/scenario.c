/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a scenario file against the library and compares what every step says with what the file
 * expects: scenario DRIVER FILE [--record]. With --record it writes the file to standard output
 * with the expectations that this run would meet. */
#define _XOPEN_SOURCE 700 /* nftw and realpath */
#include "scenario.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct file {
  char *text;
  char **lines; /* from 0 */
  int count;
} file;

typedef struct totals {
  int steps;
  int lines;
  bool record;
} totals;

/* --- what everything needs ---------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *facts, int type, struct FTW *at) {
  (void)facts;
  (void)type;
  (void)at;
  return remove(path);
}

static void remove_folder(const scenario *s) {
  if (s->folder[0] != '\0') (void)nftw(s->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void complain(scenario *s, const char *format, ...) {
  va_list arguments;
  (void)fprintf(stderr, "%s:%d: ", s->path, s->line);
  va_start(arguments, format);
  (void)vfprintf(stderr, format, arguments);
  va_end(arguments);
  (void)fputc('\n', stderr);
  remove_folder(s);
  (void)fflush(NULL);
  _exit(2); /* what is still held is no leak */
}

void *grow(scenario *s, void *memory, size_t size) {
  void *grown = realloc(memory, size > 0 ? size : 1);
  if (grown == NULL) complain(s, "out of memory");
  return grown;
}

void *keep(scenario *s, size_t size) {
  if (s->kept_count == s->kept_room) {
    s->kept_room = s->kept_room * 2 + 64;
    s->kept = grow(s, s->kept, s->kept_room * sizeof *s->kept);
  }
  void *memory = grow(s, NULL, size);
  s->kept[s->kept_count++] = memory;
  return memory;
}

char *keep_text(scenario *s, const char *text, size_t size) {
  char *copy = keep(s, size + 1);
  memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

static void forget_step(scenario *s) {
  for (size_t i = 0; i < s->kept_count; i++) free(s->kept[i]);
  for (size_t i = 0; i < s->out_count; i++) free(s->out[i]);
  s->kept_count = s->out_count = s->argument_count = 0;
  s->result_name = NULL;
}

/* --- the file ----------------------------------------------------------------------------- */

static file read_scenario(scenario *s) {
  file f = {0};
  FILE *stream = fopen(s->path, "rb");
  if (stream == NULL) complain(s, "%s", strerror(errno));
  size_t size = 0;
  size_t got = 0;
  do {
    f.text = grow(s, f.text, size + 65537);
    got = fread(f.text + size, 1, 65536, stream);
    size += got;
  } while (got > 0);
  (void)fclose(stream);
  f.text[size] = '\0';
  for (char *line = f.text; *line != '\0'; f.count++) {
    char *end = line + strcspn(line, "\n");
    f.lines = grow(s, f.lines, (size_t)(f.count + 1) * sizeof *f.lines);
    f.lines[f.count] = line;
    line = *end == '\0' ? end : end + 1;
    *end = '\0';
  }
  return f;
}

/* What an expecting line expects of every driver ("> ") or of one ("memory> "), else NULL. */
static const char *expectation(const char *line, const char *driver, bool *of_driver) {
  size_t size = strlen(driver);
  *of_driver = strncmp(line, driver, size) == 0 && line[size] == '>';
  const char *text = *of_driver ? line + size + 1 : line + 1;
  if (!*of_driver && line[0] != '>') return NULL;
  return text[0] == ' ' ? text + 1 : text;
}

static const char *other_driver(const scenario *s) {
  return strcmp(s->driver, "memory") == 0 ? "sqlite" : "memory";
}

/* --- running ------------------------------------------------------------------------------ */

static const verb *find_verb(scenario *s) {
  static const verb *const tables[] = {lab_verbs,     file_verbs,   govern_verbs,
                                       release_verbs, semver_verbs, upkeep_verbs};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    for (const verb *v = tables[i]; v->name != NULL; v++) {
      if (strcmp(v->name, s->verb) == 0) return v;
    }
  }
  complain(s, "there is no verb %s", s->verb);
}

static void run_step(scenario *s, const char *line) {
  mr_error error = MR_ERROR_INIT;
  parse_step(s, line);
  (void)option(s, "show"); /* fits every step, also where there is no record to show */
  mr_status status = find_verb(s)->run(s, &error);
  if (status != MR_OK) {
    if (error.status != status) complain(s, "the error says %d", (int)error.status);
    say(s, "! %s %s", mr_status_name(status), error.message);
    if (error.backend_code != 0) say(s, "! backend %lld", (long long)error.backend_code);
  }
  check_all_used(s);
}

/* Compares what the step said with the lines below it; returns how many lines those are, -1 when
 * they differ. */
static int compare(scenario *s, const file *f, int first, totals *sum) {
  size_t said = 0;
  int at = first;
  for (; at < f->count; at++) {
    bool of_driver = false;
    bool of_other = false;
    const char *wanted = expectation(f->lines[at], s->driver, &of_driver);
    if (wanted == NULL) {
      if (expectation(f->lines[at], other_driver(s), &of_other) == NULL) break;
      continue;
    }
    const char *got = said < s->out_count ? s->out[said] : "(nothing more)";
    if (said >= s->out_count || strcmp(got, wanted) != 0) {
      (void)fprintf(stderr, "%s:%d: wanted: %s\n%s:%d: got: %s\n", s->path, at + 1, wanted, s->path,
                    at + 1, got);
      return -1;
    }
    said++;
    sum->lines++;
  }
  if (said == s->out_count) return at - first;
  (void)fprintf(stderr, "%s:%d: wanted: (nothing more)\n%s:%d: got: %s\n", s->path, s->line,
                s->path, s->line, s->out[said]);
  return -1;
}

/* Writes the step with what it said in place of what was expected of this driver. */
static int record(scenario *s, const file *f, int first) {
  int at = first;
  bool apart = false;
  bool of_driver = false;
  bool of_other = false;
  for (; at < f->count; at++) {
    bool own = expectation(f->lines[at], s->driver, &of_driver) != NULL;
    bool other = expectation(f->lines[at], other_driver(s), &of_other) != NULL;
    if (!own && !other) break;
    if (of_driver || of_other) apart = true;
  }
  for (size_t i = 0; i < s->out_count; i++) {
    (void)printf("%s> %s\n", apart ? s->driver : "", s->out[i]);
  }
  for (int i = first; i < at; i++) {
    (void)expectation(f->lines[i], other_driver(s), &of_other);
    if (of_other) (void)puts(f->lines[i]);
  }
  return at - first;
}

/* Passes over what a step of another driver says; returns how many lines that is. */
static int skip(const scenario *s, const file *f, int first, const totals *sum) {
  int at = first;
  bool of_driver = false;
  for (; at < f->count; at++) {
    if (expectation(f->lines[at], s->driver, &of_driver) == NULL &&
        expectation(f->lines[at], other_driver(s), &of_driver) == NULL)
      break;
    if (sum->record) (void)puts(f->lines[at]);
  }
  return at - first;
}

/* The step of a line, without the driver in front of it; NULL when it is for another driver. */
static const char *own_step(const scenario *s, const char *line) {
  static const char *const drivers[] = {"memory", "sqlite"};
  for (size_t i = 0; i < 2; i++) {
    size_t size = strlen(drivers[i]);
    if (strncmp(line, drivers[i], size) == 0 && line[size] == ':') {
      return strcmp(drivers[i], s->driver) == 0 ? line + size + 1 : NULL;
    }
  }
  return line;
}

static bool run_lines(scenario *s, const file *f, totals *sum) {
  int ahead = 0;
  for (int at = 0; at < f->count; at += 1 + ahead) {
    const char *line = f->lines[at];
    bool of_driver = false;
    s->line = at + 1;
    ahead = 0;
    if (sum->record) (void)puts(line);
    if (line[0] == '\0' || line[0] == '#') continue;
    if (strncmp(line, "chapter ", 8) == 0) {
      s->moment = strtoull(line + 8, NULL, 10) * 1000;
      continue;
    }
    if (expectation(line, s->driver, &of_driver) != NULL) complain(s, "no step says this");
    s->moment++;
    s->random_at = 0;
    const char *step = own_step(s, line);
    if (step == NULL) {
      ahead = skip(s, f, at + 1, sum);
      continue;
    }
    run_step(s, step);
    ahead = sum->record ? record(s, f, at + 1) : compare(s, f, at + 1, sum);
    if (ahead < 0) return false;
    sum->steps++;
    forget_step(s);
  }
  return true;
}

static void make_folder(scenario *s) {
  const char *parent = getenv("TMPDIR");
  char *real = realpath(parent != NULL && parent[0] != '\0' ? parent : "/tmp", NULL);
  if (real == NULL) complain(s, "no folder for temporary files");
  (void)snprintf(s->folder, sizeof s->folder, "%s/modelreg_scenario_XXXXXX", real);
  free(real);
  if (mkdtemp(s->folder) == NULL) {
    s->folder[0] = '\0';
    complain(s, "no folder for temporary files");
  }
  bool memory = strcmp(s->driver, "memory") == 0;
  (void)snprintf(s->uri, sizeof s->uri, memory ? "memory:" : "sqlite:%s/R.db", s->folder);
}

int main(int argc, char **argv) {
  scenario s = {0};
  totals sum = {.record = argc == 4 && strcmp(argv[3], "--record") == 0};
  if (argc < 3 || (argc == 4 && !sum.record) || argc > 4 ||
      (strcmp(argv[1], "memory") != 0 && strcmp(argv[1], "sqlite") != 0)) {
    (void)fputs("usage: scenario memory|sqlite FILE [--record]\n", stderr);
    return 2;
  }
  s.driver = argv[1];
  s.path = argv[2];
  file f = read_scenario(&s);
  make_folder(&s);
  bool good = run_lines(&s, &f, &sum);
  forget_step(&s);
  close_bindings(&s);
  remove_folder(&s);
  free(s.kept);
  free(s.out);
  free(f.lines);
  free(f.text);
  if (good && sum.steps == 0) {
    (void)fprintf(stderr, "%s: there are no steps\n", s.path);
    good = false;
  }
  if (good && !sum.record) {
    (void)printf("%s: %s: %d steps, %d expected lines\n", s.path, s.driver, sum.steps, sum.lines);
  }
  return good ? 0 : 1;
}
