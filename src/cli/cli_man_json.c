/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts can count on in the output of --json, for the manual page. */
#include "cli/cli_man.h"

/* What is printed by which commands, or a part of it that more than one has. */
typedef struct shape {
  const char *title;
  const char *text;
} shape;

#define VERSION_CHANGES "version deprecate, version undeprecate, version yank, version unyank"

static const shape shapes[] = {
    {"init", "created (whether that was now), id, uri, driver, driver_version, location,\n"
             "artifact_root, schema_version, created_us, warnings (sentences)."},
    {"migrate", "schema_version, migrated_from (null: nothing was done)."},
    {"backup", "path, and the fields of a report."},
    {"fsck", "row_count, blob_count, total_size (bytes that were read), error_count (0: the\n"
             "registry is whole), note_count, repaired_count, driver_version, findings: each with\n"
             "finding (database, reference, value, digest, count, summary, sequence, missing,\n"
             "changed, orphan or software), is_note, repaired, object, message, remedy. The same\n"
             "comes from a registry that is too damaged to be opened."},
    {"experiment list", "A list: id, name, actor, created_us."},
    {"experiment show", "id, name, actor, created_us, runs (the newest, as run list has them),\n"
                        "run_count, run_count_by_status: running, finished, failed, killed."},
    {"run list",
     "A list: id, name, kind (training, dataset or evaluation), status (running, finished,\n"
     "failed or killed), sealed, experiment_id, experiment_name, parent_run_id, actor,\n"
     "started_us, ended_us, source_commit, source_entry_point, source_state (clean, dirty or\n"
     "unknown), environment_host, environment_packages_digest, environment_image_digest."},
    {"run show, run start, run log, run metric, run tag, run check, run input, run artifact, "
     "run finish",
     "The fields of run list; params and tags: objects of strings; metrics: an object with,\n"
     "under each key, last (the value at the highest step), first, min, max, mean, count,\n"
     "nan_count, first_step, last_step, first_time_us, last_time_us; inputs: each with role,\n"
     "kind (dataset_run, dataset_digest, run or version), run_id, dataset_digest, dataset_name,\n"
     "version (MODEL@NUMBER); checks, the oldest first: each with name, result (passed, failed or\n"
     "skipped), latest (whether it counts), reporter, note, evidence_digest, evidence_uri,\n"
     "evidence_size, id, actor, created_us; artifacts."},
    {"run show --history", "run_id, key, points: each with step, time_us, value."},
    {"run diff", "runs (the two ids); params, tags, metrics (the last values), inputs, artifacts\n"
                 "(digests), source, environment: objects with, for everything that differs, an\n"
                 "array of the two values, of which one can be null."},
    {"dataset list, dataset show, dataset snapshot",
     "run_id, name, digest, frozen, file_count, total_size, sample_count, schema, source_uri,\n"
     "source_version, actor, created_us; with --files also files: each with path, digest, size."},
    {"dataset verify, dataset fetch", "run_id, name, digest, folder, and the fields of a report."},
    {"dataset diff", "added, removed, changed: each file with path, digest, size; where it is\n"
                     "changed also previous_digest, previous_size."},
    {"model list", "A list: id, name, description, actor, created_us."},
    {"model show, model create",
     "The fields of model list; latest (a number, or null), versions: how many are active,\n"
     "deprecated and yanked; channels, as channel list has them; gates that are in force, as\n"
     "gate show has them."},
    {"gate set, gate show, gate detach, gate history",
     "model (null: of every model), transition, revision, in_force, digest and text (null:\n"
     "detached), rules: each with name, expression; actor, created_us."},
    {"gate test", "model, transition, run_id, proposed_version, artifact_path, decision."},
    {"promote, channel move, request complete, request list, request show, request withdraw",
     "id (of the request) and request (the same), state (open, accepted, refused or withdrawn), "
     "transition (promote or\n"
     "channel/NAME), model, version (null unless accepted), proposed_version, run_id,\n"
     "artifact_path, candidate_digest, gate_digest, description, op_id, expected, actor,\n"
     "created_us, closed_by, closed_reason, closed_us; but for request list also decision, the\n"
     "latest; for request show and request withdraw also decisions, without their rules."},
    {"version list, version show, resolve, " VERSION_CHANGES,
     "model, number, status (active, deprecated or yanked), digest, run_id, artifact_path,\n"
     "file_count, total_size, description, id, request_id, experiment_id, experiment_name,\n"
     "source_commit, source_entry_point, source_state, environment_host,\n"
     "environment_packages_digest, environment_image_digest, params_digest, dataset_digests,\n"
     "actor, created_us, status_reason, replacement, status_actor, status_us, warnings\n"
     "(sentences); but for version list also artifacts."},
    {"version delete", "model, number, id, run_id, deleted (true)."},
    {"channel list, channel create, channel rollback, channel clear",
     "model, name, version (null: it holds none), sequence (how often it was changed), actor,\n"
     "moved_us."},
    {"channel history",
     "A list: sequence, kind (moved, rolled_back or cleared), version, previous,\n"
     "request_id, reason, actor, moved_us."},
    {"fetch, verify",
     "model, number, digest, folder (null: the copies of the registry), the fields\n"
     "of a report, warnings (sentences)."},
    {"lineage", "start_kind (dataset, run, version or channel), start, node_count, edge_count,\n"
                "truncated; nodes: each with kind, name; edges: each with source_kind, source,\n"
                "target_kind, target, role, distance."},
    {"A decision", "verdict (passed, failed or pending), sequence, gate_digest, incumbent,\n"
                   "created_us, rule_count, passed_count, rules: each with name, required,\n"
                   "observed, verdict, unknown, reason (null where it passed), from_default."},
    {"An artifact",
     "path, digest, size, format, kind (stored or link), uri (of a link), created_us."},
    {"A report", "file_count, total_size, problem_count (0: all is right), problems: each with\n"
                 "path, problem (missing, changed, extra or unreadable), message."},
};

void cli_man_json(FILE *out) {
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    fputs(".TP\n\\fB", out);
    cli_man_text(shapes[i].title, out);
    fputs("\\fR\n", out);
    cli_man_text(shapes[i].text, out);
    fputc('\n', out);
  }
}
