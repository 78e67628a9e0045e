// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"fmt"
	"time"

	"samsyn/events"
)

// notices are what is sent beside the incidents: on Mondays every unit that saw
// nothing says so and the police give weekly figures; now and then something that
// comes is announced.
func (w *world) notices() {
	for m := w.first.AddDate(0, 0, 7); !m.After(w.today); m = m.AddDate(0, 0, 7) {
		week := events.Interval{From: m.AddDate(0, 0, -7), To: m}
		w.nothing(week)
		w.figures(week)
	}
	w.announcements()
}

// nothing is said for each unit that was not heard in the week, save the silent one.
func (w *world) nothing(week events.Interval) {
	at := clock(week.To, 8, 15)
	for _, a := range w.cast {
		if week.From.Before(a.startedOn(w.first, w.today)) {
			continue
		}
		for _, u := range a.Units {
			if w.heard[unitWeek(a.Code, u.Code, week.From, w.town.Zone)] || w.silent(a.Code, u.Code, at) {
				continue
			}
			year, number := week.From.ISOWeek()
			id := events.ReportID(fmt.Sprintf("inget-%d-%02d-%s", year, number, u.Code))
			w.put(a.Code, id, 1, at, events.Event{
				Verb: events.NothingVerb, Kind: events.KindNothing, Type: events.TypeNothingReported,
				Nothing: &events.Nothing{From: week.From, To: week.To, Unit: u.Code},
			})
		}
	}
}

// figures are the police's thefts per district in the week: more than they report one
// by one.
func (w *world) figures(week events.Interval) {
	year, number := week.From.ISOWeek()
	r := newDice(w.seed, uint64(year*100+number)<<8)
	seen := map[events.AreaCode]bool{}
	for _, a := range w.town.Areas {
		if seen[a.District] {
			continue
		}
		seen[a.District] = true
		id := events.ReportID(fmt.Sprintf("antal-%d-%02d-%s", year, number, a.District))
		w.put(Polis, id, 1, clock(week.To, 9, 0), events.Event{
			Verb: events.CountsVerb, Kind: events.KindCounts, Type: events.TypeCountsReported,
			Counts: &events.Counts{From: week.From, To: week.To, Area: a.District, Category: "theft", N: r.poisson(3)},
		})
	}
}

// announcements: a market last month, a match on the coming Saturday.
func (w *world) announcements() {
	toSaturday := int(time.Saturday-w.today.Weekday()+7) % 7
	if toSaturday == 0 {
		toSaturday = 7
	}
	match := w.today.AddDate(0, 0, toSaturday)
	w.announce("match-"+match.Format(time.DateOnly), clock(match, 15, 0), clock(match, 17, 30), "Match, omkring 5 000 besökare.")
	market := w.today.AddDate(0, 0, toSaturday-28)
	w.announce("marknad-"+market.Format(time.DateOnly), clock(market, 9, 0), clock(market, 18, 0), "Marknad på torget.")
}

func (w *world) announce(id string, from, to time.Time, text string) {
	w.put(Kommun, events.ReportID(id), 1, clock(from.AddDate(0, 0, -9), 10, 0), events.Event{
		Verb: events.ContextVerb, Kind: events.KindContext, Type: events.TypeContextAnnounced,
		Context: &events.Context{Kind: "event", Occurs: events.Interval{From: from, To: to}, Areas: []events.AreaCode{w.town.Scene.Match}, Text: madeUp + text},
	})
}
