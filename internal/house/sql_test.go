// SPDX-License-Identifier: EUPL-1.2

package house_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each owner's tables are a schema of its name. Others read the views of schema contract.
var owners = []string{"registry", "intake", "correlator", "alerting", "review", "access"}

var (
	statement = regexp.MustCompile(`(?is)\b(SELECT|INSERT|UPDATE|DELETE|CALL)\b.*\b(FROM|JOIN|INTO|SET|VALUES)\b|\bSELECT\s+[a-z_]+\.[a-z_]+\s*\(`)
	heading   = regexp.MustCompile(`^-- ([a-z]+): \S`)
	writes    = regexp.MustCompile(`(?i)\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+contract\.`)
	qualified = regexp.MustCompile(`\b([a-z_]+)\.[a-z_]+`)
)

// Who reads another's tables breaks when that one changes them, and goes around what it promises.
func TestStatementsReadTheirOwnTablesAndTheContract(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		from := strings.Split(s.path, "/")
		if s.test() || from[0] != "services" || !slices.Contains(owners, from[1]) {
			continue
		}
		folders := from[1 : len(from)-1]
		for at, text := range texts(s.tree) {
			line := s.set.Position(at).Line
			for _, why := range judgeSQL(folders, text) {
				t.Errorf("%s:%d: %s", s.path, line, why)
			}
			if !isStore(s.path) && heading.MatchString(text) && statement.MatchString(text) {
				t.Errorf("%s:%d: statements stand in store files (store.go, store_*.go)", s.path, line)
			}
		}
	}
}

// texts are the string constants of a file, those joined by + as one.
func texts(tree *ast.File) map[token.Pos]string {
	all := map[token.Pos]string{}
	ast.Inspect(tree, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		text, found := textOf(e)
		if found {
			all[e.Pos()] = text
		}
		return !found
	})
	return all
}

// textOf is the text of a string literal, or of a sum of strings with what is no literal left out.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, inLeft := textOf(e.X)
		right, inRight := textOf(e.Y)
		return left + right, e.Op == token.ADD && (inLeft || inRight)
	}
	return "", false
}

// The rule, seen failing.
func TestForeignStatementsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		want int
	}{
		{"-- alerting: read\nSELECT 1 FROM alerting.flag JOIN contract.area USING (municipality)", 0},
		{"-- alerting: read\nSELECT 1 FROM correlator.report", 1},
		{"-- alerting: read\nSELECT 1 FROM contract.area a JOIN registry.agency USING (municipality)", 1},
		{"-- alerting: write\nUPDATE contract.area SET name = ''", 1},
		{"SELECT 1 FROM alerting.flag", 1},
		{"-- correlator: not ours\nSELECT 1 FROM alerting.flag", 1},
		{"-- pages: read\nSELECT 1 FROM contract.area", 0},
		{"select a place from the list", 0},
	} {
		if got := judgeSQL([]string{"alerting", "pages"}, c.sql); len(got) != c.want {
			t.Errorf("%q: %q, want %d", c.sql, got, c.want)
		}
	}
}

// judgeSQL names what is wrong with a string constant of a service when it is a statement. folders
// lead from the owner to the package.
func judgeSQL(folders []string, text string) []string {
	owner := folders[0]
	var tables []string
	for _, m := range qualified.FindAllStringSubmatch(text, -1) {
		if m[1] == "contract" || slices.Contains(owners, m[1]) {
			tables = append(tables, m[1])
		}
	}
	named := heading.FindStringSubmatch(text)
	if named == nil && (len(tables) == 0 || !statement.MatchString(text)) {
		return nil // not SQL, or of no table
	}
	var wrong []string
	switch {
	case named == nil:
		wrong = append(wrong, fmt.Sprintf("a statement begins with a line like %q", "-- "+owner+": what it does"))
	case !slices.Contains(folders, named[1]):
		wrong = append(wrong, fmt.Sprintf("the statement says it is %s's", named[1]))
	}
	slices.Sort(tables)
	for _, schema := range slices.Compact(tables) {
		if schema != "contract" && schema != owner {
			wrong = append(wrong, fmt.Sprintf("the statement reads schema %s: use the views of contract", schema))
		}
	}
	if writes.MatchString(text) {
		wrong = append(wrong, "the statement writes to a view of contract: call a function its owner declares there")
	}
	return wrong
}
