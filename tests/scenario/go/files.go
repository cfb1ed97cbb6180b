// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"

	"modelreg"
)

func (s *scenario) fileAt(index int) string {
	return filepath.Join(s.folder, s.textAt(index))
}

// must ends the run when a file cannot be had.
func (s *scenario) must(err error) {
	if err != nil {
		s.complain("%v", err)
	}
}

func (s *scenario) makeFolder() error {
	s.must(os.Mkdir(s.fileAt(0), 0o777))
	return nil
}

func (s *scenario) writeFile() error {
	s.must(os.WriteFile(s.fileAt(0), []byte(s.textAt(1)), 0o666))
	return nil
}

func (s *scenario) readFile() error {
	data, err := os.ReadFile(s.fileAt(0))
	s.must(err)
	s.say("%s", quoted(string(data), false))
	return nil
}

func (s *scenario) removeFile() error {
	s.must(os.Remove(s.fileAt(0)))
	return nil
}

// flipBit changes the last bit of the first byte, of a file that nobody may write, too.
func (s *scenario) flipBit(path string) {
	data, err := os.ReadFile(path)
	s.must(err)
	data[0] ^= 1
	s.must(os.Chmod(path, 0o600))
	s.must(os.WriteFile(path, data, 0o600))
}

func (s *scenario) damageFile() error {
	s.flipBit(s.fileAt(0))
	return nil
}

func (s *scenario) damageBlob() error {
	record, err := s.handleAt(0).Interface().(*modelreg.Registry).Info()
	s.must(err)
	digest := s.textAt(1)
	s.flipBit(filepath.Join(record.ArtifactRoot, "blobs", digest[:2], digest[2:]))
	return nil
}
