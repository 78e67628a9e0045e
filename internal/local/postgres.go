// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	clusterName = "cluster"
	// adminRole is the superuser of the private cluster, reached by its socket alone.
	adminRole    = "samsyn_admin"
	databaseName = "samsyn"

	stopWithin = 8 * time.Second
	// A server that ends this soon after it was ready, this often, is not started again.
	soon         = 10 * time.Second
	soonTooOften = 3
)

// PostgresConfig is what StartPostgres needs.
type PostgresConfig struct {
	// Dir is the installation's directory. The database lies in Dir/postgres, or below /var/lib/samsyn
	// when this is root and only root may enter Dir (then Dir/postgres.home names the place).
	Dir string
	// BinDir is the directory of initdb and postgres; empty means look for them.
	BinDir string
	// Volatile turns everything off that makes writes durable. For tests alone.
	Volatile bool
	Logger   *slog.Logger
}

// Postgres is a running private server.
type Postgres struct {
	// URL connects as the administrator of the cluster, by socket, to the database samsyn.
	URL string
	// Home is the directory that holds the data.
	Home string

	launch launch
	logger *slog.Logger
	// life ends when Stop is called.
	life context.Context //nolint:containedctx // the server outlives the call that starts it, and its supervisor with it
	end  context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	current *process
	err     error
}

// StartPostgres starts a private server on the data of Dir, which it makes when there is none, and
// returns when the server answers and is durable. It first waits for a server that the last process
// left behind to end. The caller keeps other processes out of Dir (Start does). The server lives until
// Stop or the end of this process; ctx bounds the start alone. Errors are those of errors.go.
func StartPostgres(ctx context.Context, c PostgresConfig) (*Postgres, error) {
	l, err := prepareLaunch(ctx, c)
	if err != nil {
		return nil, err
	}
	p := &Postgres{URL: socketURL(l.socket, databaseName), Home: l.home, launch: l, logger: c.Logger, done: make(chan struct{})}
	p.life, p.end = context.WithCancel(context.WithoutCancel(ctx))
	began := time.Now()
	if p.current, err = l.start(ctx); err != nil {
		return nil, err
	}
	go p.supervise()
	if !c.Volatile {
		if err := checkDurableAt(ctx, p.URL); err != nil {
			return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
	}
	c.Logger.Info("postgres ready", "version", l.bin.version(), "home", l.home, "user", l.runner.userName(), "pid", p.PID(), "took", time.Since(began))
	return p, nil
}

// prepareLaunch decides where the data lies and who runs the server, and makes the data when there is none.
func prepareLaunch(ctx context.Context, c PostgresConfig) (launch, error) {
	all, err := installed(ctx, c.BinDir)
	if err != nil {
		return launch{}, err
	}
	home, err := chooseHome(c.Dir, all[0])
	if err != nil {
		return launch{}, err
	}
	l := launch{home: home, volatile: c.Volatile, logger: c.Logger}
	if l.runner, err = chooseRunner(home); err != nil {
		return launch{}, err
	}
	if err := takeHome(home, l.runner); err != nil {
		return launch{}, err
	}
	if l.bin, err = pick(all, home); err != nil {
		return launch{}, err
	}
	if l.socket, err = socketDir(home, l.runner); err != nil {
		return launch{}, err
	}
	if err := awaitPredecessor(ctx, l); err != nil {
		return launch{}, err
	}
	if _, err := os.Stat(l.cluster()); err == nil {
		return l, checkFree(home, oldClusterBytes)
	}
	if err := checkFree(home, newClusterBytes); err != nil {
		return launch{}, err
	}
	return l, initCluster(ctx, l)
}

// PID of the server's first process.
func (p *Postgres) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current.pid
}

// Done is closed when the server has ended for good.
func (p *Postgres) Done() <-chan struct{} { return p.done }

// Err is why the server ended; nil while it runs and after Stop.
func (p *Postgres) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Stop ends open transactions and the server, and returns when it has written everything. When ctx
// ends first the server is ended at once; it recovers at its next start. It may be called again.
func (p *Postgres) Stop(ctx context.Context) error {
	p.end()
	p.mu.Lock()
	current := p.current
	p.mu.Unlock()
	err := current.stop(ctx)
	<-p.done
	_ = os.Remove(p.launch.socket) // made anew at the next start; it may be gone
	return err
}

// supervise starts the server again when it ends by itself.
func (p *Postgres) supervise() {
	defer close(p.done)
	for failures := 0; ; {
		ready := time.Now()
		<-p.current.ended
		if p.life.Err() != nil {
			return
		}
		if failures++; time.Since(ready) > soon {
			failures = 1
		}
		err := p.current.failure()
		p.logger.Error("postgres ended by itself", "error", err, "times", failures)
		if failures < soonTooOften {
			err = p.restart()
		}
		if err != nil && p.life.Err() == nil {
			p.mu.Lock()
			p.err = fmt.Errorf("postgres does not stay up: %w", err)
			p.mu.Unlock()
			return
		}
	}
}

// restart recovers what the last server left. Its error means nothing once life has ended.
func (p *Postgres) restart() error {
	if err := awaitPredecessor(p.life, p.launch); err != nil {
		return err
	}
	next, err := p.launch.start(p.life)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.current = next
	p.mu.Unlock()
	if p.life.Err() != nil {
		// Stop came before it could see the new one.
		return next.stop(context.WithoutCancel(p.life))
	}
	p.logger.Info("postgres runs again", "pid", next.pid)
	return nil
}

// socketURL is a connection string for any libpq-like client.
func socketURL(socket, database string) string {
	q := url.Values{"host": {socket}, "user": {adminRole}}
	return (&url.URL{Scheme: "postgres", Host: "", Path: "/" + database, RawQuery: q.Encode()}).String()
}

func (l launch) cluster() string { return filepath.Join(l.home, clusterName) }
