// SPDX-License-Identifier: EUPL-1.2

package synth_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/internal/synth"
)

// grid is a town of 5 x 5 square areas of 600 m in two districts.
func grid(t *testing.T) synth.Town {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	town := synth.Town{Municipality: "0001", Zone: zone, Scene: synth.Scene{
		Rise: "a33", Serious: "a44", Shared: "a22", Match: "north", Quiet: "south", Outside: orb.Point{10, 50},
	}}
	town.Areas = gridAreas()
	return town
}

func gridAreas() []synth.Area {
	var areas []synth.Area
	const dx, dy = 0.01, 0.0054
	for y := range 5 {
		for x := range 5 {
			x0, y0 := 14.8+dx*float64(x), 56.88+dy*float64(y)
			district := events.AreaCode("north")
			if y < 2 {
				district = "south"
			}
			areas = append(areas, synth.Area{
				Code: events.AreaCode("a" + string(rune('0'+y)) + string(rune('0'+x))), District: district, Weight: 1,
				Shape: orb.MultiPolygon{{{{x0, y0}, {x0 + dx, y0}, {x0 + dx, y0 + dy}, {x0, y0 + dy}, {x0, y0}}}},
			})
		}
	}
	return areas
}

func world(t *testing.T, town synth.Town, now time.Time) []synth.Item {
	t.Helper()
	items, err := synth.World(town, 1, now)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

var saturdayNight = time.Date(2026, 11, 21, 22, 50, 0, 0, time.UTC)

// The demo must show the same on every machine, or nobody can talk about it.
func TestSameArgumentsGiveTheSameBytes(t *testing.T) {
	a, b := world(t, grid(t), saturdayNight), world(t, grid(t), saturdayNight)
	if len(a) != len(b) {
		t.Fatalf("%d and %d items", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i].Body, b[i].Body) || !a[i].At.Equal(b[i].At) {
			t.Fatalf("item %d differs:\n%s\n%s", i, a[i].Body, b[i].Body)
		}
	}
}

// Whoever opens the demo later the same day sees what was there and some more.
func TestLaterTheSameDayOnlyAdds(t *testing.T) {
	noon := time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)
	early, late := world(t, grid(t), noon), world(t, grid(t), saturdayNight)
	if len(late) <= len(early) {
		t.Fatalf("%d items at noon and %d at night", len(early), len(late))
	}
	for i := range early {
		if !bytes.Equal(early[i].Body, late[i].Body) {
			t.Fatalf("item %d changed during the day", i)
		}
	}
}

// Every kind of outcome is there to be seen, and only the deliberate mistakes are
// refused by the decoder.
func TestOnlyTheMistakesAreRefused(t *testing.T) {
	refused := map[events.Code]int{}
	verbs := map[events.Verb]int{}
	for _, item := range world(t, grid(t), saturdayNight) {
		e, reasons := events.Decode(item.Body)
		if len(reasons) > 0 {
			refused[reasons[0].Code]++
			continue
		}
		verbs[e.Verb]++
		if e.Verb != item.Verb || e.Agency != item.Agency || e.Municipality != "0001" {
			t.Errorf("%s: sent as %s by %s, says %s by %s", e.ID, item.Verb, item.Agency, e.Verb, e.Agency)
		}
	}
	for _, v := range events.Verbs() {
		if verbs[v] == 0 {
			t.Errorf("no event with the verb %s", v)
		}
	}
	want := map[events.Code]int{events.Dwelling: 1, events.UnknownMember: 1, events.TimeNoZone: 1, events.JSONSyntax: 1}
	for code, n := range want {
		if refused[code] != n {
			t.Errorf("%d refused as %s, want %d (all: %v)", refused[code], code, n, refused)
		}
	}
	if len(refused) != len(want) {
		t.Errorf("refused: %v, want %v", refused, want)
	}
}

// A made-up text must never be taken for a real one.
func TestEveryTextSaysThatItIsMadeUp(t *testing.T) {
	texts := 0
	for _, item := range world(t, grid(t), saturdayNight) {
		e, reasons := events.Decode(item.Body)
		if len(reasons) > 0 {
			continue
		}
		for _, text := range textsOf(e) {
			texts++
			if !strings.HasPrefix(text, "Påhittad: ") {
				t.Errorf("%s: %q does not say that it is made up", e.ID, text)
			}
		}
	}
	if texts < 500 {
		t.Errorf("%d texts, want at least 500", texts)
	}
}

func textsOf(e events.Event) []string {
	var texts []string
	if e.Incident != nil && e.Incident.Text != "" {
		texts = append(texts, e.Incident.Text)
	}
	if e.Context != nil && e.Context.Text != "" {
		texts = append(texts, e.Context.Text)
	}
	if e.Withdrawal != nil {
		texts = append(texts, e.Withdrawal.Reason)
	}
	return texts
}

// 40-60 reports a week is what a town of 95,000 has; the detector's figures are for it.
func TestWeeksHaveFortyToSixtyReports(t *testing.T) {
	perWeek := map[string]int{}
	for _, item := range world(t, grid(t), saturdayNight) {
		if e, reasons := events.Decode(item.Body); len(reasons) == 0 && e.Verb == events.Reported {
			y, w := e.Incident.Occurred.From.ISOWeek()
			perWeek[time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")+"-"+string(rune('0'+w/10))+string(rune('0'+w%10))]++
		}
	}
	sum, weeks := 0, 0
	for w, n := range perWeek {
		if w == "2026-47" || w == "2026-21" { // not over and with the rise; the evening before the first report
			continue
		}
		sum, weeks = sum+n, weeks+1
		if n < 25 || n > 85 {
			t.Errorf("%s: %d reports", w, n)
		}
	}
	if mean := float64(sum) / float64(weeks); mean < 40 || mean > 60 {
		t.Errorf("%.1f reports a week over %d weeks, want 40-60", mean, weeks)
	}
}

// The story: one event three agencies see, a rise, a shooting this week, a unit that is
// silent, a newcomer, a match to come.
func TestTheStoryIsTold(t *testing.T) {
	town := grid(t)
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, town.Zone)
	var shared, rise []events.Event
	shootings, matches := 0, 0
	lastSouth, firstSchool := time.Time{}, saturdayNight
	for _, item := range world(t, town, saturdayNight) {
		e, reasons := events.Decode(item.Body)
		if len(reasons) > 0 {
			continue
		}
		switch {
		case e.Context != nil && e.Context.Occurs.From.After(saturdayNight):
			matches++
		case e.Incident == nil:
			continue
		case e.Incident.Severity == 4 && e.Incident.Category == "shooting_explosion" && e.Incident.Occurred.From.After(day.AddDate(0, 0, -5)):
			shootings++
		}
		if e.Incident == nil {
			continue
		}
		if e.Agency == synth.Skola && e.Time.Before(firstSchool) {
			firstSchool = e.Time
		}
		if e.Incident.Unit == "soder" && e.Time.After(lastSouth) {
			lastSouth = e.Time
		}
		p := e.Incident.Place.Point
		if in(town, "a22", p) && e.Incident.Occurred.From.After(day.Add(-3*time.Hour)) && strings.Contains(e.Incident.PlaceType, "stairwell") {
			shared = append(shared, e)
		}
		if in(town, "a33", p) && e.Incident.Occurred.From.After(day.AddDate(0, 0, -7)) {
			rise = append(rise, e)
		}
	}
	if shootings != 1 || matches != 1 {
		t.Errorf("%d shootings this week and %d matches to come, want 1 and 1", shootings, matches)
	}
	if silent := day.Sub(lastSouth); silent < 14*24*time.Hour || silent > 30*24*time.Hour {
		t.Errorf("the quiet unit was last heard %v", lastSouth)
	}
	if firstSchool.Before(day.AddDate(0, 0, -29)) {
		t.Errorf("the newcomer was heard on %v", firstSchool)
	}
	if len(rise) < 12 {
		t.Errorf("%d reports in the rise, want at least 12", len(rise))
	}
	wantOneIncident(t, shared)
}

// In a town that holds meetings the last one had something to decide about, and what happened since waits for the next,
// whatever day it is.
func TestTheStoryOfAReviewedWeek(t *testing.T) {
	town := grid(t)
	town.Scene.Gathering, town.Scene.Dealing = "a31", "a23"
	town.Reviewed = time.Date(2026, 11, 9, 0, 0, 0, 0, town.Zone)
	after := town.Reviewed.AddDate(0, 0, 7)
	for _, now := range []time.Time{
		time.Date(2026, 11, 17, 10, 0, 0, 0, town.Zone), // the meeting has just ended
		time.Date(2026, 11, 18, 12, 0, 0, 0, town.Zone),
		time.Date(2026, 11, 22, 12, 0, 0, 0, town.Zone),
		time.Date(2026, 11, 24, 9, 59, 0, 0, town.Zone), // the next one is about to end
	} {
		found := map[string]int{}
		for _, item := range world(t, town, now) {
			e, reasons := events.Decode(item.Body)
			if len(reasons) > 0 || e.Incident == nil {
				continue
			}
			at := e.Incident.Occurred.From
			told := e.Incident.PlaceType == "other_public" && e.Incident.Origin == "told"
			switch p := e.Incident.Place.Point; {
			case !told:
			case in(town, "a33", p) && at.Before(after) && !at.Before(after.AddDate(0, 0, -7)):
				found["too early"]++
			case in(town, "a33", p) && !at.Before(after):
				found["waits"]++
			case in(town, "a31", p) && at.After(town.Reviewed) && at.Before(after):
				found["gatherings"]++
			case in(town, "a23", p) && at.After(town.Reviewed) && at.Before(town.Reviewed.AddDate(0, 0, 3)):
				found["dealing"]++
			}
		}
		if found["waits"] < 10 || found["gatherings"] < 10 || found["dealing"] < 7 || found["too early"] > 1 {
			t.Errorf("at %s: %v", now, found)
		}
	}
	town.Scene.Dealing = "nowhere"
	if _, err := synth.World(town, 1, saturdayNight); err == nil {
		t.Error("a scene outside the town is taken")
	}
}

// wantOneIncident checks what the correlator links: 75 m, hull of times within 24 h,
// three agencies.
func wantOneIncident(t *testing.T, shared []events.Event) {
	t.Helper()
	agencies := map[events.AgencyID]events.Event{}
	for _, e := range shared {
		agencies[e.Agency] = e
	}
	if len(agencies) != 3 {
		t.Fatalf("%d agencies saw the smashed entrance, want 3", len(agencies))
	}
	from, to := saturdayNight, time.Time{}
	for _, a := range agencies {
		for _, b := range agencies {
			p, q := a.Incident.Place.Point, b.Incident.Place.Point
			if d := geo.Distance(orb.Point{p.Lon, p.Lat}, orb.Point{q.Lon, q.Lat}); d > 75 {
				t.Errorf("%s and %s are %.0f m apart", a.Agency, b.Agency, d)
			}
		}
		if a.Incident.Occurred.From.Before(from) {
			from = a.Incident.Occurred.From
		}
		if a.Incident.Occurred.To.After(to) {
			to = a.Incident.Occurred.To
		}
	}
	if to.Sub(from) > 24*time.Hour {
		t.Errorf("the three reports span %v", to.Sub(from))
	}
}

func in(town synth.Town, code events.AreaCode, p *events.Point) bool {
	for _, a := range town.Areas {
		if a.Code == code && p != nil {
			return a.Shape.Bound().Contains(orb.Point{p.Lon, p.Lat})
		}
	}
	return false
}

// On a Monday, on the night the clock changes and in week 53 the world still holds.
func TestWorldsOfAwkwardDays(t *testing.T) {
	for _, now := range []time.Time{
		time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC),    // Monday
		time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC),    // the clock goes back
		time.Date(2027, 3, 28, 1, 30, 0, 0, time.UTC),     // and forward
		time.Date(2027, 1, 3, 12, 0, 0, 0, time.UTC),      // week 53
		time.Date(2028, 2, 29, 23, 59, 59, 0, time.UTC),   // leap day
		time.Date(2026, 11, 21, 23, 0, 0, 1000, time.UTC), // midnight
	} {
		for _, item := range world(t, grid(t), now) {
			e, reasons := events.Decode(item.Body)
			if item.At.After(now) {
				t.Errorf("now %v: sent %v", now, item.At)
			}
			for _, r := range reasons {
				if r.Code == events.TimeNonexistent || r.Code == events.IntervalReversed {
					t.Errorf("now %v: %s: %s", now, e.ID, r.Code)
				}
			}
		}
	}
}

// A scene that is not in the town would make a demo without its story.
func TestASceneOutsideTheTownIsAnError(t *testing.T) {
	town := grid(t)
	town.Scene.Rise = "nowhere"
	if _, err := synth.World(town, 1, saturdayNight); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("error %v does not name the area", err)
	}
}
