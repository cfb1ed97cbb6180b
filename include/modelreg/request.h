/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file request.h
 * Requests, decisions and the promotion of runs to versions.
 *
 * A request proposes one transition. Opening it seals what is judged: from then on params, metrics,
 * inputs and artifacts of the run cannot change, and its tags are copied into the request. An
 * evaluation that a rule reads is sealed, too. Metric points that are logged through this registry
 * meanwhile are judged and sealed with the rest, or refused. The gate is evaluated and the version
 * is made in one transaction; the decision is kept for ever.
 *
 * Where a rule can still come true the request stays open. Nothing happens by itself then: somebody
 * calls mr_request_complete() when a check, an evaluation or an approval has come in, or enough
 * time has passed. Refused requests stay refused and sealed; propose the run again where a gate has
 * changed.
 */
#ifndef MODELREG_REQUEST_H
#define MODELREG_REQUEST_H

#include <modelreg/gate.h>
#include <modelreg/model_version.h>
#include <modelreg/semver.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A proposal to make one transition. @since 0.1.0 */
typedef struct mr_request mr_request;

/** How far a request is. @since 0.1.0 */
typedef int32_t mr_request_state;

enum {
  /** Neither accepted nor refused yet. @since 0.1.0 */
  MR_REQUEST_STATE_OPEN = 1,
  /** The gate passed and the transition is made. @since 0.1.0 */
  MR_REQUEST_STATE_ACCEPTED = 2,
  /** The gate refused. @since 0.1.0 */
  MR_REQUEST_STATE_REFUSED = 3,
  /** Withdrawn by somebody. @since 0.1.0 */
  MR_REQUEST_STATE_WITHDRAWN = 4
};

/**
 * How to promote.
 * @since 0.1.0
 */
typedef struct mr_promote_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Part to raise when `version` is NULL; 0 is MR_BUMP_PATCH on a line such as "1.2", else
   * MR_BUMP_MINOR. The first version is 1.0.0, or of a line its lowest; for MR_BUMP_PRERELEASE with
   * the prerelease id and 0. */
  mr_bump bump;
  /** @nullable Artifact path of the run that becomes the version: a file or a folder; NULL or "":
   * all. */
  const char *artifact_path;
  /** @nullable The number to take; NULL: raise the highest release, for MR_BUMP_PRERELEASE the
   * highest version of all. Without build metadata it gets the last 12 hex digits of the run's id.
   */
  const char *version;
  /** @nullable Line to stay in, such as "1.2" for a backport, or "1"; NULL: any. */
  const char *line;
  /** @nullable Id of the prerelease for MR_BUMP_PRERELEASE, such as "rc"; NULL: none. */
  const char *prerelease_id;
  /** @nullable A description, up to 65,536 bytes; NULL: none. */
  const char *description;
  /** @nullable Names this operation: a repeat with the same id finds the request of the first. 1 to
   * 250 bytes; NULL: none. */
  const char *op_id;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_promote_options;

/** Initialiser for mr_promote_options. @since 0.1.0 */
#define MR_PROMOTE_OPTIONS_INIT                                                                    \
  { sizeof(mr_promote_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * Proposes a run as a version of a model and decides at once.
 *
 * MR_OK means that a request was made and recorded, not that it was accepted: ask
 * mr_request_version() for the version. The number is taken in the transaction that accepts the
 * request, with one fsync; no two requests ever get the same number.
 *
 * @param model the model
 * @param run_id id of a finished run of kind training
 * @param options @nullable all defaults
 * @param out_request receives the request
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text, a run that is not of kind training, or a
 *         prerelease_id or line that does not fit; MR_NOT_FOUND for an unknown run, or when it has
 *         no artifact at the path; MR_CONFLICT when the run is not finished, or op_id was used for
 *         something else; MR_ALREADY_EXISTS when the run and path are a version of this model
 *         already, an open request proposes them, or the number is taken, be it by a version that
 *         was deleted: the message names the version or the request; MR_LIMIT when a number would
 *         pass 2^53 - 1, or be longer than 256 bytes with its build metadata; MR_CANCELLED;
 *         MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_promote(mr_model *model, const char *run_id,
                                  const mr_promote_options *options, mr_request **out_request,
                                  mr_error *error);

/**
 * What a request is.
 * @since 0.1.0
 */
typedef struct mr_request_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** State of the request. */
  mr_request_state state;
  /** Id of the request, a UUID. */
  const char *id;
  /** Name of the model. */
  const char *model;
  /** "promote" or "channel/NAME". */
  const char *transition;
  /** Id of the run that is judged. */
  const char *run_id;
  /** Artifact path in that run; "" for the whole tree. */
  const char *artifact_path;
  /** Number of the version: taken when the request is accepted, until then proposed. A bump is
   * raised anew when an open request is completed. */
  const char *version;
  /** Digest over everything of the candidate that is sealed, 64 hex digits: BLAKE2b-256 over
   * the line "modelreg candidate v1" and the sections run, params, tags, metrics, points, inputs,
   * artifacts, and evaluations with the names and digests of those that rules have read, each the
   * line of its name and then its rows, with every text as its length in
   * decimal, a colon and its bytes, and every number as 8 little-endian bytes. To be compared, not
   * to be computed elsewhere: points are named by the digests of the chunks that are stored. */
  const char *candidate_digest;
  /** Digest over the gates that judged it last, 64 hex digits: BLAKE2b-256 over the lines "default
   * DIGEST" and "model DIGEST" with the digests of the two gates, or "none". */
  const char *gate_digest;
  /** @nullable Description, or NULL. */
  const char *description;
  /** @nullable The caller's op_id, or NULL. */
  const char *op_id;
  /** Who made it. */
  const char *actor;
  /** When it was made, Unix microseconds. */
  int64_t created_us;
  /** @nullable What the channel held when it was asked for: a number, or "none"; NULL for
   * "promote". */
  const char *expected;
  /** @nullable Who accepted, refused or withdrew it; NULL while it is open. */
  const char *closed_by;
  /** @nullable Why it was withdrawn, or NULL. */
  const char *closed_reason;
  /** When it was accepted, refused or withdrawn, Unix microseconds; 0 while it is open. */
  int64_t closed_us;
} mr_request_record;

/**
 * What this request was when the handle was opened; open it again for what it is now.
 *
 * @param request the request
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_request_record *mr_request_info(const mr_request *request);

/**
 * How to complete a request.
 * @since 0.1.0
 */
typedef struct mr_complete_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_complete_options;

/** Initialiser for mr_complete_options. @since 0.1.0 */
#define MR_COMPLETE_OPTIONS_INIT                                                                   \
  { sizeof(mr_complete_options), 0, NULL }

/**
 * Judges an open request again, by the gates that are attached now, and makes its transition when
 * they pass. What was sealed is judged as it was sealed. A request that is accepted, refused or
 * withdrawn already stays as it is, so a repeat is harmless.
 *
 * @param request the request
 * @param options @nullable all defaults
 * @param out_request receives the request as it is now
 * @param error receives the reason of a failure
 * @return MR_OK: ask the new handle how it went; MR_CONFLICT when the channel does not hold any
 *         more what was expected, or the version was yanked; MR_ALREADY_EXISTS when the number was
 *         taken, or the run and path became a version; MR_INVALID_ARGUMENT when a bump does not fit
 *         any more; MR_NOT_FOUND when the version was deleted: after these it stays open and can be
 *         withdrawn; MR_TAMPERED when what was sealed has
 *         changed; MR_LIMIT as mr_model_promote(); MR_CANCELLED; MR_ABI_MISMATCH; and the common
 *         ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_request_complete(mr_request *request, const mr_complete_options *options,
                                     mr_request **out_request, mr_error *error);

/**
 * Withdraws an open request. The run stays sealed.
 *
 * @param request the request
 * @param reason @nullable why, up to 65,536 bytes; NULL: not said
 * @param error receives the reason of a failure
 * @return MR_OK, also when it is withdrawn already; MR_INVALID_ARGUMENT for malformed text;
 *         MR_CONFLICT when it is accepted or refused; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_request_withdraw(mr_request *request, const char *reason, mr_error *error);

/**
 * The version that an accepted request made or moved, by the state that the request has now.
 *
 * @param request the request
 * @param out_version receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_GATE_FAILED or MR_GATE_PENDING when there is none: the message names the first
 *         failing rule and how many more; MR_CONFLICT when it was withdrawn; MR_NOT_FOUND when the
 *         version was deleted since; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_request_version(mr_request *request, mr_version **out_version, mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param request the handle
 * @since 0.1.0
 */
MR_API void mr_request_free(mr_request *request);

/**
 * Opens a request.
 *
 * @param registry the registry
 * @param request_id its id
 * @param out_request receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for text that is no id; MR_NOT_FOUND; and the common ones of
 *         modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_open_request(mr_registry *registry, const char *request_id,
                                          mr_request **out_request, mr_error *error);

/**
 * Which requests to list.
 * @since 0.1.0
 */
typedef struct mr_request_list_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Only requests in this state; 0: all. */
  mr_request_state state;
  /** @nullable Only requests for the model of this name; NULL: all models. */
  const char *model;
  /** Most records in the page, 1 to MR_LIST_MAX_LIMIT; 0 is MR_LIST_DEFAULT_LIMIT. */
  int64_t limit;
  /** @nullable Token of the page before; NULL starts at the beginning. */
  const char *token;
} mr_request_list_options;

/** Initialiser for mr_request_list_options. @since 0.1.0 */
#define MR_REQUEST_LIST_OPTIONS_INIT                                                               \
  { sizeof(mr_request_list_options), 0, NULL, 0, NULL }

/** One page of a list of requests. @since 0.1.0 */
typedef struct mr_request_page mr_request_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_request_page_count(const mr_request_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_request_record *mr_request_page_at(const mr_request_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_request_page_next_token(const mr_request_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_request_page_free(mr_request_page *page);

/**
 * Lists requests, the newest first.
 *
 * @param registry the registry
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit, token or state; MR_NOT_FOUND for an unknown
 *         model; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_list_requests(mr_registry *registry,
                                           const mr_request_list_options *options,
                                           mr_request_page **out_page, mr_error *error);

/** The frozen record of one evaluation of a gate. @since 0.1.0 */
typedef struct mr_decision mr_decision;

/** What a gate or a rule says. @since 0.1.0 */
typedef int32_t mr_verdict;

enum {
  /** True. @since 0.1.0 */
  MR_VERDICT_PASSED = 1,
  /** Not true, and for good. @since 0.1.0 */
  MR_VERDICT_FAILED = 2,
  /** Not true yet, and can still come true. @since 0.1.0 */
  MR_VERDICT_PENDING = 3
};

/**
 * What a decision is.
 * @since 0.1.0
 */
typedef struct mr_decision_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Passed when every rule passed, failed when one failed, else pending. */
  mr_verdict verdict;
  /** @nullable Id of the request; NULL for a dry run. */
  const char *request_id;
  /** Digest over the gates, 64 hex digits. */
  const char *gate_digest;
  /** When it was made, Unix microseconds. */
  int64_t created_us;
  /** Number of rules. */
  int64_t rule_count;
  /** Number of rules that passed. */
  int64_t passed_count;
  /** Counts the decisions on a request from 1; 0 for a dry run. Judging again what has not changed
   * makes no new one; that time goes by, for which a rule waits, is no change. */
  int64_t sequence;
  /** @nullable Number of the version that the candidate was compared with; NULL: there was none. */
  const char *incumbent;
} mr_decision_record;

/**
 * What a decision says about one rule.
 * @since 0.1.0
 */
typedef struct mr_rule_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Verdict of the rule. */
  mr_verdict verdict;
  /** 1 when the truth was unknown: something is missing, NaN or unreadable. */
  int32_t unknown;
  /** 1 when the rule comes from the default gate of the registry, 0 from the model's own. */
  int32_t from_default;
  /** Name of the rule. */
  const char *name;
  /** The expression, in canonical spelling: what was required. */
  const char *required;
  /** Every value it read, such as "metrics.accuracy = 0.91". */
  const char *observed;
  /** Why it did not pass; "" when it passed. */
  const char *reason;
} mr_rule_record;

/**
 * The latest decision on a request.
 *
 * @param request the request
 * @param out_decision receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_request_decision(mr_request *request, mr_decision **out_decision,
                                     mr_error *error);

/**
 * One of the decisions on a request, which was judged as often as it was completed.
 *
 * @param request the request
 * @param sequence 1 for the first, up to the sequence of the latest
 * @param out_decision receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NOT_FOUND when there is no such decision; and the
 *         common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_request_open_decision(mr_request *request, int64_t sequence,
                                          mr_decision **out_decision, mr_error *error);

/**
 * What to judge in a dry run.
 * @since 0.1.0
 */
typedef struct mr_evaluate_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** For "promote": as in mr_promote_options. */
  mr_bump bump;
  /** Name of the model. */
  const char *model;
  /** @nullable "promote" or "channel/NAME"; NULL is "promote". The channel need not exist. */
  const char *transition;
  /** @nullable For "promote": id of a run of kind training; it need not be finished. */
  const char *run_id;
  /** @nullable For "promote": as in mr_promote_options. */
  const char *artifact_path;
  /** @nullable For "promote": as in mr_promote_options; for "channel/NAME": the version of this
   * model that the channel would hold. */
  const char *version;
  /** @nullable For "promote": as in mr_promote_options. */
  const char *line;
  /** @nullable For "promote": as in mr_promote_options. */
  const char *prerelease_id;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_evaluate_options;

/** Initialiser for an mr_evaluate_options. @since 0.1.0 */
#define MR_EVALUATE_OPTIONS_INIT                                                                   \
  { sizeof(mr_evaluate_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * Judges a candidate without proposing it: a dry run, which changes and seals nothing.
 *
 * @param registry the registry
 * @param gate @nullable a gate to try in place of the one that is attached to the model; NULL: the
 *        attached one. The default gate of the registry adds to both.
 * @param options what to judge
 * @param out_decision receives the decision, which is not kept
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text, an unknown transition, options that do not
 *         go with it, or a gate that cannot be attached to it; MR_NOT_FOUND for an unknown model,
 *         run or version, or when the run has no artifact at the path; MR_ALREADY_EXISTS when the
 *         number is taken; MR_LIMIT as mr_model_promote(); MR_CANCELLED; MR_ABI_MISMATCH; and the
 *         common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_evaluate_gate(mr_registry *registry, const mr_gate *gate,
                                           const mr_evaluate_options *options,
                                           mr_decision **out_decision, mr_error *error);

/**
 * What this decision is.
 *
 * @param decision the decision
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_decision_record *mr_decision_info(const mr_decision *decision);

/**
 * Number of rules.
 *
 * @param decision the decision
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_decision_count(const mr_decision *decision);

/**
 * What it says about one rule.
 *
 * @param decision the decision
 * @param index 0 to count - 1, the default gate's rules first
 * @return @nullable a record that lives as long as the handle; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_rule_record *mr_decision_at(const mr_decision *decision, int64_t index);

/**
 * The decision as a table for people: rule, required, observed, verdict.
 *
 * @param decision the decision
 * @param out_text receives the text, lines ending with a line feed
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_decision_text(const mr_decision *decision, mr_buffer **out_text,
                                  mr_error *error);

/**
 * The decision as a JSON object (RFC 8259): verdict, request_id (null for a dry run), sequence,
 * gate_digest, incumbent (null where there was none), created_us and rules, each with name,
 * verdict, unknown, from_default, required, observed and reason.
 *
 * @param decision the decision
 * @param out_json receives the text
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_NO_MEMORY
 * @since 0.1.0
 */
MR_API mr_status mr_decision_json(const mr_decision *decision, mr_buffer **out_json,
                                  mr_error *error);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param decision the handle
 * @since 0.1.0
 */
MR_API void mr_decision_free(mr_decision *decision);

#ifdef __cplusplus
}
#endif

#endif
