// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"samsyn/events"
	"samsyn/internal/sheet"
)

const usual = `
version: 1
encoding: auto
report: {columns: Ärendenr}
occurred:
  from: {date: Datum, time: Tid}
category:
  column: Typ
  values: {Klotter: graffiti, "Krossat glas": broken_window, Vitvaror: skip}
place: {lon: Long, lat: Lat, property: [Gata, Nr]}
severity: {column: Allvar, values: {Låg: 1, Hög: 3}}
measures_taken: {column: Åtgärd, values: {Tvättat: cleaned, Polis: called_police}}
ongoing: {column: Pågår}
text: [Beskrivning]
`

const header = "Ärendenr;Datum;Tid;Typ;Long;Lat;Gata;Nr;Allvar;Åtgärd;Pågår;Beskrivning\n"

func mapping(t testing.TB, text string) Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// read reads rows under the usual header by the usual mapping.
func read(t testing.TB, lines ...string) []Row {
	t.Helper()
	return readBy(t, usual, header+strings.Join(lines, "\n")+"\n")
}

func readBy(t testing.TB, by, file string) []Row {
	t.Helper()
	table, err := Open([]byte(file), mapping(t, by))
	if err != nil {
		t.Fatal(err)
	}
	rows, seen := make([]Row, table.Len()), map[string]int{}
	for i := range rows {
		rows[i] = table.Row(i, seen)
	}
	return rows
}

func codes(r Row) string {
	var all []string
	for _, p := range r.Problems {
		all = append(all, string(p.Code)+" "+p.Path+" "+p.Column)
	}
	return strings.Join(all, "; ")
}

var stockholm = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		panic(err)
	}
	return zone
}()

// A row as a Swedish case system exports it must become exactly what its author meant.
func TestRowIsWhatItsAuthorMeant(t *testing.T) {
	rows := read(t, "2026-00123;2026-06-30;14.05; krossat  GLAS ;14,8059;56,8777;Storgatan;4 B;Hög;Tvättat, Polis;Ja;Entrén, södra sidan")
	at := time.Date(2026, 6, 30, 14, 5, 0, 0, stockholm)
	want := events.Incident{
		Category: "broken_window", Occurred: events.Interval{From: at, To: at}, Severity: 3, Ongoing: true,
		Place:         events.Place{Point: &events.Point{Lon: 14.8059, Lat: 56.8777}, Property: "Storgatan 4 B"},
		MeasuresTaken: []string{"cleaned", "called_police"}, Text: "Entrén, södra sidan",
	}
	if diff := cmp.Diff(want, rows[0].Incident); diff != "" || len(rows[0].Problems) > 0 || rows[0].Report != "2026-00123" || rows[0].Line != 2 {
		t.Errorf("%+v: %s", rows[0], diff)
	}
}

// The same table from another computer says the same.
func TestRowIsTheSameInAnyEncoding(t *testing.T) {
	utf8 := header + "1;2026-06-30;14:05;Klotter;14,8;56,8;Ängsvägen;1;Låg;;;å\n"
	windows, err := charmap.Windows1252.NewEncoder().String(utf8)
	if err != nil {
		t.Fatal(err)
	}
	tabs := strings.ReplaceAll(utf8, ";", "\t")
	want := readBy(t, usual, utf8)
	for _, other := range []string{windows, tabs, "\xef\xbb\xbf" + utf8, strings.ReplaceAll(utf8, "\n", "\r\n")} {
		if diff := cmp.Diff(want, readBy(t, usual, other)); diff != "" {
			t.Error(diff)
		}
	}
}

// What cannot be sent is said with the column that is to blame, all of it at once, and the rows beside it are read.
func TestRowNamesTheColumnToBlame(t *testing.T) {
	tests := []struct{ row, want string }{
		{"1;2026-06-30;14:05;Klotter;14,8;56,8;;;;;;", ""},
		{";2026-06-30;14:05;Klotter;14,8;56,8;;;;;;", "required /data/report Ärendenr"},
		{"1,23457E+11;2026-06-30;14:05;Klotter;14,8;56,8;;;;;;", "excel_number /data/report Ärendenr"},
		{"1;;;Klotter;14,8;56,8;;;;;;", "required /data/occurred/from Datum"},
		{"1;30/6 2026;14:05;Klotter;14,8;56,8;;;;;;", "time_syntax /data/occurred/from Datum + Tid"},
		{"1;2026-02-30;14:05;Klotter;14,8;56,8;;;;;;", "time_nonexistent /data/occurred/from Datum + Tid"},
		{"1;2026-06-30;14:65;Klotter;14,8;56,8;;;;;;", "time_syntax /data/occurred/from Datum + Tid"},
		{"1;2026-06-30;14:05;;14,8;56,8;;;;;;", "required /data/category Typ"},
		{"1;2026-06-30;14:05;Lekplats;14,8;56,8;;;;;;", "unknown_code /data/category Typ"},
		{"1;2026-06-30;14:05;Klotter;öst;56,8;;;;;;", "type /data/place/lon Long"},
		{"1;2026-06-30;14:05;Klotter;14,8;;;;;;;", "required /data/place/lat Lat"},
		{"1;2026-06-30;14:05;Klotter;1,48E+01;56,8;;;;;;", "excel_number /data/place/lon Long"},
		{"1;2026-06-30;14:05;Klotter;14,8;56,8;;;Mellan;;;", "range /data/severity Allvar"},
		{"1;2026-06-30;14:05;Klotter;14,8;56,8;;;;Sopat;;", "range /data/measures_taken Åtgärd"},
		{"1;2026-06-30;14:05;Klotter;14,8;56,8;;;;;kanske;", "range /data/ongoing Pågår"},
		{"1;2026-06-30;14:05;Klotter;14,8;56,8;;;;;;a;b", "row_length  "},
		{";x;14:05;Lekplats;14,8;56,8;;;;;;", "unknown_code /data/category Typ; time_syntax /data/occurred/from Datum + Tid; required /data/report Ärendenr"},
	}
	var lines []string
	for _, tt := range tests {
		lines = append(lines, tt.row)
	}
	for i, got := range read(t, lines...) {
		if codes(got) != tests[i].want || got.Line != i+2 {
			t.Errorf("%s: %q, want %q", tests[i].row, codes(got), tests[i].want)
		}
	}
}

// A row that the agency does not want to report must not be refused for anything else in it.
func TestSkippedRowHasNoProblems(t *testing.T) {
	if got := read(t, ";;;VITVAROR;;;;;;;;")[0]; !got.Skip || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
}

// Dates are written in as many ways as there are systems; a wrong one puts an incident in another week.
func TestMomentReadsWhatSystemsWrite(t *testing.T) {
	tests := []struct{ date, clock, format, want string }{
		{"2026-06-30", "", "", "2026-06-30"},
		{"2026-06-30", "14:05", "", "2026-06-30 14:05:00"},
		{"2026-06-30", "kl. 14.05", "", "2026-06-30 14:05:00"},
		{"2026-06-30", "1405", "", "2026-06-30 14:05:00"},
		{"2026-06-30", "14:05:59", "", "2026-06-30 14:05:59"},
		{"2026-06-30", "24:00", "", "2026-06-30 24:00:00"},
		{"2026-06-30 14:05", "", "", "2026-06-30 14:05:00"},
		{"2026-06-30T14:05:10", "", "", "2026-06-30 14:05:10"},
		{"2026-06-30 14:05:10.123", "", "yyyy-MM-dd HH:mm:ss", "2026-06-30 14:05:10"},
		{"30/6 2026", "", "d/M yyyy", "2026-06-30"},
		{"30.06.2026 07.05", "", "dd.MM.yyyy HH.mm", "2026-06-30 07:05:00"},
		{"6/30/26 7:05", "", "M/d/yy H:mm", "2026-06-30 07:05:00"},
		{"20260630", "", "yyyyMMdd", "2026-06-30"},
		{"2026-06-30 00:00:00", "", "yyyy-MM-dd 00:00:00", "2026-06-30"},
		{"46203", "", "", "2026-06-30"},
		{"46203", "", "d/M yyyy", "2026-06-30"},
		{"46203,586805555", "", "", "2026-06-30 14:05:00"},
		{"46203.586805555", "", "", "2026-06-30 14:05:00"},
		{"2026-06-30", "0,586805555555556", "", "2026-06-30 14:05:00"},
		{"2026-06-30", "0,5", "", "2026-06-30 12:00:00"},
		{"30/6 2026", "", "", "time_syntax"},
		{"2026-6-30", "", "", "time_syntax"},
		{"2026-13-01", "", "", "time_syntax"},
		{"2026-06-31", "", "", "time_nonexistent"},
		{"12345", "", "", "time_syntax"}, // a number, but of no day in our time
		{"########", "", "", "time_syntax"},
		{"2026-06-30", "25:00", "", "time_syntax"},
		{"2026-06-30", "14", "", "time_syntax"},
		{"2026-06-30 eftermiddag", "", "", "time_syntax"},
	}
	for _, tt := range tests {
		w, code := readMoment(tt.date, tt.clock, tt.format)
		got := fmt.Sprintf("%04d-%02d-%02d", w.year, w.month, w.day)
		if w.clock {
			got += fmt.Sprintf(" %02d:%02d:%02d", w.hour, w.minute, w.second)
		}
		if code != "" {
			got = string(code)
		}
		if got != tt.want {
			t.Errorf("%q %q as %q: %s, want %s", tt.date, tt.clock, tt.format, got, tt.want)
		}
	}
}

// In the night when the clock is moved a local time names no moment, or two. Guessing would be wrong every other time.
func TestLocalTimesInTheNightsOfTheClock(t *testing.T) {
	tests := []struct {
		date, clock string
		want        string
		problem     string
	}{
		{"2027-03-28", "01:59", "2027-03-28T01:59:00+01:00", ""},
		{"2027-03-28", "02:30", "", "time_nonexistent"},
		{"2027-03-28", "03:00", "2027-03-28T03:00:00+02:00", ""},
		{"2026-10-25", "01:59", "2026-10-25T01:59:00+02:00", ""},
		{"2026-10-25", "02:00", "", "time_ambiguous"},
		{"2026-10-25", "02:59", "", "time_ambiguous"},
		{"2026-10-25", "03:00", "2026-10-25T03:00:00+01:00", ""},
		{"2026-10-25 02:30+01:00", "", "2026-10-25T02:30:00+01:00", ""},
		{"2026-10-25 02:30 +02:00", "", "2026-10-25T02:30:00+02:00", ""},
		{"2026-10-25T00:30:00Z", "", "2026-10-25T00:30:00Z", ""},
	}
	for _, tt := range tests {
		got := read(t, "1;"+tt.date+";"+tt.clock+";Klotter;14,8;56,8;;;;;;")[0]
		if tt.problem != "" {
			if len(got.Problems) != 1 || string(got.Problems[0].Code) != tt.problem {
				t.Errorf("%s %s: %s, want %s", tt.date, tt.clock, codes(got), tt.problem)
			}
			continue
		}
		if at := got.Incident.Occurred.From.Format(time.RFC3339); at != tt.want || len(got.Problems) > 0 {
			t.Errorf("%s %s: %s (%s), want %s", tt.date, tt.clock, at, codes(got), tt.want)
		}
	}
}

// A day without a time of day is the whole local day, also the one of 25 hours; and what is reported before that day is
// over happened before it was reported.
func TestDayWithoutTimeIsTheDayUntilNow(t *testing.T) {
	row := read(t, "1;2026-10-25;;Klotter;14,8;56,8;;;;;;")[0]
	occurred := row.Incident.Occurred
	if got := occurred.To.Sub(occurred.From); got != 25*time.Hour || !row.Uncertain {
		t.Fatalf("%v, uncertain %v", got, row.Uncertain)
	}
	for _, tt := range []struct {
		moment string
		to     string
	}{
		{"2026-10-25T13:00:00.7Z", "2026-10-25T14:00:00+01:00"},
		{"2026-10-27T13:00:00Z", "2026-10-26T00:00:00+01:00"},
		{"2026-10-24T13:00:00Z", "2026-10-26T00:00:00+01:00"}, // a day that has not begun is not made to fit
	} {
		moment, err := time.Parse(time.RFC3339, tt.moment)
		if err != nil {
			t.Fatal(err)
		}
		if got := row.Until(moment).Occurred.To.Format(time.RFC3339); got != tt.to {
			t.Errorf("known at %s: %s, want %s", tt.moment, got, tt.to)
		}
	}
	if got := row.Incident.Occurred.To; !got.Equal(occurred.To) {
		t.Error("the row itself was changed")
	}
}

func TestPeriodOverSeveralDays(t *testing.T) {
	by := strings.Replace(usual, "  from: {date: Datum, time: Tid}\n", "  from: {date: Datum, time: Tid}\n  to: {date: Slut}\n", 1)
	head := strings.Replace(header, "Tid;", "Tid;Slut;", 1)
	rows := readBy(t, by, head+"1;2026-06-26;16:00;2026-06-29;Klotter;14,8;56,8;;;;;;\n2;2026-06-26;16:00;;Klotter;14,8;56,8;;;;;;\n3;2026-06-26;16:00;2026-06-29 07:00;Klotter;14,8;56,8;;;;;;\n")
	for i, want := range []string{"2026-06-30T00:00:00+02:00", "2026-06-26T16:00:00+02:00", "2026-06-29T07:00:00+02:00"} {
		if got := rows[i].Incident.Occurred.To.Format(time.RFC3339); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

func TestNumbersWithCommaPointAndGroups(t *testing.T) {
	for said, want := range map[string]float64{
		"14,75": 14.75, "14.75": 14.75, "-0,5": -0.5, "−0,5": -0.5, "6 301 234,5": 6301234.5, "6\u00a0301\u00a0234": 6301234,
		"6.301.234,5": 6301234.5, "488923": 488923, "14.750": 14.75,
	} {
		if got, err := number(said); err != nil || got != want {
			t.Errorf("%q: %v, %v", said, got, err)
		}
	}
	for _, said := range []string{"", "x", "1,2,3", "6,3E+06", "0x10", "NaN", "Inf", "#N/A", "1 2a"} {
		if got, err := number(said); err == nil {
			t.Errorf("%q is read as %v", said, got)
		}
	}
}

// The id is the identity of a report for ever: the same row has the same one in every file, and two reports never share one.
func TestReportIDsAreStableAndTellApart(t *testing.T) {
	for number, begins := range map[string]string{
		"2026-00123": "2026-00123", "2026/00123": "2026-00123.", "Ä12": "-12.", strings.Repeat("9", 70): strings.Repeat("9", 55) + ".",
	} {
		if got := named(number); !got.Valid() || !strings.HasPrefix(string(got), begins) {
			t.Errorf("%q: %q", number, got)
		}
	}
	if named("2026/1") == named("2026 1") {
		t.Error("two numbers share an id")
	}
	by := strings.Replace(usual, "{columns: Ärendenr}", "{columns: [Datum, Tid, Typ], as: hash}", 1)
	same := "1;2026-06-30;14:05;Klotter;14,8;56,8;;;;;;\n"
	rows := readBy(t, by, header+same+same+strings.Replace(same, "14:05", "14:06", 1))
	again := readBy(t, by, header+same+same)
	if rows[0].Report == rows[1].Report || rows[0].Report == rows[2].Report || !rows[1].Report.Valid() {
		t.Errorf("%q %q %q", rows[0].Report, rows[1].Report, rows[2].Report)
	}
	if again[0].Report != rows[0].Report || again[1].Report != rows[1].Report {
		t.Error("the same rows have other ids in the next file")
	}
}

// A hash of a personal number is a personal number to whoever tries them all.
func TestPersonalNumberIsNotHashedIntoAnID(t *testing.T) {
	by := strings.Replace(usual, "{columns: Ärendenr}", "{columns: [Ärendenr, Datum], as: hash}", 1)
	got := readBy(t, by, header+"19811228-9874;2026-06-30;14:05;Klotter;14,8;56,8;;;;;;\n")[0]
	if codes(got) != "pii_in_id /data/report Ärendenr" {
		t.Errorf("%q", codes(got))
	}
}

func TestOtherSaysWhatBecomesOfUnnamedValues(t *testing.T) {
	row := "1;2026-06-30;14:05;Lekplats;14,8;56,8;;;Mellan;;;"
	by := func(category, severity string) Row {
		text := strings.Replace(usual, "Vitvaror: skip}", "Vitvaror: skip}\n  other: "+category, 1)
		text = strings.Replace(text, "Hög: 3}", "Hög: 3}, other: "+severity, 1)
		return readBy(t, text, header+row+"\n")[0]
	}
	if got := by("send", "leave_out"); got.Incident.Category != "x:Lekplats" || got.Incident.Severity != 0 || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
	if got := by("skip", "refuse"); !got.Skip {
		t.Errorf("%+v", got)
	}
	if got := by("refuse", "leave_out"); codes(got) != "unknown_code /data/category Typ" {
		t.Errorf("%q", codes(got))
	}
}

// A mapping with a mistake would be wrong on every row, quietly, for years.
func TestMappingIsReadStrictly(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{"version: 1", "version: 2", "version"},
		{"severity:", "severitet:", "severitet"},
		{"encoding: auto", "encoding: EBCDIC", "EBCDIC"},
		{"encoding: auto", "encoding: auto\nseparator: ab", "separator"},
		{"encoding: auto", "encoding: auto\ntime_zone: Europa/Växjö", "time_zone"},
		{"Klotter: graffiti", "Klotter: graffitti", `there is no code "graffitti"`},
		{"Klotter: graffiti", "Klotter: graffiti, klotter: theft", "stands twice"},
		{"Låg: 1", "Låg: 5", `there is no code "5"`},
		{"Tvättat: cleaned", "Tvättat: washed", `there is no code "washed"`},
		{"time: Tid}", "time: Tid, format: YYYY-MM-DD}", "format"},
		{"time: Tid}", "time: Tid, format: yyyy-MM}", "year, month and day"},
		{"date: Datum, ", "", "occurred: from: date"},
		{"lat: Lat, ", "", "lon and lat belong together"},
		{"{columns: Ärendenr}", "{as: hash}", "report: columns"},
		{"{columns: Ärendenr}", "{columns: Ärendenr, as: md5}", "report: as"},
		{"ongoing: {column: Pågår}", "ongoing: {column: Pågår, value: ja}", "give a column, or a value"},
		{"ongoing: {column: Pågår}", "ongoing: {column: Pågår, other: guess}", "other: must be one of"},
		{"ongoing: {column: Pågår}", "ongoing: {column: Pågår}\nongoing: {column: Tid}", "ongoing"},
	}
	for _, tt := range tests {
		text := strings.Replace(usual, tt.old, tt.new, 1)
		if text == usual {
			t.Fatalf("%q is not in the mapping", tt.old)
		}
		_, err := ParseMapping([]byte(text))
		if _, ok := errors.AsType[*MappingError](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.new, err, tt.want)
		}
	}
}

func TestOpenNamesTheColumnsThatAreMissing(t *testing.T) {
	_, err := Open([]byte("Ärendenr;Datum;Typ\n1;2026-06-30;Klotter\n"), mapping(t, usual))
	h, ok := errors.AsType[*HeaderError](err)
	if !ok || !strings.Contains(err.Error(), `"Tid"`) || strings.Contains(err.Error(), `column "Typ"`) || len(h.Missing) != 9 {
		t.Errorf("%v", err)
	}
	_, err = Open([]byte("a;\"b\n1;2\n"), mapping(t, usual))
	if _, ok := errors.AsType[*sheet.Error](err); !ok {
		t.Errorf("%v", err)
	}
}

// The proposal is where an agency's fifteen minutes go: what can be found out must be, and the rest must stop the sending
// until a person has looked.
func TestProposalCanBeUsedAsItIs(t *testing.T) {
	file := "Ärendenummer;Skapad;Händelsedatum;Klockslag;Händelsetyp;Longitud;Latitud;Fastighet;Beskrivning;Handläggare\n"
	for i := range 40 {
		kind := []string{"Klotter", "Krossad ruta", "Vitvaror", "Skadegörelse"}[i%4]
		file += fmt.Sprintf("F-%04d;2026-06-%02d 08:15:00;%d/6 2026;13.%02d;%s;14,8%02d;56,8%02d;Kv. Eken %d;En lång beskrivning av något som hände på gården och som ingen kod säger;AB\n",
			i, i%28+1, i%28+1, i, kind, i, i, i%3)
	}
	windows, err := charmap.Windows1252.NewEncoder().String(file)
	if err != nil {
		t.Fatal(err)
	}
	proposal, err := Propose([]byte(windows), "export.csv", time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMapping(proposal)
	if err != nil {
		t.Fatalf("%v in\n%s", err, proposal)
	}
	table, err := Open([]byte(windows), m)
	if err != nil {
		t.Fatalf("%v in\n%s", err, proposal)
	}
	sent := 0
	for i := range table.Len() {
		row := table.Row(i, map[string]int{})
		switch {
		case len(row.Problems) == 0:
			sent++
		case codes(row) != "unknown_code /data/category Händelsetyp":
			t.Errorf("%+v", row)
		}
	}
	row := table.Row(1, map[string]int{})
	in := row.Incident
	if sent != 30 || row.Report != "F-0001" || in.Category != "broken_window" || in.Place.Point.Lon != 14.801 || in.Place.Property != "Kv. Eken 1" ||
		in.Occurred.From.Format(time.RFC3339) != "2026-06-02T13:01:00+02:00" || row.Reported.Format(time.RFC3339) != "2026-06-02T08:15:00+02:00" || in.Text != "" {
		t.Errorf("%d sent, %+v by\n%s", sent, row, proposal)
	}
	for _, want := range []string{"encoding: Windows-1252", `# "Vitvaror": ?  # 10 rader`, `#   "Handläggare"`, `# text: "Beskrivning"`, `t.ex. "F-0000"`} {
		if !strings.Contains(string(proposal), want) {
			t.Errorf("the proposal does not say %s:\n%s", want, proposal)
		}
	}
}

func TestProposalStopsWhereAPersonMustLook(t *testing.T) {
	proposal, err := Propose([]byte("a;b\n1;2\n1;3\n"), "x.csv", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMapping(proposal)
	if err != nil {
		t.Fatalf("%v in\n%s", err, proposal)
	}
	_, err = Open([]byte("a;b\n1;2\n1;3\n"), m)
	if _, ok := errors.AsType[*HeaderError](err); !ok || !strings.Contains(err.Error(), `"?"`) {
		t.Errorf("%v by\n%s", err, proposal)
	}
}

// Samples are shown to whoever opens the mapping: a personal number is none of them.
func TestProposalShowsNoPersonalData(t *testing.T) {
	proposal, err := Propose([]byte("id;vem\n1;19811228-9874\n2;anna@example.se\n3;x\n"), "x.csv", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if text := string(proposal); strings.Contains(text, "9874") || strings.Contains(text, "anna@") || !strings.Contains(text, `"x"`) {
		t.Errorf("%s", text)
	}
}

func TestLikelyCategories(t *testing.T) {
	for said, want := range map[string]string{
		"Klotter": "graffiti", "Klottersanering entré": "graffiti", "Bilbrand": "vehicle_fire", "Brand i soprum": "arson_structure",
		"Hot mot granne": "threat_harassment", "Hotell": "", "Personrån": "robbery", "Trångt": "", "Vitvaror": "", "theft": "theft",
		"Bristande belysning": "poor_lighting", "Skadegörelse på fordon": "vehicle_damage",
	} {
		if got := likely(said); got != want {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
}

// Whatever the mapping and the table, reading ends in rows or an error.
func FuzzRow(f *testing.F) {
	f.Add(usual, header+"1;2026-06-30;14:05;Klotter;14,8;56,8;;;;;;\n")
	f.Add(usual, header+"1;46203;0,5;Klotter;;;;;;;;\n")
	f.Fuzz(func(t *testing.T, by, file string) {
		m, err := ParseMapping([]byte(by))
		if err != nil {
			return
		}
		table, err := Open([]byte(file), m)
		if err != nil {
			return
		}
		seen := map[string]int{}
		for i := range table.Len() {
			row := table.Row(i, seen)
			if row.Report != "" && !row.Report.Valid() {
				t.Fatalf("report %q", row.Report)
			}
			row.Until(time.Now())
		}
	})
}
