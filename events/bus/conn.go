// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// MinServer is the oldest server this package works with: the one whose behaviour was measured, after the vulnerabilities found in 2026.
const MinServer = "2.15.2"

const (
	dialTimeout   = 5 * time.Second
	publishWait   = 10 * time.Second // for a caller that set no deadline
	stallWait     = 30 * time.Second
	inFlight      = 256
	pingInterval  = 10 * time.Second
	drainTimeout  = 5 * time.Second
	redialDelay   = 100 * time.Millisecond
	redialLongest = 5 * time.Second
)

// Dialer makes connections to a server in the same process.
type Dialer interface {
	InProcessConn() (net.Conn, error)
}

// Config says where the broker is and who asks.
type Config struct {
	URL       string // nats://host:port, several with commas; ignored with InProcess
	InProcess Dialer
	Creds     string // path of a .creds file, read again at every reconnect
	CredsData []byte // the content of a .creds file, instead of Creds
	Name      string // shown in the server's list of connections
	Replicas  int    // copies of each stream; 0 means 1, use 3 in a cluster
	Logger    *slog.Logger
}

// Conn is one connection to the broker. It reconnects by itself until Close. Safe for concurrent use.
type Conn struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	log      *slog.Logger
	replicas int
	denials  denials
	slots    chan struct{} // one for each publish in flight
	closed   chan struct{}

	mu          sync.Mutex
	reconnected map[int]func()
	nextHook    int
}

// Connect connects, waiting for a server that does not answer yet until ctx ends; refused credentials (ErrNotPermitted), an unreadable
// credentials file and a server older than MinServer (ErrServerTooOld) are answered at once.
func Connect(ctx context.Context, cfg Config) (*Conn, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Creds != "" {
		if _, err := os.ReadFile(cfg.Creds); err != nil {
			return nil, fmt.Errorf("read credentials: %w", err)
		}
	}
	c := &Conn{
		log: cfg.Logger, replicas: max(cfg.Replicas, 1), closed: make(chan struct{}),
		slots: make(chan struct{}, inFlight), reconnected: map[int]func(){},
	}
	if err := c.dial(ctx, cfg); err != nil {
		return nil, err
	}
	if err := versionGate(c.nc.ConnectedServerVersion()); err != nil {
		c.nc.Close()
		return nil, err
	}
	js, err := jetstream.New(c.nc, jetstream.WithPublishAsyncMaxPending(2*inFlight), jetstream.WithPublishAsyncTimeout(stallWait))
	if err != nil {
		c.nc.Close()
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	c.js = js
	return c, nil
}

func (c *Conn) dial(ctx context.Context, cfg Config) error {
	options := c.options(cfg)
	for delay := redialDelay; ; delay = min(2*delay, redialLongest) {
		nc, err := nats.Connect(cfg.URL, options...)
		if err == nil {
			c.nc = nc
			return nil
		}
		if refused(err) {
			return fmt.Errorf("connect to %s: %w: %w", cfg.where(), ErrNotPermitted, err)
		}
		if !unreachable(err) {
			return fmt.Errorf("connect to %s: %w", cfg.where(), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("connect to %s: %w: %w", cfg.where(), err, ctx.Err())
		case <-time.After(delay):
		}
	}
}

func (cfg Config) where() string {
	if cfg.InProcess != nil {
		return "the server in this process"
	}
	return cfg.URL
}

func (c *Conn) options(cfg Config) []nats.Option {
	options := []nats.Option{
		nats.Name(cfg.Name), nats.Timeout(dialTimeout),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2), nats.DrainTimeout(drainTimeout),
		nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.CustomReconnectDelay(reconnectDelay),
		// A publish while the connection is away must say so, not wait in a buffer for an unknown time.
		nats.ReconnectBufSize(-1),
		nats.ErrorHandler(c.onError),
		nats.ReconnectHandler(func(*nats.Conn) { c.onReconnect() }),
		nats.ClosedHandler(func(*nats.Conn) { close(c.closed) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				c.log.Warn("broker connection lost", "error", err)
			}
		}),
	}
	if cfg.InProcess != nil {
		options = append(options, nats.InProcessServer(cfg.InProcess))
	}
	if cfg.Creds != "" {
		options = append(options, nats.UserCredentials(cfg.Creds))
	} else if len(cfg.CredsData) > 0 {
		options = append(options, nats.UserCredentialBytes(cfg.CredsData))
	}
	return options
}

// reconnectDelay spreads the clients of a restarted server over time.
func reconnectDelay(attempts int) time.Duration {
	delay := min(redialDelay<<min(attempts, 6), redialLongest)
	return delay/2 + rand.N(delay/2)
}

func refused(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) ||
		errors.Is(err, nats.ErrAccountAuthExpired) || errors.Is(err, nats.ErrMaxAccountConnectionsExceeded)
}

func unreachable(err error) bool {
	var network net.Error
	return errors.Is(err, nats.ErrNoServers) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, io.EOF) || errors.As(err, &network)
}

func (c *Conn) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrPermissionViolation) {
		c.denials.deny(deniedSubject(err))
	}
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	c.log.Warn("broker error", "error", err, "subject", subject)
}

func (c *Conn) onReconnect() {
	c.log.Info("broker connection is back")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, hook := range c.reconnected {
		hook()
	}
}

// whenReconnected calls hook after each reconnect until the returned function is called. hook must not block.
func (c *Conn) whenReconnected(hook func()) (forget func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.nextHook
	c.nextHook++
	c.reconnected[id] = hook
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.reconnected, id)
	}
}

// Connected says whether the connection is up at this moment.
func (c *Conn) Connected() bool { return c.nc.IsConnected() }

// Close drains: what was published is flushed, subscriptions finish what they have, and the connection ends, within 5 seconds.
func (c *Conn) Close() {
	if c.nc.IsClosed() {
		return
	}
	if err := c.nc.Drain(); err != nil {
		c.nc.Close() // not connected: there is nothing to drain to
	}
	select {
	case <-c.closed:
	case <-time.After(drainTimeout + time.Second):
		c.nc.Close()
	}
}

func versionGate(version string) error {
	var have, need [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2]); err != nil {
		return fmt.Errorf("%w: version %q cannot be read, %s is needed", ErrServerTooOld, version, MinServer)
	}
	if _, err := fmt.Sscanf(MinServer, "%d.%d.%d", &need[0], &need[1], &need[2]); err != nil {
		return fmt.Errorf("read MinServer: %w", err)
	}
	for i := range need {
		if have[i] != need[i] {
			if have[i] < need[i] {
				return fmt.Errorf("%w: %s, %s is needed", ErrServerTooOld, version, MinServer)
			}
			return nil
		}
	}
	return nil
}
