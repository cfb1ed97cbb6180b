// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// ticking is a clock that goes a second on with each question, from 2026-01-01.
func ticking() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func TestLibrary(t *testing.T) {
	equal(t, StatusName(StatusNotFound), "NOT_FOUND")
	equal(t, StatusName(Status(4711)), "UNKNOWN")
	equal(t, ABILevel(), HeaderABILevel)
	if !strings.HasPrefix(LibraryVersion(), "0.") {
		t.Fatal(LibraryVersion())
	}
}

func TestRegistry(t *testing.T) {
	w := makeWorld(t, OpenOptions{Actor: "ann", BusyTimeout: time.Second, FileMode: 0o600})
	info := must[RegistryRecord](t)(w.registry.Info())
	path := filepath.Join(w.folder, "R.db")
	equal(t, info.URI, path)
	equal(t, info.Location, path)
	equal(t, info.ArtifactRoot, path+".d")
	equal(t, info.Driver, "sqlite")
	equal(t, info.Actor, "ann")
	equal(t, info.ReadOnly, false)
	equal(t, len(info.Warnings), 0)
	if len(info.ID) != 36 || info.DriverVersion == "" || info.SchemaVersion < 1 {
		t.Fatalf("%+v", info)
	}
	if age := time.Since(info.Created); age < 0 || age > time.Hour || info.Created.Location() != time.UTC {
		t.Fatal(info.Created)
	}
	equal(t, must[os.FileInfo](t)(os.Stat(path)).Mode(), 0o600)
	ok(t, w.registry.Flush())

	again := must[*Registry](t)(OpenRegistry("sqlite:"+path, &OpenOptions{Flags: OpenReadOnly}))
	defer again.Close()
	equal(t, must[RegistryRecord](t)(again.Info()).ReadOnly, true)
	_, err := again.CreateModel("other", nil)
	refused(t, err, ErrReadOnly)
	memory := must[RegistryRecord](t)(openMemory(t, OpenOptions{}).Info())
	equal(t, memory.Location, "")
	equal(t, memory.ArtifactRoot, "")
}

func TestExperiments(t *testing.T) {
	registry := openMemory(t, OpenOptions{Clock: ticking()})
	names := []string{"c", "a", "b"}
	for _, name := range names {
		experiment := must[*Experiment](t)(registry.OpenExperiment(name))
		info := must[ExperimentRecord](t)(experiment.Info())
		equal(t, info.Name, name)
		ok(t, experiment.Close())
		again := must[*Experiment](t)(registry.OpenExperiment(name))
		equal(t, must[ExperimentRecord](t)(again.Info()), info)
		ok(t, again.Close())
	}
	for _, limit := range []int64{0, 1, 2, 3} {
		var found []string
		for _, each := range list(t, registry.ListExperiments(&ListOptions{Limit: limit})) {
			found = append(found, each.Name)
		}
		if !slices.Equal(found, names) {
			t.Fatalf("pages of %d: %v", limit, found)
		}
	}
	page := must[Page[ExperimentRecord]](t)(registry.ListExperimentsPage(&ListOptions{Limit: 2}))
	equal(t, len(page.Records), 2)
	rest := list(t, registry.ListExperiments(&ListOptions{Token: page.NextToken}))
	equal(t, len(rest), 1)
	equal(t, rest[0].Name, "b")
}

func TestSequences(t *testing.T) {
	registry := openMemory(t, OpenOptions{})
	for _, name := range []string{"a", "b", "c"} {
		model := must[*Model](t)(registry.CreateModel(name, nil))
		ok(t, model.Close())
	}
	// A sequence can be left early, and gone over twice.
	sequence := registry.ListModels(&ListOptions{Limit: 1})
	for range 2 {
		var first []string
		for model, err := range sequence {
			ok(t, err)
			first = append(first, model.Name)
			if len(first) == 2 {
				break
			}
		}
		equal(t, strings.Join(first, ""), "ab")
	}
	// An error comes once and ends it.
	count := 0
	for model, err := range registry.ListModels(&ListOptions{Limit: -1}) {
		refused(t, err, ErrInvalidArgument)
		equal(t, model, ModelRecord{})
		count++
	}
	equal(t, count, 1)
	// So does one in the middle.
	names := 0
	for _, err := range sequence {
		if err != nil {
			refused(t, err, ErrClosed)
			continue
		}
		names++
		ok(t, registry.Close())
	}
	equal(t, names, 1)
}

func TestRuns(t *testing.T) {
	w := makeWorld(t, OpenOptions{Clock: ticking(), Actor: "ann"})
	info := must[RunRecord](t)(must[*Run](t)(w.registry.OpenRun(runID(t, w.run))).Info())
	equal(t, info.Kind, RunKindTraining)
	equal(t, info.Status, RunStatusFinished)
	equal(t, info.Sealed, true)
	equal(t, info.Name, "first")
	equal(t, info.ExperimentName, "digits")
	equal(t, info.ParentRunID, "")
	equal(t, info.Actor, "ann")
	equal(t, info.SourceCommit, "c0ffee")
	equal(t, info.SourceEntryPoint, "train.py")
	equal(t, info.SourceState, SourceStateClean)
	equal(t, info.EnvironmentHost, "box")
	equal(t, info.EnvironmentImageDigest, "")
	if !info.Ended.After(info.Started) || info.Started.Year() != 2026 {
		t.Fatal(info.Started, info.Ended)
	}
	before := must[RunRecord](t)(w.run.Info())
	equal(t, before.Status, RunStatusRunning)
	equal(t, before.Ended.IsZero(), true)

	ok(t, w.run.SetTag("note", "héllo\t☃"))
	ok(t, w.run.DeleteTag("lang"))
	tags := list(t, w.run.ListTags(nil))
	if !slices.Equal(tags, []PropertyRecord{{"note", "héllo\t☃"}, {"team", "fraud"}}) {
		t.Fatal(tags)
	}
	params := list(t, w.run.ListParams(&ListOptions{Limit: 1}))
	if !slices.Equal(params, []PropertyRecord{{"depth", "4"}, {"optimizer", "adam"}}) {
		t.Fatal(params)
	}
	refused(t, w.run.LogParam("late", "1"), ErrConflict)
	inputs := list(t, w.run.ListInputs(nil))
	dataset := must[DatasetRecord](t)(w.dataset.Info())
	if !slices.Equal(inputs, []InputRecord{{
		Kind: InputKindDatasetRun, Role: "training", RunID: dataset.RunID,
		DatasetDigest: dataset.Digest, DatasetName: "csv",
	}}) {
		t.Fatalf("%+v", inputs)
	}
	evaluation := must[*Run](t)(w.experiment.StartRun(&RunOptions{Kind: RunKindEvaluation}))
	defer evaluation.Close()
	ok(t, evaluation.LogParam("split", "test"))
	ok(t, evaluation.LogInput(&InputOptions{Role: "model", Version: "digits@1.0.0"}))
	ok(t, evaluation.Finish(RunStatusFailed))
	runs := list(t, w.registry.ListRuns(&RunListOptions{Kind: RunKindEvaluation, Experiment: "digits"}))
	equal(t, len(runs), 1)
	equal(t, runs[0].Status, RunStatusFailed)
	equal(t, len(list(t, w.registry.ListRuns(nil))), 3)
}

func TestMetrics(t *testing.T) {
	run := startRun(t, openMemory(t, OpenOptions{Clock: ticking()}))
	metric := must[*Metric](t)(run.Metric("loss"))
	defer metric.Close()
	values := []float64{0.5, math.Inf(1), math.Copysign(0, -1), math.Float64frombits(0x7ff8000000000abc)}
	steps := []int64{1, 2, 3, math.MaxInt64}
	times := []int64{10, 20, 30, 40}
	ok(t, metric.LogMany(values, steps, times))
	ok(t, metric.LogMany(nil, nil, nil))
	ok(t, metric.Log(0.25, 4))
	ok(t, run.LogMetrics(7, []string{"a", "b"}, []float64{1, 2}))
	ok(t, run.LogMetrics(7, nil, nil))
	ok(t, run.Flush())

	history := must[*History](t)(run.History("loss", &HistoryOptions{
		Flags: HistoryFromStep | HistoryToStep, FromStep: 2, ToStep: math.MaxInt64,
	}))
	defer history.Close()
	equal(t, must[int](t)(history.Len()), 4)
	got := must[[]float64](t)(history.Values())
	want := []float64{values[1], values[2], 0.25, values[3]}
	for i := range want {
		equal(t, math.Float64bits(got[i]), math.Float64bits(want[i]))
	}
	if steps := must[[]int64](t)(history.Steps()); !slices.Equal(steps, []int64{2, 3, 4, math.MaxInt64}) {
		t.Fatal(steps)
	}
	if times := must[[]int64](t)(history.Times()); times[0] != 20 || times[3] != 40 {
		t.Fatal(times)
	}
	seen := 0
	ok(t, history.ViewValues(func(values []float64) {
		ok(t, history.ViewSteps(func(steps []int64) {
			ok(t, history.ViewTimes(func(times []int64) { seen = len(values) + len(steps) + len(times) }))
		}))
	}))
	equal(t, seen, 12)

	all := list(t, run.ListMetrics(nil))
	equal(t, len(all), 3)
	loss := all[2]
	equal(t, loss.Key, "loss")
	equal(t, loss.Count, 5)
	equal(t, loss.NanCount, 1)
	equal(t, loss.First, 0.5)
	equal(t, loss.FirstTime, time.UnixMicro(10).UTC())
	equal(t, loss.LastStep, math.MaxInt64)
	equal(t, math.IsNaN(loss.Last), true)
	equal(t, loss.Max, math.Inf(1))
	_, err := run.History("none", nil)
	refused(t, err, ErrNotFound)
}

func TestDatasets(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	info := must[DatasetRecord](t)(w.dataset.Info())
	equal(t, info.Frozen, true)
	equal(t, info.Name, "csv")
	equal(t, info.FileCount, 2)
	equal(t, info.TotalSize, 8)
	equal(t, info.SampleCount, 2)
	equal(t, info.Schema, "x,y")
	equal(t, info.SourceURI, "s3://bucket/csv")
	equal(t, info.SourceVersion, "17")
	equal(t, must[string](t)(w.manifest.Digest()), info.Digest)

	for _, open := range []func() (*Dataset, error){
		func() (*Dataset, error) { return w.registry.OpenDataset(info.RunID) },
		func() (*Dataset, error) { return w.registry.FindDataset(info.Digest) },
	} {
		dataset := must[*Dataset](t)(open())
		equal(t, must[DatasetRecord](t)(dataset.Info()), info)
		ok(t, dataset.Close())
	}
	equal(t, list(t, w.registry.ListDatasets(nil))[0], info)

	manifest := must[*Manifest](t)(w.dataset.Manifest())
	defer manifest.Close()
	equal(t, must[int](t)(manifest.Len()), 2)
	entries := list(t, manifest.All())
	equal(t, entries[0], must[ManifestEntryRecord](t)(manifest.At(0)))
	equal(t, entries[1].Path, "b.csv")
	equal(t, entries[1].Size, 4)
	for _, index := range []int{-1, 2, math.MaxInt64} {
		_, err := manifest.At(index)
		refused(t, err, ErrInvalidArgument, "index", "there are 2")
	}
	ok(t, manifest.AddFile(filepath.Join(w.folder, "data", "a.csv"), ""))
	_, err := manifest.Digest()
	refused(t, err, ErrAlreadyExists, "a.csv")

	other := must[*Manifest](t)(NewManifest())
	defer other.Close()
	ok(t, other.AddFile(filepath.Join(w.folder, "data", "a.csv"), "x/y.csv"))
	ok(t, other.AddEntry("z", 5, entries[0].Digest))
	ok(t, other.AddFolder(filepath.Join(w.folder, "data"), &FolderOptions{
		Include: []string{"*.csv"}, Exclude: []string{"a*"}, Cancel: w.cancel,
	}))
	var paths []string
	for entry, err := range other.All() {
		ok(t, err)
		paths = append(paths, entry.Path)
	}
	equal(t, strings.Join(paths, " "), "x/y.csv z b.csv")
}

func TestReports(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	target := filepath.Join(w.folder, "out")
	fetched := must[*Report](t)(w.dataset.FetchReport(target, &FetchOptions{FileMode: 0o600}))
	defer fetched.Close()
	equal(t, must[ReportRecord](t)(fetched.Info()), ReportRecord{FileCount: 2, TotalSize: 8})
	equal(t, must[os.FileInfo](t)(os.Stat(filepath.Join(target, "a.csv"))).Mode(), 0o600)
	ok(t, w.dataset.Fetch(target, nil))
	ok(t, w.dataset.Verify(target, nil))

	ok(t, os.WriteFile(filepath.Join(target, "a.csv"), []byte("5,6\n"), 0o644))
	ok(t, os.WriteFile(filepath.Join(target, "c.csv"), nil, 0o644))
	refused(t, w.dataset.Verify(target, nil), ErrTampered, "a.csv")
	report := must[*Report](t)(w.dataset.VerifyReport(target, &VerifyOptions{Flags: VerifyAllowExtra}))
	defer report.Close()
	equal(t, must[ReportRecord](t)(report.Info()).ProblemCount, 1)
	equal(t, must[int](t)(report.Len()), 1)
	problem := must[ProblemRecord](t)(report.At(0))
	equal(t, problem.Problem, ProblemChanged)
	equal(t, problem.Path, "a.csv")
	equal(t, list(t, report.All())[0], problem)
	strict := must[*Report](t)(w.dataset.VerifyReport(target, nil))
	defer strict.Close()
	equal(t, list(t, strict.All())[1].Problem, ProblemExtra)
}

func TestArtifacts(t *testing.T) {
	w := makeWorld(t, OpenOptions{Clock: ticking()})
	run := must[*Run](t)(w.experiment.StartRun(nil))
	defer run.Close()
	content := bytes.Repeat([]byte("modelreg"), 300_000) // more than one leaf of 1 MiB
	ok(t, run.LogArtifactBytes("large.bin", content))
	ok(t, run.LogArtifactBytes("empty", nil))
	ok(t, run.LogArtifact(filepath.Join(w.folder, "data"), "", &ArtifactOptions{Cancel: w.cancel}))
	ok(t, run.LogArtifactLink(&LinkOptions{
		Path: "link", URI: "s3://bucket/x", Digest: strings.Repeat("ab", 32), Size: 5,
	}))
	artifacts := list(t, run.ListArtifacts(nil))
	equal(t, len(artifacts), 5)
	equal(t, artifacts[3].Path, "large.bin")
	equal(t, artifacts[4].Kind, ArtifactKindLink)
	equal(t, artifacts[4].URI, "s3://bucket/x")
	equal(t, artifacts[3].URI, "")

	blob := must[*Blob](t)(run.OpenArtifact("large.bin"))
	defer blob.Close()
	equal(t, must[ArtifactRecord](t)(blob.Info()), artifacts[3])
	size := must[int64](t)(blob.Size())
	equal(t, size, int64(len(content)))
	ok(t, iotest.TestReader(io.NewSectionReader(blob, 0, size), content))
	part := make([]byte, 10)
	count, err := blob.ReadAt(part, size-4)
	equal(t, count, 4)
	equal(t, err, io.EOF)
	equal(t, string(part[:4]), "lreg")
	count, err = blob.ReadAt(nil, 0)
	equal(t, count, 0)
	ok(t, err)
	_, err = blob.ReadAt(part, -1)
	refused(t, err, ErrInvalidArgument)
	equal(t, bytes.Equal(must[[]byte](t)(blob.Map()), content), true)
	same := false
	ok(t, blob.ViewMap(func(data []byte) { same = bytes.Equal(data, content) }))
	equal(t, same, true)

	empty := must[*Blob](t)(run.OpenArtifact("empty"))
	defer empty.Close()
	equal(t, len(must[[]byte](t)(empty.Map())), 0)
	count, err = empty.ReadAt(part, 0)
	equal(t, count, 0)
	equal(t, err, io.EOF)
}

func TestGates(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	gate := must[*Gate](t)(NewGate())
	defer gate.Close()
	equal(t, must[string](t)(gate.Text()), "")
	ok(t, gate.AddRule("accurate", "metrics.accuracy>=0.9"))
	ok(t, gate.AddRule("small", "params.depth <= 8"))
	equal(t, must[string](t)(gate.Text()), must[string](t)(w.gate.Text()))
	equal(t, must[string](t)(gate.Digest()), must[string](t)(w.gate.Digest()))
	refused(t, gate.AddRule("broken", "metrics.accuracy >="), ErrInvalidArgument)

	attached := must[*Gate](t)(w.registry.OpenGate(&GateOptions{Model: "digits"}))
	defer attached.Close()
	equal(t, must[string](t)(attached.Text()), must[string](t)(w.gate.Text()))
	refused(t, w.registry.AttachGate(gate, &GateOptions{
		Flags: GateDefault, ExpectedDigest: must[string](t)(gate.Digest()),
	}), ErrConflict)
	ok(t, w.registry.AttachGate(gate, &GateOptions{
		Flags: GateDefault, Transition: "channel/production", ExpectedDigest: "none",
	}))
}

func TestPromotion(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	request := must[RequestRecord](t)(w.request.Info())
	equal(t, request.State, RequestStateAccepted)
	equal(t, request.Model, "digits")
	equal(t, request.Transition, "promote")
	again := must[*Request](t)(w.registry.OpenRequest(request.ID))
	defer again.Close()
	equal(t, must[RequestRecord](t)(again.Info()), request)

	decision := must[DecisionRecord](t)(w.decision.Info())
	equal(t, decision.Verdict, VerdictPassed)
	equal(t, decision.RuleCount, 2)
	equal(t, must[int](t)(w.decision.Len()), 2)
	rule := must[RuleRecord](t)(w.decision.At(0))
	equal(t, rule.Name, "accurate")
	equal(t, rule.Observed, "metrics.accuracy = 0.95")
	equal(t, list(t, w.decision.All())[0], rule)
	if text := must[string](t)(w.decision.Text()); !strings.Contains(text, "accurate") {
		t.Fatal(text)
	}
	var said struct {
		Verdict string
		Rules   []struct{ Name string }
	}
	ok(t, json.Unmarshal([]byte(must[string](t)(w.decision.JSON())), &said))
	equal(t, said.Rules[1].Name, "small")

	worse := trainedRun(t, w, 0.5)
	defer worse.Close()
	no := must[*Request](t)(w.model.Promote(runID(t, worse), nil))
	defer no.Close()
	_, err := no.Version()
	refused(t, err, ErrGateFailed, "accurate")
	equal(t, len(list(t, w.registry.ListRequests(&RequestListOptions{State: RequestStateRefused}))), 1)
}

func TestVersions(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	info := must[VersionRecord](t)(w.version.Info())
	equal(t, strings.HasPrefix(info.Number, "1.0.0+"), true)
	equal(t, info.Status, VersionStatusActive)
	equal(t, info.SourceCommit, "c0ffee")
	equal(t, info.FileCount, 1)
	for _, open := range []func() (*Version, error){
		func() (*Version, error) { return w.model.OpenVersion("1.0.0") },
		func() (*Version, error) { return w.registry.Resolve("digits", nil) },
		func() (*Version, error) {
			return w.registry.Resolve("digits@1.0.0", &ResolveOptions{Flags: ResolvePrereleases, Cancel: w.cancel})
		},
	} {
		version := must[*Version](t)(open())
		equal(t, must[VersionRecord](t)(version.Info()).ID, info.ID)
		ok(t, version.Close())
	}
	equal(t, list(t, w.model.ListVersions(nil))[0].ID, info.ID)
	equal(t, list(t, w.version.ListArtifacts(nil))[0].Path, "weights.bin")
	target := filepath.Join(w.folder, "out")
	ok(t, w.version.Fetch(target, nil))
	fetched := must[*Report](t)(w.version.FetchReport(target, nil))
	defer fetched.Close()
	ok(t, w.version.Verify(target, nil))
	ok(t, w.version.Verify("", nil))
	stored := must[*Report](t)(w.version.VerifyReport("", nil))
	defer stored.Close()
	equal(t, must[ReportRecord](t)(stored.Info()).FileCount, 1)
}

func TestModelsAndChannels(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	info := must[ModelRecord](t)(w.model.Info())
	equal(t, info.Description, "reads")
	model := must[*Model](t)(w.registry.OpenModel("digits"))
	defer model.Close()
	equal(t, must[ModelRecord](t)(model.Info()), info)
	equal(t, list(t, w.registry.ListModels(nil))[0], info)

	ok(t, model.CreateChannel("production"))
	equal(t, list(t, model.ListChannels(nil))[0].Version, "")
	number := must[VersionRecord](t)(w.version.Info()).Number
	_, err := model.MoveChannel(&MoveOptions{Channel: "production", Version: number})
	refused(t, err, ErrInvalidArgument, "expected")
	request := must[*Request](t)(model.MoveChannel(&MoveOptions{
		Channel: "production", Version: number, Expected: "none", Reason: "first", OpID: "deploy-1",
	}))
	defer request.Close()
	version := must[*Version](t)(request.Version())
	defer version.Close()
	channel := list(t, model.ListChannels(nil))[0]
	equal(t, channel.Version, number)
	equal(t, channel.Sequence, 1)
	_, err = model.MoveChannel(nil)
	refused(t, err, ErrInvalidArgument)
}

func TestCancel(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	w.cancel.Trigger()
	w.cancel.Trigger()
	manifest := must[*Manifest](t)(NewManifest())
	defer manifest.Close()
	err := manifest.AddFolder(filepath.Join(w.folder, "data"), &FolderOptions{Cancel: w.cancel})
	refused(t, err, ErrCancelled)
	if errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	ok(t, w.cancel.Close())
	w.cancel.Trigger()
	err = manifest.AddFolder(filepath.Join(w.folder, "data"), &FolderOptions{Cancel: w.cancel})
	refused(t, err, ErrClosed, "cancel")
}
