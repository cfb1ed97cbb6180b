// SPDX-License-Identifier: Apache-2.0

package modelreg

// #include "go_runtime.h"
import "C"

import (
	"context"
	"sync"
	"sync/atomic"
	"unsafe"
)

// live counts the C handles that have not been freed; tests read it.
var live atomic.Int64

// made counts the handles that ever were.
var made atomic.Uint64

// A handleKind is what handles of one type share.
type handleKind struct {
	name string
	free func(unsafe.Pointer) (panicked uint64)

	// Whether the library leaves it to its caller that calls on a handle do not meet.
	locked bool

	// For a handle that holds files: writes what is still in memory, before free. Close reports its
	// failure and waits for both. nil for every other handle.
	flush func(unsafe.Pointer) C.mrgo_result
}

// A handle owns one handle of the C library. Whoever closes it last, Close or the last call that is
// under way, frees the C handle.
type handle struct {
	ptr   unsafe.Pointer
	kind  *handleKind
	host  *host           // the callbacks that C may call because of this handle; nil: none
	until context.Context // what triggers a token; nil: none

	// What this handle came from, nil for none. A call under way keeps its handles, and they their
	// parents: dropping a registry whose runs are in use does not close it.
	parent any

	number uint64 // the order in which calls lock their handles
	mutex  sync.Mutex

	// With a flush: closed when the C handle is freed, and then what could not be written.
	freed     chan struct{}
	unwritten error

	// The number of calls under way, and the bit closed.
	state atomic.Int64
}

const closed = 1 << 62

func newHandle(ptr unsafe.Pointer, kind *handleKind, host *host, parent any) *handle {
	live.Add(1)
	host.retain()
	h := &handle{ptr: ptr, kind: kind, host: host, parent: parent, number: made.Add(1)}
	if kind.flush != nil {
		h.freed = make(chan struct{})
	}
	return h
}

// enter begins a call; false: the handle is closed.
func (h *handle) enter() bool {
	for {
		state := h.state.Load()
		if state&closed != 0 {
			return false
		}
		if h.state.CompareAndSwap(state, state+1) {
			return true
		}
	}
}

// leave ends a call, and tells which panic a callback caught when that freed the C handle.
func (h *handle) leave() (panicked uint64) {
	if h.state.Add(-1) != closed {
		return 0
	}
	return h.release()
}

// shut lets no more calls begin and frees the C handle, unless a call under way will. A callback
// cannot wait for the call that it runs in, so another goroutine does.
func (h *handle) shut() (panicked uint64) {
	for {
		state := h.state.Load()
		if state&closed != 0 {
			return 0
		}
		if !h.state.CompareAndSwap(state, state|closed) {
			continue
		}
		if state != 0 {
			return 0
		}
		if h.host.isCalling() {
			go func() { takePanic(h.release()) }()
			return 0
		}
		return h.release()
	}
}

// collect closes for the garbage collector. There is no one to whom the panic of a callback could go
// on.
func (h *handle) collect() { takePanic(h.shut()) }

func (h *handle) release() (panicked uint64) {
	if h.kind.flush != nil {
		result := h.kind.flush(h.ptr)
		panicked = uint64(result.panicked)
		if result.status != C.MR_OK {
			h.unwritten = new(frame).failure(result)
		}
	}
	panicked = first(panicked, h.kind.free(h.ptr))
	h.host.release()
	live.Add(-1)
	if h.freed != nil {
		close(h.freed)
	}
	return panicked
}

// An owner is all that the handles of Go consist of. The garbage collector closes the handle when
// its owner is gone.
type owner struct {
	_      noCopy
	handle *handle
}

// noCopy makes go vet refuse a copy, whose handle would be closed with the first of both.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// close returns what could not be written, for a handle that holds files. It then returns when they
// are released, unless it would wait for the call that it runs in.
func (o *owner) close() error {
	if o == nil || o.handle == nil {
		return nil
	}
	h := o.handle
	panicked := h.shut()
	if h.freed != nil && !h.host.isCalling() {
		<-h.freed
		raise(panicked)
		return h.unwritten
	}
	raise(panicked)
	return nil
}
