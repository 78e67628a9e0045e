// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"samsyn/events/bus"
)

// external starts a server from a configuration file, as an administrator does.
func external(t *testing.T, operator *bus.Operator, edit func(string) string) *server.Server {
	t.Helper()
	dir := t.TempDir()
	text, err := operator.ServerConfig(bus.ServerConfig{
		Name: "external", Listen: "127.0.0.1:-1", StoreDir: filepath.Join(dir, "store"), AccountDir: filepath.Join(dir, "accounts"), MaxStore: 1 << 30,
	})
	wantNoError(t, "write configuration", err)
	path := filepath.Join(dir, "nats.conf")
	wantNoError(t, "write configuration", os.WriteFile(path, []byte(edit(string(text))), 0o600))
	opts, err := server.ProcessConfigFile(path)
	wantNoError(t, "read configuration", err)
	opts.NoSigs, opts.NoLog = true, true
	s, err := server.NewServer(opts)
	wantNoError(t, "configure", err)
	go s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not answer")
	}
	return s
}

func same(text string) string { return text }

// The file we write for an external server must start a real one, which then takes the operator's agencies and is durable.
func TestExternalServerRunsOnTheWrittenConfiguration(t *testing.T) {
	t.Parallel()
	operator, err := bus.NewOperator(t.TempDir())
	wantNoError(t, "operator", err)
	s := external(t, operator, same)
	wantNoError(t, "connect operator", operator.Connect(soon(t), bus.Config{URL: s.ClientURL()}))
	defer operator.Close()
	creds, err := operator.PlatformCreds("test")
	wantNoError(t, "credentials", err)
	conn, err := bus.Connect(soon(t), bus.Config{URL: s.ClientURL(), CredsData: creds})
	wantNoError(t, "connect", err)
	defer conn.Close()
	wantNoError(t, "durability", conn.Durability(soon(t)))
	wantNoError(t, "platform", conn.EnsurePlatform(soon(t)))
	wantNoError(t, "agency", conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{}))
	wantNoError(t, "account", operator.AddAgency(soon(t), nykoping, bostad))
	agency, err := operator.Creds(nykoping, bostad)
	wantNoError(t, "credentials", err)
	there, err := bus.Connect(soon(t), bus.Config{URL: s.ClientURL(), CredsData: agency})
	wantNoError(t, "connect agency", err)
	defer there.Close()
	_, err = there.Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte(`{}`)})
	wantNoError(t, "publish", err)
}

// A server that flushes every two minutes loses acknowledged events in a power cut: that must be said, never assumed away.
func TestServerThatDelaysItsWritesIsNotDurable(t *testing.T) {
	t.Parallel()
	operator, err := bus.NewOperator(t.TempDir())
	wantNoError(t, "operator", err)
	s := external(t, operator, func(text string) string {
		return strings.Replace(text, "sync_interval: always", "sync_interval: 2m", 1)
	})
	creds, err := operator.PlatformCreds("test")
	wantNoError(t, "credentials", err)
	conn, err := bus.Connect(soon(t), bus.Config{URL: s.ClientURL(), CredsData: creds})
	wantNoError(t, "connect", err)
	defer conn.Close()
	if err := conn.Durability(soon(t)); !errors.Is(err, bus.ErrNotDurable) || !strings.Contains(err.Error(), "external") {
		t.Errorf("durability: %v, want ErrNotDurable naming the server", err)
	}
}

// An incomplete description must not become a server that listens everywhere or stores nowhere.
func TestIncompleteServerConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	operator, err := bus.NewOperator(t.TempDir())
	wantNoError(t, "operator", err)
	if _, err := operator.ServerConfig(bus.ServerConfig{Name: "x", Listen: "127.0.0.1:4222"}); err == nil {
		t.Error("a configuration without directories was written")
	}
}
