// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestMain lets the test binary play samsyn itself, to be started, asked and killed.
func TestMain(m *testing.M) {
	if os.Getenv("SAMSYN_TEST_MAIN") != "" {
		os.Exit(realMain(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// call runs a command in this process.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = realMain(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A script branches on the exit code, a person reads what is wrong and what to do.
func TestWrongUse(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no command", nil, exitWrongUse, "--help"},
		{"unknown command", []string{"upp"}, exitWrongUse, "upp"},
		{"unknown flag", []string{"version", "--no-such"}, exitWrongUse, "--no-such"},
		{"wrong value", []string{"version", "--output", "xml"}, exitWrongUse, "table"},
		{"unknown role", []string{"run", "janitorr", "--database-url", "postgres://x/y", "--nats-url", "nats://x"}, exitWrongUse, "correlator"},
		{"run without servers", []string{"run", "correlator"}, exitWrongUse, "samsyn up"},
		{"up with servers", []string{"up", "--nats-url", "nats://x"}, exitWrongUse, "samsyn run"},
		{"one server of two", []string{"migrate", "--nats-url", "nats://x", "--data", t.TempDir()}, exitFailed, "give both"},
		{"no secret", []string{"migrate", "--database-url", "postgres://127.0.0.1:1/x"}, exitWrongUse, "--secret-file"},
		{"no such file of settings", []string{"version", "--config", "no-such.yaml"}, exitWrongUse, "no-such.yaml"},
	} {
		code, stdout, stderr := call(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want exit %d and %q", c.name, code, stdout, stderr, c.code, c.says)
		}
	}
}

// Help is how a command is learned: each one shows an example, on stdout, and exits 0.
func TestEveryCommandShowsAnExample(t *testing.T) {
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		node, ok := n.(*kong.Node)
		if !ok || node.Type != kong.CommandNode || !node.Leaf() {
			return next(nil)
		}
		args := append(strings.Fields(node.Path()), "--help")
		code, stdout, _ := call(t, args...)
		if code != 0 || !strings.Contains(stdout, "Example: samsyn "+node.Path()) && !strings.Contains(stdout, " samsyn "+node.Path()) {
			t.Errorf("samsyn %s: exit %d, no example of samsyn %s in\n%s", strings.Join(args, " "), code, node.Path(), stdout)
		}
		seen++
		return next(nil)
	})
	if err != nil || seen < 4 {
		t.Errorf("%d commands seen, %v", seen, err)
	}
}

// Data is one JSON object on stdout, whatever else is said.
func TestVersionAsJSON(t *testing.T) {
	code, stdout, stderr := call(t, "version", "--output", "json")
	var b struct{ Version, Go string }
	if err := json.Unmarshal([]byte(stdout), &b); err != nil || code != 0 || b.Go == "" || stderr != "" {
		t.Errorf("exit %d, %v, stdout %q, stderr %q", code, err, stdout, stderr)
	}
}

// What agencies wrote must not steer the terminal of who looks at it.
func TestTerminalIsNotSteered(t *testing.T) {
	var out bytes.Buffer
	p := newProgram(Settings{Output: "table"}, &out, &out)
	text := table{header: []string{"TEXT"}}
	text.add("a\x1b[2Jb\u202ec")
	if err := p.write(nil, text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") {
		t.Errorf("written: %q", out.String())
	}
}
