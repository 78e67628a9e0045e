// SPDX-License-Identifier: EUPL-1.2

package action_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/review/action"
)

// What was agreed in the meeting must be there in every part when the owner comes home.
func TestAnActionIsReadAsItWasMade(t *testing.T) {
	w := newTown(t)
	a := w.lamps()
	flag, person := uuid.New(), uuid.New()
	a.Flag, a.OwnerPerson = &flag, &person
	made := w.made(a)
	read, err := w.store.Get(t.Context(), viewer("bostad", "member"), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if read.Version != 1 || read.State != action.Decided || read.Weeks != action.DefaultWeeks || *read.Flag != flag || *read.OwnerPerson != person ||
		!read.StartOn.Equal(a.StartOn) || !read.FollowUpOn.Equal(*a.FollowUpOn) || read.Problem != a.Problem || read.ControlArea != "b1" {
		t.Errorf("read %+v", read)
	}
	if list, err := w.store.List(t.Context(), viewer("bostad", "member"), action.Filter{Flag: &flag}); err != nil || len(list) != 1 {
		t.Errorf("by flag: %v, %v", list, err)
	}
	if _, err := w.store.Get(t.Context(), pg.Viewer{Municipality: "0002"}, made.ID); !errors.Is(err, action.ErrUnknown) {
		t.Errorf("from another municipality: %v", err)
	}
}

// Two who save the same action must both know: nobody's change is lost in silence.
func TestTheSecondOfTwoWhoChangeIsShownBoth(t *testing.T) {
	w := newTown(t)
	a := w.made(w.lamps())
	first, second := a, a
	first.DueOn = day("2026-12-11")
	if _, err := w.store.Change(t.Context(), viewer("kommun", "coordinator"), first, nil, w.now); err != nil {
		t.Fatal(err)
	}
	second.Cause = "Trasiga lampor"
	_, err := w.store.Change(t.Context(), viewer("bostad", "member"), second, nil, w.now)
	var conflict *action.Conflict
	if !errors.As(err, &conflict) || !errors.Is(err, action.ErrConflict) || !conflict.Stored.DueOn.Equal(first.DueOn) || conflict.Stored.Version != 2 {
		t.Fatalf("got %v", err)
	}
	// Saving what is stored already is no change: a form sent twice.
	same, err := w.store.Change(t.Context(), viewer("kommun", "coordinator"), conflict.Stored, nil, w.now.Add(time.Hour))
	if err != nil || same.Version != 2 {
		t.Errorf("saved again: version %d, %v", same.Version, err)
	}
}

// The machine is held by the database: what the code forgets, it refuses.
func TestOnlyTheStepsOfTheMachineAreTaken(t *testing.T) {
	w := newTown(t)
	for _, from := range action.States() {
		for _, to := range action.States() {
			id := uuid.New()
			steps := map[action.State][]action.State{
				action.Proposed: {action.Proposed}, action.Decided: {action.Decided}, action.InProgress: {action.Decided, action.InProgress},
				action.Done: {action.Decided, action.Done}, action.Evaluated: {action.Decided, action.Done, action.Evaluated}, action.Cancelled: {action.Decided, action.Cancelled},
			}[from]
			var before any
			for i, state := range steps {
				w.exec(`INSERT INTO review.action_event (municipality, action, version, from_state, state, at, changed, body) VALUES ($1, $2, $3, $4, $5, now(), '{}', '{}')`,
					code, id, i+1, before, state)
				before = state
			}
			_, err := w.admin.Exec(t.Context(), `INSERT INTO review.action_event (municipality, action, version, from_state, state, at, changed, body)
				VALUES ($1, $2, $3, $4, $5, now(), '{}', '{}')`, code, id, len(steps)+1, from, to)
			if (err == nil) != from.May(to) {
				t.Errorf("%s to %s: the code says %t, the database %v", from, to, from.May(to), err)
			}
		}
	}
	a := w.made(w.lamps())
	if _, err := w.admin.Exec(t.Context(), `UPDATE review.action SET state = 'done', done_on = '2026-12-01' WHERE action = $1`, a.ID); err == nil {
		t.Error("a state without its event was stored")
	}
	a.State = action.Evaluated
	var invalid *action.Invalid
	if _, err := w.store.Change(t.Context(), viewer("kommun", "coordinator"), a, nil, w.now); !errors.As(err, &invalid) || invalid.Field != "state" {
		t.Errorf("decided to evaluated: %v", err)
	}
}

// A comparison chosen when one knows the outcome proves nothing.
func TestTheControlAreaIsNamedBeforeTheStart(t *testing.T) {
	w := newTown(t)
	a := w.made(w.lamps())
	late := day("2026-12-08").Add(9 * time.Hour)
	for name, change := range map[string]func(*action.Action){
		"another area, named today":       func(a *action.Action) { a.ControlArea, a.ControlOn = "b2", on("2026-12-08") },
		"another area, dated back":        func(a *action.Action) { a.ControlArea = "b2" },
		"another area, dated to the past": func(a *action.Action) { a.ControlArea, a.ControlOn = "b2", on("2026-11-20") },
		"the same area":                   func(a *action.Action) { a.ControlArea = "a1" },
		"no such area":                    func(a *action.Action) { a.ControlArea = "c9" },
		"a date without an area":          func(a *action.Action) { a.ControlArea, a.ControlLevel = "", "" },
	} {
		changed := a
		change(&changed)
		if _, err := w.store.Change(t.Context(), viewer("kommun", "coordinator"), changed, nil, late); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	a.ControlArea, a.ControlOn = "b2", on("2026-11-26")
	if _, err := w.store.Change(t.Context(), viewer("kommun", "coordinator"), a, nil, day("2026-11-26").Add(9*time.Hour)); err != nil {
		t.Errorf("before the start: %v", err)
	}
}

func TestWhatCannotBeIsRefusedByField(t *testing.T) {
	w := newTown(t)
	for field, change := range map[string]func(*action.Action){
		"measure":      func(a *action.Action) { a.Measure = "magic" },
		"measure_text": func(a *action.Action) { a.Measure, a.MeasureText = action.Other, "" },
		"owner_agency": func(a *action.Action) { a.OwnerAgency = "nobody" },
		"due_on":       func(a *action.Action) { a.DueOn = day("2026-11-01") },
		"follow_up_on": func(a *action.Action) { a.FollowUpOn = on("2026-11-01") },
		"area":         func(a *action.Action) { a.Area = "c9" },
		"problem":      func(a *action.Action) { a.Problem = strings.Repeat("å", 501) },
		"weeks":        func(a *action.Action) { a.Weeks = 53 },
		"state":        func(a *action.Action) { a.State = action.Done },
		"cause":        func(a *action.Action) { a.Cause = "ring 070-123 45 67" },
	} {
		a := w.lamps()
		change(&a)
		_, err := w.store.Create(t.Context(), viewer("kommun", "coordinator"), a)
		var invalid *action.Invalid
		if !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Late is late by the municipality's day, and what is done is late no more.
func TestLateIsCountedInDays(t *testing.T) {
	a := action.Action{State: action.Decided, DueOn: day("2026-11-27")}
	for at, want := range map[string]int{"2026-11-27": 0, "2026-11-28": 1, "2026-12-07": 10, "2026-11-01": 0} {
		if got := a.Late(day(at)); got != want {
			t.Errorf("on %s: %d days late, want %d", at, got, want)
		}
	}
	a.State = action.Done
	if got := a.Late(day("2026-12-07")); got != 0 {
		t.Errorf("done: %d days late", got)
	}
}

// What a page forgets, the database holds: who may see, make and change an action.
func TestTheDatabaseHoldsWhoMayDoWhat(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE registry.agency SET kind = 'association' WHERE agency = 'idrott'`)
	ours := w.made(w.lamps())
	theirs := w.lamps()
	theirs.OwnerAgency, theirs.Measure = "idrott", action.NightWalk
	theirs = w.made(theirs)
	for _, c := range []struct {
		name         string
		viewer       pg.Viewer
		sees         int
		makes, moves bool // moves: the action of Bostads AB
	}{
		{"coordinator", viewer("kommun", "coordinator"), 2, true, true},
		{"owner's lead", viewer("bostad", "agency_lead"), 2, false, true},
		{"owner's reporter", viewer("bostad", "reporter"), 0, false, false},
		{"another's member", viewer("kommun", "member"), 2, false, false},
		{"association", viewer("idrott", "member"), 1, false, false},
		{"administrator", viewer("", "admin"), 0, false, false},
		{"another municipality", pg.Viewer{Municipality: "0002", Agency: "bostad", Roles: []string{"coordinator"}}, 0, false, false},
	} {
		seen, err := w.store.List(t.Context(), c.viewer, action.Filter{})
		if c.viewer.Municipality != code {
			seen, err = nil, nil
			if _, got := w.store.Get(t.Context(), c.viewer, ours.ID); !errors.Is(got, action.ErrUnknown) {
				t.Errorf("%s reads it: %v", c.name, got)
			}
		}
		if err != nil || len(seen) != c.sees {
			t.Errorf("%s sees %d actions (%v), want %d", c.name, len(seen), err, c.sees)
		}
		if _, err := w.store.Create(t.Context(), c.viewer, w.lamps()); (err == nil) != c.makes {
			t.Errorf("%s makes one: %v", c.name, err)
		}
		w.exec(`DELETE FROM review.action WHERE action <> $1 AND action <> $2`, ours.ID, theirs.ID)
		now, err := w.store.Get(t.Context(), viewer("kommun", "coordinator"), ours.ID)
		if err != nil {
			t.Fatal(err)
		}
		now.Cause += "!"
		if _, err := w.store.Change(t.Context(), c.viewer, now, nil, w.now); (err == nil) != c.moves {
			t.Errorf("%s changes it: %v", c.name, err)
		}
	}
	stolen := theirs
	stolen.OwnerAgency = "bostad"
	if _, err := w.store.Change(t.Context(), viewer("idrott", "member"), stolen, nil, w.now); err == nil {
		t.Error("an owner gave its action away")
	}
}

// Everyone inside hears of every version, and of none that was not stored.
func TestEveryVersionIsSaidOnTheBus(t *testing.T) {
	w := newTown(t)
	a := w.made(w.lamps())
	moved, err := a.Step(action.InProgress, day("2026-11-30"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Change(t.Context(), viewer("bostad", "member"), moved, nil, w.now); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Change(t.Context(), viewer("kommun", "coordinator"), moved, nil, w.now); !errors.Is(err, action.ErrConflict) {
		t.Fatal(err)
	}
	rows, err := w.admin.Query(t.Context(), `SELECT body FROM review.outgoing WHERE municipality = $1 AND subject = 'decision.0001' ORDER BY number`, code)
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(bodies) != 2 {
		t.Fatalf("%d events, %v", len(bodies), err)
	}
	said, err := events.DecodeActionChanged(bodies[1])
	if err != nil || said.ID != a.ID || said.Version != 2 || said.State != "in_progress" || said.Owner != "bostad" || said.Due != "2026-12-04" {
		t.Errorf("said %+v, %v", said, err)
	}
}
