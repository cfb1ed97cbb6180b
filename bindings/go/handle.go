// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"sync/atomic"
	"unsafe"
)

// live counts the C handles that have not been freed; tests read it.
var live atomic.Int64

// A handleKind is what handles of one type share.
type handleKind struct {
	name string
	free func(unsafe.Pointer) (panicked uint64)
}

// A handle owns one handle of the C library. Whoever closes it last, Close or the last call that is
// under way, frees the C handle.
type handle struct {
	ptr  unsafe.Pointer
	kind *handleKind
	host *host // the callbacks that C may call because of this handle; nil: none

	// The number of calls under way, and the bit closed.
	state atomic.Int64
}

const closed = 1 << 62

func newHandle(ptr unsafe.Pointer, kind *handleKind, host *host) *handle {
	live.Add(1)
	host.retain()
	return &handle{ptr: ptr, kind: kind, host: host}
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

// close is told by Close and by the garbage collector.
func (h *handle) close() {
	for {
		state := h.state.Load()
		if state&closed != 0 {
			return
		}
		if !h.state.CompareAndSwap(state, state|closed) {
			continue
		}
		if state == 0 {
			raise(h.release())
		}
		return
	}
}

func (h *handle) release() (panicked uint64) {
	panicked = h.kind.free(h.ptr)
	h.host.release()
	live.Add(-1)
	return panicked
}
