// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"samsyn/events"
)

// Words says in one sentence what was found and in one how often chance alone does
// that. group is the name of the group in both languages, empty for all groups.
// No area is named: where mail may not hold place names, the sentences still may
// stand in it.
func (f Finding) Words(group events.Text) []events.Text {
	return []events.Text{
		{SV: f.countSV(group.SV), EN: f.countEN(group.EN)},
		{SV: f.chanceSV(), EN: f.chanceEN()},
	}
}

func (f Finding) countSV(group string) string {
	span := fmt.Sprintf("på %d dagar (sedan %s)", f.days(), dateSV(f.From))
	if f.days() == 1 {
		span = "på en dag (" + dateSV(f.From) + ")"
	}
	return fmt.Sprintf("%d %s%s %s mot %s väntade; %s är vanligt.", f.Observed, plural(f.Observed, "händelse", "händelser"),
		inBrackets(group), span, strings.Replace(decimal(f.Expected), ".", ",", 1), f.usual())
}

func (f Finding) countEN(group string) string {
	span := fmt.Sprintf("in %d days (since %s)", f.days(), dateEN(f.From))
	if f.days() == 1 {
		span = "in one day (" + dateEN(f.From) + ")"
	}
	return fmt.Sprintf("%d %s%s %s against %s expected; %s is usual.", f.Observed, plural(f.Observed, "incident", "incidents"),
		inBrackets(group), span, decimal(f.Expected), f.usual())
}

func (f Finding) chanceSV() string {
	where := map[events.Level]string{events.LevelMunicipality: "för kommunen som helhet", events.LevelDistrict: "i något distrikt", events.LevelArea: "i något område"}
	return fmt.Sprintf("Av en slump händer något så ovanligt %s högst ungefär en gång på %s.", where[f.Cell.Level], period(f.RecurrenceDays, "dagar", "veckor", "år"))
}

func (f Finding) chanceEN() string {
	where := map[events.Level]string{events.LevelMunicipality: "in the municipality as a whole", events.LevelDistrict: "in some district", events.LevelArea: "in some area"}
	return fmt.Sprintf("By chance something so unusual happens %s about once in %s at most.", where[f.Cell.Level], period(f.RecurrenceDays, "days", "weeks", "years"))
}

func (f Finding) days() int { return int(f.To-f.From) + 1 }

func (f Finding) usual() string {
	if f.Low == f.High {
		return fmt.Sprint(f.Low)
	}
	return fmt.Sprintf("%d–%d", f.Low, f.High)
}

// Words says why something changed, for a message or a list.
func (r Reason) Words() events.Text {
	switch r {
	case Risen:
		return events.Text{SV: "Fler händelser än väntat.", EN: "More incidents than expected."}
	case Grown:
		return events.Text{SV: "Det har blivit mer, eller syns på fler platser.", EN: "It has become more, or shows in more places."}
	case Calm:
		return events.Text{SV: "Lugnt i 14 dagar.", EN: "Calm for 14 days."}
	case Revised:
		return events.Text{SV: "Rapporter har rättats eller dragits tillbaka.", EN: "Reports were corrected or withdrawn."}
	case Merged:
		return events.Text{SV: "Ingår nu i en annan flagga.", EN: "Now part of another flag."}
	}
	return events.Text{}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return " (" + string(unicode.ToLower(first)) + s[size:] + ")"
}

// decimal writes an expected count with the digits that mean something.
func decimal(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", max(v, 0.1))
}

// period writes days in the unit that people count such a time in.
func period(days float64, d, w, y string) string {
	switch {
	case days < 14:
		return fmt.Sprintf("%.0f %s", max(2, math.Floor(days)), d)
	case days < 2*365:
		return fmt.Sprintf("%.0f %s", math.Floor(days/7), w)
	}
	return fmt.Sprintf("%.0f %s", math.Floor(days/365), y)
}

func dateSV(d Day) string {
	months := [...]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}
	t := d.Time()
	return fmt.Sprintf("%d %s", t.Day(), months[t.Month()-1])
}

func dateEN(d Day) string { return d.Time().Format("2 January") }
