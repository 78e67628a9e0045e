// SPDX-License-Identifier: EUPL-1.2

// Package testenv gives tests the real Postgres and the real NATS server.
//
// It promises that a test needs nothing but the programs on the machine, that every test has a
// database of its own, migrated as production's is, and that nothing runs or lies about when the
// test process is gone, however it went. Packages tested at the same time do not meet: each test
// process has a cluster of its own, copied from one that was migrated once.
//
// It does not make writes durable: a test about durability starts its server with internal/local.
//
// What a test needs and cannot have fails the test; nothing is skipped.
package testenv

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"samsyn/internal/local"
	"samsyn/internal/pg"
)

const templateName = "samsyn"

// Postgres returns a database of the test's own, migrated, without rows. Its URL is the
// administrator's; pg.Open logs in as a role. It is dropped with the test. The cluster is the
// process's: roles made in one test are seen by its neighbours, so name agencies apart.
func Postgres(t testing.TB) pg.Config {
	t.Helper()
	server := startOnce(t)
	name := "t_" + strings.ToLower(rand.Text()[:12])
	admin := databaseURL(server.URL, "postgres")
	execute(t, admin, "CREATE DATABASE "+name+" TEMPLATE "+templateName+" STRATEGY FILE_COPY")
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	c := pg.Config{URL: databaseURL(server.URL, name)}
	// The rights on a database are not copied with it; everything else is there already.
	if err := pg.Migrate(context.Background(), c); err != nil {
		t.Fatalf("migrate %s: %v", name, err)
	}
	return c
}

// EmptyPostgres returns a database of the test's own with nothing in it, for tests of the migration.
func EmptyPostgres(t testing.TB) pg.Config {
	t.Helper()
	server := startOnce(t)
	name := "t_" + strings.ToLower(rand.Text()[:12])
	admin := databaseURL(server.URL, "postgres")
	execute(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	return pg.Config{URL: databaseURL(server.URL, name)}
}

// One server a test process: started at first use, ended by the end of the process.
var server = sync.OnceValues(startServer)

type testServer struct {
	*local.Postgres
	// alive is open as long as this process lives.
	alive io.Closer
}

func startOnce(t testing.TB) testServer {
	t.Helper()
	s, err := server()
	if err != nil {
		t.Fatalf("start Postgres for tests: %v", err)
	}
	return s
}

func startServer() (testServer, error) {
	seed, err := seedDir()
	if err != nil {
		return testServer{}, err
	}
	dir, err := os.MkdirTemp(fastDir(), "samsyn-test-")
	if err != nil {
		return testServer{}, err
	}
	alive, err := removeWhenGone(dir)
	if err != nil {
		return testServer{}, err
	}
	// Postgres may have to run as another user, who must get there.
	if err := os.Chmod(dir, 0o711); err != nil {
		return testServer{}, err
	}
	if out, err := exec.Command("cp", "-a", "--reflink=auto", filepath.Join(seed, "postgres"), dir).CombinedOutput(); err != nil {
		return testServer{}, fmt.Errorf("copy %s: %w: %s", seed, err, out)
	}
	p, err := local.StartPostgres(context.Background(), local.PostgresConfig{Dir: dir, Volatile: true, Logger: quiet()})
	return testServer{p, alive}, err
}

// fastDir is memory when the machine has plenty, else the temporary directory ("" to os.MkdirTemp): a
// database is 300 files, and making them took 0.4 s on a disk and 0.05 s here.
func fastDir() string {
	const memory, plenty = "/dev/shm", 2 << 30
	var st unix.Statfs_t
	if err := unix.Statfs(memory, &st); err != nil || st.Bavail*uint64(st.Bsize) < plenty {
		return ""
	}
	return memory
}

// removeWhenGone starts a shell that waits for the end of this process and removes dir. The kernel
// closes the pipe it reads however this process ends; the server has the same end and needs a moment.
func removeWhenGone(dir string) (io.Closer, error) {
	c := exec.Command("/bin/sh", "-c", `cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" 2>/dev/null && exit; sleep 1; done`, "samsyn-test-cleaner", dir)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	return alive, c.Start()
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func databaseURL(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // internal/local wrote it
	}
	u.Path = "/" + name
	return u.String()
}

func execute(t testing.TB, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("connect to Postgres for tests: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
