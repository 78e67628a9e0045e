// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the program as users get it, of this tree, with build tags.
func built(t *testing.T, tags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "samsyn")
	compile(t, path, ".", "-tags", strings.Join(tags, ","))
	return path
}

// compile builds a program with the flags of the Makefile, so that both find the same things cached,
// and without what the test itself is built with: no race detector, no coverage.
func compile(t *testing.T, out, pkg string, flags ...string) {
	t.Helper()
	began := time.Now()
	args := append([]string{"build", "-race=false", "-cover=false", "-trimpath", "-buildvcs=false", "-o", out}, flags...)
	c := exec.CommandContext(t.Context(), "go", append(args, pkg)...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(c.Args[1:], " "), err, said)
	}
	t.Logf("built %s in %s", pkg, time.Since(began).Round(time.Millisecond))
}

// process is a program that runs for long, whose log is read. It ends with the test.
type process struct {
	t     *testing.T
	name  string
	cmd   *exec.Cmd
	ready chan struct{}
	ended chan struct{}

	mu   sync.Mutex
	last []string // lines of its log
}

// lastLines is how much of a log is kept for whoever must find out what went wrong.
const lastLines = 40

// launch starts a program. It is ready when its log holds the words.
func launch(t *testing.T, c *exec.Cmd, name, words string) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: c, ready: make(chan struct{}), ended: make(chan struct{})}
	log, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Setpgid = true // a signal from the terminal is the test's
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := c.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		defer close(p.ended)
		p.read(bufio.NewScanner(log), words)
		_ = c.Wait() // what it was is in ProcessState
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) read(lines *bufio.Scanner, words string) {
	lines.Buffer(nil, 1<<20)
	for isReady := false; lines.Scan(); {
		line := lines.Text()
		p.mu.Lock()
		p.last = append(p.last[max(0, len(p.last)-lastLines+1):], line)
		p.mu.Unlock()
		if !isReady && strings.Contains(line, words) {
			isReady = true
			close(p.ready)
		}
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.last, "\n")
}

// awaitReady returns when the program is ready and fails the test when that takes too long, or when it ends.
func (p *process) awaitReady(within time.Duration) {
	p.t.Helper()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.ready:
	case <-p.ended:
		p.t.Fatalf("%s ended (%s):\n%s", p.name, p.cmd.ProcessState, p.log())
	case <-late.C:
		p.t.Fatalf("%s is not ready after %s:\n%s", p.name, within, p.log())
	}
}

// kill ends the program as a power cut would and returns when it is gone.
func (p *process) kill() {
	select {
	case <-p.ended:
	default:
		_ = p.cmd.Process.Kill() // it may have ended just now
		<-p.ended
	}
}

// killed kills a program that must be running.
func (p *process) killed() {
	p.t.Helper()
	select {
	case <-p.ended:
		p.t.Fatalf("%s ended by itself (%s):\n%s", p.name, p.cmd.ProcessState, p.log())
	default:
		p.kill()
	}
}

// stop asks the program to end and returns how long that took. One that does not end within the time is killed and the test fails.
func (p *process) stop(within time.Duration) time.Duration {
	p.t.Helper()
	began := time.Now()
	select {
	case <-p.ended:
		p.t.Fatalf("%s ended before it was told to (%s):\n%s", p.name, p.cmd.ProcessState, p.log())
	default:
		p.end(syscall.SIGTERM)
	}
	took := time.Since(began)
	if took > within {
		p.t.Errorf("%s took %s to end:\n%s", p.name, took, p.log())
	}
	return took
}

// end sends a signal and returns when the program is gone; one that does not heed it for long is killed.
func (p *process) end(s syscall.Signal) {
	const patience = 30 * time.Second
	_ = p.cmd.Process.Signal(s) // it may have ended just now
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.ended:
	case <-late.C:
		p.kill()
	}
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// within waits for something to become true.
func within(ctx context.Context, most time.Duration, is func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := is(ctx)
		if yes || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not within %s", most)
		}
	}
}

// keptPort is a port on loopback outside the range from which the kernel gives ports to whoever
// connects: it is still free when a server that was killed comes back to it.
func keptPort(t *testing.T) string {
	t.Helper()
	for port := 20000 + os.Getpid()%5000; port < 32000; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return strconv.Itoa(port)
	}
	t.Fatal("no port is free")
	return ""
}
