// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

const (
	town   = events.MunicipalityID("0480")
	agency = events.AgencyID("bostad")
)

// site is a real NATS server with one agency and, in the correlator's place, a script that answers each event.
type site struct {
	t     testing.TB
	nats  *testenv.NATSEnv
	creds string
	wire  *wire
	dir   string
	log   *lockedBuffer

	mu     sync.Mutex
	heard  []events.Event
	bodies [][]byte
	script func(e events.Event, times int) events.Outcome // "" is silence
	times  map[string]int
	sent   int
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{
		t: t, nats: testenv.NATS(t), dir: t.TempDir(), log: &lockedBuffer{}, times: map[string]int{},
		script: func(events.Event, int) events.Outcome { return events.Accepted },
	}
	s.creds = s.nats.AddAgency(town, agency)
	s.wire = newWire(t, s.nats.Server.URL())
	stop, err := s.nats.Conn.Subscribe("incident.>", s.answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

func (s *site) answer(_ string, body []byte) {
	e, _ := events.Decode(body)
	s.mu.Lock()
	s.heard = append(s.heard, e)
	s.bodies = append(s.bodies, bytes.Clone(body))
	id := fmt.Sprintf("%s:%d", e.Report, e.Revision)
	s.times[id]++
	outcome := s.script(e, s.times[id])
	s.mu.Unlock()
	if outcome != "" {
		s.receipt(e, outcome)
	}
}

// receipt sends one, as the correlator does.
func (s *site) receipt(e events.Event, outcome events.Outcome) {
	var reasons []events.Reason
	if outcome == events.Quarantined {
		reasons = []events.Reason{{Code: events.OutsideMunicipality, Path: "/data/place"}}
	}
	id := events.ReceiptID(town, agency, e.Kind, e.Report, e.Revision, e.Content, outcome)
	body, err := events.Envelope(id.String(), events.PlatformSource(town), events.TypeReceipt, time.Now(), events.Receipt{
		Receipt: id, Kind: e.Kind, Report: e.Report, Revision: e.Revision, ID: e.ID, StreamSeq: 7, Content: events.ContentHex(e.Content),
		Outcome: outcome, Final: outcome.Final(), Reasons: events.Explain(reasons), Notes: events.Explain(nil), Decided: time.Now().UTC(),
	})
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	s.sent++
	message := fmt.Sprintf("%s/%d", id, s.sent)
	s.mu.Unlock()
	if _, err := s.nats.Conn.Publish(context.Background(), bus.Message{Subject: events.ReceiptSubject(town, agency), ID: message, Body: body}); err != nil {
		s.t.Errorf("send receipt: %v", err)
	}
}

// all is what the platform was sent so far; it hears on a goroutine of its own.
func (s *site) all() []events.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// events lists what reached the platform as report:revision, in order.
func (s *site) events() []string {
	var all []string
	for _, e := range s.all() {
		all = append(all, fmt.Sprintf("%s:%d", e.Report, e.Revision))
	}
	return all
}

func (s *site) says(script func(e events.Event, times int) events.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// drop puts a file into the folder.
func (s *site) drop(name, text string) {
	s.t.Helper()
	must(s.t, folder(s.dir).make())
	must(s.t, replace(filepath.Join(s.dir, "in", name), []byte(text)))
}

func (s *site) mapping(text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.dir, "mapping.yaml"), []byte(text), 0o600))
}

func (s *site) way() Way {
	s.t.Helper()
	way, err := Reach(s.wire.url(), s.creds, "", slog.New(slog.NewTextHandler(s.log, nil)))
	must(s.t, err)
	return way
}

func (s *site) config() Config {
	return Config{Settle: 30 * time.Millisecond, ResendAfter: 200 * time.Millisecond}
}

// open opens the connector; it is closed with the test.
func (s *site) open(config Config) *Service {
	s.t.Helper()
	way := s.way()
	c, err := Open(s.dir, way, slog.New(slog.NewTextHandler(s.log, nil)), config)
	must(s.t, err)
	s.t.Cleanup(func() {
		way.Close()
		_ = c.Close() // the test may have closed it
	})
	return c
}

// once runs one connector to its end and returns what it says.
func (s *site) once() Summary {
	s.t.Helper()
	c := s.open(s.config())
	must(s.t, c.Once(soon(s.t), 20*time.Second))
	sum := c.Summary()
	must(s.t, c.Close())
	return sum
}

// start runs a connector until stop is called.
func (s *site) start() (c *Service, stop func()) {
	s.t.Helper()
	c = s.open(s.config())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		must(s.t, <-ended)
		must(s.t, c.Close())
	})
	s.t.Cleanup(stop)
	return c, stop
}

// until waits for something that is on its way.
func (s *site) until(what string, true_ func() bool) {
	s.t.Helper()
	ctx := soon(s.t)
	for tick := time.NewTicker(5 * time.Millisecond); !true_(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("not in time: %s\n%s", what, s.log)
		}
	}
}

func (s *site) file(name string) string {
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	must(s.t, err)
	return string(text)
}

// receipts reads the lines beside a file.
func (s *site) receipts(name string) []receiptLine {
	s.t.Helper()
	var all []receiptLine
	for text := range strings.Lines(s.file("done/" + name + receiptsLines)) {
		var l receiptLine
		must(s.t, json.Unmarshal([]byte(text), &l))
		all = append(all, l)
	}
	return all
}

// outcomes writes them as line:report:revision outcome codes.
func (s *site) outcomes(name string) string {
	s.t.Helper()
	var all []string
	for _, l := range s.receipts(name) {
		text := fmt.Sprintf("%d %s:%d %s", l.Line, l.Report, l.Revision, l.Outcome)
		if l.Unchanged {
			text += " unchanged"
		}
		for _, c := range codesOf(l.Reasons) {
			text += " " + string(c)
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%v\nwant\n%v", what, got, want)
	}
}

// incident is the data of a report.
func incident(report string, more string) string {
	return fmt.Sprintf(`{"report":%q,"category":"graffiti","occurred":{"from":"2026-06-30T14:05:00+02:00"},"place":{"lon":17.01,"lat":58.75}%s}`, report, more)
}

// wire is a connection that can be cut.
type wire struct {
	t        testing.TB
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func newWire(t testing.TB, server string) *wire {
	t.Helper()
	u, err := url.Parse(server)
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{t: t, listener: l, to: u.Host}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { w.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.down()
		running.Wait()
	})
	return w
}

func (w *wire) url() string { return "nats://" + w.listener.Addr().String() }

func (w *wire) carry(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	w.mu.Lock()
	cut := w.cut
	w.conns = append(w.conns, conn, server)
	w.mu.Unlock()
	if cut {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, conn); _ = server.Close() })
	both.Go(func() { _, _ = io.Copy(conn, server); _ = conn.Close() })
	both.Wait()
}

// down cuts it, and up mends it.
func (w *wire) down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

func (w *wire) up() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func sorted(all []string) string {
	return strings.Join(slices.Sorted(slices.Values(all)), " ")
}
