// SPDX-License-Identifier: Apache-2.0

// Package modelreg keeps the whole life of a machine-learning model, with libmodelreg:
//
//	dataset snapshot -> training runs -> promotion gate -> model version -> channel -> consumer
//
// The C library must be installed where pkg-config and the loader find it. It is asked for its ABI
// level when the program starts; where it does not fit, [OpenRegistry] and the other functions that
// make a handle fail with [ErrABIMismatch].
//
// # Names
//
// A function of C is a method of the handle that is its first parameter: mr_run_log_param is
// [Run.LogParam]. What makes a handle out of nothing is a function: [OpenRegistry], [NewGate],
// [ParseGate], [NewManifest], [NewCancel].
//
// # Errors
//
// Every error is an [*Error] with a status, and errors.Is finds it by that: errors.Is(err,
// [ErrNotFound]). A failed call has recorded nothing; one that writes files may have written some of
// them, each whole.
//
// Every call on a registry, or on a handle that came from one, may fail with [ErrNoMemory];
// [ErrClosed] when the handle or its registry was closed; [ErrForked] in a child process of the one
// that opened the registry; [ErrBusy] when other writers do not let go within the busy timeout;
// [ErrIO] and [ErrCorrupt] when the store cannot be read or written; [ErrTampered] when stored
// content does not match its digest; and for calls that write [ErrReadOnly]. A call that takes text
// may fail with [ErrLimit], one whose options carry a [Cancel] with [ErrCancelled]. A string with a
// NUL, slices that must be of one length and are not, and a missing handle are [ErrInvalidArgument],
// and the message names the argument.
//
// # Handles
//
// A handle is closed with Close, at any time, from any goroutine and more than once; the order does
// not matter. Calls that are under way end as usual. Using a handle after Close, also to read its
// record, fails with [ErrClosed]. A handle that was dropped is closed by the garbage collector some
// time later; a handle keeps those that it came from. Close a registry yourself: only then is it
// clear when its files are released, and only [Registry.Close] tells that points could not be
// written.
//
// Handles may be used by many goroutines at a time. Calls on a [Registry], a [Run], a [Metric] and a
// [Cancel] run side by side; calls on one of the others wait for each other. Records are read
// without waiting.
//
// # Contexts
//
// [CancelOn] makes a token from a context, for the options of a call:
//
//	cancel, stop, err := modelreg.CancelOn(ctx)
//	if err != nil {
//		return err
//	}
//	defer stop()
//	report, err := version.FetchReport(folder, &modelreg.FetchOptions{Cancel: cancel})
//
// # Values
//
// Options are structs whose zero value is the default of every field; nil is the same as a zero
// value. Records are copies that live as long as you keep them. "" stands for a string that is
// absent, in both: a tag that was set to "" and one without a value look the same, and no field tells
// a missing description from an empty one. A time is a [time.Time] in UTC, the zero Time where the
// library has none, and a timeout a [time.Duration]; columns of times are Unix microseconds.
//
// Enums keep values that this package does not know.
//
// Slices of numbers and bytes are handed to the library where they are. The columns of a [History]
// and the content of a [Blob] come as a copy, or without copying to a function: [History.ViewValues],
// [Blob.ViewMap].
//
// # Lists
//
// A list is a sequence that reads page after page while it is ranged over:
//
//	for run, err := range registry.ListRuns(nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(run.ID)
//	}
//
// No handle stays open between two steps. ListRunsPage and its like read one page.
//
// # Callbacks
//
// The clock, the randomness and the allocator in [OpenOptions] are called on the goroutine of the
// call that needs them, until the last handle of the registry is freed. They must not use the
// registry that calls them, but may close it. A callback that panics answers as the system would, or
// with no memory; the panic goes on when the call has returned, and is dropped where the garbage
// collector closed the handle. A callback that ends its goroutine, by [runtime.Goexit] or a failing
// test, ends the program.
package modelreg

// #cgo pkg-config: modelreg
import "C"
