// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Every status is found by its own error and by no other; those that no call answers yet, too.
func TestEveryStatus(t *testing.T) {
	all := map[Status]error{}
	for status := Status(1); !strings.HasPrefix(status.String(), "Status("); status++ {
		found := newError(status, 5, "the message")
		for _, each := range []error{
			ErrInvalidArgument, ErrNotFound, ErrAlreadyExists, ErrConflict, ErrBusy, ErrNoMemory, ErrIO,
			ErrCorrupt, ErrNotSupported, ErrABIMismatch, ErrLimit, ErrGateFailed, ErrGatePending,
			ErrTampered, ErrUntrusted, ErrRollback, ErrReadOnly, ErrForked, ErrUnavailable, ErrInUse,
			ErrCancelled, ErrClosed,
		} {
			if errors.Is(found, each) {
				if all[status] != nil {
					t.Fatalf("%v is both %v and %v", status, all[status], each)
				}
				all[status] = each
			}
		}
		if all[status] == nil {
			t.Fatalf("%v is found by none", status)
		}
		equal(t, StatusName(status), status.String())
		equal(t, found.Error(), "modelreg: "+status.String()+": the message")
		equal(t, all[status].Error(), "modelreg: "+status.String())
		equal(t, errors.Is(all[status], found), false)
	}
	equal(t, len(all), 22)
}

func TestUnknownStatus(t *testing.T) {
	err := newError(4711, -3, "from \xff tomorrow")
	var e *Error
	equal(t, errors.As(err, &e), true)
	equal(t, e.Status, 4711)
	equal(t, e.BackendCode, -3)
	equal(t, e.Message, "from \uFFFD tomorrow")
	equal(t, err.Error(), "modelreg: Status(4711): from \uFFFD tomorrow")
	equal(t, errors.Is(err, &Error{Status: 4711}), true)
	equal(t, errors.Is(err, &Error{Status: 4712}), false)
	equal(t, errors.Is(err, ErrNotFound), false)
	equal(t, errors.Unwrap(err), nil)
}

// What a call can answer at all, each by a real call; other tests have the rest.
func TestStatusesOfCalls(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	ok(t, os.WriteFile(file, []byte("text"), 0o644))
	_, err := OpenRegistry(filepath.Join(folder, "none"), nil)
	refused(t, err, ErrNotFound, "none")
	_, err = OpenRegistry("oracle://host/x", nil)
	refused(t, err, ErrNotSupported)
	_, err = OpenRegistry(file, nil)
	refused(t, err, ErrCorrupt)

	_, err = OpenRegistry(filepath.Join(folder, strings.Repeat("x", 300)), &OpenOptions{Flags: OpenCreate})
	refused(t, err, ErrIO, "xxx")
	equal(t, errors.Is(err, syscall.ENAMETOOLONG), true)
	equal(t, errors.Is(err, fs.ErrPermission), false)

	run := startRun(t, openMemory(t, OpenOptions{}))
	ok(t, run.LogParam("depth", "4"))
	refused(t, run.LogParam("depth", "5"), ErrAlreadyExists, "depth")
	ok(t, run.Finish(RunStatusFinished))
	refused(t, run.Finish(RunStatusKilled), ErrConflict)
	refused(t, run.Finish(0), ErrInvalidArgument)
	refused(t, run.LogParam(strings.Repeat("k", 251), "x"), ErrLimit)
}

func TestTampered(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	changed := 0
	ok(t, filepath.WalkDir(filepath.Join(w.folder, "R.db.d"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && string(content) == "abcdef" {
			changed++
			ok(t, os.Chmod(path, 0o644))
			err = os.WriteFile(path, []byte("abcdeF"), 0o644)
		}
		return err
	}))
	equal(t, changed, 1)
	blob := must[*Blob](t)(w.version.OpenArtifact(""))
	defer blob.Close()
	_, err := blob.Map()
	refused(t, err, ErrTampered)
	_, err = blob.ReadAt(make([]byte, 3), 0)
	refused(t, err, ErrTampered)
	refused(t, blob.ViewMap(func([]byte) { t.Error("seen") }), ErrTampered)
	refused(t, w.version.Verify("", nil), ErrTampered, "weights.bin")
}

func TestABIMismatch(t *testing.T) {
	ok(t, abiMismatch)
	defer func() { abiMismatch = nil }()
	abiMismatch = compareABI(HeaderABILevel + 1)
	for _, make := range []func() error{
		func() error { _, err := OpenRegistry("memory:", nil); return err },
		func() error { _, err := NewGate(); return err },
		func() error { _, err := ParseGate(""); return err },
		func() error { _, err := NewManifest(); return err },
		func() error { _, err := NewCancel(); return err },
	} {
		refused(t, make(), ErrABIMismatch, "ABI level 2", "ABI level 1", "install")
	}
}
