// SPDX-License-Identifier: Apache-2.0

package modelreg

// #include "go_runtime.h"
// #include <stdlib.h>
import "C"

import (
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// A frame keeps what one call into the library needs until it has returned: handles that must not be
// freed, and Go memory that must not move or go away. Its methods turn arguments into C; the first
// that cannot be turned is told by err.
type frame struct {
	err  error
	pins runtime.Pinner
	held [maxHeld]*handle
	used int

	locked bool  // lock was called, and unlock not yet
	host   *host // made from the callbacks of this call's options
}

// maxHeld is the most handles that a call takes, with those in its options; go_build.py checks it.
const maxHeld = 4

// end is deferred by every call. What C's callbacks panicked with goes on here.
func (f *frame) end() {
	f.unlock()
	f.pins.Unpin()
	var panicked uint64
	for f.used > 0 {
		f.used--
		panicked = first(panicked, f.held[f.used].leave())
	}
	if f.host != nil {
		f.host.release()
	}
	raise(panicked)
}

// first keeps the first of two panics.
func first(panicked, next uint64) uint64 {
	if panicked == 0 {
		return next
	}
	if next != 0 {
		takePanic(next)
	}
	return panicked
}

func (f *frame) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// abi is asked by calls that need no handle.
func (f *frame) abi() {
	if abiMismatch != nil {
		f.fail(abiMismatch)
	}
}

// self enters the handle of a method; nil is one of a zero value, which is as good as closed.
func (f *frame) self(o *owner) unsafe.Pointer {
	if o == nil || o.handle == nil {
		f.fail(&Error{Status: StatusClosed, Message: "the handle was never opened"})
		return nil
	}
	h := o.handle
	entered := h.enter()
	runtime.KeepAlive(o) // or the garbage collector could close h before
	if !entered {
		f.fail(&Error{Status: StatusClosed, Message: "this " + h.kind.name + " was closed"})
		return nil
	}
	f.held[f.used] = h
	f.used++
	return h.ptr
}

// present enters a handle where there is one: nil stands for one that is nil or was closed, too.
func (f *frame) present(o *owner) unsafe.Pointer {
	before := f.err
	ptr := f.self(o)
	f.err = before
	return ptr
}

// argument enters a handle that is an argument; absent says whether it may be missing.
func (f *frame) argument(name string, o *owner, absent bool) unsafe.Pointer {
	if o == nil {
		if !absent {
			f.fail(invalidArgument("%s is nil", name))
		}
		return nil
	}
	return f.self(o)
}

// lock keeps other calls from the handles of this one that must not be used by two at a time. All
// calls lock in the order of numbers, so that none waits for another that waits for it; a handle
// that was given twice is locked once.
func (f *frame) lock() {
	held := f.held[:f.used]
	for i := range held {
		for ; i > 0 && held[i].number < held[i-1].number; i-- {
			held[i], held[i-1] = held[i-1], held[i]
		}
	}
	for i, h := range held {
		if h.kind.locked && (i == 0 || h != held[i-1]) {
			h.mutex.Lock()
		}
	}
	f.locked = true
}

// unlock may come before end, where what follows only reads what does not change.
func (f *frame) unlock() {
	if !f.locked {
		return
	}
	f.locked = false
	for i, h := range f.held[:f.used] {
		if h.kind.locked && (i == 0 || h != f.held[i-1]) {
			h.mutex.Unlock()
		}
	}
}

// text is a string with a NUL behind it, in memory of Go that holds no pointers.
func (f *frame) text(name, value string) *C.char {
	if strings.IndexByte(value, 0) >= 0 {
		f.fail(invalidArgument("%s contains a NUL", name))
		return nil
	}
	memory := make([]byte, len(value)+1)
	copy(memory, value)
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(memory)))
}

// optionalText is text, or NULL for "".
func (f *frame) optionalText(name, value string) *C.char {
	if value == "" {
		return nil
	}
	return f.text(name, value)
}

// pinnedText is optionalText for a field of a struct.
func (f *frame) pinnedText(name, value string) *C.char {
	text := f.optionalText(name, value)
	if text != nil {
		f.pins.Pin(text)
	}
	return text
}

// texts is an array of strings, all in one block; NULL for none.
func (f *frame) texts(name string, values []string) **C.char {
	if len(values) == 0 {
		return nil
	}
	size := len(values)
	for i, value := range values {
		if strings.IndexByte(value, 0) >= 0 {
			f.fail(invalidArgument("%s[%d] contains a NUL", name, i))
			return nil
		}
		size += len(value)
	}
	memory := make([]byte, 0, size)
	f.pins.Pin(unsafe.SliceData(memory))
	pointers := make([]*C.char, len(values))
	for i, value := range values {
		pointers[i] = (*C.char)(unsafe.Pointer(unsafe.SliceData(memory[len(memory):size])))
		memory = append(append(memory, value...), 0)
	}
	f.pins.Pin(unsafe.SliceData(pointers))
	return unsafe.SliceData(pointers)
}

// array is the memory of a slice of numbers or bytes, without copying; NULL for none.
func array[T any](values []T) unsafe.Pointer {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Pointer(unsafe.SliceData(values))
}

// pinnedArray is array for a field of a struct.
func pinnedArray[T any](f *frame, values []T) unsafe.Pointer {
	if len(values) == 0 {
		return nil
	}
	f.pins.Pin(unsafe.SliceData(values))
	return unsafe.Pointer(unsafe.SliceData(values))
}

// sameLength refuses arrays of different lengths.
func (f *frame) sameLength(name string, length int, otherName string, otherLength int) {
	if length != otherLength {
		f.fail(invalidArgument("%s has %d elements and %s has %d; they must be as many",
			name, length, otherName, otherLength))
	}
}

// done turns what a call gave into an error, and lets the panic of a callback go on; kind, where it
// is not nil, is that of the handle that the call made.
func (f *frame) done(result C.mrgo_result, kind *handleKind) error {
	if result.panicked != 0 {
		if result.status != C.MR_OK {
			C.free(unsafe.Pointer(result.error))
		} else if kind != nil && result.out != nil {
			first(uint64(result.panicked), kind.free(result.out))
		}
		raise(uint64(result.panicked))
	}
	if result.status != C.MR_OK {
		return f.failure(result)
	}
	return nil
}

func nativeBool(value bool) C.int32_t {
	if value {
		return 1
	}
	return 0
}

func outOfRange(name string, index, count int) error {
	return invalidArgument("%s %d is out of range: there are %d", name, index, count)
}

// goTexts copies an array of strings.
func goTexts(first **C.char, count C.int64_t) []string {
	if count == 0 {
		return nil
	}
	texts := make([]string, count)
	for i, text := range unsafe.Slice(first, count) {
		texts[i] = C.GoString(text)
	}
	return texts
}

// goTime is the time of Unix microseconds, and the zero Time for 0.
func goTime(us C.int64_t) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(us)).UTC()
}

// microseconds is the inverse of goTime.
func microseconds(t time.Time) C.int64_t {
	if t.IsZero() {
		return 0
	}
	return C.int64_t(t.UnixMicro())
}

// milliseconds rounds away from zero, so that what is not zero stays so.
func milliseconds(d time.Duration) C.int64_t {
	whole := d / time.Millisecond
	if rest := d % time.Millisecond; rest > 0 {
		whole++
	} else if rest < 0 {
		whole--
	}
	return C.int64_t(whole)
}
