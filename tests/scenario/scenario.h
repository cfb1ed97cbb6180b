/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter of scenario files in C: what its files share. README.md has the grammar. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <modelreg/modelreg.h>

#include <stdbool.h>

/* --- what a step is made of --------------------------------------------------------------- */

typedef struct item {
  char *text; /* ends with a NUL, which is not counted */
  size_t size;
  bool is_null; /* the bare word null; `text` is then NULL */
} item;

typedef struct argument {
  const char *name; /* NULL when it has only a place */
  bool is_list;
  bool used;
  item *items;
  size_t count; /* 1 unless it is a list */
} argument;

/* Names of the values of an enum; ends with a NULL. */
typedef struct value_name {
  const char *text;
  int64_t value;
} value_name;

typedef enum field_kind { TEXT, TEXTS, INT32, UINT32, INT64, REAL } field_kind;

/* A field of a record; ends with a NULL name. */
typedef struct field {
  const char *name;
  field_kind kind;
  size_t offset;
  const value_name *names;
  size_t count_offset; /* for TEXTS */
} field;

/* A kind of handle. `info` and `fields` are NULL where it has no record. */
typedef struct handle_class {
  const char *name;
  void (*close)(void *handle);
  const void *(*info)(const void *handle);
  const field *fields;
} handle_class;

/* What a name of the scenario stands for: a handle, or with no class a text. */
typedef struct binding {
  char *name;
  const handle_class *class;
  void *handle;
  char *text;
} binding;

#define MAX_ARGUMENTS 24
#define MAX_BINDINGS  256

typedef struct scenario {
  const char *path; /* of the file, for messages */
  int line;         /* of the step that runs */
  const char *driver;
  char folder[4096]; /* ${DIR} */
  char uri[4200];    /* ${URI} */
  uint64_t moment;   /* the number of the step, which clock and randomness are made of */
  uint64_t random_at;

  const char *verb;
  char *result_name; /* NULL: nothing is kept */
  argument arguments[MAX_ARGUMENTS];
  size_t argument_count;

  char **out; /* what the step said */
  size_t out_count;
  size_t out_room;
  binding bindings[MAX_BINDINGS];
  size_t binding_count;
  void **kept; /* memory that lives as long as the step */
  size_t kept_count;
  size_t kept_room;
} scenario;

typedef struct verb {
  const char *name;
  mr_status (*run)(scenario *s, mr_error *error);
} verb;

extern const verb lab_verbs[];
extern const verb file_verbs[];
extern const verb govern_verbs[];
extern const verb release_verbs[];
extern const verb semver_verbs[];
/* scenario_upkeep.c */
extern const verb upkeep_verbs[];

/* --- scenario.c --------------------------------------------------------------------------- */

/* Ends the program: the scenario itself is wrong. */
_Noreturn void complain(scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Memory until the end of the step. */
void *keep(scenario *s, size_t size);
char *keep_text(scenario *s, const char *text, size_t size);
/* Memory that grows; never NULL. */
void *grow(scenario *s, void *memory, size_t size);

/* --- scenario_parse.c --------------------------------------------------------------------- */

/* Reads `[name =] verb argument...` into the step. */
void parse_step(scenario *s, const char *line);
/* Arguments by place and by name. Those by name may be missing: NULL, 0. */
argument *place(scenario *s, size_t index);
argument *option(scenario *s, const char *name);
size_t places(const scenario *s);
const char *text_at(scenario *s, size_t index);
const char *option_text(scenario *s, const char *name);
int64_t integer_at(scenario *s, size_t index);
int64_t option_integer(scenario *s, const char *name);
double real_at(scenario *s, size_t index);
/* One name or number, or several with + between them. */
int64_t named_at(scenario *s, size_t index, const value_name *names);
int64_t option_named(scenario *s, const char *name, const value_name *names);
/* Lists; NULL gives NULL. */
const char **texts(scenario *s, const argument *list);
int64_t *integers(scenario *s, const argument *list);
double *reals(scenario *s, const argument *list);
/* Complains of arguments that the verb did not look at. */
void check_all_used(scenario *s);

/* --- scenario_values.c -------------------------------------------------------------------- */

/* One line of what the step says. */
void say(scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Every line of a text, behind "| ". */
void say_text(scenario *s, const char *text, size_t size);
/* A record as lines of "field value", or as one line where the option show= names the fields. */
void say_record(scenario *s, const field *fields, const void *record);
/* How values are written. */
const char *quoted(scenario *s, const void *data, size_t size, bool is_text);
const char *quoted_text(scenario *s, const char *text);
const char *written_real(scenario *s, double value);
uint64_t fingerprint(const void *data, size_t size);
/* A field as ${name.field} puts it into a step. */
const char *plain_field(scenario *s, const handle_class *class, const void *record,
                        const char *name);

/* --- scenario_records.c ------------------------------------------------------------------- */

extern const handle_class registry_class, cancel_class, experiment_class, run_class, metric_class,
    history_class, manifest_class, dataset_class, blob_class, report_class, model_class,
    version_class, gate_class, request_class, decision_class, lineage_class, fsck_class,
    semver_class, semver_range_class;
extern const field problem_fields[], entry_fields[], version_fields[], request_fields[],
    rule_fields[], edge_fields[], finding_fields[];
extern const value_name open_flags[], run_kinds[], run_statuses[], source_states[], gate_flags[],
    request_states[], bumps[], verify_flags[], resolve_flags[], range_flags[], check_results[],
    yank_channels[], lineage_directions[], fsck_flags[];

/* --- scenario_handles.c ------------------------------------------------------------------- */

binding *find_binding(scenario *s, const char *name);
void *handle_at(scenario *s, size_t index, const handle_class *class);
/* The handle of an option; NULL when it is missing. */
void *option_handle(scenario *s, const char *name, const handle_class *class);
/* The result of a step: kept under its name, else closed. */
void result_handle(scenario *s, const handle_class *class, void *handle);
void result_text(scenario *s, const char *text);
void close_bindings(scenario *s);
/* The verbs close and info, which take any handle. */
mr_status close_handles(scenario *s, mr_error *error);
mr_status say_info(scenario *s, mr_error *error);

/* scenario_files.c: the sums of a report, then each problem; kept under the step's name. */
void result_report(scenario *s, mr_report *report);

/* The token of the next page, NULL at the end. With pages=1 it is said and kept instead. */
const char *next_page(scenario *s, const char *token);
/* Those of scenario_records.c: say the page, free it, and return the token of the next. */
#define DECLARE_DRAIN(noun) char *drain_##noun(scenario *s, mr_##noun##_page *page);
DECLARE_DRAIN(experiment)
DECLARE_DRAIN(run)
DECLARE_DRAIN(property)
DECLARE_DRAIN(input)
DECLARE_DRAIN(metric)
DECLARE_DRAIN(artifact)
DECLARE_DRAIN(dataset)
DECLARE_DRAIN(model)
DECLARE_DRAIN(version)
DECLARE_DRAIN(request)
DECLARE_DRAIN(channel)
DECLARE_DRAIN(channel_move)
DECLARE_DRAIN(gate)
DECLARE_DRAIN(check)

/* Defines list_THINGS, which says all pages of mr_NOUN_list_THINGS(). */
#define LIST_VERB(noun, things, page_noun)                                                         \
  static mr_status noun##_list_##things(scenario *s, mr_error *error) {                            \
    mr_##noun *of = handle_at(s, 0, &noun##_class);                                                \
    mr_list_options options = MR_LIST_OPTIONS_INIT;                                                \
    mr_status status = MR_OK;                                                                      \
    options.limit = option_integer(s, "limit");                                                    \
    options.token = option_text(s, "token");                                                       \
    do {                                                                                           \
      mr_##page_noun##_page *page = NULL;                                                          \
      status = mr_##noun##_list_##things(of, &options, &page, error);                              \
      options.token = status == MR_OK ? next_page(s, drain_##page_noun(s, page)) : NULL;           \
    } while (options.token != NULL);                                                               \
    return status;                                                                                 \
  }

#endif
