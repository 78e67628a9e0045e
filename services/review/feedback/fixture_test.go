// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/mail"
	"samsyn/internal/mail/mailtest"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/review/post"
)

const (
	vaxjo  = "0780"
	public = "https://samsyn.example"
)

// place is a municipality with two agencies in a database of its own: rows as their owners write them.
type place struct {
	t       *testing.T
	config  pg.Config
	admin   *pgx.Conn
	pool    *pgxpool.Pool
	nats    *testenv.NATSEnv
	server  *mailtest.Server
	service *Service
	post    *post.Service
	mux     *http.ServeMux
}

func newPlace(t *testing.T, nats *testenv.NATSEnv) *place {
	t.Helper()
	t.Parallel()
	p := &place{t: t, config: testenv.Postgres(t), nats: nats, server: mailtest.New(t), mux: http.NewServeMux()}
	var err error
	if p.admin, err = pgx.Connect(t.Context(), p.config.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.admin.Close(context.WithoutCancel(t.Context())) })
	p.pool = p.open(pg.RoleReview)
	sender, err := mail.New(mail.Config{SMTP: p.server.SMTP(mail.TLSNone), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	p.post = post.New(p.pool, sender, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	var conn *bus.Conn
	if nats != nil {
		conn = nats.Conn
	}
	if p.service, err = New(p.pool, conn, slog.New(slog.DiscardHandler), Config{PublicURL: public + "/", Key: []byte("0123456789abcdef")}); err != nil {
		t.Fatal(err)
	}
	p.service.Routes(p.mux)
	p.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ('0780', 'Växjö', 3006, '2026-01-01', now())`)
	for _, a := range []string{"bostad", "polis"} {
		p.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ('0780', $1, upper($1), '2020-01-01', 1)`, a)
	}
	return p
}

func (p *place) open(role pg.Role) *pgxpool.Pool {
	p.t.Helper()
	pool, err := pg.Open(p.t.Context(), p.config, role, 4)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(pool.Close)
	return pool
}

func (p *place) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.admin.Exec(p.t.Context(), sql, args...); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
}

// ask scans one row.
func (p *place) ask(sql string, into ...any) {
	p.t.Helper()
	if err := p.admin.QueryRow(p.t.Context(), sql).Scan(into...); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// report is an accepted report of a local day from elsewhere than where flags are, reported at noon of it. reporter may be empty.
func (p *place) report(agency, report, day, reporter string) {
	p.t.Helper()
	p.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to,
	  reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports, reporter)
	VALUES ('0780', $1, $2, 1, 1, 'accepted', true, 'graffiti', 'damage', 2, 'observed', $4, $4, $4, $4, 1, '', 'D1', 'A2', '', '', 'partners', false, $3, 12,
	  gen_random_uuid(), true, ARRAY[$1], 1, nullif($5, ''))`, agency, report, day, at(p.t, day+"T12:00:00+01:00"), reporter)
}

// there puts a report into the area and the group of flags.
func (p *place) there(reports ...string) {
	p.t.Helper()
	p.exec(`UPDATE correlator.report SET area = 'A1' WHERE report = ANY ($1)`, reports)
}

// linked makes two reports one incident, which the first leads.
func (p *place) linked(lead, other string) {
	p.t.Helper()
	p.exec(`UPDATE correlator.report SET reports = 2, lead = (report = $1), episode = (SELECT episode FROM correlator.report WHERE report = $1) WHERE report IN ($1, $2)`, lead, other)
}

// freeze makes a situation report of a week with reports of agencies: pairs of agency and report.
func (p *place) freeze(monday string, version int, when string, reports ...[2]string) {
	p.t.Helper()
	sum := sha256.Sum256([]byte("{}"))
	p.exec(`INSERT INTO review.situation (municipality, week, version, body, sha256, frozen_at, stored_at, frozen_by, batch) VALUES ('0780', $1, $2, '{}', $3, $4, $4, '', 1)`,
		monday, version, sum[:], at(p.t, when))
	for _, r := range reports {
		p.exec(`INSERT INTO review.situation_basis (municipality, week, version, agency, report, revision) VALUES ('0780', $1, $2, $3, $4, 1)`, monday, version, r[0], r[1])
	}
}

// flag is a flagged place with reports behind it.
func (p *place) flag(reports ...[2]string) uuid.UUID {
	p.t.Helper()
	id := uuid.New()
	p.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, grp, window_from, window_to, observed, expected, low, high, ln_r,
	  margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
	VALUES ('0780', $1, 1, 'rise', 'alert', 'open', 'area', 'A1', '{A1}', 'damage', '2026-11-16', '2026-11-22', 9, 3, 1, 6, 2, 1, true, '{bostad}', 'sv', 'en', 1, now(), now(), now(), now())`, id)
	p.grow(id, reports...)
	return id
}

// grow puts more reports behind a flag, in a new revision.
func (p *place) grow(id uuid.UUID, reports ...[2]string) {
	p.t.Helper()
	for _, r := range reports {
		p.exec(`INSERT INTO alerting.flag_report (municipality, flag, agency, report) VALUES ('0780', $1, $2, $3)`, id, r[0], r[1])
	}
	p.exec(`UPDATE alerting.flag SET revision = revision + 1, tick = tick + 1 WHERE id = $1`, id)
}

// decide takes a position on a flag. until is of watch; act gets an action of lighting.
func (p *place) decide(id uuid.UUID, version int, kind, when, until string) {
	p.t.Helper()
	var action *uuid.UUID
	if kind == act {
		a := uuid.New()
		action = &a
		p.exec(`INSERT INTO review.action_event (municipality, action, version, state, at, changed, body) VALUES ('0780', $1, 1, 'decided', $2, '{}', '{}')`, a, at(p.t, when))
		p.exec(`INSERT INTO review.action (municipality, action, version, state, flag, level, area, problem, cause, measure, measure_text, owner_agency, start_on, due_on,
		  expected_effect, created_at, changed_at) VALUES ('0780', $1, 1, 'decided', $2, 'area', 'A1', 'p', 'c', 'lighting', '', 'bostad', '2026-11-25', '2026-12-10', '', $3, $3)`,
			a, id, at(p.t, when))
	}
	p.exec(`INSERT INTO review.position (municipality, flag, version, kind, reason, until_week, handed_to, owner_agency, due_on, action, flag_revision, observed, decided_at)
	VALUES ('0780', $1, $2, $3, CASE WHEN $3 = 'dismiss' THEN 'chance' ELSE '' END, nullif($5, '')::date, CASE WHEN $3 = 'handover' THEN 'sspf' ELSE '' END,
	  CASE WHEN $3 = 'act' THEN 'bostad' ELSE '' END, CASE WHEN $3 = 'act' THEN date '2026-12-10' END, $6, 1, 9, $4)
	ON CONFLICT (municipality, flag) DO UPDATE SET version = excluded.version, kind = excluded.kind, reason = excluded.reason, until_week = excluded.until_week,
	  handed_to = excluded.handed_to, owner_agency = excluded.owner_agency, due_on = excluded.due_on, action = excluded.action, decided_at = excluded.decided_at`,
		id, version, kind, at(p.t, when), until, action)
}

// done makes the action of a flag done.
func (p *place) done(id uuid.UUID, day string) {
	p.t.Helper()
	p.exec(`INSERT INTO review.action_event (municipality, action, version, from_state, state, at, changed, body)
	  SELECT municipality, action, 2, 'decided', 'done', $2, '{}', '{}' FROM review.action WHERE flag = $1`, id, at(p.t, day+"T12:00:00+01:00"))
	p.exec(`UPDATE review.action SET version = 2, state = 'done', done_on = $2 WHERE flag = $1`, id, day)
}

func (p *place) person(agency, email string) uuid.UUID {
	p.t.Helper()
	id := uuid.New()
	p.exec(`INSERT INTO access.person (municipality, person, name, email, agency, unit, roles, created_at, created_by)
	  VALUES ('0780', $1, 'Namn Namnsson', $2, $3, '', '{reporter}', now(), 'command')`, id, email, agency)
	return id
}

func (p *place) tick(now string) {
	p.t.Helper()
	if err := p.service.Tick(p.t.Context(), at(p.t, now)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) send(now string) {
	p.t.Helper()
	if _, err := p.post.SendDue(p.t.Context(), at(p.t, now)); err != nil {
		p.t.Fatal(err)
	}
}

// told is what an agency's system has heard, in order.
func (p *place) told(agency events.AgencyID) []events.Feedback {
	p.t.Helper()
	var all []events.Feedback
	for _, body := range p.heard(agency) {
		f, err := events.DecodeFeedback(body)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// heard are the bodies on an agency's stream of receipts.
func (p *place) heard(agency events.AgencyID) [][]byte {
	p.t.Helper()
	var all [][]byte
	err := p.nats.Conn.Read(p.t.Context(), events.ReceiptStream(vaxjo, agency), 1, func(m bus.Stored) error {
		all = append(all, m.Body)
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}
