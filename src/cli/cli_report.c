/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_report.h"

#include "cli/cli_table.h"
#include "cli/cli_text.h"
#include "cli/cli_words.h"

#include <inttypes.h>
#include <stdio.h>

void cli_report_fields(cli_json *json, const mr_report *report) {
  const mr_report_record *sums = mr_report_info(report);
  cli_json_int(json, "file_count", sums->file_count);
  cli_json_int(json, "total_size", sums->total_size);
  cli_json_int(json, "problem_count", sums->problem_count);
  cli_json_begin_array(json, "problems");
  for (int64_t i = 0; i < mr_report_count(report); i++) {
    const mr_problem_record *problem = mr_report_at(report, i);
    cli_json_begin_object(json, NULL);
    cli_json_text(json, "path", problem->path);
    cli_json_text(json, "problem", cli_word(cli_problems, problem->problem));
    cli_json_text(json, "message", problem->message);
    cli_json_end_object(json);
  }
  cli_json_end_array(json);
}

void cli_report_print(const mr_report *report, const char *unit, const char *done,
                      const char *place) {
  static const cli_column columns[] = {
      {"PROBLEM", CLI_STATUS}, {"PATH", CLI_LEFT}, {"MESSAGE", CLI_WRAP}};
  const mr_report_record *sums = mr_report_info(report);
  char size[CLI_NUMBER_SIZE];
  cli_size(size, sums->total_size);
  printf("%" PRId64 " %s%s, %s %s ", sums->file_count, unit, cli_plural(sums->file_count), size,
         done);
  cli_put(stdout, place);
  fputc('\n', stdout);
  if (mr_report_count(report) == 0) return;
  cli_table table = cli_table_new(columns, sizeof columns / sizeof *columns);
  for (int64_t i = 0; i < mr_report_count(report); i++) {
    const mr_problem_record *problem = mr_report_at(report, i);
    cli_table_text(&table, cli_word(cli_problems, problem->problem));
    cli_table_text(&table, problem->path);
    cli_table_text(&table, problem->message);
  }
  cli_table_print(&table, stdout, 0, cli_columns());
}

int cli_report_end(const mr_report *report, const char *place, const char *what) {
  int64_t count = mr_report_info(report)->problem_count;
  const mr_problem_record *first = mr_report_at(report, 0);
  if (count == 0) return CLI_DONE;
  /* Where both go to one place the problems come first. */
  fflush(stdout);
  cli_complain("%s differs from %s: %" PRId64 " problem%s, the first with '%s'", place, what, count,
               cli_plural(count), first ? first->path : "");
  return CLI_UNVERIFIED;
}
