// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"samsyn/internal/web"
)

var (
	monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	week47 = web.Week{Year: 2026, Number: 47}
)

func decision(kind string, change func(*Decision)) Decision {
	d := Decision{Flag: uuid.MustParse("00000000-0000-0000-0000-000000000001"), Kind: kind, DecidedAt: monday.Add(24 * time.Hour)}
	if kind == act {
		d.Measure, d.ActionState = "lighting", "decided"
	}
	if kind == watch {
		d.Until = web.Week{Year: 2026, Number: 49}
	}
	if change != nil {
		change(&d)
	}
	return d
}

// What a reporter hears follows from what is known, in the words of the page, the mail and the event.
func TestWhatCameOfAReport(t *testing.T) {
	t.Parallel()
	pictured := []Picture{{week47, monday}}
	for name, c := range map[string]struct {
		facts  Facts
		state  string
		sv, en string
	}{
		"nothing yet": {Facts{Live: true}, "", "", ""},
		"in the picture": {
			Facts{Live: true, Pictures: pictured},
			"picture",
			"Din rapport ingick i lägesbild v. 47.", "Your report was part of the situation report of week 47.",
		},
		"decided before the picture": {
			Facts{Live: true, Decisions: []Decision{decision(dismiss, nil)}},
			"position",
			"Din rapport är behandlad. Beslut: ingen åtgärd nu.", "Your report has been dealt with. Decision: no action now.",
		},
		"watched": {
			Facts{Live: true, Pictures: pictured, Decisions: []Decision{decision(watch, nil)}},
			"position",
			"Din rapport ingick i lägesbild v. 47. Beslut: platsen bevakas och tas upp igen v. 49.",
			"Your report was part of the situation report of week 47. Decision: the place is watched and taken up again in week 49.",
		},
		"handed over": {
			Facts{Live: true, Pictures: pictured, Decisions: []Decision{decision(handOver, nil)}},
			"position",
			"Din rapport ingick i lägesbild v. 47. Beslut: lämnas över till den som ansvarar.",
			"Your report was part of the situation report of week 47. Decision: handed over to who is in charge.",
		},
		"acted on": {
			Facts{Live: true, Pictures: pictured, Decisions: []Decision{decision(act, nil)}},
			"position",
			"Din rapport ingick i lägesbild v. 47. Beslut: åtgärd (belysning).",
			"Your report was part of the situation report of week 47. Decision: action (lighting).",
		},
		"something else is done": {
			Facts{Live: true, Pictures: pictured, Decisions: []Decision{decision(act, func(d *Decision) { d.Measure, d.ActionState = "other", "done" })}},
			"done",
			"Din rapport ingick i lägesbild v. 47. Beslut: åtgärd. Åtgärden är klar.",
			"Your report was part of the situation report of week 47. Decision: action. The action is done.",
		},
		"evaluated is done": {
			Facts{Live: true, Pictures: pictured, Decisions: []Decision{decision(act, func(d *Decision) { d.ActionState = "evaluated" })}},
			"done",
			"Din rapport ingick i lägesbild v. 47. Beslut: åtgärd (belysning). Åtgärden är klar.",
			"Your report was part of the situation report of week 47. Decision: action (lighting). The action is done.",
		},
		"cancelled": {
			Facts{Live: true, Pictures: pictured, Decisions: []Decision{decision(act, func(d *Decision) { d.ActionState = "cancelled" })}},
			"position",
			"Din rapport ingick i lägesbild v. 47. Beslut: åtgärd (belysning). Åtgärden ställdes in.",
			"Your report was part of the situation report of week 47. Decision: action (lighting). The action was cancelled.",
		},
		"withdrawn": {Facts{Pictures: pictured, Decisions: []Decision{decision(act, nil)}}, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := next(Status{}, c.facts)
			if string(s.State) != c.state {
				t.Errorf("state %q, want %q", s.State, c.state)
			}
			text := s.text()
			if sv, en := unbroken(text.SV), unbroken(text.EN); sv != c.sv || en != c.en {
				t.Errorf("%q\n%q", sv, en)
			}
		})
	}
}

func unbroken(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

// A report can be part of several places: its reporter hears of what does most about it, whatever the order in which they are read.
func TestTheStrongestDecisionIsTold(t *testing.T) {
	t.Parallel()
	later := func(d *Decision) { d.DecidedAt = d.DecidedAt.Add(time.Hour) }
	ranked := []Decision{
		decision(act, func(d *Decision) { d.ActionState = "cancelled"; later(d) }),
		decision(dismiss, later), decision(watch, later), decision(handOver, later), decision(act, nil),
		decision(act, later), decision(act, func(d *Decision) { d.ActionState = "done" }),
	}
	for i := range ranked {
		for j := range i {
			for _, order := range [][]Decision{{ranked[i], ranked[j]}, {ranked[j], ranked[i]}} {
				got := next(Status{}, Facts{Live: true, Decisions: order})
				want := next(Status{}, Facts{Live: true, Decisions: ranked[i : i+1]})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d against %d: %s", i, j, diff)
				}
			}
		}
	}
}

// A decision may be changed; a fact that is gone takes nothing back; a later picture does not unsay the decision.
func TestWhatWasToldHolds(t *testing.T) {
	t.Parallel()
	told := next(Status{}, Facts{Live: true, Pictures: []Picture{{week47, monday}}, Decisions: []Decision{decision(watch, nil)}})
	for name, f := range map[string]Facts{
		"the same again":  {Live: true, Pictures: []Picture{{week47, monday}}, Decisions: []Decision{decision(watch, nil)}},
		"all is gone":     {Live: true},
		"withdrawn":       {},
		"a second freeze": {Live: true, Pictures: []Picture{{week47, monday.Add(time.Hour)}, {week47, monday}}},
		"decided again":   {Live: true, Decisions: []Decision{decision(watch, func(d *Decision) { d.DecidedAt = monday.AddDate(0, 0, 7) })}},
	} {
		if got := next(told, f); got.says() != told.says() {
			t.Errorf("%s: says %+v", name, got)
		}
	}
	if got := next(told, Facts{Live: true, Pictures: []Picture{{week47, monday.Add(time.Hour)}, {week47, monday}}}); !got.PictureAt.Equal(monday) {
		t.Errorf("in the picture since %s", got.PictureAt)
	}
	changed := next(told, Facts{Live: true, Decisions: []Decision{decision(act, nil)}})
	if changed.Position != act || changed.Until != (web.Week{}) || changed.Week != week47 {
		t.Errorf("after another decision: %+v", changed)
	}
	back := next(next(changed, Facts{Live: true, Decisions: []Decision{decision(act, func(d *Decision) { d.ActionState, d.DoneOn = "done", monday })}}),
		Facts{Live: true, Decisions: []Decision{decision(act, func(d *Decision) { d.ActionState = "in_progress" })}})
	if back.State != "position" || !back.DoneOn.IsZero() {
		t.Errorf("what was not done after all: %+v", back)
	}
}

// Mails go out on Thursday morning by the municipality's clock, once a week, also over the turn of the year and the clock change.
func TestMailsAreDueOnThursday(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at, mailed string
		want       bool
	}{
		{"2026-11-26T06:59:59+01:00", "2026-W47", false},
		{"2026-11-26T07:00:00+01:00", "2026-W47", true},
		{"2026-11-26T07:00:00+01:00", "2026-W48", false},
		{"2026-11-29T23:59:59+01:00", "2026-W47", true}, // was away on Thursday
		{"2026-11-30T00:00:00+01:00", "2026-W47", false},
		{"2026-11-26T07:00:00+01:00", "", true},
		{"2026-12-31T07:00:00+01:00", "2026-W52", true}, // week 53
		{"2027-01-07T07:00:00+01:00", "2026-W53", true},
		{"2026-10-22T05:00:00Z", "2026-W42", true}, // summer time
		{"2026-10-29T05:59:59Z", "2026-W43", false},
		{"2026-10-29T06:00:00Z", "2026-W43", true},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		mailed, _ := web.ParseWeek(c.mailed)
		if _, got := mailDue(at, zone, mailed); got != c.want {
			t.Errorf("at %s, mailed in %q: %t", c.at, c.mailed, got)
		}
	}
}
