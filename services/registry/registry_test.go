// SPDX-License-Identifier: EUPL-1.2

package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
)

const (
	vaxjo = events.MunicipalityID("0780")
	wait  = 20 * time.Second
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is a registry with a database and a NATS server of its own.
type house struct {
	*registry.Service
	t    testing.TB
	db   pg.Config
	nats *testenv.NATSEnv
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, db: testenv.Postgres(t), nats: testenv.NATS(t)}
	h.Service = h.service(h.nats)
	return h
}

// service makes another registry on the same database.
func (h *house) service(nats *testenv.NATSEnv) *registry.Service {
	h.t.Helper()
	return h.serviceOf(nats, nats.Operator)
}

func (h *house) serviceOf(nats *testenv.NATSEnv, operator *bus.Operator) *registry.Service {
	h.t.Helper()
	pool, err := pg.Open(h.t.Context(), h.db, pg.RoleRegistry, 4)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(pool.Close)
	s, err := registry.New(pool, nats.Conn, operator, registry.Config{NATSURL: nats.Server.URL(), Now: func() time.Time { return noon }})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) addVaxjo() {
	h.t.Helper()
	h.must(h.AddMunicipality(h.t.Context(), registry.Municipality{Code: vaxjo, Name: "Växjö", HistoryFrom: noon.AddDate(-1, 0, 0)}))
}

// addAgency adds an agency to Växjö. Logins belong to the cluster, which the tests
// of this package share: each test names its agencies apart.
func (h *house) addAgency(code events.AgencyID) registry.Agency {
	h.t.Helper()
	a := registry.Agency{
		Municipality: vaxjo, Code: code, Name: "Bostäder i " + string(code), Kind: "housing", Serious: true, TextAllowed: true,
		Units: []registry.Unit{{Code: "norr", Name: "Norra förvaltningen"}},
	}
	h.must(h.AddAgency(h.t.Context(), a))
	added, err := h.AgencyOf(h.t.Context(), vaxjo, code)
	h.must(err)
	return added
}

func (h *house) version() int64 {
	h.t.Helper()
	m, err := h.MunicipalityOf(h.t.Context(), vaxjo)
	h.must(err)
	return m.Version
}

func areaFile(features ...string) []byte {
	return []byte(`{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`)
}

func square(code string, west, south, size float64) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{"code":%q,"name":"Område %[1]s"},"geometry":{"type":"Polygon","coordinates":[[[%[2]v,%[3]v],[%[4]v,%[3]v],[%[4]v,%[5]v],[%[2]v,%[5]v],[%[2]v,%[3]v]]]}}`,
		code, west, south, west+size, south+size)
}

// Readers keep what they read until the version moves: a change that did not raise
// it would never be seen, one that was not signalled would be seen seconds late.
func TestEveryChangeRaisesTheVersionAndIsSignalled(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	heard := make(chan string, 1)
	stop, err := h.nats.Conn.Subscribe(events.RegistrySubject(vaxjo), func(_ string, body []byte) { heard <- string(body) })
	h.must(err)
	defer stop()
	const a = events.AgencyID("versioned")
	var key string
	changes := []struct {
		name string
		do   func() error
	}{
		{"clock", func() error {
			return h.SetMunicipality(ctx, vaxjo, func(m *registry.Municipality) { m.Clock, m.AsOf = registry.ClockReplay, &noon })
		}},
		{"as of", func() error { return h.SetAsOf(ctx, vaxjo, noon.Add(time.Hour)) }},
		{"areas", func() error {
			_, err := h.ImportAreas(ctx, registry.AreaImport{Municipality: vaxjo, Level: geo.LevelArea}, areas.File{CodeField: "code"}, areaFile(square("A", 14, 56, 1)))
			return err
		}},
		{"area retired", func() error {
			_, err := h.RetireAreas(ctx, vaxjo, geo.LevelArea, []events.AreaCode{"A"})
			return err
		}},
		{"agency", func() error { return h.AddAgency(ctx, registry.Agency{Municipality: vaxjo, Code: a, Name: "A"}) }},
		{"agency set", func() error { return h.SetAgency(ctx, vaxjo, a, func(a *registry.Agency) { a.Sharing = "counts" }) }},
		{"units", func() error { return h.SetUnits(ctx, vaxjo, a, []registry.Unit{{Code: "u", Name: "U"}}) }},
		{"unit removed", func() error { return h.RemoveUnit(ctx, vaxjo, a, "u") }},
		{"key", func() (err error) { key, err = h.IssueKey(ctx, vaxjo, a, "test"); return err }},
		{"key revoked", func() error { return h.RevokeKey(ctx, vaxjo, a, strings.Split(key, "_")[1]) }},
		{"mapping", func() error {
			return h.SetMappings(ctx, vaxjo, a, []registry.Mapping{{Code: "B1", Category: "graffiti"}})
		}},
		{"mapping import", func() error {
			_, err := h.ImportMappings(ctx, vaxjo, a, []byte("code,category\nB2,graffiti\n"))
			return err
		}},
		{"mapping removed", func() error { return h.RemoveMappings(ctx, vaxjo, a, []string{"B2"}) }},
		{"properties", func() error {
			_, err := h.ImportProperties(ctx, vaxjo, a, registry.PropertyFile{}, []byte("key,lon,lat\nK1,14.8,56.9\n"))
			return err
		}},
		{"suspension", func() error { return h.SuspendAgency(ctx, vaxjo, a) }},
		{"resumption", func() error { return h.ResumeAgency(ctx, vaxjo, a) }},
	}
	for i, change := range changes {
		h.must(change.do())
		select {
		case body := <-heard:
			if want := fmt.Sprintf(`{"version":%d}`, i+2); body != want || h.version() != int64(i+2) {
				t.Errorf("%s: signal %s and version %d, want %s", change.name, body, h.version(), want)
			}
		case <-time.After(wait):
			t.Fatalf("%s: no signal", change.name)
		}
	}
}

// A replay is seen by others while it runs: its clock must not jump back under them.
func TestReplayClockGoesForwardOnly(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	if err := h.SetAsOf(ctx, vaxjo, noon); !invalid(err, "is on the wall clock") {
		t.Errorf("wall clock moved: %v", err)
	}
	h.must(h.SetMunicipality(ctx, vaxjo, func(m *registry.Municipality) { m.Clock, m.AsOf = registry.ClockReplay, &noon }))
	later := noon.AddDate(0, 0, 1)
	h.must(h.SetAsOf(ctx, vaxjo, later))
	if err := h.SetAsOf(ctx, vaxjo, noon); !invalid(err, "does not go back") {
		t.Errorf("replay clock went back: %v", err)
	}
	err := h.SetMunicipality(ctx, vaxjo, func(m *registry.Municipality) { m.Clock, m.AsOf = registry.ClockWall, &noon })
	if !invalid(err, "the wall clock has none") {
		t.Errorf("a time was set on the wall clock: %v", err)
	}
	m, err := h.MunicipalityOf(ctx, vaxjo)
	h.must(err)
	if m.AsOf == nil || !m.AsOf.Equal(later) {
		t.Errorf("the clock stands at %v", m.AsOf)
	}
	h.must(h.SetMunicipality(ctx, vaxjo, func(m *registry.Municipality) { m.Clock = registry.ClockWall }))
	if m, err = h.MunicipalityOf(ctx, vaxjo); err != nil || m.AsOf != nil {
		t.Errorf("the wall clock stands at %v, %v", m.AsOf, err)
	}
}

func invalid(err error, part string) bool {
	_, ok := errors.AsType[*registry.InvalidError](err)
	return ok && strings.Contains(err.Error(), part)
}

// A typing error in a code must be answered with the codes there are.
func TestUnknownNamesAreAnsweredWithTheKnownOnes(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	if _, err := h.Agencies(ctx, "0781"); err == nil || !strings.Contains(err.Error(), `municipality "0781" is unknown; there is none yet (samsyn municipality add)`) {
		t.Errorf("got %v", err)
	}
	h.addVaxjo()
	h.addAgency("bekant")
	for name, err := range map[string]error{
		`municipality "0781" is unknown; there is 0780`: h.SetAsOf(ctx, "0781", noon),
		`agency "bekannt" is unknown; there is bekant`:  h.SuspendAgency(ctx, vaxjo, "bekannt"),
		`unit "söder" is unknown; there is norr`:        h.RemoveUnit(ctx, vaxjo, "bekant", "söder"),
		`key "x" is unknown`:                            h.RevokeKey(ctx, vaxjo, "bekant", "x"),
		`mapping "x" is unknown`:                        h.RemoveMappings(ctx, vaxjo, "bekant", []string{"x"}),
	} {
		if _, ok := errors.AsType[*registry.UnknownError](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
	if got := h.version(); got != 2 {
		t.Errorf("what failed raised the version to %d", got)
	}
}

// Who fills in a form wants to hear of every mistake at once.
func TestWrongSettingsAreAllNamed(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	err := h.AddMunicipality(ctx, registry.Municipality{Code: "Växjö", TimeZone: "Europe/Vaxjo", EPSG: 3009, Clock: "sun"})
	for _, part := range []string{`municipality "Växjö"`, "needs a name", `"Europe/Vaxjo"`, "EPSG:3009", "first day", `clock "sun"`} {
		if !invalid(err, part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	h.addVaxjo()
	err = h.AddAgency(ctx, registry.Agency{Municipality: vaxjo, Code: "A", Kind: "bank", Sharing: "all", PerSecond: -1, MaxBytes: -1, Units: []registry.Unit{{Code: "Ö"}, {Code: "x"}, {Code: "x"}}})
	for _, part := range []string{`agency "A"`, "needs a name", `kind "bank"`, `sharing "all"`, "rate -1", "room of -1", `unit "Ö"`, `"x" is named twice`} {
		if !invalid(err, part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	if err := h.AddMunicipality(ctx, registry.Municipality{Code: vaxjo, Name: "Växjö", HistoryFrom: noon}); !exists(err) {
		t.Errorf("a municipality was added twice: %v", err)
	}
}

func exists(err error) bool {
	_, ok := errors.AsType[*registry.ExistsError](err)
	return ok
}

// Beside somebody else's server without its keys the register can be read and
// changed, but no door can be opened or closed, and none is closed by half.
func TestWithoutTheOperatorsKeysNoDoorIsTouched(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("nyckellos")
	s := h.serviceOf(h.nats, nil)
	_, credentials := s.IssueCredentials(ctx, vaxjo, "nyckellos", false)
	for name, err := range map[string]error{
		"add": s.AddAgency(ctx, registry.Agency{Municipality: vaxjo, Code: "ny", Name: "Ny"}), "suspend": s.SuspendAgency(ctx, vaxjo, "nyckellos"),
		"resume": s.ResumeAgency(ctx, vaxjo, "nyckellos"), "reconcile": s.Reconcile(ctx), "credentials": credentials,
	} {
		if !errors.Is(err, registry.ErrNoOperator) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := s.Agencies(ctx, vaxjo); err != nil || len(all) != 1 || all[0].Suspended != nil {
		t.Errorf("agencies %+v, %v", all, err)
	}
}

// Half a list of areas would place reports wrongly without anybody noticing.
func TestImportIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	in := registry.AreaImport{Municipality: vaxjo, Level: geo.LevelArea, Source: "test, CC0"}
	how := areas.File{CodeField: "code", NameField: "name"}
	file := areaFile(square("A", 14, 56, 1), square("B", 15, 56, 1), square("A", 16, 56, 1), square("Å 1", 17, 56, 1))
	_, err := h.ImportAreas(ctx, in, how, file)
	bad, ok := errors.AsType[*registry.InvalidAreasError](err)
	if !ok || len(bad.Problems) != 1 || bad.Features != 4 || !strings.Contains(err.Error(), "feature 3 (A): the code A is that of feature 1 too") {
		t.Fatalf("got %v", err)
	}
	if all, err := h.Areas(ctx, vaxjo, true); err != nil || len(all) > 0 || h.version() != 1 {
		t.Errorf("%d areas were stored, version %d, %v", len(all), h.version(), err)
	}
	in.DryRun, in.SkipInvalid = true, true
	if result, err := h.ImportAreas(ctx, in, how, file); err != nil || result.New != 3 || h.version() != 1 {
		t.Errorf("a dry run says %+v, version %d, %v", result, h.version(), err)
	}
	in.DryRun = false
	result, err := h.ImportAreas(ctx, in, how, file)
	h.must(err)
	want := registry.AreaResult{
		System: "WGS 84 (EPSG:4326)", New: 3, Version: 2, Codes: []areas.CodeChange{{From: "Å 1", To: "A-1"}},
		Skipped: []areas.Problem{{Feature: 3, Code: "A", Reasons: []string{"the code A is that of feature 1 too"}}},
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
}

// A border that moves by rounding moves reports to the neighbour.
func TestGeometryIsStoredUnrounded(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	const west, south = 14.123456789012345, 56.98765432109876
	_, err := h.ImportAreas(ctx, registry.AreaImport{Municipality: vaxjo, Level: geo.LevelArea}, areas.File{CodeField: "code"}, areaFile(square("A", west, south, 0.25)))
	h.must(err)
	all, err := h.Areas(ctx, vaxjo, false)
	h.must(err)
	if p := all[0].Geometry[0][0][0]; p[0] != west || p[1] != south {
		t.Errorf("%v became %v", [2]float64{west, south}, p)
	}
}

// Borders change every few years; what was counted in an area that is gone must
// still have its name.
func TestImportingAgainReplacesAndRetires(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	put := func(level geo.Level, features ...string) registry.AreaResult {
		t.Helper()
		r, err := h.ImportAreas(ctx, registry.AreaImport{Municipality: vaxjo, Level: level}, areas.File{CodeField: "code", NameField: "name"}, areaFile(features...))
		h.must(err)
		return r
	}
	state := func() (all []string) {
		t.Helper()
		found, err := h.Areas(ctx, vaxjo, true)
		h.must(err)
		for _, a := range found {
			line := fmt.Sprintf("%s %s in %q", a.Level, a.Code, a.Parent)
			if a.Retired {
				line += " retired"
			}
			all = append(all, line)
		}
		return all
	}
	put(geo.LevelMunicipality, square("0780", 14, 56, 4))
	put(geo.LevelDistrict, square("west", 14, 56, 1), square("east", 15, 56, 1))
	put(geo.LevelArea, square("A", 14, 56, 0.5), square("B", 15, 56, 0.5))
	if diff := cmp.Diff([]string{`municipality 0780 in ""`, `district east in ""`, `district west in ""`, `area A in "west"`, `area B in "east"`}, state()); diff != "" {
		t.Error(diff)
	}
	if r := put(geo.LevelArea, square("B", 15, 56, 0.7), square("C", 15, 56.8, 0.2)); r.New != 1 || r.Changed != 1 || r.Retired != 1 {
		t.Errorf("result %+v", r)
	}
	put(geo.LevelDistrict, square("all", 14, 56, 2))
	want := []string{
		`municipality 0780 in ""`, `district all in ""`, `district east in "" retired`, `district west in "" retired`,
		`area A in "" retired`, `area B in "all"`, `area C in "all"`,
	}
	if diff := cmp.Diff(want, state()); diff != "" {
		t.Error(diff)
	}
	if r := put(geo.LevelArea, square("A", 14, 56, 0.5)); r.New != 1 || r.Retired != 2 {
		t.Errorf("result %+v", r)
	}
	if n, err := h.RetireAreas(ctx, vaxjo, geo.LevelDistrict, nil); err != nil || n != 1 {
		t.Errorf("retired %d, %v", n, err)
	}
	if got := state(); got[4] != `area A in ""` {
		t.Errorf("%q", got)
	}
}

// An agency that cannot have its streams must not be listed, or its events would
// have nowhere to go.
func TestAgencyIsWholeOrAbsent(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	a := registry.Agency{Municipality: vaxjo, Code: "forstor", Name: "För stor", MaxBytes: 1 << 50}
	err := h.AddAgency(ctx, a)
	if _, ok := errors.AsType[*bus.NoRoomError](err); !ok {
		t.Fatalf("got %v", err)
	}
	if all, err := h.Agencies(ctx, vaxjo); err != nil || len(all) > 0 || h.version() != 1 {
		t.Errorf("agencies %v, version %d, %v", all, h.version(), err)
	}
	if h.login(a.Code) != "" {
		t.Error("a login was left")
	}
	a.MaxBytes = 0
	h.must(h.AddAgency(ctx, a))
	if err := h.AddAgency(ctx, a); !exists(err) {
		t.Errorf("added twice: %v", err)
	}
	got, err := h.AgencyOf(ctx, vaxjo, a.Code)
	h.must(err)
	want := registry.Agency{
		Municipality: vaxjo, Code: "forstor", Name: "För stor", Kind: "other", Sharing: "partners", PerSecond: 200,
		StartedOn: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Units: []registry.Unit{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The point of it all: with what the command prints an agency can send.
func TestCredentialsLetAnAgencySendAndNothingElse(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("sander")
	h.addAgency("grannen")
	creds, err := h.IssueCredentials(ctx, vaxjo, "sander", false)
	h.must(err)
	conn := h.connect(creds)
	if ack, err := conn.Publish(ctx, bus.Message{Subject: creds.Publish[0], Body: []byte("{}")}); err != nil || ack.Stream != events.IncidentStream(vaxjo, "sander") {
		t.Errorf("ack %+v, %v", ack, err)
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := conn.Publish(short, bus.Message{Subject: events.IncidentSubject(vaxjo, "grannen", events.Reported), Body: []byte("{}")}); err == nil {
		t.Error("published as the neighbour")
	}
	newer, err := h.IssueCredentials(ctx, vaxjo, "sander", true)
	h.must(err)
	if _, err := bus.Connect(short, bus.Config{URL: creds.URL, CredsData: creds.File}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("older credentials: %v", err)
	}
	h.connect(newer)
}

func (h *house) connect(c registry.Credentials) *bus.Conn {
	h.t.Helper()
	conn, err := bus.Connect(h.t.Context(), bus.Config{URL: c.URL, CredsData: c.File, Name: "agency"})
	h.must(err)
	h.t.Cleanup(conn.Close)
	return conn
}
