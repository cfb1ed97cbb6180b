/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/os_objects.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__linux__) || defined(__FreeBSD__)
#include <link.h>

/* dlsym() would need a reference of ours to each object, and must not be called while the loader
 * lists them; so the hash tables are read where they lie. */
typedef struct tables {
  const ElfW(Sym) * symbols;
  const char *names;
  const uint32_t *hash; /* DT_GNU_HASH */
} tables;

typedef struct hunt {
  const char *symbol;
  uint32_t hash;
  uintptr_t ours;
  char *path;
  size_t size;
} hunt;

/* Some loaders store addresses in the dynamic section, others leave the offsets. */
static const void *place_of(const struct dl_phdr_info *info, ElfW(Addr) value) {
  uintptr_t base = (uintptr_t)info->dlpi_addr;
  uintptr_t address = (uintptr_t)value;
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): an address is what it is */
  return (const void *)(address < base ? base + address : address);
}

static bool find_tables(const struct dl_phdr_info *info, tables *out) {
  const ElfW(Dyn) *entry = NULL;
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    entry = (const ElfW(Dyn) *)(uintptr_t)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  }
  if (entry == NULL) return false;
  for (; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_SYMTAB) out->symbols = place_of(info, entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB) out->names = place_of(info, entry->d_un.d_ptr);
    if (entry->d_tag == DT_GNU_HASH) out->hash = place_of(info, entry->d_un.d_ptr);
  }
  return out->symbols != NULL && out->names != NULL && out->hash != NULL;
}

/* The table: number of buckets, first symbol, words of the filter, its shift; the filter; the
 * buckets; for each symbol its hash, whose lowest bit ends a chain. */
static bool defines(const tables *t, const hunt *h) {
  uint32_t buckets = t->hash[0];
  uint32_t first = t->hash[1];
  uint32_t words = t->hash[2];
  const ElfW(Addr) *filter = (const ElfW(Addr) *)(const void *)(t->hash + 4);
  const uint32_t *bucket = (const uint32_t *)(const void *)(filter + words);
  const uint32_t *chain = bucket + buckets;
  uint32_t bits = (uint32_t)sizeof(ElfW(Addr)) * 8;
  if (buckets == 0 || words == 0) return false;
  ElfW(Addr) word = filter[h->hash / bits % words];
  ElfW(Addr) mask =
      ((ElfW(Addr))1 << (h->hash % bits)) | ((ElfW(Addr))1 << ((h->hash >> t->hash[3]) % bits));
  if ((word & mask) != mask) return false;
  uint32_t at = bucket[h->hash % buckets];
  if (at < first) return false;
  for (;; at++) {
    uint32_t hash = chain[at - first];
    const ElfW(Sym) *symbol = &t->symbols[at];
    if ((hash | 1u) == (h->hash | 1u) && symbol->st_shndx != SHN_UNDEF &&
        strcmp(t->names + symbol->st_name, h->symbol) == 0) {
      return true;
    }
    if ((hash & 1u) != 0) return false;
  }
}

static bool holds(const struct dl_phdr_info *info, uintptr_t address) {
  for (size_t i = 0; i < info->dlpi_phnum; i++) {
    uintptr_t start = (uintptr_t)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    if (info->dlpi_phdr[i].p_type == PT_LOAD && address >= start &&
        address - start < info->dlpi_phdr[i].p_memsz) {
      return true;
    }
  }
  return false;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *ctx) {
  hunt *h = ctx;
  tables t;
  (void)size;
  if (!find_tables(info, &t) || !defines(&t, h) || holds(info, h->ours)) return 0;
  (void)snprintf(h->path, h->size, "%s", info->dlpi_name != NULL ? info->dlpi_name : "");
  return 1;
}

static uint32_t gnu_hash(const char *name) {
  uint32_t hash = 5381;
  for (const char *p = name; *p != '\0'; p++) hash = hash * 33u + (unsigned char)*p;
  return hash;
}

bool mri_find_other_object(const char *symbol, const void *ours, char *path, size_t size) {
  hunt h = {symbol, gnu_hash(symbol), (uintptr_t)ours, path, size};
  return dl_iterate_phdr(look_at, &h) != 0;
}

#else

bool mri_find_other_object(const char *symbol, const void *ours, char *path, size_t size) {
  (void)symbol, (void)ours, (void)path, (void)size;
  return false;
}

#endif
