// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

var us = identity{"0480", "bostad"}

// A system that can write only what happened must not have to know of envelopes: the data alone, of every kind, becomes the
// event that it was part of.
func TestBareDataBecomesItsEvent(t *testing.T) {
	golden, err := filepath.Glob("../../events/testdata/golden/v1/*.json")
	must(t, err)
	if len(golden) < 10 {
		t.Fatalf("%d golden events", len(golden))
	}
	for _, path := range golden {
		body, err := os.ReadFile(path)
		must(t, err)
		var whole struct {
			Source string          `json:"source"`
			Time   time.Time       `json:"time"`
			Data   json.RawMessage `json:"data"`
		}
		must(t, json.Unmarshal(body, &whole))
		m, a, _ := events.ParseSource(whole.Source)
		want, reasons := events.Decode(body)
		if len(reasons) > 0 {
			t.Fatalf("%s: %+v", path, reasons)
		}
		got := judge(complete(whole.Data, identity{m, a}, whole.Time), identity{m, a})
		if len(got.reasons) > 0 || got.event.Type != want.Type || got.event.Kind != want.Kind || got.event.Revision != want.Revision {
			t.Errorf("%s became %s %s:%d %+v", filepath.Base(path), got.event.Type, got.event.Report, got.event.Revision, got.reasons)
		}
		if got.event.Content != want.Content {
			t.Errorf("%s: the content was changed: %s", filepath.Base(path), got.body)
		}
	}
}

// What was written is never changed, only completed.
func TestEnvelopeIsCompleted(t *testing.T) {
	now := time.Date(2026, 6, 30, 15, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ name, text, want string }{
		{
			"nothing lacks",
			`{"specversion":"1.0","id":"x","source":"urn:samsyn:0480:bostad","type":"t","time":"2026-01-01T00:00:00Z","data":{"report":"A"}}`,
			`{"specversion":"1.0","id":"x","source":"urn:samsyn:0480:bostad","type":"t","time":"2026-01-01T00:00:00Z","data":{"report":"A"}}`,
		},
		{
			"an envelope",
			` { "type" : "t", "data":{"report":"A","revision":3}}`,
			` {"specversion":"1.0","id":"A:3","source":"urn:samsyn:0480:bostad","time":"2026-06-30T15:00:00.000Z", "type" : "t", "data":{"report":"A","revision":3}}`,
		},
		{
			"no id that can be made",
			`{"type":"t","data":{"report":"å"}}`,
			`{"specversion":"1.0","source":"urn:samsyn:0480:bostad","time":"2026-06-30T15:00:00.000Z","type":"t","data":{"report":"å"}}`,
		},
		{
			"data",
			`{"report":"A","category":"graffiti"}`,
			`{"specversion":"1.0","id":"A:1","source":"urn:samsyn:0480:bostad","time":"2026-06-30T15:00:00.000Z","type":"samsyn.incident.reported.v1","data":{"report":"A","category":"graffiti"}}`,
		},
		{
			"a correction of nothing",
			`{"report":"A","revision":2,"from":"a","to":"b"}`,
			`{"specversion":"1.0","id":"A:2","source":"urn:samsyn:0480:bostad","time":"2026-06-30T15:00:00.000Z","type":"samsyn.incident.corrected.v1","data":{"kind":"nothing","report":"A","revision":2,"from":"a","to":"b"}}`,
		},
		{"no object", `[1]`, `[1]`},
		{"nothing in it", `{}`, `{}`},
		{"broken", `{"data":`, `{"data":`},
	} {
		if got := string(complete([]byte(tt.text), us, now)); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

// Systems write JSON over several lines, and lists; each event keeps its line.
func TestFilesOfJSONAreTakenApart(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"lines", "{\"a\":1}\n\n{\"b\":\r\n{\"c\":3}\r\n", `1 {"a":1} 3 {"b": 4 {"c":3}`},
		{"one object", "{\n \"a\": 1\n}\n", "1 {\n \"a\": 1\n}"},
		{"an array", "\xef\xbb\xbf[\n{\"a\":1},\n\n {\"b\":2}]", `2 {"a":1} 4 {"b":2}`},
		{"an array on a line", `[{"a":1},{"a":1}]`, `1 {"a":1} 1 {"a":1}`},
		{"an empty array", `[]`, ``},
	} {
		var all []string
		for _, l := range splitLines([]byte(tt.file)) {
			all = append(all, string(rune('0'+l.number))+" "+string(l.text))
		}
		if got := strings.Join(all, " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Whatever stands on a line, there is an answer to it, and what may leave is an event that the platform can read.
func FuzzLine(f *testing.F) {
	f.Add([]byte(incident("A", "")))
	f.Add([]byte(`{"type":"samsyn.nothing.reported.v1","data":{"report":"A"}}`))
	f.Add([]byte("{\"data\":{}}\n[{]"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := lineReader{splitLines(file), deciding{
			who: us, taken: time.Unix(1e9, 0), known: func(events.Kind, events.ReportID) (outbox.Known, bool) { return outbox.Known{}, false },
		}}
		for i := range r.count() {
			row := r.row(i)
			if (row.Body == nil) == (row.Answer == nil) {
				t.Fatalf("%+v", row)
			}
			if row.Body == nil {
				continue
			}
			if e, _ := events.Decode(row.Body); e.Report != row.Report || e.Agency != us.agency || !e.Verb.Valid() {
				t.Fatalf("%s: %+v", row.Body, e)
			}
		}
	})
}

// The table of receipts is opened in a spreadsheet: nothing in it may be taken for a formula.
func TestCellsAreHarmless(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "@x": "'@x", "-1": "'-1", "A-1": "A-1", "": ""} {
		equal(t, in, harmless(in), want)
	}
}
