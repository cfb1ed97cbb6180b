// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if status == 0 {
		collect()
	}
	os.Exit(status)
}

// collect runs the garbage collector until nothing of C is left; a leak ends by the test's timeout.
func collect() {
	for live.Load() != 0 || hosts.Load() != 0 {
		collectOnce()
	}
}

func collectOnce() {
	runtime.GC()
	runtime.Gosched()
}

// must fails the test on an error.
func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err has the status of want and a message with all the words.
func refused(t testing.TB, err, want error, words ...string) {
	t.Helper()
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) {
		t.Fatalf("got %v, want %v", err, want)
	}
	if e.Message == "" || strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message, "\n") {
		t.Fatalf("not a good message: %q", e.Message)
	}
	for _, word := range words {
		if !strings.Contains(e.Message, word) {
			t.Fatalf("%q does not say %q", e.Message, word)
		}
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// list is what a sequence gives, without an error.
func list[T any](t testing.TB, sequence iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for each, err := range sequence {
		ok(t, err)
		all = append(all, each)
	}
	return all
}

func openMemory(t testing.TB, options OpenOptions) *Registry {
	t.Helper()
	options.Flags |= OpenCreate
	registry := must[*Registry](t)(OpenRegistry("memory:", &options))
	t.Cleanup(func() { _ = registry.Close() })
	return registry
}

func startRun(t testing.TB, registry *Registry) *Run {
	t.Helper()
	experiment := must[*Experiment](t)(registry.OpenExperiment("digits"))
	defer experiment.Close()
	run := must[*Run](t)(experiment.StartRun(nil))
	t.Cleanup(func() { _ = run.Close() })
	return run
}

func runID(t testing.TB, run *Run) string {
	t.Helper()
	return must[RunRecord](t)(run.Info()).ID
}

// A world has a handle of every type, all from one registry.
type world struct {
	folder     string // with two files
	registry   *Registry
	experiment *Experiment
	manifest   *Manifest
	dataset    *Dataset
	run        *Run
	metric     *Metric
	history    *History
	gate       *Gate
	model      *Model
	request    *Request
	decision   *Decision
	lineage    *Lineage
	fsck       *Fsck
	version    *Version
	blob       *Blob
	report     *Report
	cancel     *Cancel
	semver     *Semver
	caret      *SemverRange
}

func (w *world) handles() map[string]interface{ Close() error } {
	return map[string]interface{ Close() error }{
		"Registry": w.registry, "Experiment": w.experiment, "Manifest": w.manifest,
		"Dataset": w.dataset, "Run": w.run, "Metric": w.metric, "History": w.history,
		"Gate": w.gate, "Model": w.model, "Request": w.request, "Decision": w.decision,
		"Lineage": w.lineage, "Fsck": w.fsck,
		"Version": w.version, "Blob": w.blob, "Report": w.report, "Cancel": w.cancel,
		"Semver": w.semver, "SemverRange": w.caret,
	}
}

func (w *world) close() {
	for _, handle := range w.handles() {
		_ = handle.Close()
	}
}

const gateText = "accurate: metrics.accuracy >= 0.9\nsmall: params.depth <= 8\n"

// makeWorld takes a model through its life: a dataset, a run on it, a gate, a version and a channel.
func makeWorld(t testing.TB, options OpenOptions) *world {
	t.Helper()
	w := &world{folder: t.TempDir()}
	t.Cleanup(w.close)
	data := filepath.Join(w.folder, "data")
	ok(t, os.Mkdir(data, 0o755))
	ok(t, os.WriteFile(filepath.Join(data, "a.csv"), []byte("1,2\n"), 0o644))
	ok(t, os.WriteFile(filepath.Join(data, "b.csv"), []byte("3,4\n"), 0o644))

	options.Flags |= OpenCreate
	w.registry = must[*Registry](t)(OpenRegistry(filepath.Join(w.folder, "R.db"), &options))
	w.cancel = must[*Cancel](t)(NewCancel())
	w.semver = must[*Semver](t)(ParseSemver("1.2.3"))
	w.caret = must[*SemverRange](t)(ParseSemverRange("^1.2", 0))
	w.experiment = must[*Experiment](t)(w.registry.OpenExperiment("digits"))
	w.manifest = must[*Manifest](t)(NewManifest())
	ok(t, w.manifest.AddFolder(data, nil))
	w.dataset = must[*Dataset](t)(w.experiment.LogDataset("csv", w.manifest, &DatasetOptions{
		Freeze: true, SampleCount: 2, Schema: "x,y", SourceURI: "s3://bucket/csv",
		SourceVersion: "17", Cancel: w.cancel,
	}))
	w.report = must[*Report](t)(w.dataset.VerifyReport(data, nil))

	w.run = trainedRun(t, w, 0.95)
	w.metric = must[*Metric](t)(w.run.Metric("accuracy"))
	w.history = must[*History](t)(w.run.History("accuracy", nil))
	w.gate = must[*Gate](t)(ParseGate(gateText))
	w.model = must[*Model](t)(w.registry.CreateModel("digits", &ModelOptions{Description: "reads"}))
	ok(t, w.registry.AttachGate(w.gate, &GateOptions{Model: "digits"}))
	w.request = must[*Request](t)(w.model.Promote(runID(t, w.run), &PromoteOptions{Cancel: w.cancel}))
	w.decision = must[*Decision](t)(w.request.Decision())
	w.version = must[*Version](t)(w.request.Version())
	w.blob = must[*Blob](t)(w.version.OpenArtifact(""))
	number := must[VersionRecord](t)(w.version.Info()).Number
	w.lineage = must[*Lineage](t)(w.registry.Lineage(&LineageOptions{Version: "digits@" + number}))
	w.fsck = must[*Fsck](t)(w.registry.Fsck(nil))
	return w
}

// trainedRun is a finished run with params, metrics, an input and an artifact.
func trainedRun(t testing.TB, w *world, accuracy float64) *Run {
	t.Helper()
	run := must[*Run](t)(w.experiment.StartRun(&RunOptions{
		Name: "first", SourceCommit: "c0ffee", SourceEntryPoint: "train.py",
		SourceState: SourceStateClean, EnvironmentHost: "box",
		TagKeys: []string{"team", "lang"}, TagValues: []string{"fraud", "go"},
	}))
	ok(t, run.LogParams([]string{"depth", "optimizer"}, []string{"4", "adam"}))
	ok(t, run.LogInput(&InputOptions{
		Role: "training", DatasetRunID: must[DatasetRecord](t)(w.dataset.Info()).RunID,
	}))
	ok(t, run.LogMetric("accuracy", accuracy, 1))
	ok(t, run.LogArtifactBytes("weights.bin", []byte("abcdef")))
	ok(t, run.Finish(RunStatusFinished))
	return run
}
