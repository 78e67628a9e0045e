// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"strings"
	"testing"
)

// Before there is an administrator, people and groups are kept at the terminal.
func TestPeopleAreKeptByCommands(t *testing.T) {
	t.Parallel()
	c := newTerminal(t)
	var ignored map[string]any
	c.read(&ignored, "municipality", "add", "0780", "--name", "Växjö", "--history-from", "2024-01-01")
	c.read(&ignored, "agency", "add", "personal", "-m", "0780", "--name", "P", "--unit", "norr=Norr")
	var added struct {
		Link   string
		Person struct {
			Person string
			Roles  []string
		}
	}
	c.read(&added, "person", "add", "Somebody@Example.org", "-m", "0780", "--name", "Samordnaren", "-a", "personal", "--unit", "norr", "--role", "coordinator", "--role", "admin",
		"--public-url", "https://samsyn.example.org")
	if !strings.HasPrefix(added.Link, "https://samsyn.example.org/logga-in/") || strings.Join(added.Person.Roles, " ") != "admin coordinator" {
		t.Errorf("added %+v", added)
	}
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"person list -m 0780", 0, "Samordnaren  Somebody@Example.org  personal  norr  admin coordinator  no"},
		{"person list -m 0581", 0, "municipality"},
		{"person set somebody@example.org -m 0780 --role member", 0, "member"},
		{"person set somebody@example.org -m 0780 --role king", 2, "king"},
		{"person invite " + added.Person.Person + " -m 0780", 0, "http://127.0.0.1:8080/logga-in/"},
		{"person invite nobody@example.org -m 0780", 2, "no such person"},
		{"person add somebody@example.org -m 0780 --name B -a personal --role member", 2, "has that e-mail address"},
		{"person add b@example.org -m 0780 --name B -a nowhere --role member", 2, "no such agency"},
		{"person add b@example.org -m 0780 --name B -a personal --unit west --role member", 2, "no such unit"},
		{"person add b@example.org -m 0780 --name B --role member", 2, "Choose an agency"},
		{"person disable somebody@example.org -m 0780", 0, "T"},
		{"person invite somebody@example.org -m 0780", 2, "shut out"},
		{"person enable somebody@example.org -m 0780", 0, "no"},
		{"group add centrum Centrumgruppen -m 0780", 0, "Centrumgruppen"},
		{"group add Centrum! Centrumgruppen -m 0780", 2, "no code"},
		{"group member centrum -m 0780 -a personal", 0, "personal"},
		{"group member centrum -m 0780 --person somebody@example.org", 0, "Somebody@Example.org"},
		{"group member centrum -m 0780 -a nowhere", 2, "no such person or group"},
		{"group member centrum -m 0780", 2, "--agency"},
		{"group member centrum -m 0780 -a personal --remove", 0, "Somebody@Example.org"},
		{"group list -m 0780", 0, "centrum"},
	} {
		out, talk, code := c.run(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(out+talk, tt.want) {
			t.Errorf("samsyn %s: %d, want %d with %q: %s%s", tt.args, code, tt.code, tt.want, out, talk)
		}
	}
}
