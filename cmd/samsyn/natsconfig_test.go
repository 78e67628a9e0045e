// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// It runs at every start of the Compose file: what agencies and roles hold must go on working, and secrets must be closed.
func TestNATSConfigIsWrittenOnceAndForAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, config, creds := filepath.Join(dir, "keys"), filepath.Join(dir, "nats.conf"), filepath.Join(dir, "platform.creds")
	write := func() (conf, credentials []byte) {
		t.Helper()
		if code, _, stderr := call(t, "nats-config", "--nats-keys", keys, "--out", config, "--creds", creds, "--max-store", "2GiB"); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		for path, mode := range map[string]os.FileMode{keys: 0o700, creds: 0o600, config: 0o644} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v, want mode %o", path, info, err, mode)
			}
		}
		var both [2][]byte
		for i, path := range []string{config, creds} {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			both[i] = body
		}
		return both[0], both[1]
	}
	conf, credentials := write()
	again, same := write()
	if !bytes.Equal(conf, again) || !bytes.Equal(credentials, same) {
		t.Error("the second time something else was written")
	}
	if !bytes.Contains(conf, []byte("max_file_store: 2147483648\n")) || bytes.Contains(conf, []byte("SEED")) {
		t.Errorf("configuration:\n%s", conf)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A health check that says yes by mistake keeps a dead container in service.
func TestReadyIsSaidByTheProcessAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"ready", "--operations-listen", "127.0.0.1:" + freePort(t)}, exitFailed, "nothing answers"},
		{[]string{"ready", "--operations-listen", "nowhere"}, exitWrongUse, "is not like 127.0.0.1:8080"},
		{[]string{"ready", "--data", t.TempDir()}, exitWrongUse, "--operations-listen"},
		{[]string{"nats-config", "--out", filepath.Join(t.TempDir(), "nats.conf")}, exitWrongUse, "--nats-keys"},
		{[]string{"nats-config", "--nats-keys", t.TempDir(), "--out", filepath.Join(t.TempDir(), "nats.conf"), "--key", "k.pem"}, exitWrongUse, "go together"},
	} {
		if code, stdout, stderr := call(t, c.args...); code != c.code || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("samsyn %s: exit %d, stdout %q, stderr %q", strings.Join(c.args, " "), code, stdout, stderr)
		}
	}
}
