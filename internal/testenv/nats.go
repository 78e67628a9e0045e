// SPDX-License-Identifier: EUPL-1.2

package testenv

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/local"
)

const startTimeout = 30 * time.Second

// NATSEnv is a server of the test's own, as `samsyn up` runs it: in this process, in operator mode, durable, with the platform's streams.
type NATSEnv struct {
	Server   *local.NATS
	Operator *bus.Operator
	// Conn is in PLATFORM.
	Conn *bus.Conn

	t   testing.TB
	dir string
}

// NATS starts a server on a port of its own. It ends with the test and leaves no goroutine behind.
func NATS(t testing.TB) *NATSEnv {
	t.Helper()
	e := &NATSEnv{t: t, dir: t.TempDir()}
	e.start()
	t.Cleanup(e.stop)
	return e
}

func (e *NATSEnv) start() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := local.StartNATS(ctx, local.NATSConfig{Dir: e.dir, Port: local.AnyPort, MaxStore: 8 << 30, Logger: quiet()})
	if err != nil {
		e.t.Fatalf("start NATS for tests: %v", err)
	}
	e.Server, e.Operator = server, server.Operator
	if e.Conn, err = server.Connect(ctx, "test"); err != nil {
		e.t.Fatalf("connect to NATS for tests: %v", err)
	}
	if err := e.Conn.EnsurePlatform(ctx); err != nil {
		e.t.Fatalf("make streams for tests: %v", err)
	}
}

func (e *NATSEnv) stop() {
	e.Conn.Close()
	if err := e.Server.Stop(); err != nil {
		e.t.Errorf("stop NATS for tests: %v", err)
	}
}

// Dir is the server's data directory.
func (e *NATSEnv) Dir() string { return filepath.Join(e.dir, "nats") }

// Restart stops the server, calls between (nil for nothing) on its directory, and starts it again. Connections made before must be made anew.
func (e *NATSEnv) Restart(between func(dir string)) {
	e.t.Helper()
	e.stop()
	if between != nil {
		between(e.Dir())
	}
	e.start()
}

// Connect makes another connection in PLATFORM, closed with the test: a service of its own.
func (e *NATSEnv) Connect(name string) *bus.Conn {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := e.Server.Connect(ctx, name)
	if err != nil {
		e.t.Fatalf("connect %s: %v", name, err)
	}
	e.t.Cleanup(conn.Close)
	return conn
}

// AddAgency makes an agency's streams and account, and returns the path of a credentials file.
func (e *NATSEnv) AddAgency(m events.MunicipalityID, a events.AgencyID) string {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := e.Conn.EnsureAgency(ctx, m, a, bus.Quota{}); err != nil {
		e.t.Fatalf("make streams of %s in %s: %v", a, m, err)
	}
	if err := e.Operator.AddAgency(ctx, m, a); err != nil {
		e.t.Fatalf("make account of %s in %s: %v", a, m, err)
	}
	creds, err := e.Operator.Creds(m, a)
	if err != nil {
		e.t.Fatalf("issue credentials of %s in %s: %v", a, m, err)
	}
	path := filepath.Join(e.t.TempDir(), string(m)+"_"+string(a)+".creds")
	if err := os.WriteFile(path, creds, 0o600); err != nil {
		e.t.Fatalf("write credentials: %v", err)
	}
	return path
}

// AgencyConn connects over TCP with a credentials file, as an agency does. It is closed with the test.
func (e *NATSEnv) AgencyConn(creds string) *bus.Conn {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := bus.Connect(ctx, bus.Config{URL: e.Server.URL(), Creds: creds, Name: "agency"})
	if err != nil {
		e.t.Fatalf("connect with %s: %v", creds, err)
	}
	e.t.Cleanup(conn.Close)
	return conn
}
