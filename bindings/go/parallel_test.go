// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"bytes"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// together calls work on each of so many goroutines and waits for them.
func together(goroutines int, work func(goroutine int)) {
	var all sync.WaitGroup
	for i := range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			work(i)
		}()
	}
	all.Wait()
}

// lastUse drops the registry, the experiment and at last the run while LogParams prepares its call.
func lastUse(t *testing.T, keys, values []string) error {
	registry := must[*Registry](t)(OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate}))
	experiment := must[*Experiment](t)(registry.OpenExperiment("x"))
	return must[*Run](t)(experiment.StartRun(nil)).LogParams(keys, values)
}

// A call under way keeps its handle's parents, also where nothing else does any more.
func TestParentsDroppedDuringCall(t *testing.T) {
	collect()
	var keys, values []string
	for i := range 1000 {
		keys = append(keys, fmt.Sprint("key", i))
		values = append(values, strings.Repeat("v", 200))
	}
	var stop atomic.Bool
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for !stop.Load() {
			runtime.GC()
		}
	}()
	together(2, func(int) {
		for range 40 {
			if err := lastUse(t, keys, values); err != nil {
				t.Error(err)
				return
			}
		}
	})
	stop.Store(true)
	collector.Wait()
	collect()
}

// What the library leaves to one thread at a time waits for its turn.
func TestManyGoroutinesFillAManifest(t *testing.T) {
	manifest := must[*Manifest](t)(NewManifest())
	defer manifest.Close()
	const each = 3000
	together(4, func(goroutine int) {
		for i := range each {
			path := fmt.Sprintf("p%d/%d", goroutine, i)
			if err := manifest.AddEntry(path, 1, strings.Repeat("0", 64)); err != nil {
				t.Error(err)
				return
			}
			if i%300 == 0 {
				if _, err := manifest.Digest(); err != nil {
					t.Error(err)
				}
			}
			if record, err := manifest.At(0); err != nil || !strings.HasPrefix(record.Path, "p") {
				t.Error(record, err)
			}
		}
	})
	equal(t, must[int](t)(manifest.Len()), 4*each)
}

func TestManyGoroutinesReadABlob(t *testing.T) {
	const leaf = 1 << 20
	path := filepath.Join(t.TempDir(), "R.db")
	registry := must[*Registry](t)(OpenRegistry(path, &OpenOptions{Flags: OpenCreate}))
	defer registry.Close()
	run := startRun(t, registry)
	data := make([]byte, 8*leaf)
	for i := range data {
		data[i] = byte(i / leaf)
	}
	ok(t, run.LogArtifactBytes("a", data))
	blob := must[*Blob](t)(run.OpenArtifact("a"))
	defer blob.Close()
	together(4, func(goroutine int) {
		read := make([]byte, 1000)
		for i := range 300 {
			offset := (i*7+goroutine*3)%8*leaf + 5
			count, err := blob.ReadAt(read, int64(offset))
			if err != nil || count != len(read) || !bytes.Equal(read, data[offset:offset+count]) {
				t.Errorf("offset %d: %d bytes, %v", offset, count, err)
				return
			}
		}
	})
	// What a view sees may be read from again.
	ok(t, blob.ViewMap(func(view []byte) {
		count, err := blob.ReadAt(make([]byte, 1), 0)
		equal(t, count, 1)
		ok(t, err)
		equal(t, len(view), len(data))
	}))
}

// Two gates are locked in the same order whichever comes first, and one that comes twice is locked
// once.
func TestLocksHaveAnOrder(t *testing.T) {
	first, second := must[*Gate](t)(NewGate()), must[*Gate](t)(NewGate())
	defer first.Close()
	defer second.Close()
	counter := 0
	together(4, func(goroutine int) {
		for range 2000 {
			gates := []*Gate{first, second, first}
			if goroutine%2 == 1 {
				gates = []*Gate{second, first, second}
			}
			var f frame
			for _, gate := range gates {
				f.self(gate.core())
			}
			f.lock()
			before := counter
			runtime.Gosched()
			counter = before + 1
			f.end()
		}
	})
	equal(t, counter, 8000)
}

// Close waits for the calls under way: when it has returned, the files are free.
func TestRegistryCloseWaits(t *testing.T) {
	clock := newHeldClock()
	path := filepath.Join(t.TempDir(), "R.db")
	registry := must[*Registry](t)(OpenRegistry(path, &OpenOptions{
		Flags: OpenCreate | OpenExclusive, Clock: clock.now,
	}))
	clock.hold.Store(true)
	call := make(chan error, 1)
	go func() {
		_, err := registry.CreateModel("m", nil)
		call <- err
	}()
	<-clock.entered
	clock.hold.Store(false)
	closes := make(chan error, 2)
	for range 2 {
		go func() { closes <- registry.Close() }()
	}
	for registry.owner.handle.state.Load()&closed == 0 { // until one of them has marked the handle
		runtime.Gosched()
	}
	_, err := registry.ListModelsPage(nil)
	refused(t, err, ErrClosed)
	select {
	case <-closes:
		t.Fatal("Close returned while a call was under way")
	default:
	}
	clock.leave <- struct{}{}
	ok(t, <-closes)
	ok(t, <-closes)
	again := must[*Registry](t)(OpenRegistry(path, nil))
	ok(t, again.Close())
	ok(t, <-call)
}

// Points that cannot be written any more are told by Close, which closes all the same.
func TestRegistryCloseReportsLostPoints(t *testing.T) {
	collect()
	path := filepath.Join(t.TempDir(), "R.db")
	registry := must[*Registry](t)(OpenRegistry(path, &OpenOptions{Flags: OpenCreate}))
	run := startRun(t, registry)
	ok(t, run.LogMetric("loss", 1, 1))
	other := must[*Registry](t)(OpenRegistry(path, nil))
	same := must[*Run](t)(other.OpenRun(runID(t, run)))
	ok(t, same.LogArtifactBytes("a", []byte("b")))
	ok(t, same.Finish(RunStatusFinished))
	model := must[*Model](t)(other.CreateModel("m", nil))
	request := must[*Request](t)(model.Promote(runID(t, run), nil)) // seals the run
	ok(t, request.Close())
	ok(t, model.Close())
	ok(t, same.Close())
	ok(t, other.Close())
	refused(t, registry.Close(), ErrConflict)
	refused(t, registry.Close(), ErrConflict)
	refused(t, run.LogMetric("loss", 1, 2), ErrClosed)
	ok(t, run.Close())
	equal(t, live.Load(), 0)
}

// A callback may close its own registry: that waits for nothing, and happens later.
func TestRegistryClosedByItsCallback(t *testing.T) {
	collect()
	var registry *Registry
	var run *Run
	closing := false
	clock := func() time.Time {
		if closing {
			closing = false
			ok(t, registry.Close())
		}
		return time.Now()
	}
	for _, call := range []func() error{
		func() error { _, err := registry.CreateModel("m", nil); return err },
		func() error { return run.LogMetric("loss", 1, 1) },
	} {
		registry = must[*Registry](t)(OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate, Clock: clock}))
		run = startRun(t, registry)
		closing = true
		ok(t, call())
		equal(t, closing, false)
		ok(t, registry.Close())
		ok(t, run.Close())
		_, err := registry.CreateModel("n", nil)
		refused(t, err, ErrClosed)
		collect() // ends when the registry is closed
	}
}
