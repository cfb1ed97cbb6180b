/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file gate.h
 * Gates: named policies on a transition, each a list of rules.
 *
 * A rule is an expression of the query language that must be true:
 *
 *     metrics.accuracy >= 0.92                        the value at the highest step
 *     min(metrics.loss) < 0.1                         also max, mean, first, last, count
 *     params.optimizer IN ('adam', 'lion')            a quoted literal compares as text
 *     params.depth <= 8                               a bare number compares numerically
 *     tags."team" LIKE 'fraud%'                       ILIKE ignores the case of letters
 *     attributes.status = 'FINISHED'                  also kind, run_id, run_name, actor (also
 *                                                     called user_id), experiment,
 *                                                     start_time and end_time (Unix
 *                                                     milliseconds), source_commit, source_dirty
 *     inputs.training.sample_count >= 10000           by role: digest, name, sample_count,
 *                                                     file_count, total_size, frozen, run_id,
 *                                                     version; unknown when several inputs have
 *                                                     the role
 *     dataset.digest = '...'                          some dataset input: name, digest, context
 *     checks.bias_audit = 'passed'                    the latest report: passed, failed, skipped
 *     evaluations.holdout.metrics.auc >= 0.9          of the finished runs of kind evaluation that
 *                                                     are named holdout and have this run, or a
 *                                                     version made of it, as an input, the one
 *                                                     that was started last; below it
 *                                                     metrics, params, tags, attributes, dataset,
 *                                                     inputs, artifacts and checks
 *     approvals.risk >= 2                             how many approvals of that role there are; no
 *                                                     call records one yet: this stays pending
 *     channel.staging.hours >= 24                     how long the channel holds this version now
 *     artifacts.*.format IN ('safetensors', 'onnx')   every artifact, and at least one
 *     artifacts."model.safetensors".size < 2e9        path, format, size, digest, kind
 *     version.prerelease IS NULL                      major, minor, patch, prerelease, number
 *     metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL
 *
 * AND, OR, NOT, parentheses, = == != <> < <= > >=, [NOT] IN, [NOT] LIKE, [NOT] ILIKE, IS [NOT] NULL
 * and + - * / are understood; keywords have no case. After `metrics.`, `params.` and `tags.`
 * everything is the name; names with other characters are quoted with "..." or backticks.
 *
 * NAME, PATH and the like begin with a letter, a digit or "_"; unquoted they go on over these, ".",
 * "-", "/" and "$", so a subtraction needs blanks around its sign. abs() takes a number. `status`,
 * `run_id` and other attributes may stand without `attributes.`, and the singular forms of MLflow
 * are read too. NOT cannot stand over a test with *: write != or NOT IN, which must hold for every
 * one. A dataset test is true when some dataset input satisfies it, as in MLflow; without any it is
 * unknown, and IS NULL is true. Checks and evaluations take a * too.
 *
 * A format is told by the first bytes of a file and is a hint which loader fits, not proof that no
 * other one would read it. Of a dataset input that was named by digest alone only digest and
 * context are known here.
 *
 * Truth has three values: something missing, NaN or unreadable makes a comparison unknown, and a
 * rule that is unknown does not pass. The incumbent is what the channel, or for a promotion
 * `latest`, holds now; where nothing is held it is missing.
 *
 * An evaluation with several runs or versions as inputs counts only for those with the role
 * "candidate".
 *
 * A rule that is not true fails, unless it can still come true for this very candidate: when a
 * check or an evaluation is missing so far, when approvals are, or the age in a channel. Then it
 * is pending, and so is the request. A check that was reported and an evaluation that was found
 * decide: after a failed check the request is refused; report it again and propose the run again.
 */
#ifndef MODELREG_GATE_H
#define MODELREG_GATE_H

#include <modelreg/buffer.h>
#include <modelreg/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A gate. @since 0.1.0 */
typedef struct mr_gate mr_gate;

/**
 * Makes a gate without rules. A gate without rules always passes.
 *
 * @param out_gate receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT when out_gate is NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_gate_new(mr_gate **out_gate, mr_error *error);

/**
 * Adds a rule.
 *
 * @param gate the gate
 * @param name name of the rule, unique in the gate, 1 to 250 bytes without ":", "#" and quotes
 * @param expression what must be true, up to 8,192 bytes
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad name, or an expression that cannot be read: the
 *         message shows the place; MR_ALREADY_EXISTS when there is a rule of this name; MR_LIMIT
 *         for more than 256 rules or 1 MiB of text in all, or an expression that is too long or
 *         nested too deeply; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_gate_add_rule(mr_gate *gate, const char *name, const char *expression,
                                  mr_error *error);

/**
 * Reads the text form of a gate: one rule a line, `name: expression`; empty lines are skipped and
 * `#` outside quotes starts a comment.
 *
 * @param text the text, up to 1 MiB of UTF-8
 * @param out_gate receives the handle
 * @param error receives the reason of a failure
 * @return as mr_gate_add_rule(), the message naming the line
 * @since 0.1.0
 */
MR_API mr_status mr_gate_parse(const char *text, mr_gate **out_gate, mr_error *error);

/**
 * The canonical text form of a gate: its rules in order, in canonical spelling, without comments.
 *
 * @param gate the gate
 * @param out_text receives the text
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_gate_text(const mr_gate *gate, mr_buffer **out_text, mr_error *error);

/**
 * The digest of the canonical text: spelling, blanks and comments do not change it.
 *
 * @param gate the gate
 * @param out_digest receives 64 hex digits, valid until the gate changes or is freed
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_gate_digest(mr_gate *gate, const char **out_digest, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param gate the handle
 * @since 0.1.0
 */
MR_API void mr_gate_free(mr_gate *gate);

/** Which gate is meant: 0 or MR_GATE_DEFAULT. @since 0.1.0 */
typedef uint32_t mr_gate_flags;

enum {
  /** The default gate of the registry, which adds to every model's own. @since 0.1.0 */
  MR_GATE_DEFAULT = 1
};

/**
 * Which transition a gate guards: of one model, or with MR_GATE_DEFAULT of all.
 * @since 0.1.0
 */
typedef struct mr_gate_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 0, or MR_GATE_DEFAULT in place of a model. */
  mr_gate_flags flags;
  /** @nullable Name of the model; NULL with MR_GATE_DEFAULT. */
  const char *model;
  /** @nullable "promote" or "channel/NAME"; NULL is "promote". */
  const char *transition;
  /** @nullable For mr_registry_attach_gate() and mr_registry_detach_gate(): digest of the gate that
   * is attached now, or "none"; another answers MR_CONFLICT. NULL: whatever is attached. */
  const char *expected_digest;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_gate_options;

/** Initialiser for mr_gate_options. @since 0.1.0 */
#define MR_GATE_OPTIONS_INIT                                                                       \
  { sizeof(mr_gate_options), 0, NULL, NULL, NULL, NULL }

/**
 * Attaches a gate to a transition, in place of the one that was attached. Every revision is kept.
 * The same gate again changes nothing. A channel need not exist yet: attach its gate first, and it
 * is never without.
 *
 * @param registry the registry
 * @param gate the gate; the caller keeps it
 * @param options which transition
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for an unknown transition, unless exactly one of a model and
 *         MR_GATE_DEFAULT is named, or for a rule that reads the age in a channel where nothing is
 *         held yet: on "promote", and on that channel itself; MR_NOT_FOUND for an unknown model;
 *         MR_CONFLICT when another gate than expected_digest is attached; MR_CANCELLED;
 *         MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_attach_gate(mr_registry *registry, const mr_gate *gate,
                                         const mr_gate_options *options, mr_error *error);

/**
 * Opens the gate that is attached to a transition.
 *
 * @param registry the registry
 * @param options which transition; expected_digest is not used
 * @param out_gate receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT as mr_registry_attach_gate(); MR_NOT_FOUND for an unknown
 *         model or when no gate is attached; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open_gate(mr_registry *registry, const mr_gate_options *options,
                                       mr_gate **out_gate, mr_error *error);

/**
 * Detaches the gate of a transition: from now on only the default gate, or only the model's own, is
 * left. Its revisions are kept, and this is one more.
 *
 * @param registry the registry
 * @param options which transition
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT as mr_registry_attach_gate(); MR_NOT_FOUND for an unknown
 *         model or when no gate is attached; MR_CONFLICT when another gate than expected_digest is
 *         attached; MR_CANCELLED; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_detach_gate(mr_registry *registry, const mr_gate_options *options,
                                         mr_error *error);

/**
 * Which gates to list.
 * @since 0.1.0
 */
typedef struct mr_gate_list_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 0, or MR_GATE_DEFAULT in place of a model. */
  mr_gate_flags flags;
  /** @nullable Name of the model; NULL with MR_GATE_DEFAULT. */
  const char *model;
  /** @nullable Only those of this transition; NULL: all transitions. */
  const char *transition;
  /** Most records in the page, 1 to MR_LIST_MAX_LIMIT; 0 is MR_LIST_DEFAULT_LIMIT. */
  int64_t limit;
  /** @nullable Token of the page before; NULL starts at the beginning. */
  const char *token;
} mr_gate_list_options;

/** Initialiser for mr_gate_list_options. @since 0.1.0 */
#define MR_GATE_LIST_OPTIONS_INIT                                                                  \
  { sizeof(mr_gate_list_options), 0, NULL, NULL, 0, NULL }

/**
 * One revision of the gate on a transition.
 * @since 0.1.0
 */
typedef struct mr_gate_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** 1 when this is the gate in force, else 0. */
  int32_t in_force;
  /** @nullable Name of the model; NULL for the default gate. */
  const char *model;
  /** "promote" or "channel/NAME". */
  const char *transition;
  /** Counts the revisions of this transition from 1. */
  int64_t revision;
  /** @nullable Digest of the gate, 64 hex digits; NULL where this revision detached it. */
  const char *digest;
  /** @nullable Canonical text of the gate; NULL where this revision detached it. */
  const char *text;
  /** Who attached or detached it. */
  const char *actor;
  /** When, Unix microseconds. */
  int64_t created_us;
} mr_gate_record;

/** One page of a list of gates. @since 0.1.0 */
typedef struct mr_gate_page mr_gate_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_gate_page_count(const mr_gate_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_gate_record *mr_gate_page_at(const mr_gate_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_gate_page_next_token(const mr_gate_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_gate_page_free(mr_gate_page *page);

/**
 * Lists every revision of the gates of a model or of the default gates, the newest first.
 *
 * @param registry the registry
 * @param options which gates
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for an unknown transition, a bad limit or token, or unless
 *         exactly one of a model and MR_GATE_DEFAULT is named; MR_NOT_FOUND for an unknown model;
 *         MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_list_gates(mr_registry *registry, const mr_gate_list_options *options,
                                        mr_gate_page **out_page, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
