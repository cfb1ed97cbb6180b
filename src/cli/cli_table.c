/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_table.h"

#include "cli/cli_memory.h"
#include "cli/cli_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>

/* Blanks between two columns. */
#define GAP 2
/* A column is not shortened below this, so that something of it can still be read. */
#define SHORTEST 8

cli_table cli_table_new(const cli_column *columns, size_t count) {
  cli_table table = {columns, count, NULL, 0, 0};
  return table;
}

void cli_table_text(cli_table *table, const char *text) {
  if (table->cell_count == table->room) {
    table->room = table->room ? table->room * 2 : 64;
    table->cells = cli_resize(table->cells, table->room, sizeof *table->cells);
  }
  table->cells[table->cell_count++] = cli_printable(text ? text : "");
}

void cli_table_int(cli_table *table, int64_t value) {
  char text[CLI_NUMBER_SIZE];
  snprintf(text, sizeof text, "%" PRId64, value);
  cli_table_text(table, text);
}

void cli_table_double(cli_table *table, double value) {
  char text[CLI_NUMBER_SIZE];
  cli_double(text, value);
  cli_table_text(table, text);
}

void cli_table_time(cli_table *table, int64_t time_us) {
  char text[CLI_NUMBER_SIZE];
  cli_time(text, time_us);
  cli_table_text(table, text);
}

void cli_table_size(cli_table *table, int64_t size) {
  char text[CLI_NUMBER_SIZE];
  cli_size(text, size);
  cli_table_text(table, text);
}

void cli_table_pair(cli_table *table, const char *label, const char *text) {
  assert(table->column_count == 2);
  if (!text) return;
  cli_table_text(table, label);
  cli_table_text(table, text);
}

static size_t heading_width(const cli_column *column) {
  return column->heading ? cli_width(column->heading) : 0;
}

static size_t shortest(const cli_column *column) {
  size_t heading = heading_width(column);
  return heading > SHORTEST ? heading : SHORTEST;
}

/* Takes columns from the widest that may be shortened until the table fits or none is left. */
static void shrink(const cli_table *table, size_t *widths, size_t indent, size_t width) {
  size_t total = indent + (table->column_count - 1) * GAP;
  for (size_t i = 0; i < table->column_count; i++) total += widths[i];
  while (width > 0 && total > width) {
    size_t widest = table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
      bool can = table->columns[i].align == CLI_SHORTEN && widths[i] > shortest(&table->columns[i]);
      if (can && (widest == table->column_count || widths[i] > widths[widest])) widest = i;
    }
    if (widest == table->column_count) return;
    widths[widest]--;
    total--;
  }
}

static void put_blanks(FILE *out, size_t count) {
  fprintf(out, "%*s", (int)count, "");
}

/* Writes the cell and says how many columns it took: never more than `width`. */
static size_t put_cell(FILE *out, const char *cell, size_t width) {
  size_t full = cli_width(cell);
  if (full <= width) {
    fputs(cell, out);
    return full;
  }
  size_t used = 0;
  uint32_t code = 0;
  for (size_t length; (length = cli_decode(cell, &code)) > 0; cell += length) {
    size_t next = (size_t)cli_char_width(code);
    if (used + next > width - 1) break;
    fwrite(cell, 1, length, out);
    used += next;
  }
  fputs("\xE2\x80\xA6", out);
  return used + 1;
}

static void put_row(const cli_table *table, FILE *out, const char *const *cells,
                    const size_t *widths, size_t indent) {
  size_t last = table->column_count;
  /* No blanks at the end of a line. */
  while (last > 0 && cells[last - 1][0] == '\0') last--;
  put_blanks(out, last > 0 ? indent : 0);
  for (size_t i = 0; i < last; i++) {
    size_t full = cli_width(cells[i]);
    if (table->columns[i].align == CLI_RIGHT && full < widths[i]) put_blanks(out, widths[i] - full);
    size_t used = put_cell(out, cells[i], widths[i]);
    if (i + 1 == last) break;
    bool is_right = table->columns[i].align == CLI_RIGHT;
    put_blanks(out, (is_right ? 0 : widths[i] - used) + GAP);
  }
  fputc('\n', out);
}

void cli_table_print(cli_table *table, FILE *out, size_t indent, size_t width) {
  assert(table->cell_count % table->column_count == 0);
  size_t count = table->column_count;
  size_t *widths = cli_resize(NULL, count, sizeof *widths);
  const char **headings = cli_resize(NULL, count, sizeof *headings);
  bool has_headings = false;
  for (size_t i = 0; i < count; i++) {
    headings[i] = table->columns[i].heading ? table->columns[i].heading : "";
    has_headings = has_headings || headings[i][0] != '\0';
    widths[i] = heading_width(&table->columns[i]);
  }
  for (size_t i = 0; i < table->cell_count; i++) {
    size_t cell = cli_width(table->cells[i]);
    if (cell > widths[i % count]) widths[i % count] = cell;
  }
  shrink(table, widths, indent, width);
  if (has_headings) put_row(table, out, headings, widths, indent);
  for (size_t i = 0; i < table->cell_count; i += count)
    put_row(table, out, (const char *const *)table->cells + i, widths, indent);
  cli_free(headings);
  cli_free(widths);
  cli_table_free(table);
}

void cli_table_free(cli_table *table) {
  for (size_t i = 0; i < table->cell_count; i++) cli_free(table->cells[i]);
  cli_free(table->cells);
  table->cells = NULL;
  table->cell_count = 0;
  table->room = 0;
}
