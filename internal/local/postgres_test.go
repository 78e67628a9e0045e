// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play the program that owns a server and is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SAMSYN_TEST_OWNER"); dir != "" {
		own(dir)
	}
	os.Exit(m.Run())
}

// owned is what the owner says on stdout.
type owned struct {
	URL, Home, Error string
	PID              int
}

func own(dir string) {
	say := func(o owned) {
		if err := json.NewEncoder(os.Stdout).Encode(o); err != nil {
			os.Exit(3)
		}
	}
	if _, err := lockDir(dir); err != nil {
		say(owned{Error: err.Error()})
		os.Exit(1)
	}
	p, err := StartPostgres(context.Background(), PostgresConfig{Dir: dir, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		say(owned{Error: err.Error()})
		os.Exit(1)
	}
	say(owned{URL: p.URL, Home: p.Home, PID: p.PID()})
	_, _ = io.Copy(io.Discard, os.Stdin) // until killed, or until the test ends
	if p.Stop(context.Background()) != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

type owner struct {
	owned
	cmd  *exec.Cmd
	quit io.Closer
}

// startOwner starts another process that owns a server in dir, as the given user when it is not nil.
func startOwner(t *testing.T, dir string, as *syscall.Credential) owner {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SAMSYN_TEST_OWNER="+dir)
	if as != nil {
		program := filepath.Join(tempDir(t), "owner")
		copyFile(t, os.Args[0], program)
		cmd.Path, cmd.Dir = program, "/"
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	must(t, cmd.Start())
	o := owner{cmd: cmd, quit: stdin}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("owner said nothing: %v\n%s", err, stderr.String())
	}
	must(t, json.Unmarshal(line, &o.owned))
	return o
}

func (o owner) kill9(t *testing.T) {
	t.Helper()
	must(t, o.cmd.Process.Kill())
	_ = o.cmd.Wait()
}

// start starts a server in this process and stops it with the test.
func start(t *testing.T, dir string) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Logger: quiet()})
	must(t, err)
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

// said is a log that tells when the server runs again.
type said chan struct{}

func (said) Enabled(context.Context, slog.Level) bool { return true }
func (s said) WithAttrs([]slog.Attr) slog.Handler     { return s }
func (s said) WithGroup(string) slog.Handler          { return s }
func (s said) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "postgres runs again" {
		s <- struct{}{}
	}
	return nil
}

func do(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	_, err = conn.Exec(t.Context(), sql)
	must(t, errors.Join(err, conn.Close(t.Context())))
}

func exec1(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var s string
	must(t, conn.QueryRow(t.Context(), sql).Scan(&s))
	return s
}

// Warm and cold start are promises of samsyn up; the margins are for a loaded machine.
func TestColdAndWarmStart(t *testing.T) {
	dir := tempDir(t)
	for _, c := range []struct {
		name  string
		limit time.Duration
	}{{"cold", 4 * time.Second}, {"warm", time.Second}} {
		began := time.Now()
		p, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Logger: quiet()})
		must(t, err)
		took := time.Since(began)
		t.Logf("%s start %s", c.name, took.Round(time.Millisecond))
		if took > 3*c.limit {
			t.Errorf("%s start took %s, want under %s", c.name, took, c.limit)
		}
		must(t, p.Stop(t.Context()))
	}
}

// Everything that makes an acknowledged write safe is on, and a server where it is not is named.
func TestServerIsDurableAndSaysWhenNot(t *testing.T) {
	t.Parallel()
	p := start(t, tempDir(t))
	must(t, checkDurableAt(t.Context(), p.URL))
	if got := exec1(t, p.URL, "SELECT string_agg(setting, ',' ORDER BY name) FROM pg_settings WHERE name IN ('data_checksums','fsync','full_page_writes','listen_addresses','synchronous_commit')"); got != "on,on,on,,on" {
		t.Errorf("settings are %q", got)
	}
	do(t, p.URL, "ALTER DATABASE samsyn SET synchronous_commit = off")
	var not *NotDurableError
	if err := checkDurableAt(t.Context(), p.URL); !errors.As(err, &not) || !strings.Contains(err.Error(), "synchronous_commit=off") {
		t.Errorf("CheckDurable = %v, want a NotDurableError that names synchronous_commit", err)
	}
}

// Nothing of an installation may run on after its program was killed, and nothing committed is lost.
func TestKillingTheOwnerLeavesNothingAndTheNextStartRecovers(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	o := startOwner(t, dir, nil)
	if o.Error != "" {
		t.Fatal(o.Error)
	}
	do(t, o.URL, "CREATE TABLE kept AS SELECT 'yes' AS n")
	cluster := filepath.Join(o.Home, clusterName)
	left := working(cluster)
	if len(left) < 3 {
		t.Fatalf("working finds %v, want the server and its workers", left)
	}
	o.kill9(t)
	must(t, awaitEnd(t.Context(), left, 0, 5*time.Second))
	if left := working(cluster); len(left) > 0 {
		t.Fatalf("processes %v run on after kill -9 of their owner", left)
	}
	// What a power cut leaves: a pid file that names a process which lives and is not Postgres.
	must(t, os.WriteFile(filepath.Join(cluster, "postmaster.pid"), []byte(strconv.Itoa(os.Getpid())+"\n"+cluster+"\n"), 0o600))
	p := start(t, dir)
	if got := exec1(t, p.URL, "SELECT n FROM kept"); got != "yes" {
		t.Errorf("kept = %q", got)
	}
}

// A restart right behind a kill -9 meets the old server while it still ends.
func TestStartRightBehindAKill(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for range 3 {
		o := startOwner(t, dir, nil)
		if o.Error != "" {
			t.Fatal(o.Error)
		}
		o.kill9(t)
	}
	start(t, dir)
}

// A server that does not end because its parent-death signal was lost is told, not waited for.
func TestAFrozenPredecessorIsEnded(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	o := startOwner(t, dir, nil)
	if o.Error != "" {
		t.Fatal(o.Error)
	}
	must(t, unix.Kill(o.PID, unix.SIGSTOP))
	o.kill9(t)
	start(t, dir)
}

// The database survives the death of its first process while the program runs on.
func TestServerIsStartedAgainWhenItEndsByItself(t *testing.T) {
	t.Parallel()
	again := make(said, 1)
	p, err := StartPostgres(t.Context(), PostgresConfig{Dir: tempDir(t), Logger: slog.New(again)})
	must(t, err)
	t.Cleanup(func() { _ = p.Stop(context.Background()) })
	do(t, p.URL, "CREATE TABLE kept AS SELECT 'yes' AS n")
	must(t, unix.Kill(p.PID(), unix.SIGKILL))
	select {
	case <-again:
	case <-p.Done():
		t.Fatalf("not started again: %v", p.Err())
	}
	if got := exec1(t, p.URL, "SELECT n FROM kept"); got != "yes" {
		t.Errorf("kept = %q", got)
	}
}

// Two programs in one directory would be two truths.
func TestSecondProcessIsRefusedAndToldBy(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	o := startOwner(t, dir, nil)
	_, err := lockDir(dir)
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.PID != o.cmd.Process.Pid || inUse.Dir != dir {
		t.Fatalf("lockDir = %v, want an InUseError of process %d", err, o.cmd.Process.Pid)
	}
	must(t, o.quit.Close())
	must(t, o.cmd.Wait())
	lock, err := lockDir(dir)
	must(t, err)
	must(t, lock.release())
}

// Data of another major version is neither opened nor removed.
func TestDataOfAnotherVersionIsNamed(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	p := start(t, dir)
	must(t, p.Stop(t.Context()))
	version := filepath.Join(p.Home, clusterName, "PG_VERSION")
	must(t, os.WriteFile(version, []byte("13\n"), 0o600))
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Logger: quiet()})
	var wrong *VersionError
	if !errors.As(err, &wrong) || wrong.Data != "13" || !strings.Contains(err.Error(), "install postgresql-13") {
		t.Fatalf("StartPostgres = %v, want a VersionError of 13 with what to install", err)
	}
}

// Missing programs are the first thing a new user meets.
func TestMissingBinariesNameTheCommand(t *testing.T) {
	t.Parallel()
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: tempDir(t), BinDir: tempDir(t), Logger: quiet()})
	var missing *MissingBinariesError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), InstallCommand("")) {
		t.Fatalf("StartPostgres = %v, want a MissingBinariesError with the command", err)
	}
}

// An initdb that was killed half-way is not a database.
func TestUnfinishedDatabaseIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	must(t, os.MkdirAll(filepath.Join(dir, "postgres", clusterName+".new", "base"), 0o700))
	start(t, dir)
}

// A path of 150 bytes is ordinary below a home directory; a socket's is 107.
func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long-", 20), strings.Repeat("path-", 20))
	must(t, os.MkdirAll(dir, 0o755))
	p := start(t, dir)
	if path := filepath.Join(p.launch.socket, socketName); len(path) > maxSocketPath || strings.HasPrefix(path, dir) {
		t.Errorf("socket is %s", path)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, errors.Join(err, out.Close()))
}

// tempDir is a directory of the test that other users may pass through, unlike its parent as the
// testing package makes it: the user Postgres runs as must get there.
func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}
