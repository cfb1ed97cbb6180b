// SPDX-License-Identifier: Apache-2.0

// Command bench prints what calls cost in Go and, in the same process, in a loop of C:
//
//	NAME ratio=R ours=A baseline=B unit=U
package main

import (
	"fmt"
	"log"
	"runtime"
	"slices"
	"time"

	"modelreg"
	"modelreg/internal/ctest"
)

const (
	rounds       = 15
	columnLength = 1000
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

// A subject has the handles that the calls need.
type subject struct {
	registry   *modelreg.Registry
	experiment *modelreg.Experiment
	run        *modelreg.Run
	metric     *modelreg.Metric
	manifest   *modelreg.Manifest
}

func open() *subject {
	options := modelreg.OpenOptions{Flags: modelreg.OpenCreate}
	s := &subject{registry: must(modelreg.OpenRegistry("memory:", &options))}
	s.experiment = must(s.registry.OpenExperiment("x"))
	s.run = must(s.experiment.StartRun(nil))
	s.metric = must(s.run.Metric("loss"))
	s.manifest = must(modelreg.NewManifest())
	return s
}

func (s *subject) close() {
	check(s.manifest.Close())
	check(s.metric.Close())
	check(s.run.Close())
	check(s.experiment.Close())
	check(s.registry.Close())
}

// A task is one call, in Go and in C.
type task struct {
	name  string
	count int // calls in a round
	parts int // things in a call
	ours  func(s *subject, i int) int
	c     func(b *ctest.Baseline, count int) time.Duration
}

func main() {
	values := make([]float64, columnLength)
	steps := make([]int64, columnLength)
	times := make([]int64, columnLength)
	for i := range values {
		values[i], steps[i], times[i] = 1/float64(i+1), int64(i), int64(i)
	}
	tasks := []task{
		{"trivial_call", 200_000, 1,
			func(s *subject, _ int) int { return must(s.manifest.Len()) },
			(*ctest.Baseline).Trivial},
		{"one_record", 50_000, 1,
			func(s *subject, _ int) int { return int(must(s.run.Info()).Kind) },
			(*ctest.Baseline).Record},
		{"one_logged_point", 50_000, 1,
			func(s *subject, i int) int { check(s.metric.Log(0.5, int64(i))); return 0 },
			(*ctest.Baseline).Point},
		{"column_of_1000_points", 50, columnLength,
			func(s *subject, _ int) int { check(s.metric.LogMany(values, steps, times)); return 0 },
			func(b *ctest.Baseline, count int) time.Duration { return b.Column(values, steps, times, count) }},
	}
	for _, each := range tasks {
		measure(each)
	}
}

// measure prints the medians over rounds that take turns, each with registries of its own, so that
// all see the same amount of points.
func measure(t task) {
	var ours, baseline []float64
	sum := 0 // of what the calls give, so that none is left out
	for range rounds {
		s := open()
		start := time.Now()
		for i := range t.count {
			sum += t.ours(s, i)
		}
		ours = append(ours, perPart(time.Since(start), t))
		s.close()
		b := ctest.OpenBaseline()
		baseline = append(baseline, perPart(t.c(b, t.count), t))
		b.Close()
	}
	runtime.KeepAlive(sum)
	a, b := median(ours), median(baseline)
	fmt.Printf("go_%s ratio=%.2f ours=%.4g baseline=%.4g unit=ns\n", t.name, a/b, a, b)
}

func perPart(elapsed time.Duration, t task) float64 {
	return float64(elapsed.Nanoseconds()) / float64(t.count*t.parts)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
