// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/alerting/detect"
)

// world is Växjö made small: two districts of four areas, three agencies, and the correlator's tables written as the correlator does.
type world struct {
	t          *testing.T
	config     pg.Config
	correlator *pgxpool.Pool
	registry   *pgxpool.Pool
	alerting   *pgxpool.Pool
	conn       *bus.Conn
	zone       *time.Location
	batch      int64
	service    *Service
	town       *town
}

const vaxjo = events.MunicipalityID("0780")

// historyFrom lies far enough back for a baseline in November 2026.
const historyFrom = "2026-03-02"

func newWorld(t *testing.T, conn *bus.Conn) *world {
	t.Helper()
	w := &world{t: t, config: testenv.Postgres(t), conn: conn, zone: mustZone(t, "Europe/Stockholm")}
	open := func(r pg.Role) *pgxpool.Pool {
		pool, err := pg.Open(t.Context(), w.config, r, 4)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool
	}
	w.registry, w.correlator, w.alerting = open(pg.RoleRegistry), open(pg.RoleCorrelator), open(pg.RoleAlerting)
	w.exec(w.registry, `INSERT INTO registry.municipality (municipality, name, history_from, created_at) VALUES ('0780', 'Växjö', $1, now())`, historyFrom)
	for _, district := range []string{"D1", "D2"} {
		w.area(district, "district", "")
		for n := range 4 {
			w.area(fmt.Sprintf("%sA%d", district, n+1), "area", district)
		}
	}
	for _, agency := range []string{"bostad", "polis", "skola"} {
		w.exec(w.registry, `INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ('0780', $1, initcap($1), '2020-01-01', 1)`, agency)
	}
	w.service = w.newService(Config{})
	return w
}

func (w *world) area(code, level, parent string) {
	w.exec(w.registry, `INSERT INTO registry.area (municipality, code, level, name, parent, geometry) VALUES ('0780', $1, $2, $3, nullif($4, ''), '')`,
		code, level, "Område "+code, parent)
}

func (w *world) newService(c Config) *Service {
	w.t.Helper()
	if c.MailDir == "" {
		c.MailDir = filepath.Join(w.t.TempDir(), "mail")
	}
	if c.PublicURL == "" {
		c.PublicURL = "https://samsyn.example.se"
	}
	s, err := New(w.alerting, w.conn, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) exec(pool *pgxpool.Pool, sql string, args ...any) {
	w.t.Helper()
	if _, err := pool.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// seen is one report in the words of the domain; what is left out is usual.
type seen struct {
	agency, report, category, area, day string
	severity                            int
	certainty                           string
	with                                string // the report that it is linked to, "agency/report"
	gone                                bool   // withdrawn
}

func (r seen) usual() seen {
	r.agency, r.category, r.certainty = or(r.agency, "bostad"), or(r.category, "property_damage"), or(r.certainty, "observed")
	r.area, r.severity = or(r.area, "D1A1"), or(r.severity, 2)
	return r
}

func (r seen) episode() uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(or(r.with, r.agency+"/"+r.report)))
}

// commit writes one batch as the correlator does: reports, counts, and the journal of what changed.
func (w *world) commit(reports ...seen) {
	w.t.Helper()
	w.batch++
	err := pg.InTx(w.t.Context(), w.correlator, pg.System, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO correlator.head VALUES ('0780', $1) ON CONFLICT (municipality) DO UPDATE SET batch = excluded.batch`, w.batch)
		var areas, districts, categories, days []string
		var counts []int
		for _, r := range reports {
			r = r.usual()
			state, delta := "accepted", 1
			if r.gone {
				state, delta = "withdrawn", -1
			}
			b.Queue(insertReport, r.agency, r.report, w.batch, state, !r.gone, r.category, categoryGroup(r.category), r.severity, r.certainty, r.day,
				r.area[:2], r.area, r.episode(), r.with == "", []string{r.agency})
			if r.with != "" {
				continue
			}
			b.Queue(`INSERT INTO correlator.count VALUES ('0780', $1, $2, $3, $4, -1, greatest($5, 0), greatest($5, 0))
				ON CONFLICT (municipality, day, district, area, category, hour) DO UPDATE SET incidents = count.incidents + $5, reports = count.reports + $5`,
				r.day, r.area[:2], r.area, r.category, delta)
			districts, areas, categories = append(districts, r.area[:2]), append(areas, r.area), append(categories, r.category)
			days, counts = append(days, r.day), append(counts, delta)
		}
		b.Queue(`INSERT INTO correlator.batch SELECT '0780', $1, now(), 1, coalesce(array_agg(d), '{}'), coalesce(array_agg(a), '{}'), coalesce(array_agg(c), '{}'),
			coalesce(array_agg(day), '{}'), coalesce(array_agg(-1::int2), '{}'), coalesce(array_agg(n), '{}'), coalesce(array_agg(n), '{}')
			FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::int[]) AS x (d, a, c, day, n)`, w.batch, districts, areas, categories, days, counts)
		return tx.SendBatch(w.t.Context(), b).Close()
	})
	if err != nil {
		w.t.Fatalf("commit batch %d: %v", w.batch, err)
	}
}

const insertReport = `INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty,
	occurred_from, occurred_to, reported_at, stored_at, exactness, place_type, day, district, area, unit, origin, sharing, test, hour, episode, lead, agencies, reports)
	VALUES ('0780', $1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10::date, $10::date, $10::date, now(), 1, '', $10, $11, $12, '', '', 'partners', false, -1, $13, $14, $15, 1)
	ON CONFLICT (municipality, agency, report) DO UPDATE SET revision = report.revision + 1, batch = excluded.batch, state = excluded.state, counted = excluded.counted,
	severity = excluded.severity`

// history gives each area one incident a week from the first day of history on, up to a day, in one batch.
func (w *world) history(until string) {
	w.t.Helper()
	var reports []seen
	first, last := day(w.t, historyFrom), day(w.t, until)
	n := 0
	for d := first; d < last; d++ {
		for i := range 8 {
			if (int(d)+3*i)%7 == 0 {
				n++
				reports = append(reports, seen{
					report: fmt.Sprintf("h%d", n), agency: []string{"bostad", "polis"}[n%2], area: fmt.Sprintf("D%dA%d", 1+i/4, 1+i%4), day: d.String(),
					category: []string{"property_damage", "public_nuisance", "graffiti"}[n%3],
				})
			}
		}
	}
	w.commit(reports...)
}

// burst is n reports of damage in an area on a day, by several agencies.
func (w *world) burst(area, day string, n int) { w.commit(several("property_damage", area, day, n)...) }

func several(category, area, day string, n int) []seen {
	var reports []seen
	for i := range n {
		reports = append(reports, seen{
			report: fmt.Sprintf("%s-%s-%s-%d", category, area, day, i), agency: []string{"bostad", "polis", "skola"}[i%3], category: category, area: area, day: day,
		})
	}
	return reports
}

func day(t *testing.T, s string) detect.Day {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return detect.DayOf(d)
}

// look looks once, as the service's goroutine would at that moment.
func (w *world) look(now string) {
	w.t.Helper()
	moment := at(w.t, now)
	if w.town == nil {
		t, err := w.service.load(w.t.Context(), vaxjo, moment)
		if err != nil {
			w.t.Fatal(err)
		}
		w.town = t
	}
	if _, err := w.service.look(w.t.Context(), w.town, moment); err != nil {
		w.t.Fatalf("look at %s: %v", now, err)
	}
}

// restart is another process taking over.
func (w *world) restart() {
	w.t.Helper()
	if err := w.service.store.letGo(w.t.Context(), vaxjo, w.service.holder); err != nil {
		w.t.Fatal(err)
	}
	w.service, w.town = w.newService(w.service.config), nil
}

// flagEvents lists every revision of an alert, in the order in which they were decided.
func (w *world) flagEvents() []Flag { return w.eventsOf(events.GradeAlert) }

func (w *world) eventsOf(grade events.Grade) []Flag {
	w.t.Helper()
	var flags []Flag
	err := pg.InTx(w.t.Context(), w.alerting, pg.System, func(tx pgx.Tx) (err error) {
		flags, err = flagBodies(w.t.Context(), tx, `SELECT body FROM alerting.flag_event WHERE body->>'grade' = $1 ORDER BY tick, flag, revision`, string(grade))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return flags
}

// tell says a flag in one line.
func (f Flag) line() string {
	return fmt.Sprintf("%s %s r%d %s %s %s: %d", f.Verb, f.Kind, f.Revision, f.Level, f.Area, or(f.Group, "all"), f.Observed)
}

func lines(flags []Flag) []string {
	var out []string
	for _, f := range flags {
		out = append(out, f.line())
	}
	return out
}

// admin does what nobody may do: a superuser's hand in the tables.
func (w *world) admin(sql string) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.config.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(w.t.Context()) }()
	if _, err := conn.Exec(w.t.Context(), sql); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) rows(sql string) []string {
	w.t.Helper()
	rows, err := w.alerting.Query(w.t.Context(), sql)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}
