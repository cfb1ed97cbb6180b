// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"modelreg/internal/ctest"
)

func TestClockAndRandom(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("east", 3600))
	var byteCount int
	registry := openMemory(t, OpenOptions{
		Clock: func() time.Time { return at },
		Random: func(out []byte) {
			byteCount += len(out)
			for i := range out {
				out[i] = 0xAB
			}
		},
	})
	info := must[RunRecord](t)(startRun(t, registry).Info())
	equal(t, info.Started, at.UTC())
	if byteCount == 0 || !strings.HasSuffix(info.ID, "abababab") {
		t.Fatal(byteCount, info.ID)
	}
}

// Callbacks live as long as C can call them: longer than the registry, and no longer than its last
// handle.
func TestCallbacksOutliveTheRegistry(t *testing.T) {
	collect()
	memory := newMemory()
	registry := must[*Registry](t)(OpenRegistry("memory:", &OpenOptions{
		Flags: OpenCreate, Allocator: memory.allocator(), Clock: time.Now,
	}))
	run := startRun(t, registry)
	ok(t, registry.Close())
	registry = nil
	for range 3 {
		collectOnce()
	}
	equal(t, hosts.Load(), 1)
	equal(t, memory.blocks() > 0, true)
	ok(t, run.Close())
	equal(t, hosts.Load(), 0)
	equal(t, memory.blocks(), 0)
}

// caught is what a call panicked with.
func caught(call func()) (value any) {
	defer func() { value = recover() }()
	call()
	return nil
}

func TestPanickingClock(t *testing.T) {
	boom := errors.New("boom")
	fails := false
	registry := openMemory(t, OpenOptions{Clock: func() time.Time {
		if fails {
			panic(boom)
		}
		return time.UnixMicro(1)
	}})
	experiment := must[*Experiment](t)(registry.OpenExperiment("x"))
	defer experiment.Close()
	run := must[*Run](t)(experiment.StartRun(nil))
	defer run.Close()
	before := live.Load()
	fails = true
	// The panic comes out of the call, whose output is freed and which went by the system's clock.
	equal(t, caught(func() { _, _ = experiment.StartRun(&RunOptions{Name: "second"}) }), any(boom))
	equal(t, live.Load(), before)
	equal(t, caught(func() { _ = run.LogMetric("loss", 1, 1) }), any(boom))
	fails = false
	ok(t, run.LogMetric("loss", 2, 2))
	runs := list(t, registry.ListRuns(nil))
	equal(t, len(runs), 2)
	equal(t, list(t, run.ListMetrics(nil))[0].Count, 2)
	for _, each := range runs {
		if each.Name == "second" && time.Since(each.Started) > time.Hour {
			t.Fatal(each.Started)
		}
	}
	equal(t, len(panics.values), 0)
	ok(t, run.Close())
}

func TestPanickingRandom(t *testing.T) {
	fails := false
	registry := openMemory(t, OpenOptions{Random: func(out []byte) {
		if fails {
			panic("no randomness")
		}
		copy(out, bytes.Repeat([]byte{7}, len(out)))
	}})
	fails = true
	equal(t, caught(func() { _, _ = registry.OpenExperiment("x") }), any("no randomness"))
	equal(t, caught(func() { _, _ = registry.CreateModel("y", nil) }), any("no randomness"))
	fails = false
	ids := list(t, registry.ListModels(nil))
	equal(t, len(ids), 1)
	if strings.HasSuffix(ids[0].ID, "07070707") || strings.HasSuffix(ids[0].ID, "00000000") {
		t.Fatal(ids[0].ID)
	}
	equal(t, len(panics.values), 0)
}

func TestPanickingAllocator(t *testing.T) {
	memory := newMemory()
	fails := false
	allocator := *memory.allocator()
	inner := allocator
	allocator.Allocate = func(size uintptr) unsafe.Pointer {
		if fails {
			panic("allocate")
		}
		return inner.Allocate(size)
	}
	allocator.Deallocate = func(block unsafe.Pointer) {
		inner.Deallocate(block)
		if fails {
			panic("deallocate")
		}
	}
	registry := openMemory(t, OpenOptions{Allocator: &allocator})
	run := startRun(t, registry)
	before := live.Load()
	fails = true
	equal(t, caught(func() { _, _ = run.Metric("loss") }), any("allocate"))
	equal(t, live.Load(), before)
	fails = false
	metric := must[*Metric](t)(run.Metric("loss"))
	fails = true
	equal(t, caught(func() { _ = metric.Close() }), any("deallocate"))
	equal(t, live.Load(), before)
	fails = false
	ok(t, run.Close())
	ok(t, registry.Close())
	equal(t, memory.blocks(), 0)
	equal(t, len(panics.values), 0)
}

// The garbage collector has no one to panic to.
func TestPanicWhileCollecting(t *testing.T) {
	collect()
	memory := newMemory()
	var freed, fails atomic.Bool
	allocator := *memory.allocator()
	inner := allocator.Deallocate
	allocator.Deallocate = func(block unsafe.Pointer) {
		inner(block)
		if fails.Load() {
			freed.Store(true)
			panic("deallocate")
		}
	}
	func() {
		registry := must[*Registry](t)(OpenRegistry("memory:", &OpenOptions{
			Flags: OpenCreate, Allocator: &allocator,
		}))
		_ = must[*Experiment](t)(registry.OpenExperiment("x"))
	}()
	fails.Store(true)
	collect()
	equal(t, freed.Load(), true)
	equal(t, memory.blocks(), 0)
	for waitingPanics() != 0 { // the last is dropped right after its handle is freed
		runtime.Gosched()
	}
}

func waitingPanics() int {
	panics.Lock()
	defer panics.Unlock()
	return len(panics.values)
}

// A callback that ends its goroutine ends the program, and says so, before it leaves a lock of the
// library held for ever.
func TestGoexitInCallback(t *testing.T) {
	if os.Getenv("MODELREG_TEST_GOEXIT") != "" {
		ends := false
		registry := openMemory(t, OpenOptions{Clock: func() time.Time {
			if ends {
				runtime.Goexit()
			}
			return time.Now()
		}})
		ends = true
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			_, _ = registry.CreateModel("m", nil)
		}()
		<-done
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestGoexitInCallback$")
	child.Env = append(os.Environ(), "MODELREG_TEST_GOEXIT=1")
	output, err := child.CombinedOutput()
	var status *exec.ExitError
	if !errors.As(err, &status) || !bytes.Contains(output, []byte("a callback ended its goroutine")) {
		t.Fatalf("%v: %s", err, output)
	}
}

// A callback may use another registry, and the panic of one call does not come out of the other.
func TestCallsWithinCallbacks(t *testing.T) {
	inner, outer := time.Now, time.Now
	innerRun := startRun(t, openMemory(t, OpenOptions{Clock: func() time.Time { return inner() }}))
	outerRun := startRun(t, openMemory(t, OpenOptions{Clock: func() time.Time { return outer() }}))

	inner = func() time.Time { panic("inner") }
	calls := 0
	outer = func() time.Time {
		calls++
		equal(t, caught(func() { _ = innerRun.LogMetric("loss", 1, 1) }), any("inner"))
		return time.Now()
	}
	ok(t, outerRun.LogMetric("loss", 1, 1))
	equal(t, calls, 1)

	inner = time.Now
	outer = func() time.Time {
		calls++
		defer func() {
			_ = recover()
			panic("outer")
		}()
		ok(t, innerRun.LogMetric("loss", 1, 2))
		panic("first")
	}
	equal(t, caught(func() { _ = outerRun.LogMetric("loss", 1, 2) }), any("outer"))
	equal(t, calls, 2)
	inner, outer = time.Now, time.Now
	equal(t, len(panics.values), 0)
}

// A memory counts its blocks, and fails where it is told to.
type memory struct {
	sync.Mutex
	live map[unsafe.Pointer]bool
	left int // allocations until the one that fails; 0: none does
}

func newMemory() *memory { return &memory{live: make(map[unsafe.Pointer]bool)} }

func (m *memory) blocks() int {
	m.Lock()
	defer m.Unlock()
	return len(m.live)
}

func (m *memory) mustFail() bool {
	if m.left > 0 {
		m.left--
		return m.left == 0
	}
	return false
}

func (m *memory) allocator() *Allocator {
	return &Allocator{
		Allocate: func(size uintptr) unsafe.Pointer {
			m.Lock()
			defer m.Unlock()
			if m.mustFail() {
				return nil
			}
			block := ctest.Malloc(size)
			m.live[block] = true
			return block
		},
		Reallocate: func(old unsafe.Pointer, size uintptr) unsafe.Pointer {
			m.Lock()
			defer m.Unlock()
			if m.mustFail() || !m.live[old] {
				return nil
			}
			delete(m.live, old)
			block := ctest.Realloc(old, size)
			m.live[block] = true
			return block
		},
		Deallocate: func(block unsafe.Pointer) {
			m.Lock()
			defer m.Unlock()
			delete(m.live, block)
			ctest.Free(block)
		},
	}
}

func TestAllocator(t *testing.T) {
	collect()
	memory := newMemory()
	w := makeWorld(t, OpenOptions{Allocator: memory.allocator()})
	w.close()
	equal(t, memory.blocks(), 0)
	for _, missing := range []Allocator{
		{},
		{Allocate: ctest.Malloc, Reallocate: ctest.Realloc},
		{Allocate: ctest.Malloc, Deallocate: ctest.Free},
	} {
		_, err := OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate, Allocator: &missing})
		refused(t, err, ErrInvalidArgument, "OpenOptions.Allocator")
	}
	equal(t, hosts.Load(), 0)
}

// Every allocation fails once: the call that needed it says so, nothing leaks, and nothing crashes.
func TestEveryAllocationFails(t *testing.T) {
	collect()
	failures := 0
	for n := 1; ; n++ {
		memory := newMemory()
		memory.left = n
		err := smallLife(memory.allocator())
		fired := memory.left == 0
		equal(t, memory.blocks(), 0)
		equal(t, live.Load(), 0)
		equal(t, hosts.Load(), 0)
		if !fired {
			ok(t, err)
			break
		}
		if err != nil {
			refused(t, err, ErrNoMemory)
			failures++
		}
	}
	if failures < 50 {
		t.Fatalf("only %d allocations failed", failures)
	}
}

// smallLife opens a registry, writes and reads a little and closes all.
func smallLife(allocator *Allocator) error {
	registry, err := OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate, Allocator: allocator})
	if err != nil {
		return err
	}
	defer registry.Close()
	experiment, err := registry.OpenExperiment("x")
	if err != nil {
		return err
	}
	defer experiment.Close()
	run, err := experiment.StartRun(&RunOptions{TagKeys: []string{"a"}, TagValues: []string{"b"}})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := run.LogParams([]string{"c", "d"}, []string{"e", "f"}); err != nil {
		return err
	}
	metric, err := run.Metric("loss")
	if err != nil {
		return err
	}
	defer metric.Close()
	if err := metric.LogMany([]float64{1, 2}, []int64{1, 2}, nil); err != nil {
		return err
	}
	history, err := run.History("loss", nil)
	if err != nil {
		return err
	}
	defer history.Close()
	for _, err := range registry.ListRuns(nil) {
		if err != nil {
			return err
		}
	}
	gate, err := ParseGate(gateText)
	if err != nil {
		return err
	}
	defer gate.Close()
	if err := registry.AttachGate(gate, &GateOptions{Flags: GateDefault}); err != nil {
		return err
	}
	if err := run.LogArtifactBytes("a", []byte("b")); err != nil {
		return err
	}
	blob, err := run.OpenArtifact("a")
	if err != nil {
		return err
	}
	defer blob.Close()
	_, err = blob.Map()
	return err
}
