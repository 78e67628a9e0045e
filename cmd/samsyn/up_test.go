// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// installed is a `samsyn up` in a process of its own.
type installed struct {
	runFile
	dir    string
	cmd    *exec.Cmd
	stderr *strings.Builder
	ended  chan error
}

// up starts samsyn up in dir and waits until it says where it is.
func up(t *testing.T, dir string) *installed {
	t.Helper()
	in := &installed{dir: dir, stderr: &strings.Builder{}, ended: make(chan error, 1)}
	in.cmd = exec.Command(os.Args[0], "up", "--data", dir, "--nats-port", freePort(t))
	in.cmd.Env = append(os.Environ(), "SAMSYN_TEST_MAIN=1")
	in.cmd.Stderr = in.stderr
	if err := in.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.cmd.Process.Kill() }) // as a rule it has ended
	go func() { in.ended <- in.cmd.Wait() }()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		r, err := running(dir)
		if err == nil && r != nil {
			in.runFile = *r
			return in
		}
		select {
		case err := <-in.ended:
			t.Fatalf("samsyn up ended: %v\n%s", err, in.stderr)
		case <-again.C:
		}
	}
}

// end sends a signal and waits for the end.
func (in *installed) end(t *testing.T, s syscall.Signal) error {
	t.Helper()
	if err := in.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return <-in.ended
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// One person, one command: it is up, says where, refuses a second one, serves commands, and ends clean.
func TestUp(t *testing.T) {
	dir := filepath.Join(openDir(t), "data")
	in := up(t, dir)

	code, body := get(t, in.Operations+"/readyz")
	if code != http.StatusOK || !strings.Contains(body, `"status":"ready"`) {
		t.Errorf("/readyz: %d %s", code, body)
	}
	info, err := os.Stat(runFilePath(dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("run.json: %v, %v", info, err)
	}
	for _, address := range []string{in.HTTP, in.Operations, in.NATS} {
		host, _, err := net.SplitHostPort(address[strings.Index(address, "//")+2:])
		if err != nil || !net.ParseIP(host).IsLoopback() {
			t.Errorf("%s is not on loopback", address)
		}
	}
	if code, _, stderr := call(t, "up", "--data", dir); code != exitFailed || !strings.Contains(stderr, "is in use by process") {
		t.Errorf("a second up: exit %d, %q", code, stderr)
	}
	if code, _, stderr := call(t, "migrate", "--data", dir); code != 0 {
		t.Errorf("a command beside it: exit %d, %q", code, stderr)
	}
	if err := in.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("it ended with %v\n%s", err, in.stderr)
	}
	if _, err := os.Stat(runFilePath(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("run.json after the end: %v", err)
	}
	if code, _, stderr := call(t, "migrate", "--data", dir); code != 0 {
		t.Errorf("a command without it: exit %d, %q", code, stderr)
	}
}

// Killing the program leaves nothing running; the next start recovers, and a stale run.json misleads nobody.
func TestUpAfterKill(t *testing.T) {
	dir := filepath.Join(openDir(t), "data")
	in := up(t, dir)
	database, err := unix.PidfdOpen(in.DatabasePID, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(database) }()
	_ = in.end(t, syscall.SIGKILL) // it says it was killed
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(database), Events: unix.POLLIN}}, 5000); n != 1 || err != nil {
		t.Errorf("the database runs on: %v", err)
	}
	if r, err := running(dir); r != nil || err != nil {
		t.Errorf("running = %+v, %v", r, err)
	}
	again := up(t, dir)
	if again.PID == in.PID {
		t.Error("run.json is the old one")
	}
	if err := again.end(t, syscall.SIGINT); err != nil {
		t.Errorf("it ended with %v\n%s", err, again.stderr)
	}
}

// An address in use is named with what to do, and nothing is left half-started.
func TestUpOnAnOccupiedAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dir := filepath.Join(openDir(t), "data")
	code, _, stderr := call(t, "up", "--data", dir, "--nats-port", freePort(t), "--listen", l.Addr().String())
	if code != exitFailed || !strings.Contains(stderr, "cannot listen on "+l.Addr().String()) {
		t.Errorf("exit %d, %q", code, stderr)
	}
	if r, err := running(dir); r != nil || err != nil {
		t.Errorf("running = %+v, %v", r, err)
	}
}

// A holder that has not said where it is yet is not taken for its predecessor.
func TestRunFileOfAnotherProcessIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	if err := (runFile{PID: 1}).write(dir); err != nil {
		t.Fatal(err)
	}
	if r, err := running(dir); r != nil || err != nil {
		t.Errorf("nobody holds it: %+v, %v", r, err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := errors.Join(json.NewEncoder(lock).Encode(os.Getpid()), unix.Flock(int(lock.Fd()), unix.LOCK_EX)); err != nil {
		t.Fatal(err)
	}
	if r, err := running(dir); r != nil || !errors.Is(err, errStarting) {
		t.Errorf("held by another: %+v, %v", r, err)
	}
}

// freePort is a port that was free a moment ago: tests of several packages start servers at once.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// openDir is a directory that the user Postgres runs as may pass through.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
