// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/services/intake"
	"samsyn/services/intake/pages"
)

const municipal = events.MunicipalityID("0480")

// town is a municipality with agencies, the door on a real NATS server and a real Postgres, and the pages over them. Rows of
// others are written as their owners write them.
type town struct {
	t       *testing.T
	nats    *testenv.NATSEnv
	config  pg.Config
	admin   *pgx.Conn
	handler http.Handler
	log     *bytes.Buffer
	now     time.Time
	visit   web.Visit
	batch   int
}

// saturday is 21 November 2026, 09.30 in Stockholm, in week 47.
var saturday = time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)

func newTown(t *testing.T) *town {
	t.Helper()
	t.Parallel()
	w := &town{t: t, nats: testenv.NATS(t), config: testenv.Postgres(t), log: &bytes.Buffer{}, now: saturday}
	var err error
	if w.admin, err = pgx.Connect(t.Context(), w.config.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.admin.Close(context.WithoutCancel(t.Context())) })
	w.exec(`INSERT INTO registry.municipality (municipality, name, history_from, created_at) VALUES ($1, 'Nyköping', '2020-01-01', now())`, string(municipal))
	w.area("oster", "district", "Öster")
	w.area("a1", "area", "Åsen")
	w.area("a2", "area", "Brandkärr")
	w.open()
	return w
}

func (w *town) open() {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), w.config, pg.RoleIntake, 6)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pool.Close)
	agencies := pg.OpenAgencies(w.config)
	w.t.Cleanup(agencies.Close)
	logger := slog.New(slog.NewJSONHandler(w.log, nil))
	clock := func() time.Time { return w.now }
	door, err := intake.New(pool, agencies, w.nats.Connect("intake"), prometheus.NewRegistry(), intake.Config{
		PublicURL: "https://samsyn.example.se", CursorKey: bytes.Repeat([]byte{7}, 32), Now: clock, Logger: logger,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	service, err := pages.New(pool, agencies, door, pages.Config{Now: clock, Logger: logger})
	if err != nil {
		w.t.Fatal(err)
	}
	mux := http.NewServeMux()
	service.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), w.visit)))
		})
	})
	w.handler = mux
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) area(code, level, name string) {
	w.t.Helper()
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{17, 58}, {17.1, 58}, {17.1, 58.1}, {17, 58.1}, {17, 58}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, geometry) VALUES ($1, $2, $3, $4, $5)`, string(municipal), code, level, name, shape)
}

// agency makes an agency with two properties and two units. Logins belong to the cluster: name agencies apart.
func (w *town) agency(a events.AgencyID) {
	w.t.Helper()
	w.register(a)
	w.agencyStream(a)
}

// register makes an agency that has no stream yet: nothing of it can be stored.
func (w *town) register(a events.AgencyID) {
	w.t.Helper()
	w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, 'Bostads AB', '2026-01-01', 1 << 24)`, string(municipal), string(a))
	w.exec(`SELECT registry.make_login($1, $2, '')`, string(municipal), string(a))
	w.exec(`INSERT INTO registry.property (municipality, agency, property, address, lon, lat) VALUES
		($1, $2, 'K-17', 'Storgatan 12', 17.05, 58.05), ($1, $2, 'K-18', 'Storgatan 14', 17.05, 58.05), ($1, $2, 'P_1', 'Torget 100%', 17.05, 58.05)`, string(municipal), string(a))
	w.exec(`INSERT INTO registry.unit (municipality, agency, unit, name) VALUES ($1, $2, 'syd', 'Distrikt Syd'), ($1, $2, 'nord', 'Distrikt Nord')`, string(municipal), string(a))
}

func (w *town) agencyStream(a events.AgencyID) {
	w.t.Helper()
	if err := w.nats.Conn.EnsureAgency(w.t.Context(), municipal, a, bus.Quota{}); err != nil {
		w.t.Fatal(err)
	}
}

// as looks as a person of an agency from now on.
func (w *town) as(a events.AgencyID, person string, acts ...web.Act) {
	w.visit = web.Visit{
		Viewer:  pg.Viewer{Municipality: string(municipal), Agency: string(a), Person: person},
		Choices: []web.Choice{{Municipality: string(municipal), Name: "Nyköping"}}, Name: "Kim", Unit: "syd", Acts: map[web.Act]bool{},
	}
	for _, act := range acts {
		w.visit.Acts[act] = true
	}
}

const (
	kim  = "5b1f0c1e-3f57-4c55-9d0e-6a5f2f1f7a01"
	robi = "5b1f0c1e-3f57-4c55-9d0e-6a5f2f1f7a02"
)

// reporting is a new town in which Kim of one agency may report.
func reporting(t *testing.T, a events.AgencyID) *town {
	t.Helper()
	w := newTown(t)
	w.agency(a)
	w.as(a, kim, web.ActReport)
	return w
}

func (w *town) ask(method, address string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// page asks for a page that must be there.
func (w *town) page(address string) string {
	w.t.Helper()
	return w.is(w.ask(http.MethodGet, address, nil), http.StatusOK)
}

// is gives the body of an answer that must have this status.
func (w *town) is(rec *httptest.ResponseRecorder, status int) string {
	w.t.Helper()
	if rec.Code != status {
		w.t.Fatalf("answered %d, want %d\n%s\n%s", rec.Code, status, rec.Body, w.log)
	}
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(rec.Body.String())
}

// goes gives the address that an answer leads on to.
func (w *town) goes(rec *httptest.ResponseRecorder) string {
	w.t.Helper()
	w.is(rec, http.StatusSeeOther)
	return rec.Header().Get("Location")
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// filled is a form with what a person fills in: name, value ...
func filled(page string, with ...string) url.Values {
	form := url.Values{"when": {"now"}, "do": {"send"}}
	if key := keyField.FindStringSubmatch(page); key != nil {
		form.Set("key", key[1])
	}
	for i := 0; i+1 < len(with); i += 2 {
		form.Set(with[i], with[i+1])
	}
	return form
}

// report fills in a new form and sends it, and gives the address of its receipt.
func (w *town) report(with ...string) string {
	w.t.Helper()
	form := filled(w.page("/rapportera"), append([]string{"kind", "graffiti", "place", "p:K-17"}, with...)...)
	return w.goes(w.ask(http.MethodPost, "/rapportera", form))
}

// stream gives what lies in an agency's stream, decoded.
func (w *town) stream(a events.AgencyID) []events.Event {
	w.t.Helper()
	var all []events.Event
	err := w.nats.Conn.Read(context.Background(), events.IncidentStream(municipal, a), 1, func(m bus.Stored) error {
		e, reasons := events.Decode(m.Body)
		if len(reasons) > 0 {
			w.t.Errorf("%s would not be accepted: %v", m.Body, reasons)
		}
		all = append(all, e)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// judge writes what the correlator writes about the last event of an agency's stream.
func (w *town) judge(a events.AgencyID, body []byte, outcome events.Outcome, reasons ...events.Reason) uuid.UUID {
	w.t.Helper()
	e, _ := events.Decode(body)
	var why []byte
	if len(reasons) > 0 {
		why, _ = json.Marshal(reasons)
	}
	w.batch++
	sum := sha256.Sum256(body)
	w.exec(`INSERT INTO correlator.event (municipality, agency, kind, report, revision, batch, item, verb, event_id, said_kind, said_report, said_revision,
		content, outcome, reasons, stream_seq, stored_at, decided_at, reference_version, sha256, body)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $3, $4, $5, $9, $10, $11, $6, $12, $12, 1, $13, $14)`,
		string(municipal), string(a), string(e.Kind), string(e.Report), e.Revision, w.batch, string(e.Verb), e.ID, e.Content[:], string(outcome), why, w.now, sum[:], body)
	id := uuid.New()
	switch {
	case outcome == events.Quarantined:
		w.exec(`INSERT INTO correlator.quarantine (municipality, agency, id, kind, report, revision, state, since) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)`,
			string(municipal), string(a), id, string(e.Kind), string(e.Report), e.Revision, w.now)
	case e.Incident != nil:
		w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from,
			occurred_to, reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, reporter, day, hour, episode, lead, agencies, reports)
			VALUES ($1, $2, $3, $4, 1, 'accepted', true, $5, 'damage', 1, 'observed', $6, $7, $8, $8, 2, '', 'oster', 'a1', $9, 'told', 'partners', false, $10,
			'2026-11-21', -1, $11, true, ARRAY[$2], 1)`,
			string(municipal), string(a), string(e.Report), e.Revision, e.Incident.Category, e.Incident.Occurred.From, e.Incident.Occurred.To, e.Time,
			e.Incident.Unit, e.Incident.Reporter, id)
	}
	return id
}

// last is the body of the last event in an agency's stream.
func (w *town) last(a events.AgencyID) []byte {
	w.t.Helper()
	var body []byte
	if err := w.nats.Conn.Read(context.Background(), events.IncidentStream(municipal, a), 1, func(m bus.Stored) error {
		body = bytes.Clone(m.Body)
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return body
}

// count is a number from the database.
func (w *town) count(sql string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.admin.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func mainOf(page string) string {
	_, rest, _ := strings.Cut(page, "<main")
	inner, _, _ := strings.Cut(rest, "</main>")
	return inner
}

func (w *town) shows(page string, all ...string) {
	w.t.Helper()
	for _, s := range all {
		if !strings.Contains(page, s) {
			w.t.Errorf("the page lacks %q\n%s", s, mainOf(page))
		}
	}
}

func (w *town) hides(page string, all ...string) {
	w.t.Helper()
	for _, s := range all {
		if strings.Contains(page, s) {
			w.t.Errorf("the page holds %q\n%s", s, mainOf(page))
		}
	}
}

func raw(report, more string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"%[1]s:1","source":"urn:samsyn:0480:agency","type":"samsyn.incident.reported.v1","time":"2026-11-20T23:00:00+01:00",`+
		`"data":{"report":%[1]q,"category":"graffiti","occurred":{"from":"2026-11-20T22:00:00+01:00"},"place":{"area":"a1"}%[2]s}}`, report, more)
}
