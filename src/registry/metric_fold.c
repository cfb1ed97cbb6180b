/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/metric_fold.h"
#include "base/double_bits.h"
#include "metrics/chunk.h"

/* A chunk is extended until it has this many points: then it is read often and written no more. */
#define CHUNK_POINTS 1024
/* So many points at once are a chunk of their own: each costs a row. */
#define LARGE_CHUNK_POINTS 8192

static int64_t to_bits(double value) {
  return (int64_t)mri_double_bits(value);
}

static double from_bits(int64_t bits) {
  return mri_double_of_bits((uint64_t)bits);
}

void mri_summary_read(const mri_stmt *stmt, int first, mri_summary *out) {
  out->count = mri_stmt_int(stmt, first);
  out->nan_count = mri_stmt_int(stmt, first + 1);
  out->first_step = mri_stmt_int(stmt, first + 2);
  out->first_time_us = mri_stmt_int(stmt, first + 3);
  out->last_step = mri_stmt_int(stmt, first + 4);
  out->last_time_us = mri_stmt_int(stmt, first + 5);
  out->first = from_bits(mri_stmt_int(stmt, first + 6));
  out->last = from_bits(mri_stmt_int(stmt, first + 7));
  out->min = from_bits(mri_stmt_int(stmt, first + 8));
  out->max = from_bits(mri_stmt_int(stmt, first + 9));
  out->sum = from_bits(mri_stmt_int(stmt, first + 10));
  out->compensation = from_bits(mri_stmt_int(stmt, first + 11));
}

static mr_status read_summary(mri_tx *tx, int64_t run_id, const char *key, int64_t *metric_id,
                              mri_summary *summary, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  memset(summary, 0, sizeof *summary);
  mr_status status =
      mri_sql_first(tx, error, &stmt, &found,
                    "SELECT id, " MRI_SUMMARY_COLUMNS " FROM metric WHERE run_id = ?1 AND key = ?2",
                    "it", run_id, key);
  if (status != MR_OK || !found) return status;
  *metric_id = mri_stmt_int(stmt, 0);
  mri_summary_read(stmt, 1, summary);
  mri_stmt_done(stmt);
  return MR_OK;
}

mr_status mri_summary_write(mri_tx *tx, int64_t run_id, const char *key, int64_t *metric_id,
                            const mri_summary *s, mr_error *error) {
  return mri_sql_int(
      tx, error, 0, metric_id,
      "INSERT INTO metric (run_id, key, points, nan_points, first_step, first_time_us, last_step, "
      "last_time_us, first_bits, last_bits, min_bits, max_bits, sum_bits, compensation_bits, "
      "first_value, last_value, min_value, max_value, mean_value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
      "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) "
      "ON CONFLICT (run_id, key) DO UPDATE SET points = ?3, nan_points = ?4, first_step = ?5, "
      "first_time_us = ?6, last_step = ?7, last_time_us = ?8, first_bits = ?9, last_bits = ?10, "
      "min_bits = ?11, max_bits = ?12, sum_bits = ?13, compensation_bits = ?14, "
      "first_value = ?15, last_value = ?16, min_value = ?17, max_value = ?18, mean_value = ?19 "
      "RETURNING id",
      "itiiiiiiiiiiiirrrrr", run_id, key, s->count, s->nan_count, s->first_step, s->first_time_us,
      s->last_step, s->last_time_us, to_bits(s->first), to_bits(s->last), to_bits(s->min),
      to_bits(s->max), to_bits(s->sum), to_bits(s->compensation), s->first, s->last,
      mri_summary_min(s), mri_summary_max(s), mri_summary_mean(s));
}

static mr_status append_chunk(mri_chunk_decoder *decoder, const mri_mem *mem, const uint8_t *data,
                              size_t size, mri_series *out, mr_error *error) {
  size_t count = 0;
  mr_status status = mri_chunk_count(data, size, &count, error);
  if (status != MR_OK) return status;
  if (!mri_series_reserve(out, mem, count)) return mri_error_no_memory(error);
  status = mri_chunk_decode(decoder, data, size, out->steps + out->count,
                            out->times_us + out->count, out->values + out->count, count, error);
  if (status == MR_OK) out->count += count;
  return status;
}

mr_status mri_chunk_read(const mri_mem *mem, const uint8_t *data, size_t size, mri_series *out,
                         mr_error *error) {
  mri_chunk_decoder *decoder = mri_chunk_decoder_new(mem);
  if (decoder == NULL) return mri_error_no_memory(error);
  mr_status status = append_chunk(decoder, mem, data, size, out, error);
  mri_chunk_decoder_free(decoder);
  return status;
}

/* The last chunk of a metric while it still has room: its points go to the front of the new ones. */
static mr_status read_tail(mri_tx *tx, const mri_mem *mem, int64_t metric_id, int64_t *sequence,
                           mri_series *tail, mr_error *error) {
  mri_stmt *stmt = NULL;
  bool found = false;
  *sequence = 0;
  mr_status status = mri_sql_first(tx, error, &stmt, &found,
                                   "SELECT sequence, points, data FROM metric_chunk "
                                   "WHERE metric_id = ?1 ORDER BY sequence DESC LIMIT 1",
                                   "i", metric_id);
  if (status != MR_OK || !found) return status;
  *sequence = mri_stmt_int(stmt, 0) + 1;
  if (mri_stmt_int(stmt, 1) < CHUNK_POINTS) {
    size_t size = 0;
    const uint8_t *data = mri_stmt_bytes(stmt, 2, &size);
    status = mri_chunk_read(mem, data, size, tail, error);
    *sequence -= 1;
  }
  mri_stmt_done(stmt);
  return status;
}

/* Where the chunks of a metric go. */
typedef struct chunk_writer {
  mri_tx *tx;
  mri_chunk_encoder *encoder;
  int64_t metric_id;
  int64_t sequence;
} chunk_writer;

/* Points of the next chunk when so many are left. */
static size_t chunk_points(size_t left) {
  if (left >= LARGE_CHUNK_POINTS) return LARGE_CHUNK_POINTS;
  return left < CHUNK_POINTS ? left : CHUNK_POINTS;
}

static mr_status write_chunks(chunk_writer *writer, const mri_series *points, size_t at,
                              mr_error *error) {
  mr_status status = MR_OK;
  while (at < points->count && status == MR_OK) {
    const uint8_t *data = NULL;
    size_t size = 0;
    size_t count = chunk_points(points->count - at);
    status = mri_chunk_encode(writer->encoder, points->steps + at, points->times_us + at,
                              points->values + at, count, &data, &size, error);
    if (status != MR_OK) return status;
    status = mri_sql_run(
        writer->tx, error,
        "INSERT INTO metric_chunk (metric_id, sequence, points, data) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (metric_id, sequence) DO UPDATE SET points = ?3, data = ?4",
        "iiib", writer->metric_id, writer->sequence, (int64_t)count, (const void *)data, size);
    writer->sequence++;
    at += count;
  }
  return status;
}

/* Fills the last chunk from the front of the new points; *taken tells how many went there. */
static mr_status fill_tail(const mri_mem *mem, mri_series *tail, const mri_series *series,
                           size_t *taken, mr_error *error) {
  *taken = 0;
  /* The number beside a chunk may be wrong: one that is full already is written anew, as it is. */
  if (tail->count == 0 || tail->count >= CHUNK_POINTS) return MR_OK;
  mri_series front = *series;
  size_t room = CHUNK_POINTS - tail->count;
  if (front.count > room) front.count = room;
  if (!mri_series_reserve(tail, mem, front.count)) return mri_error_no_memory(error);
  mri_series_append(tail, &front);
  *taken = front.count;
  return MR_OK;
}

static mr_status fold_series(mri_tx *tx, const mri_mem *mem, int64_t run_id,
                             const mri_series *series, mr_error *error) {
  mri_summary summary;
  mri_series tail;
  size_t taken = 0;
  chunk_writer writer = {.tx = tx};
  memset(&tail, 0, sizeof tail);
  mr_status status = read_summary(tx, run_id, series->key, &writer.metric_id, &summary, error);
  if (status == MR_OK && writer.metric_id != 0) {
    status = read_tail(tx, mem, writer.metric_id, &writer.sequence, &tail, error);
  }
  if (status == MR_OK) status = fill_tail(mem, &tail, series, &taken, error);
  if (status != MR_OK) goto cleanup;
  mri_summary_add(&summary, series->steps, series->times_us, series->values, series->count);
  status = mri_summary_write(tx, run_id, series->key, &writer.metric_id, &summary, error);
  if (status != MR_OK) goto cleanup;
  size_t largest = chunk_points(tail.count > series->count ? tail.count : series->count);
  writer.encoder = mri_chunk_encoder_new(mem, largest);
  status =
      writer.encoder == NULL ? mri_error_no_memory(error) : write_chunks(&writer, &tail, 0, error);
  if (status == MR_OK) status = write_chunks(&writer, series, taken, error);
cleanup:
  mri_chunk_encoder_free(writer.encoder);
  mri_series_destroy(&tail, mem);
  return status;
}

mr_status mri_metric_fold(mr_registry *registry, int64_t run_id, const mri_vec *series,
                          bool durable, bool waits, const mr_cancel *cancel, bool *sealed,
                          mr_error *error) {
  mri_tx *tx = NULL;
  mri_tx_kind kind = durable ? MRI_TX_APPEND_DURABLE : MRI_TX_APPEND;
  mr_status status = waits ? mri_tx_begin(registry->store, kind, cancel, &tx, error)
                           : mri_tx_begin_within(registry->store, kind, 0, cancel, &tx, error);
  if (status != MR_OK) return status;
  int64_t is_sealed = 0;
  status = mri_sql_int(tx, error, 0, &is_sealed,
                       "SELECT sealed_by IS NOT NULL FROM run WHERE id = ?1", "i", run_id);
  *sealed = status == MR_OK && is_sealed != 0;
  for (size_t i = 0; i < series->count && status == MR_OK && !*sealed; i++) {
    const mri_series *one = mri_vec_at(series, i);
    if (one->count > 0) status = fold_series(tx, &registry->mem, run_id, one, error);
  }
  if (status == MR_OK && durable) {
    /* A transaction that changes nothing is not synced: this makes it one that does. */
    status = mri_sql_run(tx, error, "UPDATE run SET status = status WHERE id = ?1", "i", run_id);
  }
  return mri_tx_end(tx, status, error);
}

mr_status mri_metric_read(mri_tx *tx, const mri_mem *mem, int64_t metric_id, mri_series *out,
                          mr_error *error) {
  mri_stmt *stmt = NULL;
  mri_chunk_decoder *decoder = mri_chunk_decoder_new(mem);
  if (decoder == NULL) return mri_error_no_memory(error);
  mr_status status = mri_sql_query(
      tx, error, &stmt, "SELECT data FROM metric_chunk WHERE metric_id = ?1 ORDER BY sequence", "i",
      metric_id);
  bool row = false;
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    size_t size = 0;
    const uint8_t *data = mri_stmt_bytes(stmt, 0, &size);
    status = append_chunk(decoder, mem, data, size, out, error);
  }
  mri_stmt_done(stmt);
  mri_chunk_decoder_free(decoder);
  return status;
}
