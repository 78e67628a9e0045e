// SPDX-License-Identifier: EUPL-1.2

package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

// town is a municipality with agencies that have reports, and people who look.
type town struct {
	t        *testing.T
	admin    *pgx.Conn
	agencies *pg.Agencies
	web      *pg.Pool
	flag     uuid.UUID
}

// The reports of the police, each of another kind of sharing. Every body holds a text and every row what only
// the police can resolve.
var ofPolice = []struct{ report, sharing, groups, shareAfter, state, test string }{
	{"withheld", "withheld", "", "", "accepted", "false"},
	{"counts", "counts", "", "", "accepted", "false"},
	{"coordinators", "coordinators", "", "", "accepted", "false"},
	{"partners", "partners", "", "", "accepted", "false"},
	{"partners-group", "partners", "centrum,other", "", "accepted", "false"},
	{"coordinators-group", "coordinators", "centrum", "", "accepted", "false"},
	{"partners-later", "partners", "", "1 hour", "accepted", "false"},
	{"partners-since", "partners", "", "-1 hour", "accepted", "false"},
	{"partners-test", "partners", "", "", "accepted", "true"},
	{"partners-withdrawn", "partners", "", "", "withdrawn", "false"},
}

// everyPoliceReport is what the police themselves open.
const everyPoliceReport = "coordinators coordinators-group counts partners partners-group partners-later partners-since partners-test partners-withdrawn withheld"

func newTown(t *testing.T) *town {
	t.Helper()
	t.Parallel()
	config := testenv.Postgres(t)
	admin, err := pgx.Connect(t.Context(), config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	w := &town{t: t, admin: admin, agencies: pg.OpenAgencies(config), flag: uuid.New()}
	t.Cleanup(w.agencies.Close)
	if w.web, err = pg.Open(t.Context(), config, pg.RoleWeb, 2); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.web.Close)
	for _, m := range []string{"0780", "0581"} {
		w.exec(`INSERT INTO registry.municipality (municipality, name, history_from, created_at) VALUES ($1, $1, '2020-01-01', now())`, m)
	}
	w.agency("0780", "a-bostad")
	w.agency("0780", "a-kommun")
	w.agency("0780", "a-polis")
	w.agency("0581", "a-granne")
	w.exec(`INSERT INTO access.grp (municipality, grp, name) VALUES ('0780', 'centrum', 'Centrum'), ('0780', 'skola', 'Skola')`)
	w.exec(`INSERT INTO access.membership (municipality, grp, agency) VALUES ('0780', 'centrum', 'a-kommun')`)
	for _, r := range ofPolice {
		w.report("a-polis", r.report, r.sharing, r.groups, r.shareAfter, r.state, r.test)
	}
	w.report("a-bostad", "own", "withheld", "", "", "accepted", "false")
	w.makeFlag()
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) agency(m, code string) {
	w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $2, '2026-01-01', 0)`, m, code)
	w.exec(`SELECT registry.make_login($1, $2, '')`, m, code)
}

func login(m, agency string) string { return "samsyn_a_" + m + "_" + agency }

// report puts an event with its body and the report that came of it, on Monday 2 November in area N.
func (w *town) report(agency, report, sharing, groups, shareAfter, state, test string) {
	w.t.Helper()
	counted := sharing != "withheld" && state == "accepted" && test == "false"
	body := fmt.Sprintf("\xef\xbb\xbf"+`{"data":{"report":%q,"text":"CANARY text of %s\u202e"}}`, report, report)
	w.exec(`INSERT INTO correlator.event (municipality, agency, kind, report, revision, batch, item, verb, event_id, said_kind, said_report, said_revision,
	          content, outcome, stream_seq, stored_at, decided_at, reference_version, sha256, body)
	        VALUES ('0780', $1, 'incident', $2, 3, 1, (SELECT count(*) FROM correlator.event), 'corrected', 'e', 'incident', $2, 3, '', 'accepted', 1, now(), now(), 1,
	          sha256($3), $3)`, agency, report, []byte(body))
	w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from,
	          occurred_to, reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, groups, share_after, test, reference,
	          reporter, day, hour, episode, lead, agencies, reports)
	        VALUES ('0780', $1, $2, 3, 1, $3, $4, 'graffiti', 'damage', 2, 'observed', now(), now(), now(), now(), 1, '', 'D', 'N', '', '', $5,
	          string_to_array(nullif($6, ''), ','), now() + nullif($7, '')::interval, $8::boolean, 'CANARY case', 'CANARY reporter', '2026-11-02', 12,
	          gen_random_uuid(), true, ARRAY[$1], 1)`, agency, report, state, counted, sharing, groups, shareAfter, test)
}

func (w *town) makeFlag() {
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, grp, window_from, window_to, observed, expected, low, high,
	          ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
	        VALUES ('0780', $1, 1, 'rise', 'alert', 'open', 'area', 'N', '{N}', 'damage', '2026-11-02', '2026-11-02', 8, 1, 0, 2, 1, 1, true, '{}', 'x', 'x', 1,
	          now(), now(), now(), now())`, w.flag)
	w.exec(`INSERT INTO alerting.flag_report SELECT municipality, $1, agency, report FROM correlator.report WHERE counted`, w.flag)
}

// person adds somebody and returns who looks then.
func (w *town) person(m, agency string, disabled bool, roles ...string) pg.Viewer {
	w.t.Helper()
	id := uuid.New()
	w.exec(`INSERT INTO access.person (municipality, person, name, email, agency, roles, created_at, created_by, disabled_at)
	        VALUES ($1, $2, 'P', $3, $4, $5, now(), 'test', CASE WHEN $6 THEN now() END)`, m, id, id.String()+"@example.org", agency, roles, disabled)
	return pg.Viewer{Municipality: m, Agency: agency, Person: id.String(), Roles: roles}
}

// lines reads one column as one line of text, sorted by the statement.
func (w *town) lines(db pg.Beginner, v pg.Viewer, sql string, args ...any) string {
	w.t.Helper()
	var all []string
	err := pg.InTx(w.t.Context(), db, v, func(tx pgx.Tx) error {
		rows, err := tx.Query(w.t.Context(), sql, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return "refused: " + pgCode(err)
	}
	return strings.Join(all, " ")
}

func pgCode(err error) string {
	for _, code := range []string{"42501", "22P02", "22023"} {
		if strings.Contains(err.Error(), code) {
			return code
		}
	}
	return err.Error()
}

const (
	openPolice = `SELECT report FROM contract.report WHERE agency = 'a-polis' ORDER BY report`
	textPolice = `SELECT report FROM unnest($1::text[]) AS report WHERE contract.report_text('0780', 'a-polis', report) IS NOT NULL ORDER BY report`
	flagPolice = `SELECT report FROM contract.flag_report WHERE agency = 'a-polis' AND flag = $1 ORDER BY report`
	keptOfFlag = `SELECT agency || '=' || reports FROM contract.kept_of_flag($1)`
	keptInArea = `SELECT agency || '=' || reports FROM contract.kept_in_area('N', '2026-11-01', '2026-11-03')`
)

// Who opens which report is what agencies agreed on: one wrong row here ends the trust they share by.
func TestReportsAreOpenedAsTheirAgencyShares(t *testing.T) {
	w := newTown(t)
	member := w.person("0780", "a-bostad", false, "member")
	coordinator := w.person("0780", "a-bostad", false, "coordinator", "reporter")
	atPolice := w.person("0780", "a-polis", false, "coordinator")
	inGroup := w.person("0780", "a-bostad", false, "member")
	w.exec(`INSERT INTO access.membership (municipality, grp, person) VALUES ('0780', 'centrum', $1)`, inGroup.Person)
	claims := func(v pg.Viewer, change func(*pg.Viewer)) pg.Viewer {
		v.Roles = slices.Clone(v.Roles)
		change(&v)
		return v
	}
	all := make([]string, len(ofPolice))
	for i, r := range ofPolice {
		all[i] = r.report
	}
	const countedByPolice = 7
	for _, c := range []struct {
		who    string
		login  string
		viewer pg.Viewer
		want   string
	}{
		{"an agency's system", "a-bostad", pg.System, ""},
		{"a system of the police", "a-polis", pg.System, everyPoliceReport},
		{"a reporter", "a-bostad", w.person("0780", "a-bostad", false, "reporter"), ""},
		{"an administrator", "a-bostad", w.person("0780", "a-bostad", false, "admin", "operator"), ""},
		{"a member", "a-bostad", member, "partners partners-since"},
		{"an agency lead", "a-bostad", w.person("0780", "a-bostad", false, "agency_lead"), "partners partners-since"},
		{"a member of the group", "a-bostad", inGroup, "partners partners-group partners-since"},
		{"a coordinator", "a-bostad", coordinator, "coordinators partners partners-since"},
		{"a coordinator of an agency in the group", "a-kommun", w.person("0780", "a-kommun", false, "coordinator"), "coordinators coordinators-group partners partners-group partners-since"},
		{"a coordinator of the police", "a-polis", atPolice, everyPoliceReport},
		{"a coordinator who was disabled", "a-bostad", w.person("0780", "a-bostad", true, "coordinator"), ""},
		{"a member who claims to be coordinator", "a-bostad", claims(member, func(v *pg.Viewer) { v.Roles = append(v.Roles, "coordinator") }), "partners partners-since"},
		{"a member who claims groups", "a-bostad", claims(member, func(v *pg.Viewer) { v.Groups = []string{"centrum"} }), "partners partners-since"},
		{"a coordinator at a device that only writes", "a-bostad", claims(coordinator, func(v *pg.Viewer) { v.Roles = []string{"reporter"} }), ""},
		{"another agency's coordinator at this login", "a-bostad", atPolice, ""},
		{"nobody who claims roles", "a-bostad", claims(member, func(v *pg.Viewer) { v.Person = "" }), ""},
		{"somebody whose id is none", "a-bostad", claims(member, func(v *pg.Viewer) { v.Person = "link' OR true" }), ""},
	} {
		db := w.agencies.For(login("0780", c.login))
		if got := w.lines(db, c.viewer, openPolice); got != c.want {
			t.Errorf("%s opens %q, want %q", c.who, got, c.want)
		}
		// A withdrawn report has its text still, for its own agency.
		if got := w.lines(db, c.viewer, textPolice, all); got != c.want {
			t.Errorf("%s reads the text of %q, want %q", c.who, got, c.want)
		}
		behind := strings.Fields(c.want)
		if c.login == "a-polis" {
			behind = strings.Fields("coordinators coordinators-group counts partners partners-group partners-later partners-since")
		}
		if got := w.lines(db, c.viewer, flagPolice, w.flag); got != strings.Join(behind, " ") {
			t.Errorf("%s opens %q behind the flag, want %q", c.who, got, behind)
		}
		kept := ""
		if n := countedByPolice - len(behind); n > 0 {
			kept = fmt.Sprintf("a-polis=%d", n)
		}
		for name, sql := range map[string]string{"flag": keptOfFlag, "area": keptInArea} {
			args := []any{w.flag}
			if name == "area" {
				args = nil
			}
			if got := w.lines(db, c.viewer, sql, args...); got != kept {
				t.Errorf("%s is told that %q are kept from the %s, want %q", c.who, got, name, kept)
			}
		}
		if own := w.lines(db, c.viewer, `SELECT report FROM contract.report WHERE agency = 'a-bostad'`); own != map[bool]string{true: "own"}[c.login == "a-bostad"] {
			t.Errorf("%s opens %q of bostad", c.who, own)
		}
	}
}

// A municipality is an installation of its own: nothing is shared across.
func TestNoReportCrossesAMunicipality(t *testing.T) {
	w := newTown(t)
	v := w.person("0581", "a-granne", false, "coordinator")
	db := w.agencies.For(login("0581", "a-granne"))
	for _, sql := range []string{openPolice, keptInArea, `SELECT contract.report_text('0780', 'a-polis', 'partners')`} {
		if got := w.lines(db, v, `SELECT coalesce(string_agg(x.v, ' '), '') FROM (`+sql+`) AS x (v)`); got != "" {
			t.Errorf("%s gives a neighbour %q", sql, got)
		}
		v.Municipality = "0780" // a claim changes nothing
	}
}

// Partners open a report and never what its agency alone can resolve, nor the bytes it came in.
func TestWhatOnlyTheAgencyCanResolveStaysThere(t *testing.T) {
	w := newTown(t)
	coordinator := w.person("0780", "a-bostad", false, "coordinator")
	bostad, police := w.agencies.For(login("0780", "a-bostad")), w.agencies.For(login("0780", "a-polis"))
	for _, c := range []struct {
		db   pg.Beginner
		v    pg.Viewer
		sql  string
		want string
	}{
		{bostad, coordinator, `SELECT reporter FROM correlator.report`, "refused: 42501"},
		{bostad, coordinator, `SELECT reference FROM correlator.report`, "refused: 42501"},
		{w.web, coordinator, `SELECT reporter FROM correlator.report`, "refused: 42501"},
		{w.web, coordinator, `SELECT reference FROM correlator.report`, "refused: 42501"},
		{w.web, coordinator, `SELECT contract.report_text('0780', 'a-polis', 'partners')`, "refused: 42501"},
		{bostad, coordinator, `SELECT agency FROM correlator.event`, "a-bostad"},
		{bostad, coordinator, `SELECT DISTINCT agency FROM contract.receipt`, "a-bostad"},
		{bostad, coordinator, `SELECT email FROM access.person`, "refused: 42501"},
		{bostad, coordinator, `SELECT report FROM contract.own_reports('CANARY reporter')`, "own"},
		{police, pg.System, `SELECT DISTINCT reference FROM contract.own_reports('CANARY reporter')`, "CANARY case"},
		{police, pg.System, `SELECT report FROM contract.own_reports('somebody else')`, ""},
		// What would turn a line of text round is gone.
		{bostad, coordinator, `SELECT contract.report_text('0780', 'a-polis', 'partners')`, "CANARY text of partners"},
		// Who has no agency opens nothing, and is told what is kept.
		{w.web, pg.Viewer{Municipality: "0780", Roles: []string{"coordinator"}}, `SELECT agency || '=' || reports FROM contract.kept_in_area('0780', '2026-11-02', '2026-11-02')`, "a-polis=7"},
		{w.web, pg.Viewer{Municipality: "0780"}, `SELECT count(*)::text FROM contract.report WHERE NOT counted`, "0"},
		{w.web, pg.Viewer{Municipality: "0780"}, `SELECT count(*)::text FROM contract.person`, "1"},
		{w.web, pg.Viewer{Municipality: "0581"}, `SELECT count(*)::text FROM contract.person`, "0"},
		{w.web, pg.System, `SELECT count(*)::text FROM contract.person`, "0"},
	} {
		if got := w.lines(c.db, c.v, c.sql); got != c.want {
			t.Errorf("%s gives %q, want %q", c.sql, got, c.want)
		}
	}
}

// An embargo ends by itself, at the second that was named.
func TestAnEmbargoEnds(t *testing.T) {
	w := newTown(t)
	member := w.person("0780", "a-bostad", false, "member")
	db := w.agencies.For(login("0780", "a-bostad"))
	const later = `SELECT report FROM contract.report WHERE report = 'partners-later'`
	if got := w.lines(db, member, later); got != "" {
		t.Fatalf("it is open before: %q", got)
	}
	w.exec(`UPDATE correlator.report SET share_after = $1 WHERE report = 'partners-later'`, time.Now().Add(-time.Millisecond))
	if got := w.lines(db, member, later); got != "partners-later" {
		t.Errorf("it is not open after: %q", got)
	}
}

// Agencies that switched text off have none, also in what came before the switch was seen.
func TestTextThatIsOffIsNotShown(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE correlator.event SET notes = '[{"code": "trimmed", "path": ""}, {"code": "text_off", "path": "/data/text"}]' WHERE report = 'partners'`)
	member := w.person("0780", "a-bostad", false, "member")
	const text = `SELECT coalesce(contract.report_text('0780', 'a-polis', $1), 'none')`
	db := w.agencies.For(login("0780", "a-bostad"))
	if got := w.lines(db, member, text, "partners"); got != "none" {
		t.Errorf("its text is %q", got)
	}
	if got := w.lines(db, member, text, "partners-since"); got != "CANARY text of partners-since" {
		t.Errorf("its neighbour's text is %q", got)
	}
}

// A list of a million rows asks the rule of each: it must be part of the plan, and not a call a row.
func TestTheRuleIsPartOfThePlan(t *testing.T) {
	w := newTown(t)
	member := w.person("0780", "a-bostad", false, "member")
	plan := w.lines(w.agencies.For(login("0780", "a-bostad")), member, `EXPLAIN SELECT report FROM contract.report WHERE municipality = '0780' AND day = '2026-11-02' AND lead AND counted`)
	if strings.Contains(plan, "opens") || !strings.Contains(plan, "share_after") {
		t.Errorf("it is called for each row:\n%s", plan)
	}
}

// An association acts and sees no report of others, whatever role its people were given.
func TestAnAssociationOpensNoReportOfOthers(t *testing.T) {
	w := newTown(t)
	w.agency("0780", "a-nattvandrarna")
	w.exec(`UPDATE registry.agency SET kind = 'association' WHERE agency = 'a-nattvandrarna'`)
	w.report("a-nattvandrarna", "walk", "partners", "", "", "accepted", "false")
	in := w.agencies.For(login("0780", "a-nattvandrarna"))
	for _, roles := range [][]string{{"member"}, {"agency_lead"}, {"coordinator"}} {
		who := w.person("0780", "a-nattvandrarna", false, roles...)
		if got := w.lines(in, who, openPolice); got != "" {
			t.Errorf("as %s it opens %s of the police", roles, got)
		}
		if got := w.lines(in, who, `SELECT report FROM contract.report`); got != "walk" {
			t.Errorf("as %s it opens %q, want its own", roles, got)
		}
	}
}
