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
 *     attributes.status = 'FINISHED'                  also kind, run_id, run_name, actor,
 *                                                     experiment, start_time and end_time (Unix
 *                                                     milliseconds), source_commit, source_dirty
 *     inputs.training.sample_count >= 10000           by role: digest, name, sample_count,
 *                                                     file_count, total_size, frozen, run_id,
 *                                                     version; unknown when several inputs have
 *                                                     the role
 *     dataset.digest = '...'                          the only dataset input: name, digest, context
 *     artifacts.*.format IN ('safetensors', 'onnx')   every artifact, and at least one
 *     artifacts."model.safetensors".size < 2e9        path, format, size, digest, kind
 *     version.prerelease IS NULL                      major, minor, patch, prerelease, number
 *     metrics.accuracy >= incumbent.metrics.accuracy - 0.002 OR incumbent IS NULL
 *
 * AND, OR, NOT, parentheses, = == != <> < <= > >=, [NOT] IN, [NOT] LIKE, [NOT] ILIKE, IS [NOT] NULL
 * and + - * / are understood; keywords have no case. After `metrics.`, `params.` and `tags.`
 * everything is the name; names with other characters are quoted with "..." or backticks.
 *
 * NAME, PATH and the like begin with a letter; unquoted they go on over letters, digits, "_", ".",
 * "-" and "/", so a subtraction needs blanks around its sign. abs() takes a number. `status`,
 * `run_id` and other attributes may stand without `attributes.`, and the singular forms of MLflow
 * are read too. NOT cannot stand over a test with *: write != or NOT IN, which must hold for every
 * one.
 *
 * A format is told by the first bytes of a file and is a hint which loader fits, not proof that no
 * other one would read it. Of a dataset input that was named by digest alone only digest and
 * context are known here.
 *
 * Truth has three values: something missing, NaN or unreadable makes a comparison unknown, and a
 * rule that is unknown does not pass. The incumbent is what the channel, or for a promotion
 * `latest`, holds now; where nothing is held it is missing.
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
  /** @nullable For mr_registry_attach_gate(): digest of the gate that is attached now, or "none";
   * another answers MR_CONFLICT. NULL: whatever is attached. */
  const char *expected_digest;
} mr_gate_options;

/** Initialiser for mr_gate_options. @since 0.1.0 */
#define MR_GATE_OPTIONS_INIT                                                                       \
  { sizeof(mr_gate_options), 0, NULL, NULL, NULL }

/**
 * Attaches a gate to a transition, in place of the one that was attached. Every revision is kept.
 * The same gate again changes nothing. A channel need not exist yet: attach its gate first, and it
 * is never without.
 *
 * @param registry the registry
 * @param gate the gate; the caller keeps it
 * @param options which transition
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for an unknown transition, or unless exactly one of a model
 *         and MR_GATE_DEFAULT is named; MR_NOT_FOUND for an unknown model;
 *         MR_CONFLICT when another gate than expected_digest is attached; MR_ABI_MISMATCH; and the
 *         common ones of modelreg.h
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

#ifdef __cplusplus
}
#endif

#endif
