/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file metric.h
 * Metrics: named series of (step, time, value) on a run.
 *
 * Points are collected in memory and written as compressed chunks; mr_run_flush(),
 * mr_registry_flush() and mr_run_finish() make them durable, and so, as far as it can, does
 * mr_registry_close(). Points that were not written are lost when the process dies. Values keep
 * their exact 64 bits, NaN and infinities included.
 *
 * A run can be sealed while other threads log to it: what a call has taken is kept and judged, and
 * after that logging answers MR_CONFLICT. When another process seals the run, points that were not
 * written yet are not kept: the next call that logs metrics to this run, flushes or finishes it
 * answers MR_CONFLICT, once, and says how many.
 */
#ifndef MODELREG_METRIC_H
#define MODELREG_METRIC_H

#include <modelreg/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One metric of a run, the fast way to log. It may be used from any thread. @since 0.1.0 */
typedef struct mr_metric mr_metric;

/**
 * Logs one point at the current time.
 *
 * @param run the run
 * @param key name of the metric, 1 to 250 bytes of UTF-8 without control characters
 * @param value any double, NaN and infinities too
 * @param step any step, also negative or repeated
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT or MR_LIMIT for a bad key; MR_CONFLICT when the run is sealed;
 *         and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_metric(mr_run *run, const char *key, double value, int64_t step,
                                   mr_error *error);

/**
 * Logs one value of many metrics at the same step and time: all of them or none.
 *
 * @param run the run
 * @param step the step
 * @param keys `count` names of metrics, each once; twice is MR_INVALID_ARGUMENT
 * @param values `count` values
 * @param count number of metrics, 0 or more
 * @param error receives the reason of a failure
 * @return as mr_run_log_metric()
 * @since 0.1.0
 */
MR_API mr_status mr_run_log_metrics(mr_run *run, int64_t step, const char *const *keys,
                                    const double *values, size_t count, mr_error *error);

/**
 * A handle to one metric of a run.
 *
 * @param run the run
 * @param key name of the metric, as for mr_run_log_metric()
 * @param out_metric receives the handle
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT or MR_LIMIT for a bad key; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_metric(mr_run *run, const char *key, mr_metric **out_metric,
                               mr_error *error);

/**
 * Logs one point at the current time.
 *
 * @param metric the metric
 * @param value any double
 * @param step any step
 * @param error receives the reason of a failure
 * @return as mr_run_log_metric()
 * @since 0.1.0
 */
MR_API mr_status mr_metric_log(mr_metric *metric, double value, int64_t step, mr_error *error);

/**
 * Logs many points: all of them or none.
 *
 * @param metric the metric
 * @param values `count` values
 * @param steps `count` steps
 * @param times_us @nullable `count` times in Unix microseconds; NULL: the current time for all
 * @param count number of points, 0 or more
 * @param error receives the reason of a failure
 * @return as mr_run_log_metric()
 * @since 0.1.0
 */
MR_API mr_status mr_metric_log_many(mr_metric *metric, const double *values, const int64_t *steps,
                                    const int64_t *times_us, size_t count, mr_error *error);

/**
 * Frees the handle. NULL is a no-op. Its points stay.
 *
 * @param metric the handle
 * @since 0.1.0
 */
MR_API void mr_metric_free(mr_metric *metric);

/**
 * Makes everything logged on this run so far survive a loss of power.
 *
 * @param run the run
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for NULL; MR_CONFLICT when another process sealed the run
 *         before points that were logged here were written: it is told once how many are not kept;
 *         and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_flush(mr_run *run, mr_error *error);

/**
 * A metric with its summary. The minimum, maximum and mean leave out points that are NaN, and are
 * NaN when there are no others.
 * @since 0.1.0
 */
typedef struct mr_metric_record {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Zero. */
  uint32_t reserved;
  /** Name of the metric. */
  const char *key;
  /** Number of points, NaN included. */
  int64_t count;
  /** Number of points that are NaN. */
  int64_t nan_count;
  /** Lowest step. */
  int64_t first_step;
  /** Time at the lowest (step, time), Unix microseconds. */
  int64_t first_time_us;
  /** Highest step. */
  int64_t last_step;
  /** Time at the highest (step, time), Unix microseconds. */
  int64_t last_time_us;
  /** Value at the lowest (step, time); the earlier logged where two are equal. */
  double first;
  /** Value at the highest (step, time), the later logged where two are equal: *the* value of the
   * metric. */
  double last;
  /** Smallest value. */
  double min;
  /** Largest value. */
  double max;
  /** Arithmetic mean of the values, by a compensated sum (Neumaier); not finite where that sum
   * passes the largest double. */
  double mean;
} mr_metric_record;

/** One page of a list of metrics. @since 0.1.0 */
typedef struct mr_metric_page mr_metric_page;

/**
 * Number of records in the page.
 *
 * @param page the page
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_metric_page_count(const mr_metric_page *page);

/**
 * One record of the page.
 *
 * @param page the page
 * @param index 0 to count - 1
 * @return @nullable the record, valid until the page is freed; NULL when the index is out of range
 * @fast
 * @since 0.1.0
 */
MR_API const mr_metric_record *mr_metric_page_at(const mr_metric_page *page, int64_t index);

/**
 * Where the list goes on.
 *
 * @param page the page
 * @return @nullable the token for the next call's options, valid until the page is freed; NULL at
 *         the end
 * @fast
 * @since 0.1.0
 */
MR_API const char *mr_metric_page_next_token(const mr_metric_page *page);

/**
 * Frees the page and its records. NULL is a no-op.
 *
 * @param page the page
 * @since 0.1.0
 */
MR_API void mr_metric_page_free(mr_metric_page *page);

/**
 * Lists the metrics of a run with their summaries, in the byte order of their names. Points logged
 * through this registry handle are included; those that another process holds in memory are not.
 *
 * @param run the run
 * @param options @nullable all defaults
 * @param out_page receives the page
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for a bad limit; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_list_metrics(mr_run *run, const mr_list_options *options,
                                     mr_metric_page **out_page, mr_error *error);

/** Which limits of mr_history_options count: any of the MR_HISTORY_ bits. @since 0.1.0 */
typedef uint32_t mr_history_flags;

enum {
  /** `from_step` counts. @since 0.1.0 */
  MR_HISTORY_FROM_STEP = 1,
  /** `to_step` counts. @since 0.1.0 */
  MR_HISTORY_TO_STEP = 2
};

/**
 * Which points of a metric to read.
 * @since 0.1.0
 */
typedef struct mr_history_options {
  /** Size of this struct in bytes. */
  uint32_t struct_size;
  /** Any of MR_HISTORY_FROM_STEP and MR_HISTORY_TO_STEP. */
  mr_history_flags flags;
  /** Lowest step to return. */
  int64_t from_step;
  /** Highest step to return. */
  int64_t to_step;
} mr_history_options;

/** Initialiser for mr_history_options. @since 0.1.0 */
#define MR_HISTORY_OPTIONS_INIT                                                                    \
  { sizeof(mr_history_options), 0, 0, 0 }

/** The points of a metric as columns of equal length. @since 0.1.0 */
typedef struct mr_history mr_history;

/**
 * Reads the points of a metric, ordered by step, then time, then the order of logging.
 *
 * @param run the run
 * @param key name of the metric
 * @param options @nullable all points
 * @param out_history receives the points
 * @param error receives the reason of a failure
 * @return MR_OK; MR_INVALID_ARGUMENT for bad options or a bad key; MR_NOT_FOUND when the run has no
 *         such metric; and the common ones of modelreg.h
 * @since 0.1.0
 */
MR_API mr_status mr_run_history(mr_run *run, const char *key, const mr_history_options *options,
                                mr_history **out_history, mr_error *error);

/**
 * Number of points.
 *
 * @param history the points
 * @return 0 or more; 0 for NULL
 * @fast
 * @since 0.1.0
 */
MR_API int64_t mr_history_count(const mr_history *history);

/**
 * The column of steps.
 *
 * @param history the points
 * @return `count` steps, valid until the handle is freed; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const int64_t *mr_history_steps(const mr_history *history);

/**
 * The column of times.
 *
 * @param history the points
 * @return `count` times in Unix microseconds, valid until the handle is freed; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const int64_t *mr_history_times(const mr_history *history);

/**
 * The column of values.
 *
 * @param history the points
 * @return `count` values, valid until the handle is freed; NULL for NULL
 * @fast
 * @since 0.1.0
 */
MR_API const double *mr_history_values(const mr_history *history);

/**
 * Frees the handle. NULL is a no-op.
 *
 * @param history the handle
 * @since 0.1.0
 */
MR_API void mr_history_free(mr_history *history);

#ifdef __cplusplus
}
#endif

#endif
