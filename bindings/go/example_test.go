// SPDX-License-Identifier: Apache-2.0

package modelreg_test

import (
	"errors"
	"fmt"
	"log"

	"modelreg"
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

func Example() {
	registry := must(modelreg.OpenRegistry("memory:", &modelreg.OpenOptions{Flags: modelreg.OpenCreate}))
	defer registry.Close()

	run := must(must(registry.OpenExperiment("digits")).StartRun(nil))
	check(run.LogParam("depth", "4"))
	check(run.LogMetric("accuracy", 0.95, 1))
	check(run.LogArtifactBytes("weights.bin", []byte("...")))
	check(run.Finish(modelreg.RunStatusFinished))

	model := must(registry.CreateModel("digits", nil))
	gate := must(modelreg.ParseGate("accurate: metrics.accuracy >= 0.9"))
	check(registry.AttachGate(gate, &modelreg.GateOptions{Model: "digits"}))
	request := must(model.Promote(must(run.Info()).ID, nil))
	_, err := request.Version()
	fmt.Println("refused:", errors.Is(err, modelreg.ErrGateFailed))

	version := must(registry.Resolve("digits@latest", nil))
	content := must(must(version.OpenArtifact("")).Map())
	fmt.Println(must(version.Info()).Number[:5], string(content))
	// Output:
	// refused: false
	// 1.0.0 ...
}
