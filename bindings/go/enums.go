// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"fmt"
	"strings"
)

type bitName struct {
	bit  uint64
	name string
}

// bitNames spells flags as "CREATE|READ_ONLY"; bits without a name are shown as a number.
func bitNames(bits uint64, names []bitName) string {
	var parts []string
	for _, each := range names {
		if bits&each.bit != 0 {
			parts = append(parts, each.name)
			bits &^= each.bit
		}
	}
	if bits != 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%#x", bits))
	}
	return strings.Join(parts, "|")
}

// unknownName is for values that came after this package.
func unknownName(kind string, value int64) string {
	return fmt.Sprintf("%s(%d)", kind, value)
}
