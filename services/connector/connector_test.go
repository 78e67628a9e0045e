// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"samsyn/events"
)

const mappingYAML = `
version: 1
report: {columns: Nr}
occurred:
  from: {date: Datum, time: Tid}
category:
  column: Typ
  values: {Klotter: graffiti, Vitvaror: skip}
place: {lon: Lon, lat: Lat}
text: Text
`

const csvHeader = "Nr;Datum;Tid;Typ;Lon;Lat;Text\r\n"

// A file that is dropped is answered row by row: what is sent, what cannot be an event, and what must not leave.
func TestEveryLineOfAFileIsAnswered(t *testing.T) {
	s := newSite(t)
	complete := `{"specversion":"1.0","id":"egen-1","source":"urn:samsyn:0480:bostad","type":"samsyn.incident.reported.v1","time":"2026-06-30T15:00:00+02:00","data":` + incident("A", "") + `}`
	s.drop("events.ndjson", "\xef\xbb\xbf"+strings.Join([]string{
		complete,
		incident("B", ""),
		"",
		incident("C", `,"text":"ring 070-174 06 12"`),
		incident("D", "") + "}",
		strings.Replace(complete, ":bostad", ":annan", 1),
		incident("F", `,"severity":9`),
		`{"report":"G","from":"2026-06-29T00:00:00+02:00","to":"2026-07-06T00:00:00+02:00"}`,
	}, "\n"))
	sum := s.once()
	equal(t, "outcomes", s.outcomes("events.ndjson"), strings.Join([]string{
		"1 A:1 accepted", "2 B:1 accepted", "4 C:1 refused pii_phone", "5 D:1 refused json_trailing", "6 A:1 refused agency_mismatch", "7 F:1 refused range", "8 G:1 accepted",
	}, "\n"))
	equal(t, "sent", sorted(s.events()), "A:1 B:1 G:1")
	equal(t, "result", sum.Files[0], FileResult{Name: "events.ndjson", Rows: 7, Accepted: 3, Refused: 4})
	hit := s.receipts("events.ndjson")[2]
	if span := hit.Reasons[0].Span; span == nil || span.Start != 5 || hit.Reasons[0].Path != "/data/text" || !strings.Contains(hit.Reasons[0].Message.SV, "telefon") {
		t.Errorf("%+v", hit)
	}
	if s.file("in/events.ndjson") != "" || s.file("done/events.ndjson") == "" {
		t.Error("the file was not moved to done/")
	}
	for _, where := range []string{"done/events.ndjson" + receiptsLines, "done/events.ndjson" + receiptsCSV} {
		if strings.Contains(s.file(where), "174") {
			t.Errorf("%s repeats the number", where)
		}
	}
	journals, err := filepath.Glob(filepath.Join(s.dir, "outbox", "*"))
	must(t, err)
	for _, path := range journals {
		text, err := os.ReadFile(path)
		must(t, err)
		if strings.Contains(string(text), "174 06") || strings.Contains(s.log.String(), "174 06") {
			t.Error("the number is in the outbox or in the log")
		}
	}
	text := s.file("done/events.ndjson" + receiptsCSV)
	for _, want := range []string{"\xef\xbb\xbfrad;rapport;", "1;A;1;mottagen;", ";avvisad;pii_phone;", "tecken 6-18"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// An agency exports its list anew every week: what is known is not sent again, what has changed goes as a correction, and
// nothing is counted twice.
func TestTheSameTableAgainAndChanged(t *testing.T) {
	s := newSite(t)
	s.mapping(mappingYAML)
	rows := []string{
		"1;2026-06-30;14:05;Klotter;17,01;58,75;",
		"2;2026-06-30;;Klotter;17,02;58,75;",
		"3;2026-06-30;14:05;Vitvaror;17,03;58,75;",
		"4;2026-06-30;14:05;Lekplats;17,04;58,75;",
		"5;2026-06-30;14:05;Klotter;17,05;58,75;ring 070-174 06 12",
	}
	first := csvHeader + strings.Join(rows, "\r\n") + "\r\n"
	s.drop("vecka.csv", first)
	s.once()
	equal(t, "first", s.outcomes("vecka.csv"), "2 1:1 accepted\n3 2:1 accepted\n4 :0 skipped\n5 4:0 refused unknown_code\n6 5:0 refused pii_phone")
	equal(t, "column", s.receipts("vecka.csv")[3].Reasons[0].Column, "Typ")
	equal(t, "sent", sorted(s.events()), "1:1 2:1")

	s.drop("vecka.csv", first)
	sum := s.once()
	equal(t, "again", s.outcomes("vecka-2.csv"), "2 1:1 accepted unchanged\n3 2:1 accepted unchanged\n4 :0 skipped\n5 4:0 refused unknown_code\n6 5:0 refused pii_phone")
	equal(t, "sent again", sorted(s.events()), "1:1 2:1")
	equal(t, "unchanged", sum.Files[0].Unchanged, 2)

	rows[0] = "1;2026-06-30;14:15;Klotter;17,01;58,75;"
	rows[4] = "5;2026-06-30;14:05;Klotter;17,05;58,75;"
	s.mapping(strings.Replace(mappingYAML, "Vitvaror: skip", "Vitvaror: skip, Lekplats: property_damage", 1))
	s.drop("vecka.csv", csvHeader+strings.Join(rows, "\r\n"))
	s.once()
	equal(t, "changed", s.outcomes("vecka-3.csv"), "2 1:2 accepted\n3 2:1 accepted unchanged\n4 :0 skipped\n5 4:1 accepted\n6 5:1 accepted")
	equal(t, "sent changed", sorted(s.events()), "1:1 1:2 2:1 4:1 5:1")
	if e := s.all()[2]; e.Report == "1" && e.Verb != events.Corrected {
		t.Errorf("%+v", e)
	}
}

func TestReportTwiceInOneTable(t *testing.T) {
	s := newSite(t)
	s.mapping(mappingYAML)
	s.drop("a.csv", csvHeader+"1;2026-06-30;14:05;Klotter;17,01;58,75;\n1;2026-06-30;14:05;Klotter;17,01;58,75;\n1;2026-06-30;15:05;Klotter;17,01;58,75;\n")
	s.once()
	equal(t, "outcomes", s.outcomes("a.csv"), "2 1:1 accepted\n3 1:1 accepted unchanged\n4 1:0 refused report_twice")
	equal(t, "sent", sorted(s.events()), "1:1")
}

// For an installation that has lost what it had, everything goes out again, byte for byte the same content: also a day that
// was not over when it was sent first.
func TestResendSaysTheVerySame(t *testing.T) {
	s := newSite(t)
	s.mapping(mappingYAML)
	config := s.config()
	day := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	for n, name := range []string{"a.csv", "b.csv"} {
		s.drop(name, csvHeader+"1;2026-06-30;;Klotter;17,01;58,75;\n")
		// Settling is measured by the same clock, so it must go on.
		began := time.Now()
		config.Now = func() time.Time { return day.Add(time.Duration(n) * 48 * time.Hour).Add(time.Since(began)) }
		config.Again = true
		c := s.open(config)
		must(t, c.Once(soon(t), 20*time.Second))
		must(t, c.Close())
	}
	equal(t, "sent", strings.Join(s.events(), " "), "1:1 1:1")
	if a, b := s.all()[0], s.all()[1]; a.Content != b.Content || a.Incident.Occurred.To.UTC().Day() != 30 {
		t.Errorf("%v, then %v", a.Incident.Occurred, b.Incident.Occurred)
	}
}

// Versions of one report are stored in their order, also when one of them has to be sent again.
func TestVersionsOfAReportAreSentInOrder(t *testing.T) {
	s := newSite(t)
	var lines []string
	for revision := 1; revision <= 4; revision++ {
		for _, report := range []string{"A", "B", "C"} {
			lines = append(lines, incident(report, fmt.Sprintf(`,"revision":%d`, revision)))
		}
	}
	lines = append(lines, `{"report":"A","revision":5,"reason":"fel plats"}`)
	s.drop("a.ndjson", strings.Join(lines, "\n"))
	s.once()
	equal(t, "sent", len(s.events()), 13)
	last := map[events.ReportID]int{}
	for _, e := range s.all() {
		if e.Revision != last[e.Report]+1 {
			t.Errorf("%s: %d after %d", e.Report, e.Revision, last[e.Report])
		}
		last[e.Report] = e.Revision
	}
	if withdrawn := s.all()[len(s.all())-1]; withdrawn.Verb != events.Withdrawn {
		t.Errorf("%+v", withdrawn)
	}
}

// A quarantined event is for a person. It is listed and not sent again, and its final receipt, whenever it comes, is written.
func TestQuarantinedWaitsForAPerson(t *testing.T) {
	s := newSite(t)
	s.says(func(e events.Event, _ int) events.Outcome {
		if e.Report == "Q" {
			return events.Quarantined
		}
		return events.Accepted
	})
	s.drop("a.ndjson", incident("Q", "")+"\n"+incident("A", ""))
	sum := s.once()
	equal(t, "outcomes", s.outcomes("a.ndjson"), "1 Q:1 quarantined outside_municipality\n2 A:1 accepted")
	if len(sum.Waiting) != 1 || sum.Waiting[0].Line != 1 || sum.Waiting[0].Codes[0] != events.OutsideMunicipality {
		t.Errorf("%+v", sum.Waiting)
	}

	c, stop := s.start()
	s.drop("b.ndjson", incident("B", ""))
	s.until("b is answered", func() bool { return strings.Contains(s.outcomes("b.ndjson"), "accepted") })
	began := time.Now()
	s.until("three times the pause after which it would be asked about", func() bool { return time.Since(began) > 3*s.config().ResendAfter })
	equal(t, "waiting", len(c.Summary().Waiting), 1)
	equal(t, "sent", sorted(s.events()), "A:1 B:1 Q:1")
	s.receipt(s.all()[0], events.Accepted) // released, or
	s.receipt(s.all()[1], events.Accepted)
	s.until("the final receipt is written", func() bool { return s.outcomes("a.ndjson") == "1 Q:1 accepted\n2 A:1 accepted" })
	s.until("nothing waits", func() bool { return len(c.Summary().Waiting) == 0 })
	stop()
	equal(t, "left", len(s.once().Waiting), 0)
}

// What the platform has stored and not answered is asked about again, with growing pauses, until it answers.
func TestWithoutReceiptItIsAskedAgain(t *testing.T) {
	s := newSite(t)
	s.says(func(_ events.Event, times int) events.Outcome {
		if times < 3 {
			return ""
		}
		return events.Accepted
	})
	s.drop("a.ndjson", incident("A", ""))
	s.once()
	equal(t, "sent", strings.Join(s.events(), " "), "A:1 A:1 A:1")
	equal(t, "outcomes", s.outcomes("a.ndjson"), "1 A:1 accepted")
}

// A receipt that was sent while nobody listened waits in the stream.
func TestMissedReceiptsArePulled(t *testing.T) {
	s := newSite(t)
	s.says(func(events.Event, int) events.Outcome { return "" })
	s.drop("a.ndjson", incident("A", ""))
	c, stop := s.start()
	s.until("it is stored", func() bool { unsent, unanswered := c.outbox.Backlog(); return unsent == 0 && unanswered == 1 })
	s.until("it is heard", func() bool { return len(s.all()) > 0 })
	stop()
	s.receipt(s.all()[0], events.Accepted)
	before := len(s.events())
	config := s.config()
	config.ResendAfter = time.Hour
	again := s.open(config)
	must(t, again.Once(soon(t), 20*time.Second))
	equal(t, "outcomes", s.outcomes("a.ndjson"), "1 A:1 accepted")
	equal(t, "sent", len(s.events()), before)
}

// The platform may be away for days: what is dropped meanwhile is taken in, and everything goes out when it is back.
func TestPlatformAway(t *testing.T) {
	s := newSite(t)
	s.wire.down()
	s.drop("a.ndjson", incident("A", ""))
	c, stop := s.start()
	s.until("it is taken in", func() bool { return s.file("done/a.ndjson") != "" })
	s.until("the trouble is told", func() bool { return strings.Contains(c.Summary().Trouble, string(away)) })
	s.drop("b.ndjson", incident("B", ""))
	s.until("more is taken in", func() bool { return s.file("done/b.ndjson") != "" })
	stop() // and the agency's machine is restarted meanwhile
	c, stop = s.start()
	s.wire.up()
	s.until("all is answered", func() bool { return s.outcomes("a.ndjson")+s.outcomes("b.ndjson") == "1 A:1 accepted1 B:1 accepted" })
	s.until("the trouble is over", func() bool { return c.Summary().Trouble == "" })
	s.wire.down() // in the middle of work
	s.drop("c.ndjson", incident("C", ""))
	s.until("it is taken in", func() bool { return s.file("done/c.ndjson") != "" })
	s.wire.up()
	s.until("it is answered", func() bool { return s.outcomes("c.ndjson") == "1 C:1 accepted" })
	stop()
}

// A run that is bounded ends, says what is left, and the next one goes on.
func TestOnceEndsWithoutAnAnswer(t *testing.T) {
	s := newSite(t)
	s.wire.down()
	s.drop("a.ndjson", incident("A", "")+"\n"+incident("B", `,"severity":9`))
	c := s.open(s.config())
	must(t, c.Once(soon(t), 300*time.Millisecond))
	sum := c.Summary()
	must(t, c.Close())
	if len(sum.Files) != 1 || sum.Files[0].Unanswered != 1 || sum.Files[0].Refused != 1 {
		t.Errorf("%+v", sum)
	}
	equal(t, "outcomes", s.outcomes("a.ndjson"), "1 A:1 waiting\n2 B:1 refused range")
	s.wire.up()
	s.once()
	equal(t, "outcomes", s.outcomes("a.ndjson"), "1 A:1 accepted\n2 B:1 refused range")
}

// Suspended is told apart from away: it is a person who must act. Nothing is lost meanwhile.
func TestSuspendedIsToldAndWaitedOut(t *testing.T) {
	s := newSite(t)
	c, stop := s.start()
	s.drop("a.ndjson", incident("A", ""))
	s.until("it is answered", func() bool { return s.outcomes("a.ndjson") == "1 A:1 accepted" })
	must(t, s.nats.Operator.Suspend(soon(t), town, agency))
	s.drop("b.ndjson", incident("B", ""))
	s.until("it is told", func() bool { return strings.Contains(c.Summary().Trouble, string(shutOut)) })
	equal(t, "sent", strings.Join(s.events(), " "), "A:1")
	must(t, s.nats.Operator.Resume(soon(t), town, agency))
	s.until("it is answered", func() bool { return s.outcomes("b.ndjson") == "1 B:1 accepted" })
	stop()
}

func TestSecondConnectorIsKeptOut(t *testing.T) {
	s := newSite(t)
	_, stop := s.start()
	_, err := Open(s.dir, s.way(), nil, Config{})
	if in, ok := errors.AsType[*InUseError](err); !ok || in.PID != fmt.Sprint(os.Getpid()) {
		t.Errorf("%v", err)
	}
	stop()
	s.open(s.config())
}

// A program that writes into the folder takes its time, and may go on after a pause that was too long.
func TestFileThatIsStillWritten(t *testing.T) {
	s := newSite(t)
	must(t, folder(s.dir).make())
	_, stop := s.start()
	defer stop()
	s.says(func(e events.Event, _ int) events.Outcome {
		if e.Report == "A" {
			return "" // so that the file is not finished before the rest comes
		}
		return events.Accepted
	})
	f, err := os.Create(filepath.Join(s.dir, "in", "slow.ndjson"))
	must(t, err)
	_, err = f.WriteString(incident("A", "") + "\n" + incident("B", "")[:30])
	must(t, err)
	s.until("the half is taken in", func() bool { return s.file("done/slow.ndjson") != "" })
	_, err = f.WriteString(incident("B", "")[30:] + "\n" + incident("C", "") + "\n")
	must(t, errors.Join(err, f.Close()))
	s.says(func(events.Event, int) events.Outcome { return events.Accepted })
	s.until("the whole is answered", func() bool {
		return s.outcomes("slow-2.ndjson") == "1 A:1 accepted unchanged\n2 B:1 accepted\n3 C:1 accepted"
	})
	s.drop("unfinished.csv.part", "x")
	s.drop(".hidden", "x")
	s.drop("last.ndjson", incident("D", ""))
	s.until("the last is answered", func() bool { return s.outcomes("last.ndjson") == "1 D:1 accepted" })
	if s.file("in/unfinished.csv.part") == "" || s.file("in/.hidden") == "" {
		t.Error("an unfinished file was taken")
	}
}

// A file that changes while it is read is not taken as it was read.
func TestFileChangedWhileReadIsReadAgain(t *testing.T) {
	s := newSite(t)
	s.drop("a.ndjson", incident("A", ""))
	f := folder(s.dir)
	before, err := f.candidates()
	must(t, err)
	s.drop("a.ndjson", incident("A", "")+"\n")
	if _, err := f.read(before[0]); !errors.Is(err, errChanged) {
		t.Errorf("%v", err)
	}
	must(t, f.move(before[0], "a.ndjson"))
	if s.file("in/a.ndjson") == "" {
		t.Error("the changed file was moved away")
	}
}

// What is wrong with a mapping is mended in the mapping: the file stays and goes when it fits.
func TestFileWaitsForItsMapping(t *testing.T) {
	s := newSite(t)
	s.drop("a.csv", csvHeader+"1;2026-06-30;14:05;Klotter;17,01;58,75;\n")
	sum := s.once()
	if len(sum.Stuck) != 1 || !strings.Contains(sum.Stuck[0].Why, "--init") {
		t.Fatalf("%+v", sum.Stuck)
	}
	c, stop := s.start()
	defer stop()
	s.mapping(strings.Replace(mappingYAML, "lon: Lon", "lon: Longitud", 1))
	s.until("the column is named", func() bool {
		stuck := c.Summary().Stuck
		return len(stuck) == 1 && strings.Contains(stuck[0].Why, `"Longitud"`)
	})
	s.mapping(mappingYAML)
	s.until("it is answered", func() bool { return s.outcomes("a.csv") == "2 1:1 accepted" })
	equal(t, "stuck", len(c.Summary().Stuck), 0)
}

// A file that cannot be read as anything is answered too, and nothing of it is sent.
func TestUnreadableFileIsAnswered(t *testing.T) {
	s := newSite(t)
	s.mapping(mappingYAML)
	s.drop("a.xlsx", "PK\x03\x04...")
	s.drop("b.csv", csvHeader+"1;2026-06-30;14:05;Klotter;17,01;58,75;\n2;\"öppet;x\n3;2026-06-30;14:05;Klotter;17,01;58,75;\n")
	s.drop("c.csv", "")
	s.once()
	equal(t, "workbook", s.outcomes("a.xlsx"), "0 :0 refused file_unreadable")
	equal(t, "open quote", s.outcomes("b.csv"), "3 :0 refused file_unreadable")
	equal(t, "empty", s.outcomes("c.csv"), "0 :0 refused file_unreadable")
	equal(t, "sent", len(s.events()), 0)
}

// Taking in may be broken off between any two steps.
func TestBrokenOffTakingInGoesOn(t *testing.T) {
	s := newSite(t)
	text := incident("A", "") + "\n" + incident("B", "")
	s.drop("a.ndjson", text)
	begin := func() (*Service, int64) {
		c := s.open(s.config())
		f, _, err := c.outbox.Begin("a.ndjson", hashOf([]byte(text)), int64(len(text)), time.Now())
		must(t, err)
		return c, f.ID
	}
	// Some rows are in the outbox.
	c, id := begin()
	rows, err := c.open([]byte(text), false, time.Now())
	must(t, err)
	row := rows.row(0)
	row.File = id
	must(t, c.outbox.Add(row))
	must(t, c.Close())
	s.once()
	equal(t, "outcomes", s.outcomes("a.ndjson"), "1 A:1 accepted\n2 B:1 accepted")
	equal(t, "sent", sorted(s.events()), "A:1 B:1")

	// All rows are, and the file is not moved.
	s.drop("a.ndjson", text)
	c, id = begin()
	must(t, c.outbox.End(id, "x.ndjson"))
	must(t, c.Close())
	s.once()
	if s.file("done/x.ndjson") == "" || s.file("in/a.ndjson") != "" {
		t.Error("the file was not moved")
	}

	// Some are, and the file is gone.
	c, id = begin()
	row = rows.row(1)
	row.File = id
	must(t, c.outbox.Add(row))
	must(t, c.Close())
	s.once()
	equal(t, "of a file that is gone", s.outcomes("a-2.ndjson"), "2 B:1 accepted")
}

// A dry run says what would become of each row and leaves no trace, here or there.
func TestDryRunLeavesNoTrace(t *testing.T) {
	s := newSite(t)
	s.mapping(mappingYAML)
	stop, err := s.nats.Conn.Respond("check.*.*", "correlator", func(_ string, body []byte) []byte {
		e, _ := events.Decode(body)
		return fmt.Appendf(nil, `{"kind":"incident","report":%q,"revision":%d,"outcome":"quarantined","reasons":[{"code":"unknown_area","path":"/data/place"}]}`, e.Report, e.Revision)
	})
	must(t, err)
	defer stop()
	s.drop("a.csv", csvHeader+"1;2026-06-30;14:05;Klotter;17,01;58,75;\n2;2026-06-30;14:05;Lekplats;17,01;58,75;\n")
	way := s.way()
	defer way.Close()
	files, err := DryRun(soon(t), s.dir, way, Config{})
	must(t, err)
	if len(files) != 1 || len(files[0].List) != 2 || files[0].List[0].Outcome != events.Quarantined || files[0].List[0].Reasons[0].Code != events.UnknownArea ||
		files[0].List[1].Outcome != events.Refused || files[0].Refused != 1 || files[0].Quarantined != 1 {
		t.Errorf("%+v", files)
	}
	if s.file("in/a.csv") == "" || len(s.events()) > 0 {
		t.Error("the file is gone, or something was sent")
	}
	if _, err := os.Stat(filepath.Join(s.dir, "outbox")); !errors.Is(err, os.ErrNotExist) {
		t.Error("there is an outbox")
	}
}

func TestProposeOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	file := []byte(csvHeader + "1;2026-06-30;14:05;Klotter;17,01;58,75;\n")
	path, err := Propose(dir, file, "a.csv", time.Now())
	must(t, err)
	if _, err := Propose(dir, file, "a.csv", time.Now()); !errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `"Klotter": graffiti`) {
		t.Errorf("%s, %v", text, err)
	}
}
