// SPDX-License-Identifier: Apache-2.0

package modelreg

// #include "go_runtime.h"
// #include <stdlib.h>
import "C"

import (
	"crypto/rand"
	"runtime/cgo"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Allocator replaces malloc and its kin. The memory must not be Go's. The functions may be called
// from any goroutine; nil from the first two makes the running call fail with [ErrNoMemory]. SQLite
// keeps its own allocator.
type Allocator struct {
	// Like malloc; size is never 0.
	Allocate func(size uintptr) unsafe.Pointer

	// Like realloc; memory is never nil and size is never 0.
	Reallocate func(memory unsafe.Pointer, size uintptr) unsafe.Pointer

	// Like free; memory is never nil.
	Deallocate func(memory unsafe.Pointer)
}

// A host keeps the callbacks of a registry for as long as C can call them: until the last handle that
// came from it is freed.
type host struct {
	clock     func() time.Time
	random    func([]byte)
	allocator Allocator

	ctx  *C.uintptr_t // memory of C that holds the cgo.Handle of this host
	refs atomic.Int64
}

// hosts counts the hosts whose callbacks C can still call; tests read it.
var hosts atomic.Int64

// callbacks is the host of this call's options.
func (f *frame) callbacks() *host {
	if f.host == nil {
		hosts.Add(1)
		h := &host{ctx: (*C.uintptr_t)(C.malloc(C.sizeof_uintptr_t))}
		h.refs.Store(1)
		*h.ctx = C.uintptr_t(cgo.NewHandle(h))
		f.host = h
	}
	return f.host
}

func (h *host) retain() {
	if h != nil {
		h.refs.Add(1)
	}
}

func (h *host) release() {
	if h != nil && h.refs.Add(-1) == 0 {
		cgo.Handle(*h.ctx).Delete()
		C.free(unsafe.Pointer(h.ctx))
		hosts.Add(-1)
	}
}

// isCalling tells whether this goroutine runs a callback of h.
func (h *host) isCalling() bool {
	return h != nil && C.mrgo_is_in_callback(unsafe.Pointer(h.ctx)) != 0
}

// nativeClock makes C call clock.
func (f *frame) nativeClock(clock func() time.Time) (C.mr_clock_fn, unsafe.Pointer) {
	if clock == nil {
		return nil, nil
	}
	h := f.callbacks()
	h.clock = clock
	return C.mr_clock_fn(C.mrgo_clock), unsafe.Pointer(h.ctx)
}

// nativeRandom makes C call random.
func (f *frame) nativeRandom(random func([]byte)) (C.mr_random_fn, unsafe.Pointer) {
	if random == nil {
		return nil, nil
	}
	h := f.callbacks()
	h.random = random
	return C.mr_random_fn(C.mrgo_random), unsafe.Pointer(h.ctx)
}

// nativeAllocator makes C call the functions of allocator.
func (f *frame) nativeAllocator(name string, allocator *Allocator) *C.mr_allocator {
	if allocator == nil {
		return nil
	}
	if allocator.Allocate == nil || allocator.Reallocate == nil || allocator.Deallocate == nil {
		f.fail(invalidArgument("%s lacks one of its three functions", name))
		return nil
	}
	h := f.callbacks()
	h.allocator = *allocator
	native := &C.mr_allocator{struct_size: C.sizeof_mr_allocator}
	native.ctx = unsafe.Pointer(h.ctx)
	native.allocate = (*[0]byte)(C.mrgo_allocate)
	native.reallocate = (*[0]byte)(C.mrgo_reallocate)
	native.deallocate = (*[0]byte)(C.mrgo_deallocate)
	f.pins.Pin(native)
	return native
}

// panics are those that were caught in a callback and have not gone on yet. A panic must not unwind
// C, so a callback catches it and answers for itself, and the call goes on with it later.
var panics struct {
	sync.Mutex
	last   uint64
	values map[uint64]any
}

// catch is deferred by a callback; panicked names the first panic of this call, and 0 is none.
func catch(panicked *C.uint64_t, returned *bool, answer func()) {
	if *returned {
		return
	}
	value := recover()
	if value == nil {
		// The goroutine is about to end, and would leave the library's locks held for ever. No
		// one can recover from a panic on a goroutine of its own.
		go panic("modelreg: a callback ended its goroutine, by runtime.Goexit or a failing test;" +
			" it must return or panic")
		select {}
	}
	if *panicked == 0 {
		panics.Lock()
		defer panics.Unlock()
		if panics.values == nil {
			panics.values = make(map[uint64]any)
		}
		panics.last++
		panics.values[panics.last] = value
		*panicked = C.uint64_t(panics.last)
	}
	answer()
}

// takePanic gives the value of a panic and forgets it; 0 is none.
func takePanic(panicked uint64) any {
	if panicked == 0 {
		return nil
	}
	panics.Lock()
	defer panics.Unlock()
	value := panics.values[panicked]
	delete(panics.values, panicked)
	return value
}

// raise goes on with a panic that a callback caught; 0 is none.
func raise(panicked uint64) {
	if panicked != 0 {
		panic(takePanic(panicked))
	}
}

func hostOf(handle C.uintptr_t) *host {
	return cgo.Handle(handle).Value().(*host)
}

//export mrgoClock
func mrgoClock(handle C.uintptr_t, before C.uint64_t) (us C.int64_t, panicked C.uint64_t) {
	panicked = before
	returned := false
	defer catch(&panicked, &returned, func() { us = C.int64_t(time.Now().UnixMicro()) })
	us = C.int64_t(hostOf(handle).clock().UnixMicro())
	returned = true
	return us, panicked
}

//export mrgoRandom
func mrgoRandom(handle C.uintptr_t, before C.uint64_t, out *C.uint8_t, size C.size_t) (panicked C.uint64_t) {
	panicked = before
	returned := false
	bytes := unsafe.Slice((*byte)(out), size)
	defer catch(&panicked, &returned, func() { _, _ = rand.Read(bytes) })
	hostOf(handle).random(bytes)
	returned = true
	return panicked
}

//export mrgoAllocate
func mrgoAllocate(handle C.uintptr_t, before C.uint64_t, size C.size_t) (memory unsafe.Pointer, panicked C.uint64_t) {
	panicked = before
	returned := false
	defer catch(&panicked, &returned, func() { memory = nil })
	memory = hostOf(handle).allocator.Allocate(uintptr(size))
	returned = true
	return memory, panicked
}

//export mrgoReallocate
func mrgoReallocate(handle C.uintptr_t, before C.uint64_t, old unsafe.Pointer, size C.size_t) (memory unsafe.Pointer, panicked C.uint64_t) {
	panicked = before
	returned := false
	defer catch(&panicked, &returned, func() { memory = nil })
	memory = hostOf(handle).allocator.Reallocate(old, uintptr(size))
	returned = true
	return memory, panicked
}

//export mrgoDeallocate
func mrgoDeallocate(handle C.uintptr_t, before C.uint64_t, memory unsafe.Pointer) (panicked C.uint64_t) {
	panicked = before
	returned := false
	defer catch(&panicked, &returned, func() {})
	hostOf(handle).allocator.Deallocate(memory)
	returned = true
	return panicked
}
