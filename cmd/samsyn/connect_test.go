// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/services/connector"
)

// office is an agency beside an installation: a folder, and credentials of both kinds.
type office struct {
	t          *testing.T
	in         *installed
	dir        string
	creds, key string
}

const squareOfVaxjo = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"A"},` +
	`"geometry":{"type":"Polygon","coordinates":[[[14.5,56.5],[15.2,56.5],[15.2,57.1],[14.5,57.1],[14.5,56.5]]]}}]}`

func newOffice(t *testing.T) *office {
	t.Helper()
	data := filepath.Join(openDir(t), "data")
	o := &office{t: t, in: up(t, data), dir: filepath.Join(t.TempDir(), "samsyn"), creds: filepath.Join(t.TempDir(), "bostad.creds")}
	o.must("municipality", "add", "0780", "--name", "Växjö", "--history-from", "2020-01-01", "--data", data)
	o.must("areas", "import", file(t, "a.geojson", squareOfVaxjo), "-m", "0780", "--level", "area", "--data", data)
	o.must("agency", "add", "bostad", "-m", "0780", "--name", "Bostad", "--data", data)
	o.must("agency", "credentials", "issue", "bostad", "-m", "0780", "--out", o.creds, "--data", data)
	var issued struct{ Key string }
	if err := json.Unmarshal([]byte(o.must("agency", "keys", "issue", "bostad", "-m", "0780", "--data", data, "--output", "json")), &issued); err != nil {
		t.Fatal(err)
	}
	o.key = file(t, "key", issued.Key+"\n")
	for _, dir := range []string{"in", "done"} {
		if err := os.MkdirAll(filepath.Join(o.dir, dir), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// must runs a command that must succeed and returns what it writes.
func (o *office) must(args ...string) string {
	o.t.Helper()
	code, out, talk := call(o.t, args...)
	if code != 0 {
		o.t.Fatalf("samsyn %s: %d: %s", strings.Join(args, " "), code, talk)
	}
	return out
}

func (o *office) drop(name, text string) {
	o.t.Helper()
	half := filepath.Join(o.dir, "in", name+".tmp")
	if err := os.WriteFile(half, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Rename(half, strings.TrimSuffix(half, ".tmp")); err != nil {
		o.t.Fatal(err)
	}
}

// nats and http are the flags for either way.
func (o *office) nats() []string {
	return []string{"--server", o.in.NATS, "--creds", o.creds, "--settle", "100ms", "--log", "info"}
}

func (o *office) http() []string {
	return []string{"--server", o.in.HTTP, "--key-file", o.key, "--settle", "100ms", "--log", "error"}
}

// connect runs a connector to its end.
func (o *office) connect(way []string, args ...string) (code int, sum connector.Summary, talk string) {
	o.t.Helper()
	args = append(append([]string{"connect", o.dir, "--output", "json"}, way...), args...)
	code, out, talk := call(o.t, args...)
	if out != "" {
		if err := json.Unmarshal([]byte(out), &sum); err != nil {
			o.t.Fatalf("%v in %s", err, out)
		}
	}
	return code, sum, talk
}

// receipts reads what stands beside a file in done/.
func (o *office) receipts(name string) (all []struct {
	Line      int
	Report    string
	Revision  int
	Outcome   events.Outcome
	Unchanged bool
},
) {
	o.t.Helper()
	text, err := os.ReadFile(filepath.Join(o.dir, "done", name+".receipts.ndjson"))
	if err != nil {
		o.t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		all = append(all, struct {
			Line      int
			Report    string
			Revision  int
			Outcome   events.Outcome
			Unchanged bool
		}{})
		if err := json.Unmarshal(line, &all[len(all)-1]); err != nil {
			o.t.Fatal(err)
		}
	}
	return all
}

// stored asks the platform for every receipt it has given, as report:revision outcome.
func (o *office) stored() []string {
	o.t.Helper()
	key, err := connector.ReadKey(o.key)
	if err != nil {
		o.t.Fatal(err)
	}
	var all []string
	for after := ""; ; {
		request, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet,
			o.in.HTTP+"/samsyn/v1/receipts?limit=1000&after="+url.QueryEscape(after), nil)
		if err != nil {
			o.t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			o.t.Fatal(err)
		}
		var page struct {
			Receipts []events.Receipt
			Next     string
		}
		err = errors.Join(json.NewDecoder(answer.Body).Decode(&page), answer.Body.Close())
		if err != nil {
			o.t.Fatal(err)
		}
		if len(page.Receipts) == 0 {
			return all
		}
		for _, r := range page.Receipts {
			all = append(all, fmt.Sprintf("%s:%d %s", r.Report, r.Revision, r.Outcome))
		}
		after = page.Next
	}
}

const officeMapping = `
version: 1
report: {columns: Nr}
occurred: {from: {date: Datum, time: Tid}}
category:
  column: Typ
  values: {Klotter: graffiti, Krossat glas: broken_window, Vitvaror: skip}
place: {lon: Lon, lat: Lat}
`

// export is an agency's list: rows of which some are not to be sent, some cannot be, and some lie outside the municipality.
// From version 2 on every seventh of the first rows has been changed.
func export(rows, version int) string {
	var b strings.Builder
	b.WriteString("Nr;Datum;Tid;Typ;Lon;Lat\r\n")
	for i := range rows {
		kind, lon, minute := "Klotter", fmt.Sprintf("14,%04d", 8000+i), i%60
		switch i % 50 {
		case 10:
			kind = "Vitvaror"
		case 20:
			kind = "Lekplats"
		case 30:
			lon = "17,0000"
		}
		if version > 1 && changed(i) {
			kind = "Krossat glas"
		}
		fmt.Fprintf(&b, "F-%05d;2026-06-%02d;%02d:%02d;%s;%s;56,8777\r\n", i, i%28+1, i%24, minute, kind, lon)
	}
	return b.String()
}

func changed(i int) bool { return i%7 == 0 && i%50 != 10 && i%50 != 20 && i%50 != 30 }

// The agency's machine loses power 20 times while two of its lists are on their way, the second one the first with changes
// and more. Every row is answered as it must be, and the platform has every version of every report once.
func TestConnectorKilledLosesAndDoublesNothing(t *testing.T) {
	const kills, first, second = 20, 1500, 2000
	o := newOffice(t)
	if err := os.WriteFile(filepath.Join(o.dir, "mapping.yaml"), []byte(officeMapping), 0o600); err != nil {
		t.Fatal(err)
	}
	o.drop("vecka1.csv", export(first, 1))
	o.drop("vecka2.csv", export(second, 2))
	seed := killSeed(t)
	dice := rand.New(rand.NewPCG(seed, 3))
	for n := range kills {
		// Both lists make a journal of some 5 MB: each life may add a twenty-fifth of it at the most.
		o.killedAfter(n, int64(1+dice.IntN(200_000)))
	}
	code, sum, talk := o.connect(o.nats(), "--once", "--wait", "60s")
	if code != exitFailed || !strings.Contains(talk, "rows were refused") {
		t.Errorf("%d: %s", code, talk)
	}
	if len(sum.Files) == 0 {
		t.Fatal("nothing was left to do after the last kill")
	}
	want := o.checkReceipts("vecka1.csv", first, 1)
	want = append(want, o.checkReceipts("vecka2.csv", second, 2)...)
	slices.Sort(want)
	want = slices.Compact(want)
	got := o.stored()
	slices.Sort(got)
	if lost, doubled := difference(want, got), difference(got, want); len(lost)+len(doubled) > 0 || len(got) != len(want) {
		t.Errorf("%d stored, %d wanted; lost %v; too many %v", len(got), len(want), lost, doubled)
	}
	var verified struct {
		OK       bool
		Problems []any
	}
	out := o.must("verify", "--data", o.in.dir, "--output", "json")
	if err := json.Unmarshal([]byte(out), &verified); err != nil || !verified.OK {
		t.Errorf("verify: %v %s", err, out)
	}
}

// killedAfter runs a connector and kills it when its journal has grown by so much.
func (o *office) killedAfter(n int, growth int64) {
	o.t.Helper()
	before := o.journal()
	c := exec.Command(os.Args[0], append([]string{"connect", o.dir}, o.nats()...)...)
	c.Env = append(os.Environ(), "SAMSYN_TEST_MAIN=1")
	var talk strings.Builder
	c.Stderr = &talk
	if err := c.Start(); err != nil {
		o.t.Fatal(err)
	}
	err := within(o.t.Context(), 30*time.Second, func(context.Context) (bool, error) { return o.journal() >= before+growth, nil })
	if kill := c.Process.Signal(syscall.SIGKILL); kill != nil {
		o.t.Fatalf("kill %d: %v\n%s", n+1, kill, &talk)
	}
	_ = c.Wait() // it was killed
	if err != nil {
		o.t.Fatalf("life %d: the journal did not grow by %d: %v\n%s", n+1, growth, err, &talk)
	}
	o.t.Logf("kill %d: the journal grew from %d to %d", n+1, before, o.journal())
}

func (o *office) journal() (size int64) {
	found, _ := filepath.Glob(filepath.Join(o.dir, "outbox", "*.log")) // the pattern is right
	for _, path := range found {
		if info, err := os.Stat(path); err == nil {
			size += info.Size()
		} else if !errors.Is(err, fs.ErrNotExist) {
			o.t.Fatal(err)
		}
	}
	return size
}

// checkReceipts compares what stands beside a list with what must, row by row, and returns what the platform must have.
func (o *office) checkReceipts(name string, rows, version int) (want []string) {
	o.t.Helper()
	got := o.receipts(name)
	if len(got) != rows {
		o.t.Fatalf("%s: %d receipts for %d rows", name, len(got), rows)
	}
	wrong := 0
	for i, r := range got {
		report, revision, outcome := fmt.Sprintf("F-%05d", i), 1, events.Accepted
		switch i % 50 {
		case 10:
			report, outcome = "", "skipped"
		case 20:
			revision, outcome = 0, events.Refused
		case 30:
			outcome = events.Quarantined
		}
		known := version == 2 && i < 1500
		if known && changed(i) {
			revision, known = 2, false
		}
		if i%50 == 10 || i%50 == 20 {
			known = false
		}
		if r.Line != i+2 || r.Report != report || r.Outcome != outcome || outcome != "skipped" && r.Revision != revision || r.Unchanged != known {
			if wrong++; wrong < 10 {
				o.t.Errorf("%s row %d: %+v, want %s:%d %s, unchanged %v", name, i, r, report, revision, outcome, known)
			}
		}
		if outcome == events.Accepted || outcome == events.Quarantined {
			want = append(want, fmt.Sprintf("%s:%d %s", report, revision, outcome))
		}
	}
	return want
}

// difference lists what a has and b has not.
func difference(a, b []string) (only []string) {
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found && len(only) < 10 {
			only = append(only, s)
		}
	}
	return only
}

// A developer of an agency gets from a file of another system to receipts with these commands and nothing else, over
// either way.
func TestConnectFromAnExportToReceipts(t *testing.T) {
	o := newOffice(t)
	list := strings.NewReplacer("Lekplats", "Klotter", "Vitvaror", "Klotter", "17,0000", "14,8000").Replace(export(40, 1))
	if code, _, talk := call(t, "connect", o.dir, "--init", file(t, "export.csv", list)); code != 0 || !strings.Contains(talk, "Read it through") {
		t.Fatalf("%d: %s", code, talk)
	}
	o.drop("a.csv", list)
	code, _, talk := o.connect(o.nats(), "--dry-run")
	if code != 0 || !strings.Contains(talk, "a.csv: 40 rows: 40 would be accepted") {
		t.Errorf("%d: %s", code, talk)
	}
	if len(o.stored()) != 0 {
		t.Error("the dry run stored something")
	}
	code, sum, talk := o.connect(o.nats(), "--once", "--wait", "30s")
	if code != 0 || len(sum.Files) != 1 || sum.Files[0].Accepted != 40 {
		t.Errorf("%d: %+v %s", code, sum, talk)
	}
	data := `{"report":"H-%d","category":"theft","occurred":{"from":"2026-06-30T12:00:00Z"},"place":{"lon":14.8,"lat":56.88}%s}` + "\n"
	o.drop("b.ndjson", fmt.Sprintf(data, 1, "")+fmt.Sprintf(data, 2, `,"text":"19811228-9874"`)+fmt.Sprintf(data, 1, `,"revision":2`))
	o.drop("c.csv", list)
	code, sum, talk = o.connect(o.http(), "--once", "--wait", "30s")
	if code != exitFailed || len(sum.Files) != 2 || sum.Files[0].Accepted != 2 || sum.Files[0].Refused != 1 || sum.Files[1].Unchanged != 40 {
		t.Errorf("%d: %+v %s", code, sum, talk)
	}
	if got := len(o.stored()); got != 42 {
		t.Errorf("%d stored", got)
	}
	// A folder that was lost, and a platform that has everything: over HTTP the list of receipts is read from the start.
	if err := os.RemoveAll(filepath.Join(o.dir, "outbox")); err != nil {
		t.Fatal(err)
	}
	o.drop("d.csv", list)
	if code, sum, talk = o.connect(o.http(), "--once", "--wait", "30s"); code != 0 || sum.Files[0].Accepted != 40 || len(o.stored()) != 42 {
		t.Errorf("%d: %+v %s", code, sum, talk)
	}
}

// Who calls it wrongly hears what to give, and nothing is begun.
func TestConnectWrongUse(t *testing.T) {
	dir := t.TempDir()
	table := file(t, "t.csv", "a;b\n1;2\n")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"connect"}, `expected "<dir>"`},
		{[]string{"connect", dir}, "give --creds"},
		{[]string{"connect", dir, "--creds", "x.creds"}, "give --server"},
		{[]string{"connect", dir, "--creds", "x.creds", "--server", "nats://127.0.0.1:1"}, "no such file"},
		{[]string{"connect", dir, "--key-file", "x", "--server", "https://127.0.0.1:1"}, "no such file"},
		{[]string{"connect", dir, "--init", "nowhere.csv"}, "no such file"},
		{[]string{"connect", dir, "--key-file", table, "--server", "http://127.0.0.1:1", "--dry-run"}, "no folder"},
	} {
		if code, _, talk := call(t, tt.args...); code != exitWrongUse || !strings.Contains(talk, tt.want) {
			t.Errorf("%v: %d: %s", tt.args, code, talk)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v %v", entries, err)
	}
	if code, _, talk := call(t, "connect", dir, "--init", file(t, "t.json", "{}")); code != exitFailed || !strings.Contains(talk, "this is JSON") {
		t.Errorf("%d: %s", code, talk)
	}
	for range 2 {
		call(t, "connect", dir, "--init", table)
	}
	if code, _, talk := call(t, "connect", dir, "--init", table); code != exitWrongUse || !strings.Contains(talk, "move it away") {
		t.Errorf("%d: %s", code, talk)
	}
}
