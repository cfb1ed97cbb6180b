// SPDX-License-Identifier: Apache-2.0

// Package ctest has what the tests and the benchmark need of C, since a test file cannot use cgo.
package ctest

// #include <stdlib.h>
import "C"

import "unsafe"

// Malloc is malloc.
func Malloc(size uintptr) unsafe.Pointer { return C.malloc(C.size_t(size)) }

// Realloc is realloc.
func Realloc(memory unsafe.Pointer, size uintptr) unsafe.Pointer {
	return C.realloc(memory, C.size_t(size))
}

// Free is free.
func Free(memory unsafe.Pointer) { C.free(memory) }
