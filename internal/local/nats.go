// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"

	"samsyn/events/bus"
)

// AnyPort lets the kernel choose and keeps nothing: for tests, which run side by side.
const AnyPort = server.RANDOM_PORT

// NATSConfig of the server in this process.
type NATSConfig struct {
	// Dir is the installation's directory; the server's own is nats below it, with keys, accounts and streams.
	Dir string
	// Port on loopback. 0 is the port of the last start, or the first free one from 4222 on; what it was is kept in the file port, because agencies
	// are told the address.
	Port int
	// MaxStore is the room for all streams in bytes; 0 is 80 % of the disk that is free or theirs already, and at most 32 GiB.
	MaxStore int64
	Logger   *slog.Logger
}

// NATS is the running server and its operator. It is a bus.Dialer.
type NATS struct {
	// Operator is connected to the server: agencies come and go while it runs.
	Operator *bus.Operator

	server *server.Server
	lock   *dirLock
	log    *slog.Logger
}

const (
	natsMinimumBytes = 64 << 20
	natsLargest      = 32 << 30
	natsMemory       = 64 << 20
	natsPayload      = 1 << 20
	firstPort        = 4222
	lastPort         = 4321
	accountLimit     = 10_000
	accountSync      = 2 * time.Minute
)

// StartNATS starts the server and returns when it answers and is durable. It listens on loopback only, in operator mode, and writes to disk before it
// acknowledges. Errors: InUseError, PortInUseError, UnwritableError, DiskFullError, ServerError. The server lives until Stop.
func StartNATS(ctx context.Context, c NATSConfig) (*NATS, error) {
	dir := filepath.Join(c.Dir, "nats")
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	n := &NATS{lock: lock, log: c.Logger}
	if err := n.start(ctx, dir, c); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return n, nil
}

func (n *NATS) start(ctx context.Context, dir string, c NATSConfig) error {
	if err := checkFree(dir, natsMinimumBytes); err != nil {
		return err
	}
	operator, err := bus.NewOperator(filepath.Join(dir, "keys"))
	if err != nil {
		return unwritable(dir, err)
	}
	n.Operator = operator
	opts, err := n.options(ctx, dir, c)
	if err != nil {
		return err
	}
	if err := n.serve(ctx, opts); err != nil {
		return err
	}
	if err := n.keepPort(dir, c.Port); err != nil {
		return err
	}
	if err := operator.Connect(ctx, bus.Config{InProcess: n, URL: n.URL(), Logger: c.Logger}); err != nil {
		return fmt.Errorf("connect the operator: %w", err)
	}
	conn, err := n.Connect(ctx, "samsyn start")
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Durability(ctx)
}

func (n *NATS) options(ctx context.Context, dir string, c NATSConfig) (*server.Options, error) {
	port, err := choosePort(ctx, dir, c.Port)
	if err != nil {
		return nil, err
	}
	store := c.MaxStore
	if store == 0 {
		if store, err = storeSize(dir); err != nil {
			return nil, err
		}
	}
	statement, system, err := n.Operator.JWT()
	if err != nil {
		return nil, err
	}
	claims, err := jwt.DecodeOperatorClaims(statement)
	if err != nil {
		return nil, fmt.Errorf("read operator: %w", err)
	}
	resolver, err := n.resolver(filepath.Join(dir, "accounts"))
	if err != nil {
		return nil, err
	}
	return &server.Options{
		ServerName: "samsyn", Host: "127.0.0.1", Port: port, NoSigs: true, MaxPayload: natsPayload,
		JetStream: true, StoreDir: dir, SyncAlways: true, JetStreamMaxStore: store, JetStreamMaxMemory: natsMemory,
		TrustedOperators: []*jwt.OperatorClaims{claims}, SystemAccount: system, AccountResolver: resolver,
	}, nil
}

// resolver holds the accounts as the operator has them: the key directory is the truth.
func (n *NATS) resolver(dir string) (server.AccountResolver, error) {
	resolver, err := server.NewDirAccResolver(dir, accountLimit, accountSync, server.NoDelete)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	accounts, err := n.Operator.Accounts()
	if err != nil {
		return nil, err
	}
	for public, statement := range accounts {
		if err := resolver.Store(public, statement); err != nil {
			return nil, unwritable(dir, err)
		}
	}
	return resolver, nil
}

// serve starts the server. Options may not be used twice, hence the clone.
func (n *NATS) serve(ctx context.Context, opts *server.Options) error {
	s, err := server.NewServer(opts.Clone())
	if err != nil {
		return fmt.Errorf("configure NATS: %w", err)
	}
	n.server = s
	log := newNATSLog(n.log)
	s.SetLoggerV2(log, false, false, false)
	go s.Start()
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		for !s.ReadyForConnections(100*time.Millisecond) && s.Running() && ctx.Err() == nil { // each look waits
		}
	}()
	select {
	case why := <-log.fatal:
		return &ServerError{Dir: opts.StoreDir, Why: why}
	case <-ready:
	}
	if ctx.Err() != nil {
		return fmt.Errorf("start NATS: %w", ctx.Err())
	}
	select {
	case why := <-log.fatal:
		return &ServerError{Dir: opts.StoreDir, Why: why}
	default:
		return nil
	}
}

// URL is where agencies connect.
func (n *NATS) URL() string { return n.server.ClientURL() }

// Port is the port on loopback.
func (n *NATS) Port() int {
	if addr, ok := n.server.Addr().(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

// InProcessConn connects without the network.
func (n *NATS) InProcessConn() (net.Conn, error) { return n.server.InProcessConn() }

// Connect connects to PLATFORM in process. name is shown in the server's list of connections.
func (n *NATS) Connect(ctx context.Context, name string) (*bus.Conn, error) {
	creds, err := n.Operator.PlatformCreds(name)
	if err != nil {
		return nil, err
	}
	return bus.Connect(ctx, bus.Config{InProcess: n, CredsData: creds, Name: name, Logger: n.log})
}

// Stop ends the server at once, without a grace for its clients: close them first. What is acknowledged is on disk. It may be called again.
func (n *NATS) Stop() error {
	if n.Operator != nil {
		n.Operator.Close()
	}
	if n.server != nil {
		n.server.Shutdown()
		n.server.WaitForShutdown()
	}
	return n.lock.release()
}

// storeSize is the room for all streams: 80 % of what the disk could give them, so that a full store is answered, which a full disk is not: there the
// server only falls silent. Streams that have reserved more than that stay; new ones are refused.
func storeSize(dir string) (int64, error) {
	free := int64(fullDisk(dir, 0).Free)
	var used int64
	err := filepath.WalkDir(filepath.Join(dir, "jetstream"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		if err == nil {
			used += info.Size()
		}
		return ignoreMissing(err)
	})
	if err != nil {
		return 0, unwritable(dir, err)
	}
	return min((free+used)/10*8, natsLargest), nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// choosePort finds a port that can be listened on now.
func choosePort(ctx context.Context, dir string, wanted int) (int, error) {
	if wanted == AnyPort {
		return wanted, nil
	}
	if wanted != 0 {
		return wanted, portFree(ctx, dir, wanted)
	}
	kept, err := readNumber(dir, "port")
	if err != nil {
		return 0, err
	}
	if kept != 0 {
		return int(kept), portFree(ctx, dir, int(kept))
	}
	for port := firstPort; port < lastPort; port++ {
		if portFree(ctx, dir, port) == nil {
			return port, nil
		}
	}
	return 0, &PortInUseError{Port: firstPort, Dir: dir}
}

func portFree(ctx context.Context, dir string, port int) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return &PortInUseError{Port: port, Dir: dir, Err: err}
	}
	return listener.Close()
}

func (n *NATS) keepPort(dir string, wanted int) error {
	if wanted == AnyPort {
		return nil
	}
	return writeNumber(dir, "port", int64(n.Port()))
}

func readNumber(dir, name string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, unwritable(dir, err)
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", filepath.Join(dir, name), err)
	}
	return n, nil
}

func writeNumber(dir, name string, n int64) error {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(strconv.FormatInt(n, 10)), 0o600); err != nil {
		return unwritable(dir, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return unwritable(dir, err)
	}
	return syncDir(dir)
}
