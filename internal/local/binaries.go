// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldestVersion has views that obey row-level security (security_invoker).
const oldestVersion = 15

// binaries are the programs of one PostgreSQL installation.
type binaries struct {
	dir   string
	major int
}

func (b binaries) version() string         { return strconv.Itoa(b.major) }
func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// Where distributions put the programs outside PATH: Debian, Red Hat's and PostgreSQL's RPMs, Alpine, SUSE.
var binaryPlaces = [...]string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/lib/postgresql*/bin", "/usr/local/pgsql/bin",
}

// installed lists the usable installations, newest first; the one in PATH comes before its equals. dir,
// when set, is the only place looked at.
func installed(ctx context.Context, dir string) ([]binaries, error) {
	places := append([]string{"PATH"}, binaryPlaces[:]...)
	if dir != "" {
		places = []string{dir}
	}
	var found []binaries
	var old []string
	for _, d := range candidates(dir) {
		b, err := probe(ctx, d)
		switch {
		case err != nil: // no working postgres there: the next place may have one
		case b.major < oldestVersion:
			old = append(old, b.version())
		default:
			found = append(found, b)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &MissingBinariesError{Looked: places, Found: old}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return b.major - a.major })
	return found, nil
}

// pick returns the installation that opens the data in home: that of its version, the newest for new data.
func pick(all []binaries, home string) (binaries, error) {
	version, err := os.ReadFile(filepath.Join(home, clusterName, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return all[0], nil
	}
	if err != nil {
		return binaries{}, unwritable(home, err)
	}
	data := strings.TrimSpace(string(version))
	var versions []string
	for _, b := range all {
		if b.version() == data {
			return b, nil
		}
		versions = append(versions, b.version())
	}
	return binaries{}, &VersionError{Dir: home, Data: data, Found: slices.Compact(versions)}
}

// candidates are the directories that may hold the programs, each once, links followed.
func candidates(dir string) []string {
	var dirs []string
	add := func(d string) {
		// A lone link in PATH leads to the directory that has initdb and the shared files, too.
		real, err := filepath.EvalSymlinks(filepath.Join(d, "postgres"))
		if err == nil && !slices.Contains(dirs, filepath.Dir(real)) {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	if dir != "" {
		add(dir)
		return dirs
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		add(filepath.Dir(p))
	}
	for _, place := range binaryPlaces {
		matches, _ := filepath.Glob(place) // the only error is of the pattern
		for _, d := range matches {
			add(d)
		}
	}
	return dirs
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func probe(ctx context.Context, dir string) (binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "-V").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("ask %s for its version: %w", dir, err)
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return binaries{}, fmt.Errorf("ask %s for its version: it said %q", dir, out)
	}
	major, err := strconv.Atoi(string(m[1]))
	return binaries{dir, major}, err
}
