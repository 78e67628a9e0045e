// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"samsyn/events"
)

// The cells of a small town: the municipality m, its districts d1 and d2, and the
// areas a1 and a2 of d1 and b1 of d2.
var (
	smallTree = Tree{"a1": "d1", "a2": "d1", "b1": "d2"}
	wholeTown = Cell{events.LevelMunicipality, "m", "damage"}
	districtD = Cell{events.LevelDistrict, "d1", "damage"}
	districtE = Cell{events.LevelDistrict, "d2", "damage"}
	areaA     = Cell{events.LevelArea, "a1", "damage"}
	areaA2    = Cell{events.LevelArea, "a2", "damage"}
	areaADrug = Cell{events.LevelArea, "a1", "drugs"}
	areaAAll  = Cell{events.LevelArea, "a1", ""}
	areaB     = Cell{events.LevelArea, "b1", "damage"}
)

// finding is one of a day with so many incidents since three days before and a
// margin over the limit for ALERT.
func finding(day Day, c Cell, observed int, margin float64) Finding {
	f := Finding{Cell: c, Day: day, From: day - 3, To: day, Observed: observed, Margin: margin, Kept: observed}
	if margin >= 0 {
		f.Grade = events.GradeAlert
	} else if margin > -1.9 {
		f.Grade = events.GradeWatch
	}
	return f
}

// days runs an evaluation a day and writes down what is told, one line each.
func days(first, last Day, look func(day Day) []Finding) (log []string, episodes []Episode) {
	for day := first; day <= last; day++ {
		var told []Transition
		episodes, told = Advance(smallTree, look(day), episodes)
		for _, tr := range told {
			line := fmt.Sprintf("%d %s %s %s/%s", day, tr.Verb, tr.Reason, tr.Flag.Lead.Cell.Area, tr.Flag.Lead.Cell.Group)
			if tr.Verb == Flagged && !tr.Fresh {
				line += " again"
			}
			for _, p := range tr.Flag.Parts {
				line += fmt.Sprintf(" +%s/%s", p.Cell.Area, p.Cell.Group)
			}
			if tr.Into != "" {
				line += " into " + tr.Into
			}
			log = append(log, line)
		}
	}
	return log, episodes
}

func wantLog(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// A coordinator hears once that a place is out of the ordinary, again when it
// becomes materially worse, and when it is over.
func TestEpisodeIsToldWhenItBeginsGrowsAndEnds(t *testing.T) {
	log, episodes := days(100, 130, func(day Day) []Finding {
		switch {
		case day < 102:
			return nil
		case day == 102:
			return []Finding{finding(day, areaA, 5, 0.2)}
		case day == 103:
			return []Finding{finding(day, areaA, 6, 0.5)} // one more: not material
		case day == 104:
			return []Finding{finding(day, areaA, 8, 1.5)}
		case day < 108:
			return []Finding{finding(day, areaA, 8, -1)} // below the limit, not yet calm
		default:
			return []Finding{finding(day, areaA, 8, -2.5)}
		}
	})
	wantLog(t, log, "102 flagged risen a1/damage", "104 updated grown a1/damage", "122 cleared calm a1/damage")
	if e := episodes[0]; len(episodes) != 1 || e.Opened != 102 || e.LastAlert != 104 || e.Closed != 122 || e.Ended != Calm || e.Stated.Observed != 8 {
		t.Errorf("%+v", episodes)
	}
}

// Calm means 14 days in a row.
func TestADayThatIsNotCalmBeginsTheFortnightAnew(t *testing.T) {
	log, _ := days(100, 125, func(day Day) []Finding {
		switch day {
		case 100:
			return []Finding{finding(day, areaA, 5, 1)}
		case 110:
			return []Finding{finding(day, areaA, 5, -2)}
		default:
			return []Finding{finding(day, areaA, 5, -3)}
		}
	})
	wantLog(t, log, "100 flagged risen a1/damage", "125 cleared calm a1/damage")
}

// What comes back within 28 days is the same thing, and nobody need decide about it
// anew; later it is a new one.
func TestAnAlertWithin28DaysIsTheSameEpisode(t *testing.T) {
	look := func(again Day) func(day Day) []Finding {
		return func(day Day) []Finding {
			if day == 100 || day == again {
				return []Finding{finding(day, areaA, 5, 1)}
			}
			return []Finding{finding(day, areaA, 5, -3)}
		}
	}
	soon, episodes := days(100, 128, look(128))
	wantLog(t, soon, "100 flagged risen a1/damage", "115 cleared calm a1/damage", "128 flagged risen a1/damage again")
	if len(episodes) != 1 || episodes[0].Opened != 100 || !episodes[0].Open() {
		t.Errorf("%+v", episodes)
	}
	late, episodes := days(100, 129, look(129))
	wantLog(t, late, "100 flagged risen a1/damage", "115 cleared calm a1/damage", "129 flagged risen a1/damage")
	if len(episodes) != 2 || episodes[0].Key == episodes[1].Key {
		t.Errorf("%+v", episodes)
	}
}

// A flag that rested on reports which were withdrawn must go at once and say why.
func TestWithdrawnReportsReviseTheFlag(t *testing.T) {
	takenBack := func(day Day, c Cell, kept int, margin float64) Finding {
		f := finding(day, c, kept, margin)
		f.Kept = kept
		return f
	}
	log, episodes := days(100, 104, func(day Day) []Finding {
		switch day {
		case 100:
			return []Finding{finding(day, areaA, 8, 2)}
		case 101:
			return []Finding{takenBack(day, areaA, 6, 0.5)}
		case 102:
			return []Finding{takenBack(day, areaA, 1, -4)}
		case 104:
			return []Finding{finding(day, areaA, 7, 1)}
		}
		return nil
	})
	wantLog(t, log, "100 flagged risen a1/damage", "101 updated revised a1/damage", "102 cleared revised a1/damage", "104 flagged risen a1/damage again")
	if len(episodes) != 1 {
		t.Errorf("%+v", episodes)
	}
}

// WATCH sorts the review list and tells nobody.
func TestWatchOpensNothing(t *testing.T) {
	log, episodes := days(100, 101, func(day Day) []Finding { return []Finding{finding(day, areaA, 4, -1)} })
	if len(log) != 0 || len(episodes) != 0 {
		t.Errorf("%v %v", log, episodes)
	}
}

// What shows on several levels is one thing: the level that is furthest above its
// limit leads, the others are where it shows.
func TestOneThingIsOneFlag(t *testing.T) {
	log, episodes := days(100, 103, func(day Day) []Finding {
		switch day {
		case 100:
			return []Finding{finding(day, areaA, 5, 0.5)}
		case 101:
			return []Finding{finding(day, areaA, 5, 0.5), finding(day, areaB, 5, 0.6)}
		case 102:
			return []Finding{finding(day, wholeTown, 30, 3), finding(day, districtD, 12, 1), finding(day, areaA, 5, 0.5), finding(day, areaB, 5, 0.6)}
		}
		return nil
	})
	wantLog(t, log, "100 flagged risen a1/damage", "101 flagged risen b1/damage",
		"102 cleared merged b1/damage into area/a1/damage/1970-04-11",
		"102 updated grown m/damage +d1/damage +b1/damage +a1/damage")
	if flags := Flags(episodes); len(flags) != 1 || flags[0].Key != "area/a1/damage/1970-04-11" || flags[0].Lead.Cell != wholeTown {
		t.Errorf("%+v", flags)
	}
}

// A place is flagged in the evening and, an hour later, the whole municipality for the same. It stays one flag under the identity that was
// told and decided about, though the municipality stands before its areas.
func TestWhatShowsWiderOnTheSameDayStaysTheFlagThatWasTold(t *testing.T) {
	episodes, _ := Advance(smallTree, []Finding{finding(100, areaA, 5, 0.5)}, nil)
	episodes, told := Advance(smallTree, []Finding{finding(100, areaA, 7, 1), finding(100, wholeTown, 9, 0.2)}, episodes)
	if len(told) != 1 || told[0].Verb != Updated || told[0].Flag.Key != "area/a1/damage/1970-04-11" {
		t.Errorf("told %+v", told)
	}
	if flags := Flags(episodes); len(flags) != 1 || len(flags[0].Parts) != 1 {
		t.Errorf("%+v", flags)
	}
}

// Two quarters with the same trouble and nothing above them are two flags, two
// groups in one quarter too.
func TestDifferentThingsAreDifferentFlags(t *testing.T) {
	for name, cells := range map[string][]Cell{
		"two districts":                  {districtD, districtE},
		"a district and another's area":  {districtD, areaB},
		"two areas of one district":      {areaA, areaA2},
		"two groups in one area":         {areaA, areaADrug},
		"a district and another's total": {districtD, areaAAll},
	} {
		log, _ := days(100, 100, func(day Day) []Finding {
			return []Finding{finding(day, cells[0], 5, 1), finding(day, cells[1], 5, 1)}
		})
		if len(log) != 2 {
			t.Errorf("%s: %v", name, log)
		}
	}
	log, _ := days(100, 120, func(day Day) []Finding {
		switch day {
		case 100:
			return []Finding{finding(day, districtD, 5, 1)}
		case 110: // the district has been below its limit since
			return []Finding{finding(day, areaA, 5, 1)}
		}
		return nil
	})
	wantLog(t, log, "100 flagged risen d1/damage", "110 flagged risen a1/damage")
}

// The total of an area rises because one of its groups does: that is one flag, and
// it never takes in a second group.
func TestTheTotalBelongsToTheGroupThatRaisedIt(t *testing.T) {
	log, _ := days(100, 102, func(day Day) []Finding {
		switch day {
		case 100:
			return []Finding{finding(day, areaAAll, 9, 0.2)}
		case 101:
			return []Finding{finding(day, areaAAll, 9, 0.2), finding(day, areaA, 7, 1)}
		default:
			return []Finding{finding(day, areaAAll, 9, 0.2), finding(day, areaA, 7, 1), finding(day, areaADrug, 6, 0.5)}
		}
	})
	wantLog(t, log, "100 flagged risen a1/", "101 updated grown a1/damage +a1/", "102 flagged risen a1/drugs")
}

// A flag lives as long as any of its parts does.
func TestAFlagEndsWithItsLastPart(t *testing.T) {
	log, _ := days(100, 130, func(day Day) []Finding {
		town := finding(day, wholeTown, 30, -3)
		area := finding(day, areaA, 5, -3)
		if day == 100 {
			town = finding(day, wholeTown, 30, 2)
		}
		if day <= 105 {
			area = finding(day, areaA, 5, 1)
		}
		return []Finding{town, area}
	})
	wantLog(t, log, "100 flagged risen m/damage +a1/damage", "115 updated calm a1/damage", "120 cleared calm a1/damage")
}

// After an episode has ended calmly the same incidents must not raise another one;
// that is what the bound on chance flags rests on.
func TestWhatMadeAFlagDoesNotMakeAnother(t *testing.T) {
	d := town(t, 5)
	today := worldStart + 200
	for day := worldStart; day < today; day++ {
		mustAdd(t, d, day, cellOf(int(day)%5, int(day/5)%5), 1)
	}
	for i := range 8 {
		mustAdd(t, d, today-Day(i%3), cellOf(0, 0), 1)
	}
	c := cellOf(0, 0)
	if !alert(d.Evaluate(midnight(today), []Cell{c}, nil)) {
		t.Fatal("eight in three days raise no alert")
	}
	ended := Episode{Key: "k", Cell: c, Opened: today - 20, LastAlert: today - 16, Closed: today, Ended: Calm}
	if got := d.Evaluate(midnight(today+1), []Cell{c}, []Episode{ended}); len(got) != 0 {
		t.Errorf("after a calm end: %+v", got)
	}
	ended.Ended = Revised
	if !alert(d.Evaluate(midnight(today+1), []Cell{c}, []Episode{ended})) {
		t.Error("an episode that was a mistake hides a true one")
	}
	if got := d.Evaluate(midnight(today+60), []Cell{c}, []Episode{{Cell: c, Opened: today, Stated: Finding{From: today - 2, To: today}}}); len(got) != 1 || got[0].Grade != "" || got[0].Kept != 8 {
		t.Errorf("an open episode must be reported until it ends, with what is left of its window: %+v", got)
	}
}

// The whole way: incidents rise, are told, some are withdrawn, and the flag goes.
func TestAdvanceFollowsTheDetector(t *testing.T) {
	d := town(t, 5)
	today := worldStart + 200
	for day := worldStart; day < today; day++ {
		mustAdd(t, d, day, cellOf(int(day)%5, int(day/5)%5), 1)
	}
	for i := range 8 {
		mustAdd(t, d, today-Day(i%3), cellOf(0, 0), 1)
	}
	episodes, told := Advance(nil, d.Evaluate(midnight(today), nil, nil), nil)
	if len(told) != 1 || told[0].Verb != Flagged || !told[0].Fresh || told[0].Flag.Lead.Cell.Area != areaName(0) {
		t.Fatalf("%+v", told)
	}
	again, told := Advance(nil, d.Evaluate(midnight(today), nil, episodes), episodes)
	if len(told) != 0 || len(again) != len(episodes) {
		t.Errorf("nothing happened and yet: %+v", told)
	}
	for i := range 7 {
		mustAdd(t, d, today-Day(i%3), cellOf(0, 0), -1)
	}
	_, told = Advance(nil, d.Evaluate(midnight(today), nil, again), again)
	if len(told) != 1 || told[0].Verb != Cleared || told[0].Reason != Revised {
		t.Errorf("%+v", told)
	}
}
