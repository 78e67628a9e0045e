// SPDX-License-Identifier: EUPL-1.2

package review

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/services/review/position"
)

const code = "0001"

// mailbox keeps what would be sent.
type mailbox struct {
	mu    sync.Mutex
	mails []mail.Message
}

func (b *mailbox) Send(_ context.Context, m mail.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	return nil
}

// Prune has nothing to remove.
func (*mailbox) Prune(time.Time, time.Duration) error { return nil }

// about are the mails whose subject holds a text.
func (b *mailbox) about(text string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mails {
		if strings.Contains(m.Subject, text) {
			n++
		}
	}
	return n
}

// town is a municipality in a database of its own with a silent housing company, and the review over it.
type town struct {
	t       *testing.T
	admin   *pgx.Conn
	pool    *pg.Pool
	nats    *testenv.NATSEnv
	service *Service
	box     *mailbox
	now     time.Time
	person  uuid.UUID // a coordinator
	visit   web.Visit
}

func newTown(t *testing.T) *town {
	t.Helper()
	t.Parallel()
	config := testenv.Postgres(t)
	admin, err := pgx.Connect(t.Context(), config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	pool, err := pg.Open(t.Context(), config, pg.RoleReview, 6)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &town{t: t, admin: admin, pool: pool, nats: testenv.NATS(t), box: &mailbox{}}
	w.service = w.another()
	w.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, 'Provstad', 3006, '2026-01-01', now())`, code)
	for agency, name := range map[string]string{"kommun": "Kommunen", "bostad": "Bostads AB"} {
		w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $3, '2026-01-01', 1)`, code, agency, name)
	}
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{14.7, 56.8}, {14.8, 56.8}, {14.8, 56.9}, {14.7, 56.9}, {14.7, 56.8}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range [][2]string{{code, "municipality"}, {"a1", "area"}} {
		w.exec(`INSERT INTO registry.area (municipality, code, level, name, geometry) VALUES ($1, $2, $3, 'Torget', $4)`, code, a[0], a[1], shape)
	}
	w.exec(`INSERT INTO correlator.source (municipality, agency, unit, events, first_at, last_at) VALUES ($1, 'bostad', '', 3, '2026-01-02', '2026-09-30')`, code)
	w.person = w.someone("kommun", "coordinator")
	w.someone("bostad", "agency_lead")
	w.visit = web.Visit{
		Viewer: pg.Viewer{Municipality: code, Agency: "kommun", Person: w.person.String(), Roles: []string{"coordinator"}}, Choices: []web.Choice{{Municipality: code}},
		Acts: map[web.Act]bool{web.ActNumbers: true, web.ActDecide: true},
	}
	return w
}

// another is a process of the review, beside those there are.
func (w *town) another() *Service {
	w.t.Helper()
	s, err := New(w.pool, w.nats.Conn, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), Config{
		PublicURL: "https://samsyn.example", Now: func() time.Time { return w.now }, Sender: w.box, FeedbackKey: make([]byte, 32), Chromium: "-",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) number(sql string) (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(w.t.Context(), sql).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (w *town) someone(agency string, roles ...string) uuid.UUID {
	id := uuid.New()
	w.exec(`INSERT INTO access.person (municipality, person, name, email, agency, roles, created_at, created_by) VALUES ($1, $2, $3, $4, $3, $5, now(), 'command')`,
		code, id, agency, agency+"@example.se", roles)
	return id
}

func (w *town) flag() uuid.UUID {
	id := uuid.New()
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, grp, window_from, window_to, observed, expected, low, high,
		  ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
		VALUES ($1, $2, 1, 'rise', 'alert', 'open', 'area', 'a1', '{a1}', 'damage', '2026-10-12', '2026-10-18', 12, 5.2, 2, 9, 8, 1, true, '{bostad}', 'Fler än väntat.', 'More than expected.',
		  1, $3, $3, $3, $3)`, code, id, w.now)
	return id
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// Over the weekend in which clocks change, half an hour at a time: each thing happens once, at its own local time.
func TestAWeekHappensOnceByItself(t *testing.T) {
	w := newTown(t)
	w.now = at("2026-10-19T09:00:00+02:00")
	flag := w.flag()
	if _, err := position.NewStore(w.pool).Decide(t.Context(), w.visit.Viewer, position.Decision{
		Flag: flag, Kind: position.Watch, Until: web.Week{Year: 2026, Number: 44}, By: &w.person, At: w.now,
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.service.Once(t.Context(), w.now); err != nil { // what is due from before
		t.Fatal(err)
	}
	frozen, reminded, returned := "", "", ""
	for w.now = at("2026-10-23T11:00:00+02:00"); w.now.Before(at("2026-10-26T12:00:00+01:00")); w.now = w.now.Add(30 * time.Minute) {
		if err := w.service.Once(t.Context(), w.now); err != nil {
			t.Fatalf("at %s: %v", w.now, err)
		}
		when := w.now.UTC().Format("Mon 15:04")
		if frozen == "" && w.number(`SELECT count(*) FROM review.situation WHERE week = '2026-10-19'`) > 0 {
			frozen = when
		}
		if reminded == "" && w.number(`SELECT count(*) FROM review.week WHERE week = '2026-10-19' AND reminded_at IS NOT NULL`) > 0 {
			reminded = when
		}
		if returned == "" && w.number(`SELECT count(*) FROM review.position WHERE returned_at IS NOT NULL`) > 0 {
			returned = when
		}
	}
	// 13.00 on Friday in summer time; midnight on Monday and 10.00 on it in winter time.
	if reminded != "Fri 11:00" || returned != "Sun 23:00" || frozen != "Mon 09:00" {
		t.Errorf("reminded %s, returned %s, frozen %s UTC", reminded, returned, frozen)
	}
	for sql, want := range map[string]int{
		`SELECT count(*) FROM review.situation WHERE week = '2026-10-19'`:          1,
		`SELECT count(*) FROM review.position_event WHERE verb = 'returned'`:       1,
		`SELECT count(*) FROM review.outgoing`:                                     0,
		`SELECT count(*) FROM review.meeting WHERE week = '2026-10-19'`:            1,
		`SELECT count(*) FROM review.week WHERE week = '2026-10-19'`:               1,
		`SELECT count(*) FROM review.week WHERE deadline = '2026-10-26T09:00:00Z'`: 1,
		`SELECT count(*) FROM review.week WHERE meeting = '2026-10-27T08:00:00Z'`:  1,
	} {
		if got := w.number(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	if n := w.box.about("43"); n != 1 {
		t.Errorf("%d reminders were sent, want 1: %+v", n, w.box.mails)
	}
	w.wantOnBus(events.TypeDecision, events.TypeReportPublished)
}

func (w *town) wantOnBus(types ...string) {
	w.t.Helper()
	seen := map[string]int{}
	if err := w.nats.Conn.Read(w.t.Context(), events.StreamDecisions, 1, func(m bus.Stored) error {
		o, err := events.Open(m.Body)
		seen[o.Type]++
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	for _, typ := range types {
		if seen[typ] == 0 {
			w.t.Errorf("the bus has %v and lacks %s", seen, typ)
		}
	}
}

// Two processes that both work would double what a mail server takes; none that works loses the week.
func TestOneProcessWorksAndAnotherTakesOver(t *testing.T) {
	w := newTown(t)
	w.now = at("2026-10-26T10:00:00+01:00")
	other := w.another()
	now := time.Now()
	for _, c := range []struct {
		who  *Service
		at   time.Time
		want bool
	}{
		{w.service, now, true},
		{other, now.Add(time.Second), false},
		{w.service, now.Add(10 * time.Second), true}, // it renews
		{other, now.Add(35 * time.Second), false},
		{other, now.Add(41 * time.Second), true}, // the first was not heard for half a minute
		{w.service, now.Add(42 * time.Second), false},
	} {
		held, err := c.who.takeLease(t.Context(), c.at)
		if err != nil || held != c.want {
			t.Errorf("after %s: %t, %v", c.at.Sub(now), held, err)
		}
	}
	other.letGo(t.Context())
	if held, err := w.service.takeLease(t.Context(), now.Add(43*time.Second)); err != nil || !held {
		t.Errorf("after the other let go: %t, %v", held, err)
	}
}

// A process that is told to stop gives its lease back, and ends without error.
func TestAStoppedProcessLetsGo(t *testing.T) {
	w := newTown(t)
	w.now = at("2026-10-26T10:00:00+01:00")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.service.Run(ctx) }()
	frozen := make(chan struct{}, 1)
	unsubscribe, err := w.nats.Conn.Subscribe("decision.>", func(string, []byte) {
		select {
		case frozen <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer unsubscribe()
	select {
	case <-frozen: // the picture of week 43 is on the bus
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was frozen")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := w.number(`SELECT count(*) FROM review.lease`); n != 0 {
		t.Error("the lease is still held")
	}
}

func (w *town) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	w.service.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), w.visit)))
		})
	})
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	return rec
}

// The calendar is the municipality's own, and two who change it do not overwrite each other.
func TestTheCalendarIsSetAndShown(t *testing.T) {
	w := newTown(t)
	w.now = at("2026-12-17T08:00:00+01:00")
	page := func() string {
		answer := w.ask(http.MethodGet, "/kalender?m=0001", nil)
		body := strings.ReplaceAll(answer.Body.String(), "\u00a0", " ")
		if answer.Code != http.StatusOK || strings.Contains(body, "«") {
			t.Errorf("answered %d: %s", answer.Code, body)
		}
		return body
	}
	for _, want := range []string{
		"Provstad rapporterar till måndag kl. 10.00 och möts tisdag kl. 09.00, varje vecka.", "v. 53 2026", "måndag 2027-01-04 kl. 10.00", "torsdag 2026-12-24", "julafton",
	} {
		if body := page(); !strings.Contains(body, want) {
			t.Errorf("the page lacks %q: %s", want, body)
		}
	}
	form := url.Values{
		"version": {"0"}, "cadence": {"biweekly"}, "first": {"2026-W51"}, "deadline_day": {"4"}, "deadline_at": {"12.00"}, "meeting_day": {"4"}, "meeting_at": {"14:30"},
		"minutes": {"30"}, "remind_at": {"09:00"},
	}
	if answer := w.ask(http.MethodPost, "/kalender?m=0001", form); answer.Code != http.StatusSeeOther {
		t.Fatalf("saved with %d: %s", answer.Code, answer.Body)
	}
	// Thursday 24 December is no working day, nor are 25 and 26: the meeting is on Monday 28.
	for _, want := range []string{"torsdag kl. 12.00 och möts torsdag kl. 14.30, varannan vecka", "måndag 2026-12-28 kl. 14.30 (flyttat: julafton)", "Inget möte"} {
		if body := page(); !strings.Contains(body, want) {
			t.Errorf("the page lacks %q: %s", want, body)
		}
	}
	if answer := w.ask(http.MethodPost, "/kalender?m=0001", form); answer.Code != http.StatusConflict || !strings.Contains(answer.Body.String(), "Någon annan har ändrat") {
		t.Errorf("the second who saves is answered %d", answer.Code)
	}
	form.Set("version", "1")
	form.Set("minutes", "5")
	if answer := w.ask(http.MethodPost, "/kalender?m=0001", form); answer.Code != http.StatusUnprocessableEntity {
		t.Errorf("a meeting of five minutes is answered %d", answer.Code)
	}
	w.visit.Acts = map[web.Act]bool{web.ActNumbers: true}
	if answer := w.ask(http.MethodPost, "/kalender?m=0001", form); answer.Code != http.StatusForbidden {
		t.Errorf("a member who sets it is answered %d", answer.Code)
	}
	if strings.Contains(page(), "<form class=\"position\"") {
		t.Error("a member sees the form")
	}
}

// What waits for a part that is away holds up nothing else.
func TestAStepThatFailsIsSaidAndTriedAgain(t *testing.T) {
	w := newTown(t)
	w.now = at("2026-10-26T10:00:00+01:00")
	w.nats.Conn.Close()
	if err := w.service.Once(t.Context(), w.now); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("without a bus: %v", err)
	}
	if n := w.number(`SELECT count(*) FROM review.situation`); n != 1 {
		t.Errorf("%d pictures are frozen without a bus, want 1", n)
	}
	if n := w.number(`SELECT count(*) FROM review.outgoing`); n == 0 {
		t.Error("what could not be sent does not wait")
	}
}

// The packages below have catalogues of their own, so only the files of this one are looked at.
func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"pages.go", "templates/calendar.html"} {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	webtest.Catalogue(t, dir, Texts(), web.Texts(), "calendar.weekday.", "calendar.weekly", "calendar.biweekly", "calendar.monthly")
}
