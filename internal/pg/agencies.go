// SPDX-License-Identifier: EUPL-1.2

package pg

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrBusy says that no connection became free in time; HTTP answers 503 with Retry-After.
var ErrBusy = errors.New("database is busy")

// Limits of all agencies' connections (measured: an idle backend holds 1.5 MB, a connect costs 4 ms).
const (
	agencyConns    = 3
	agencyInFlight = 40
	agencyWait     = 2 * time.Second
)

// Agencies holds one pool per agency login, made at first use, with no connection when idle. At
// most 40 transactions of all agencies together are open at once.
type Agencies struct {
	config Config
	slots  chan struct{}
	wait   time.Duration

	mu     sync.Mutex
	pools  map[string]*pgxpool.Pool
	closed bool
}

// OpenAgencies returns the doors of all agencies. It does not connect.
func OpenAgencies(c Config) *Agencies {
	return &Agencies{
		config: c, slots: make(chan struct{}, agencyInFlight), wait: agencyWait, pools: map[string]*pgxpool.Pool{},
	}
}

// For returns the door of one login role (contract.agency.login): pg.InTx(ctx, agencies.For(login),
// viewer, fn) reads as that agency and can read as no other.
func (a *Agencies) For(login string) Beginner { return door{a, login} }

// Drop closes an agency's pool, after a suspension for instance. Transactions under way finish.
func (a *Agencies) Drop(login string) {
	a.mu.Lock()
	pool := a.pools[login]
	delete(a.pools, login)
	a.mu.Unlock()
	if pool != nil {
		pool.Close()
	}
}

// Close closes every pool and waits for the transactions under way, however long they take: stop who
// makes them first.
func (a *Agencies) Close() {
	a.mu.Lock()
	pools := a.pools
	a.pools, a.closed = nil, true
	a.mu.Unlock()
	for _, p := range pools {
		p.Close()
	}
}

type door struct {
	agencies *Agencies
	login    string
}

// Begin waits at most two seconds for a slot and a connection, then it is ErrBusy.
func (d door) Begin(ctx context.Context) (pgx.Tx, error) {
	waiting, cancel := context.WithTimeout(ctx, d.agencies.wait)
	defer cancel()
	select {
	case d.agencies.slots <- struct{}{}:
	case <-waiting.Done():
		return nil, busy(ctx, d.login, waiting.Err())
	}
	release := sync.OnceFunc(func() { <-d.agencies.slots })
	pool, err := d.agencies.pool(d.login)
	if err != nil {
		release()
		return nil, err
	}
	tx, err := pool.Begin(waiting)
	if err != nil {
		release()
		return nil, busy(ctx, d.login, err)
	}
	return &lease{Tx: tx, release: release}, nil
}

// busy turns our own deadline into ErrBusy; what the caller or the server did stays what it is.
func busy(ctx context.Context, login string, err error) error {
	var connectErr *pgconn.ConnectError
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &connectErr) {
		return fmt.Errorf("connection for %s: %w", login, ErrBusy)
	}
	return fmt.Errorf("connection for %s: %w", login, err)
}

func (a *Agencies) pool(login string) (*pgxpool.Pool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, fmt.Errorf("pool of %s: agencies are closed", login)
	}
	if p := a.pools[login]; p != nil {
		return p, nil
	}
	p, err := a.config.pool(login, agencyConns)
	if err != nil {
		return nil, err
	}
	a.pools[login] = p
	return p, nil
}

// lease gives its slot back when the transaction ends.
type lease struct {
	pgx.Tx
	release func()
}

func (l *lease) Commit(ctx context.Context) error {
	defer l.release()
	return l.Tx.Commit(ctx)
}

func (l *lease) Rollback(ctx context.Context) error {
	defer l.release()
	return l.Tx.Rollback(ctx)
}
