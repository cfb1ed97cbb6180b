// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// declared is every name that a doc comment may link to: Run, Run.Finish, RunOptions.Name, ErrClosed.
func declared(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, file := range files {
		for _, each := range file.Decls {
			switch each := each.(type) {
			case *ast.FuncDecl:
				name := each.Name.Name
				if each.Recv != nil {
					of := each.Recv.List[0].Type
					if pointer, ok := of.(*ast.StarExpr); ok {
						of = pointer.X
					}
					if noun, ok := of.(*ast.Ident); ok {
						name = noun.Name + "." + name
					}
				}
				names[name] = true
			case *ast.GenDecl:
				for _, spec := range each.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names[spec.Name.Name] = true
						if fields, ok := spec.Type.(*ast.StructType); ok {
							for _, field := range fields.Fields.List {
								for _, name := range field.Names {
									names[spec.Name.Name+"."+name.Name] = true
								}
							}
						}
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names[name.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

// What goes wrong where comments of C become comments of Go.
var wrong = []*regexp.Regexp{
	regexp.MustCompile(`\w_(?:\W|$)`),              // error_: a plain word taken for a parameter
	regexp.MustCompile(`[^.]\.\.(?:\s|$)`),         // two sentences' ends
	regexp.MustCompile(`[.,;:] ?[,;:]`),            // a clause that was cut out
	regexp.MustCompile(`(?:Errors|Returns):? and`), // a list without its first
	regexp.MustCompile(`- \w+: (?:nil|""): \w+$`),  // nil said to be what it is not
	regexp.MustCompile(`"" or ""`),
	regexp.MustCompile("`\\w+` is nil"),
	regexp.MustCompile(`nil when \w*(?:Count|Size|count|size) is 0`),
	regexp.MustCompile(`in milliseconds`),
	regexp.MustCompile(`\b(?:mr|MR)_\w`),
	regexp.MustCompile(`\bthe the\b|\ba an?\b`),
}

var link = regexp.MustCompile(`\[\*?([A-Z]\w*[a-z]\w*(?:\.\w+)?)\]`)

func TestComments(t *testing.T) {
	positions := token.NewFileSet()
	var files []*ast.File
	for _, path := range must[[]string](t)(filepath.Glob("*.go")) {
		if !strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(positions, path, nil, parser.ParseComments)
			ok(t, err)
			files = append(files, file)
		}
	}
	names := declared(files)
	links, groups := 0, 0
	for _, file := range files {
		for _, group := range file.Comments {
			text := group.Text()
			if strings.Contains(text, "#include") || strings.HasPrefix(text, "SPDX") {
				continue
			}
			groups++
			where := positions.Position(group.Pos())
			plain := strings.Join(strings.Fields(text), " ")
			for _, each := range wrong {
				found := each.FindString(plain)
				if found != "" && strings.HasPrefix(where.Filename, "generated") {
					t.Errorf("%s: %q in %q", where, found, plain)
				}
			}
			for _, found := range link.FindAllStringSubmatch(plain, -1) {
				links++
				if !names[found[1]] {
					t.Errorf("%s: no %s is declared", where, found[0])
				}
			}
		}
	}
	if links < 300 || groups < 500 {
		t.Fatalf("only %d links in %d comments were looked at", links, groups)
	}
}
