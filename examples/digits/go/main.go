// SPDX-License-Identifier: Apache-2.0

// The program that uses the model, as classify.c: it knows a name and a channel, nothing about runs,
// and only reads.
//
//	classify REGISTRY DIGITS.CSV.GZ
package main

import (
	"fmt"
	"os"
	"strings"

	"modelreg"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: classify REGISTRY DIGITS.CSV.GZ")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path, digits string) error {
	registry, err := modelreg.OpenRegistry(path, &modelreg.OpenOptions{Flags: modelreg.OpenReadOnly})
	if err != nil {
		return err
	}
	defer registry.Close()
	version, err := registry.Resolve("digits@production", nil)
	if err != nil {
		return err
	}
	defer version.Close()
	record, err := version.Info()
	if err != nil {
		return err
	}
	for _, warning := range record.Warnings {
		fmt.Fprintln(os.Stderr, "warning:", warning)
	}
	// Fails when any byte of the version is not what it was.
	if err := version.Verify("", nil); err != nil {
		return err
	}
	weights, err := load(version)
	if err != nil {
		return err
	}

	images, err := heldOutImages(digits)
	if err != nil {
		return err
	}
	var first []string
	right := 0
	for i := range images {
		class := weights.classify(&images[i])
		if class == images[i].label {
			right++
		}
		if i < 10 {
			first = append(first, fmt.Sprintf("read %d, is %d", class, images[i].label))
		}
	}
	accuracy := float64(right) / float64(len(images))
	fmt.Println(strings.Join(first, "; "))
	fmt.Printf("resolved digits@%s accuracy=%.4f on %d images\n", record.Number, accuracy, len(images))
	if accuracy < 0.93 {
		return fmt.Errorf("only %d of %d images were read right", right, len(images))
	}
	return nil
}

// load reads the model from the only file of a version. What is mapped has been verified again, in
// memory that nobody else can change.
func load(version *modelreg.Version) (*model, error) {
	blob, err := version.OpenArtifact("")
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	file, err := blob.Info()
	if err != nil {
		return nil, err
	}
	var weights model
	var broken error
	if err := blob.ViewMap(func(data []byte) { broken = weights.decode(data) }); err != nil {
		return nil, err
	}
	if broken != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, broken)
	}
	fmt.Printf("verified %s: %d bytes, %s, digest %.16s...\n", file.Path, file.Size, file.Format, file.Digest)
	return &weights, nil
}
