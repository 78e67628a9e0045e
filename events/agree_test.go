// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"samsyn/schemas"
)

// odd are values that are wrong, or right in a way of their own, somewhere in an event.
var odd = []string{
	`null`, `true`, `false`, `0`, `-0`, `-1`, `1`, `2`, `4`, `5`, `1.5`, `2.0`, `1e3`, `17`, `58.7`, `181`, `-91`, `616012.5`, `6514377`,
	`1e300`, `2147483647`, `2147483648`, `""`, `" "`, `"x"`, `"x:"`, `"X:A"`, `"x: b"`, `"graffiti "`, `"Graffiti"`, `"två ord"`,
	`"observed"`, `"Observed"`, `"dwelling"`, `"DWELLING "`, `"square"`, `"partners"`, `"none"`, `"30+"`, `"a/b"`, `".."`, `"A1"`, `" A1"`,
	`"norr"`, `"Norr"`, `"😡"`, `"a\u200bb"`, `"a\u0007b"`, `"e\u0301"`, `"1.0"`, `"application/json"`, `"urn:samsyn:0480:bostad"`,
	`"urn:samsyn:0480"`, `"urn:samsyn:schema:samsyn.incident.reported.v1"`, `"2026-06-30T20:00:00Z"`, `"2026-06-30T20:00:00.5+02:00"`,
	`"2026-06-30T20:00:00,5Z"`, `"2026-06-30T20:00:00.12345Z"`, `"2026-06-30T20:00:00.1230Z"`, `"2026-06-30T20:00:00"`,
	`"2026-06-30t20:00:00z"`, `"2026-06-30 20:00:00Z"`, `"2027-02-29T20:00:00Z"`, `"2028-02-29T20:00:00Z"`, `"1999-12-31T23:59:59Z"`,
	`"9999-01-01T00:00:00Z"`, `"2026-06-30T24:00:00Z"`, `"2026-06-30T20:00:60Z"`, `"2026-06-30T20:00:00+24:00"`,
	`"2026-06-30T20:00:00-00:00"`, `"2026-12-31T20:00:00Z"`, `"incident"`, `"nothing"`, `"Nothing"`, `"counts"`, `"context"`, `"event"`,
	`"other"`, `"samsyn.incident.reported.v1"`, `"samsyn.incident.corrected.v1"`, `"samsyn.incident.withdrawn.v1"`,
	`"samsyn.nothing.reported.v1"`, `"samsyn.counts.reported.v1"`, `"samsyn.context.announced.v1"`, `"samsyn.incident.reported.v2"`,
	`[]`, `[null]`, `[1]`, `["norr"]`, `["Norr"]`, `["cleaned"]`, `["pii_name","pii_name"]`, `["pii_phone"]`, `["A1"]`, `["A 1"]`, `{}`,
	`{"from":"2026-06-30T20:00:00Z"}`, `{"from":null}`, `{"to":"2026-06-30T20:00:00Z"}`, `{"area":"A1"}`, `{"area":null}`, `{"lon":17}`,
	`{"lon":17,"lat":null}`, `{"lon":0,"lat":0}`, `{"lon":0,"lat":-0.0}`, `{"lon":616012,"lat":6514377}`, `{"property":""}`,
	`{"property":"😡"}`, `{"property":"Oppeby 4:2","x_a":1}`, `{"easting":616012,"northing":6514377}`, `{"easting":1,"northing":1}`,
	`"` + strings.Repeat("å", 65) + `"`, `"` + strings.Repeat("å", 201) + `"`, `"` + strings.Repeat("å", 501) + `"`,
	`"` + strings.Repeat("e\\u0301", 300) + `"`, `"x:` + strings.Repeat("k", 64) + `"`, `"x:` + strings.Repeat("k", 65) + `"`,
}

// names are members of some kind of data, and some of none.
var names = []string{
	"report", "revision", "category", "occurred", "place", "place_type", "severity", "certainty", "persons", "ongoing", "text",
	"measures_taken", "police_reported", "sharing", "groups", "share_after", "unit", "reporter", "origin", "test", "reference",
	"reviewed", "kind", "reason", "from", "to", "area", "areas", "n", "occurs", "lon", "lat", "easting", "northing", "property", "x_own",
	"Report", "colour", "id", "source", "type", "time", "specversion", "datacontenttype", "dataschema", "subject", "traceparent", "data",
}

// The schema is what an agency validates against before it sends; the decoder is what decides. Every member that stands in
// some golden event of a type gets every odd value in turn, every object every name it does not have, and both must judge
// the same.
func TestDecoderAndSchemaAcceptAndRefuseTheSame(t *testing.T) {
	values, tried := slices.Concat(odd, schemaWords(t), lengths()), map[string]bool{}
	for _, file := range golden(t, "v1") {
		var event map[string]any
		if err := json.Unmarshal(read(t, file), &event); err != nil {
			t.Fatal(err)
		}
		eachObject(event, fmt.Sprint(event["type"]), func(path string, object map[string]any) {
			for _, name := range slices.Sorted(maps.Keys(object)) {
				if tried[path+name] {
					continue
				}
				tried[path+name] = true
				kept := object[name]
				for _, value := range values {
					object[name] = json.RawMessage(value)
					agreeOn(t, event)
				}
				delete(object, name)
				agreeOn(t, event)
				object[name] = kept
			}
			for _, name := range names {
				if _, has := object[name]; has || tried[path+"+"+name] {
					continue
				}
				tried[path+"+"+name] = true
				for _, value := range []string{`null`, `"a"`, `2`, `["a1"]`, `{"area":"A1"}`} {
					object[name] = json.RawMessage(value)
					agreeOn(t, event)
				}
				delete(object, name)
			}
		})
	}
}

func agreeOn(t *testing.T, event map[string]any) {
	t.Helper()
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, body)
	if t.Failed() {
		t.FailNow()
	}
}

// eachObject visits an object and all that it holds, each with its path.
func eachObject(object map[string]any, path string, visit func(string, map[string]any)) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if inner, ok := object[name].(map[string]any); ok {
			eachObject(inner, path+"/"+name, visit)
		}
	}
	visit(path+"/", object)
}

// schemaWords lists every word that a schema's enum allows anywhere, as JSON.
func schemaWords(t *testing.T) []string {
	t.Helper()
	body, err := schemas.Events.ReadFile("events/common.v1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, enum := range regexp.MustCompile(`"enum": \[([^\]]*)\]`).FindAllSubmatch(body, -1) {
		for word := range strings.SplitSeq(string(enum[1]), ",") {
			words = append(words, strings.TrimSpace(word))
		}
	}
	if len(words) < 40 {
		t.Fatalf("only %d words in the schema", len(words))
	}
	return words
}

// lengths are strings on either side of every limit of the contract.
func lengths() []string {
	var list []string
	for _, n := range []int{1, 2, 16, 17, 32, 33, 64, 65, 66, 67, 128, 129, 200, 500, 512, 513} {
		list = append(list, `"`+strings.Repeat("a", n)+`"`)
	}
	return list
}

// The same for events that are wrong in two or three places.
func TestDecoderAndSchemaAgreeOnSeveralMistakes(t *testing.T) {
	var seeds [][]byte
	for _, file := range golden(t, "v1") {
		seeds = append(seeds, read(t, file))
	}
	rapid.Check(t, func(rt *rapid.T) {
		var event map[string]any
		if err := json.Unmarshal(rapid.SampledFrom(seeds).Draw(rt, "seed"), &event); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(2, 3).Draw(rt, "changes") {
			change(rt, event)
		}
		agreeOn(t, event)
	})
}

// change puts an odd value anywhere, or takes a member away.
func change(t *rapid.T, event map[string]any) {
	at := event
	for depth := 0; ; depth++ {
		keys := slices.Sorted(maps.Keys(at))
		inner := slices.DeleteFunc(keys, func(k string) bool { _, ok := at[k].(map[string]any); return !ok })
		if len(inner) == 0 || rapid.IntRange(0, 2).Draw(t, "stay") == 0 {
			break
		}
		at, _ = at[rapid.SampledFrom(inner).Draw(t, "into")].(map[string]any)
	}
	name := rapid.SampledFrom(append(slices.Sorted(maps.Keys(at)), names...)).Draw(t, "name")
	if rapid.IntRange(0, 9).Draw(t, "drop") == 0 {
		delete(at, name)
		return
	}
	at[name] = json.RawMessage(rapid.SampledFrom(odd).Draw(t, "value"))
}

// Whatever comes: no panic, one outcome, reasons that can be stored and shown, and for what is accepted the same event
// after another round. Decoder and schema agree, and the gate takes no more than other strict readers of JSON.
func FuzzDecode(f *testing.F) {
	for _, file := range golden(f, "v1") {
		f.Add(read(f, file))
	}
	bad, err := filepath.Glob("corpus/bad/*.raw")
	if err != nil || len(bad) == 0 {
		f.Fatalf("no corpus of bad input: %v", err)
	}
	for _, file := range bad {
		f.Add(read(f, file))
	}
	for _, value := range odd {
		f.Add([]byte(strings.Replace(usual, `"graffiti"`, value, 1)))
		f.Add([]byte(strings.Replace(usual, `"severity":2`, `"severity":`+value, 1)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sent := string(body)
		e, reasons := Decode(body)
		if sent != string(body) {
			t.Fatal("the body was changed")
		}
		checkReasons(t, append(slices.Clone(reasons), e.Notes...))
		checkIdentity(t, e)
		checkGate(t, body, reasons)
		agree(t, body)
		if len(reasons) > 0 {
			return
		}
		again, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		round, reasons := Decode(again)
		if len(reasons) > 0 {
			t.Fatalf("%s\n%s\n%+v", body, again, reasons)
		}
		if diff := cmp.Diff(withoutTraces(e), withoutTraces(round), sameTime); diff != "" {
			t.Fatalf("%s\n%s\n%s", body, again, diff)
		}
	})
}

func checkReasons(t *testing.T, reasons []Reason) {
	t.Helper()
	if len(reasons) > 2*MaxReasons {
		t.Fatalf("%d reasons", len(reasons))
	}
	for _, r := range reasons {
		if _, known := codes[r.Code]; !known {
			t.Fatalf("no such code: %+v", r)
		}
		control := strings.ContainsFunc(r.Path, func(c rune) bool { return c < ' ' || c == 0x7f })
		if control || !jsontext.Pointer(r.Path).IsValid() {
			t.Fatalf("a path that cannot be stored: %s", strconv.Quote(r.Path))
		}
	}
}

func checkIdentity(t *testing.T, e Event) {
	t.Helper()
	if e.Report != "" && !e.Report.Valid() || e.ID != "" && !validID(e.ID, maxID) ||
		e.Municipality != "" && !e.Municipality.Valid() || e.Agency != "" && !e.Agency.Valid() ||
		e.Verb != "" && !e.Verb.Valid() || e.Revision < 0 {
		t.Fatalf("an identity that cannot be stored: %+v", e)
	}
}

// checkGate compares with jsontext, which is strict but for NUL and limits: what it refuses, so must the gate.
func checkGate(t *testing.T, body []byte, reasons []Reason) {
	t.Helper()
	if len(reasons) == 0 && !jsontext.Value(strings.TrimPrefix(string(body), string(bom))).IsValid() {
		t.Fatalf("the gate takes what jsontext refuses: %q", body)
	}
	if len(reasons) == 1 && reasons[0].Code == JSONSyntax && json.Valid(body) {
		t.Fatalf("the gate calls valid JSON a syntax error: %q", body)
	}
}
