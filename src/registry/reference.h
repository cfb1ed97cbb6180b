/* SPDX-License-Identifier: Apache-2.0 */
/* References: `model@selector`, what a selector can be, and finding the version it names. */
#ifndef MRI_REGISTRY_REFERENCE_H
#define MRI_REGISTRY_REFERENCE_H

#include "registry/core.h"
#include "semver/range.h"

typedef enum mri_selector_kind {
  MRI_SELECT_LATEST,
  MRI_SELECT_EXACT,
  MRI_SELECT_CHANNEL,
  MRI_SELECT_RANGE,
  MRI_SELECT_DIGEST
} mri_selector_kind;

typedef struct mri_reference {
  char model[MRI_NAME_MAX + 1];
  mri_selector_kind kind;
  mri_semver number;              /* EXACT */
  char channel[MRI_NAME_MAX + 1]; /* CHANNEL */
  const char *range_text;         /* RANGE: within the text that was parsed */
  mri_range range;                /* RANGE */
  const char *digest_text;        /* DIGEST: within the text that was parsed */
  mri_digest lowest;              /* DIGEST: the first and the last that begin so */
  mri_digest highest;
} mri_reference;

/* `prereleases` is for ranges: whether they include them. */
mr_status mri_reference_parse(const char *text, bool prereleases, mri_reference *out,
                              mr_error *error);
/* Letters, digits, ".", "_", "-", beginning with a letter, and nothing that can be read as another
 * selector: `latest`, versions and ranges (also with a leading v, x or X), 12 and more hex digits.
 */
mr_status mri_check_channel_name(const char *name, mr_error *error);

/* Whether it is made of hex digits only, and so perhaps meant as a digest. */
bool mri_is_hex(const char *text);

/* The status that a version had at the time ?n, as SQL over `version v`. */
#define MRI_STATUS_AS_OF(n)                                                                        \
  "CASE WHEN v.status_us <= ?" #n " THEN v.status ELSE coalesce((SELECT x.status "                 \
  "FROM version_change x WHERE x.version_id = v.id AND x.created_us <= ?" #n                       \
  " ORDER BY x.sequence DESC LIMIT 1), 1) END"

/* A time later than all others: as of now. */
#define MRI_NOW INT64_MAX

/* The row id of the version of a model that has this number; build metadata counts only when
 * `number` has any. NOT_FOUND names model and number, and says where it was deleted. */
mr_status mri_version_find(mri_tx *tx, int64_t model_id, const char *model,
                           const mri_semver *number, int64_t *id, mr_error *error);
/* The same as of a time. */
mr_status mri_version_find_as_of(mri_tx *tx, int64_t model_id, const char *model,
                                 const mri_semver *number, int64_t as_of_us, int64_t *id,
                                 mr_error *error);
/* The uuid of the version that an exact reference names. */
mr_status mri_version_uuid(mri_tx *tx, const mri_reference *reference, char *out, mr_error *error);

#endif
