/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/os_fork.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

typedef _Atomic uint64_t generation_page;

/* Stands for "this kernel cannot wipe a page". */
static generation_page no_page;
static generation_page *_Atomic page;
/* The highest generation given out here or in an ancestor. A child inherits its value. */
static _Atomic uint64_t highest;

static generation_page *map_page(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return &no_page;
  /* Emulators that ignore advice say yes to every number, also to one that no kernel knows. */
  if (madvise(memory, size, MADV_WIPEONFORK) != 0 || madvise(memory, size, -1) == 0) {
    (void)munmap(memory, size);
    return &no_page;
  }
  return memory;
}

/* No lock and no pthread_once, which a fork in the middle could leave half done. */
static generation_page *find_page(void) {
  generation_page *mine = map_page();
  generation_page *first = NULL;
  if (atomic_compare_exchange_strong(&page, &first, mine)) return mine;
  if (mine != &no_page) (void)munmap(mine, (size_t)sysconf(_SC_PAGESIZE));
  return first;
}

/* `highest` rises before the page shows the new number: whoever forks in between hands a value to
 * its child that is not below any number in use. */
static uint64_t next_generation(generation_page *at) {
  uint64_t mine = atomic_fetch_add(&highest, 1) + 1;
  uint64_t first = 0;
  return atomic_compare_exchange_strong(at, &first, mine) ? mine : first;
}

uint64_t mri_fork_generation(void) {
  generation_page *at = atomic_load_explicit(&page, memory_order_acquire);
  if (at == NULL) at = find_page();
  if (at == &no_page) return (uint64_t)getpid();
  uint64_t generation = atomic_load_explicit(at, memory_order_relaxed);
  return generation != 0 ? generation : next_generation(at);
}
