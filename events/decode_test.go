// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func said(reasons []Reason) []string {
	var list []string
	for _, r := range reasons {
		list = append(list, string(r.Code)+" "+r.Path)
	}
	return list
}

// Clocks differ by minutes, not more: an incident that occurred after its report is the sender's to look at.
func TestOccurredMayBeFiveMinutesLaterThanReported(t *testing.T) {
	for to, want := range map[string][]string{
		"2026-07-01T00:04:00+02:00":     nil,
		"2026-07-01T00:04:00.001+02:00": {"time_order /data/occurred/to"},
	} {
		_, reasons := Decode([]byte(strings.Replace(usual, `"to":"2026-06-30T23:00:00+02:00"`, `"to":"`+to+`"`, 1)))
		if got := said(reasons); !slices.Equal(got, want) {
			t.Errorf("reported 23:59, occurred until %s: %v, want %v", to, got, want)
		}
	}
}

// A sender who is told of one mistake a day stops sending.
func TestEveryReasonIsGivenAtOnce(t *testing.T) {
	body := `{"specversion":"0.9","id":"a b","source":"urn:samsyn:0480:bostad","type":"samsyn.incident.reported.v1",
		"time":"2026-06-30T23:59:00","role":"admin","data":{"report":"R/1","category":"","severity":9,"SEVERITY":1,"text":"a\u0000b",
		"occurred":{"from":"2026-06-30","to":17,"until":1},"place":{"lon":"17","lat":91.12345678901234,"lat":3},"groups":["A b",1],
		"place_type":"dwelling","unit":null}}`
	e, reasons := Decode([]byte(body))
	want := []string{
		"nul_char /data/text", "number_precision /data/place/lat", "duplicate_member /data/place/lat",
		"unknown_member /role", "range /specversion", "bad_id /id", "time_no_zone /time",
		"unknown_member /data/SEVERITY", "bad_id /data/report", "required /data/category", "unknown_member /data/occurred/until",
		"time_syntax /data/occurred/from", "time_syntax /data/occurred/to", "dwelling /data/place_type", "range /data/severity",
		"type /data/place/lon", "range /data/groups/0", "type /data/groups/1",
	}
	if got := said(reasons); !slices.Equal(got, want) {
		t.Errorf("reasons\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if e.Agency != "bostad" || e.Verb != Reported || e.Incident == nil {
		t.Errorf("what could be read is gone: %+v", e)
	}
}

// Twenty reasons are enough to begin with, and a hostile event must not cost more.
func TestReasonsEndAtTwenty(t *testing.T) {
	var members []string
	for i := range 60 {
		members = append(members, fmt.Sprintf(`"m%d":0`, i))
	}
	_, reasons := Decode([]byte(`{"type":"samsyn.incident.reported.v1","data":{` + strings.Join(members, ",") + `}}`))
	if len(reasons) != MaxReasons {
		t.Errorf("%d reasons", len(reasons))
	}
}

// The receipt of a refused event must say which report it answers.
func TestARefusedEventKeepsItsIdentity(t *testing.T) {
	for name, body := range map[string]string{
		"a wrong field":    strings.Replace(usual, `"severity":2`, `"severity":9`, 1),
		"a duplicate":      strings.Replace(usual, `"severity":2`, `"severity":2,"severity":2`, 1),
		"half a character": strings.Replace(usual, `Klotter`, `Kl\ud800`, 1),
		"no place":         strings.Replace(usual, `"place":`, `"x_place":`, 1),
		"trailing":         usual + "{}",
		"an unknown type":  strings.Replace(usual, `samsyn.incident.reported.v1`, `se.example.v1`, 1),
		"a newer type":     strings.Replace(usual, `reported.v1`, `reported.v2`, 1),
	} {
		e, reasons := Decode([]byte(body))
		if len(reasons) == 0 || e.Report != "R-2026-004711" || e.Agency != "bostad" || e.Revision != 1 {
			t.Errorf("%s: %s %s %d, %+v", name, e.Agency, e.Report, e.Revision, reasons)
		}
	}
}

// A version from the future is kept for after the upgrade: its verb, kind and identity are known, its data is not judged.
func TestANewerVersionIsQuarantinedWithItsIdentity(t *testing.T) {
	body := `{"specversion":"1.0","id":"a","source":"urn:samsyn:0480:bostad","type":"samsyn.incident.corrected.v3","time":"2026-06-30T23:59:00Z",
		"moon":"full","data":{"report":"N-1","revision":7,"kind":"nothing","colour":"red"}}`
	e, reasons := Decode([]byte(body))
	if got := said(reasons); !slices.Equal(got, []string{"schema_unsupported /type"}) || Worst(reasons) != Quarantined {
		t.Errorf("%v", got)
	}
	if e.Verb != Corrected || e.Kind != KindNothing || e.Report != "N-1" || e.Revision != 7 || e.Content == [32]byte{} {
		t.Errorf("%+v", e)
	}
}

// A correction says what it corrects. A context event has a kind of its own, which says it too.
func TestKindOfACorrectionOrWithdrawal(t *testing.T) {
	event := func(verb, data string) []byte {
		return []byte(`{"specversion":"1.0","id":"a","source":"urn:samsyn:0480:bostad","type":"samsyn.incident.` + verb + `.v1",
			"time":"2026-06-30T23:59:00Z","data":{"report":"R","revision":2` + data + `}}`)
	}
	interval := `"from":"2026-06-22T00:00:00Z","to":"2026-06-29T00:00:00Z"`
	for _, c := range []struct {
		verb, data string
		kind       Kind
		context    string
	}{
		{"withdrawn", ``, KindIncident, ""},
		{"withdrawn", `,"kind":null`, KindIncident, ""},
		{"withdrawn", `,"kind":"counts"`, KindCounts, ""},
		{"withdrawn", `,"kind":"context"`, KindContext, ""},
		{"withdrawn", `,"kind":"warning"`, KindContext, ""},
		{"corrected", `,"kind":"nothing",` + interval, KindNothing, ""},
		{"corrected", `,"kind":"counts",` + interval + `,"area":"A1","category":"theft","n":3`, KindCounts, ""},
		{"corrected", `,"kind":"holiday","areas":["A1"],"occurs":{` + interval + `}`, KindContext, "holiday"},
		{"corrected", `,"kind":"context","areas":["A1"],"occurs":{` + interval + `}`, KindContext, "other"},
	} {
		e, reasons := Decode(event(c.verb, c.data))
		if len(reasons) > 0 || e.Kind != c.kind {
			t.Errorf("%s%s: kind %s, %+v", c.verb, c.data, e.Kind, reasons)
		}
		if c.context != "" && (e.Context == nil || e.Context.Kind != c.context) {
			t.Errorf("%s: %+v", c.data, e.Context)
		}
	}
	if _, reasons := Decode(event("corrected", `,"kind":"moon"`)); !slices.Equal(said(reasons), []string{"range /data/kind"}) {
		t.Errorf("%+v", reasons)
	}
}

// An agency's event names another agency or comes on another subject: the stream is believed, not the body.
func TestMismatchBelievesTheStream(t *testing.T) {
	e, _ := Decode([]byte(usual))
	for _, c := range []struct {
		m    MunicipalityID
		a    AgencyID
		v    Verb
		want []string
	}{
		{"0480", "bostad", Reported, nil},
		{"0480", "polis", Reported, []string{"agency_mismatch /source"}},
		{"0581", "bostad", Reported, []string{"agency_mismatch /source"}},
		{"0480", "bostad", Corrected, []string{"subject_mismatch /type"}},
		{"0480", "polis", CountsVerb, []string{"agency_mismatch /source", "subject_mismatch /type"}},
	} {
		if got := said(e.Mismatch(c.m, c.a, c.v)); !slices.Equal(got, c.want) {
			t.Errorf("%s %s %s: %v, want %v", c.m, c.a, c.v, got, c.want)
		}
	}
	if got := (Event{}).Mismatch("0480", "bostad", Reported); got != nil {
		t.Errorf("what could not be read has its own reason already: %v", got)
	}
}

// The decoded event must not hold on to the message: 64 KiB would be kept for the sake of one id.
func TestDecodeKeepsNothingOfTheBody(t *testing.T) {
	body := []byte(usual)
	e, _ := Decode(body)
	for i := range body {
		body[i] = 'z'
	}
	if e.Report != "R-2026-004711" || e.Incident.Text != "Klotter i trapphuset, färgen är ännu våt." || e.Source != "urn:samsyn:0480:bostad" {
		t.Errorf("%+v", e)
	}
}

// At 13,000 events a second every allocation is felt.
func TestDecodingAllocatesLittle(t *testing.T) {
	body := []byte(usual)
	if n := testing.AllocsPerRun(100, func() { Decode(body) }); n > 20 {
		t.Errorf("%v allocations", n)
	}
}
