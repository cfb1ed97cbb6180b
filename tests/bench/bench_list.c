/* SPDX-License-Identifier: Apache-2.0 */
/* Every line that is printed, what its baseline is, and the goal for the ratio. */
#include "bench.h"
#include <stdio.h>

static const struct {
  const char *bench;
  const char *line;
  const char *baseline;
  const char *goal; /* of the ratio, ours by baseline */
} lines[] = {
    {"log", "log", "clock_gettime and a store of 32 bytes",
     "<= 1.5 once the journal takes the points; they go through memory and a lock now"},
    {"log", "log_p99.9", "the same", "ours <= 5 us, with the journal"},
    {"points", "points_noisy, points_float32", "prepared INSERT of a row a point, one transaction",
     "<= 0.125; every call may fold and deflate what has come together"},
    {"points", "points_noisy_columns", "the same", "the same; 1,000 points a call"},
    {"points", "points_*_size_at_flush", "bytes of a row a point, without a key", "<= 0.345"},
    {"points", "points_noisy_size_after_finish", "the same", "<= 0.27"},
    {"points", "points_float32_size_after_finish", "the same", "<= 0.167"},
    {"points", "history_noisy", "SELECT of the same rows", "<= 0.143 where nothing is inflated"},
    {"points", "history_float32", "the same", "<= 0.333"},
    {"open", "open", "sqlite3_open and a first SELECT", "<= 2"},
    {"memory", "memory_open_*, memory_resolve_*", "a connection that did the same by hand",
     "none; heap is what SQLite and the library hold, resident what the process grew by"},
    {"fork", "fork_check", "a call of an empty function", "ours <= 1 ns more than that"},
    {"fork", "fork_check_getpid", "getpid, which it stands for", "none"},
    {"library", "library_stripped", "500 KiB", "<= 1"},
    {"verify", "verify_64MiB", "BLAKE2b of the same bytes in memory", "<= 1.18"},
    {"verify", "verify_64MiB_read", "the same bytes by pread from a file, then BLAKE2b", "<= 1.05"},
    {"promote", "promote", "one transaction that writes the same rows", "<= 1.3"},
    {"promote", "promote_syncs", "the same; checkpoints are in both", "<= 1"},
    {"channel", "channel_move, channel_roll_back", "the same rows", "<= 1.3"},
    {"resolve", "resolve_*", "the bare prepared query in a transaction of its own", "<= 2"},
    {"resolve", "resolve_*_flat", "100 versions; ours are 100,000", "about 1"},
    {"gate", "gate_20_rules_*", "20 prepared SELECTs of the same values", "none"},
    {"query", "parse_*, evaluate_*", "SQLite's prepare of the same text, and its run", "none"},
    {"fsck", "fsck_row", "integrity_check, foreign_key_check and a SELECT of every row; a row",
     "none"},
    {"fsck", "fsck_content_64MiB", "the same files read and hashed", "<= 1.18"},
    {"backup", "backup_64MiB", "cp and fsync of every file, unverified", "none"},
};

void bench_list(void) {
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    printf("%-8s %s\n         beside %s\n         goal: %s\n", lines[i].bench, lines[i].line,
           lines[i].baseline, lines[i].goal);
  }
}
