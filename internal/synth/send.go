// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"fmt"
	"strings"
	"time"

	"samsyn/events"
)

// send writes a sight as a report, unless its unit has fallen silent.
func (w *world) send(r *dice, s sight) (id events.ReportID, in events.Incident, sent bool) {
	id, in = w.number(s), w.incident(r, s)
	if w.silent(s.agency.Code, s.unit, s.reported) {
		return id, in, false
	}
	w.heard[unitWeek(s.agency.Code, s.unit, s.reported, w.town.Zone)] = true
	w.put(s.agency.Code, id, 1, s.reported, events.Event{Verb: events.Reported, Kind: events.KindIncident, Type: events.TypeIncidentReported, Incident: &in})
	return id, in, true
}

// number is the agency's own id of a report: its initial, the day, a number of the day.
func (w *world) number(s sight) events.ReportID {
	day := s.reported.In(w.town.Zone).Format("20060102")
	key := string(s.agency.Code) + day
	w.numbered[key]++
	return events.ReportID(fmt.Sprintf("%s-%s-%d", strings.ToUpper(string(s.agency.Code[:1])), day, w.numbered[key]))
}

func (w *world) incident(r *dice, s sight) events.Incident {
	in := events.Incident{
		Category: s.category, Occurred: s.occurred, Unit: s.unit, PlaceType: one(r, s.kind.places),
		Place: events.Place{Point: &events.Point{Lon: s.at[0], Lat: s.at[1]}},
	}
	in.Origin = "presence"
	if s.found {
		in.Origin = "found"
	} else if r.chance(0.5) {
		in.Origin = "told"
	}
	if r.chance(0.6) {
		in.Text = madeUp + one(r, s.kind.texts)
	}
	if s.agency.Code == Polis {
		in.PoliceReported = "yes"
	}
	return in
}

// silent says that the caretakers of the quiet district have stopped reporting.
func (w *world) silent(a events.AgencyID, unit string, at time.Time) bool {
	return a == Bostad && unit == "soder" && at.After(w.today.AddDate(0, 0, -silentDays))
}

const silentDays = 16

func unitWeek(a events.AgencyID, unit string, at time.Time, zone *time.Location) string {
	year, week := at.In(zone).ISOWeek()
	return fmt.Sprintf("%s/%s/%d-%02d", a, unit, year, week)
}

// correct sends the report again with another place near by, or more serious.
func (w *world) correct(r *dice, s sight, id events.ReportID, in events.Incident) {
	if r.chance(0.5) {
		p := w.grounds[s.area].near(r, s.at, 400)
		in.Place = events.Place{Point: &events.Point{Lon: p[0], Lat: p[1]}}
	} else {
		in.Severity = 2
	}
	at := s.reported.Add(r.between(time.Hour, 40*time.Hour))
	w.put(s.agency.Code, id, 2, at, events.Event{Verb: events.Corrected, Kind: events.KindIncident, Type: events.TypeIncidentCorrected, Incident: &in})
}

func (w *world) withdraw(s sight, id events.ReportID) {
	w.put(s.agency.Code, id, 2, s.reported.Add(26*time.Hour), events.Event{
		Verb: events.Withdrawn, Kind: events.KindIncident, Type: events.TypeIncidentWithdrawn,
		Withdrawal: &events.Withdrawal{Reason: madeUp + "Registrerad på fel plats."},
	})
}

// put encodes an event and adds it to what is sent.
func (w *world) put(a events.AgencyID, id events.ReportID, revision int, at time.Time, e events.Event) {
	e.ID = fmt.Sprintf("%s:%d", id, revision)
	e.Source = events.Source(w.town.Municipality, a)
	e.Municipality, e.Agency = w.town.Municipality, a
	e.Report, e.Revision = id, revision
	if e.Time.IsZero() {
		e.Time = at.In(w.town.Zone)
	}
	body, err := events.Encode(e)
	if err != nil {
		w.fail(fmt.Errorf("report %s: %w", id, err))
		return
	}
	w.items = append(w.items, Item{At: at, Agency: a, Verb: e.Verb, Body: body})
}

func (w *world) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}
