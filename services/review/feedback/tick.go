// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

// town is a municipality with its clock.
type town struct {
	ID     events.MunicipalityID
	Name   string
	Zone   *time.Location
	MadeUp bool
	// AsOf is the municipality's clock: the wall's, or where a replay stands.
	AsOf time.Time
}

// key names a report.
type key struct{ Agency, Report string }

// source is something that many reports are held against: a week's situation report, or the position on a flagged place.
type source struct {
	Source  string
	Version string
	// Of a week: its Monday and the report's version. Of a flag: its id.
	Week    *time.Time
	Picture int
	Flag    uuid.UUID
}

// keysAtOnce bounds a transaction: a week may hold 100,000 reports.
const keysAtOnce = 2000

// Tick looks, for every municipality, what came of reports since it was last told, keeps it, publishes it and writes the weekly mails
// that are due at now, the wall clock. It may be called as often as one likes: nothing is told twice. An error of one municipality does not
// keep the others from hearing.
func (s *Service) Tick(ctx context.Context, now time.Time) error {
	towns, err := s.store.towns(ctx, now)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range towns {
		errs = append(errs, s.tickTown(ctx, t, now))
	}
	return errors.Join(errs...)
}

func (s *Service) tickTown(ctx context.Context, t town, now time.Time) error {
	sources, err := s.store.sources(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, one := range sources {
		if err := s.tell(ctx, t, one); err != nil {
			return err
		}
	}
	if len(sources) > 0 {
		if err := s.store.measure(ctx, t); err != nil {
			return err
		}
	}
	return errors.Join(s.publish(ctx, t.ID), s.writeMails(ctx, t, now))
}

// tell holds the reports of a source against what is known, a part at a time. A source that was cut short is begun anew: what was
// told is known and not told again.
func (s *Service) tell(ctx context.Context, t town, one source) error {
	for after := (key{}); ; {
		keys, err := s.store.keys(ctx, t.ID, one, after, keysAtOnce)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			if err := s.store.tell(ctx, t, keys); err != nil {
				return err
			}
			after = keys[len(keys)-1]
		}
		if len(keys) < keysAtOnce {
			return s.store.saw(ctx, t.ID, one)
		}
	}
}

// known is what is stored of a report and what is known of it now.
type known struct {
	key
	Facts
	ReportedAt time.Time
	Reporter   string
	Told       Status
	Change     int
}

// change is what is new about a report, to be kept and told.
type change struct {
	key
	Status
	Number     int
	ReportedAt time.Time
	Reporter   *uuid.UUID
	Event      events.Feedback
}

// changes are the reports of which something new is to be told at asOf.
func changes(m events.MunicipalityID, asOf time.Time, all []known) []change {
	var list []change
	for _, k := range all {
		status := next(k.Told, k.Facts)
		if status.says() == k.Told.says() {
			continue
		}
		c := change{key: k.key, Status: status, Number: k.Change + 1, ReportedAt: k.ReportedAt, Event: status.event()}
		if person, err := uuid.Parse(k.Reporter); err == nil {
			c.Reporter = &person
		}
		c.Event.Feedback = events.FeedbackID(m, events.AgencyID(k.Agency), events.ReportID(k.Report), c.Number)
		c.Event.Report, c.Event.Change, c.Event.Changed = events.ReportID(k.Report), c.Number, asOf.UTC()
		list = append(list, c)
	}
	return list
}

// weekOf is the week of a Monday as the database has it; nil is none.
func weekOf(monday *time.Time) web.Week {
	if monday == nil {
		return web.Week{}
	}
	return web.WeekOf(*monday)
}

// mondayOf is the Monday of a week as the database has it; none is nil.
func mondayOf(w web.Week) *time.Time {
	if w == (web.Week{}) {
		return nil
	}
	monday := w.Monday(time.UTC)
	return &monday
}
