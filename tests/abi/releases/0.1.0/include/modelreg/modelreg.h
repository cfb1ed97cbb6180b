/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file modelreg.h
 * libmodelreg: the whole life of a machine-learning model in one embeddable library.
 *
 *     dataset snapshot -> training runs -> promotion gate -> model version -> channel -> consumer
 *
 * Rules that hold for every function:
 *
 * Results. A call that can fail returns an mr_status. Output parameters are written only on
 * success, the mr_error only on failure; `error` may be NULL. Parameters are not NULL unless
 * @nullable says so, and a NULL is answered with MR_INVALID_ARGUMENT.
 *
 * Common statuses. Every call on a registry, or on a handle that came from one, may also answer
 * MR_NO_MEMORY; MR_CLOSED after mr_registry_close(); MR_FORKED in a child process of the one that
 * opened the registry; MR_BUSY when other writers do not let go within the busy timeout; MR_IO and
 * MR_CORRUPT when the store cannot be read or written; MR_TAMPERED when stored content does not
 * match its digest; and for calls that write MR_READ_ONLY. A call that takes text may answer
 * MR_LIMIT, one with an option struct MR_ABI_MISMATCH, one whose options carry an mr_cancel
 * MR_CANCELLED. A failed call has recorded nothing; one that writes files may have written some of
 * them, each whole.
 *
 * Ownership. Each handle has one free or close function; NULL is a no-op; handles may be freed in
 * any order, since children keep alive what they need of their parents. Records and strings handed
 * out belong to the handle they came from and never change. Strings handed in are copied.
 *
 * Text is NUL-terminated UTF-8. Names are 1 to 250 bytes without control characters and without a
 * blank at either end; the texts of mr_run_options are names, too. Other values are at most 65,536
 * bytes. Times are Unix time in microseconds, ids are UUIDs in lower case.
 *
 * Options start with struct_size; initialise them with their MR_..._INIT. Zero is the default of
 * every field. A struct of an older caller is completed with defaults; one of a newer caller is
 * accepted when it asks for nothing that this library does not know.
 *
 * Threads. A registry, a run, a metric and a cancel token may be used from any thread at any time;
 * every other handle from one thread at a time, though records of a handle may be read from many.
 * The library starts no threads.
 *
 * Processes. Any number of processes may use one registry. A handle does not survive fork(): the
 * child opens the registry anew, and may only free what it inherited. Where another thread had a
 * call on any registry under way at the moment of fork(), opening one in the child answers
 * MR_FORKED: locks that this thread held are never given back.
 *
 * Callbacks of the host (allocator, clock, randomness) must return: no exception or longjmp may
 * leave them.
 */
#ifndef MODELREG_MODELREG_H
#define MODELREG_MODELREG_H

#include <modelreg/artifact.h>
#include <modelreg/backup.h>
#include <modelreg/buffer.h>
#include <modelreg/cancel.h>
#include <modelreg/channel.h>
#include <modelreg/check.h>
#include <modelreg/dataset.h>
#include <modelreg/error.h>
#include <modelreg/experiment.h>
#include <modelreg/fsck.h>
#include <modelreg/gate.h>
#include <modelreg/lineage.h>
#include <modelreg/list.h>
#include <modelreg/metric.h>
#include <modelreg/model.h>
#include <modelreg/model_version.h>
#include <modelreg/registry.h>
#include <modelreg/report.h>
#include <modelreg/request.h>
#include <modelreg/resolve.h>
#include <modelreg/run.h>
#include <modelreg/semver.h>
#include <modelreg/types.h>
#include <modelreg/version.h>

#endif
