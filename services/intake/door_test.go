// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

const town = events.MunicipalityID("0480")

// door is the whole service on a real Postgres, a real NATS server and a real HTTP connection. Every answer that goes
// through it is held to openapi.yaml and to the headers that every answer must have.
type door struct {
	t        testing.TB
	nats     *testenv.NATSEnv
	conn     *bus.Conn
	pg       pg.Config
	service  *Service
	server   *httptest.Server
	contract *contract
	registry *prometheus.Registry
	log      *lockedBuffer

	mu  sync.Mutex
	now time.Time
}

func openDoor(t testing.TB) *door {
	t.Helper()
	d := &door{
		t: t, nats: testenv.NATS(t), pg: testenv.Postgres(t), contract: newContract(t), log: &lockedBuffer{},
		now: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC),
	}
	d.conn = d.nats.Connect("intake")
	d.open()
	d.exec(pg.RoleRegistry, `INSERT INTO registry.municipality (municipality, name, history_from, created_at) VALUES ($1, 'Nyköping', '2020-01-01', $2)`,
		string(town), d.now)
	return d
}

func (d *door) open() {
	d.t.Helper()
	pool := d.pool(pg.RoleIntake)
	agencies := pg.OpenAgencies(d.pg)
	d.t.Cleanup(agencies.Close)
	var err error
	d.registry = prometheus.NewRegistry()
	d.service, err = New(pool, agencies, d.conn, d.registry, Config{
		PublicURL: "https://samsyn.example.se", CursorKey: bytes.Repeat([]byte{7}, 32), Now: d.clock,
		Logger: slog.New(slog.NewJSONHandler(d.log, nil)),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.server = httptest.NewServer(d.service.Routes())
	d.t.Cleanup(d.server.Close)
}

func (d *door) pool(role pg.Role) *pgxpool.Pool {
	d.t.Helper()
	pool, err := pg.Open(d.t.Context(), d.pg, role, 10)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(pool.Close)
	return pool
}

func (d *door) exec(role pg.Role, sql string, args ...any) {
	d.t.Helper()
	if _, err := d.pool(role).Exec(context.Background(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

func (d *door) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *door) advance(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// caller is one agency with a key.
type caller struct {
	*door
	agency events.AgencyID
	key    string
}

// agency makes an agency as the registry does: row, login, key, streams.
func (d *door) agency(a events.AgencyID) caller {
	d.t.Helper()
	prefix := fmt.Sprintf("%08x", sha256.Sum256([]byte(a)))[:12]
	secret := strings.Repeat(string(a), 4)
	hash := sha256.Sum256([]byte(secret))
	d.exec(pg.RoleRegistry, `INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $2, '2026-01-01', 1 << 24)`,
		string(town), string(a))
	d.exec(pg.RoleRegistry, `SELECT registry.make_login($1, $2, '')`, string(town), string(a))
	d.exec(pg.RoleRegistry, `INSERT INTO registry.agency_key (municipality, agency, prefix, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
		string(town), string(a), prefix, hash[:], d.now)
	if err := d.nats.Conn.EnsureAgency(d.t.Context(), town, a, bus.Quota{}); err != nil {
		d.t.Fatal(err)
	}
	return caller{d, a, "sk_" + prefix + "_" + secret}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

type header map[string]string

// do asks, and holds the answer to its description.
func (c caller) do(method, path, contentType, body string, headers ...header) answer {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+Base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	for _, h := range headers {
		for name, value := range h {
			request.Header.Set(name, value)
		}
	}
	response, err := c.server.Client().Do(request)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	c.contract.holds(request, response, got)
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		if response.Header.Get(name) != want {
			c.t.Errorf("%s %s: %s is %q", method, path, name, response.Header.Get(name))
		}
	}
	if !strings.HasSuffix(response.Header.Get("Content-Type"), "; charset=utf-8") {
		c.t.Errorf("%s %s: Content-Type %q names no charset", method, path, response.Header.Get("Content-Type"))
	}
	return answer{c.t, response.StatusCode, response.Header, got}
}

func (c caller) send(body string, headers ...header) answer {
	c.t.Helper()
	return c.do("POST", "/incidents", typeJSON, body, headers...)
}

// is fails the test unless the answer has this status and, for a problem, this code.
func (a answer) is(status int, code events.Code) answer {
	a.t.Helper()
	var p problemAnswer
	if status >= 400 {
		a.into(&p)
	}
	if a.status != status || p.Code != code {
		a.t.Fatalf("answered %d %s, want %d %s\n%s", a.status, p.Code, status, code, a.body)
	}
	return a
}

type problemAnswer struct {
	Type    string             `json:"type"`
	Title   string             `json:"title"`
	Detail  string             `json:"detail"`
	Code    events.Code        `json:"code"`
	Reasons []events.Explained `json:"reasons"`
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("read answer: %v\n%s", err, a.body)
	}
}

func (a answer) problem() problemAnswer {
	a.t.Helper()
	var p problemAnswer
	a.into(&p)
	return p
}

// stored gives what lies in the agency's stream.
func (c caller) stored() []bus.Stored {
	c.t.Helper()
	var all []bus.Stored
	err := c.conn.Read(context.Background(), events.IncidentStream(town, c.agency), 1, func(m bus.Stored) error {
		all = append(all, m)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// incident is the body of an event that is simply good.
func incident(report string) string { return incidentWith(report, "") }

// incidentWith adds members to its data: `,"text":"..."`.
func incidentWith(report, more string) string {
	return `{"type":"samsyn.incident.reported.v1","data":{"report":"` + report +
		`","category":"graffiti","occurred":{"from":"2026-11-20T22:00:00+01:00"},"place":{"area":"A1"}` + more + `}}`
}

// counted is how many events the metrics show in one state.
func (d *door) counted(s state) float64 {
	d.t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		d.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "samsyn_intake_events_total" && m.GetLabel()[0].GetValue() == string(s) {
				return m.GetCounter().GetValue()
			}
		}
	}
	d.t.Fatalf("no series for %s", s)
	return 0
}

// lockedBuffer takes the log of many requests.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
