// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"bytes"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Also what is generated is as gofmt writes it, and every file names its licence.
func TestFormat(t *testing.T) {
	files := 0
	ok(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		text := must[[]byte](t)(os.ReadFile(path))
		formatted := must[[]byte](t)(format.Source(text))
		if !bytes.Equal(text, formatted) {
			t.Errorf("gofmt would change %s", path)
		}
		if !bytes.HasPrefix(text, []byte("// SPDX-License-Identifier: Apache-2.0\n")) {
			t.Errorf("%s does not name its licence", path)
		}
		files++
		return nil
	}))
	if files < 15 {
		t.Fatalf("only %d files were looked at", files)
	}
}

// What the README shows is what the example test runs.
func TestReadme(t *testing.T) {
	readme := string(must[[]byte](t)(os.ReadFile("README.md")))
	example := string(must[[]byte](t)(os.ReadFile("example_test.go")))
	_, code, found := strings.Cut(readme, "```go\n")
	equal(t, found, true)
	code, _, _ = strings.Cut(code, "```")
	_, body, _ := strings.Cut(example, "func Example() {\n")
	body, _, found = strings.Cut(body, "\t// Output:")
	equal(t, found, true)
	equal(t, code, strings.ReplaceAll(body[1:], "\n\t", "\n"))
}
