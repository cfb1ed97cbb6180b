// SPDX-License-Identifier: Apache-2.0

package modelreg

// #include "go_runtime.h"
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"
)

// Error is what every call of this package fails with.
//
// errors.Is finds the status of an Error: errors.Is(err, [ErrNotFound]). A status that this package
// does not know stays in Status and is found by errors.Is(err, &Error{Status: 99}).
type Error struct {
	// Why the call failed.
	Status Status

	// With [ErrIO] an errno; with other statuses an errno or the result code of SQLite behind it, for
	// a log. 0 if there is none.
	BackendCode int64

	// One line that names the thing and the way out.
	Message string

	cause error // why the context of a token ended; nil: none did
}

// Error returns the message after the name of the status.
func (e *Error) Error() string {
	if e.Message == "" {
		return "modelreg: " + e.Status.String()
	}
	return "modelreg: " + e.Status.String() + ": " + e.Message
}

// Is tells whether target is an Error of the same status without a message, such as [ErrNotFound].
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Message == "" && other.Status == e.Status
}

// Unwrap returns what is behind the error, else nil: with [ErrIO] the error of the operating system,
// so that errors.Is(err, fs.ErrPermission) and the like work; with [ErrCancelled] that of the context
// of [CancelOn], so that errors.Is(err, context.DeadlineExceeded) and the like work.
func (e *Error) Unwrap() error {
	if e.Status == StatusIO && e.BackendCode > 0 {
		return syscall.Errno(e.BackendCode)
	}
	return e.cause
}

func invalidArgument(format string, values ...any) *Error {
	return &Error{Status: StatusInvalidArgument, Message: fmt.Sprintf(format, values...)}
}

// failure makes an Error of what a call gave, and frees the C copy.
func (f *frame) failure(result C.mrgo_result) error {
	e := newError(Status(result.status), 0, "memory ran out while the message was copied")
	if result.error != nil {
		defer C.free(unsafe.Pointer(result.error))
		message := C.GoString(&result.error.message[0])
		e = newError(e.Status, int64(result.error.backend_code), message)
	}
	e.cause = f.cause(e.Status)
	return e
}

func newError(status Status, backendCode int64, message string) *Error {
	return &Error{
		Status:      status,
		BackendCode: backendCode,
		Message:     strings.ToValidUTF8(message, "\uFFFD"),
	}
}

// cause is why the context of a token of this call ended, where that ended the call.
func (f *frame) cause(status Status) error {
	if status == StatusCancelled {
		for _, h := range f.held[:f.used] {
			if h.until != nil && h.until.Err() != nil {
				return h.until.Err()
			}
		}
	}
	return nil
}

// abiMismatch is what calls without a handle fail with when the library that was loaded does not fit
// this package; nil when it does.
var abiMismatch = compareABI(uint32(C.mr_abi_level()))

func compareABI(level uint32) error {
	if level == HeaderABILevel {
		return nil
	}
	return &Error{
		Status: StatusABIMismatch,
		Message: fmt.Sprintf("the libmodelreg that was loaded is %s with ABI level %d, and this program"+
			" was built for %d.%d.%d with ABI level %d; install a matching one or build the program anew",
			LibraryVersion(), level, LibraryVersionMajor, LibraryVersionMinor, LibraryVersionPatch,
			HeaderABILevel),
	}
}
