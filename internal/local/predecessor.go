// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// A server whose parent was killed ends by itself within moments; after this it is told again.
	endsByItself = 3 * time.Second
	endsWhenTold = 10 * time.Second
)

// awaitPredecessor waits until no process of an earlier server works in the cluster, then removes what
// a dead one left (its pid file may name a process that has nothing to do with it by now). The lock
// on the directory is ours, so nobody starts one meanwhile.
func awaitPredecessor(ctx context.Context, l launch) error {
	for _, step := range []struct {
		signal unix.Signal
		within time.Duration
	}{{0, endsByItself}, {unix.SIGQUIT, endsWhenTold}, {unix.SIGKILL, endsWhenTold}} {
		pids := working(l.cluster())
		if len(pids) == 0 {
			return removeLeftovers(l)
		}
		l.logger.Info("waiting for an earlier postgres to end", "pids", pids, "home", l.home)
		if err := awaitEnd(ctx, pids, step.signal, step.within); err != nil {
			return err
		}
	}
	if pids := working(l.cluster()); len(pids) > 0 {
		return &StartError{Dir: l.home, Err: fmt.Errorf("an earlier server still runs: processes %v", pids)}
	}
	return removeLeftovers(l)
}

// working lists the postgres processes of the cluster, or of one that was being made: each of them
// has changed into its data directory.
func working(cluster string) []int {
	// Links on the way to it are followed, as the kernel did.
	home, err := filepath.EvalSymlinks(filepath.Dir(cluster))
	if err != nil {
		return nil // there is nothing yet
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	real := filepath.Join(home, filepath.Base(cluster))
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		dir, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")) // not ours to look at: not ours
		if (dir == real || dir == unfinished(real)) && isPostgres(e.Name()) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func isPostgres(pid string) bool {
	name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
	return err == nil && strings.TrimSpace(string(name)) == "postgres"
}

// awaitEnd sends signal (0 is none) and waits for all to end, at most within.
func awaitEnd(ctx context.Context, pids []int, signal unix.Signal, within time.Duration) error {
	deadline := time.Now().Add(within)
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue // it has ended
		}
		if signal != 0 {
			_ = unix.PidfdSendSignal(fd, signal, nil, 0)       // it may have ended
			_ = unix.PidfdSendSignal(fd, unix.SIGCONT, nil, 0) // it may have been stopped
		}
		err = pollUntil(ctx, fd, deadline)
		_ = unix.Close(fd)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pollUntil returns when the process of the pidfd has ended or the deadline has passed.
func pollUntil(ctx context.Context, fd int, deadline time.Time) error {
	const look = 100 * time.Millisecond // how late the end of ctx may be seen
	for ctx.Err() == nil && time.Now().Before(deadline) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(look.Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for an earlier postgres: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
	return ctx.Err()
}

func removeLeftovers(l launch) error {
	for _, path := range []string{
		filepath.Join(l.cluster(), "postmaster.pid"),
		filepath.Join(l.socket, socketName), filepath.Join(l.socket, socketName+".lock"),
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return unwritable(filepath.Dir(path), err)
		}
	}
	return nil
}
