// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

func TestSemversSort(t *testing.T) {
	ordered := []string{"0.9.0", "0.10.0", "1.0.0-0", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0", "2.0.0"}
	var semvers []*Semver
	for _, text := range ordered {
		semvers = append(semvers, must[*Semver](t)(ParseSemver(text)))
	}
	for i, one := range semvers {
		for k, other := range semvers {
			want := min(max(i-k, -1), 1)
			equal(t, one.Compare(other), want)
			keys := [][]byte{must[[]byte](t)(one.Key()), must[[]byte](t)(other.Key())}
			equal(t, bytes.Compare(keys[0], keys[1]), want)
		}
	}
	slices.Reverse(semvers)
	slices.SortFunc(semvers, (*Semver).Compare)
	for i, semver := range semvers {
		equal(t, semver.String(), ordered[i])
	}
	equal(t, fmt.Sprint(slices.MaxFunc(semvers, (*Semver).Compare)), "2.0.0")
}

// What is nil or closed comes first, so that sorting has an order whatever happens meanwhile.
func TestSemverThatIsMissing(t *testing.T) {
	open := must[*Semver](t)(ParseSemver("0.0.0-0"))
	shut := must[*Semver](t)(ParseSemver("9.0.0"))
	ok(t, shut.Close())
	for _, missing := range []*Semver{nil, new(Semver), shut} {
		equal(t, missing.Compare(open), -1)
		equal(t, open.Compare(missing), 1)
		equal(t, missing.Compare(shut), 0)
		equal(t, missing.String(), "")
	}
	_, err := shut.Key()
	refused(t, err, ErrClosed)
	every := must[*SemverRange](t)(ParseSemverRange("*", 0))
	_, err = every.Matches(shut)
	refused(t, err, ErrClosed)
	_, err = every.Matches(nil)
	refused(t, err, ErrInvalidArgument, "semver is nil")
	ok(t, every.Close())
	_, err = every.Matches(open)
	refused(t, err, ErrClosed)
	equal(t, every.String(), "")
}

func TestSemverParts(t *testing.T) {
	semver := must[*Semver](t)(ParseSemver("1.20.300-rc.1+5f2c"))
	want := SemverRecord{1, 20, 300, "rc.1", "5f2c", "1.20.300-rc.1+5f2c"}
	equal(t, must[SemverRecord](t)(semver.Info()), want)
	next := must[*Semver](t)(semver.Bump(BumpPatch, ""))
	equal(t, next.String(), "1.20.300")
	next = must[*Semver](t)(next.Bump(BumpPrerelease, "rc"))
	equal(t, next.String(), "1.20.301-rc.0")
	_, err := next.Bump(BumpMinor, "rc")
	refused(t, err, ErrInvalidArgument, "prerelease_id")
	_, err = ParseSemver("1.2")
	refused(t, err, ErrInvalidArgument, "'1.2'", "column 4")
	_, err = ParseSemver("1.2.3\x00")
	refused(t, err, ErrInvalidArgument, "NUL")
}

func TestSemverRanges(t *testing.T) {
	caret := must[*SemverRange](t)(ParseSemverRange("^1.2", 0))
	equal(t, caret.String(), "^1.2")
	equal(t, must[SemverRangeRecord](t)(caret.Info()).Comparisons, ">=1.2.0 <2.0.0-0")
	prerelease := must[*Semver](t)(ParseSemver("1.3.0-rc.1"))
	equal(t, must[bool](t)(caret.Matches(prerelease)), false)
	every := must[*SemverRange](t)(ParseSemverRange("^1.2", RangePrereleases))
	equal(t, must[bool](t)(every.Matches(prerelease)), true)
	best := must[*Semver](t)(caret.Highest([]string{"1.2.0", "1.10.0", "2.0.0"}))
	equal(t, best.String(), "1.10.0")
	_, err := caret.Highest(nil)
	refused(t, err, ErrNotFound, "none of 0 versions")
	_, err = caret.Highest([]string{"1.2.0", "1"})
	refused(t, err, ErrInvalidArgument, "versions[1]: '1'")
}
