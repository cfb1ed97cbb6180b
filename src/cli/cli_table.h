/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned tables for people. Everything in them is made safe for a terminal. */
#ifndef MRI_CLI_TABLE_H
#define MRI_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum cli_align {
  CLI_LEFT,
  /* For numbers. */
  CLI_RIGHT,
  /* To the left, and shortened when the table is too wide for the terminal. */
  CLI_SHORTEN,
  /* To the left, and broken into lines between words when the table is too wide for the terminal:
   * for sentences. */
  CLI_WRAP,
  /* To the left, a word that says how something stands: in its color. */
  CLI_STATUS
} cli_align;

typedef struct cli_column {
  /* NULL in every column: a table without a line of headings. */
  const char *heading;
  cli_align align;
} cli_column;

typedef struct cli_cell {
  char *text;
  bool is_word;
} cli_cell;

typedef struct cli_table {
  const cli_column *columns;
  size_t column_count;
  cli_cell *cells;
  size_t cell_count;
  size_t room;
} cli_table;

/* An empty table; `columns` must outlive it. */
cli_table cli_table_new(const cli_column *columns, size_t count);

/* Adds the next cell, row by row. NULL is an empty cell. */
void cli_table_text(cli_table *table, const char *text);
/* The same for a word that has its color in any column. */
void cli_table_word(cli_table *table, const char *word);
void cli_table_int(cli_table *table, int64_t value);
void cli_table_double(cli_table *table, double value);
void cli_table_time(cli_table *table, int64_t time_us);
void cli_table_size(cli_table *table, int64_t size);

/* Adds a row of two cells unless `text` is NULL. */
void cli_table_pair(cli_table *table, const char *label, const char *text);

/* Prints it, each line behind `indent` blanks, in at most `width` columns where shortening and
 * breaking can do that; 0: as wide as it is. Empties the table. */
void cli_table_print(cli_table *table, FILE *out, size_t indent, size_t width);

/* Prints it to standard output under a title, behind an empty line; nothing when it is empty. */
void cli_table_section(cli_table *table, const char *title);

/* Frees what cli_table_print() has not. */
void cli_table_free(cli_table *table);

#endif
