// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// attach puts a gate of one rule on a transition of the model digits.
func attach(t testing.TB, w *world, rule, transition string) {
	t.Helper()
	gate := must[*Gate](t)(ParseGate("rule: " + rule + "\n"))
	defer gate.Close()
	ok(t, w.registry.AttachGate(gate, &GateOptions{Model: "digits", Transition: transition}))
}

// promote makes a run into a version of the model digits.
func promote(t testing.TB, w *world, accuracy float64) *Version {
	t.Helper()
	run := trainedRun(t, w, accuracy)
	defer run.Close()
	request := must[*Request](t)(w.model.Promote(runID(t, run), nil))
	defer request.Close()
	version := must[*Version](t)(request.Version())
	t.Cleanup(func() { _ = version.Close() })
	return version
}

func number(t testing.TB, version *Version) string {
	t.Helper()
	return must[VersionRecord](t)(version.Info()).Number
}

func resolved(t testing.TB, w *world, reference string, options *ResolveOptions) VersionRecord {
	t.Helper()
	version := must[*Version](t)(w.registry.Resolve(reference, options))
	defer version.Close()
	return must[VersionRecord](t)(version.Info())
}

func move(t testing.TB, w *world, version, expected string) {
	t.Helper()
	request := must[*Request](t)(w.model.MoveChannel(&MoveOptions{
		Channel: "production", Version: version, Expected: expected,
	}))
	ok(t, request.Close())
}

func TestCheckCompletesRequest(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	attach(t, w, "checks.audit = 'passed'", "")
	run := trainedRun(t, w, 0.97)
	defer run.Close()
	request := must[*Request](t)(w.model.Promote(runID(t, run), nil))
	defer request.Close()
	_, err := request.Version()
	refused(t, err, ErrGatePending, "rule 'rule' is pending", "checks.audit is missing")

	evidence := filepath.Join(w.folder, "audit.html")
	ok(t, os.WriteFile(evidence, []byte("<p>fair</p>"), 0o644))
	ok(t, run.LogCheck("audit", CheckResultFailed, &CheckOptions{Reporter: "tool 1"}))
	ok(t, run.LogCheck("audit", CheckResultPassed, &CheckOptions{EvidencePath: evidence, Note: "again"}))
	checks := list(t, run.ListChecks(nil))
	equal(t, len(checks), 2)
	equal(t, checks[0].Reporter, "tool 1")
	equal(t, checks[0].Latest, false)
	equal(t, checks[1].Result, CheckResultPassed)
	equal(t, checks[1].Latest, true)
	blob := must[*Blob](t)(run.OpenEvidence(checks[1].ID))
	defer blob.Close()
	equal(t, string(must[[]byte](t)(blob.Map())), "<p>fair</p>")
	_, err = run.OpenEvidence(checks[0].ID)
	refused(t, err, ErrNotFound, "no evidence")

	done := must[*Request](t)(request.Complete(nil))
	defer done.Close()
	info := must[RequestRecord](t)(done.Info())
	equal(t, info.State, RequestStateAccepted)
	equal(t, info.Closed.IsZero(), false)
	equal(t, must[RequestRecord](t)(request.Info()).Closed.IsZero(), true)
	for sequence, want := range []Verdict{VerdictPending, VerdictPassed} {
		decision := must[*Decision](t)(request.OpenDecision(int64(sequence + 1)))
		equal(t, must[DecisionRecord](t)(decision.Info()).Verdict, want)
		ok(t, decision.Close())
	}
	_, err = request.OpenDecision(3)
	refused(t, err, ErrNotFound)
	refused(t, done.Withdraw(""), ErrConflict)
}

func TestWithdraw(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	attach(t, w, "approvals.risk >= 2", "")
	run := trainedRun(t, w, 0.97)
	defer run.Close()
	request := must[*Request](t)(w.model.Promote(runID(t, run), nil))
	defer request.Close()
	ok(t, request.Withdraw("the wrong month"))
	records := list(t, w.registry.ListRequests(&RequestListOptions{State: RequestStateWithdrawn}))
	equal(t, len(records), 1)
	equal(t, records[0].ClosedReason, "the wrong month")
	_, err := request.Version()
	refused(t, err, ErrConflict, "withdrawn")
}

// The gate may be nil: the attached one then.
func TestDryRun(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	run := must[*Run](t)(w.experiment.StartRun(nil))
	defer run.Close()
	ok(t, run.LogMetric("accuracy", 0.5, 1))
	ok(t, run.LogArtifactBytes("weights.bin", []byte("abc")))
	lenient := must[*Gate](t)(ParseGate("rule: metrics.accuracy >= 0.4"))
	options := &EvaluateOptions{Model: "digits", RunID: runID(t, run)}
	for gate, want := range map[*Gate]Verdict{nil: VerdictFailed, lenient: VerdictPassed} {
		decision := must[*Decision](t)(w.registry.EvaluateGate(gate, options))
		info := must[DecisionRecord](t)(decision.Info())
		equal(t, info.Verdict, want)
		equal(t, info.RequestID, "")
		equal(t, info.Sequence, 0)
		equal(t, info.Incumbent, number(t, w.version))
		ok(t, decision.Close())
	}
	ok(t, run.LogMetric("accuracy", 0.6, 2)) // nothing is sealed
	ok(t, lenient.Close())
	_, err := w.registry.EvaluateGate(lenient, options)
	refused(t, err, ErrClosed, "gate")
	_, err = w.registry.EvaluateGate(nil, nil)
	refused(t, err, ErrInvalidArgument, "options")
}

func TestGateRevisions(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	digest := must[string](t)(w.gate.Digest())
	refused(t, w.registry.DetachGate(&GateOptions{Model: "digits", ExpectedDigest: "none"}), ErrConflict)
	ok(t, w.registry.DetachGate(&GateOptions{Model: "digits", ExpectedDigest: digest}))
	refused(t, w.registry.DetachGate(&GateOptions{Model: "digits"}), ErrNotFound)
	gates := list(t, w.registry.ListGates(&GateListOptions{Model: "digits", Limit: 1}))
	equal(t, len(gates), 2)
	equal(t, gates[0].Digest, "")
	equal(t, gates[0].InForce, false)
	equal(t, gates[1].Digest, digest)
	equal(t, gates[1].Text, gateText)
	equal(t, gates[1].Revision, 1)
}

func TestChannelsGoBack(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	numbers := []string{number(t, w.version), number(t, promote(t, w, 0.96)), number(t, promote(t, w, 0.97))}
	ok(t, w.model.CreateChannel("production"))
	for i, version := range numbers {
		move(t, w, version, append([]string{"none"}, numbers...)[i])
	}
	for _, i := range []int{1, 0} {
		version := must[*Version](t)(w.model.RollBackChannel(&RollBackOptions{
			Channel: "production", Expected: numbers[i+1], Reason: "slow",
		}))
		equal(t, number(t, version), numbers[i])
		ok(t, version.Close())
	}
	_, err := w.model.RollBackChannel(&RollBackOptions{Channel: "production", Expected: numbers[0]})
	refused(t, err, ErrNotFound, "nothing to go back to")
	refused(t, w.model.ClearChannel(&ClearOptions{Channel: "production", Expected: "none"}), ErrConflict)
	ok(t, w.model.ClearChannel(&ClearOptions{Channel: "production", Expected: numbers[0]}))
	moves := list(t, w.model.ListChannelMoves(&ChannelMoveListOptions{Channel: "production", Limit: 4}))
	equal(t, len(moves), 6)
	equal(t, moves[0].Kind, ChannelMoveKindCleared)
	equal(t, moves[0].Version, "")
	equal(t, moves[2].Kind, ChannelMoveKindRolledBack)
	equal(t, moves[2].Reason, "slow")
	equal(t, moves[2].Version, numbers[1])
	equal(t, moves[5].Kind, ChannelMoveKindMoved)
	equal(t, moves[5].RequestID != "", true)
}

func TestStatusesAndWarnings(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	newer := promote(t, w, 0.97)
	old, last := number(t, w.version), number(t, newer)
	ok(t, newer.Deprecate(&DeprecateOptions{Reason: "slow", Replacement: old}))
	equal(t, resolved(t, w, "digits", nil).Number, old)
	pinned := resolved(t, w, "digits@1.1.0", nil)
	equal(t, pinned.Status, VersionStatusDeprecated)
	equal(t, strings.Join(pinned.Warnings, "|"), "digits@"+last+" is deprecated: slow; use "+old+" instead")
	equal(t, resolved(t, w, "digits@>=1.1", nil).Number, last) // nothing else is there
	ok(t, newer.Undeprecate(""))
	ok(t, newer.Yank(&YankOptions{Reason: "leaks"}))
	equal(t, resolved(t, w, "digits@1.1.0", nil).Warnings[0], "digits@"+last+" is yanked: leaks")
	_, err := w.registry.Resolve("digits@>=1.1", nil)
	refused(t, err, ErrNotFound, "yanked")
	ok(t, newer.Unyank("they were made up"))
	equal(t, len(resolved(t, w, "digits@1.1.0", nil).Warnings), 0)
}

func TestInUse(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	newer := promote(t, w, 0.97)
	ok(t, w.model.CreateChannel("production"))
	move(t, w, number(t, newer), "none")
	refused(t, newer.Yank(&YankOptions{Reason: "leaks"}), ErrInUse, "'production'")
	refused(t, newer.Delete("unused"), ErrInUse, "'production'")
	replace := &YankOptions{Reason: "leaks", Replacement: number(t, w.version)}
	attach(t, w, "version.major >= 9", "channel/production")
	refused(t, newer.Yank(replace), ErrGateFailed, "version.major is 1")
	attach(t, w, "channel.staging.hours >= 24", "channel/production")
	refused(t, newer.Yank(replace), ErrGatePending, "channel.staging.hours")
	ok(t, newer.Yank(&YankOptions{Reason: "leaks", Channels: YankChannelsClear}))
	equal(t, list(t, w.model.ListChannels(nil))[0].Version, "")
	ok(t, newer.Delete("unused"))
	_, err := w.model.OpenVersion("1.1.0")
	refused(t, err, ErrNotFound, "deleted")
}

func TestAsOf(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := makeWorld(t, OpenOptions{Clock: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	newer := promote(t, w, 0.97)
	created := must[VersionRecord](t)(newer.Info()).Created
	ok(t, newer.Delete("unused"))
	equal(t, resolved(t, w, "digits", nil).Number, number(t, w.version))
	// A time of any zone is the same moment, to the microsecond.
	east := created.In(time.FixedZone("east", 9*3600))
	then := resolved(t, w, "digits", &ResolveOptions{AsOf: east})
	equal(t, then.Number, number(t, newer))
	equal(t, then.Status, VersionStatusActive)
	equal(t, strings.Join(then.Warnings, "|"), "digits@"+then.Number+" was deleted since: unused")
	before := resolved(t, w, "digits", &ResolveOptions{AsOf: east.Add(-time.Microsecond)})
	equal(t, before.Number, number(t, w.version))
	_, err := w.registry.Resolve("digits", &ResolveOptions{AsOf: created.AddDate(100, 0, 0)})
	refused(t, err, ErrInvalidArgument, "future")
	_, err = w.registry.Resolve("digits", &ResolveOptions{AsOf: created.AddDate(-100, 0, 0)})
	refused(t, err, ErrInvalidArgument, "as_of_us")
}

func TestLineage(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	info := must[LineageRecord](t)(w.lineage.Info())
	equal(t, info.StartKind, LineageKindVersion)
	equal(t, info.Truncated, false)
	edges := list(t, w.lineage.All())
	equal(t, must[int](t)(w.lineage.Len()), len(edges))
	equal(t, int64(len(edges)), info.EdgeCount)
	equal(t, must[LineageEdgeRecord](t)(w.lineage.At(1)), edges[1])
	_, err := w.lineage.At(len(edges))
	refused(t, err, ErrInvalidArgument)
	var roles []string
	for _, edge := range edges {
		roles = append(roles, edge.Role)
	}
	equal(t, slices.Equal(roles, []string{"promotion", "training", "snapshot"}), true)
	equal(t, edges[0].Source, runID(t, w.run))
	equal(t, edges[0].Target, info.Start)
	equal(t, edges[2].Distance, -3)
	inputs := list(t, w.version.ListInputs(nil))
	equal(t, inputs[0].DatasetDigest, edges[1].Source)
	equal(t, must[VersionRecord](t)(w.version.Info()).DatasetDigests[0], edges[1].Source)

	down := must[*Lineage](t)(w.registry.Lineage(&LineageOptions{
		RunID: runID(t, w.run), Direction: LineageDirectionDownstream,
	}))
	defer down.Close()
	equal(t, len(list(t, down.All())), 1)
	_, err = w.registry.Lineage(nil)
	refused(t, err, ErrInvalidArgument)
}
