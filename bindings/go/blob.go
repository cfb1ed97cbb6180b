// SPDX-License-Identifier: Apache-2.0

package modelreg

import "io"

// A Blob is read like a file: with io.NewSectionReader(blob, 0, size) as a stream.
var (
	_ io.ReaderAt = (*Blob)(nil)
	_ io.Closer   = (*Blob)(nil)
)

// ReadAt reads verified bytes: as many as data has room for, or io.EOF where the content ends before.
// Content is verified in leaves of 1 MiB, so reading a small part of a large artifact does not read
// all of it. Bytes that do not match the digest are [ErrTampered].
func (b *Blob) ReadAt(data []byte, offset int64) (int, error) {
	count, err := b.read(offset, data)
	if err == nil && count < len(data) {
		err = io.EOF
	}
	return count, err
}
