// SPDX-License-Identifier: EUPL-1.2

package position_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/testenv"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
	"samsyn/services/review/outgoing"
	"samsyn/services/review/position"
)

func week(year, number int) calendar.Week { return calendar.Week{Year: year, Number: number} }

func date(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func lamps(flag uuid.UUID) position.Decision {
	return position.Decision{Flag: flag, Kind: position.Act, Measure: action.Lighting, OwnerAgency: "bostad", DueOn: date("2026-12-01"), Note: "Ring Anna om stolparna"}
}

// An act without an action has no owner and no due date: it is a wish.
func TestActingMakesAnAction(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday.Add(-30*time.Hour))
	p := w.mustDecide(lamps(flag))
	var a action.Action
	w.system(func(tx pgx.Tx) (err error) {
		a, err = action.GetTx(t.Context(), tx, code, *p.Action)
		return err
	})
	if a.Measure != action.Lighting || a.OwnerAgency != "bostad" || a.State != action.Decided || *a.Flag != flag || a.Area != "a1" || a.Group != "damage" {
		t.Errorf("the action is %+v", a)
	}
	if a.Problem == "" || a.FollowUpOn == nil || len(a.Defects()) > 0 {
		t.Errorf("the action lacks %v", a.Defects())
	}
	if a.CreatedBy == nil || *a.CreatedBy != w.coordinator {
		t.Errorf("the action was made by %v", a.CreatedBy)
	}
}

// What the review decides is on the bus exactly when it is stored, and a repeat is the same message.
func TestWhatIsDecidedIsOnTheBusOnce(t *testing.T) {
	w := newTown(t)
	nats := testenv.NATS(t)
	flag := w.flag("a1", monday)
	p := w.mustDecide(lamps(flag))
	w.now = w.now.Add(time.Hour)
	w.mustDecide(position.Decision{Flag: flag, Version: 1, Kind: position.Watch, Until: week(2026, 50)})
	kept := one[int](w, `SELECT count(*) FROM review.outgoing`)
	// A process that dies after publishing and before forgetting sends again.
	w.exec(`CREATE TABLE keep AS SELECT municipality, id, subject, body FROM review.outgoing ORDER BY number`)
	for range 2 {
		if left, err := outgoing.Send(t.Context(), w.pool, nats.Conn, code); err != nil || left != 0 {
			t.Fatalf("%d left, %v", left, err)
		}
		w.exec(`INSERT INTO review.outgoing (municipality, id, subject, body) SELECT * FROM keep`)
	}
	var decisions []events.Decision
	var ids []string
	for _, m := range streamOf(t, nats, kept) {
		if d, err := events.DecodeDecision(m.Body); err == nil {
			decisions, ids = append(decisions, d), append(ids, m.Header("Nats-Msg-Id"))
			if strings.Contains(string(m.Body), "Anna") {
				t.Errorf("the note is on the bus: %s", m.Body)
			}
		}
	}
	if len(decisions) != 2 || ids[0] != decisions[0].ID.String() {
		t.Fatalf("the stream holds %d decisions under %v", len(decisions), ids)
	}
	want := events.Decision{
		ID: decisions[0].ID, Hotspot: flag, Version: 1, Position: "act", Decided: monday, Area: "a1", Group: "damage", Action: p.Action, Owner: "bostad", Due: "2026-12-01",
	}
	if diff := cmp.Diff(want, decisions[0]); diff != "" {
		t.Error(diff)
	}
	if d := decisions[1]; d.Position != "watch" || d.Until != "2026-W50" || d.Version != 2 {
		t.Errorf("the second decision is %+v", d)
	}
}

// Two coordinators open the same mail. The second must see both, whoever they are.
func TestWhoComesSecondIsShownBoth(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	first := w.mustDecide(lamps(flag))
	_, err := w.decide(position.Decision{Flag: flag, Kind: position.Dismiss, Reason: position.Chance})
	var conflict *position.Conflict
	if !errors.As(err, &conflict) || !errors.Is(err, position.ErrConflict) {
		t.Fatalf("the second decision: %v", err)
	}
	if conflict.Stored.Kind != position.Act || conflict.Stored.Version != 1 || conflict.Stored.Note != first.Note {
		t.Errorf("what is stored is %+v", conflict.Stored)
	}
	// Having seen it, one may decide otherwise.
	p := w.mustDecide(position.Decision{Flag: flag, Version: 1, Kind: position.Dismiss, Reason: position.Chance})
	if p.Version != 2 || p.Reason != position.Chance || p.Action != nil {
		t.Errorf("the new position is %+v", p)
	}
	if n := one[int](w, `SELECT count(*) FROM review.position_event WHERE flag = $1`, flag); n != 2 {
		t.Errorf("the record has %d entries, want both", n)
	}
}

// A double click, or a browser that sends again, is one decision and one action.
func TestTheSameDecisionTwiceIsOne(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	var wait sync.WaitGroup
	var mu sync.Mutex
	versions := map[int]int{}
	for range 8 {
		wait.Go(func() {
			p, err := w.decide(lamps(flag))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("decide: %v", err)
			}
			versions[p.Version]++
		})
	}
	wait.Wait()
	if versions[1] != 8 {
		t.Errorf("versions %v, want one", versions)
	}
	if n := one[int](w, `SELECT count(*) FROM review.action WHERE flag = $1`, flag); n != 1 {
		t.Errorf("%d actions, want 1", n)
	}
}

// Eight coordinators who decide different things at once: one decision holds and each of the others is told.
func TestOneOfManyDecisionsHolds(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	var wait sync.WaitGroup
	var mu sync.Mutex
	held, told := 0, 0
	for i := range 8 {
		wait.Go(func() {
			_, err := w.decide(position.Decision{Flag: flag, Kind: position.Watch, Until: week(2026, 48).Add(i + 1)})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				held++
			case errors.Is(err, position.ErrConflict):
				told++
			default:
				t.Errorf("decide: %v", err)
			}
		})
	}
	wait.Wait()
	if held != 1 || told != 7 {
		t.Errorf("%d hold and %d were told", held, told)
	}
}

// A place that is watched and never comes back is a place that is forgotten; one that comes back each night is noise.
func TestAWatchedPlaceComesBackOnceInItsWeek(t *testing.T) {
	w := newTown(t)
	w.now = time.Date(2026, 12, 22, 9, 0, 0, 0, time.UTC) // week 52, before the turn of the year
	flag := w.flag("a1", w.now)
	w.mustDecide(position.Decision{Flag: flag, Kind: position.Watch, Until: week(2027, 1)}) // two weeks on, for 2026 has week 53
	back := func(at time.Time) (n int) {
		w.system(func(tx pgx.Tx) error {
			town, err := calendar.Read(t.Context(), tx, code)
			if err != nil {
				return err
			}
			all, err := position.ReturnTx(t.Context(), tx, town, at)
			n = len(all)
			return err
		})
		return n
	}
	if n := back(time.Date(2027, 1, 3, 22, 59, 0, 0, time.UTC)); n != 0 {
		t.Fatal("it came back in week 53")
	}
	if n := back(time.Date(2027, 1, 3, 23, 0, 0, 0, time.UTC)); n != 1 { // midnight in Stockholm
		t.Fatal("it did not come back when week 1 began")
	}
	if n := back(time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)); n != 0 {
		t.Fatal("it came back twice")
	}
	var waiting []position.Waiting
	w.system(func(tx pgx.Tx) (err error) {
		waiting, err = position.WaitingTx(t.Context(), tx, code)
		return err
	})
	if len(waiting) != 1 || !waiting[0].Returned || waiting[0].Flag != flag {
		t.Errorf("waiting: %+v", waiting)
	}
	if states, err := position.States(t.Context(), w.pool, w.visit.Viewer, code); err != nil || states[flag] != "returned" {
		t.Errorf("states: %v, %v", states, err)
	}
	// A new watch after that comes back again, once.
	w.now = time.Date(2027, 1, 5, 9, 0, 0, 0, time.UTC)
	w.mustDecide(position.Decision{Flag: flag, Version: 1, Kind: position.Watch, Until: week(2027, 3)})
	if n := back(time.Date(2027, 1, 18, 9, 0, 0, 0, time.UTC)); n != 1 {
		t.Error("the second watch did not come back")
	}
	if n := one[int](w, `SELECT count(*) FROM review.position_event WHERE flag = $1 AND verb = 'returned'`, flag); n != 2 {
		t.Errorf("the record has %d returns, want 2", n)
	}
}

// In a municipality that is replayed, the week is that of its own clock.
func TestAReplayedMunicipalityReturnsByItsOwnClock(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE registry.municipality SET clock = 'replay', as_of = '2012-03-06T09:00:00-08:00', time_zone = 'America/Los_Angeles' WHERE municipality = $1`, code)
	flag := w.flag("a1", monday)
	w.now = time.Date(2012, 3, 6, 17, 0, 0, 0, time.UTC)
	w.mustDecide(position.Decision{Flag: flag, Kind: position.Watch, Until: week(2012, 12)})
	back := 0
	for _, asOf := range []string{"2012-03-18T23:59:00-07:00", "2012-03-19T00:00:00-07:00"} {
		w.exec(`UPDATE registry.municipality SET as_of = $2 WHERE municipality = $1`, code, asOf)
		w.system(func(tx pgx.Tx) error {
			town, err := calendar.Read(t.Context(), tx, code)
			if err != nil {
				return err
			}
			all, err := position.ReturnTx(t.Context(), tx, town, monday)
			if back += len(all); asOf[9] == '8' && back != 0 {
				t.Error("it came back before its week")
			}
			return err
		})
	}
	if back != 1 {
		t.Errorf("it came back %d times", back)
	}
}

// Nothing may stay flagged with nobody asked: the list is what the meeting goes through.
func TestTheOldestWithoutAPositionComesFirst(t *testing.T) {
	w := newTown(t)
	young, old := w.flag("a1", monday.Add(-time.Hour)), w.flag("a2", monday.AddDate(0, 0, -20))
	decided, ended, elsewhere := w.flag("a3", monday.AddDate(0, 0, -30)), w.flag("a3", monday.AddDate(0, 0, -40)), w.flagIn("0002", "a1", monday.AddDate(0, 0, -50))
	w.mustDecide(lamps(decided))
	w.end(ended)
	w.exec(`UPDATE alerting.flag SET grade = 'watch' WHERE id = $1`, w.flag("a3", monday.AddDate(0, 0, -60)))
	var got []uuid.UUID
	w.system(func(tx pgx.Tx) error {
		waiting, err := position.WaitingTx(t.Context(), tx, code)
		for _, p := range waiting {
			got = append(got, p.Flag)
		}
		return err
	})
	if diff := cmp.Diff([]uuid.UUID{old, young}, got); diff != "" {
		t.Errorf("%s (elsewhere is %s)", diff, elsewhere)
	}
}

// The share of alarms that were none is what those who decide said, and a known cause is no false alarm.
func TestDismissalsAreTheShareOfFalseAlarms(t *testing.T) {
	w := newTown(t)
	for i, reason := range []position.Reason{position.Chance, position.Chance, position.ReportingEffect, position.KnownCause, ""} {
		flag := w.flag("a1", monday.Add(time.Duration(i)*time.Minute))
		d := position.Decision{Flag: flag, Kind: position.Dismiss, Reason: reason}
		if reason == "" {
			d = lamps(flag)
		}
		w.mustDecide(d)
	}
	var share position.Share
	w.system(func(tx pgx.Tx) (err error) {
		share, err = position.ShareTx(t.Context(), tx, code, monday.AddDate(0, 0, -1), monday.AddDate(0, 0, 1))
		return err
	})
	if share.Decided != 5 || share.False() != 3 || share.Dismissed[position.KnownCause] != 1 {
		t.Errorf("%+v, false %d", share, share.False())
	}
}

// What cannot be is refused before anything is stored, with the field to look at.
func TestWhatCannotBeIsRefused(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	police := w.person("polis", "Petra Polis", "member")
	for field, d := range map[string]position.Decision{
		"kind":         {Flag: flag},
		"until":        {Flag: flag, Kind: position.Watch, Until: week(2026, 48)}, // this week
		"reason":       {Flag: flag, Kind: position.Dismiss},
		"to":           {Flag: flag, Kind: position.HandOver, To: "pressen"},
		"note":         {Flag: flag, Kind: position.Dismiss, Reason: position.Chance, Note: "det var 19121212-1212"},
		"measure_text": {Flag: flag, Kind: position.Act, Measure: action.Other, OwnerAgency: "bostad", DueOn: date("2026-12-01")},
		"due_on":       {Flag: flag, Kind: position.Act, Measure: action.Lighting, OwnerAgency: "bostad", DueOn: date("2026-11-22")},
		"owner_agency": {Flag: flag, Kind: position.Act, Measure: action.Lighting, OwnerAgency: "nobody", DueOn: date("2026-12-01")},
		"owner_person": {Flag: flag, Kind: position.Act, Measure: action.Lighting, OwnerAgency: "bostad", OwnerPerson: &police, DueOn: date("2026-12-01")},
	} {
		_, err := w.decide(d)
		var invalid *position.Invalid
		if !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: %v", field, err)
		} else if text := position.Texts()["invalid."+invalid.Field+"."+invalid.Why]; text.SV == "" {
			t.Errorf("%s: nothing is said for %s", field, invalid.Why)
		}
	}
	if n := one[int](w, `SELECT count(*) FROM review.position_event`); n != 0 {
		t.Errorf("%d positions were stored", n)
	}
}

// The program asks for the role, and the database holds it to that.
func TestOnlyACoordinatorTakesAPosition(t *testing.T) {
	w := newTown(t)
	flag, other := w.flag("a1", monday), w.flagIn("0002", "a1", monday)
	viewer := w.visit.Viewer
	for _, roles := range [][]string{{"member"}, {"agency_lead", "reporter"}, {}} {
		viewer.Roles = roles
		if p, err := w.store.Decide(t.Context(), viewer, position.Decision{Flag: flag, Kind: position.Watch, Until: week(2026, 50), At: monday}); err == nil {
			t.Errorf("%v took position %+v", roles, p)
		}
	}
	if _, err := w.decide(position.Decision{Flag: other, Kind: position.Watch, Until: week(2026, 50)}); !errors.Is(err, position.ErrUnknown) {
		t.Errorf("a place of another municipality: %v", err)
	}
	if _, err := w.decide(position.Decision{Flag: uuid.New(), Kind: position.Watch, Until: week(2026, 50)}); !errors.Is(err, position.ErrUnknown) {
		t.Errorf("a place that is not there: %v", err)
	}
}
