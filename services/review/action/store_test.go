// SPDX-License-Identifier: EUPL-1.2

package action_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

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
	read, err := w.store.Get(t.Context(), viewer("bostad"), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if read.Version != 1 || read.State != action.Decided || read.Weeks != action.DefaultWeeks || *read.Flag != flag || *read.OwnerPerson != person ||
		!read.StartOn.Equal(a.StartOn) || !read.FollowUpOn.Equal(*a.FollowUpOn) || read.Problem != a.Problem || read.ControlArea != "b1" {
		t.Errorf("read %+v", read)
	}
	if list, err := w.store.List(t.Context(), viewer("bostad"), action.Filter{Flag: &flag}); err != nil || len(list) != 1 {
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
	if _, err := w.store.Change(t.Context(), viewer("kommun"), first, nil, w.now); err != nil {
		t.Fatal(err)
	}
	second.Cause = "Trasiga lampor"
	_, err := w.store.Change(t.Context(), viewer("bostad"), second, nil, w.now)
	var conflict *action.Conflict
	if !errors.As(err, &conflict) || !errors.Is(err, action.ErrConflict) || !conflict.Stored.DueOn.Equal(first.DueOn) || conflict.Stored.Version != 2 {
		t.Fatalf("got %v", err)
	}
	// Saving what is stored already is no change: a form sent twice.
	same, err := w.store.Change(t.Context(), viewer("kommun"), conflict.Stored, nil, w.now.Add(time.Hour))
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
	if _, err := w.store.Change(t.Context(), viewer("kommun"), a, nil, w.now); !errors.As(err, &invalid) || invalid.Field != "state" {
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
		if _, err := w.store.Change(t.Context(), viewer("kommun"), changed, nil, late); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	a.ControlArea, a.ControlOn = "b2", on("2026-11-26")
	if _, err := w.store.Change(t.Context(), viewer("kommun"), a, nil, day("2026-11-26").Add(9*time.Hour)); err != nil {
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
	} {
		a := w.lamps()
		change(&a)
		_, err := w.store.Create(t.Context(), viewer("kommun"), a)
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
