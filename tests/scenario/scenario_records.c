/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of handles, the records that they and pages hold, and the names of enum values. */
#include "scenario.h"

#include <string.h>

/* --- names -------------------------------------------------------------------------------- */

const value_name open_flags[] = {
    {"CREATE", MR_OPEN_CREATE},       {"READ_ONLY", MR_OPEN_READ_ONLY},
    {"EXCLUSIVE", MR_OPEN_EXCLUSIVE}, {"ALLOW_NETWORK", MR_OPEN_ALLOW_NETWORK},
    {"MIGRATE", MR_OPEN_MIGRATE},     {NULL, 0}};
const value_name run_kinds[] = {{"TRAINING", MR_RUN_KIND_TRAINING},
                                {"DATASET", MR_RUN_KIND_DATASET},
                                {"EVALUATION", MR_RUN_KIND_EVALUATION},
                                {NULL, 0}};
const value_name run_statuses[] = {{"RUNNING", MR_RUN_STATUS_RUNNING},
                                   {"FINISHED", MR_RUN_STATUS_FINISHED},
                                   {"FAILED", MR_RUN_STATUS_FAILED},
                                   {"KILLED", MR_RUN_STATUS_KILLED},
                                   {NULL, 0}};
const value_name source_states[] = {{"UNKNOWN", MR_SOURCE_STATE_UNKNOWN},
                                    {"CLEAN", MR_SOURCE_STATE_CLEAN},
                                    {"DIRTY", MR_SOURCE_STATE_DIRTY},
                                    {NULL, 0}};
const value_name gate_flags[] = {{"DEFAULT", MR_GATE_DEFAULT}, {NULL, 0}};
const value_name request_states[] = {{"OPEN", MR_REQUEST_STATE_OPEN},
                                     {"ACCEPTED", MR_REQUEST_STATE_ACCEPTED},
                                     {"REFUSED", MR_REQUEST_STATE_REFUSED},
                                     {"WITHDRAWN", MR_REQUEST_STATE_WITHDRAWN},
                                     {NULL, 0}};
const value_name bumps[] = {{"MAJOR", MR_BUMP_MAJOR},
                            {"MINOR", MR_BUMP_MINOR},
                            {"PATCH", MR_BUMP_PATCH},
                            {"PRERELEASE", MR_BUMP_PRERELEASE},
                            {NULL, 0}};
const value_name verify_flags[] = {{"ALLOW_EXTRA", MR_VERIFY_ALLOW_EXTRA}, {NULL, 0}};
const value_name resolve_flags[] = {{"PRERELEASES", MR_RESOLVE_PRERELEASES}, {NULL, 0}};
const value_name range_flags[] = {{"PRERELEASES", MR_RANGE_PRERELEASES}, {NULL, 0}};
const value_name check_results[] = {{"PASSED", MR_CHECK_RESULT_PASSED},
                                    {"FAILED", MR_CHECK_RESULT_FAILED},
                                    {"SKIPPED", MR_CHECK_RESULT_SKIPPED},
                                    {NULL, 0}};
const value_name yank_channels[] = {{"REPLACE", MR_YANK_CHANNELS_REPLACE},
                                    {"ROLL_BACK", MR_YANK_CHANNELS_ROLL_BACK},
                                    {"CLEAR", MR_YANK_CHANNELS_CLEAR},
                                    {NULL, 0}};
const value_name lineage_directions[] = {{"UPSTREAM", MR_LINEAGE_DIRECTION_UPSTREAM},
                                         {"DOWNSTREAM", MR_LINEAGE_DIRECTION_DOWNSTREAM},
                                         {"BOTH", MR_LINEAGE_DIRECTION_BOTH},
                                         {NULL, 0}};
static const value_name input_kinds[] = {{"DATASET_RUN", MR_INPUT_KIND_DATASET_RUN},
                                         {"DATASET_DIGEST", MR_INPUT_KIND_DATASET_DIGEST},
                                         {"RUN", MR_INPUT_KIND_RUN},
                                         {"VERSION", MR_INPUT_KIND_VERSION},
                                         {NULL, 0}};
static const value_name artifact_kinds[] = {
    {"STORED", MR_ARTIFACT_KIND_STORED}, {"LINK", MR_ARTIFACT_KIND_LINK}, {NULL, 0}};
static const value_name problems[] = {{"MISSING", MR_PROBLEM_MISSING},
                                      {"CHANGED", MR_PROBLEM_CHANGED},
                                      {"EXTRA", MR_PROBLEM_EXTRA},
                                      {"UNREADABLE", MR_PROBLEM_UNREADABLE},
                                      {NULL, 0}};
static const value_name version_statuses[] = {{"ACTIVE", MR_VERSION_STATUS_ACTIVE},
                                              {"DEPRECATED", MR_VERSION_STATUS_DEPRECATED},
                                              {"YANKED", MR_VERSION_STATUS_YANKED},
                                              {NULL, 0}};
static const value_name move_kinds[] = {{"MOVED", MR_CHANNEL_MOVE_KIND_MOVED},
                                        {"ROLLED_BACK", MR_CHANNEL_MOVE_KIND_ROLLED_BACK},
                                        {"CLEARED", MR_CHANNEL_MOVE_KIND_CLEARED},
                                        {NULL, 0}};
const value_name fsck_flags[] = {{"QUICK", MR_FSCK_QUICK}, {"REPAIR", MR_FSCK_REPAIR}, {NULL, 0}};
static const value_name findings[] = {
    {"DATABASE", MR_FINDING_DATABASE}, {"REFERENCE", MR_FINDING_REFERENCE},
    {"VALUE", MR_FINDING_VALUE},       {"DIGEST", MR_FINDING_DIGEST},
    {"COUNT", MR_FINDING_COUNT},       {"SUMMARY", MR_FINDING_SUMMARY},
    {"SEQUENCE", MR_FINDING_SEQUENCE}, {"MISSING", MR_FINDING_MISSING},
    {"CHANGED", MR_FINDING_CHANGED},   {"ORPHAN", MR_FINDING_ORPHAN},
    {"SOFTWARE", MR_FINDING_SOFTWARE}, {NULL, 0}};
static const value_name lineage_kinds[] = {{"DATASET", MR_LINEAGE_KIND_DATASET},
                                           {"RUN", MR_LINEAGE_KIND_RUN},
                                           {"VERSION", MR_LINEAGE_KIND_VERSION},
                                           {"CHANNEL", MR_LINEAGE_KIND_CHANNEL},
                                           {NULL, 0}};
static const value_name verdicts[] = {{"PASSED", MR_VERDICT_PASSED},
                                      {"FAILED", MR_VERDICT_FAILED},
                                      {"PENDING", MR_VERDICT_PENDING},
                                      {NULL, 0}};

/* --- records ------------------------------------------------------------------------------ */

#define FIELD(record, name, kind)                                                                  \
  { #name, kind, offsetof(mr_##record##_record, name), NULL, 0 }
#define NAMED(record, name, names)                                                                 \
  { #name, INT32, offsetof(mr_##record##_record, name), names, 0 }
#define LIST(record, name, count)                                                                  \
  {                                                                                                \
#name, TEXTS, offsetof(mr_##record##_record, name), NULL,                                      \
        offsetof(mr_##record##_record, count)                                                      \
  }
#define END                                                                                        \
  { NULL, TEXT, 0, NULL, 0 }

static const field registry_fields[] = {FIELD(registry, read_only, INT32),
                                        FIELD(registry, id, TEXT),
                                        FIELD(registry, uri, TEXT),
                                        FIELD(registry, driver, TEXT),
                                        FIELD(registry, driver_version, TEXT),
                                        FIELD(registry, location, TEXT),
                                        FIELD(registry, artifact_root, TEXT),
                                        FIELD(registry, actor, TEXT),
                                        FIELD(registry, schema_version, INT64),
                                        FIELD(registry, created_us, INT64),
                                        LIST(registry, warnings, warning_count),
                                        FIELD(registry, migrated_from, INT64),
                                        END};
static const field experiment_fields[] = {
    FIELD(experiment, id, TEXT), FIELD(experiment, name, TEXT), FIELD(experiment, actor, TEXT),
    FIELD(experiment, created_us, INT64), END};
static const field run_fields[] = {NAMED(run, kind, run_kinds),
                                   NAMED(run, status, run_statuses),
                                   FIELD(run, sealed, INT32),
                                   FIELD(run, id, TEXT),
                                   FIELD(run, name, TEXT),
                                   FIELD(run, experiment_id, TEXT),
                                   FIELD(run, experiment_name, TEXT),
                                   FIELD(run, parent_run_id, TEXT),
                                   FIELD(run, actor, TEXT),
                                   FIELD(run, started_us, INT64),
                                   FIELD(run, ended_us, INT64),
                                   FIELD(run, source_commit, TEXT),
                                   FIELD(run, source_entry_point, TEXT),
                                   FIELD(run, environment_host, TEXT),
                                   FIELD(run, environment_packages_digest, TEXT),
                                   FIELD(run, environment_image_digest, TEXT),
                                   NAMED(run, source_state, source_states),
                                   END};
static const field property_fields[] = {FIELD(property, key, TEXT), FIELD(property, value, TEXT),
                                        END};
static const field input_fields[] = {NAMED(input, kind, input_kinds),
                                     FIELD(input, role, TEXT),
                                     FIELD(input, run_id, TEXT),
                                     FIELD(input, dataset_digest, TEXT),
                                     FIELD(input, dataset_name, TEXT),
                                     FIELD(input, version, TEXT),
                                     END};
static const field metric_fields[] = {FIELD(metric, key, TEXT),
                                      FIELD(metric, count, INT64),
                                      FIELD(metric, nan_count, INT64),
                                      FIELD(metric, first_step, INT64),
                                      FIELD(metric, first_time_us, INT64),
                                      FIELD(metric, last_step, INT64),
                                      FIELD(metric, last_time_us, INT64),
                                      FIELD(metric, first, REAL),
                                      FIELD(metric, last, REAL),
                                      FIELD(metric, min, REAL),
                                      FIELD(metric, max, REAL),
                                      FIELD(metric, mean, REAL),
                                      END};
static const field artifact_fields[] = {
    NAMED(artifact, kind, artifact_kinds), FIELD(artifact, path, TEXT),
    FIELD(artifact, digest, TEXT),         FIELD(artifact, size, INT64),
    FIELD(artifact, format, TEXT),         FIELD(artifact, uri, TEXT),
    FIELD(artifact, created_us, INT64),    END};
static const field dataset_fields[] = {FIELD(dataset, frozen, INT32),
                                       FIELD(dataset, run_id, TEXT),
                                       FIELD(dataset, name, TEXT),
                                       FIELD(dataset, digest, TEXT),
                                       FIELD(dataset, file_count, INT64),
                                       FIELD(dataset, total_size, INT64),
                                       FIELD(dataset, sample_count, INT64),
                                       FIELD(dataset, schema, TEXT),
                                       FIELD(dataset, source_uri, TEXT),
                                       FIELD(dataset, source_version, TEXT),
                                       FIELD(dataset, actor, TEXT),
                                       FIELD(dataset, created_us, INT64),
                                       END};
const field entry_fields[] = {FIELD(manifest_entry, path, TEXT),
                              FIELD(manifest_entry, digest, TEXT),
                              FIELD(manifest_entry, size, INT64), END};
static const field report_fields[] = {FIELD(report, file_count, INT64),
                                      FIELD(report, total_size, INT64),
                                      FIELD(report, problem_count, INT64), END};
const field problem_fields[] = {NAMED(problem, problem, problems), FIELD(problem, path, TEXT),
                                FIELD(problem, message, TEXT), END};
static const field model_fields[] = {FIELD(model, id, TEXT),          FIELD(model, name, TEXT),
                                     FIELD(model, description, TEXT), FIELD(model, actor, TEXT),
                                     FIELD(model, created_us, INT64), END};
const field version_fields[] = {NAMED(version, status, version_statuses),
                                FIELD(version, id, TEXT),
                                FIELD(version, model, TEXT),
                                FIELD(version, number, TEXT),
                                FIELD(version, run_id, TEXT),
                                FIELD(version, artifact_path, TEXT),
                                FIELD(version, digest, TEXT),
                                FIELD(version, file_count, INT64),
                                FIELD(version, total_size, INT64),
                                FIELD(version, description, TEXT),
                                FIELD(version, request_id, TEXT),
                                FIELD(version, experiment_id, TEXT),
                                FIELD(version, experiment_name, TEXT),
                                FIELD(version, source_commit, TEXT),
                                FIELD(version, params_digest, TEXT),
                                FIELD(version, actor, TEXT),
                                FIELD(version, created_us, INT64),
                                LIST(version, warnings, warning_count),
                                LIST(version, dataset_digests, dataset_count),
                                FIELD(version, source_entry_point, TEXT),
                                FIELD(version, environment_host, TEXT),
                                FIELD(version, environment_packages_digest, TEXT),
                                FIELD(version, environment_image_digest, TEXT),
                                NAMED(version, source_state, source_states),
                                FIELD(version, status_reason, TEXT),
                                FIELD(version, replacement, TEXT),
                                FIELD(version, status_actor, TEXT),
                                FIELD(version, status_us, INT64),
                                END};
const field request_fields[] = {
    NAMED(request, state, request_states), FIELD(request, id, TEXT),
    FIELD(request, model, TEXT),           FIELD(request, transition, TEXT),
    FIELD(request, run_id, TEXT),          FIELD(request, artifact_path, TEXT),
    FIELD(request, version, TEXT),         FIELD(request, candidate_digest, TEXT),
    FIELD(request, gate_digest, TEXT),     FIELD(request, description, TEXT),
    FIELD(request, op_id, TEXT),           FIELD(request, actor, TEXT),
    FIELD(request, created_us, INT64),     FIELD(request, expected, TEXT),
    FIELD(request, closed_by, TEXT),       FIELD(request, closed_reason, TEXT),
    FIELD(request, closed_us, INT64),      END};
static const field decision_fields[] = {NAMED(decision, verdict, verdicts),
                                        FIELD(decision, request_id, TEXT),
                                        FIELD(decision, gate_digest, TEXT),
                                        FIELD(decision, created_us, INT64),
                                        FIELD(decision, rule_count, INT64),
                                        FIELD(decision, passed_count, INT64),
                                        FIELD(decision, sequence, INT64),
                                        FIELD(decision, incumbent, TEXT),
                                        END};
const field rule_fields[] = {NAMED(rule, verdict, verdicts),   FIELD(rule, unknown, INT32),
                             FIELD(rule, from_default, INT32), FIELD(rule, name, TEXT),
                             FIELD(rule, required, TEXT),      FIELD(rule, observed, TEXT),
                             FIELD(rule, reason, TEXT),        END};
static const field channel_fields[] = {
    FIELD(channel, name, TEXT),  FIELD(channel, version, TEXT),   FIELD(channel, sequence, INT64),
    FIELD(channel, actor, TEXT), FIELD(channel, moved_us, INT64), END};
static const field channel_move_fields[] = {NAMED(channel_move, kind, move_kinds),
                                            FIELD(channel_move, sequence, INT64),
                                            FIELD(channel_move, version, TEXT),
                                            FIELD(channel_move, previous, TEXT),
                                            FIELD(channel_move, request_id, TEXT),
                                            FIELD(channel_move, reason, TEXT),
                                            FIELD(channel_move, actor, TEXT),
                                            FIELD(channel_move, moved_us, INT64),
                                            END};
static const field gate_fields[] = {
    FIELD(gate, in_force, INT32), FIELD(gate, model, TEXT),       FIELD(gate, transition, TEXT),
    FIELD(gate, revision, INT64), FIELD(gate, digest, TEXT),      FIELD(gate, text, TEXT),
    FIELD(gate, actor, TEXT),     FIELD(gate, created_us, INT64), END};
static const field check_fields[] = {NAMED(check, result, check_results),
                                     FIELD(check, id, TEXT),
                                     FIELD(check, name, TEXT),
                                     FIELD(check, reporter, TEXT),
                                     FIELD(check, note, TEXT),
                                     FIELD(check, evidence_digest, TEXT),
                                     FIELD(check, evidence_uri, TEXT),
                                     FIELD(check, evidence_size, INT64),
                                     FIELD(check, actor, TEXT),
                                     FIELD(check, created_us, INT64),
                                     FIELD(check, latest, INT32),
                                     END};
static const field lineage_fields[] = {
    NAMED(lineage, start_kind, lineage_kinds), FIELD(lineage, start, TEXT),
    FIELD(lineage, edge_count, INT64),         FIELD(lineage, node_count, INT64),
    FIELD(lineage, truncated, INT32),          END};
const field edge_fields[] = {NAMED(lineage_edge, source_kind, lineage_kinds),
                             FIELD(lineage_edge, source, TEXT),
                             NAMED(lineage_edge, target_kind, lineage_kinds),
                             FIELD(lineage_edge, target, TEXT),
                             FIELD(lineage_edge, role, TEXT),
                             FIELD(lineage_edge, distance, INT64),
                             END};

static const field fsck_fields[] = {FIELD(fsck, row_count, INT64),
                                    FIELD(fsck, blob_count, INT64),
                                    FIELD(fsck, total_size, INT64),
                                    FIELD(fsck, error_count, INT64),
                                    FIELD(fsck, note_count, INT64),
                                    FIELD(fsck, repaired_count, INT64),
                                    END};
const field finding_fields[] = {NAMED(finding, finding, findings),
                                FIELD(finding, is_note, INT32),
                                FIELD(finding, repaired, INT32),
                                FIELD(finding, object, TEXT),
                                FIELD(finding, message, TEXT),
                                FIELD(finding, remedy, TEXT),
                                END};

static const field semver_fields[] = {FIELD(semver, major, INT64),
                                      FIELD(semver, minor, INT64),
                                      FIELD(semver, patch, INT64),
                                      FIELD(semver, prerelease, TEXT),
                                      FIELD(semver, build, TEXT),
                                      FIELD(semver, number, TEXT),
                                      END};
static const field semver_range_fields[] = {
    {"flags", UINT32, offsetof(mr_semver_range_record, flags), range_flags, 0},
    FIELD(semver_range, text, TEXT),
    FIELD(semver_range, comparisons, TEXT),
    END};

/* --- handles ------------------------------------------------------------------------------ */

#define CLASS_WITHOUT_RECORD(noun)                                                                 \
  static void close_##noun(void *handle) {                                                         \
    mr_##noun##_free(handle);                                                                      \
  }                                                                                                \
  const handle_class noun##_class = {#noun, close_##noun, NULL, NULL};

#define CLASS_CLOSED_BY(noun, function)                                                            \
  static void close_##noun(void *handle) {                                                         \
    function(handle);                                                                              \
  }                                                                                                \
  static const void *info_##noun(const void *handle) {                                             \
    return mr_##noun##_info(handle);                                                               \
  }                                                                                                \
  const handle_class noun##_class = {#noun, close_##noun, info_##noun, noun##_fields};

#define CLASS(noun) CLASS_CLOSED_BY(noun, mr_##noun##_free)
#define blob_fields artifact_fields

CLASS_CLOSED_BY(registry, mr_registry_close)
CLASS(experiment)
CLASS(run)
CLASS(dataset)
CLASS(blob)
CLASS(report)
CLASS(model)
CLASS(version)
CLASS(request)
CLASS(decision)
CLASS(lineage)
CLASS(fsck)
CLASS(semver)
CLASS(semver_range)
CLASS_WITHOUT_RECORD(cancel)
CLASS_WITHOUT_RECORD(metric)
CLASS_WITHOUT_RECORD(history)
CLASS_WITHOUT_RECORD(manifest)
CLASS_WITHOUT_RECORD(gate)

/* --- pages -------------------------------------------------------------------------------- */

#define DEFINE_DRAIN(noun)                                                                         \
  char *drain_##noun(scenario *s, mr_##noun##_page *page) {                                        \
    int64_t count = mr_##noun##_page_count(page);                                                  \
    for (int64_t i = 0; i < count; i++) {                                                          \
      say_record(s, noun##_fields, mr_##noun##_page_at(page, i));                                  \
    }                                                                                              \
    if (mr_##noun##_page_at(page, count) != NULL || mr_##noun##_page_at(page, -1) != NULL)         \
      complain(s, "a page has records beyond its ends");                                           \
    const char *token = mr_##noun##_page_next_token(page);                                         \
    char *copy = token == NULL ? NULL : keep_text(s, token, strlen(token));                        \
    mr_##noun##_page_free(page);                                                                   \
    return copy;                                                                                   \
  }

DEFINE_DRAIN(experiment)
DEFINE_DRAIN(run)
DEFINE_DRAIN(property)
DEFINE_DRAIN(input)
DEFINE_DRAIN(metric)
DEFINE_DRAIN(artifact)
DEFINE_DRAIN(dataset)
DEFINE_DRAIN(model)
DEFINE_DRAIN(version)
DEFINE_DRAIN(request)
DEFINE_DRAIN(channel)
DEFINE_DRAIN(channel_move)
DEFINE_DRAIN(gate)
DEFINE_DRAIN(check)
