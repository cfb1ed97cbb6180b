/* SPDX-License-Identifier: Apache-2.0 */
/* Text for terminals: nothing that a name or a value holds may steer one. */
#ifndef MRI_CLI_TEXT_H
#define MRI_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Room for what cli_time(), cli_size() and cli_double() write. */
#define CLI_NUMBER_SIZE 40

/* Decodes one character of strict UTF-8; returns its length, or 0 when `text` does not begin with
 * one. `text` ends with a NUL, which is no character here. */
size_t cli_decode(const char *text, uint32_t *out_code);

/* True for what must not reach a terminal as it is: C0 and C1 controls, DEL, characters that turn
 * the direction of text, break lines or are invisible without joining letters. */
bool cli_is_unsafe(uint32_t code);

/* Columns of one safe character: 0 for combining marks, 2 for wide ones, else 1. */
int cli_char_width(uint32_t code);

/* A copy in which unsafe characters are \n, \t, \xNN, \uNNNN or \UNNNNNNNN, and bytes that are no
 * UTF-8 are \xNN. Free it with cli_free(). */
char *cli_printable(const char *text);

/* Columns of text that cli_printable() made. */
size_t cli_width(const char *printable);

/* Writes the printable form of `text`. */
void cli_put(FILE *out, const char *text);

/* Unix microseconds as ISO 8601 in UTC, such as 2026-07-03T12:34:56Z; "" for 0, which records use
 * for "not yet". */
void cli_time(char out[CLI_NUMBER_SIZE], int64_t time_us);

/* Bytes for people, such as "512 B" or "1.2 MiB". */
void cli_size(char out[CLI_NUMBER_SIZE], int64_t size);

/* "s", but "" for one. */
const char *cli_plural(int64_t count);

/* The shortest decimal form that reads back as the same double; NaN, Infinity and -Infinity. */
void cli_double(char out[CLI_NUMBER_SIZE], double value);

/* Columns of the terminal behind `out`; 0 when it is none, or does not say. */
size_t cli_terminal_width(FILE *out);

#endif
