// SPDX-License-Identifier: EUPL-1.2

package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "samsyn/"

// source is one Go file of the repository.
type source struct {
	// path from the top of the repository, with slashes.
	path string
	text string
	tree *ast.File
	set  *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// dir is the folder, and so the package, of the file.
func (s source) dir() string { return filepath.ToSlash(filepath.Dir(s.path)) }

// imports are the paths it imports, with their lines.
func (s source) imports() map[string]int {
	all := map[string]int{}
	for _, i := range s.tree.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err == nil {
			all[path] = s.set.Position(i.Pos()).Line
		}
	}
	return all
}

// sources reads every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	top := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != top && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "data" || name == "tools") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		all = append(all, source{filepath.ToSlash(rel), string(text), tree, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("found only %d Go files: the walk is wrong", len(all))
	}
	return all
}
