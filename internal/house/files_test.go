// SPDX-License-Identifier: EUPL-1.2

package house_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

const longestFile = 500

// What may stand nowhere. The words are put together so that this file does not hold them.
var unwanted = []struct {
	pattern *regexp.Regexp
	why     string
	// tests is true for what is unwanted in test files alone.
	tests bool
}{
	{regexp.MustCompile(`\bt\.` + `Skip`), "a test that lacks what it needs fails", true},
	{regexp.MustCompile(`\btime\.` + `Sleep\(`), "wait for what happens, or for a timer beside a context", false},
	{regexp.MustCompile(`\.` + `Nak\(\)`), "a bare refusal is delivered again at once: give a delay", false},
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`), "open marks do not land", false},
	{regexp.MustCompile(`(?m)(^|[^A-Za-z0-9_.])/(wo` + `rk|fa` + `rm)/`), "a path of somebody's machine", false},
	{regexp.MustCompile(`\.\./sha` + `red`), "the product carries what it needs", false},
	{regexp.MustCompile(`\bmath/ra` + `nd"`), "math/rand/v2 needs no seed", false},
}

// A stranger must be able to read any file in a few minutes and know under which licence.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if ast.IsGenerated(s.tree) {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(s.text, "\n"), "\n")
		if lines[0] != "// SPDX-License-Identifier: EUPL-1.2" && !strings.HasPrefix(lines[0], "//go:build") {
			t.Errorf("%s:1: the first line is the licence: // SPDX-License-Identifier: EUPL-1.2", s.path)
		}
		if len(lines) > longestFile {
			t.Errorf("%s: %d lines, at most %d", s.path, len(lines), longestFile)
		}
		for _, u := range unwanted {
			if u.tests && !s.test() {
				continue
			}
			for _, at := range u.pattern.FindAllStringIndex(s.text, -1) {
				line := strings.Count(s.text[:at[1]], "\n")
				t.Errorf("%s:%d: %s: %s", s.path, line+1, strings.TrimSpace(lines[line]), u.why)
			}
		}
	}
}

// A package without a comment is one nobody has said the promise of.
func TestEveryPackageSaysWhatItPromises(t *testing.T) {
	t.Parallel()
	const fewWords = 25
	said := map[string]int{}
	for _, s := range sources(t) {
		if s.test() || s.tree.Name.Name == "main" && s.dir() != "cmd/samsyn" {
			continue
		}
		words := 0
		if s.tree.Doc != nil {
			words = len(strings.Fields(s.tree.Doc.Text()))
		}
		said[s.dir()] = max(said[s.dir()], words)
	}
	for dir, words := range said {
		if words < fewWords {
			t.Errorf("%s: its package comment has %d words: what is it for, what does it promise, what not, what when it fails", dir, words)
		}
	}
}
