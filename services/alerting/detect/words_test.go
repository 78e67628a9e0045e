// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"testing"
	"time"

	"samsyn/events"
)

// The sentence is what a coordinator reads first, in both languages.
func TestWordsSayWhatWasSeenAgainstWhatIsUsual(t *testing.T) {
	october28 := DayOf(time.Date(2012, 10, 28, 0, 0, 0, 0, time.UTC))
	damage := events.Text{SV: "Skadegörelse och brand", EN: "Damage"}
	for _, tt := range []struct {
		f      Finding
		group  events.Text
		sv, en string
		chance events.Text
	}{
		{
			Finding{Cell: wholeTown, From: october28, To: october28, Observed: 50, Expected: 19.26, Low: 11, High: 28, RecurrenceDays: 36500},
			damage,
			"50 händelser (skadegörelse och brand) på en dag (28 oktober) mot 19 väntade; 11–28 är vanligt.",
			"50 incidents (damage) in one day (28 October) against 19 expected; 11–28 is usual.",
			events.Text{SV: "Av en slump händer något så ovanligt för kommunen som helhet högst ungefär en gång på 100 år.", EN: "By chance something so unusual happens in the municipality as a whole about once in 100 years at most."},
		},
		{
			Finding{Cell: areaAAll, From: october28 - 6, To: october28, Observed: 12, Expected: 2.14, Low: 0, High: 5, RecurrenceDays: 74},
			events.Text{},
			"12 händelser på 7 dagar (sedan 22 oktober) mot 2,1 väntade; 0–5 är vanligt.",
			"12 incidents in 7 days (since 22 October) against 2.1 expected; 0–5 is usual.",
			events.Text{SV: "Av en slump händer något så ovanligt i något område högst ungefär en gång på 10 veckor.", EN: "By chance something so unusual happens in some area about once in 10 weeks at most."},
		},
		{
			Finding{Cell: districtD, From: october28, To: october28, Observed: 3, Expected: 0.01, RecurrenceDays: 13.9},
			events.Text{SV: "Övrigt", EN: "Other"},
			"3 händelser (övrigt) på en dag (28 oktober) mot 0,1 väntade; 0 är vanligt.",
			"3 incidents (other) in one day (28 October) against 0.1 expected; 0 is usual.",
			events.Text{SV: "Av en slump händer något så ovanligt i något distrikt högst ungefär en gång på 13 dagar.", EN: "By chance something so unusual happens in some district about once in 13 days at most."},
		},
	} {
		got := tt.f.Words(tt.group)
		if got[0] != (events.Text{SV: tt.sv, EN: tt.en}) || got[1] != tt.chance {
			t.Errorf("got %q", got)
		}
	}
	for _, r := range []Reason{Risen, Grown, Calm, Revised, Merged} {
		if w := r.Words(); w.SV == "" || w.EN == "" {
			t.Errorf("%s has no words", r)
		}
	}
}

// A shooting flags its place whatever is usual there; a form filled in wrongly does
// not flood everyone.
func TestSeriousReportsFlagAtOnce(t *testing.T) {
	for _, tt := range []struct {
		categoryDefault, severity int
		certainty                 string
		right, want               bool
	}{
		{4, 0, "observed", false, true},
		{4, 2, "possible", false, true},
		{2, 4, "observed", true, true},
		{2, 4, "observed", false, false},
		{2, 4, "likely", true, false},
		{3, 3, "observed", true, false},
		{2, 0, "observed", true, false},
	} {
		if got := Serious(tt.categoryDefault, tt.severity, tt.certainty, tt.right); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	if !OneByOne(0) || !OneByOne(4) || OneByOne(5) {
		t.Error("five reports a day and agency are told one by one, no more")
	}
	want := events.Text{SV: "Mycket allvarlig händelse (skottlossning). Sådana flaggas alltid, genast.", EN: "Very serious incident (shooting). Such are always flagged, at once."}
	if got := SeriousWords(events.Text{SV: "Skottlossning", EN: "Shooting"}); got != want {
		t.Errorf("got %q", got)
	}
}
