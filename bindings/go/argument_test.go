// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const withNUL = "a\x00b"

// callWith calls a method with one argument made bad and the others good enough to come to it.
func callWith(w *world, method reflect.Value, bad int, value reflect.Value) error {
	arguments := make([]reflect.Value, method.Type().NumIn())
	for i := range arguments {
		kind := method.Type().In(i)
		arguments[i] = reflect.Zero(kind)
		for _, handle := range w.handles() {
			if reflect.TypeOf(handle) == kind {
				arguments[i] = reflect.ValueOf(handle)
			}
		}
		if i == bad {
			arguments[i] = value
		}
	}
	results := method.Call(arguments)
	last := results[len(results)-1]
	var err error
	if last.Kind() == reflect.Func {
		last.Call([]reflect.Value{reflect.MakeFunc(last.Type().In(0), func(step []reflect.Value) []reflect.Value {
			err, _ = step[1].Interface().(error)
			return []reflect.Value{reflect.ValueOf(false)}
		})})
		return err
	}
	err, _ = last.Interface().(error)
	return err
}

// Every string of every method and of every option is refused with a NUL in it.
func TestNUL(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	texts, fields := 0, 0
	for _, handle := range w.handles() {
		value := reflect.ValueOf(handle)
		for i := range value.NumMethod() {
			method := value.Method(i)
			for n := range method.Type().NumIn() {
				kind := method.Type().In(n)
				switch {
				case kind.Kind() == reflect.String:
					err := callWith(w, method, n, reflect.ValueOf(withNUL))
					refused(t, err, ErrInvalidArgument, "contains a NUL")
					texts++
				case kind == reflect.TypeFor[[]string]():
					err := callWith(w, method, n, reflect.ValueOf([]string{"a", withNUL}))
					refused(t, err, ErrInvalidArgument, "[1] contains a NUL")
					texts++
				case kind.Kind() == reflect.Pointer && kind.Elem().Kind() == reflect.Struct &&
					strings.HasSuffix(kind.Elem().Name(), "Options"):
					for field := range kind.Elem().NumField() {
						options := reflect.New(kind.Elem())
						words := kind.Elem().Name() + "." + kind.Elem().Field(field).Name
						switch options.Elem().Field(field).Interface().(type) {
						case string:
							options.Elem().Field(field).SetString(withNUL)
						case []string:
							options.Elem().Field(field).Set(reflect.ValueOf([]string{withNUL}))
							words += "[0]"
						default:
							continue
						}
						err := callWith(w, method, n, options)
						refused(t, err, ErrInvalidArgument, words+" contains a NUL")
						fields++
					}
				}
			}
		}
	}
	if texts < 30 || fields < 50 {
		t.Fatalf("only %d strings and %d fields were tried", texts, fields)
	}
	_, err := OpenRegistry(withNUL, nil)
	refused(t, err, ErrInvalidArgument, "uri")
	_, err = OpenRegistry("memory:", &OpenOptions{Actor: withNUL})
	refused(t, err, ErrInvalidArgument, "OpenOptions.Actor")
	_, err = ParseGate(withNUL)
	refused(t, err, ErrInvalidArgument, "text")
}

func TestLongStrings(t *testing.T) {
	run := startRun(t, openMemory(t, OpenOptions{}))
	for _, value := range []string{
		"", "x", strings.Repeat("x", 65_535), strings.Repeat("x", 65_536), strings.Repeat("ü", 32_768),
	} {
		ok(t, run.SetTag("long", value))
		tags := list(t, run.ListTags(nil))
		equal(t, tags[0].Value == value, true)
	}
	refused(t, run.SetTag("long", strings.Repeat("x", 65_537)), ErrLimit)
	refused(t, run.SetTag("long", "\xff"), ErrInvalidArgument)
	refused(t, run.SetTag("long", "\xed\xa0\x80"), ErrInvalidArgument) // a lone surrogate
	refused(t, run.SetTag("", "x"), ErrInvalidArgument)
	many := make([]string, 1000)
	for i := range many {
		many[i] = strings.Repeat("k", 1+i%200) + string(rune('a'+i%26)) + time.Duration(i).String()
	}
	ok(t, run.LogParams(many, many))
	for _, each := range list(t, run.ListParams(&ListOptions{Limit: 7})) {
		equal(t, each.Key, each.Value)
	}
}

func TestUnequalLengths(t *testing.T) {
	run := startRun(t, openMemory(t, OpenOptions{}))
	metric := must[*Metric](t)(run.Metric("loss"))
	defer metric.Close()
	two, three, floats := []string{"a", "b"}, []int64{1, 2, 3}, []float64{1, 2}
	refused(t, run.LogParams(two, two[:1]), ErrInvalidArgument, "keys has 2", "values has 1")
	refused(t, run.LogParams(nil, two), ErrInvalidArgument, "keys has 0", "values has 2")
	refused(t, run.LogMetrics(1, two, floats[:1]), ErrInvalidArgument, "keys has 2", "values has 1")
	refused(t, metric.LogMany(floats, three, nil), ErrInvalidArgument, "steps has 3", "values has 2")
	refused(t, metric.LogMany(floats, three[:2], three), ErrInvalidArgument, "times has 3", "values has 2")
	refused(t, metric.LogMany(floats, three[:2], []int64{}), ErrInvalidArgument, "times has 0")
	ok(t, metric.LogMany(floats, three[:2], three[:2]))
	experiment := must[*Experiment](t)(openMemory(t, OpenOptions{}).OpenExperiment("x"))
	defer experiment.Close()
	_, err := experiment.StartRun(&RunOptions{TagKeys: two})
	refused(t, err, ErrInvalidArgument, "RunOptions.TagKeys has 2", "RunOptions.TagValues has 0")
}

func TestMissingHandles(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	refused(t, w.registry.AttachGate(nil, &GateOptions{Model: "digits"}), ErrInvalidArgument, "gate is nil")
	refused(t, w.registry.AttachGate(w.gate, nil), ErrInvalidArgument)
	_, err := w.experiment.LogDataset("x", nil, nil)
	refused(t, err, ErrInvalidArgument, "manifest is nil")
	refused(t, w.run.LogInput(nil), ErrInvalidArgument)
	ok(t, w.gate.Close())
	refused(t, w.registry.AttachGate(w.gate, &GateOptions{Model: "digits"}), ErrClosed, "gate")
}

func TestTimeouts(t *testing.T) {
	for timeout, want := range map[time.Duration]int64{
		0: 0, time.Nanosecond: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Second: 1000,
		-time.Nanosecond: -1,
	} {
		equal(t, int64(milliseconds(timeout)), want)
	}
	_, err := OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate, BusyTimeout: -1})
	refused(t, err, ErrInvalidArgument)
	equal(t, microseconds(time.Time{}), 0)
	equal(t, goTime(microseconds(time.UnixMicro(5))), time.UnixMicro(5).UTC())
	equal(t, goTime(0).IsZero(), true)
}

func TestEnums(t *testing.T) {
	equal(t, RunKindDataset.String(), "DATASET")
	equal(t, RunKind(77).String(), "RunKind(77)")
	equal(t, SourceState(0).String(), "UNKNOWN")
	equal(t, StatusNotFound.String(), "NOT_FOUND")
	equal(t, (OpenCreate | OpenReadOnly).String(), "CREATE|READ_ONLY")
	equal(t, OpenFlags(0).String(), "0x0")
	equal(t, (OpenCreate | 0x100).String(), "CREATE|0x100")
	_, err := OpenRegistry("memory:", &OpenOptions{Flags: OpenCreate | 1<<30})
	refused(t, err, ErrInvalidArgument)
}
