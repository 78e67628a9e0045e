// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

// town is a municipality of four areas in two districts, with a database, a broker and a correlator.
// Areas are squares of 0.01 degrees: a1 and a2 in the west district, b1 and b2 in the east.
type town struct {
	t      *testing.T
	config pg.Config
	pool   *pgxpool.Pool
	nats   *testenv.NATSEnv
	ref    *reference
	stop   func()
}

const testTown events.MunicipalityID = "0780"

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, config: testenv.Postgres(t), nats: testenv.NATS(t)}
	w.exec(`INSERT INTO registry.municipality (municipality, name, history_from, created_at) VALUES ('0780', 'Växjö', '2024-01-01', now())`)
	w.square("0780", "municipality", "", 14.80, 56.87, 0.02)
	w.square("west", "district", "0780", 14.80, 56.87, 0.01, 0.02)
	w.square("east", "district", "0780", 14.81, 56.87, 0.01, 0.02)
	w.square("a1", "area", "west", 14.80, 56.87, 0.01)
	w.square("a2", "area", "west", 14.80, 56.88, 0.01)
	w.square("b1", "area", "east", 14.81, 56.87, 0.01)
	for _, a := range []string{"bostad", "kommun", "polis"} {
		w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ('0780', $1, $1, '2024-01-01', 1)`, a)
		if err := w.nats.Conn.EnsureAgency(t.Context(), testTown, events.AgencyID(a), bus.Quota{}); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO registry.mapping (municipality, agency, code, category) VALUES ('0780', 'bostad', 'GL', 'broken_window')`)
	w.exec(`INSERT INTO registry.property (municipality, agency, property, address, lon, lat) VALUES ('0780', 'bostad', 'K-17', 'Storgatan 12', 14.805, 56.885)`)
	pool, err := pg.Open(t.Context(), w.config, pg.RoleCorrelator, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w.pool = pool
	if w.ref, err = (&store{pool}).reference(t.Context(), testTown); err != nil {
		t.Fatal(err)
	}
	return w
}

// exec writes what is the registry's.
func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	w.execAs(pg.RoleRegistry, sql, args...)
}

func (w *town) execAs(role pg.Role, sql string, args ...any) {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), w.config, role, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) square(code, level, parent string, lon, lat float64, sides ...float64) {
	width, height := sides[0], sides[len(sides)-1]
	ring := orb.Ring{{lon, lat}, {lon + width, lat}, {lon + width, lat + height}, {lon, lat + height}, {lon, lat}}
	shape, err := wkb.Marshal(orb.MultiPolygon{{ring}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, parent, geometry) VALUES ('0780', $1, $2, $1, nullif($3, ''), $4)`, code, level, parent, shape)
}

// service makes a correlator on the town's database and broker.
func (w *town) service() *Service {
	w.t.Helper()
	s, err := New(w.pool, w.nats.Conn, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), Config{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// start runs a correlator until the test ends or stop is called.
func (w *town) start() *Service {
	w.t.Helper()
	s := w.service()
	w.run(s)
	return s
}

func (w *town) run(s *Service) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("correlator ended: %v", err)
		}
		w.stop = func() {}
	}
	w.t.Cleanup(func() { w.stop() })
}

// told is one event as an agency sends it.
type told struct {
	agency events.AgencyID
	verb   events.Verb
	body   []byte
}

var reportedAt = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

// report builds an incident report; with changes its data or envelope.
func report1(agency, id string, data string, with ...string) told {
	envelope := map[string]string{
		"type": events.TypeIncidentReported, "time": reportedAt.Format(time.RFC3339), "verb": "reported", "source": "urn:samsyn:0780:" + agency,
	}
	for i := 0; i+1 < len(with); i += 2 {
		envelope[with[i]] = with[i+1]
	}
	members := map[string]string{
		"category": `"broken_window"`, "occurred": `{"from":"2026-11-20T21:00:00+01:00","to":"2026-11-20T21:30:00+01:00"}`,
		"place": `{"lon":14.805,"lat":56.875}`,
	}
	order := []string{"category", "occurred", "place"}
	for part := range strings.SplitSeq(data, ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			if _, known := members[name]; !known {
				order = append(order, name)
			}
			members[name] = value
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `{"specversion":"1.0","id":%q,"source":%q,"type":%q,"time":%q,"data":{"report":%q`,
		id, envelope["source"], envelope["type"], envelope["time"], id)
	for _, name := range order {
		if members[name] != "-" {
			fmt.Fprintf(&b, `,%q:%s`, name, members[name])
		}
	}
	b.WriteString("}}")
	return told{events.AgencyID(agency), events.Verb(envelope["verb"]), []byte(b.String())}
}

func corrected(agency, id string, revision int, data string) told {
	return report1(agency, id, fmt.Sprintf("revision=%d;%s", revision, data), "type", events.TypeIncidentCorrected, "verb", "corrected")
}

func withdrawn(agency, id string, revision int) told {
	return report1(agency, id, fmt.Sprintf("revision=%d;category=-;occurred=-;place=-", revision), "type", events.TypeIncidentWithdrawn, "verb", "withdrawn")
}

func (w *town) send(all ...told) {
	w.t.Helper()
	for _, e := range all {
		if _, err := w.nats.Conn.Publish(w.t.Context(), bus.Message{Subject: events.IncidentSubject(testTown, e.agency, e.verb), Body: e.body}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// settled waits until every stream is read to its end and nothing is left to be sent.
func (w *town) settled() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	s := w.service()
	for {
		left, err := s.Backlog(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if left.None() {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("not settled: %+v", left)
		}
	}
}

func (w *town) number(sql string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *town) text(sql string, args ...any) string {
	w.t.Helper()
	var s string
	if err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&s); err != nil {
		w.t.Fatalf("%v in %s", err, sql)
	}
	return s
}

// verified fails the test unless a recount finds nothing wrong.
func (w *town) verified() {
	w.t.Helper()
	for _, p := range w.verify().Problems {
		w.t.Error(p)
	}
}

// counted gives incidents and reports of an area on the day of the test reports.
func (w *town) counted(area string) string {
	w.t.Helper()
	return w.text(`SELECT coalesce(sum(incidents), 0) || ' of ' || coalesce(sum(reports), 0) FROM correlator.count WHERE area = $1`, area)
}
