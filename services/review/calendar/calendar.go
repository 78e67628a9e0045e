// SPDX-License-Identifier: EUPL-1.2

// Package calendar says when the weekly review happens: until when units report on a week, when the joint meeting looks at it, and
// which days are holidays.
//
// What it is for. Each municipality has a [Rhythm]: how often it meets, its reporting deadline and its meeting time. Everything that
// happens by itself (a reminder, a picture that freezes, a watched place that returns) and everything that is shown (the next
// meeting, an iCalendar feed) asks it.
//
// What it promises. It is a function of its arguments and of nothing else. Weeks are ISO weeks (week 53 and the turn of the year
// included), times of day are local times (they stay where they are when clocks change; a time that the clocks skip is read as if
// they had not, one that they show twice is the first of the two), and a meeting never lies on a day when nobody is at work.
//
// What it does not do. It keeps no appointments: a meeting that people moved by hand is the meeting's own. It knows Swedish holidays
// only, wherever the municipality lies. Only store.go touches Postgres, to read and write a rhythm.
//
// When it fails. A rhythm that cannot be is refused by [Rhythm.Check]; everything else cannot fail.
package calendar

import (
	"errors"
	"fmt"
	"time"

	"samsyn/internal/web"
)

// Week is an ISO 8601 week.
type Week = web.Week

// Cadence is how often a municipality meets.
type Cadence string

// The cadences.
const (
	Weekly   Cadence = "weekly"
	Biweekly Cadence = "biweekly" // every second week, counted from Rhythm.First
	Monthly  Cadence = "monthly"  // in the same week of each month as Rhythm.First
)

// Cadences lists them, oftenest first.
func Cadences() []Cadence { return []Cadence{Weekly, Biweekly, Monthly} }

// Slot is a time of the week.
type Slot struct {
	Weekday time.Weekday
	// Clock is the time of day on a wall clock, from midnight: whole minutes under 24 hours.
	Clock time.Duration
}

// Rhythm is when a municipality's review happens. Its zero value is none; Default is a start.
type Rhythm struct {
	Cadence Cadence
	// DeadlineAt lies in the week after the one that is reported on, and MeetingAt is its first occurrence after the deadline.
	DeadlineAt, MeetingAt Slot
	// Duration is how long a meeting is planned to take.
	Duration time.Duration
	// RemindAt is the time of day of the reminder, which goes out on the last working day before the deadline.
	RemindAt time.Duration
	// First is a week that a meeting looked at or will look at: it says which of the weeks have one.
	First Week
	// Zone is the municipality's.
	Zone *time.Location
	// Version counts the changes; 0 is a rhythm that nobody has set.
	Version int
}

// Default is the rhythm of a municipality that has chosen none: weekly, deadline Monday 10.00, meeting Tuesday 09.00 for an hour,
// reminder at 13.00.
func Default(zone *time.Location) Rhythm {
	return Rhythm{
		Cadence: Weekly, DeadlineAt: Slot{time.Monday, 10 * time.Hour}, MeetingAt: Slot{time.Tuesday, 9 * time.Hour},
		Duration: time.Hour, RemindAt: 13 * time.Hour, First: Week{Year: 2024, Number: 1}, Zone: zone,
	}
}

// The lengths that a meeting may have.
const (
	ShortestMeeting = 15 * time.Minute
	LongestMeeting  = 8 * time.Hour
)

// Check names what is wrong with a rhythm; nil for one that can be.
func (r Rhythm) Check() error {
	var errs []error
	switch r.Cadence {
	case Weekly, Biweekly, Monthly:
	default:
		errs = append(errs, fmt.Errorf("cadence %q is none of %v", r.Cadence, Cadences()))
	}
	for what, clock := range map[string]time.Duration{"deadline": r.DeadlineAt.Clock, "meeting": r.MeetingAt.Clock, "reminder": r.RemindAt} {
		if clock < 0 || clock >= 24*time.Hour || clock%time.Minute != 0 {
			errs = append(errs, fmt.Errorf("%s at %v is no time of day", what, clock))
		}
	}
	for what, day := range map[string]time.Weekday{"deadline": r.DeadlineAt.Weekday, "meeting": r.MeetingAt.Weekday} {
		if day < time.Sunday || day > time.Saturday {
			errs = append(errs, fmt.Errorf("%s on weekday %d", what, day))
		}
	}
	if r.Duration < ShortestMeeting || r.Duration > LongestMeeting {
		errs = append(errs, fmt.Errorf("a meeting takes %v to %v, not %v", ShortestMeeting, LongestMeeting, r.Duration))
	}
	if _, ok := web.ParseWeek(r.First.String()); !ok {
		errs = append(errs, fmt.Errorf("%s is no week", r.First))
	}
	if r.Zone == nil {
		errs = append(errs, errors.New("a rhythm needs a time zone"))
	}
	return errors.Join(errs...)
}

// Deadline is until when units report on a week. Every week has one, whether or not a meeting looks at it: each report belongs to the
// picture of a week. It does not move for a holiday, since it needs nobody: the picture freezes by itself.
func (r Rhythm) Deadline(w Week) time.Time {
	return at(r.day(w.Add(1), r.DeadlineAt.Weekday), r.DeadlineAt.Clock, r.Zone)
}

// Meeting is when the meeting that looks at a week begins: the first time of MeetingAt after the week's deadline, or if nobody is at
// work on that day, the same time on the next working day. It is meant for weeks that have one (Meets).
func (r Rhythm) Meeting(w Week) time.Time {
	deadline := r.Deadline(w)
	day := r.day(w.Add(1), r.MeetingAt.Weekday)
	if !at(day, r.MeetingAt.Clock, r.Zone).After(deadline) {
		day = day.AddDate(0, 0, 7)
	}
	for !Workday(day) {
		day = day.AddDate(0, 0, 1)
	}
	return at(day, r.MeetingAt.Clock, r.Zone)
}

// Ends is when the meeting that looks at a week is planned to end.
func (r Rhythm) Ends(w Week) time.Time { return r.Meeting(w).Add(r.Duration) }

// Reminder is when units that are silent about a week are reminded: on the last working day before the deadline's.
func (r Rhythm) Reminder(w Week) time.Time {
	day := r.day(w.Add(1), r.DeadlineAt.Weekday).AddDate(0, 0, -1)
	for !Workday(day) {
		day = day.AddDate(0, 0, -1)
	}
	return at(day, r.RemindAt, r.Zone)
}

// Meets says whether a meeting looks at a week.
func (r Rhythm) Meets(w Week) bool {
	switch r.Cadence {
	case Biweekly:
		return weeksBetween(r.First, w)%2 == 0
	case Monthly:
		return nth(r.day(w.Add(1), r.DeadlineAt.Weekday)) == min(nth(r.day(r.First.Add(1), r.DeadlineAt.Weekday)), 4)
	default:
		return true
	}
}

// WeekOf is the week that is being reported on: the earliest one whose deadline has not passed.
func (r Rhythm) WeekOf(t time.Time) Week { return r.Closed(t).Add(1) }

// Closed is the last week whose deadline has passed at a time.
func (r Rhythm) Closed(t time.Time) Week {
	w := web.WeekOf(t.In(r.Zone))
	for r.Deadline(w).After(t) {
		w = w.Add(-1)
	}
	return w
}

// Next is the week that the next meeting looks at: the first one with a meeting that is not over.
func (r Rhythm) Next(t time.Time) Week {
	w := web.WeekOf(t.In(r.Zone)).Add(-3)
	for !r.Meets(w) || !r.Ends(w).After(t) {
		w = w.Add(1)
	}
	return w
}

// Last is the week that the last meeting before a time looked at: the latest one with a meeting that is over.
func (r Rhythm) Last(t time.Time) Week {
	w := r.Next(t).Add(-1)
	for !r.Meets(w) {
		w = w.Add(-1)
	}
	return w
}

// Covers are the weeks that the meeting of a week looks at, oldest first: those since the meeting before, w itself the last.
func (r Rhythm) Covers(w Week) []Week {
	first := w
	for before := w.Add(-1); !r.Meets(before); before = before.Add(-1) {
		first = before
	}
	var all []Week
	for ; !w.Before(first); first = first.Add(1) {
		all = append(all, first)
	}
	return all
}

// day is a weekday of a week, as a date at midnight UTC.
func (r Rhythm) day(w Week, d time.Weekday) time.Time {
	return w.Monday(time.UTC).AddDate(0, 0, (int(d)+6)%7)
}

// weeksBetween counts weeks, not week numbers: a year of 53 weeks must not stop the beat.
func weeksBetween(a, b Week) int {
	return int(b.Monday(time.UTC).Sub(a.Monday(time.UTC)) / (7 * 24 * time.Hour))
}

// nth says whether a date is the first, second, ... of its weekday in its month.
func nth(day time.Time) int { return (day.Day()-1)/7 + 1 }

// at is a time of day on a date in a zone. time.Date leaves open what it makes of a time that clocks skip or show twice; here the first
// is read with the offset from before the change, and of the two the earlier is meant.
func at(day time.Time, clock time.Duration, zone *time.Location) time.Time {
	year, month, date := day.Date()
	wall := time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Add(clock)
	before := offset(wall.Add(-26*time.Hour), zone)
	after := offset(wall.Add(26*time.Hour), zone)
	for _, o := range []time.Duration{before, after} {
		t := wall.Add(-o).In(zone)
		if offset(t, zone) == o {
			return t
		}
	}
	return wall.Add(-before).In(zone)
}

// offset is a zone's distance from UTC at an instant.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
