/* SPDX-License-Identifier: Apache-2.0 */
/* Answers questions about versions and ranges for semver_differential.js: a question a line, its
 * fields separated by tabs, bytes as %XX where they would be in the way; one line of answer each.
 *
 *     parse VERSION            the version again
 *     compare VERSION VERSION  -1, 0 or 1
 *     inc PART ID VERSION      the next version; PART is a mri_semver_part, ID may be empty
 *     range INCLUDE RANGE VERSION...   0 or 1 for each version; INCLUDE is 0 or 1
 *
 * What is refused is answered with the name of the status. */
#include "answer_text.h"

#include "semver/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 64, LINE = 65536 };

static size_t split(char *line, char *fields[FIELDS]) {
  size_t count = 0;
  line[strcspn(line, "\n")] = '\0';
  for (char *at = line; at != NULL && count < FIELDS; count++) {
    char *tab = strchr(at, '\t');
    if (tab != NULL) *tab++ = '\0';
    fields[count] = at;
    at = tab;
  }
  for (size_t i = 0; i < count; i++) answer_decode(fields[i]);
  return count;
}

static mr_status answer_version(const mri_semver *version) {
  char text[MRI_SEMVER_MAX * 2 + 64];
  mri_semver_format(version, text);
  puts(text);
  return MR_OK;
}

static mr_status answer_range(char *const *fields, size_t count) {
  mri_range range;
  char answers[FIELDS] = {0};
  mr_status status = mri_range_parse(fields[2], fields[1][0] == '1', &range, NULL);
  for (size_t i = 3; status == MR_OK && i < count; i++) {
    mri_semver version;
    status = mri_semver_parse(fields[i], &version, NULL);
    if (status == MR_OK) answers[i - 3] = mri_range_matches(&range, &version) ? '1' : '0';
  }
  if (status == MR_OK) puts(answers);
  return status;
}

static mr_status answer(char *const *fields, size_t count) {
  mri_semver a;
  mri_semver b;
  mr_status status = MR_NOT_SUPPORTED;
  if (count == 2 && strcmp(fields[0], "parse") == 0) {
    status = mri_semver_parse(fields[1], &a, NULL);
    if (status == MR_OK) status = answer_version(&a);
  } else if (count == 3 && strcmp(fields[0], "compare") == 0) {
    status = mri_semver_parse(fields[1], &a, NULL);
    if (status == MR_OK) status = mri_semver_parse(fields[2], &b, NULL);
    if (status == MR_OK) printf("%d\n", mri_semver_compare(&a, &b));
  } else if (count == 4 && strcmp(fields[0], "inc") == 0) {
    status = mri_semver_parse(fields[3], &a, NULL);
    if (status == MR_OK) {
      mri_semver_part part = (mri_semver_part)(fields[1][0] - '0');
      status = mri_semver_bump(&a, part, fields[2], &b, NULL);
    }
    if (status == MR_OK) status = answer_version(&b);
  } else if (count > 3 && strcmp(fields[0], "range") == 0) {
    status = answer_range(fields, count);
  }
  return status;
}

int main(void) {
  static char line[LINE];
  char *fields[FIELDS];
  while (fgets(line, sizeof line, stdin) != NULL) {
    mr_status status = answer(fields, split(line, fields));
    if (status != MR_OK) puts(mr_status_name(status));
  }
  return ferror(stdin) || fflush(stdout) != 0 ? 1 : 0;
}
