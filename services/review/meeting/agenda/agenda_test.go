// SPDX-License-Identifier: EUPL-1.2

package agenda_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/situation"
)

var now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// id is an id that is easy to read.
func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func place(n byte, grade string) situation.Place {
	return situation.Place{Flag: id(n), Grade: grade, Area: "a", Name: "Torget", Group: "damage", Observed: 12, Agencies: []string{"bostad", "polisen"}}
}

func keys(items []agenda.Item) []string {
	var all []string
	for _, i := range items {
		all = append(all, strings.TrimSuffix(i.Key, "00"))
	}
	return all
}

// A meeting follows the order that practice has shown to work, without anybody putting it together.
func TestTheAgendaBuildsItselfInOrder(t *testing.T) {
	a := agenda.Compose(agenda.Known{
		Report: situation.Report{
			Week: "2026-W47", Version: 2,
			Places: []situation.Place{place(1, "alert"), place(2, "alert"), place(3, "watch"), place(4, "alert")},
			Coming: []situation.Coming{{Kind: "event", From: now.Add(time.Hour), To: now.Add(2 * time.Hour), Text: "kanariefågel", AreaNames: []string{"Torget"}}},
		},
		Due: []agenda.Due{
			{Action: id(11), DueOn: "2026-11-20", Late: 4}, {Action: id(12), DueOn: "2026-11-03", Late: 21}, {Action: id(13), DueOn: "2026-11-24"},
		},
		Taken:     map[uuid.UUID]bool{id(2): true},
		Returned:  []agenda.Place{{Flag: id(9), Returned: true}},
		Questions: []uuid.UUID{id(21)},
		Now:       now,
	})
	want := []string{
		"opening", agenda.ActionKey(id(12)), agenda.ActionKey(id(11)), agenda.ActionKey(id(13)), "picture",
		agenda.FlagKey(id(1)), agenda.FlagKey(id(4)), agenda.FlagKey(id(9)), "ahead", agenda.QuestionKey(id(21)), "closing",
	}
	if diff := cmp.Diff(want, keys(a.Items)); diff != "" {
		t.Error(diff)
	}
	if a.Version != 2 || !a.LockedAt.Equal(now) {
		t.Errorf("version %d, locked %v", a.Version, a.LockedAt)
	}
	if got := a.Items[a.At(agenda.FlagKey(id(9)))].Place.Number; got != 3 {
		t.Errorf("the third place has number %d", got)
	}
	body, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "kanariefågel") {
		t.Error("what an agency wrote is in the agenda, and so on the wall")
	}
}

// There is time for eight places. None is lost: the rest is listed, and what was taken out waits there too.
func TestMoreThanEightPlacesAreListed(t *testing.T) {
	k := agenda.Known{Now: now, Hidden: []string{agenda.FlagKey(id(3)), "opening", "closing", "picture"}}
	for n := range byte(12) {
		k.Report.Places = append(k.Report.Places, place(n+1, "alert"))
	}
	a := agenda.Compose(k)
	if got := len(a.Of(agenda.Places)); got != agenda.MostPlaces {
		t.Errorf("%d places", got)
	}
	var rest []uuid.UUID
	for _, p := range a.Rest {
		rest = append(rest, p.Flag)
	}
	if want := []uuid.UUID{id(3), id(10), id(11), id(12)}; !slices.Equal(rest, want) {
		t.Errorf("rest %v, want %v", rest, want)
	}
	if got := a.Parts(); !slices.Equal(got, []agenda.Part{agenda.Opening, agenda.Places, agenda.Closing}) {
		t.Errorf("parts %v: opening and closing stay, the picture was taken out", got)
	}
}

// A watch that returns is there once, as a watch, even if its place is flagged anew.
func TestAWatchReturnsOnce(t *testing.T) {
	a := agenda.Compose(agenda.Known{Report: situation.Report{Places: []situation.Place{place(1, "alert")}}, Returned: []agenda.Place{{Flag: id(1), Returned: true}}, Now: now})
	places := a.Of(agenda.Places)
	if len(places) != 1 || !places[0].Place.Returned {
		t.Errorf("%+v", places)
	}
}

// Silence is not calm: who is silent is named; who has not begun is not expected.
func TestSilenceIsNamed(t *testing.T) {
	a := agenda.Compose(agenda.Known{Now: now, Report: situation.Report{Coverage: []situation.Source{
		{Agency: "bostad", AgencyName: "Bostads AB", Unit: "n", UnitName: "Norr", State: "reported"},
		{Agency: "skola", AgencyName: "Skolan", State: "silent"},
		{Agency: "park", AgencyName: "Parken", State: "nothing"},
		{Agency: "ny", AgencyName: "Ny", State: "not_started"},
	}}})
	want := agenda.Coverage{Heard: 2, Of: 3, Silent: []agenda.Source{{Agency: "skola", Name: "Skolan"}}}
	if diff := cmp.Diff(want, a.Coverage); diff != "" {
		t.Error(diff)
	}
}

// What is different is what lies outside its interval, farthest first.
func TestWhatIsDifferentComesFarthestFirst(t *testing.T) {
	e := func(low, high int) *situation.Expected { return &situation.Expected{Mean: 5, Low: low, High: high} }
	a := agenda.Compose(agenda.Known{Now: now, Report: situation.Report{
		Groups: []situation.GroupFigure{{Group: "damage", Detected: true, Incidents: 12, Expected: e(2, 9)}, {Group: "place", Incidents: 40, Expected: e(0, 3)}},
		Areas: []situation.AreaFigure{
			{Area: "a", Name: "Torget", Detected: 20, Expected: e(2, 9)},
			{Area: "b", Name: "Parken", Detected: 5, Expected: e(2, 9)},
			{Area: "c", Name: "Sjön", Detected: 1, Expected: e(6, 19)},
			{Area: "d", Name: "Utan", Detected: 99},
		},
	}})
	var got []string
	for _, c := range a.Changes {
		got = append(got, c.Name+c.Group)
	}
	if want := []string{"Torget", "Sjön", "damage"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The screen follows the rights of the room.
func TestTheWallFollowsTheRightsOfTheRoom(t *testing.T) {
	inside := agenda.Room{}
	guests := agenda.Room{Outside: []string{"forening"}}
	crowd := agenda.Room{Outside: []string{"forening", "idrott"}}
	own := agenda.Item{Part: agenda.FollowUp, Due: &agenda.Due{Owner: "forening"}}
	foreign := agenda.Item{Part: agenda.FollowUp, Due: &agenda.Due{Owner: "bostad"}}
	flagged := agenda.Item{Part: agenda.Places}
	for _, c := range []struct {
		room agenda.Room
		item agenda.Item
		want bool
	}{
		{inside, flagged, true},
		{inside, foreign, true},
		{guests, flagged, false},
		{guests, foreign, false},
		{guests, own, true},
		{crowd, own, false},
		{guests, agenda.Item{Part: agenda.Picture}, false},
		{guests, agenda.Item{Part: agenda.Opening}, false},
		{guests, agenda.Item{Part: agenda.Closing}, true},
	} {
		if got := c.room.Shows(c.item); got != c.want {
			t.Errorf("%v shows %s %+v: %t", c.room.Outside, c.item.Part, c.item.Due, got)
		}
	}
	if guests.ShowsDecision(agenda.Decision{Owner: "bostad"}) || !guests.ShowsDecision(agenda.Decision{Owner: "forening"}) || !inside.ShowsDecision(agenda.Decision{}) {
		t.Error("decisions do not follow the room")
	}
}

// An hour has the minutes that practice gives each part, half an hour half of them.
func TestMinutesOfAPart(t *testing.T) {
	if a, b := agenda.Minutes(agenda.Places, time.Hour), agenda.Minutes(agenda.Places, 30*time.Minute); a != 25 || b != 13 {
		t.Errorf("%d and %d", a, b)
	}
}
