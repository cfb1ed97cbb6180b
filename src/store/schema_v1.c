/* SPDX-License-Identifier: Apache-2.0 */
/* Version 1 of the schema. The tokens {int} {real} {text} {bytes} {strict} are spelled by the
 * dialect. Text keys sort by their bytes. Numbers that may be NaN are kept twice: their 64 bits as
 * an integer, exactly, and a real or NULL beside them for search. */
#include "store/schema.h"

const char *const mri_schema_v1[] = {
    /* What the registry is: id, created_us, min_reader, min_writer, artifact_root. */
    "CREATE TABLE meta (key {text} PRIMARY KEY, value {text} NOT NULL) {strict}",

    /* One row that every governing transaction bumps: what resolvers watch. time_us is the time of
     * the last change, which only goes forward: what `as of` goes by. */
    "CREATE TABLE governance (id {int} PRIMARY KEY CHECK (id = 1), sequence {int} NOT NULL, "
    "time_us {int} NOT NULL) {strict}",

    "CREATE TABLE experiment (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "name {text} NOT NULL UNIQUE, actor {text} NOT NULL, created_us {int} NOT NULL) {strict}",

    /* sealed_by is the id of the first request that judged the run. */
    "CREATE TABLE run (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "experiment_id {int} NOT NULL REFERENCES experiment (id), kind {int} NOT NULL, "
    "status {int} NOT NULL, name {text}, parent_id {int} REFERENCES run (id), "
    "actor {text} NOT NULL, started_us {int} NOT NULL, ended_us {int} NOT NULL, "
    "source_commit {text}, source_entry_point {text}, source_state {int} NOT NULL, "
    "environment_host {text}, environment_packages_digest {text}, "
    "environment_image_digest {text}, sealed_by {text}) {strict}",
    "CREATE INDEX run_by_experiment ON run (experiment_id, id)",

    /* number: the value read as a decimal number, for comparisons with numbers. */
    "CREATE TABLE param (run_id {int} NOT NULL REFERENCES run (id), key {text} NOT NULL, "
    "value {text} NOT NULL, number {real}, PRIMARY KEY (run_id, key)) {strict}",

    "CREATE TABLE tag (run_id {int} NOT NULL REFERENCES run (id), key {text} NOT NULL, "
    "value {text} NOT NULL, PRIMARY KEY (run_id, key)) {strict}",

    /* The summary of metrics/summary.h; *_bits are the exact doubles. */
    "CREATE TABLE metric (id {int} PRIMARY KEY, run_id {int} NOT NULL REFERENCES run (id), "
    "key {text} NOT NULL, points {int} NOT NULL, nan_points {int} NOT NULL, "
    "first_step {int} NOT NULL, first_time_us {int} NOT NULL, "
    "last_step {int} NOT NULL, last_time_us {int} NOT NULL, "
    "first_bits {int} NOT NULL, last_bits {int} NOT NULL, min_bits {int} NOT NULL, "
    "max_bits {int} NOT NULL, sum_bits {int} NOT NULL, compensation_bits {int} NOT NULL, "
    "first_value {real}, last_value {real}, min_value {real}, max_value {real}, mean_value {real}, "
    "UNIQUE (run_id, key)) {strict}",

    /* Points in the order of logging; the last chunk of a metric grows until it is full. */
    "CREATE TABLE metric_chunk (metric_id {int} NOT NULL REFERENCES metric (id), "
    "sequence {int} NOT NULL, points {int} NOT NULL, data {bytes} NOT NULL, "
    "PRIMARY KEY (metric_id, sequence)) {strict}",

    /* The manifest is a blob named by `digest`. */
    "CREATE TABLE dataset (run_id {int} PRIMARY KEY REFERENCES run (id), name {text} NOT NULL, "
    "digest {bytes} NOT NULL, manifest_size {int} NOT NULL, file_count {int} NOT NULL, "
    "total_size {int} NOT NULL, sample_count {int} NOT NULL, frozen {int} NOT NULL, "
    "data_schema {text}, source_uri {text}, source_version {text}) {strict}",
    "CREATE INDEX dataset_by_digest ON dataset (digest)",

    /* target: what is used, in one text that makes an input unique: a uuid or a hex digest. */
    "CREATE TABLE input (id {int} PRIMARY KEY, run_id {int} NOT NULL REFERENCES run (id), "
    "role {text} NOT NULL, kind {int} NOT NULL, target {text} NOT NULL, digest {bytes}, "
    "UNIQUE (run_id, role, kind, target)) {strict}",
    "CREATE INDEX input_by_target ON input (target)",

    "CREATE TABLE artifact (run_id {int} NOT NULL REFERENCES run (id), path {text} NOT NULL, "
    "kind {int} NOT NULL, digest {bytes} NOT NULL, size {int} NOT NULL, format {text} NOT NULL, "
    "uri {text}, created_us {int} NOT NULL, PRIMARY KEY (run_id, path)) {strict}",

    /* Reports of checks; of several with one name the last counts. Evidence with a uri lies there,
     * else in the blob store. */
    "CREATE TABLE run_check (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "run_id {int} NOT NULL REFERENCES run (id), name {text} NOT NULL, result {int} NOT NULL, "
    "reporter {text} NOT NULL, note {text}, evidence_digest {bytes}, evidence_uri {text}, "
    "evidence_size {int} NOT NULL, actor {text} NOT NULL, created_us {int} NOT NULL) {strict}",
    "CREATE INDEX run_check_by_run ON run_check (run_id, id)",
    "CREATE INDEX run_check_by_name ON run_check (run_id, name, id)",

    "CREATE TABLE model (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "name {text} NOT NULL UNIQUE, description {text}, actor {text} NOT NULL, "
    "created_us {int} NOT NULL) {strict}",

    /* Gates by their canonical text, and every attachment there ever was. model_id 0 is the default
     * gate of the registry; the highest revision is in force, and one without a gate detached it. */
    "CREATE TABLE gate (digest {bytes} PRIMARY KEY, body {text} NOT NULL) {strict}",
    "CREATE TABLE gate_attachment (id {int} PRIMARY KEY, model_id {int} NOT NULL, "
    "transition {text} NOT NULL, revision {int} NOT NULL, "
    "gate_digest {bytes} REFERENCES gate (digest), actor {text} NOT NULL, "
    "created_us {int} NOT NULL, UNIQUE (model_id, transition, revision)) {strict}",

    /* version: proposed, or taken when accepted. asked_*: the number as the caller asked for it, to
     * be chosen again when an open request is completed. expected: what a channel held. */

    "CREATE TABLE request (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "model_id {int} NOT NULL REFERENCES model (id), transition {text} NOT NULL, "
    "state {int} NOT NULL, run_id {int} NOT NULL REFERENCES run (id), "
    "artifact_path {text} NOT NULL, version {text} NOT NULL, candidate_digest {bytes} NOT NULL, "
    "gate_digest {bytes} NOT NULL, description {text}, op_id {text}, intent {bytes} NOT NULL, "
    "asked_version {text}, asked_bump {int} NOT NULL, asked_line {text}, "
    "asked_prerelease_id {text}, expected {text}, closed_by {text}, closed_reason {text}, "
    "closed_us {int} NOT NULL, actor {text} NOT NULL, created_us {int} NOT NULL, "
    "UNIQUE (model_id, op_id)) {strict}",
    "CREATE INDEX request_open ON request (run_id, model_id) WHERE state = 1",
    /* Tags as they were when the request sealed a run: the candidate, or an evaluation. */
    "CREATE TABLE request_tag (request_id {int} NOT NULL REFERENCES request (id), "
    "run_id {int} NOT NULL REFERENCES run (id), key {text} NOT NULL, value {text} NOT NULL, "
    "PRIMARY KEY (request_id, run_id, key)) {strict}",

    /* The evaluations that rules have read, sealed with the request. */
    "CREATE TABLE request_evaluation (request_id {int} NOT NULL REFERENCES request (id), "
    "run_id {int} NOT NULL REFERENCES run (id), PRIMARY KEY (request_id, run_id)) {strict}",

    "CREATE TABLE decision (id {int} PRIMARY KEY, "
    "request_id {int} NOT NULL REFERENCES request (id), sequence {int} NOT NULL, "
    "verdict {int} NOT NULL, gate_digest {bytes} NOT NULL, incumbent {text}, "
    "created_us {int} NOT NULL, UNIQUE (request_id, sequence)) {strict}",
    "CREATE TABLE decision_rule (decision_id {int} NOT NULL REFERENCES decision (id), "
    "position {int} NOT NULL, from_default {int} NOT NULL, name {text} NOT NULL, "
    "verdict {int} NOT NULL, unknown {int} NOT NULL, required {text} NOT NULL, "
    "observed {text} NOT NULL, reason {text} NOT NULL, "
    "PRIMARY KEY (decision_id, position)) {strict}",

    /* sort_key orders by semver precedence; released marks versions without prerelease. A version
     * that was deleted (status 4) keeps its row, so that its number is never used again.
     * dataset_digests: 32 bytes each. status_*: the last of version_change, or the promotion. */
    "CREATE TABLE version (id {int} PRIMARY KEY, uuid {text} NOT NULL UNIQUE, "
    "model_id {int} NOT NULL REFERENCES model (id), sort_key {bytes} NOT NULL, "
    "number {text} NOT NULL, released {int} NOT NULL, status {int} NOT NULL, "
    "run_id {int} NOT NULL REFERENCES run (id), artifact_path {text} NOT NULL, "
    "digest {bytes} NOT NULL, file_count {int} NOT NULL, total_size {int} NOT NULL, "
    "params_digest {bytes} NOT NULL, request_id {int} NOT NULL REFERENCES request (id), "
    "description {text}, dataset_digests {bytes} NOT NULL, status_reason {text}, "
    "replacement_id {int} REFERENCES version (id), status_actor {text} NOT NULL, "
    "status_us {int} NOT NULL, actor {text} NOT NULL, created_us {int} NOT NULL, "
    "UNIQUE (model_id, sort_key)) {strict}",
    "CREATE UNIQUE INDEX version_of_run ON version (run_id, model_id, artifact_path) "
    "WHERE status <> 4",
    "CREATE INDEX version_latest ON version (model_id, status, released, sort_key)",
    "CREATE INDEX version_by_digest ON version (model_id, digest)",
    "CREATE INDEX version_by_replacement ON version (replacement_id) "
    "WHERE replacement_id IS NOT NULL",

    /* Every change of the status of a version after its promotion. */
    "CREATE TABLE version_change (version_id {int} NOT NULL REFERENCES version (id), "
    "sequence {int} NOT NULL, status {int} NOT NULL, reason {text}, "
    "replacement_id {int} REFERENCES version (id), actor {text} NOT NULL, "
    "created_us {int} NOT NULL, PRIMARY KEY (version_id, sequence)) {strict}",

    "CREATE TABLE channel (id {int} PRIMARY KEY, model_id {int} NOT NULL REFERENCES model (id), "
    "name {text} NOT NULL, version_id {int} REFERENCES version (id), sequence {int} NOT NULL, "
    "actor {text} NOT NULL, moved_us {int} NOT NULL, UNIQUE (model_id, name)) {strict}",
    "CREATE INDEX channel_by_version ON channel (version_id)",

    /* Every change of a channel. place: the sequence of the move whose version is held; after a
     * roll back that of the one gone back to, so that the next goes further. */
    "CREATE TABLE channel_move (channel_id {int} NOT NULL REFERENCES channel (id), "
    "sequence {int} NOT NULL, kind {int} NOT NULL, version_id {int} REFERENCES version (id), "
    "previous_id {int} REFERENCES version (id), place {int} NOT NULL, "
    "request_id {int} REFERENCES request (id), reason {text}, actor {text} NOT NULL, "
    "moved_us {int} NOT NULL, PRIMARY KEY (channel_id, sequence)) {strict}",
    "CREATE INDEX channel_move_by_time ON channel_move (channel_id, moved_us)",

    NULL,
};

static const char *const rows[] = {
    "INSERT INTO governance (id, sequence, time_us) VALUES (1, 0, 0)",
    NULL,
};

const mri_schema mri_schema_own = {
    .version = MRI_SCHEMA_VERSION,
    .min_reader = MRI_SCHEMA_MIN_READER,
    .min_writer = MRI_SCHEMA_MIN_WRITER,
    .objects = mri_schema_v1,
    .rows = rows,
    .steps = NULL,
};
