// SPDX-License-Identifier: EUPL-1.2

package house_test

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// A service that imports another can no longer be understood, tested or moved alone.
func TestArrows(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for imported, line := range s.imports() {
			if why := forbidden(s, imported); why != "" {
				t.Errorf("%s:%d imports %s: %s", s.path, line, imported, why)
			}
		}
	}
}

// The rules, seen failing: a rule that never fails keeps nothing.
func TestArrowsAreSeenToBreak(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, imported string
		broken         bool
	}{
		{"services/intake/door.go", "samsyn/services/registry", true},
		{"services/intake/door_test.go", "samsyn/services/registry", true},
		{"services/journey_test.go", "samsyn/services/registry", false},
		{"services/alerting/flag.go", "samsyn/services/alerting/detect", false},
		{"services/alerting/detect/score.go", "samsyn/services/alerting", false},
		{"internal/web/page.go", "samsyn/services/access", true},
		{"events/decode.go", "samsyn/internal/geo", true},
		{"events/decode.go", "github.com/nats-io/nats.go", true},
		{"events/bus/conn.go", "github.com/nats-io/nats.go", false},
		{"services/intake/intake.go", "github.com/nats-io/nats.go", true},
		{"services/intake/store.go", "github.com/jackc/pgx/v5", false},
		{"services/intake/store_keys.go", "github.com/jackc/pgx/v5", false},
		{"services/intake/intake.go", "github.com/jackc/pgx/v5", true},
		{"services/intake/intake_test.go", "github.com/jackc/pgx/v5", false},
		{"internal/geo/index.go", "samsyn/cmd/samsyn/bench", true},
		{"schemas/schemas.go", "samsyn/events", true},
	} {
		if got := forbidden(source{path: c.path}, c.imported); (got != "") != c.broken {
			t.Errorf("%s imports %s: %q, want broken = %t", c.path, c.imported, got, c.broken)
		}
	}
}

// forbidden says why a file may not import a package, "" when it may.
func forbidden(s source, imported string) string {
	own, ok := strings.CutPrefix(imported, module)
	if !ok {
		return forbiddenLibrary(s, imported)
	}
	from, to := strings.Split(s.dir(), "/"), strings.Split(own, "/")
	switch {
	case to[0] == "cmd" && from[0] != "cmd":
		return "commands are wiring, nobody builds on them"
	case from[0] == "schemas":
		return "schemas stands on the standard library"
	case s.dir() == "events" && !s.test() && to[0] != "schemas":
		return "events is the vocabulary everyone shares: it stands on schemas and on nothing of ours"
	case s.dir() == "events/bus" && !s.test() && to[0] != "events":
		return "the bus knows events and nothing else of ours"
	case from[0] == "internal" && to[0] == "services":
		return "internal serves the services and does not know them"
	case from[0] == "services" && len(from) > 1 && to[0] == "services" && to[1] != from[1]:
		return "services meet in schema contract and on NATS, never in Go"
	}
	return ""
}

// Where the broker and the database may be spoken to directly.
var (
	natsHomes = []string{"events/bus", "internal/local", "internal/testenv"}
	pgxHomes  = []string{"internal/pg", "internal/local", "internal/testenv"}
	// What events may stand on: the standard library and the Go project's own beside it, a JSON and a JSON
	// Schema library, names.
	eventLibraries = []string{"golang.org/x/", "github.com/go-json-experiment/json", "github.com/santhosh-tekuri/jsonschema", "github.com/google/uuid"}
)

func forbiddenLibrary(s source, imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		return "" // the standard library
	}
	switch dir := s.dir(); {
	case strings.HasPrefix(imported, "github.com/nats-io/") && !slices.Contains(natsHomes, dir):
		return "NATS is spoken in events/bus alone"
	case strings.HasPrefix(imported, "github.com/jackc/") && !slices.Contains(pgxHomes, dir) && !s.test() && !isStore(s.path):
		return "SQL stands in store files (store.go, store_*.go)"
	case (dir == "events" || dir == "schemas") && !s.test() && !slices.ContainsFunc(eventLibraries, func(l string) bool { return strings.HasPrefix(imported, l) }):
		return "events and schemas stand on the standard library and a JSON library"
	}
	return ""
}

// Packages whose statements stand elsewhere than in store files, and why.
var statementsElsewhere = map[string]string{
	"services/correlator": "each step of its pipeline is one set-based statement, which stands with the step",
}

func isStore(file string) bool {
	name := path.Base(file)
	return name == "store.go" || strings.HasPrefix(name, "store_") || statementsElsewhere[path.Dir(file)] != ""
}
