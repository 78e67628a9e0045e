// SPDX-License-Identifier: EUPL-1.2

package local_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"samsyn/events/bus"
	"samsyn/internal/local"
)

func startNATS(t *testing.T, cfg local.NATSConfig) (*local.NATS, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	if cfg.MaxStore == 0 {
		cfg.MaxStore = 1 << 30
	}
	n, err := local.StartNATS(ctx, cfg)
	if err == nil {
		t.Cleanup(func() {
			if err := n.Stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
	}
	return n, err
}

func mustStartNATS(t *testing.T, cfg local.NATSConfig) *local.NATS {
	t.Helper()
	n, err := startNATS(t, cfg)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return n
}

// publish makes the streams and stores one event; it returns the event's sequence.
func publish(t *testing.T, n *local.NATS) uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := n.Connect(ctx, "test")
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	if err := errors.Join(conn.EnsurePlatform(ctx), conn.EnsureAgency(ctx, "0480", "bostad", bus.Quota{})); err != nil {
		t.Fatalf("streams: %v", err)
	}
	ack, err := conn.Publish(ctx, bus.Message{Subject: "incident.0480.bostad.reported", Body: []byte("{}")})
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return ack.Seq
}

// Agencies are told an address: it must be the same after a restart, and so must be what they sent.
func TestNATSKeepsItsPortAndItsEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := mustStartNATS(t, local.NATSConfig{Dir: dir})
	if seq := publish(t, first); seq != 1 {
		t.Errorf("first event has sequence %d", seq)
	}
	port := first.Port()
	if err := first.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	second := mustStartNATS(t, local.NATSConfig{Dir: dir})
	if second.Port() != port {
		t.Errorf("port %d after the restart, was %d", second.Port(), port)
	}
	if seq := publish(t, second); seq != 2 {
		t.Errorf("sequence %d after the restart: the first event is gone", seq)
	}
}

// Nothing of it may be reached from outside the machine.
func TestNATSListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	n := mustStartNATS(t, local.NATSConfig{Dir: t.TempDir(), Port: local.AnyPort})
	if !strings.HasPrefix(n.URL(), fmt.Sprintf("nats://127.0.0.1:%d", n.Port())) {
		t.Errorf("listens on %s", n.URL())
	}
}

// A disk that has become fuller leaves less room than the streams have reserved: they come back all the same, and only new ones are refused.
func TestNATSStreamsComeBackOnAFullerDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := mustStartNATS(t, local.NATSConfig{Dir: dir, Port: local.AnyPort, MaxStore: 4 << 30})
	publish(t, first)
	if err := first.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	second := mustStartNATS(t, local.NATSConfig{Dir: dir, Port: local.AnyPort, MaxStore: 1 << 20})
	if seq := publish(t, second); seq != 2 {
		t.Errorf("sequence %d after the restart: the first event is gone", seq)
	}
	conn, err := second.Connect(context.Background(), "test")
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	var room *bus.NoRoomError
	if err := conn.EnsureAgency(context.Background(), "0480", "polis", bus.Quota{}); !errors.As(err, &room) {
		t.Errorf("another agency: %v, want NoRoomError", err)
	}
}

// Without a choice the store takes no more than 80 % of the disk, so that a full store is answered before the disk is full.
func TestNATSStoreLeavesRoomOnTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n, err := local.StartNATS(ctx, local.NATSConfig{Dir: dir, Port: local.AnyPort})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	defer n.Stop() //nolint:errcheck // the test is over
	conn, err := n.Connect(ctx, "test")
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		t.Fatalf("statfs: %v", err)
	}
	var room *bus.NoRoomError
	if err := conn.EnsureAgency(ctx, "0480", "polis", bus.Quota{MaxBytes: 1 << 50}); !errors.As(err, &room) {
		t.Fatalf("a quota of 1 PiB: %v, want NoRoomError", err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; room.Store <= 0 || room.Store > free/100*81 || room.Store > 32<<30 {
		t.Errorf("the store takes %d of %d free bytes", room.Store, free)
	}
}

// Each way to be started wrongly says what is wrong, where and what to do, and leaves nothing running.
func TestNATSSaysWhyItCannotStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	running := mustStartNATS(t, local.NATSConfig{Dir: dir, Port: local.AnyPort})
	var inUse *local.InUseError
	if _, err := startNATS(t, local.NATSConfig{Dir: dir, Port: local.AnyPort}); !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Errorf("directory in use: %v", err)
	}
	var port *local.PortInUseError
	if _, err := startNATS(t, local.NATSConfig{Dir: t.TempDir(), Port: running.Port()}); !errors.As(err, &port) || port.Port != running.Port() {
		t.Errorf("port in use: %v", err)
	}
	kept := t.TempDir()
	holder, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	defer holder.Close()
	_, number, err := net.SplitHostPort(holder.Addr().String())
	if err != nil {
		t.Fatalf("split: %v", err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(kept, "nats"), 0o700), os.WriteFile(filepath.Join(kept, "nats", "port"), []byte(number), 0o600)); err != nil {
		t.Fatalf("write port: %v", err)
	}
	if _, err := startNATS(t, local.NATSConfig{Dir: kept}); !errors.As(err, &port) || !strings.Contains(err.Error(), filepath.Join(kept, "nats", "port")) {
		t.Errorf("kept port in use: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatalf("write: %v", err)
	}
	var unwritable *local.UnwritableError
	if _, err := startNATS(t, local.NATSConfig{Dir: file, Port: local.AnyPort}); !errors.As(err, &unwritable) {
		t.Errorf("a file for a directory: %v", err)
	}
	broken := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(broken, "nats"), 0o700), os.WriteFile(filepath.Join(broken, "nats", "jetstream"), nil, 0o600)); err != nil {
		t.Fatalf("write: %v", err)
	}
	var server *local.ServerError
	if _, err := startNATS(t, local.NATSConfig{Dir: broken, Port: local.AnyPort}); !errors.As(err, &server) {
		t.Errorf("a store that cannot be opened: %v", err)
	}
	// What failed holds nothing: the directory can be used now.
	if err := os.Remove(filepath.Join(broken, "nats", "jetstream")); err != nil {
		t.Fatalf("remove: %v", err)
	}
	mustStartNATS(t, local.NATSConfig{Dir: broken, Port: local.AnyPort})
}
