/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/content.h"
#include "registry/format.h"
#include <stdio.h>

#define URI_MAX 4096

mr_status mri_content_format(mr_registry *registry, mri_tree_file *file, mr_error *error) {
  uint8_t head[MRI_FORMAT_BYTES];
  size_t got = 0;
  mri_blob *blob = NULL;
  mr_status status = mri_blobs_open(registry->blobs, &file->digest, file->size, &blob, error);
  if (status == MR_OK) status = mri_blob_read(blob, 0, head, sizeof head, &got, error);
  mri_blob_close(blob);
  if (status == MR_OK) file->format = mri_format_of(head, got, file->size);
  return status;
}

mr_status mri_content_put(mr_registry *registry, int dir, const char *name, const mr_cancel *cancel,
                          mri_tree_file *out, mr_error *error) {
  memset(out, 0, sizeof *out);
  out->kind = MR_ARTIFACT_KIND_STORED;
  out->created_us = mri_now_us(registry);
  mr_status status =
      mri_blobs_put_file(registry->blobs, dir, name, cancel, &out->digest, &out->size, error);
  return status == MR_OK ? mri_content_format(registry, out, error) : status;
}

mr_status mri_content_link(const char *prefix, const char *uri, const char *digest, int64_t size,
                           mri_tree_file *out, mr_error *error) {
  char what[64];
  memset(out, 0, sizeof *out);
  out->kind = MR_ARTIFACT_KIND_LINK;
  out->format = "link";
  out->uri = uri;
  out->size = size;
  (void)snprintf(what, sizeof what, "%suri", prefix);
  mr_status status = mri_check_value(uri, what, URI_MAX, error);
  if (status == MR_OK && strchr(uri, ':') == NULL) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT,
                           "%s '%s' has no scheme such as file:// or s3://", what, uri);
  }
  if (status != MR_OK) return status;
  (void)snprintf(what, sizeof what, "%sdigest", prefix);
  status = mri_check_digest(digest, what, &out->digest, error);
  if (status == MR_OK && size < 0) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "%ssize is %lld, not 0 or more", prefix,
                           (long long)size);
  }
  return status;
}
