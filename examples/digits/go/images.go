// SPDX-License-Identifier: Apache-2.0

package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
)

const (
	pixels  = 64
	classes = 10

	// The images are shuffled as in common.c, and all but the last part are for training and choosing.
	shuffleSeed   = 1
	heldOutBegins = 1200 + 197
)

type image struct {
	pixels [pixels]float32 // 0 is white, 1 is black
	label  int             // 0 to 9
}

// heldOutImages reads a gzipped CSV file, a row an image: 64 numbers from 0 to 16 and the label. It
// returns those that no training has seen.
func heldOutImages(path string) ([]image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) <= heldOutBegins {
		return nil, fmt.Errorf("%s: too few images", path)
	}
	images := make([]image, len(rows))
	for i, row := range rows {
		if images[i], err = parseRow(row); err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", path, i+1, err)
		}
	}
	shuffle(images)
	return images[heldOutBegins:], nil
}

func parseRow(row []string) (image, error) {
	var one image
	if len(row) != pixels+1 {
		return one, fmt.Errorf("%d columns", len(row))
	}
	for i, text := range row[:pixels] {
		value, err := strconv.ParseUint(text, 10, 5)
		if err != nil || value > 16 {
			return one, fmt.Errorf("%q is no pixel", text)
		}
		one.pixels[i] = float32(value) / 16
	}
	label, err := strconv.ParseUint(row[pixels], 10, 4)
	if err != nil || label >= classes {
		return one, fmt.Errorf("%q is no label", row[pixels])
	}
	one.label = int(label)
	return one, nil
}

// shuffle is the method of Fisher and Yates with the generator SplitMix64: the same order in every
// language.
func shuffle(images []image) {
	state := uint64(shuffleSeed)
	for i := len(images) - 1; i > 0; i-- {
		state += 0x9E3779B97F4A7C15
		z := state
		z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
		z = (z ^ (z >> 27)) * 0x94D049BB133111EB
		j := (z ^ (z >> 31)) % uint64(i+1)
		images[i], images[j] = images[j], images[i]
	}
}
