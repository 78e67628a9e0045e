// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/internal/run"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/services/access"
	"samsyn/services/correlator"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
	"samsyn/services/review/action"
	"samsyn/services/review/position"
)

// A canary is a word that some may read and others never: CANARY-<whose>-<what>. What is: secret, of the own agency
// alone; ref, which the agency alone can resolve; partners and coordinators, by how a report is shared; open, of a
// municipality, for everybody in it.
func canary(whose, what string) string { return "CANARY-" + whose + "-" + what }

const (
	home    = "0780"
	away581 = "0581"
)

var homeAgencies = []string{"bostad", "kommun", "polis"}

// walkTown is a whole installation in one process: two municipalities whose every field holds a canary.
type walkTown struct {
	t        *testing.T
	site     *site
	handler  http.Handler
	mux      *http.ServeMux
	admin    *pgx.Conn
	registry *registry.Service
	// keys of agencies, by name.
	keys map[string]string
	// ids of what lies in the other municipality or with another agency, by kind.
	flags, actions, meetings map[string]uuid.UUID
	people                   map[string]uuid.UUID
	// week is the last one that is over: its picture is frozen, and a meeting looks at it.
	week web.Week
}

func newWalkTown(t *testing.T) *walkTown {
	t.Helper()
	database, nats := testenv.Postgres(t), testenv.NATS(t)
	log := slog.New(slog.DiscardHandler)
	parts := run.NewParts(log, run.NewHealth())
	w := &walkTown{
		t: t, keys: map[string]string{}, flags: map[string]uuid.UUID{}, actions: map[string]uuid.UUID{}, meetings: map[string]uuid.UUID{}, people: map[string]uuid.UUID{},
		site: &site{
			installation: &installation{Dir: t.TempDir(), Database: database, Bus: nats.Conn, NATS: nats.Server.URL(), Operator: nats.Operator, Log: log, secret: make([]byte, secretBytes), parts: parts},
			parts:        parts, health: run.NewHealth(), metrics: run.NewRegistry(), public: "http://127.0.0.1:8080",
		},
	}
	t.Cleanup(func() {
		if err := parts.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	var err error
	w.admin, err = pgx.Connect(t.Context(), database.URL)
	w.must(err)
	t.Cleanup(func() { _ = w.admin.Close(context.WithoutCancel(t.Context())) })
	w.registry, err = w.site.Registry(t.Context())
	w.must(err)
	w.mux, err = w.site.routes(t.Context())
	w.must(err)
	w.handler = web.Problems(w.mux)
	w.settle(nats)
	return w
}

func (w *walkTown) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *walkTown) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// settle fills both municipalities: places, agencies, people, reports by the real way, and what comes of them.
func (w *walkTown) settle(nats *testenv.NATSEnv) {
	w.t.Helper()
	w.municipality(home, 14.80, homeAgencies...)
	w.municipality(away581, 16.10, "granne")
	pool, err := w.site.Pool(w.t.Context(), pg.RoleCorrelator, 4)
	w.must(err)
	judge, err := correlator.New(pool, nats.Conn, slog.New(slog.DiscardHandler), run.NewRegistry(), correlator.Config{})
	w.must(err)
	w.site.parts.Go(w.t.Context(), "correlator", judge.Run)
	for _, agency := range homeAgencies {
		w.reports(home, agency, 14.805)
	}
	w.reports(away581, "granne", 16.105)
	limit := time.After(time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		waiting, err := judge.Backlog(w.t.Context())
		w.must(err)
		if waiting.None() {
			break
		}
		select {
		case <-tick.C:
		case <-limit:
			w.t.Fatal("the reports are not judged")
		}
	}
	for _, m := range []string{home, away581} {
		w.flag(m)
		w.aftermath(m)
	}
}

func (w *walkTown) municipality(code string, west float64, agencies ...string) {
	ctx, name := w.t.Context(), "Växjö"
	if code == away581 {
		name = canary(code, "open")
	}
	m := events.MunicipalityID(code)
	w.must(w.registry.AddMunicipality(ctx, registry.Municipality{Code: m, Name: name, HistoryFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}))
	ring := orb.Ring{{west, 56.86}, {west + 0.02, 56.86}, {west + 0.02, 56.88}, {west, 56.88}, {west, 56.86}}
	_, err := w.registry.SetAreas(ctx, registry.AreaImport{Municipality: m, Level: geo.LevelArea},
		[]areas.Feature{{Number: 1, Code: "A" + code, Name: "Area " + name, Geometry: orb.MultiPolygon{{ring}}}})
	w.must(err)
	for _, agency := range agencies {
		label := "Agency " + agency
		if code == away581 {
			label = canary(code, "open")
		}
		a := events.AgencyID(agency)
		w.must(w.registry.AddAgency(ctx, registry.Agency{
			Municipality: m, Code: a, Name: label, Kind: "other", StartedOn: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Sharing: "partners", Serious: true,
			TextAllowed: true, PerSecond: 1000, Units: []registry.Unit{{Code: "norr", Name: label + " Norr"}},
		}))
		w.must(w.registry.SetProperties(ctx, m, a, []registry.Property{{Key: canary(agency, "place"), Address: canary(agency, "place"), Lon: west + 0.01, Lat: 56.87}}))
		w.keys[agency], err = w.registry.IssueKey(ctx, m, a, canary(agency, "secret"))
		w.must(err)
	}
}

// reports sends one of each kind of sharing by the agency's own key, and one that its text holds back.
func (w *walkTown) reports(municipality, agency string, lon float64) {
	w.t.Helper()
	yesterday := time.Now().UTC().Add(-26 * time.Hour).Truncate(time.Second)
	var lines []string
	for n, sharing := range []string{"withheld", "counts", "coordinators", "partners", "held"} {
		what := map[string]string{"coordinators": "coordinators", "partners": "partners"}[sharing]
		if what == "" {
			what = "secret"
		}
		id, text := canary(agency, what)+"-"+sharing, "Text "+canary(agency, what)
		if sharing == "held" {
			sharing, lon = "counts", lon+1 // outside of every area: it waits for its sender
		}
		lines = append(lines, fmt.Sprintf(`{"type":"samsyn.incident.reported.v1","time":%q,"data":{"report":%q,"category":"graffiti","occurred":{"from":%q},`+
			`"place":{"lon":%.4f,"lat":56.8701},"unit":"norr","sharing":%q,"text":%q,"reporter":%q,"reference":%q}}`,
			yesterday.Add(time.Duration(n)*time.Minute).Format(time.RFC3339), id, yesterday.Add(-time.Hour).Format(time.RFC3339), lon, sharing, text,
			canary(agency, "ref"), canary(agency, "ref")+"-"+sharing))
	}
	r := httptest.NewRequest(http.MethodPost, "/samsyn/v1/incidents", strings.NewReader(strings.Join(lines, "\n")))
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("Authorization", "Bearer "+w.keys[agency])
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if got := strings.Count(rec.Body.String(), `"received"`); rec.Code != http.StatusOK || got != len(lines) {
		w.t.Fatalf("sending for %s answers %d: %s", agency, rec.Code, rec.Body)
	}
}

// flag puts a flag on the municipality's area, with every counted report behind it.
func (w *walkTown) flag(m string) {
	w.t.Helper()
	w.flags[m] = uuid.New()
	reason := "x"
	if m == away581 {
		reason = canary(m, "open")
	}
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, lead_since, areas, grp, window_from, window_to, observed, expected,
	          low, high, recurrence_days, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
	        SELECT $1, $2, 1, 'rise', 'alert', 'open', 'area', 'A' || $1, now(), ARRAY['A' || $1], 'damage', min(day), max(day), count(*), 1, 0, 2, 90, 5, 1, true,
	               array_agg(DISTINCT agency), $3, $3, 1, now(), now(), now(), now()
	          FROM correlator.report WHERE municipality = $1 AND counted`, m, w.flags[m], reason)
	w.exec(`INSERT INTO alerting.flag_report SELECT municipality, $2, agency, report FROM correlator.report WHERE municipality = $1 AND counted`, m, w.flags[m])
	var behind int
	w.must(w.admin.QueryRow(w.t.Context(), `SELECT count(*) FROM alerting.flag_report WHERE flag = $1`, w.flags[m]).Scan(&behind))
	if behind < 3 {
		w.t.Fatalf("%d reports behind the flag of %s", behind, m)
	}
}

// visitor is somebody who comes along, and the canaries that they may read; every other is foreign to them.
type visitor struct {
	name, agency string
	// one of: a cookie, a key, neither.
	cookie *http.Cookie
	key    string
	// writeOnly is a reporter's device.
	writeOnly bool
	may       func(canary string) bool
}

const atTerminal = "terminal"

var everyRole = []access.Role{access.Reporter, access.AgencyLead, access.Coordinator, access.Member, access.Admin, access.Operator}

// visitors are every role of three agencies, their systems by key, who runs the machine, and nobody.
func (w *walkTown) visitors() []visitor {
	all := []visitor{{name: "nobody", may: func(string) bool { return false }}, {name: atTerminal, cookie: w.terminal(), may: func(c string) bool { return strings.HasSuffix(c, "-open") || strings.HasSuffix(c, "-mail") }}}
	for _, agency := range homeAgencies {
		all = append(all, visitor{name: agency + "'s system", agency: agency, key: w.keys[agency], may: func(c string) bool { return strings.HasPrefix(c, canary(agency, "")) }})
		for _, role := range everyRole {
			v := visitor{name: agency + " " + string(role), agency: agency, cookie: w.signIn(agency, role), writeOnly: role == access.Reporter}
			v.may = mayRead(agency, role)
			all = append(all, v)
		}
	}
	return all
}

// mayRead is contracts.md 6 and "sharing", in words of canaries.
func mayRead(agency string, role access.Role) func(string) bool {
	own := canary(agency, "")
	return func(c string) bool {
		switch role {
		case access.Admin: // everybody's address, no report
			return strings.HasSuffix(c, "-mail") && !strings.HasPrefix(c, canary(away581, ""))
		case access.AgencyLead, access.Coordinator, access.Member:
			shared := strings.HasSuffix(c, "-partners") || role == access.Coordinator && strings.HasSuffix(c, "-coordinators")
			return strings.HasPrefix(c, own) || shared && !strings.HasPrefix(c, canary("granne", ""))
		case access.Reporter:
			return c == canary(agency, "place") // the agency's property register, to choose from
		}
		return false
	}
}

func (w *walkTown) signIn(agency string, role access.Role) *http.Cookie {
	w.t.Helper()
	email := strings.ToLower(string(role)) + "." + canary(agency, "mail") + "@example.org"
	p, err := w.site.access.AddPerson(w.t.Context(), access.Person{
		Municipality: home, Name: string(role) + " of " + agency, Email: email, Agency: agency, Roles: []string{string(role)},
	}, "test")
	w.must(err)
	w.people[agency+" "+string(role)] = p.ID
	link, _, err := w.site.access.Invite(w.t.Context(), home, p.ID)
	w.must(err)
	return w.use(http.MethodPost, link)
}

func (w *walkTown) terminal() *http.Cookie { return w.use(http.MethodGet, w.site.access.Link()) }

func (w *walkTown) use(method, link string) *http.Cookie {
	w.t.Helper()
	u, err := url.Parse(link)
	w.must(err)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequest(method, u.RequestURI(), nil))
	cookies := rec.Result().Cookies()
	if rec.Code != http.StatusSeeOther || len(cookies) != 1 {
		w.t.Fatalf("signing in answers %d with %d cookies", rec.Code, len(cookies))
	}
	return cookies[0]
}

// aftermath is what people made of the flag: a person, a position with an action, a frozen picture, a meeting; in every field a
// canary of the municipality.
func (w *walkTown) aftermath(m string) {
	w.t.Helper()
	ctx, word, owner := w.t.Context(), "Word", "kommun"
	if m == away581 {
		word, owner = canary(m, "open"), "granne"
		w.people[m] = uuid.New()
		w.exec(`INSERT INTO access.person (municipality, person, name, email, agency, unit, roles, created_at, created_by)
		        VALUES ($1, $2, $3, $3 || '@example.org', 'granne', 'norr', '{coordinator}', now(), 'test')`, m, w.people[m], word)
	}
	pool, err := w.site.Pool(ctx, pg.RoleReview, 2)
	w.must(err)
	now := time.Now()
	_, err = position.NewStore(pool).Decide(ctx, pg.Viewer{Municipality: m, Roles: []string{"coordinator"}}, position.Decision{
		Flag: w.flags[m], Kind: position.Act, Measure: action.Lighting, MeasureText: word, OwnerAgency: owner, DueOn: action.Date(now.AddDate(0, 0, 7)), Note: word, At: now,
	})
	w.must(err)
	var id uuid.UUID
	w.must(w.admin.QueryRow(ctx, `SELECT action FROM review.action WHERE municipality = $1`, m).Scan(&id))
	w.actions[m] = id
	w.week = web.WeekOf(now.AddDate(0, 0, -7))
	_, _, err = w.site.review.Situations().Freeze(ctx, pg.System, m, w.week, "")
	w.must(err)
	w.meetings[m] = uuid.New()
	w.exec(`INSERT INTO review.meeting (municipality, meeting, week, starts_at, ends_at, notes, created_at, updated_at)
	        VALUES ($1, $2, $3, now() + interval '1 day', now() + interval '25 hours', $4, now(), now())`, m, w.meetings[m], w.week.Monday(time.UTC), word)
}
