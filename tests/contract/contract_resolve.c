/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

static void refuses(const contract *c, const char *reference, mr_status status, const char *words) {
  mr_version *version = NULL;
  REFUSED(status, words, mr_registry_resolve(c->registry, reference, NULL, &version, &error));
  assert_null(version);
}

static void resolves_with(const contract *c, const char *reference, uint32_t flags,
                          const char *number) {
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  mr_version *version = NULL;
  char core[300];
  o.flags = flags;
  OK(mr_registry_resolve(c->registry, reference, &o, &version, &error));
  assert_string_equal(contract_core(mr_version_info(version)->number, core), number);
  mr_version_free(version);
}

static void latest(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  refuses(c, "m", MR_NOT_FOUND, "'m'|no version yet");
  refuses(c, "m@latest", MR_NOT_FOUND, "'m'|no version yet");
  mr_version_free(contract_version(c, model, "1.0.0-rc.1"));
  mr_version_free(contract_version(c, model, "1.0.0-rc.2"));
  refuses(c, "m", MR_NOT_FOUND, "'m'|no active release|2 versions|2 active prereleases");
  resolves_with(c, "m", MR_RESOLVE_PRERELEASES, "1.0.0-rc.2");
  mr_version_free(contract_version(c, model, "1.0.0"));
  contract_resolves(c, "m", "1.0.0");
  contract_resolves(c, "m@latest", "1.0.0");
  resolves_with(c, "m", MR_RESOLVE_PRERELEASES, "1.0.0");
  mr_version_free(contract_version(c, model, "2.0.0-rc.1"));
  contract_resolves(c, "m", "1.0.0");
  resolves_with(c, "m@latest", MR_RESOLVE_PRERELEASES, "2.0.0-rc.1");
  mr_version_free(contract_version(c, model, "0.9.0"));
  contract_resolves(c, "m", "1.0.0"); /* the highest, not the newest */
  mr_version_free(contract_version(c, model, "1.10.0"));
  mr_version_free(contract_version(c, model, "1.9.0"));
  contract_resolves(c, "m", "1.10.0");
  resolves_with(c, "m", 0, "1.10.0");
  mr_model_free(model);
}

static void exact(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *version = contract_version(c, model, "1.0.0-rc.1");
  mr_version_free(contract_version(c, model, "2.0.0+own.build"));
  char reference[400];
  contract_resolves(c, "m@1.0.0-rc.1", "1.0.0-rc.1"); /* a prerelease, when it is named */
  (void)snprintf(reference, sizeof reference, "m@%s", mr_version_info(version)->number);
  contract_resolves(c, reference, "1.0.0-rc.1");
  contract_resolves(c, "m@2.0.0", "2.0.0");
  contract_resolves(c, "m@2.0.0+own.build", "2.0.0");
  refuses(c, "m@2.0.0+own.builds", MR_NOT_FOUND, "'m'|2.0.0+own.builds|but 2.0.0+own.build");
  refuses(c, "m@3.0.0", MR_NOT_FOUND, "'m'|3.0.0");
  refuses(c, "m@1.0.0", MR_NOT_FOUND, "'m'|1.0.0");
  mr_version_free(version);
  mr_model_free(model);
}

static void channels(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0"));
  mr_version_free(contract_version(c, model, "2.0.0-rc.1"));
  OK(mr_model_create_channel(model, "production", &error));
  refuses(c, "m@production", MR_NOT_FOUND, "'production'|'m'|holds no version");
  refuses(c, "m@staging", MR_NOT_FOUND, "'m'|no channel 'staging'");
  contract_move(model, "production", "2.0.0-rc.1", "none");
  contract_resolves(c, "m@production", "2.0.0-rc.1");
  contract_resolves(c, "m", "1.0.0");
  contract_move(model, "production", "1.0.0", "2.0.0-rc.1");
  contract_resolves(c, "m@production", "1.0.0");
  refuses(c, "m@Production", MR_NOT_FOUND, "Production");
  mr_model_free(model);
}

static mr_model *with_versions(const contract *c) {
  static const char *const numbers[] = {"0.0.3", "0.1.0", "0.1.5",      "1.0.0-rc.1", "1.0.0",
                                        "1.2.0", "1.2.9", "1.3.0-rc.1", "1.10.0",     "2.0.0-rc.1",
                                        "2.0.0", "3.1.4", "4.0.0-rc.1", "4.0.0-rc.2"};
  mr_model *model = contract_model(c, "m");
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    mr_version_free(contract_version(c, model, numbers[i]));
  return model;
}

/* Each range gives the highest version in it; with the flag also prereleases, as npm does. */
static void ranges(void **state) {
  contract *c = *state;
  static const char *const table[][3] = {
      {"*", "3.1.4", "4.0.0-rc.2"},
      {"x", "3.1.4", "4.0.0-rc.2"},
      {"1", "1.10.0", "1.10.0"},
      {"v1", "1.10.0", "1.10.0"},
      {"1.2", "1.2.9", "1.2.9"},
      {"1.x", "1.10.0", "1.10.0"},
      {"1.0.x", "1.0.0", "1.0.0"},
      {"=1.2.0", "1.2.0", "1.2.0"},
      {"^1.0", "1.10.0", "1.10.0"},
      {"^1.2.3", "1.10.0", "1.10.0"},
      {"^0.1.0", "0.1.5", "0.1.5"},
      {"^0.0.3", "0.0.3", "0.0.3"},
      {"~1.2.0", "1.2.9", "1.2.9"},
      {"~1", "1.10.0", "1.10.0"},
      {">=1.2 <2 || 3", "3.1.4", "3.1.4"},
      {"3 || >=1.2 <2", "3.1.4", "3.1.4"},
      {">=1.2 <2", "1.10.0", "1.10.0"},
      {">=1.2.0 <1.10.0", "1.2.9", "1.3.0-rc.1"},
      {">1.2.9 <=1.10.0", "1.10.0", "1.10.0"},
      {"<1.10.0", "1.2.9", "1.3.0-rc.1"},
      {"<=1.10.0", "1.10.0", "1.10.0"},
      {"<2", "1.10.0", "1.10.0"},
      {"<2.0.0", "1.10.0", "2.0.0-rc.1"},
      {"1.2 - 2", "2.0.0", "2.0.0"},
      {"1.2.0 - 1.2.0", "1.2.0", "1.2.0"},
      {"1.0.0 - 1.3.0", "1.2.9", "1.3.0-rc.1"},
      {">1.3.0-alpha <1.10.0", "1.3.0-rc.1", "1.3.0-rc.1"},
      {"^1.3.0-rc.1", "1.10.0", "1.10.0"},
      {"~1.3.0-rc.1", "1.3.0-rc.1", "1.3.0-rc.1"},
      {"<=1.0.0-rc.5", "1.0.0-rc.1", "1.0.0-rc.1"},
      {"1.0.0-rc.1 || 0.1", "1.0.0-rc.1", "1.0.0-rc.1"},
      {">=4.0.0-rc.1", "4.0.0-rc.2", "4.0.0-rc.2"},
      {">=4.0.0-rc.1 <4.0.0-rc.2", "4.0.0-rc.1", "4.0.0-rc.1"},
      {"4.0.0-rc.1 || 4.0.0-rc.2", "4.0.0-rc.2", "4.0.0-rc.2"},
      {"4.0.0-rc.2 || 4.0.0-rc.1 || 1", "4.0.0-rc.2", "4.0.0-rc.2"},
  };
  mr_model *model = with_versions(c);
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    char reference[100];
    (void)snprintf(reference, sizeof reference, "m@%s", table[i][0]);
    resolves_with(c, reference, 0, table[i][1]);
    resolves_with(c, reference, MR_RESOLVE_PRERELEASES, table[i][2]);
  }
  /* Another model's versions are not in it. */
  mr_model *other = contract_model(c, "other");
  mr_version_free(contract_version(c, other, "1.99.0"));
  contract_resolves(c, "m@^1", "1.10.0");
  contract_resolves(c, "other@^1", "1.99.0");
  mr_version_free(contract_version(c, model, "1.11.0"));
  contract_resolves(c, "m@^1", "1.11.0");
  mr_model_free(other);
  mr_model_free(model);
}

/* Who gets nothing is told what there is, and why it was not that. */
static void ranges_without_a_version(void **state) {
  contract *c = *state;
  mr_model *empty = contract_model(c, "empty");
  refuses(c, "empty@^1", MR_NOT_FOUND, "'empty'|no version yet");
  mr_model *model = with_versions(c);
  refuses(c, "m@^5", MR_NOT_FOUND, "'m'|^5|>=5.0.0 <6.0.0-0|3.1.4+|is the highest outside");
  refuses(c, "m@^4", MR_NOT_FOUND,
          "'m'|^4|4.0.0-rc.2+|4.0.0-rc.1+|prerelease|not asked for|3.1.4+|outside");
  resolves_with(c, "m@^4", MR_RESOLVE_PRERELEASES, "4.0.0-rc.2");
  refuses(c, "m@1.3.x", MR_NOT_FOUND, "1.3.x|1.3.0-rc.1+|not asked for");
  refuses(c, "m@>2 <1", MR_NOT_FOUND, ">2 <1|3.1.4+|outside");
  refuses(c, "m@>x", MR_NOT_FOUND, ">x|3.1.4+|outside");
  refuses(c, "m@=1.2.1 || 7", MR_NOT_FOUND, "=1.2.1 |<8.0.0-0|3.1.4+");
  mr_model *candidates = contract_model(c, "candidates");
  for (int i = 1; i <= 5; i++) {
    char number[32];
    (void)snprintf(number, sizeof number, "1.0.0-rc.%d", i);
    mr_version_free(contract_version(c, candidates, number));
  }
  refuses(c, "candidates@1", MR_NOT_FOUND, "1.0.0-rc.5+|1.0.0-rc.4+|1.0.0-rc.3+|and more");
  refuses(c, "candidates@2", MR_NOT_FOUND, "no active release|5 versions|5 active prereleases");
  mr_version *version = NULL;
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  o.flags = MR_RESOLVE_PRERELEASES;
  REFUSED(MR_NOT_FOUND, "2|1.0.0-rc.5+|outside",
          mr_registry_resolve(c->registry, "candidates@2", &o, &version, &error));
  assert_null(version);
  mr_model_free(candidates);
  mr_model_free(model);
  mr_model_free(empty);
}

static void deprecate(mr_model *model, const char *number) {
  mr_deprecate_options o = MR_DEPRECATE_OPTIONS_INIT;
  mr_version *version = NULL;
  OK(mr_model_open_version(model, number, &version, &error));
  o.reason = "old";
  OK(mr_version_deprecate(version, &o, &error));
  mr_version_free(version);
}

static void yank(mr_model *model, const char *number) {
  mr_yank_options o = MR_YANK_OPTIONS_INIT;
  mr_version *version = NULL;
  OK(mr_model_open_version(model, number, &version, &error));
  o.reason = "wrong";
  OK(mr_version_yank(version, &o, &error));
  mr_version_free(version);
}

/* Active wherever there is one, else deprecated with a warning, yanked never. */
static void deprecated_is_better_than_nothing(void **state) {
  contract *c = *state;
  mr_model *model = with_versions(c);
  mr_version *version = NULL;
  deprecate(model, "3.1.4");
  contract_resolves(c, "m", "2.0.0");
  contract_resolves(c, "m@*", "2.0.0");
  contract_resolves(c, "m@2 || 3", "2.0.0"); /* over the whole question */
  contract_resolves(c, "m@3 || 2", "2.0.0");
  OK(mr_registry_resolve(c->registry, "m@^3", NULL, &version, &error));
  HAS(mr_version_info(version)->number, "3.1.4+");
  assert_int_equal(mr_version_info(version)->warning_count, 1);
  HAS(mr_version_info(version)->warnings[0], "m@3.1.4+|is deprecated: old");
  mr_version_free(version);
  deprecate(model, "4.0.0-rc.1");
  deprecate(model, "4.0.0-rc.2");
  resolves_with(c, "m@^4.0.0-rc.1", 0, "4.0.0-rc.2");
  resolves_with(c, "m@>=2", MR_RESOLVE_PRERELEASES, "2.0.0");
  static const char *const rest[] = {"0.0.3", "0.1.0", "0.1.5",  "1.0.0",
                                     "1.2.0", "1.2.9", "1.10.0", "2.0.0"};
  for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) deprecate(model, rest[i]);
  contract_resolves(c, "m", "3.1.4");
  contract_resolves(c, "m@<2", "1.10.0");
  resolves_with(c, "m", MR_RESOLVE_PRERELEASES, "2.0.0-rc.1"); /* which is active */
  yank(model, "3.1.4");
  contract_resolves(c, "m", "2.0.0");
  yank(model, "1.10.0");
  contract_resolves(c, "m@<2", "1.2.9");
  contract_resolves(c, "m@1.10.0", "1.10.0");
  refuses(c, "m@3", MR_NOT_FOUND, "3.1.4+|is yanked|2.0.0+|is the highest outside");
  mr_model_free(model);
}

static mr_version *with_content(const contract *c, mr_model *model, const char *number,
                                const char *content) {
  mr_promote_options o = MR_PROMOTE_OPTIONS_INIT;
  mr_run *run = contract_run(c, "digests");
  contract_put(run, "model", content);
  contract_finish(run);
  o.version = number;
  mr_version *version = contract_promote(model, run, &o);
  mr_run_free(run);
  return version;
}

static void by_digest(const contract *c, const char *digest, size_t digits, bool upper,
                      const char *number) {
  char reference[80] = "m@";
  for (size_t i = 0; i < digits; i++) {
    char d = digest[i];
    reference[2 + i] = upper && d >= 'a' ? (char)(d - 'a' + 'A') : d;
  }
  reference[2 + digits] = '\0';
  contract_resolves(c, reference, number);
}

static void digests(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_model *other = contract_model(c, "other");
  mr_version *a = with_content(c, model, "1.0.0", "a");
  mr_version *b = with_content(c, model, "2.0.0", "b");
  mr_version *elsewhere = with_content(c, other, "9.0.0", "c");
  const char *digest = mr_version_info(a)->digest;
  char reference[80];
  for (size_t digits = 12; digits <= 64; digits += 13) {
    by_digest(c, digest, digits, false, "1.0.0");
    by_digest(c, digest, digits, true, "1.0.0");
    by_digest(c, mr_version_info(b)->digest, digits, false, "2.0.0");
  }
  (void)snprintf(reference, sizeof reference, "m@%s", mr_version_info(elsewhere)->digest);
  refuses(c, reference, MR_NOT_FOUND, "'m'|no version with the digest");
  HAS(error.message, mr_version_info(elsewhere)->digest);
  (void)snprintf(reference, sizeof reference, "nobody@%s", digest);
  refuses(c, reference, MR_NOT_FOUND, "'nobody'");
  (void)snprintf(reference, sizeof reference, "m@%s0", digest);
  refuses(c, reference, MR_LIMIT, "a digest has 12 to 64 hex digits, not 65");
  refuses(c, "m@abcdef0", MR_NOT_FOUND, "no channel 'abcdef0'|a digest has 12 to 64 hex digits");
  refuses(c, "m@0abcdef", MR_INVALID_ARGUMENT, "a digest has 12 to 64 hex digits, not 7");
  mr_version_free(a);
  mr_version_free(b);
  mr_version_free(elsewhere);
  mr_model_free(other);
  mr_model_free(model);
}

/* Of the very same artifacts the active version, then the highest; a status is no hindrance. */
static void digests_of_the_same(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *one = with_content(c, model, "1.0.0", "same");
  mr_version *two = with_content(c, model, "2.0.0-rc.1", "same");
  mr_version *three = with_content(c, model, "3.0.0", "same");
  mr_version *four = NULL;
  const char *digest = mr_version_info(one)->digest;
  by_digest(c, digest, 12, false, "3.0.0");
  deprecate(model, "3.0.0");
  by_digest(c, digest, 12, false, "2.0.0-rc.1");
  yank(model, "2.0.0-rc.1");
  by_digest(c, digest, 64, false, "1.0.0");
  yank(model, "1.0.0");
  by_digest(c, digest, 64, false, "3.0.0");
  mr_version_free(with_content(c, model, "4.0.0", "same"));
  yank(model, "4.0.0"); /* higher, but the deprecated one is better */
  by_digest(c, digest, 64, false, "3.0.0");
  OK(mr_model_open_version(model, "4.0.0", &four, &error));
  OK(mr_version_delete(four, "unused", &error));
  mr_version_free(four);
  yank(model, "3.0.0");
  by_digest(c, digest, 64, false, "3.0.0");
  OK(mr_version_delete(three, "unused", &error));
  by_digest(c, digest, 64, false, "2.0.0-rc.1");
  OK(mr_version_delete(two, "unused", &error));
  OK(mr_version_delete(one, "unused", &error));
  char reference[80];
  (void)snprintf(reference, sizeof reference, "m@%s", digest);
  refuses(c, reference, MR_NOT_FOUND, "'m'|digest|was deleted");
  mr_version_free(one);
  mr_version_free(two);
  mr_version_free(three);
  mr_model_free(model);
}

static void malformed(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version_free(contract_version(c, model, "1.0.0"));
  static const char *const references[] = {
      "",
      "@",
      "@1.0.0",
      "m@",
      "m@@",
      "m@1.",
      "m@1.0.0-",
      "m@01.0.0",
      "m@V1.0.0",
      "m@x.1",
      "m@1.x.0",
      "m@>",
      "m@^",
      "m@1.0.0*",
      "m@1 -2",
      "m@1,2",
      "m@ latest",
      "m@ ^1",
      "m@^1 ",
      "m@1.0.0 ",
      "m@\t",
      "m@a b",
      "m\n@1.0.0",
      "\xff",
      "m@1.0.0@2.0.0",
      "m@00112233445",
  };
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
    refuses(c, references[i], MR_INVALID_ARGUMENT, "");
  }
  refuses(c, "m@a b", MR_INVALID_ARGUMENT, "m@a b|latest|1.4.2|^1.2|channel");
  refuses(c, "m@^1.x.", MR_INVALID_ARGUMENT, "'m@^1.x.'|is not a range|column 6");
  refuses(c, "m@>=1.0.0 <01", MR_INVALID_ARGUMENT, "a leading zero at column 10");
  refuses(c, "m@9007199254740992.0.0", MR_LIMIT, "9007199254740991");
  refuses(c, "m@>9007199254740991", MR_LIMIT, "9007199254740991");
  refuses(c, NULL, MR_INVALID_ARGUMENT, "reference");
  refuses(c, "nobody", MR_NOT_FOUND, "'nobody'");
  refuses(c, "nobody@1.0.0", MR_NOT_FOUND, "'nobody'");
  refuses(c, "nobody@^1", MR_NOT_FOUND, "'nobody'");
  refuses(c, "nobody@production", MR_NOT_FOUND, "'nobody'");
  refuses(c, "M", MR_NOT_FOUND, "'M'");
  char longest[1100];
  memset(longest, 'm', sizeof longest);
  longest[251] = '\0';
  refuses(c, longest, MR_LIMIT, "250");
  longest[251] = 'm';
  longest[1025] = '\0';
  refuses(c, longest, MR_LIMIT, "1024");
  memset(longest, '1', 300);
  longest[300] = '\0';
  memcpy(longest, "m@^", 3);
  refuses(c, longest, MR_LIMIT, "256");
  mr_model_free(model);
}

static void bad_options(void **state) {
  contract *c = *state;
  mr_version *version = NULL;
  mr_resolve_options o = MR_RESOLVE_OPTIONS_INIT;
  o.flags = 2;
  REFUSED(MR_INVALID_ARGUMENT, "flags",
          mr_registry_resolve(c->registry, "m", &o, &version, &error));
  o.flags = 0;
  o.struct_size = 3;
  REFUSED(MR_ABI_MISMATCH, "mr_resolve_options",
          mr_registry_resolve(c->registry, "m", &o, &version, &error));
  REFUSED(MR_INVALID_ARGUMENT, "out_version",
          mr_registry_resolve(c->registry, "m", NULL, NULL, &error));
  REFUSED(MR_INVALID_ARGUMENT, "registry", mr_registry_resolve(NULL, "m", NULL, &version, &error));
  assert_null(version);
}

/* A name may look like something else; only the "@" separates. */
static void odd_model_names(void **state) {
  contract *c = *state;
  static const char *const names[] = {"1.0.0", "latest", "a/b", "größe", "a b", "^1"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char reference[64];
    mr_model *model = contract_model(c, names[i]);
    mr_version_free(contract_version(c, model, "1.0.0"));
    contract_resolves(c, names[i], "1.0.0");
    (void)snprintf(reference, sizeof reference, "%s@1.0.0", names[i]);
    contract_resolves(c, reference, "1.0.0");
    mr_model_free(model);
  }
}

/* What was resolved stays what it is, whatever happens later. */
static void the_answer_is_immutable(void **state) {
  contract *c = *state;
  mr_model *model = contract_model(c, "m");
  mr_version *version = NULL;
  mr_blob *blob = NULL;
  char number[300];
  mr_version_free(contract_version(c, model, "1.0.0"));
  OK(mr_registry_resolve(c->registry, "m", NULL, &version, &error));
  (void)snprintf(number, sizeof number, "%s", mr_version_info(version)->number);
  mr_version_free(contract_version(c, model, "2.0.0"));
  assert_string_equal(mr_version_info(version)->number, number);
  OK(mr_version_open_artifact(version, NULL, &blob, &error));
  mr_model_free(model);
  mr_version_free(version);
  const uint8_t *data = NULL;
  OK(mr_blob_map(blob, &data, &error));
  mr_blob_free(blob);
  if (!c->driver->shared) return;
  mr_registry *second = contract_second(c);
  OK(mr_registry_resolve(second, "m", NULL, &version, &error));
  mr_registry_close(second);
  HAS(mr_version_info(version)->number, "2.0.0+");
  REFUSED(MR_CLOSED, "closed", mr_version_open_artifact(version, NULL, &blob, &error));
  mr_version_free(version);
}

int contract_resolve_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(latest),
      TEST(exact),
      TEST(channels),
      TEST(ranges),
      TEST(ranges_without_a_version),
      TEST(deprecated_is_better_than_nothing),
      TEST(digests),
      TEST(digests_of_the_same),
      TEST(malformed),
      TEST(bad_options),
      TEST(odd_model_names),
      TEST(the_answer_is_immutable),
  };
  return GROUP("resolving", tests);
}
