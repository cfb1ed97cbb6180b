/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: what is read is written the same, byte for byte, and holds no path that leads out. */
#include "base/text.h"
#include "blob/manifest.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const mri_mem *mem = mri_mem_default();
  mr_error error = MR_ERROR_INIT;
  mri_manifest manifest;
  mri_manifest_init(&manifest, mem);
  mr_status status = mri_manifest_read(&manifest, data, size, &error);
  if (status == MR_OK) {
    char *text = NULL;
    size_t text_size = 0;
    MUST(manifest.sealed);
    for (size_t i = 0; i < mri_manifest_count(&manifest); i++) {
      const mri_manifest_entry *entry = mri_manifest_at(&manifest, i);
      MUST(mri_check_path(entry->path, "path", NULL) == MR_OK && entry->size >= 0);
      MUST(mri_manifest_find(&manifest, entry->path) == entry);
      MUST(i == 0 || strcmp(mri_manifest_at(&manifest, i - 1)->path, entry->path) < 0);
    }
    MUST(mri_manifest_write(&manifest, &text, &text_size, NULL) == MR_OK);
    MUST(text_size == size && memcmp(text, data, size) == 0);
    mri_hasher *hasher = mri_hasher_new(mem);
    mri_digest digest;
    MUST(hasher != NULL && mri_hasher_update(hasher, data, size));
    mri_hasher_final(hasher, &digest);
    mri_hasher_free(hasher);
    MUST(mri_digest_equal(&digest, &manifest.digest));
    mri_mem_free(mem, text);
  } else {
    MUST(status == MR_CORRUPT && error.message[0] != '\0');
  }
  mri_manifest_destroy(&manifest);
  return 0;
}
