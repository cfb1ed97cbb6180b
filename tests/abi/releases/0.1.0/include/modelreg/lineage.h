/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file lineage.h
 * Lineage: what a thing was made of, and what was made of it.
 *
 * The graph has four kinds of nodes and is a list of its edges, each from what was used to what it
 * was used for:
 *
 *     run -> dataset       the dataset run that recorded it                role "snapshot"
 *     dataset -> run       an input of the run                             its role
 *     run -> run           an input of the run, such as what it evaluates  its role
 *     version -> run       an input of the run, such as a base             its role
 *     run -> version       a promotion                                     role "promotion"
 *     version -> channel   what the channel holds now                      role "held"
 */
#ifndef MODELREG_LINEAGE_H
#define MODELREG_LINEAGE_H

#include <modelreg/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where a walk goes. @since 0.1.0 */
typedef int32_t mr_lineage_direction;

enum {
  /** To what it was made of, and on to what that was made of; the default. @since 0.1.0 */
  MR_LINEAGE_DIRECTION_UPSTREAM = 0,
  /** To what was made of it, and on. @since 0.1.0 */
  MR_LINEAGE_DIRECTION_DOWNSTREAM = 1,
  /** Both: upstream from the start, and downstream from the start. @since 0.1.0 */
  MR_LINEAGE_DIRECTION_BOTH = 2
};

/** Edges that a walk goes when the caller does not say. @since 0.1.0 */
#define MR_LINEAGE_DEFAULT_DEPTH 16
/** The most edges that a walk can go. @since 0.1.0 */
#define MR_LINEAGE_MAX_DEPTH 1024

/**
 * Where to start and how far to go. Exactly one of dataset_digest, run_id, version and channel is
 * set.
 * @since 0.1.0
 */
typedef struct mr_lineage_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Where to go. */
  mr_lineage_direction direction;
  /** @nullable Digest of a dataset, 64 hex digits; it need not be recorded here. */
  const char *dataset_digest;
  /** @nullable Id of a run of any kind. */
  const char *run_id;
  /** @nullable A version as `model@number`. */
  const char *version;
  /** @nullable A channel as `model@name`. */
  const char *channel;
  /** Most edges from the start, 1 to MR_LINEAGE_MAX_DEPTH; 0 is MR_LINEAGE_DEFAULT_DEPTH. */
  int64_t depth;
  /** Most edges in all, 1 to MR_LIST_MAX_LIMIT; 0 is MR_LIST_DEFAULT_LIMIT. */
  int64_t limit;
  /** @nullable Ends the walk early. */
  const mr_cancel *cancel;
} mr_lineage_options;

/** Initialiser for mr_lineage_options. @since 0.1.0 */
#define MR_LINEAGE_OPTIONS_INIT                                                                    \
  { sizeof(mr_lineage_options), 0, NULL, NULL, NULL, NULL, 0, 0, NULL }

/** A part of the lineage graph: the edges that a walk went. @since 0.1.0 */
typedef struct mr_lineage mr_lineage;

/** What a node of the lineage is. @since 0.1.0 */
typedef int32_t mr_lineage_kind;

enum {
  /** A dataset, named by its digest. @since 0.1.0 */
  MR_LINEAGE_KIND_DATASET = 1,
  /** A run of any kind, named by its id. @since 0.1.0 */
  MR_LINEAGE_KIND_RUN = 2,
  /** A version, named `model@number`. @since 0.1.0 */
  MR_LINEAGE_KIND_VERSION = 3,
  /** A channel, named `model@name`. @since 0.1.0 */
  MR_LINEAGE_KIND_CHANNEL = 4
};

/**
 * What a walk found.
 * @since 0.1.0
 */
typedef struct mr_lineage_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What the walk started from. */
  mr_lineage_kind start_kind;
  /** Name of what the walk started from. */
  const char *start;
  /** Number of edges. */
  int64_t edge_count;
  /** Number of different nodes at their ends, with the start. */
  int64_t node_count;
  /** 1 when depth or limit ended the walk before everything was found. */
  int32_t truncated;
  /** Zero. */
  uint32_t reserved;
} mr_lineage_record;

/**
 * One edge.
 * @since 0.1.0
 */
typedef struct mr_lineage_edge_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** What was used. */
  mr_lineage_kind source_kind;
  /** Name of what was used. */
  const char *source;
  /** What it was used for. */
  mr_lineage_kind target_kind;
  /** Zero. */
  uint32_t reserved;
  /** Name of what it was used for. */
  const char *target;
  /** What for: the role of an input, "snapshot", "promotion" or "held". */
  const char *role;
  /** Edges from the start: -1 and below upstream, 1 and above downstream. */
  int64_t distance;
} mr_lineage_edge_record;

/**
 * Walks the lineage of a dataset, a run, a version or a channel, the nearest first. Each edge is
 * there once, and cycles end.
 *
 * @param registry the registry
 * @param options where to start and how far to go
 * @param out_lineage receives the edges
 * @param error receives the reason of a failure
 * @return MR_OK, also when there is no edge; MR_INVALID_ARGUMENT unless exactly one start is named,
 *         for malformed text, an unknown direction, or a depth or limit out of range; MR_NOT_FOUND
 *         for an unknown run, version or channel; MR_CANCELLED; MR_ABI_MISMATCH; and the common
 *         ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_registry_lineage(mr_registry *registry, const mr_lineage_options *options,
                                     mr_lineage **out_lineage, mr_error *error);

/**
 * What the walk found.
 *
 * @param lineage the lineage
 * @return a record that lives as long as the handle; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const mr_lineage_record *mr_lineage_info(const mr_lineage *lineage);

/**
 * Number of edges.
 *
 * @param lineage the lineage
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_lineage_count(const mr_lineage *lineage);

/**
 * One edge.
 *
 * @param lineage the lineage
 * @param index 0 to count - 1, the nearest to the start first
 * @return @nullable a record that lives as long as the handle; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_lineage_edge_record *mr_lineage_at(const mr_lineage *lineage, int64_t index);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param lineage the handle
 * @since 0.1.0
 */
MR_API void mr_lineage_free(mr_lineage *lineage);

#ifdef __cplusplus
}
#endif

#endif
