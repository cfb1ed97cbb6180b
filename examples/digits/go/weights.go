// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
)

// Softmax regression: a score for each class, linear in the pixels.
type model struct {
	weights [classes][pixels]float32
	bias    [classes]float32
}

// classify returns the most probable class.
func (m *model) classify(one *image) int {
	best, highest := 0, float32(math.Inf(-1))
	for class := range classes {
		score := m.bias[class]
		for i, pixel := range one.pixels {
			score += m.weights[class][i] * pixel
		}
		if score > highest {
			best, highest = class, score
		}
	}
	return best
}

var errWeights = errors.New("not the weights of a digits model")

// decode reads the weights from a safetensors file: the size of the header as 8 little-endian bytes,
// the header as JSON, then the numbers.
func (m *model) decode(data []byte) error {
	if len(data) < 8 {
		return errWeights
	}
	size := binary.LittleEndian.Uint64(data)
	if size > uint64(len(data)-8) {
		return errWeights
	}
	var tensors map[string]tensor
	if err := json.Unmarshal(data[8:8+size], &tensors); err != nil {
		return err
	}
	numbers := data[8+size:]
	for class := range classes {
		if !tensors["weights"].read(numbers, m.weights[class][:], class, classes, pixels) {
			return errWeights
		}
	}
	if !tensors["bias"].read(numbers, m.bias[:], 0, classes) {
		return errWeights
	}
	return nil
}

type tensor struct {
	Type    string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets []uint64 `json:"data_offsets"`
}

// read copies a row of a tensor, if it is of this shape.
func (t tensor) read(numbers []byte, row []float32, index int, shape ...int) bool {
	if t.Type != "F32" || !slices.Equal(t.Shape, shape) || len(t.Offsets) != 2 {
		return false
	}
	begin, end := t.Offsets[0], t.Offsets[1]
	if begin > end || end > uint64(len(numbers)) {
		return false
	}
	values := numbers[begin:end]
	from := 4 * index * len(row)
	if len(values) < from+4*len(row) {
		return false
	}
	for i := range row {
		row[i] = math.Float32frombits(binary.LittleEndian.Uint32(values[from+4*i:]))
	}
	return true
}
