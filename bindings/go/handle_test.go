// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lastError calls a method with zero values, or good enough ones, and returns its error, that of the
// first step where it returns a sequence; fails says whether it is one that can return any.
func lastError(t *testing.T, method reflect.Value) (err error, fails bool) {
	t.Helper()
	arguments := make([]reflect.Value, method.Type().NumIn())
	for i := range arguments {
		arguments[i] = reflect.Zero(method.Type().In(i))
	}
	results := method.Call(arguments)
	if len(results) == 0 {
		return nil, false
	}
	last := results[len(results)-1]
	if last.Kind() == reflect.Func { // func(yield func(T, error) bool)
		yield := last.Type().In(0)
		last.Call([]reflect.Value{reflect.MakeFunc(yield, func(step []reflect.Value) []reflect.Value {
			err, _ = step[1].Interface().(error)
			return []reflect.Value{reflect.ValueOf(false)}
		})})
		return err, true
	}
	err, _ = last.Interface().(error)
	return err, last.Type() == reflect.TypeFor[error]()
}

func TestUseAfterClose(t *testing.T) {
	collect()
	w := makeWorld(t, OpenOptions{})
	methods := 0
	for name, handle := range w.handles() {
		ok(t, handle.Close())
		ok(t, handle.Close())
		value := reflect.ValueOf(handle)
		for i := range value.NumMethod() {
			method := value.Type().Method(i).Name
			if method == "Close" {
				continue
			}
			err, fails := lastError(t, value.Method(i))
			if fails && !errors.Is(err, ErrClosed) {
				t.Errorf("%s.%s after Close: %v", name, method, err)
			}
			methods++
		}
	}
	if methods < 80 {
		t.Fatalf("only %d methods were called", methods)
	}
	equal(t, live.Load(), 0)
}

func TestZeroHandles(t *testing.T) {
	var none *Run
	ok(t, none.Close())
	refused(t, none.Flush(), ErrClosed)
	_, err := new(Registry).OpenRun("x")
	refused(t, err, ErrClosed)
	ok(t, new(Registry).Close())
	(*Cancel)(nil).Trigger()
}

func TestRegistryClosedFirst(t *testing.T) {
	collect()
	w := makeWorld(t, OpenOptions{})
	info := must[RunRecord](t)(w.run.Info())
	ok(t, w.registry.Close())
	equal(t, must[RunRecord](t)(w.run.Info()), info)
	refused(t, w.run.Flush(), ErrClosed)
	refused(t, w.metric.Log(1, 2), ErrClosed)
	_, err := w.version.OpenArtifact("")
	refused(t, err, ErrClosed)
	for _, err := range w.model.ListVersions(nil) {
		refused(t, err, ErrClosed)
	}
	w.close()
	equal(t, live.Load(), 0)
}

func TestCloseInAnyOrder(t *testing.T) {
	collect()
	for range 10 {
		w := makeWorld(t, OpenOptions{})
		for _, handle := range w.handles() { // in another order each time
			ok(t, handle.Close())
		}
		equal(t, live.Load(), 0)
	}
}

func TestClosingReleasesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "R.db")
	registry := must[*Registry](t)(OpenRegistry(path, &OpenOptions{Flags: OpenCreate | OpenExclusive}))
	run := startRun(t, registry)
	_, err := OpenRegistry(path, &OpenOptions{BusyTimeout: time.Nanosecond})
	refused(t, err, ErrBusy)
	ok(t, registry.Close())
	again := must[*Registry](t)(OpenRegistry(path, nil))
	ok(t, again.Close())
	refused(t, run.Flush(), ErrClosed)
}

// A child keeps its parents: dropping them closes nothing that is in use.
func TestDroppedParents(t *testing.T) {
	collect()
	metric := func() *Metric {
		registry := must[*Registry](t)(OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate}))
		experiment := must[*Experiment](t)(registry.OpenExperiment("digits"))
		run := must[*Run](t)(experiment.StartRun(nil))
		return must[*Metric](t)(run.Metric("loss"))
	}()
	for range 5 {
		collectOnce()
	}
	ok(t, metric.Log(1, 2))
	equal(t, live.Load(), 4)
	metric = nil
	collect()
}

func TestDroppedHandles(t *testing.T) {
	collect()
	for range 3 {
		dropped := makeWorld(t, OpenOptions{Clock: time.Now})
		if live.Load() < 15 {
			t.Fatal(live.Load())
		}
		*dropped = world{folder: dropped.folder}
	}
	collect()
	equal(t, live.Load(), 0)
	equal(t, hosts.Load(), 0)
}

// A heldClock stops whoever asks it until the test lets it go.
type heldClock struct {
	entered, leave chan struct{}
	hold           atomic.Bool
}

func newHeldClock() *heldClock {
	return &heldClock{entered: make(chan struct{}), leave: make(chan struct{})}
}

func (c *heldClock) now() time.Time {
	if c.hold.Load() {
		c.entered <- struct{}{}
		<-c.leave
	}
	return time.Now()
}

func TestCloseDuringCall(t *testing.T) {
	clock := newHeldClock()
	registry := openMemory(t, OpenOptions{Clock: clock.now})
	run := startRun(t, registry)
	metric := must[*Metric](t)(run.Metric("loss"))
	before := live.Load()
	clock.hold.Store(true)
	done := make(chan error)
	go func() { done <- metric.Log(1, 2) }()
	<-clock.entered
	ok(t, metric.Close())
	ok(t, metric.Close())
	equal(t, live.Load(), before)
	refused(t, metric.Log(1, 3), ErrClosed)
	clock.hold.Store(false)
	clock.leave <- struct{}{}
	ok(t, <-done)
	equal(t, live.Load(), before-1)
	equal(t, list(t, run.ListMetrics(nil))[0].Count, 1)
}

func TestCloseDuringView(t *testing.T) {
	run := startRun(t, openMemory(t, OpenOptions{}))
	ok(t, run.LogMetric("loss", 0.5, 1))
	history := must[*History](t)(run.History("loss", nil))
	before := live.Load()
	ok(t, history.ViewValues(func(values []float64) {
		ok(t, history.Close())
		equal(t, values[0], 0.5)
	}))
	equal(t, live.Load(), before-1)
	_, err := history.Values()
	refused(t, err, ErrClosed)
}

// Whoever loses the race gets ErrClosed, and nothing is freed twice or too early.
func TestCloseRace(t *testing.T) {
	collect()
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	var logged, refusals atomic.Int64
	for round := range rounds {
		registry := must[*Registry](t)(OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate}))
		run := startRun(t, registry)
		metric := must[*Metric](t)(run.Metric("loss"))
		ok(t, metric.Log(0, 0))
		history := must[*History](t)(run.History("loss", nil))
		closers := []interface{ Close() error }{metric, history, run, registry}
		work := []func() error{
			func() error { return metric.Log(1, 2) },
			func() error { return metric.LogMany([]float64{1}, []int64{2}, nil) },
			func() error { _, err := history.Values(); return err },
			func() error { _, err := run.Info(); return err },
			func() error { return run.SetTag("a", "b") },
			func() error { _, err := registry.ListRunsPage(nil); return err },
		}
		start := make(chan struct{})
		var all sync.WaitGroup
		for _, one := range work {
			all.Add(1)
			go func() {
				defer all.Done()
				<-start
				for range 5 {
					err := one()
					if err == nil {
						logged.Add(1)
					} else if errors.Is(err, ErrClosed) {
						refusals.Add(1)
					} else {
						t.Errorf("round %d: %v", round, err)
					}
				}
			}()
		}
		for _, one := range closers {
			all.Add(1)
			go func() {
				defer all.Done()
				<-start
				_ = one.Close()
			}()
		}
		close(start)
		all.Wait()
		equal(t, live.Load(), 0)
	}
	if logged.Load() == 0 || refusals.Load() == 0 {
		t.Fatalf("no race: %d calls worked and %d were refused", logged.Load(), refusals.Load())
	}
}

func TestManyGoroutines(t *testing.T) {
	registry := openMemory(t, OpenOptions{})
	run := startRun(t, registry)
	metric := must[*Metric](t)(run.Metric("loss"))
	defer metric.Close()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for step := range 50 {
				if err := metric.Log(float64(worker), int64(step)); err != nil {
					t.Error(err)
				}
				if _, err := registry.ListRunsPage(nil); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	equal(t, list(t, run.ListMetrics(nil))[0].Count, 400)
}

func TestOpenFailsWithoutLeak(t *testing.T) {
	collect()
	path := filepath.Join(t.TempDir(), "text")
	ok(t, os.WriteFile(path, []byte("no registry"), 0o644))
	before := live.Load()
	_, err := OpenRegistry(path, &OpenOptions{Clock: time.Now})
	refused(t, err, ErrCorrupt, "text")
	equal(t, live.Load(), before)
	equal(t, hosts.Load(), 0)
}
