// SPDX-License-Identifier: EUPL-1.2

// Package run is the life of a process: its signals, its log, its metrics, its health and the order
// in which its parts stop.
//
// It promises that parts stop in the reverse of the order in which they started, each named in the
// log, all within ten seconds; that readiness is taken back before the first of them stops; that the
// failure of one part stops the others; and that /metrics, /healthz and /readyz answer as long as
// anything runs.
//
// It does not know what the parts do, does not restart them and holds no state between runs.
//
// A part that does not stop in time is named and left behind: the end of the process ends it.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// StopWithin is how long all parts together have to stop.
const StopWithin = 10 * time.Second

// again is how long after the first signal a second one is taken for the same: timeout(1) and others
// send one to the process and one to its group.
const again = time.Second

// UntilSignal returns a context that ends at the first SIGINT or SIGTERM. One more after a second
// ends the process at once with status 130, as a person who presses Ctrl-C again wants.
func UntilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			cancel(fmt.Errorf("signal %s", s))
		case <-ctx.Done():
			return
		}
		first := time.Now()
		for range signals {
			if time.Since(first) > again {
				os.Exit(130)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(context.Canceled)
	}
}

// Parts are what a process runs, in the order in which they were started.
type Parts struct {
	logger *slog.Logger
	health *Health
	failed chan error

	mu    sync.Mutex
	parts []part
}

type part struct {
	name string
	stop func(ctx context.Context) error
}

// NewParts returns no parts yet. health is told when they begin to stop.
func NewParts(logger *slog.Logger, health *Health) *Parts {
	return &Parts{logger: logger, health: health, failed: make(chan error, 1)}
}

// Add notes a part that runs already, and how to stop it. stop is called once.
func (p *Parts) Add(name string, stop func(ctx context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parts = append(p.parts, part{name, stop})
}

// Go starts a worker. To stop it its context is ended and its return awaited: it finishes what it has
// in hand on a context of its own. A worker that returns before that, with an error or without, ends Wait.
func (p *Parts) Go(ctx context.Context, name string, work func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = work(ctx)
		if ctx.Err() == nil {
			p.Fail(name, err)
		}
	}()
	p.Add(name, func(stopping context.Context) error {
		cancel()
		select {
		case <-done:
		case <-stopping.Done():
			return stopping.Err()
		}
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
}

// Fail says that a part has ended by itself; err may be nil. The first one counts.
func (p *Parts) Fail(name string, err error) {
	if err == nil {
		err = errors.New("it ended without an error")
	}
	select {
	case p.failed <- fmt.Errorf("%s: %w", name, err):
	default:
	}
}

// Wait returns nil when ctx ends and the error of the first part that fails before that.
func (p *Parts) Wait(ctx context.Context) error {
	select {
	case err := <-p.failed:
		return err
	case <-ctx.Done():
		p.logger.Info("stopping", "why", context.Cause(ctx).Error())
		return nil
	}
}

// Stop stops all parts, the last started first, within StopWithin. It returns what they said, and
// names those that did not stop in time. A second call does nothing.
func (p *Parts) Stop(ctx context.Context) error {
	p.mu.Lock()
	parts := p.parts
	p.parts = nil
	p.mu.Unlock()
	p.health.stopping()
	// The caller's context has ended by now, as a rule: stopping has its own time.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), StopWithin)
	defer cancel()
	var all error
	for i := len(parts) - 1; i >= 0; i-- {
		all = errors.Join(all, p.stopOne(ctx, parts[i]))
	}
	return all
}

func (p *Parts) stopOne(ctx context.Context, part part) error {
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- part.stop(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		// One that heeds its context says itself what was left undone.
		select {
		case err = <-done:
		case <-time.After(100 * time.Millisecond):
			err = fmt.Errorf("did not stop within %s", StopWithin)
		}
	}
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		return fmt.Errorf("stop %s: %w", part.name, err)
	}
	p.logger.Info("stopped", "part", part.name, "took", took)
	return nil
}
