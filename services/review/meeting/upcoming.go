// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
)

// EnsureUpcoming plans the next meeting of every municipality as its calendar has it, moves one that is planned and whose calendar has
// changed, and adjusts minutes that nobody has objected to for seven days. now is the wall clock; municipalities that are replayed have
// their own. To call it again changes nothing. What fails in one municipality does not hold up the others.
func (s *Service) EnsureUpcoming(ctx context.Context, now time.Time) error {
	var towns []calendar.Town
	err := within(ctx, s.db, pg.System, func(st store) (err error) {
		towns, err = calendar.ReadAll(ctx, st.tx)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, town := range towns {
		err := within(ctx, s.db, pg.System, func(st store) error {
			st = st.in(town.Municipality)
			at := town.Now(now)
			if err := replan(ctx, st, town, at); err != nil {
				return err
			}
			if err := plan(ctx, st, town, town.Rhythm.Next(at), at); err != nil {
				return err
			}
			return st.adjustOld(ctx, at.Add(-adjustAfter), at)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("meetings of %s: %w", town.Municipality, err))
		}
	}
	return errors.Join(failed...)
}

// replan moves what is planned to where the calendar has it now, and drops a meeting that the calendar no longer has, unless somebody
// has prepared it.
func replan(ctx context.Context, st store, town calendar.Town, now time.Time) error {
	weeks, err := st.plannedAfter(ctx, now)
	if err != nil {
		return err
	}
	for _, monday := range weeks {
		week := web.WeekOf(monday)
		if town.Rhythm.Meets(week) {
			err = plan(ctx, st, town, week, now)
		} else {
			err = st.drop(ctx, monday)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plan plans the meeting that looks at a week, as the calendar has it.
func plan(ctx context.Context, st store, town calendar.Town, week web.Week, now time.Time) error {
	return st.plan(ctx, week.Monday(time.UTC), town.Rhythm.Meeting(week), town.Rhythm.Ends(week), now)
}

// remindSilent is RemindTx.
func (s *Service) remindSilent(ctx context.Context, st store, town calendar.Town, week web.Week) (int, error) {
	silent, err := st.silent(ctx, week.Monday(town.Rhythm.Zone), week.Add(1).Monday(town.Rhythm.Zone))
	if err != nil {
		return 0, err
	}
	return len(byAgency(silent)), s.remindAll(ctx, st, town, week, week.String(), silent)
}

// remind is the button beside those who are missing: once a day and agency.
func (s *Service) remind(c *call) (answer, error) {
	m, err := c.before()
	if err != nil {
		return answer{}, err
	}
	known, err := s.known(c, m)
	if err != nil {
		return answer{}, errChanged // there is no picture yet that somebody could be missing in
	}
	week := web.WeekOf(m.Week)
	var silent []silentUnit
	for _, source := range known.Report.Coverage {
		if source.State == "silent" || source.State == "unheard" {
			silent = append(silent, silentUnit{Agency: source.Agency, AgencyName: source.AgencyName, Unit: source.Unit, UnitName: source.UnitName})
		}
	}
	key := week.String() + ":" + c.locale.Day(c.now)
	return answer{to: c.at(m.Meeting, "")}, s.remindAll(c.Context(), c.store, c.town, week, key, silent)
}

// byAgency are the names of silent units, or of the agency itself, by agency.
func byAgency(silent []silentUnit) map[string][]string {
	all := map[string][]string{}
	for _, u := range silent {
		name := u.UnitName
		if name == "" {
			name = u.AgencyName
		}
		all[u.Agency] = append(all[u.Agency], name)
	}
	return all
}

func (s *Service) remindAll(ctx context.Context, st store, town calendar.Town, week web.Week, key string, silent []silentUnit) error {
	units := byAgency(silent)
	leads, err := st.leads(ctx)
	if err != nil {
		return err
	}
	for _, lead := range leads {
		if names := units[lead.Agency]; len(names) > 0 {
			if err := s.enqueue(ctx, st, lead.Person, s.reminderMail(town, week, key+":"+lead.Agency, names)); err != nil {
				return err
			}
		}
	}
	return nil
}
