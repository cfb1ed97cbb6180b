/* SPDX-License-Identifier: Apache-2.0 */
/* Works on a registry until it cannot, or checks what is left of it after a loss of power:
 *
 *   crash_writer make DB SCRATCH LEDGER
 *   crash_writer write DB SCRATCH LEDGER SEED
 *   crash_writer check DB SCRATCH LEDGER COUNT
 *
 * The ledger must lie where the power stays on. COUNT entries were there when it was cut, which is
 * where the writer after that goes on. */
#include "crash_work.h"

static void make(crash_work *w) {
  crash_work_open(w);
  crash_work_close(w);
}

static void write_for_ever(crash_work *w, uint64_t seed) {
  api_seed(seed);
  w->random = seed;
  w->serial = (int)(seed % 10000) * 10000;
  crash_work_open(w);
  crash_work_count_more(w);
  atomic_store(&w->ledger->ready, 1);
  while (crash_work_step(w)) continue;
  crash_work_close(w);
}

static void check(crash_work *w, int count) {
  crash_ledger *ledger = w->ledger;
  CHILD(count <= atomic_load(&ledger->count));
  ledger->late = atomic_load(&ledger->count) - count;
  crash_check_kept(w->db, w->scratch, ledger, count, true);
  crash_check_whole(w->db);
  ledger->late = 0;
  atomic_store(&ledger->count, count);
}

int main(int count, char **words) {
  const char *what = count > 4 ? words[1] : "";
  bool makes = strcmp(what, "make") == 0;
  bool writes = strcmp(what, "write") == 0 && count > 5;
  bool checks = strcmp(what, "check") == 0 && count > 5;
  if (!makes && !writes && !checks) return 2;
  crash_work w = {.db = words[2], .scratch = words[3], .random = 1};
  w.ledger = crash_ledger_open(words[4], makes);
  api_seed(1);
  if (makes) make(&w);
  if (writes) write_for_ever(&w, strtoull(words[5], NULL, 10));
  if (checks) check(&w, (int)strtol(words[5], NULL, 10));
  crash_ledger_close(w.ledger);
  return 0;
}
