// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a child of this process.
type process struct {
	pid   int
	log   *postgresLog
	ended chan struct{}
	// err is set before ended is closed.
	err error
}

// spawn starts c. The kernel sends the parent-death signal when the *thread* that forked ends, so one
// thread stays with the child for its whole life.
func spawn(c *exec.Cmd, log *postgresLog) (*process, error) {
	// A child of the child may keep the pipe open; its output is then cut.
	c.WaitDelay = time.Second
	p := &process{log: log, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		if err == nil {
			p.pid = c.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		p.err = c.Wait()
		close(p.ended)
	}()
	return p, <-started
}

// failure is why a process that should run has ended. Only after ended.
func (p *process) failure() error {
	if p.err == nil {
		return errors.New("it exited with status 0")
	}
	return p.err
}

// stop asks for a fast shutdown (open transactions are rolled back), and for an immediate one when
// that takes longer than ctx or eight seconds.
func (p *process) stop(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	p.signal(unix.SIGINT)
	select {
	case <-p.ended:
		return nil
	case <-bounded.Done():
	}
	p.signal(unix.SIGQUIT)
	select {
	case <-p.ended:
	case <-time.After(time.Second):
		p.signal(unix.SIGKILL)
		<-p.ended
	}
	return errors.New("postgres did not stop in time and was ended; it recovers at its next start")
}

// signal goes to a child that was not waited for yet, so its number cannot be another's.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = unix.Kill(p.pid, s) // it may have ended just now
	}
}
