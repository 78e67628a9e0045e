// SPDX-License-Identifier: EUPL-1.2

package registry_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/registry"
)

// admin connects as the administrator, to look behind the policies.
func (h *house) admin() *pgx.Conn { return h.as("") }

// as connects with a login of its own; "" is the administrator's.
func (h *house) as(login string) *pgx.Conn {
	h.t.Helper()
	conn, err := dial(h.t.Context(), h.db, login)
	h.must(err)
	h.t.Cleanup(func() { _ = conn.Close(context.Background()) }) // closing a closed one is no matter
	return conn
}

func dial(ctx context.Context, db pg.Config, login string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(db.URL)
	if err != nil {
		return nil, err
	}
	if login != "" {
		config.User = login
	}
	return pgx.ConnectConfig(ctx, config)
}

// login is the login role of an agency, "" when it has none.
func (h *house) login(a events.AgencyID) string {
	h.t.Helper()
	var login string
	err := h.admin().QueryRow(h.t.Context(), "SELECT l.login FROM registry.agency_login l JOIN pg_roles r ON r.rolname = l.login WHERE municipality = $1 AND agency = $2", vaxjo, a).Scan(&login)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		h.t.Fatal(err)
	}
	return login
}

func sqlState(err error) string {
	if found, ok := errors.AsType[*pgconn.PgError](err); ok {
		return found.Code
	}
	return fmt.Sprint(err)
}

// An agency is suspended when something is wrong right now: whoever is inside must
// be out, and nobody may come back by any door.
func TestSuspensionClosesEveryDoorAtOnce(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("avstangd")
	login := h.login("avstangd")
	inside := h.as(login)
	creds, err := h.IssueCredentials(ctx, vaxjo, "avstangd", false)
	h.must(err)
	h.connect(creds)

	h.must(h.SuspendAgency(ctx, vaxjo, "avstangd"))
	if _, err := inside.Exec(ctx, "SELECT 1"); err == nil {
		t.Error("its session lives on")
	}
	if _, err := dial(ctx, h.db, login); sqlState(err) != "28000" {
		t.Errorf("it can log in to the database: %v", err)
	}
	if err := refused(ctx, creds); err != nil {
		t.Error(err)
	}
	var suspended time.Time
	h.must(h.as("samsyn_intake").QueryRow(ctx, "SELECT suspended_at FROM contract.agency WHERE agency = 'avstangd'").Scan(&suspended))
	if !suspended.Equal(noon) {
		t.Errorf("the API reads %v", suspended)
	}
	if _, err := h.IssueCredentials(ctx, vaxjo, "avstangd", false); !invalid(err, "is suspended since") {
		t.Errorf("it got credentials: %v", err)
	}
	h.must(h.SuspendAgency(ctx, vaxjo, "avstangd"))

	h.must(h.ResumeAgency(ctx, vaxjo, "avstangd"))
	h.as(login)
	if _, err := h.connect(creds).Publish(ctx, bus.Message{Subject: creds.Publish[0], Body: []byte("{}")}); err != nil {
		t.Errorf("it cannot send: %v", err)
	}
	if a, err := h.AgencyOf(ctx, vaxjo, "avstangd"); err != nil || a.Suspended != nil {
		t.Errorf("it is listed as %+v, %v", a, err)
	}
}

// refused reports an error unless NATS refuses the credentials.
func refused(ctx context.Context, creds registry.Credentials) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	conn, err := bus.Connect(ctx, bus.Config{URL: creds.URL, CredsData: creds.File})
	if errors.Is(err, bus.ErrNotPermitted) {
		return nil
	}
	if err == nil {
		conn.Close()
		return errors.New("NATS lets it in")
	}
	return fmt.Errorf("connect to NATS: %w", err)
}

// With NATS away the other doors are closed all the same, it is said which one is
// open, and the next start closes it.
func TestSuspensionClosesWhatItCanAndTheStartTheRest(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("halvstangd")
	creds, err := h.IssueCredentials(ctx, vaxjo, "halvstangd", false)
	h.must(err)
	// An operator of its own, as in an installation with an external server: it notices that the server is away.
	operator, err := bus.NewOperator(filepath.Join(h.nats.Dir(), "keys"))
	h.must(err)
	h.must(operator.Connect(ctx, bus.Config{URL: h.nats.Server.URL()}))
	defer operator.Close()
	outside := h.serviceOf(h.nats, operator)
	h.nats.Restart(func(string) {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err := outside.SuspendAgency(short, vaxjo, "halvstangd")
		if _, ok := errors.AsType[*registry.StillOpenError](err); !ok {
			t.Errorf("got %v", err)
		}
	})
	if _, err := dial(ctx, h.db, h.login("halvstangd")); sqlState(err) != "28000" {
		t.Errorf("it can log in to the database: %v", err)
	}
	creds.URL = h.nats.Server.URL()
	h.must(h.service(h.nats).Reconcile(ctx))
	if err := refused(ctx, creds); err != nil {
		t.Error(err)
	}
}

// After a disaster one side is restored without the other: the register decides.
func TestReconcileMakesWhatIsRegistered(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("aterstalld")
	h.addAgency("kvarstangd")
	h.must(h.SuspendAgency(ctx, vaxjo, "kvarstangd"))
	admin := h.admin()
	for _, a := range []events.AgencyID{"aterstalld", "kvarstangd"} {
		_, err := admin.Exec(ctx, "DROP ROLE "+pgx.Identifier{h.login(a)}.Sanitize())
		h.must(err)
	}
	empty := testenv.NATS(t)
	again := h.service(empty)
	h.must(again.Reconcile(ctx))
	h.must(empty.Operator.Suspend(ctx, vaxjo, "aterstalld"))
	h.must(again.Reconcile(ctx))
	creds, err := again.IssueCredentials(ctx, vaxjo, "aterstalld", false)
	h.must(err)
	if _, err := h.connect(creds).Publish(ctx, bus.Message{Subject: creds.Publish[0], Body: []byte("{}")}); err != nil {
		t.Errorf("it cannot send: %v", err)
	}
	h.as(h.login("aterstalld"))
	if _, err := dial(ctx, h.db, h.login("kvarstangd")); sqlState(err) != "28000" {
		t.Errorf("the suspended agency can log in: %v", err)
	}
	accounts, err := empty.Operator.Agencies()
	h.must(err)
	for _, a := range accounts {
		if a.Suspended != (a.Agency == "kvarstangd") {
			t.Errorf("account %+v", a)
		}
	}
}

// Where the server asks for passwords, an agency's login has the derived one, and
// the password itself is nowhere.
func TestLoginGetsTheDerivedPassword(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	db := pg.Config{URL: h.db.URL, Secret: []byte("a secret of the installation")}
	pool, err := pg.Open(ctx, h.db, pg.RoleRegistry, 2)
	h.must(err)
	defer pool.Close()
	s, err := registry.New(pool, h.nats.Conn, h.nats.Operator, registry.Config{Password: db.Password, Now: func() time.Time { return noon }})
	h.must(err)
	h.must(s.AddAgency(ctx, registry.Agency{Municipality: vaxjo, Code: "losenord", Name: "L"}))
	var stored string
	h.must(h.admin().QueryRow(ctx, "SELECT rolpassword FROM pg_authid WHERE rolname = $1", h.login("losenord")).Scan(&stored))
	if !strings.HasPrefix(stored, "SCRAM-SHA-256$4096:") || strings.Contains(stored, db.Password(h.login("losenord"))) {
		t.Errorf("stored is %q", stored)
	}
}

// A key that could be read from the database, a backup or a log would be everybody's.
func TestKeysAreStoredAsHashes(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("nyckel")
	key, err := h.IssueKey(ctx, vaxjo, "nyckel", "felanmälan")
	h.must(err)
	parts := strings.Split(key, "_")
	if len(parts) != 3 || parts[0] != "sk" || len(parts[2]) != 64 {
		t.Fatalf("the key has the form %q", key)
	}
	intake := h.as("samsyn_intake")
	var hash []byte
	var revoked *time.Time
	read := func() {
		t.Helper()
		h.must(intake.QueryRow(ctx, "SELECT secret_hash, revoked_at FROM contract.agency_key WHERE prefix = $1", parts[1]).Scan(&hash, &revoked))
	}
	read()
	if want := sha256.Sum256([]byte(parts[2])); !cmp.Equal(hash, want[:]) || revoked != nil {
		t.Errorf("stored are %x and %v", hash, revoked)
	}
	var row string
	h.must(h.admin().QueryRow(ctx, "SELECT k::text FROM registry.agency_key k").Scan(&row))
	if strings.Contains(row, parts[2]) {
		t.Error("the secret is stored")
	}
	_, err = intake.Exec(ctx, "SELECT contract.key_used($1, 'nyckel', $2, $3)", vaxjo, parts[1], noon)
	h.must(err)
	h.must(h.RevokeKey(ctx, vaxjo, "nyckel", parts[1]))
	read()
	keys, err := h.Keys(ctx, vaxjo, "nyckel")
	h.must(err)
	want := []registry.Key{{Prefix: parts[1], Label: "felanmälan", CreatedAt: noon, LastUsedAt: &noon, RevokedAt: &noon}}
	if diff := cmp.Diff(want, keys); diff != "" || revoked == nil {
		t.Errorf("%s, revoked %v", diff, revoked)
	}
}

// fill gives two agencies rows in every table that holds rows of agencies: events,
// with verdicts, by the correlator, the rest by the registry.
func (h *house) fill(a, b events.AgencyID, each int) {
	h.t.Helper()
	ctx := h.t.Context()
	for _, agency := range []events.AgencyID{a, b} {
		h.addAgency(agency)
		h.must(h.SetMappings(ctx, vaxjo, agency, []registry.Mapping{{Code: "CANARY-" + string(agency), Category: "graffiti"}}))
		h.must(h.SetProperties(ctx, vaxjo, agency, []registry.Property{{Key: "CANARY-" + string(agency), Lon: 14.8, Lat: 56.9}}))
		_, err := h.IssueKey(ctx, vaxjo, agency, "CANARY-"+string(agency))
		h.must(err)
		_, err = h.as("samsyn_correlator").Exec(ctx, `INSERT INTO correlator.event
			(municipality, agency, kind, report, revision, batch, item, verb, event_id, said_kind, said_report, said_revision, content, outcome, stream_seq, stored_at, decided_at, reference_version, sha256, body)
			SELECT $1, $2, 'incident', r, 1, n, 0, 'reported', 'e', 'incident', r, 1, '\x00', 'accepted', n, $3, $3, 1, sha256(r::bytea), r::bytea
			  FROM generate_series(1, $4::int) n, concat('CANARY-', $2::text, '-', n) r`,
			vaxjo, agency, noon, each)
		h.must(err)
	}
}

// An agency's login sees its own rows and no other's, whatever it says it is.
func TestAgencyLoginSeesItsOwnRowsOnly(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.fill("egna", "andras", 3)
	conn := h.as(h.login("egna"))
	for _, claim := range []string{
		"SELECT 1",
		"SELECT set_config('samsyn.agency', 'andras', false)",
		"SELECT set_config('samsyn.municipality', '0581', false)",
		"SET row_security = off",
		"SET ROLE samsyn_correlator",
		"SELECT set_config('role', 'samsyn_registry', false)",
		"SET SESSION AUTHORIZATION samsyn_registry",
		"SET search_path = pg_temp, registry",
	} {
		_, _ = conn.Exec(ctx, claim) // refused or without effect: what counts is what is seen
		for _, table := range []string{"correlator.event", "registry.mapping", "registry.property", "contract.mapping", "contract.property"} {
			n := 1
			if table == "correlator.event" {
				n = 3
			}
			seen, err := own(ctx, conn, table)
			if sqlState(err) == "42501" && claim == "SET row_security = off" {
				continue // refused outright, which is as good
			}
			if err != nil || seen != fmt.Sprint(n, " of egna") {
				t.Errorf("after %q it sees %s in %s, %v", claim, seen, table, err)
			}
		}
		_, err := conn.Exec(ctx, "RESET ALL")
		h.must(err)
	}
	for _, forbidden := range []string{
		"SELECT FROM registry.agency_key", "SELECT FROM registry.agency_login", "SELECT FROM contract.agency_key", "SELECT FROM correlator.held",
		"INSERT INTO correlator.event (municipality, agency) VALUES ('0780', 'egna')", "DELETE FROM registry.mapping", "TRUNCATE registry.mapping",
		"UPDATE registry.agency SET serious = true", "CREATE TABLE public.mine ()", "CREATE TEMP TABLE mapping ()", "CREATE TABLE registry.mine ()",
		"SELECT registry.make_login('0780', 'tredje', '')", "SELECT registry.close_login('0780', 'andras')", "SELECT registry.end_sessions('0780', 'andras')",
	} {
		if _, err := conn.Exec(ctx, forbidden); sqlState(err) != "42501" {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
}

// own says how many rows of whom a connection sees.
func own(ctx context.Context, conn *pgx.Conn, table string) (seen string, err error) {
	err = conn.QueryRow(ctx, "SELECT count(*) || ' of ' || string_agg(DISTINCT agency, ',') FROM "+table).Scan(&seen)
	return seen, err
}

// Comparing with session_user as text switches the index off and makes a page of an
// agency as slow as the whole table: 230 times, measured.
func TestAgencyPolicyUsesTheIndex(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.fill("liten", "stor", 4000)
	_, err := h.admin().Exec(ctx, "ANALYZE correlator.event")
	h.must(err)
	conn := h.as(h.login("liten"))
	for _, query := range []string{
		"SELECT count(*) FROM correlator.event WHERE batch > 3990",
		"SELECT * FROM correlator.event WHERE kind = 'incident' AND report = 'CANARY-liten-17'",
		"SELECT * FROM contract.receipt ORDER BY batch DESC, item DESC LIMIT 20",
	} {
		rows, err := conn.Query(ctx, "EXPLAIN "+query)
		h.must(err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		h.must(err)
		plan := strings.Join(lines, "\n")
		condition := false
		for _, line := range lines {
			condition = condition || strings.Contains(line, "Index Cond") && strings.Contains(line, "agency = $")
		}
		if !condition || strings.Contains(plan, "Seq Scan on event ") {
			t.Errorf("%s is planned as\n%s", query, plan)
		}
	}
}

// The web's login sees what the viewer's municipality has, and nothing when nobody
// said who looks.
func TestWebSeesTheViewersMunicipality(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.must(h.AddMunicipality(ctx, registry.Municipality{Code: "0581", Name: "Norrköping", HistoryFrom: noon}))
	h.addAgency("synlig")
	pool, err := pg.Open(ctx, h.db, pg.RoleWeb, 1)
	h.must(err)
	defer pool.Close()
	for municipality, want := range map[string]string{"0780": "0780 1", "0581": "0581 0", "": "- 0", "0780' OR true --": "- 0"} {
		var got string
		h.must(pg.InTx(ctx, pool, pg.Viewer{Municipality: municipality, Roles: []string{"member"}}, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `SELECT coalesce((SELECT string_agg(municipality, ',') FROM contract.municipality), '-') || ' ' ||
				(SELECT count(*) FROM contract.agency)`).Scan(&got)
		}))
		if got != want {
			t.Errorf("a viewer of %q sees %q, want %q", municipality, got, want)
		}
	}
}

// definers may do more than their caller, so each is here by name, with what it is for.
var definers = map[string]string{
	"contract.app_agency":        "policies: which agency a login is",
	"contract.app_municipality":  "policies: which municipality a login belongs to",
	"contract.key_used":          "intake notes that a key was used",
	"contract.reference_changed": "access says that there is a new group",
	"registry.make_login":        "the only way to make an agency's role",
	"registry.close_login":       "suspension",
	"registry.end_sessions":      "suspension",

	"correlator.refresh_statistics": "the correlator tells the planner of tables it fills",

	"contract.viewer_reach":  "policies: what the viewer's roles open, as stored",
	"contract.viewer_groups": "policies: the groups the viewer is in, as stored",
	"contract.own_reports":   "an agency finds its reports by who sent them",
	"contract.report_text":   "the text of a report that the caller may open",
	"contract.kept_of_flag":  "the number of reports behind a flag that the caller may not open",
	"contract.kept_in_area":  "the same in an area",
}

// Who may do more than their grants, and who owns what, is decided here and nowhere
// else. Each rule is one query whose rows are breaches; the walls around single
// tables and views are tested where the migrations run (internal/pg).
func TestNobodyGetsMoreThanTheRegistryGives(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("katalog")
	admin := h.admin()
	const ours = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_'`
	// samsyn_admin is the superuser of the private server: nothing logs in as it but the migration.
	rules := map[string]string{
		"no policy is for everybody": `SELECT polrelid::regclass || ' ' || polname FROM pg_policy WHERE 0 = ANY (polroles)`,
		"the owner owns everything": `SELECT c.oid::regclass || ' ' || pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + ` AND c.relowner <> 'samsyn_owner'::regrole
			UNION ALL SELECT p.oid::regprocedure || ' ' || pg_get_userbyid(p.proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ` + ours + ` AND p.proowner NOT IN ('samsyn_owner'::regrole, 'samsyn_rolemaker'::regrole)`,
		"strong roles cannot be reached": `SELECT m.member::regrole || ' in ' || m.roleid::regrole FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
			WHERE r.rolname ~ '^samsyn' AND r.rolname NOT IN ('samsyn_owner', 'samsyn_rolemaker', 'samsyn_admin') AND m.roleid <> 'samsyn_agency'::regrole`,
		"nobody logs in as owner or maker":             `SELECT rolname FROM pg_roles WHERE rolname IN ('samsyn_owner', 'samsyn_rolemaker', 'samsyn_agency') AND rolcanlogin`,
		"nobody creates":                               `SELECT r.rolname || ' in ' || n.nspname FROM pg_roles r, pg_namespace n WHERE r.rolname ~ '^samsyn' AND r.rolname NOT IN ('samsyn_owner', 'samsyn_admin') AND ` + ours + ` AND has_schema_privilege(r.oid, n.oid, 'CREATE')`,
		"nothing is granted to everybody":              `SELECT table_schema || '.' || table_name FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
		"an agency's role has its group's rights only": `SELECT grantee || ' ' || table_schema || '.' || table_name FROM information_schema.role_table_grants WHERE grantee ~ '^samsyn_a_'`,
	}
	for rule, query := range rules {
		rows, err := admin.Query(ctx, query)
		h.must(err)
		breaches, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(breaches) > 0 {
			t.Errorf("%s: %v %v", rule, breaches, err)
		}
	}
	rows, err := admin.Query(ctx, `SELECT DISTINCT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND `+ours)
	h.must(err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	h.must(err)
	for _, name := range found {
		if definers[name] == "" {
			t.Errorf("%s runs with its owner's rights and is not on the list", name)
		}
	}
}

// The URL of a database says nothing about agencies: their names come from the row.
func TestLongNamesMakeALogin(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	m, a := events.MunicipalityID(strings.Repeat("m", 16)), events.AgencyID(strings.Repeat("a", 32))
	h.must(h.AddMunicipality(ctx, registry.Municipality{Code: m, Name: "Long", HistoryFrom: noon, TimeZone: "America/Los_Angeles", EPSG: 32610}))
	h.must(h.AddAgency(ctx, registry.Agency{Municipality: m, Code: a, Name: "Long"}))
	var login string
	h.must(h.admin().QueryRow(ctx, "SELECT login FROM contract.agency").Scan(&login))
	if _, err := url.Parse("postgres://" + login + "@host/db"); err != nil || login != "samsyn_a_"+string(m)+"_"+string(a) {
		t.Errorf("the login is %q", login)
	}
	var sees string
	h.must(h.as(login).QueryRow(ctx, "SELECT contract.app_municipality() || ' ' || contract.app_agency()").Scan(&sees))
	if sees != string(m)+" "+string(a) {
		t.Errorf("the login is of %s", sees)
	}
}
