/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_table.h"

#include "cli/cli.h"
#include "cli/cli_color.h"
#include "cli/cli_memory.h"
#include "cli/cli_progress.h"
#include "cli/cli_text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Blanks between two columns. */
#define GAP 2
/* A column is not shortened below this, so that something of it can still be read. */
#define SHORTEST 8
/* And sentences not below this. */
#define NARROWEST 24

cli_table cli_table_new(const cli_column *columns, size_t count) {
  cli_table table = {columns, count, NULL, 0, 0};
  return table;
}

void cli_table_text(cli_table *table, const char *text) {
  if (table->cell_count == table->room) {
    table->room = table->room ? table->room * 2 : 64;
    table->cells = cli_resize(table->cells, table->room, sizeof *table->cells);
  }
  cli_cell cell = {cli_printable(text ? text : ""), false};
  table->cells[table->cell_count++] = cell;
}

void cli_table_word(cli_table *table, const char *word) {
  cli_table_text(table, word);
  table->cells[table->cell_count - 1].is_word = true;
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
  size_t least = column->align == CLI_WRAP ? NARROWEST : SHORTEST;
  return heading > least ? heading : least;
}

/* Takes columns from the widest that may be narrower until the table fits or none is left. */
static void shrink(const cli_table *table, size_t *widths, size_t indent, size_t width) {
  size_t total = indent + (table->column_count - 1) * GAP;
  for (size_t i = 0; i < table->column_count; i++) total += widths[i];
  while (width > 0 && total > width) {
    size_t widest = table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
      cli_align align = table->columns[i].align;
      bool can =
          (align == CLI_SHORTEN || align == CLI_WRAP) && widths[i] > shortest(&table->columns[i]);
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

/* How many bytes of `text` take at most `width` columns. */
static size_t fitting(const char *text, size_t width) {
  size_t size = 0, used = 0;
  uint32_t code = 0;
  for (size_t length; (length = cli_decode(text + size, &code)) > 0; size += length) {
    used += (size_t)cli_char_width(code);
    if (used > width) break;
  }
  return size;
}

/* How many bytes of a sentence go on a line: up to a place between words, where there is one. */
static size_t line_of(const char *text, size_t width) {
  size_t size = fitting(text, width);
  if (text[size] == '\0' || text[size] == ' ') return size;
  size_t end = size;
  while (end > 0 && text[end - 1] != ' ') end--;
  while (end > 0 && text[end - 1] == ' ') end--;
  return end > 0 ? end : size;
}

static size_t width_of(const char *text, size_t size) {
  size_t width = 0;
  uint32_t code = 0;
  for (size_t at = 0; at < size; at += cli_decode(text + at, &code)) {
    (void)cli_decode(text + at, &code);
    width += (size_t)cli_char_width(code);
  }
  return width;
}

/* What is left to print of a row. */
typedef struct row {
  const char **left;
  /* NULL for the headings. */
  const cli_cell *cells;
} row;

static const char *color_of(const cli_table *table, const row *r, size_t i) {
  if (!r->cells) return cli_color_heading();
  bool is_word = r->cells[i].is_word || table->columns[i].align == CLI_STATUS;
  return is_word ? cli_color_of(r->cells[i].text) : "";
}

/* Writes of the cell what goes on this line, with the blanks before it, and says how many columns
 * that took: never more than `width`. */
static size_t put_cell(const cli_table *table, FILE *out, const row *r, size_t i, size_t width) {
  const char *text = r->left[i];
  cli_align align = table->columns[i].align;
  const char *color = text[0] != '\0' ? color_of(table, r, i) : "";
  size_t size = strlen(text), full = cli_width(text);
  bool is_cut = full > width && align != CLI_WRAP;
  if (is_cut) size = fitting(text, width - 1);
  if (full > width && align == CLI_WRAP) size = line_of(text, width);
  size_t used = width_of(text, size) + is_cut;
  size_t before = align == CLI_RIGHT && used < width ? width - used : 0;
  put_blanks(out, before);
  fputs(color, out);
  fwrite(text, 1, size, out);
  if (is_cut) fputs("\xE2\x80\xA6", out);
  if (color[0] != '\0') fputs(cli_color_end(), out);
  text += is_cut ? strlen(text) : size;
  r->left[i] = text + strspn(text, " ");
  return before + used;
}

static void put_row(const cli_table *table, FILE *out, const row *r, const size_t *widths,
                    size_t indent) {
  size_t last = table->column_count;
  do {
    /* No blanks at the end of a line. */
    while (last > 0 && r->left[last - 1][0] == '\0') last--;
    put_blanks(out, last > 0 ? indent : 0);
    for (size_t i = 0; i < last; i++) {
      size_t used = put_cell(table, out, r, i, widths[i]);
      if (i + 1 < last) put_blanks(out, widths[i] - used + GAP);
    }
    fputc('\n', out);
    while (last > 0 && r->left[last - 1][0] == '\0') last--;
  } while (last > 0);
}

static void measure(const cli_table *table, size_t *widths) {
  size_t count = table->column_count;
  for (size_t i = 0; i < count; i++) widths[i] = heading_width(&table->columns[i]);
  for (size_t i = 0; i < table->cell_count; i++) {
    size_t cell = cli_width(table->cells[i].text);
    if (cell > widths[i % count]) widths[i % count] = cell;
  }
}

void cli_table_print(cli_table *table, FILE *out, size_t indent, size_t width) {
  assert(table->cell_count % table->column_count == 0);
  size_t count = table->column_count;
  size_t *widths = cli_resize(NULL, count, sizeof *widths);
  cli_progress_stop();
  row r = {cli_resize(NULL, count, sizeof *r.left), NULL};
  bool has_headings = false;
  measure(table, widths);
  shrink(table, widths, indent, width);
  for (size_t i = 0; i < count; i++) {
    r.left[i] = table->columns[i].heading ? table->columns[i].heading : "";
    has_headings = has_headings || r.left[i][0] != '\0';
  }
  if (has_headings) put_row(table, out, &r, widths, indent);
  for (size_t i = 0; i < table->cell_count; i += count) {
    r.cells = table->cells + i;
    for (size_t k = 0; k < count; k++) r.left[k] = r.cells[k].text;
    put_row(table, out, &r, widths, indent);
  }
  cli_free(r.left);
  cli_free(widths);
  cli_table_free(table);
}

void cli_table_section(cli_table *table, const char *title) {
  if (table->cell_count == 0) return;
  printf("\n%s\n", title);
  cli_table_print(table, stdout, 2, cli_columns());
}

void cli_table_free(cli_table *table) {
  for (size_t i = 0; i < table->cell_count; i++) cli_free(table->cells[i].text);
  cli_free(table->cells);
  table->cells = NULL;
  table->cell_count = 0;
  table->room = 0;
}
