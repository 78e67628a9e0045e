// SPDX-License-Identifier: EUPL-1.2

package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"samsyn/events"
)

var now = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string) *Outbox {
	t.Helper()
	o, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func begin(t testing.TB, o *Outbox, name string) int64 {
	t.Helper()
	f, _, err := o.Begin(name, "sha of "+name, 10, now)
	must(t, err)
	return f.ID
}

func keyOf(report string, revision int) Key {
	return Key{Kind: events.KindIncident, Report: events.ReportID(report), Revision: revision}
}

// event is a row that is to be sent.
func event(file int64, report string, revision int) NewRow {
	content := fmt.Sprintf("content of %s:%d", report, revision)
	return NewRow{
		Row:  Row{File: file, Line: revision, Key: keyOf(report, revision), Verb: events.Reported, Content: content, Print: "print " + content, Time: now},
		Body: []byte(`{"report":"` + report + `<&>"}`),
	}
}

func receipt(report string, revision int, outcome events.Outcome) Answered {
	return Answered{
		Key: keyOf(report, revision), Content: fmt.Sprintf("content of %s:%d", report, revision),
		Answer: Answer{Outcome: outcome, Final: outcome.Final(), By: ByPlatform, Receipt: "r-" + report, Decided: now},
	}
}

func due(t testing.TB, o *Outbox) string {
	t.Helper()
	rows, err := o.Due(100, func(Row) bool { return false })
	must(t, err)
	var all []string
	for _, r := range rows {
		all = append(all, fmt.Sprintf("%s:%d", r.Report, r.Revision))
	}
	return strings.Join(all, " ")
}

// view is everything that can be seen of an outbox.
func view(t testing.TB, o *Outbox) any {
	t.Helper()
	all, err := o.Due(1000, func(Row) bool { return true })
	must(t, err)
	files := o.Files()
	rows := map[int64][]Row{}
	for _, f := range files {
		rows[f.ID] = o.Rows(f.ID)
	}
	known := map[reportKey]Known{}
	for k, last := range o.known {
		known[k] = *last
	}
	return []any{all, files, rows, o.Cursor(), known}
}

func sameView(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(reportKey{}), cmpopts.IgnoreUnexported(Row{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: %s", what, diff)
	}
}

// The whole promise: what was said to be kept is there when the process starts again.
func TestWhatWasKeptIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	refused := NewRow{Row: Row{File: f, Line: 9, Answer: &Answer{Outcome: events.Refused, Final: true, By: ByConnector}}}
	must(t, o.Add(event(f, "A", 1), event(f, "B", 1), event(f, "C", 1), refused))
	must(t, o.End(f, "a.csv"))
	if got := due(t, o); got != "A:1 B:1 C:1" {
		t.Fatalf("due: %s", got)
	}
	must(t, o.Sent(1, 2))
	cursor := "c1"
	if n, err := o.Answer([]Answered{receipt("A", 1, events.Accepted), receipt("X", 1, events.Accepted)}, &cursor); err != nil || n != 1 {
		t.Fatalf("%d answered, %v", n, err)
	}
	want := view(t, o)
	must(t, o.Close())

	o = open(t, dir)
	sameView(t, "after a restart", want, view(t, o))
	if got := due(t, o); got != "C:1" {
		t.Errorf("due: %s", got)
	}
	if f := o.Files()[0]; !f.Ended || f.Done != "a.csv" || f.Rows != 4 || f.Unanswered != 2 {
		t.Errorf("%+v", f)
	}
	if rows, _ := o.Due(10, func(r Row) bool { return r.Report == "B" }); len(rows) != 2 || string(rows[0].Body) != `{"report":"B<&>"}` {
		t.Errorf("%+v", rows)
	}
}

// A kill in the middle of a write leaves a part of a line. Whatever the part, all that was kept before is there, and the
// write itself happened as a whole or not at all.
func TestEveryTornWriteIsFoundAndCutOff(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1)))
	path := o.journal.path()
	before, err := os.ReadFile(path)
	must(t, err)
	wantBefore := view(t, o)
	must(t, o.Add(event(f, "B", 1), event(f, "C", 1)))
	after, err := os.ReadFile(path)
	must(t, err)
	wantAfter := view(t, o)
	must(t, o.Close())

	for cut := len(before); cut <= len(after); cut++ {
		must(t, os.WriteFile(path, after[:cut], 0o600))
		again, err := Open(dir)
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, len(after), err)
		}
		want := wantBefore
		if cut == len(after) {
			want = wantAfter
		}
		sameView(t, fmt.Sprintf("cut at %d", cut), want, view(t, again))
		// And it goes on from there.
		must(t, again.Add(event(f, "D", 1)))
		wantD := view(t, again)
		must(t, again.Close())
		again = open(t, dir)
		sameView(t, "after going on", wantD, view(t, again))
		must(t, again.Close())
	}
}

// A disk may write the end of a torn write and not its beginning: zeros, or what stood there before.
func TestTornWriteWithHoles(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	want := view(t, o)
	good := o.journal.size
	must(t, o.Add(event(f, "B", 1), event(f, "C", 1), event(f, "D", 1)))
	path := o.journal.path()
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, o.Close())
	for _, filler := range []byte{0, 'x', '\n'} {
		for _, hole := range [][2]int{{0, 50}, {40, 200}, {len(whole) - int(good) - 30, len(whole) - int(good)}} {
			torn := bytes.Clone(whole)
			for i := hole[0]; i < hole[1]; i++ {
				torn[int(good)+i] = filler
			}
			must(t, os.WriteFile(path, torn, 0o600))
			again := open(t, dir)
			sameView(t, fmt.Sprintf("hole %v of %q", hole, filler), want, view(t, again))
			must(t, again.Close())
		}
	}
}

// Damage to what was flushed is no torn write: to cut it off would lose, in silence, what was promised to be kept.
func TestDamageBeforeTheEndIsSaid(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	at := int(o.journal.size)
	must(t, o.Add(event(f, "A", 1)))
	must(t, o.Add(event(f, "B", 1)))
	path := o.journal.path()
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, o.Close())
	whole[at+30] ^= 1
	must(t, os.WriteFile(path, whole, 0o600))
	_, err = Open(dir)
	d, ok := errors.AsType[*DamagedError](err)
	if !ok || d.Path != path || d.Offset != int64(at) {
		t.Fatalf("%v", err)
	}
	if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, whole) {
		t.Error("the damaged outbox was changed")
	}
}

// Versions of one report are stored in their order: a later one waits until the earlier one is stored, whatever the reason.
func TestOfOneReportOnlyTheFirstUnstoredIsDue(t *testing.T) {
	o := open(t, t.TempDir())
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1), event(f, "A", 2), event(f, "B", 1), event(f, "A", 3)))
	for _, step := range []struct {
		want string
		sent int64
	}{{"A:1 B:1", 3}, {"A:1", 1}, {"A:2", 2}, {"A:3", 4}, {"", 0}} {
		if got := due(t, o); got != step.want {
			t.Fatalf("due: %q, want %q", got, step.want)
		}
		if step.sent > 0 {
			must(t, o.Sent(step.sent))
		}
	}
}

func TestAnswersGoToTheRowsThatAsked(t *testing.T) {
	o := open(t, t.TempDir())
	f, g := begin(t, o, "a.csv"), begin(t, o, "b.csv")
	same := event(g, "A", 1)
	same.Same, same.Body = true, nil
	must(t, o.Add(event(f, "A", 1), same, event(f, "A", 2)))
	other := receipt("A", 1, events.Refused)
	other.Content = "something else"
	for i, step := range []struct {
		answer  Answered
		n       int
		outcome events.Outcome
	}{
		{other, 0, ""},
		{receipt("A", 1, events.Quarantined), 2, events.Quarantined},
		{receipt("A", 1, events.Quarantined), 0, events.Quarantined}, // the same again is no news
		{receipt("A", 1, events.Accepted), 2, events.Accepted},
		{receipt("A", 1, events.Quarantined), 0, events.Accepted}, // late: the final one stands
	} {
		n, err := o.Answer([]Answered{step.answer}, nil)
		if err != nil || n != step.n {
			t.Errorf("step %d: %d rows, %v", i, n, err)
		}
		for _, row := range []Row{o.Rows(f)[0], o.Rows(g)[0]} {
			if step.outcome == "" && row.Answer != nil || step.outcome != "" && row.Answer.Outcome != step.outcome {
				t.Errorf("step %d: %+v", i, row.Answer)
			}
		}
		if files := o.Files(); i == 1 && (files[0].Waiting != 1 || files[0].Unanswered != 1 || files[1].Waiting != 1) {
			t.Errorf("%+v", files)
		}
	}
	// What waits for a person is not due, and what has its receipt never again.
	if got := due(t, o); got != "A:2" {
		t.Errorf("due: %s", got)
	}
}

// What was sent last of a report is known long after its file: the next export says whether it has changed.
func TestWhatWasSentLastIsKnown(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1), event(f, "A", 2), event(f, "B", 1)))
	must(t, o.End(f, "a.csv"))
	_, err := o.Answer([]Answered{receipt("A", 2, events.Accepted), receipt("A", 1, events.Refused), receipt("B", 1, events.Refused)}, nil)
	must(t, err)
	must(t, o.Forget(f))
	check := func(o *Outbox) {
		t.Helper()
		a, _ := o.Known(events.KindIncident, "A")
		b, _ := o.Known(events.KindIncident, "B")
		if a.Revision != 2 || a.Outcome != events.Accepted || a.Content != "content of A:2" || a.Answer.Receipt != "r-A" || b.Outcome != events.Refused {
			t.Errorf("%+v %+v", a, b)
		}
		if _, known := o.Known(events.KindNothing, "A"); known || len(o.Files()) != 0 {
			t.Error("another kind is known, or the file")
		}
	}
	check(o)
	must(t, o.Close())
	check(open(t, dir))
}

// The journal does not grow for ever, and what stands for it says the same.
func TestCompactedOutboxSaysTheSame(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	kept := begin(t, o, "kept.csv")
	waiting := event(kept, "W", 1)
	must(t, o.Add(waiting, event(kept, "S", 1), event(kept, "U", 1)))
	must(t, o.Sent(2))
	cursor := "c"
	_, err := o.Answer([]Answered{receipt("W", 1, events.Quarantined)}, &cursor)
	must(t, err)
	for n := range 12 {
		f := begin(t, o, fmt.Sprint(n))
		var rows []NewRow
		var answers []Answered
		for i := range 100 {
			row := event(f, fmt.Sprintf("R%d-%d", n, i), 1)
			row.Body = bytes.Repeat([]byte("b"), 1000)
			rows, answers = append(rows, row), append(answers, receipt(string(row.Report), 1, events.Accepted))
		}
		must(t, o.Add(rows...))
		must(t, o.End(f, fmt.Sprint(n)))
		_, err := o.Answer(answers, nil)
		must(t, err)
		before := view(t, o)
		last := begin(t, o, "empty") // nothing changes but this file, which is forgotten at once
		must(t, o.Forget(last))
		sameView(t, "after forgetting nothing", before, view(t, o))
		must(t, o.Forget(f))
	}
	if o.journal.generation < 2 || o.journal.size > 3*compactFrom {
		t.Fatalf("generation %d, %d bytes", o.journal.generation, o.journal.size)
	}
	want := view(t, o)
	must(t, o.Add(event(kept, "N", 1)))
	wantMore := view(t, o)
	must(t, o.Close())
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	if len(names) != 1 {
		t.Errorf("%v", names)
	}
	again := open(t, dir)
	sameView(t, "after a restart", wantMore, view(t, again))
	if cmp.Equal(want, wantMore, cmp.AllowUnexported(reportKey{}), cmpopts.IgnoreUnexported(Row{})) {
		t.Error("the view does not see a row")
	}
	if got := due(t, again); got != "U:1 N:1" {
		t.Errorf("due: %s", got)
	}
	if len(again.known) != 1204 {
		t.Errorf("%d known", len(again.known))
	}
}

// A kill while the journal is replaced leaves a half-written one beside the old, or the whole one beside the old.
func TestKilledWhileCompacting(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1)))
	old, err := os.ReadFile(o.journal.path())
	must(t, err)
	want := view(t, o)
	must(t, o.compact())
	must(t, o.Close())
	first, second := journalPath(dir, 1), journalPath(dir, 2)

	must(t, os.WriteFile(first, old, 0o600)) // the old one was not removed
	again := open(t, dir)
	sameView(t, "both whole", want, view(t, again))
	must(t, again.Close())

	must(t, os.WriteFile(first, old, 0o600))
	must(t, os.Rename(second, second+unfinished))
	again = open(t, dir)
	sameView(t, "the new one half", want, view(t, again))
	must(t, again.Close())
	if _, err := os.Stat(second + unfinished); !errors.Is(err, os.ErrNotExist) {
		t.Error("the half-written journal is still there")
	}
}

// A file whose taking in was broken off goes on where it ended; one of the same name that says something else does not.
func TestBrokenOffFileIsContinued(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1), event(f, "B", 1)))
	must(t, o.Close())
	o = open(t, dir)
	again, rows, err := o.Begin("a.csv", "sha of a.csv", 10, now.Add(time.Hour))
	if err != nil || again.ID != f || rows != 2 || !again.Taken.Equal(now) {
		t.Errorf("%+v, %d rows, %v", again, rows, err)
	}
	other, rows, err := o.Begin("a.csv", "another sha", 10, now)
	if err != nil || other.ID == f || rows != 0 {
		t.Errorf("%+v, %d rows, %v", other, rows, err)
	}
	must(t, o.End(f, "a.csv"))
	if third, rows, err := o.Begin("a.csv", "sha of a.csv", 10, now); err != nil || third.ID == f || rows != 0 {
		t.Errorf("an ended file is continued: %+v, %d rows, %v", third, rows, err)
	}
}

// Looking changes nothing, also while another process writes, and a half-written end is passed over.
func TestLookOnly(t *testing.T) {
	dir := t.TempDir()
	if o, err := Look(filepath.Join(dir, "none")); err != nil || len(o.Files()) != 0 {
		t.Errorf("%v", err)
	}
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1)))
	path := o.journal.path()
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(whole, "half a li"...), 0o600))
	looked, err := Look(dir)
	must(t, err)
	if _, known := looked.Known(events.KindIncident, "A"); !known {
		t.Error("the row is not seen")
	}
	if err := looked.Add(event(f, "B", 1)); !errors.Is(err, errReadOnly) {
		t.Errorf("%v", err)
	}
	if after, _ := os.ReadFile(path); len(after) != len(whole)+len("half a li") {
		t.Error("looking changed the file")
	}
}

// Whatever is done in whatever order, and wherever the process dies between two calls, the next one sees the same.
func TestAnyHistorySurvivesAnyRestart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		o := open(t, dir)
		f := begin(t, o, "a")
		restart := func() {
			want := view(t, o)
			must(t, o.Close())
			o = open(t, dir)
			sameView(t, "after a restart", want, view(t, o))
		}
		reports := rapid.SampledFrom([]string{"A", "B", "C"})
		revisions := rapid.IntRange(1, 3)
		outcomes := rapid.SampledFrom([]events.Outcome{events.Accepted, events.Quarantined, events.Refused, events.Dropped})
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				row := event(f, reports.Draw(rt, "report"), revisions.Draw(rt, "revision"))
				row.Same = rapid.Bool().Draw(rt, "same")
				must(t, o.Add(row))
			},
			"sent": func(rt *rapid.T) { must(t, o.Sent(int64(rapid.IntRange(1, 9).Draw(rt, "row")))) },
			"answer": func(rt *rapid.T) {
				_, err := o.Answer([]Answered{receipt(reports.Draw(rt, "report"), revisions.Draw(rt, "revision"), outcomes.Draw(rt, "outcome"))}, nil)
				must(t, err)
			},
			"next": func(rt *rapid.T) {
				must(t, o.End(f, "a"))
				if rapid.Bool().Draw(rt, "forget") {
					must(t, o.Forget(f))
				}
				f = begin(t, o, "a")
			},
			"compact": func(*rapid.T) { must(t, o.compact()) },
			"restart": func(*rapid.T) { restart() },
		})
		restart()
		must(t, o.Close())
	})
}
