// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// terminal runs commands against servers of the test's own, as a person would.
type terminal struct {
	t    testing.TB
	dir  string
	nats *testenv.NATSEnv
	// servers are the flags that name them.
	servers []string
}

func newTerminal(t testing.TB) *terminal {
	t.Helper()
	c := &terminal{t: t, dir: t.TempDir(), nats: testenv.NATS(t)}
	creds, err := c.nats.Operator.PlatformCreds("test")
	if err != nil {
		t.Fatal(err)
	}
	c.servers = []string{
		"--database-url", testenv.Postgres(t).URL, "--nats-url", c.nats.Server.URL(), "--nats-creds", c.file("platform.creds", string(creds)),
		"--nats-keys", filepath.Join(c.nats.Dir(), "keys"), "--secret-file", c.file("secret", strings.Repeat("s", 32)), "--log", "error",
	}
	return c
}

// file writes a file and returns its path.
func (c *terminal) file(name, body string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// run returns what a command wrote and its exit code.
func (c *terminal) run(args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	var out, talk bytes.Buffer
	code = realMain(c.t.Context(), append(args, c.servers...), &out, &talk)
	return out.String(), talk.String(), code
}

// read runs a command that must succeed and decodes what it writes as JSON.
func (c *terminal) read(v any, args ...string) {
	c.t.Helper()
	out, talk, code := c.run(append(args, "--output", "json")...)
	if code != 0 {
		c.t.Fatalf("samsyn %s: %d: %s", strings.Join(args, " "), code, talk)
	}
	if err := json.Unmarshal([]byte(out), v); err != nil {
		c.t.Fatalf("samsyn %s wrote %q: %v", strings.Join(args, " "), out, err)
	}
}

const oneArea = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"A"},` +
	`"geometry":{"type":"Polygon","coordinates":[[[14,56],[15,56],[15,57],[14,57],[14,56]]]}}]}`

// A municipality is set up by one person with these commands and nothing else.
func TestAMunicipalityIsSetUpByCommands(t *testing.T) {
	t.Parallel()
	c := newTerminal(t)
	var m struct{ Version int }
	c.read(&m, "municipality", "add", "0780", "--name", "Växjö", "--history-from", "2024-01-01")
	var imported struct {
		New     int
		Skipped []any
	}
	c.read(&imported, "areas", "import", c.file("a.geojson", oneArea), "-m", "0780", "--level", "area")
	if imported.New != 1 || imported.Skipped == nil {
		t.Errorf("imported %+v", imported)
	}
	var a struct {
		Sharing string
		Serious bool
		Units   []struct{ Code, Name string }
	}
	c.read(&a, "agency", "add", "uppsatt", "-m", "0780", "--name", "U", "--unit", "b=Söder, city", "--unit", "a=Norr", "--no-serious", "--sharing", "counts", "--max-bytes", "8MiB")
	if a.Sharing != "counts" || a.Serious || len(a.Units) != 2 || a.Units[1].Name != "Söder, city" {
		t.Errorf("added %+v", a)
	}
	for _, args := range [][]string{
		{"properties", "import", c.file("p.csv", "key;lon;lat\nK;14,8;56,9\n")},
		{"mapping", "set", "B", "graffiti"},
		{"mapping", "import", c.file("m.csv", "code,category\nB,graffiti\n")},
		{"unit", "set", "c", "Väst"},
		{"unit", "remove", "c"},
	} {
		if _, talk, code := c.run(append(args, "-m", "0780", "-a", "uppsatt")...); code != 0 {
			t.Errorf("samsyn %s: %s", strings.Join(args, " "), talk)
		}
	}
	for _, tt := range []struct{ args, want string }{
		{"municipality list", "0780  Växjö"},
		{"agency list", "uppsatt  U"},
		{"areas list -m 0780", "area   A"},
		{"properties list -m 0780 -a uppsatt", "K             14.800000  56.900000"},
		{"mapping list -m 0780 -a uppsatt", "B     graffiti"},
		{"unit list -m 0780 -a uppsatt", "b     Söder, city"},
		{"areas retire --all --level area -m 0780", "1"},
	} {
		if out, talk, code := c.run(strings.Fields(tt.args)...); code != 0 || !strings.Contains(out, tt.want) {
			t.Errorf("samsyn %s: %d %s%s", tt.args, code, out, talk)
		}
	}
}

// What the command prints must be enough to send an event, and worth nothing after a suspension.
func TestCredentialsAndKeysAreGivenAndTaken(t *testing.T) {
	t.Parallel()
	c := newTerminal(t)
	c.run("municipality", "add", "0780", "--name", "Växjö", "--history-from", "2024-01-01")
	c.run("agency", "add", "given", "-m", "0780", "--name", "G")
	path := filepath.Join(c.dir, "given.creds")
	var got struct {
		File, URL, Try string
		Publish, Hear  []string
	}
	c.read(&got, "agency", "credentials", "issue", "given", "-m", "0780", "--out", path)
	if want := fmt.Sprintf(`nats --server %s --creds %s req incident.0780.given.reported "$(cat e.json)"`, c.nats.Server.URL(), path); got.Try != want || len(got.Publish) != 7 || len(got.Hear) != 3 {
		t.Errorf("printed %+v", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	agency := c.nats.AgencyConn(path)
	if _, err := agency.Publish(t.Context(), bus.Message{Subject: got.Publish[0], Body: []byte("{}")}); err != nil {
		t.Errorf("publish: %v", err)
	}
	if _, talk, code := c.run("agency", "credentials", "issue", "given", "-m", "0780", "--out", path); code != exitWrongUse || !strings.Contains(talk, "is not overwritten") {
		t.Errorf("a second time: %d %s", code, talk)
	}
	out, _, _ := c.run("agency", "keys", "issue", "given", "-m", "0780", "--label", "prov")
	key := strings.TrimSpace(out)
	if !strings.HasPrefix(key, "sk_") || strings.ContainsAny(key, " \n") {
		t.Fatalf("stdout holds more than the key: %q", out)
	}
	if out, _, _ := c.run("agency", "keys", "list", "given", "-m", "0780"); strings.Contains(out, strings.Split(key, "_")[2]) || !strings.Contains(out, "prov") {
		t.Errorf("the list is\n%s", out)
	}
	if _, talk, code := c.run("agency", "keys", "revoke", "given", strings.Split(key, "_")[1], "-m", "0780"); code != 0 {
		t.Errorf("revoke: %s", talk)
	}
	var a struct {
		Suspended *string `json:"suspended_at"`
	}
	if c.read(&a, "agency", "suspend", "given", "-m", "0780"); a.Suspended == nil {
		t.Error("it is not suspended")
	}
	if _, err := bus.Connect(t.Context(), bus.Config{URL: c.nats.Server.URL(), Creds: path}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("a suspended agency: %v", err)
	}
	again := filepath.Join(c.dir, "again.creds")
	if _, _, code := c.run("agency", "credentials", "issue", "given", "-m", "0780", "--out", again); code != exitFailed {
		t.Errorf("credentials of a suspended agency: %d", code)
	}
	if _, err := os.Stat(again); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty credentials file is left: %v", err)
	}
}

// Each kind of wrong use says what is wrong, where and what to do, and changes nothing.
func TestWrongUseSaysWhatAndChangesNothing(t *testing.T) {
	t.Parallel()
	c := newTerminal(t)
	c.run("municipality", "add", "0780", "--name", "Växjö", "--history-from", "2024-01-01")
	c.run("agency", "add", "felaktig", "-m", "0780", "--name", "F")
	var before, after struct{ Municipalities []struct{ Version int } }
	c.read(&before, "municipality", "list")
	table, good := c.file("t.csv", "code,name\nA,B\n"), c.file("a.geojson", oneArea)
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"areas import " + good + " -m 0781 --level area", exitFailed, `municipality "0781" is unknown; there is 0780 (samsyn municipality add)`},
		{"areas import nowhere.geojson -m 0780 --level area", exitWrongUse, "nowhere.geojson: no such file"},
		{"areas import " + table + " -m 0780 --level area", exitFailed, "t.csv: this is a table (columns code, name); areas are read from GeoJSON"},
		{"areas import " + good + " -m 0780 --level ward", exitWrongUse, `--level must be one of`},
		{"areas import " + good + " -m 0780 --level area --code-field kod", exitFailed, `no feature has a property "kod"; the file has code`},
		{"areas import " + good + " -m 0780 --level area --crs EPSG:3021", exitFailed, "the coordinate system is EPSG:3021; areas are read in"},
		{"areas import " + good + " -m 0780 --level area --crs RT90", exitWrongUse, `"RT90" is not like EPSG:3006`},
		{"areas import " + good + " -m 0780 --level area --where x", exitWrongUse, "is not like kommunkod=0780"},
		{"areas import " + c.file("half.geojson", oneArea[:100]) + " -m 0780 --level area", exitFailed, "half.geojson: "},
		{"areas retire -m 0780 --level area", exitWrongUse, "name the areas to retire, or give --all"},
		{"properties import " + good + " -m 0780 -a felaktig", exitFailed, "a.geojson: this is JSON, not CSV"},
		{"properties import " + table + " -m 0780 -a felaktig", exitFailed, "t.csv: line 1: want the columns key, address"},
		{"properties import " + table + " -m 0780", exitWrongUse, "--agency=CODE"},
		{"mapping set A klotter -m 0780 -a felaktig", exitFailed, `category "klotter" is none of the list (samsyn mapping categories)`},
		{"agency add felaktig -m 0780 --name F", exitFailed, "exists already (samsyn agency set changes it)"},
		{"agency add ny -m 0780 --name N --max-bytes 9GB", exitWrongUse, `"9GB" is not like 256MiB`},
		{"agency add ny -m 0780 --name N --max-bytes 900000GiB", exitFailed, "give the server a larger max_file_store, or the agency a smaller quota"},
		{"agency suspend okand -m 0780", exitFailed, `agency "okand" is unknown; there is felaktig`},
		{"municipality add 0780 --name V --history-from 2024", exitWrongUse, `"2024" is not a date like 2026-01-31`},
		{"municipality set 0780 --as-of 2024-01-01T00:00:00Z", exitFailed, "the wall clock has none"},
		{"municipality set 0780 --as-of 2024-01-01", exitWrongUse, "is not a time like 2026-01-31T12:00:00+01:00"},
	} {
		out, talk, code := c.run(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(talk, tt.want) || out != "" {
			t.Errorf("samsyn %s: %d %s%s", tt.args, code, out, talk)
		}
	}
	c.read(&after, "municipality", "list")
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("%v became %v", before, after)
	}
	c.servers[1] = "postgres://127.0.0.1:1/samsyn"
	if _, talk, code := c.run("agency", "list"); code != exitFailed || !strings.Contains(talk, "the database cannot be used") || !strings.Contains(talk, "run the command again") {
		t.Errorf("with the database away: %d %s", code, talk)
	}
}

// Help without an example sends people to the source.
func TestEveryCommandHasAnExample(t *testing.T) {
	var cli commands
	parser, err := kong.New(&cli, kong.Name("samsyn"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(false) {
		name := strings.Join(append([]string{"samsyn"}, strings.Fields(command.FullPath())[1:]...), " ")
		if !strings.Contains(command.Detail, "Example: ") || !strings.Contains(command.Detail, name) {
			t.Errorf("%s has no example: %q", name, command.Detail)
		}
	}
}
