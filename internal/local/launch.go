// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"
)

// launch is everything that starts a server: decided once, used at every restart.
type launch struct {
	bin      binaries
	home     string
	socket   string
	runner   runner
	volatile bool
	logger   *slog.Logger
}

// Durability is said on the command line, where no file can overrule it. The memory settings keep an
// idle server small: it shares a laptop or a small machine with everything else.
var settings = []string{
	"listen_addresses=", "unix_socket_permissions=0700", "port=5432",
	"shared_buffers=64MB", "wal_buffers=8MB", "work_mem=8MB", "maintenance_work_mem=64MB",
	"max_connections=100", "max_worker_processes=4", "max_parallel_workers=2", "max_logical_replication_workers=0",
	"autovacuum_max_workers=2", "huge_pages=off", "jit=off", "random_page_cost=1.1",
	"timezone=UTC", "log_timezone=UTC", "lc_messages=C", "password_encryption=scram-sha-256",
	// Statements and the rows in error details may hold what people wrote: neither is logged.
	"logging_collector=off", "log_destination=stderr", "log_line_prefix=", "log_checkpoints=off",
	"log_min_messages=warning", "log_error_verbosity=terse", "log_min_error_statement=panic", "log_autovacuum_min_duration=-1",
}

var (
	durable  = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}
	volatile = []string{
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
		"autovacuum=off", "max_wal_size=256MB", "checkpoint_timeout=1h",
	}
)

func (l launch) args() []string {
	all := append([]string{"unix_socket_directories=" + l.socket}, settings...)
	if l.volatile {
		all = append(all, volatile...)
	} else {
		all = append(all, durable...)
	}
	args := []string{"-D", l.cluster()}
	for _, s := range all {
		args = append(args, "-c", s)
	}
	return args
}

// command prepares a program that dies with this process and gets no signal of its terminal.
func (l launch) command(death syscall.Signal, name string, args ...string) *exec.Cmd {
	c := exec.Command(l.bin.path(name), args...)
	c.Dir = l.home
	c.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + l.bin.dir + ":/usr/bin:/bin"}
	if v := os.Getenv("LD_LIBRARY_PATH"); v != "" {
		c.Env = append(c.Env, "LD_LIBRARY_PATH="+v)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: l.runner.credential, Pdeathsig: death, Setpgid: true}
	return c
}

// initCluster makes the data beside its final place and moves it there when it is on disk, so that
// what was begun and not finished is never taken for a database.
func initCluster(ctx context.Context, l launch) error {
	began := time.Now()
	making := unfinished(l.cluster())
	if err := os.RemoveAll(making); err != nil {
		return unwritable(l.home, err)
	}
	args := []string{
		"-D", making, "-U", adminRole, "--auth-local=trust", "--auth-host=reject",
		"--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions", "--no-sync", // all at once below
	}
	if l.volatile {
		args = append(args, "--wal-segsize=1") // small: tests copy it
	}
	c := l.command(syscall.SIGKILL, "initdb", args...)
	log := newPostgresLog(l.logger)
	c.Stdout, c.Stderr = log, log
	p, err := spawn(c, log)
	if err != nil {
		return l.startError(err, log)
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = unix.Kill(-p.pid, unix.SIGKILL) // initdb and its children
		<-p.ended
		return ctx.Err()
	}
	if p.err != nil {
		return l.startError(fmt.Errorf("initdb: %w", p.err), log)
	}
	if !l.volatile {
		if err := syncDisk(l.home); err != nil {
			return unwritable(l.home, err)
		}
	}
	if err := os.Rename(making, l.cluster()); err != nil {
		return unwritable(l.home, err)
	}
	l.logger.Info("database made", "home", l.home, "took", time.Since(began))
	return syncDir(l.home)
}

func unfinished(cluster string) string { return cluster + ".new" }

// start spawns the server and waits until it answers.
func (l launch) start(ctx context.Context) (*process, error) {
	log := newPostgresLog(l.logger)
	c := l.command(syscall.SIGQUIT, "postgres", l.args()...)
	c.Stderr = log
	p, err := spawn(c, log)
	if err != nil {
		return nil, l.startError(err, log)
	}
	if err := l.awaitReady(ctx, p); err != nil {
		return nil, errors.Join(err, p.stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// awaitReady connects until that works. Recovery after a crash may take minutes: only ctx bounds it.
func (l launch) awaitReady(ctx context.Context, p *process) error {
	const between = 10 * time.Millisecond
	again := time.NewTicker(between)
	defer again.Stop()
	for {
		err := l.ensureDatabase(ctx)
		if err == nil {
			return nil
		}
		if !notYet(err) {
			return fmt.Errorf("connect to postgres in %s: %w", l.home, err)
		}
		select {
		case <-p.ended:
			return l.startError(p.failure(), p.log)
		case <-ctx.Done():
			return l.startError(errors.Join(ctx.Err(), err), p.log)
		case <-again.C:
		}
	}
}

// ensureDatabase connects, and makes the database after initdb.
func (l launch) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, socketURL(l.socket, databaseName))
	if err == nil {
		return conn.Close(ctx)
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "3D000" {
		return err
	}
	conn, err = pgx.Connect(ctx, socketURL(l.socket, "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+databaseName)
	return errors.Join(err, conn.Close(ctx))
}

// notYet tells a server that is starting from one that will never answer: no socket yet, nobody
// listening yet, or "the database system is starting up".
func notYet(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code == "57P03"
	}
	var connectErr *pgconn.ConnectError
	return errors.As(err, &connectErr)
}

// startError names the causes that a person can do something about.
func (l launch) startError(err error, log *postgresLog) error {
	lines := log.last()
	text := strings.Join(lines, "\n")
	switch {
	case strings.Contains(text, "No space left on device"), strings.Contains(text, "Disk quota exceeded"):
		return fullDisk(l.home, oldClusterBytes)
	case strings.Contains(text, "Permission denied"), strings.Contains(text, "Read-only file system"), errors.Is(err, os.ErrPermission):
		return &UnwritableError{Dir: l.home, User: l.runner.userName(), Err: &StartError{Dir: l.home, Log: lines, Err: err}}
	}
	return &StartError{Dir: l.home, Log: lines, Err: err}
}
