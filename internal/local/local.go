// SPDX-License-Identifier: EUPL-1.2

// Package local runs what one installation needs on one machine: a NATS server inside this process
// and a private Postgres as its child. It is what `samsyn up` stands on where no servers are given.
//
// It promises that both are durable (every acknowledged write is on disk, asserted after the start),
// that nothing listens beyond loopback, that two processes never share a directory, that the end of
// this process, by kill -9 too, leaves nothing running, and that the next start recovers what the
// last one left. It works as root (Postgres then runs as another user) and as anyone else.
//
// It does not migrate, watch or back up, and runs on Linux only: the promise about kill -9 rests on
// the kernel's parent-death signal.
//
// When it fails it says what, where and what to do in a typed error (errors.go) and leaves nothing
// running. A server that ends by itself later is started again; when that does not help, Stack.Done
// is closed and Stack.Err says why.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// Config of a local stack.
type Config struct {
	// Dir is the installation's directory; made when missing, mode 0700.
	Dir string
	// PostgresBin is the directory of initdb and postgres; empty means look for them.
	PostgresBin string
	// NATSPort is the port on loopback on which agencies reach the server; 0 is the one of the last start
	// or the first free one from 4222 on, AnyPort any.
	NATSPort int
	Logger   *slog.Logger
}

// Stack is the running pair.
type Stack struct {
	Postgres *Postgres
	NATS     *NATS

	lock *dirLock
}

// Start starts both servers at once and returns when both answer and are durable. The stack lives
// until Stop, not until ctx ends; ctx bounds the start alone.
func Start(ctx context.Context, c Config) (*Stack, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", c.Dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Stack{lock: lock}
	both, bctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		s.Postgres, err = StartPostgres(bctx, PostgresConfig{Dir: dir, BinDir: c.PostgresBin, Logger: c.Logger})
		return err
	})
	both.Go(func() (err error) {
		s.NATS, err = StartNATS(bctx, NATSConfig{Dir: dir, Port: c.NATSPort, Logger: c.Logger})
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// Stop stops NATS, then Postgres, and frees the directory. It may be called again.
func (s *Stack) Stop(ctx context.Context) error {
	var err error
	if s.NATS != nil {
		err = s.NATS.Stop()
	}
	if s.Postgres != nil {
		err = errors.Join(err, s.Postgres.Stop(ctx))
	}
	return errors.Join(err, s.lock.release())
}

// Done is closed when Postgres has ended and could not be started again, or was stopped.
func (s *Stack) Done() <-chan struct{} { return s.Postgres.Done() }

// Err is why Done was closed; nil while it is open and after Stop.
func (s *Stack) Err() error { return s.Postgres.Err() }
