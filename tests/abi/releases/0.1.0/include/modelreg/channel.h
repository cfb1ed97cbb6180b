/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file channel.h
 * Channels: named pointers to a version, moved through a gate by compare-and-set. Every move is
 * kept.
 */
#ifndef MODELREG_CHANNEL_H
#define MODELREG_CHANNEL_H

#include <modelreg/request.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Creates a channel that holds nothing.
 *
 * Names are 1 to 250 bytes, begin with a letter and go on with letters, digits, ".", "_" and "-".
 * `latest` and anything that reads as a version, a range or a digest is reserved.
 *
 * @param model the model
 * @param name name of the channel
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad or reserved name; MR_ALREADY_EXISTS; and the common
 *         ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_create_channel(mr_model *model, const char *name, mr_error *error);

/**
 * What a channel is.
 * @since 0.1.0
 */
typedef struct mr_channel_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Name of the channel. */
  const char *name;
  /** @nullable Number of the version it holds; NULL when it holds nothing. */
  const char *version;
  /** How often it was moved, rolled back or cleared; 0 for a new channel. */
  int64_t sequence;
  /** Who changed it last, or created it. */
  const char *actor;
  /** When it was changed last, or created, Unix microseconds. */
  int64_t moved_us;
} mr_channel_record;

/** One page of a list of channels. @since 0.1.0 */
typedef struct mr_channel_page mr_channel_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_channel_page_count(const mr_channel_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_channel_record *mr_channel_page_at(const mr_channel_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_channel_page_next_token(const mr_channel_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_channel_page_free(mr_channel_page *page);

/**
 * Lists the channels of a model in the byte order of their names.
 *
 * @param model the model
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_list_channels(mr_model *model, const mr_list_options *options,
                                        mr_channel_page **out_page, mr_error *error);

/**
 * One move of a channel.
 * @since 0.1.0
 */
typedef struct mr_move_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Name of the channel. */
  const char *channel;
  /** The version it is to hold: a number of this model. */
  const char *version;
  /** What the channel holds now: a number, or "none". Anything else there answers MR_CONFLICT. */
  const char *expected;
  /** @nullable Why, up to 65,536 bytes; NULL: not said. */
  const char *reason;
  /** @nullable Names this operation: a repeat with the same id finds the request of the first. 1 to
   * 250 bytes; NULL: none. */
  const char *op_id;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_move_options;

/** Initialiser for an mr_move_options. @since 0.1.0 */
#define MR_MOVE_OPTIONS_INIT                                                                       \
  { sizeof(mr_move_options), 0, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * Proposes to move a channel to a version and decides at once, in one durable transaction.
 *
 * MR_OK means that a request was made and recorded, not that it was accepted: ask
 * mr_request_version(). A request that stays open moves the channel when it is completed, if the
 * channel holds `expected` then.
 *
 * @param model the model
 * @param move which channel, from what to what
 * @param out_request receives the request
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text or when `expected` is NULL; MR_NOT_FOUND
 *         for an unknown channel or version; MR_CONFLICT when the channel holds something else than
 *         `expected` (the message says what), the version is yanked, or op_id was used for
 *         something else; MR_ALREADY_EXISTS when it holds this version already, or an open request
 *         proposes this move: the message names it; MR_CANCELLED; MR_ABI_MISMATCH; and the common
 *         ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_move_channel(mr_model *model, const mr_move_options *move,
                                       mr_request **out_request, mr_error *error);

/**
 * One roll back of a channel.
 * @since 0.1.0
 */
typedef struct mr_roll_back_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Name of the channel. */
  const char *channel;
  /** What the channel holds now: a number, or "none". Anything else there answers MR_CONFLICT. */
  const char *expected;
  /** @nullable The version to go back to, which the channel must have held; NULL: the latest one it
   * held before that is not yanked; a deprecated one will do. Rolling back again goes further
   * back. */
  const char *version;
  /** @nullable Why, up to 65,536 bytes; NULL: not said. */
  const char *reason;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_roll_back_options;

/** Initialiser for an mr_roll_back_options. @since 0.1.0 */
#define MR_ROLL_BACK_OPTIONS_INIT                                                                  \
  { sizeof(mr_roll_back_options), 0, NULL, NULL, NULL, NULL, NULL }

/**
 * Moves a channel back to a version that it held before, in one durable transaction. No gate is
 * asked: that version passed it when it came into the channel.
 *
 * @param model the model
 * @param options which channel, from what to what
 * @param out_version receives the version that the channel holds now
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text or when `expected` is NULL; MR_NOT_FOUND
 *         for an unknown channel or version, or when there is nothing to go back to: the message
 *         says what it held and why that will not do; MR_CONFLICT when the channel holds something
 *         else than `expected` (the message says what), or the version is yanked or was never held;
 *         MR_ALREADY_EXISTS when it holds this version already; MR_CANCELLED; MR_ABI_MISMATCH; and
 *         the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_roll_back_channel(mr_model *model, const mr_roll_back_options *options,
                                            mr_version **out_version, mr_error *error);

/**
 * How to clear a channel.
 * @since 0.1.0
 */
typedef struct mr_clear_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Name of the channel. */
  const char *channel;
  /** What the channel holds now: a number, or "none". Anything else there answers MR_CONFLICT. */
  const char *expected;
  /** @nullable Why, up to 65,536 bytes; NULL: not said. */
  const char *reason;
  /** @nullable Ends waiting for other writers early. */
  const mr_cancel *cancel;
} mr_clear_options;

/** Initialiser for an mr_clear_options. @since 0.1.0 */
#define MR_CLEAR_OPTIONS_INIT                                                                      \
  { sizeof(mr_clear_options), 0, NULL, NULL, NULL, NULL }

/**
 * Lets a channel hold nothing, in one durable transaction. With `expected` "none" a channel that
 * holds nothing stays as it is.
 *
 * @param model the model
 * @param options which channel
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text or when `expected` is NULL; MR_NOT_FOUND
 *         for an unknown channel; MR_CONFLICT when it holds something else than `expected`;
 *         MR_CANCELLED; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_clear_channel(mr_model *model, const mr_clear_options *options,
                                        mr_error *error);

/** How a channel came to hold what it holds. @since 0.1.0 */
typedef int32_t mr_channel_move_kind;

enum {
  /** Moved through its gate. @since 0.1.0 */
  MR_CHANNEL_MOVE_KIND_MOVED = 1,
  /** Rolled back to a version that it held before; also when that replaced one that was yanked.
   * @since 0.1.0 */
  MR_CHANNEL_MOVE_KIND_ROLLED_BACK = 2,
  /** Cleared. @since 0.1.0 */
  MR_CHANNEL_MOVE_KIND_CLEARED = 3
};

/**
 * One change of a channel.
 * @since 0.1.0
 */
typedef struct mr_channel_move_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** How it was changed. */
  mr_channel_move_kind kind;
  /** Counts the changes of this channel from 1. */
  int64_t sequence;
  /** @nullable Number of the version that it held from then on; NULL: nothing. */
  const char *version;
  /** @nullable Number of the version that it held until then; NULL: nothing. */
  const char *previous;
  /** @nullable Id of the request that moved it; NULL where no gate was asked. */
  const char *request_id;
  /** @nullable Why, or NULL. */
  const char *reason;
  /** Who did it. */
  const char *actor;
  /** When, Unix microseconds; later than every change of the registry before it. */
  int64_t moved_us;
} mr_channel_move_record;

/** One page of the history of a channel. @since 0.1.0 */
typedef struct mr_channel_move_page mr_channel_move_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_channel_move_page_count(const mr_channel_move_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_channel_move_record *mr_channel_move_page_at(const mr_channel_move_page *page,
                                                             int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_channel_move_page_next_token(const mr_channel_move_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_channel_move_page_free(mr_channel_move_page *page);

/**
 * Which part of the history of a channel to list.
 * @since 0.1.0
 */
typedef struct mr_channel_move_list_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Name of the channel. */
  const char *channel;
  /** Most records in the page, 1 to MR_LIST_MAX_LIMIT; 0 is MR_LIST_DEFAULT_LIMIT. */
  int64_t limit;
  /** @nullable Token of the page before; NULL starts at the beginning. */
  const char *token;
} mr_channel_move_list_options;

/** Initialiser for an mr_channel_move_list_options. @since 0.1.0 */
#define MR_CHANNEL_MOVE_LIST_OPTIONS_INIT                                                          \
  { sizeof(mr_channel_move_list_options), 0, NULL, 0, NULL }

/**
 * Lists every change of a channel, the newest first: who had what in it, when and why.
 *
 * @param model the model
 * @param options which channel
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad name, limit or token; MR_NOT_FOUND for an unknown
 *         channel; MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_list_channel_moves(mr_model *model,
                                             const mr_channel_move_list_options *options,
                                             mr_channel_move_page **out_page, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
