/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file channel.h
 * Channels: named pointers to a version, moved through a gate by compare-and-set.
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
  /** How often it was moved; 0 for a new channel. */
  int64_t sequence;
  /** Who moved it last, or created it. */
  const char *actor;
  /** When it was moved last, or created, Unix microseconds. */
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
 * mr_request_version().
 *
 * @param model the model
 * @param move which channel, from what to what
 * @param out_request receives the request
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for malformed text or when `expected` is NULL; MR_NOT_FOUND
 *         for an unknown channel or version; MR_CONFLICT when the channel holds something else than
 *         `expected` (the message says what), the version is yanked, or op_id was used for
 *         something else; MR_ALREADY_EXISTS when it holds this version already; MR_CANCELLED;
 *         MR_ABI_MISMATCH; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_model_move_channel(mr_model *model, const mr_move_options *move,
                                       mr_request **out_request, mr_error *error);

#ifdef __cplusplus
}
#endif

#endif
