// SPDX-License-Identifier: EUPL-1.2

// Package webtest checks what the tests of every package with pages must check: that
// each text a page asks for is there in both languages, and that none lies unused.
//
// It promises nothing about keys that are put together at run time, which the caller
// names. It is for tests alone and fails them through testing.TB.
package webtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"samsyn/internal/web"
)

var (
	// asked finds a call of T with a key, in Go and in templates; counted the same for N.
	asked   = regexp.MustCompile(`\.T\(?\s?"([a-z0-9.]+)"`)
	counted = regexp.MustCompile(`\.N\(?\s?"([a-z0-9.]+)"`)
	verb    = regexp.MustCompile(`%[a-z]`)
)

// Catalogue fails the test for each key that a .go or .html file below dir asks for and
// shared and own lack, for each key of own that no file asks for and no prefix in made
// covers, and for each text that lacks a language or has other verbs in the other.
func Catalogue(t testing.TB, dir string, own, shared web.Catalogue, made ...string) {
	t.Helper()
	used := keysIn(t, dir)
	for _, key := range used {
		if strings.HasSuffix(key, ".") { // the rest is added at run time
			continue
		}
		if _, ok := own[key]; !ok && shared[key].SV == "" {
			t.Errorf("text %q is asked for and not there", key)
		}
	}
	for key, text := range own {
		covered := slices.ContainsFunc(made, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
		if !covered && !slices.Contains(used, key) {
			t.Errorf("text %q is there and nobody asks for it", key)
		}
		if text.SV == "" || text.EN == "" {
			t.Errorf("text %q lacks a language", key)
		}
		if sv, en := verb.FindAllString(text.SV, -1), verb.FindAllString(text.EN, -1); !slices.Equal(sv, en) {
			t.Errorf("text %q takes %v in Swedish and %v in English", key, sv, en)
		}
	}
}

func keysIn(t testing.TB, dir string) []string {
	t.Helper()
	var keys []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".html") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range asked.FindAllStringSubmatch(string(body), -1) {
			keys = append(keys, m[1])
		}
		for _, m := range counted.FindAllStringSubmatch(string(body), -1) {
			keys = append(keys, m[1]+".one", m[1]+".many")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
