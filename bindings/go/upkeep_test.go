// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// stored is the file of the only content of a registry.
func stored(t testing.TB, path string) string {
	t.Helper()
	files := must[[]string](t)(filepath.Glob(filepath.Join(path+".d", "blobs", "*", "*")))
	equal(t, len(files), 1)
	return files[0]
}

// lost is a registry in a file, whose only content is gone.
func lost(t testing.TB) (registry *Registry, folder string) {
	t.Helper()
	folder = t.TempDir()
	path := filepath.Join(folder, "R.db")
	registry = must[*Registry](t)(OpenRegistry(path, &OpenOptions{Flags: OpenCreate}))
	t.Cleanup(func() { _ = registry.Close() })
	ok(t, startRun(t, registry).LogArtifactBytes("model.bin", []byte("weights")))
	ok(t, os.Remove(stored(t, path)))
	return registry, folder
}

func TestFsckFindings(t *testing.T) {
	registry, _ := lost(t)
	fsck := must[*Fsck](t)(registry.Fsck(nil))
	defer fsck.Close()
	sums := must[FsckRecord](t)(fsck.Info())
	equal(t, sums.ErrorCount, 1)
	equal(t, sums.BlobCount, 0) // what is not there is not looked at
	equal(t, int64(must[int](t)(fsck.Len())), sums.ErrorCount+sums.NoteCount)
	all := list(t, fsck.All())
	equal(t, all[0], must[FindingRecord](t)(fsck.At(0)))
	equal(t, all[0].Finding, FindingMissing)
	equal(t, all[0].IsNote, false)
	equal(t, all[0].Repaired, false)
	_, err := fsck.At(len(all))
	refused(t, err, ErrInvalidArgument, "index")
	ok(t, fsck.Close())
	_, err = fsck.Len()
	refused(t, err, ErrClosed)
	if _, err = (*Fsck)(nil).Info(); err == nil {
		t.Fatal("no error for nil")
	}

	few := must[*Fsck](t)(registry.Fsck(&FsckOptions{Limit: 1, Flags: FsckQuick | FsckRepair}))
	defer few.Close()
	equal(t, must[int](t)(few.Len()), 1)
	equal(t, must[FsckRecord](t)(few.Info()).NoteCount, sums.NoteCount)
}

func TestBackupFailsOrReports(t *testing.T) {
	registry, folder := lost(t)
	path := filepath.Join(folder, "copy.db")
	refused(t, registry.Backup(path, nil), ErrTampered, "damaged", "blob")
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	report := must[*Report](t)(registry.BackupReport(path, nil))
	defer report.Close()
	problems := list(t, report.All())
	equal(t, len(problems), 1)
	equal(t, problems[0].Problem, ProblemMissing)
	refused(t, registry.Backup(path, nil), ErrAlreadyExists)

	cancel := must[*Cancel](t)(NewCancel())
	defer cancel.Close()
	cancel.Trigger()
	_, err := registry.Fsck(&FsckOptions{Cancel: cancel})
	refused(t, err, ErrCancelled)
	refused(t, registry.Backup(path+"2", &BackupOptions{Cancel: cancel}), ErrCancelled)
}

func TestBackupCountsWhatIsDone(t *testing.T) {
	registry := openMemory(t, OpenOptions{})
	ok(t, startRun(t, registry).LogArtifactBytes("model.bin", make([]byte, 3<<20)))
	path := filepath.Join(t.TempDir(), "copy.db")
	cancel := must[*Cancel](t)(NewCancel())
	defer cancel.Close()
	ok(t, registry.Backup(path, &BackupOptions{Cancel: cancel}))
	done := must[int64](t)(cancel.Done())
	if done <= 3<<20 {
		t.Fatal(done)
	}
	equal(t, done, must[int64](t)(cancel.Total()))
	copied := must[*Registry](t)(OpenRegistry(path, &OpenOptions{Flags: OpenReadOnly}))
	defer copied.Close()
	equal(t, must[RegistryRecord](t)(copied.Info()).ID, must[RegistryRecord](t)(registry.Info()).ID)
	fsck := must[*Fsck](t)(copied.Fsck(nil))
	defer fsck.Close()
	equal(t, must[FsckRecord](t)(fsck.Info()).ErrorCount, 0)
	equal(t, must[FsckRecord](t)(fsck.Info()).TotalSize, 3<<20)
	_, err := copied.Fsck(&FsckOptions{Flags: FsckRepair})
	refused(t, err, ErrReadOnly)
}
