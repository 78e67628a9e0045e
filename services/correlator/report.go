// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/services/correlator/link"
)

// report is the current state of one report: its highest accepted revision, and the incident it is
// part of. The row of an incident's lead report is the incident.
type report struct {
	Agency       string
	Report       string
	Revision     int32
	Batch        int64
	State        string
	Counted      bool
	Category     string
	Grp          string
	Severity     int16
	Certainty    string
	OccurredFrom time.Time
	OccurredTo   time.Time
	ReportedAt   time.Time
	StoredAt     time.Time
	Lon          *float64
	Lat          *float64
	Exactness    int16
	PlaceType    string
	District     string
	Area         string
	Unit         string
	Origin       string
	Sharing      string
	Groups       []string
	ShareAfter   *time.Time
	Test         bool
	Reference    *string
	Reporter     *string
	Day          time.Time
	Hour         int16
	Cell         *int64
	Episode      uuid.UUID
	Lead         bool
	Agencies     []string
	Reports      int32
	// metres is the point in the municipality's projected system, once it was asked for.
	metres *[2]float64
}

const (
	stateAccepted  = "accepted"
	stateWithdrawn = "withdrawn"
)

func (r *report) key() link.Key { return link.Key{Agency: r.Agency, Report: r.Report} }

// draft makes the row of an accepted event about an incident. It does not know its batch yet.
func (ref *reference) draft(v *verdict) {
	switch {
	case v.outcome != events.Accepted || v.event.Kind != events.KindIncident:
	case v.event.Withdrawal != nil:
		v.row = ref.withdrawn(v)
	default:
		v.row = ref.newReport(v)
	}
}

// newReport makes the row of an accepted incident report. It stands alone until it is linked.
func (ref *reference) newReport(v *verdict) *report {
	in, read := v.event.Incident, v.reading
	row := &report{
		Agency: string(v.agency), Report: string(v.event.Report), Revision: int32(v.event.Revision),
		State: stateAccepted, Category: read.category, Grp: read.group, Severity: int16(read.severity),
		Certainty: in.Certainty, OccurredFrom: in.Occurred.From, OccurredTo: in.Occurred.To,
		ReportedAt: v.event.Time, StoredAt: v.stored, Exactness: int16(read.place.exactness), PlaceType: in.PlaceType,
		District: read.place.district, Area: read.place.area, Unit: in.Unit, Origin: in.Origin,
		Sharing: ref.sharing(v.agency, in.Sharing), Groups: in.Groups, Test: in.Test,
		Reference: optional(in.Reference), Reporter: optional(in.Reporter),
	}
	if !in.ShareAfter.IsZero() {
		row.ShareAfter = &in.ShareAfter
	}
	row.Day, row.Hour = localDay(in.Occurred.From, in.Occurred.To, ref.zone)
	row.Counted = row.Sharing != "withheld" && !in.Test && ref.categories[read.category].Countable
	if read.place.located() {
		lon, lat := read.place.lon, read.place.lat
		row.Lon, row.Lat = &lon, &lat
		x, y := ref.projection.Forward(lon, lat)
		cell := link.CellOf(x, y).Number()
		row.Cell, row.metres = &cell, &[2]float64{x, y}
	}
	row.standAlone(string(ref.municipality), ref.projection)
	return row
}

// withdrawn makes the tombstone of a report. It holds nothing of what the report said, so it is the
// same whether the withdrawal or the report came first.
func (ref *reference) withdrawn(v *verdict) *report {
	row := &report{
		Agency: string(v.agency), Report: string(v.event.Report), Revision: int32(v.event.Revision), State: stateWithdrawn,
		OccurredFrom: v.event.Time, OccurredTo: v.event.Time, ReportedAt: v.event.Time, StoredAt: v.stored,
		Sharing: ref.sharing(v.agency, ""), Hour: hourUnknown,
	}
	row.Day, _ = localDay(v.event.Time, v.event.Time, ref.zone)
	row.standAlone(string(ref.municipality), ref.projection)
	return row
}

// projection turns degrees into metres; geo.Projection is the real one.
type projection interface {
	Forward(lon, lat float64) (easting, northing float64)
}

// linkable is what package link sees of a report.
func (r *report) linkable(p projection) link.Report {
	l := link.Report{
		Key: r.key(), Category: r.Category, Group: r.Grp, From: r.OccurredFrom, To: r.OccurredTo,
		Reported: r.ReportedAt, Exactness: int(r.Exactness),
	}
	if r.Reference != nil {
		l.Reference = *r.Reference
	}
	if r.Cell != nil {
		if r.metres == nil {
			x, y := p.Forward(*r.Lon, *r.Lat)
			r.metres = &[2]float64{x, y}
		}
		l.Located, l.X, l.Y = true, r.metres[0], r.metres[1]
	}
	return l
}

// standAlone makes the report an incident of its own, as it is before it is linked and after its
// links are gone. One that is not counted leads no incident.
func (r *report) standAlone(municipality string, p projection) {
	r.Episode = link.ID(municipality, []link.Report{r.linkable(p)})
	r.Lead, r.Agencies, r.Reports = r.Counted, []string{r.Agency}, 1
}

const (
	hourUnknown = -1
	// hourKnownWithin is the longest interval whose hour of the day says something.
	hourKnownWithin = 2 * time.Hour
)

// localDay gives the local day that holds most of an interval, the earliest if equal, as midnight
// UTC of that date, and its hour by the same rule, -1 where the interval is longer than two hours.
// Days that the clock makes 23 or 25 hours long are as long as they are.
func localDay(from, to time.Time, zone *time.Location) (day time.Time, hour int16) {
	from, to = from.In(zone), to.In(zone)
	y, m, d := most(from, to, func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone)
	}).Date()
	day, hour = time.Date(y, m, d, 0, 0, 0, 0, time.UTC), hourUnknown
	if to.Sub(from) <= hourKnownWithin {
		hour = int16(most(from, to, func(t time.Time) time.Time {
			return t.Truncate(time.Hour).Add(time.Hour)
		}).Hour())
	}
	return day, hour
}

// most cuts an interval at the boundaries that next gives and returns the beginning of its longest
// piece, the earliest if equal.
func most(from, to time.Time, next func(time.Time) time.Time) time.Time {
	longest, length := from, time.Duration(-1)
	for at := from; !at.After(to); {
		end := next(at)
		if piece := min(end.Sub(at), to.Sub(at)); piece > length {
			longest, length = at, piece
		}
		at = end
	}
	return longest
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
