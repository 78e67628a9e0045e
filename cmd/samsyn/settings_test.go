// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// check runs config check and returns the settings by name.
func check(t *testing.T, args ...string) (code int, found map[string]setting, problems []problem, stderr string) {
	t.Helper()
	code, stdout, stderr := call(t, append([]string{"config", "check", "--output", "json"}, args...)...)
	var answer struct {
		OK       bool
		Settings []setting
		Problems []problem
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		t.Fatalf("config check said %q, %q: %v", stdout, stderr, err)
	}
	if answer.OK != (code == 0) {
		t.Errorf("ok is %t and the exit code %d", answer.OK, code)
	}
	found = map[string]setting{}
	for _, s := range answer.Settings {
		found[s.Name] = s
	}
	return code, found, answer.Problems, stderr
}

// The nearest word counts: a flag over the environment over the file over what is usual.
func TestSettingsComeFromTheNearestPlace(t *testing.T) {
	f := file(t, "samsyn.yaml", "listen: 127.0.0.1:1001\npublic-url: https://file.example\nlog: warn\nnats-port: 4333\n")
	t.Setenv("SAMSYN_LISTEN", "127.0.0.1:1002")
	t.Setenv("SAMSYN_PUBLIC_URL", "https://env.example")
	code, got, _, stderr := check(t, "--config", f, "--listen", "127.0.0.1:1003")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for name, want := range map[string]setting{
		"listen":     {"listen", "127.0.0.1:1003", "flag"},
		"public-url": {"public-url", "https://env.example", "SAMSYN_PUBLIC_URL"},
		"log":        {"log", "warn", f},
		"nats-port":  {"nats-port", "4333", f},
		"data":       {"data", "./data", "default"},
	} {
		if got[name] != want {
			t.Errorf("%s is %+v, want %+v", name, got[name], want)
		}
	}
}

// A misspelt setting that is silently ignored is found in production.
func TestFileOfSettingsIsStrict(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"unknown", "listen: 127.0.0.1:1\nlisten-on: x\n", "listen-on"},
		{"twice", "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", "listen"},
		{"wrong type", "nats-port: many\n", "nats-port"},
		{"wrong value", "log: loud\n", "loud"},
		{"a flag of a command", "exit: true\n", "exit"},
		{"a password", "database-url: postgres://u:hidden@db/x\n", "environment"},
		{"not YAML", "listen: [\n", "samsyn.yaml"},
	} {
		f := file(t, "samsyn.yaml", c.text)
		code, stdout, stderr := call(t, "version", "--config", f)
		if code != exitWrongUse || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("%s: exit %d, %q; want exit %d and %q", c.name, code, stderr, exitWrongUse, c.says)
		}
		if strings.Contains(stderr, "hidden") {
			t.Errorf("%s: the password is shown: %q", c.name, stderr)
		}
	}
	if code, _, stderr := call(t, "version", "--config", file(t, "empty.yaml", "")); code != 0 {
		t.Errorf("an empty file: exit %d, %q", code, stderr)
	}
}

// Everything that is wrong is said at once, by the name of the setting, and secrets are not.
func TestConfigCheckNamesEverythingWrong(t *testing.T) {
	t.Setenv("SAMSYN_DATABASE_URL", "postgres://samsyn:hidden@db/samsyn")
	code, got, problems, stderr := check(t, "--listen", "8080", "--public-url", "samsyn.example.se/path",
		"--smtp-url", "mail.example.se", "--secret-file", "/no/such/secret")
	if code != exitFailed {
		t.Errorf("exit %d", code)
	}
	wrong := map[string]bool{}
	for _, p := range problems {
		wrong[p.Setting] = true
		if !strings.Contains(stderr, p.Setting+": "+p.What) {
			t.Errorf("stderr does not say %q", p.What)
		}
	}
	for _, name := range []string{"database-url, nats-url", "listen", "public-url", "smtp-url", "secret-file"} {
		if !wrong[name] {
			t.Errorf("%s is not named in %+v", name, problems)
		}
	}
	if strings.Contains(got["database-url"].Value, "hidden") {
		t.Errorf("the password is shown: %q", got["database-url"].Value)
	}
}
