// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"samsyn/events"
)

// The subject is all that many people read: it says the week, how much, where, and what is new.
func TestSubjects(t *testing.T) {
	town := scene{Name: "Växjö", Zone: mustZone(t, "Europe/Stockholm"), PublicURL: "https://samsyn.example.se"}
	rise := func(n int, fresh bool) Flag {
		return Flag{
			ID: flagID(n), Kind: events.KindRise, Grade: events.GradeAlert, State: stateOpen, Group: "damage", Observed: 12, Expected: 5.04, New: fresh,
			Margin: float64(9 - n), AsOf: at(t, "2026-11-20T12:00:00+01:00"),
		}
	}
	serious := rise(9, true)
	serious.Kind, serious.Category = events.KindSerious, "shooting_explosion"
	over := rise(8, false)
	over.State = stateCleared
	lastWeek := rise(1, true)
	lastWeek.AsOf = at(t, "2027-01-03T23:59:00+01:00")
	for name, c := range map[string]struct {
		flags  []Flag
		madeUp bool
		want   string
	}{
		"one, new":            {[]Flag{rise(1, true)}, false, "v.\u00a047: 1 plats över det förväntade i Växjö (1 ny)"},
		"two, one new":        {[]Flag{rise(1, true), rise(2, false)}, false, "v.\u00a047: 2 platser över det förväntade i Växjö (1 ny)"},
		"three, two new":      {[]Flag{rise(1, true), rise(2, true), rise(3, false)}, false, "v.\u00a047: 3 platser över det förväntade i Växjö (2 nya)"},
		"going on":            {[]Flag{rise(1, false)}, false, "v.\u00a047: 1 plats över det förväntade i Växjö"},
		"very serious":        {[]Flag{serious}, false, "v.\u00a047: mycket allvarlig händelse i Växjö"},
		"two very serious":    {[]Flag{serious, serious}, false, "v.\u00a047: 2 mycket allvarliga händelser i Växjö"},
		"mixed":               {[]Flag{serious, rise(1, false)}, false, "v.\u00a047: 2 platser över det förväntade i Växjö (1 ny)"},
		"over":                {[]Flag{over}, false, "v.\u00a047: inte längre över det förväntade i Växjö"},
		"made up":             {[]Flag{rise(1, false)}, true, "Påhittat: v.\u00a047: 1 plats över det förväntade i Växjö"},
		"week 53 of the year": {[]Flag{lastWeek}, false, "v.\u00a053: 1 plats över det förväntade i Växjö (1 ny)"},
	} {
		town.MadeUp = c.madeUp
		body, err := compose(letter{Municipality: "0780", Kind: "digest", Flags: c.flags}, town)
		if err != nil {
			t.Fatal(err)
		}
		if body.Subject != c.want {
			t.Errorf("%s: %q, want %q", name, body.Subject, c.want)
		}
		if marked := strings.Contains(body.Text, "påhittade") && strings.Contains(body.HTML, "påhittade"); marked != c.madeUp {
			t.Errorf("%s: marked as made up: %t", name, marked)
		}
	}
}

// The mail of experience.md 2.8: the strongest first, with numbers against what was expected, a link each, and what the numbers rest on.
func TestDigestText(t *testing.T) {
	town := scene{
		Name: "Växjö", Zone: mustZone(t, "Europe/Stockholm"), PublicURL: "https://samsyn.example.se", Agencies: 9, Silent: []string{"Skolan Björken"},
		Areas: map[events.AreaCode]string{"T": "Torget <b>"},
	}
	flag := func(n, observed int, expected, margin float64, group string, fresh bool) Flag {
		return Flag{
			ID: flagID(n), Kind: events.KindRise, Grade: events.GradeAlert, State: stateOpen, Level: events.LevelArea, Area: "T", Areas: []events.AreaCode{"T"}, Group: group,
			Observed: observed, Expected: expected, Margin: margin, New: fresh, AsOf: at(t, "2026-11-20T12:00:00+01:00"),
		}
	}
	told := []Flag{flag(1, 9, 3.26, 1, "disorder", false), flag(2, 12, 5.04, 3, "damage", true)}
	over := flag(3, 4, 1, 0, "drugs", false)
	over.State = stateCleared
	town.Ongoing = []Flag{flag(4, 1234, 1000.4, 2, "", true), told[0]}
	l := letter{Municipality: "0780", Kind: "digest", Flags: append(told, over), Subscription: Subscription{Role: "coordinator", Area: "0780"}}
	body, err := compose(l, town)
	if err != nil {
		t.Fatal(err)
	}
	want := `Hej,
två platser i ditt område ligger över det förväntade v.` + "\u00a0" + `47 (16–22` + "\u00a0november\u00a0" + `2026).

1. Plats 1 (ny), skadegörelse och brand: 12 händelser mot 5 förväntade.
   Öppna: https://samsyn.example.se/plats/` + flagID(2).String() + `

2. Plats 2, ordningsstörning och samlingar: 9 händelser mot 3,3 förväntade.
   Öppna: https://samsyn.example.se/plats/` + flagID(1).String() + `

Sedan tidigare, utan ändring:

3. Plats 3, alla slag: 1` + "\u00a0" + `234 händelser mot 1` + "\u00a0" + `000 förväntade.
   Öppna: https://samsyn.example.se/plats/` + flagID(4).String() + `

Inte längre över det förväntade: 1 plats.

Underlag: 8 av 9 organisationer har rapporterat de senaste sju dagarna. Skolan Björken saknas.
Du får mejlet som trygghetssamordnare. Vill du ändra det, vänd dig till kommunens administratör.
Länkarna visar bara. Ingenting ändras av att de öppnas.
`
	if diff := cmp.Diff(want, body.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	town.PlaceNames = true
	if body, err = compose(l, town); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(body.Text, "1. Torget <b> (ny), skadegörelse") || !strings.Contains(body.HTML, "1. Torget &lt;b&gt; (ny), skadegörelse") {
		t.Errorf("with names:\n%s\n%s", body.Text, body.HTML)
	}
}

// A name from the registry must not write headers of its own.
func TestHeadersStayOnTheirLine(t *testing.T) {
	town := scene{Name: "Växjö\r\nBcc: all@example.se\u2028x", Zone: mustZone(t, "Europe/Stockholm")}
	body, err := compose(letter{Flags: []Flag{{Kind: events.KindRise, State: stateOpen, AsOf: at(t, "2026-11-20T12:00:00+01:00")}}}, town)
	if err != nil || strings.ContainsAny(body.Subject, "\r\n\u2028") {
		t.Errorf("subject %q, %v", body.Subject, err)
	}
}
