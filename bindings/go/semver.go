// SPDX-License-Identifier: Apache-2.0

package modelreg

import "fmt"

// Versions and ranges print as they are written.
var (
	_ fmt.Stringer = (*Semver)(nil)
	_ fmt.Stringer = (*SemverRange)(nil)
)

// String is the version as text, and "" once it is closed.
func (s *Semver) String() string {
	info, _ := s.Info()
	return info.Number
}

// String is the range as it was given, and "" once it is closed.
func (s *SemverRange) String() string {
	info, _ := s.Info()
	return info.Text
}
