// SPDX-License-Identifier: EUPL-1.2

package calendar_test

import (
	"testing"
	"time"

	"samsyn/services/review/calendar"
)

func stockholm(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

const minute = "2006-01-02 15:04"

func when(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(minute, s, stockholm(t))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func week(year, number int) calendar.Week { return calendar.Week{Year: year, Number: number} }

// A deadline that slips an hour when clocks change, or a week when the year does, freezes the wrong picture.
func TestDeadlineAndMeetingKeepTheirLocalTime(t *testing.T) {
	t.Parallel()
	r := calendar.Default(stockholm(t))
	for _, c := range []struct {
		week                        calendar.Week
		deadline, meeting, reminder string
		offset                      string // of the deadline
	}{
		{week(2026, 47), "2026-11-23 10:00", "2026-11-24 09:00", "2026-11-20 13:00", "+01:00"},
		// Clocks change on Sunday 25 October 2026, the last day of week 43, and on Sunday 28 March 2027.
		{week(2026, 42), "2026-10-19 10:00", "2026-10-20 09:00", "2026-10-16 13:00", "+02:00"},
		{week(2026, 43), "2026-10-26 10:00", "2026-10-27 09:00", "2026-10-23 13:00", "+01:00"},
		// Easter Monday 2027 is 29 March: the picture freezes by itself, and on Good Friday nobody is there to be reminded.
		{week(2027, 12), "2027-03-29 10:00", "2027-03-30 09:00", "2027-03-25 13:00", "+02:00"},
		// Week 53 of 2026 ends on 3 January 2027; its reminder would fall on New Year's Day.
		{week(2026, 53), "2027-01-04 10:00", "2027-01-05 09:00", "2026-12-30 13:00", "+01:00"},
		{week(2026, 52), "2026-12-28 10:00", "2026-12-29 09:00", "2026-12-23 13:00", "+01:00"},
		// Monday 30 December 2024 lies in week 1 of 2025; New Year's Eve and Day, Epiphany.
		{week(2024, 52), "2024-12-30 10:00", "2025-01-02 09:00", "2024-12-27 13:00", "+01:00"},
		{week(2025, 1), "2025-01-06 10:00", "2025-01-07 09:00", "2025-01-03 13:00", "+01:00"},
		// Christmas Eve 2024 is a Tuesday: 24, 25 and 26 are no working days.
		{week(2024, 51), "2024-12-23 10:00", "2024-12-27 09:00", "2024-12-20 13:00", "+01:00"},
	} {
		deadline, meeting, reminder := r.Deadline(c.week), r.Meeting(c.week), r.Reminder(c.week)
		if got := deadline.Format(minute); got != c.deadline {
			t.Errorf("deadline of %s is %s, want %s", c.week, got, c.deadline)
		}
		if got := deadline.Format("-07:00"); got != c.offset {
			t.Errorf("deadline of %s lies at %s, want %s", c.week, got, c.offset)
		}
		if got := meeting.Format(minute); got != c.meeting {
			t.Errorf("meeting on %s is %s, want %s", c.week, got, c.meeting)
		}
		if got := reminder.Format(minute); got != c.reminder {
			t.Errorf("reminder of %s is %s, want %s", c.week, got, c.reminder)
		}
		if got := r.Ends(c.week).Sub(meeting); got != time.Hour {
			t.Errorf("meeting on %s takes %v", c.week, got)
		}
	}
}

// In the night when clocks change, a time may not exist or exist twice; it must still be one time, the same on every machine.
func TestATimeThatClocksSkipOrShowTwiceIsOneTime(t *testing.T) {
	t.Parallel()
	r := calendar.Default(stockholm(t))
	r.DeadlineAt = calendar.Slot{Weekday: time.Sunday, Clock: 2*time.Hour + 30*time.Minute}
	for _, c := range []struct {
		week calendar.Week
		want string // UTC
	}{
		{week(2026, 42), "2026-10-25 00:30"}, // the first of the two, in summer time
		{week(2027, 11), "2027-03-28 01:30"}, // 02.30 as if the clocks had not changed: they show 03.30
		{week(2026, 43), "2026-11-01 01:30"},
	} {
		if got := r.Deadline(c.week).UTC().Format(minute); got != c.want {
			t.Errorf("deadline of %s is %s UTC, want %s", c.week, got, c.want)
		}
	}
	// The day of 23 hours and the one of 25 hold midnights and evenings like others.
	r.DeadlineAt = calendar.Slot{Weekday: time.Sunday, Clock: 23*time.Hour + 30*time.Minute}
	if got := r.Deadline(week(2026, 42)).UTC().Format(minute); got != "2026-10-25 22:30" {
		t.Errorf("the evening of the long day is at %s UTC", got)
	}
	if got := r.Deadline(week(2027, 11)).UTC().Format(minute); got != "2027-03-28 21:30" {
		t.Errorf("the evening of the short day is at %s UTC", got)
	}
}

// What is reported on must be the week whose deadline has not passed, to the minute.
func TestAWeekIsReportedOnUntilItsDeadline(t *testing.T) {
	t.Parallel()
	r := calendar.Default(stockholm(t))
	for _, c := range []struct {
		now                string
		open, closed, next calendar.Week
	}{
		{"2026-11-23 09:59", week(2026, 47), week(2026, 46), week(2026, 47)},
		{"2026-11-23 10:00", week(2026, 48), week(2026, 47), week(2026, 47)},
		{"2026-11-24 09:30", week(2026, 48), week(2026, 47), week(2026, 47)}, // the meeting goes on
		{"2026-11-24 10:00", week(2026, 48), week(2026, 47), week(2026, 48)}, // it is over
		{"2027-01-03 23:59", week(2026, 53), week(2026, 52), week(2026, 53)},
		{"2027-01-05 10:00", week(2027, 1), week(2026, 53), week(2027, 1)},
		{"2024-12-30 09:00", week(2024, 52), week(2024, 51), week(2024, 52)},
		{"2024-12-27 08:00", week(2024, 52), week(2024, 51), week(2024, 51)}, // moved by Christmas and not yet held
	} {
		now := when(t, c.now)
		if got := r.WeekOf(now); got != c.open {
			t.Errorf("at %s week %s is reported on, want %s", c.now, got, c.open)
		}
		if got := r.Closed(now); got != c.closed {
			t.Errorf("at %s week %s is closed, want %s", c.now, got, c.closed)
		}
		if got := r.Next(now); got != c.next {
			t.Errorf("at %s the next meeting looks at %s, want %s", c.now, got, c.next)
		}
		if got := r.Last(now); got != c.next.Add(-1) {
			t.Errorf("at %s the last meeting looked at %s, want %s", c.now, got, c.next.Add(-1))
		}
	}
}

// Every second week stays every second week across a year of 53 weeks, and each week is looked at exactly once.
func TestEveryWeekIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cadence calendar.Cadence
		first   calendar.Week
		want    []calendar.Week // with a meeting, from 2026-W49 to 2027-W04
	}{
		{calendar.Weekly, week(2024, 1), []calendar.Week{week(2026, 49), week(2026, 50), week(2026, 51), week(2026, 52), week(2026, 53), week(2027, 1), week(2027, 2), week(2027, 3), week(2027, 4)}},
		{calendar.Biweekly, week(2026, 47), []calendar.Week{week(2026, 49), week(2026, 51), week(2026, 53), week(2027, 2), week(2027, 4)}},
		{calendar.Biweekly, week(2026, 48), []calendar.Week{week(2026, 50), week(2026, 52), week(2027, 1), week(2027, 3)}},
		// The deadline of week 48, 30 November, is the fifth Monday of its month: that is read as the fourth, which every month has.
		{calendar.Monthly, week(2026, 48), []calendar.Week{week(2026, 52), week(2027, 3)}},
		// The deadline of week 45 is the second Monday of November.
		{calendar.Monthly, week(2026, 45), []calendar.Week{week(2026, 50), week(2027, 1)}},
	} {
		r := calendar.Default(stockholm(t))
		r.Cadence, r.First = c.cadence, c.first
		var met, covered []calendar.Week
		for w := week(2026, 49); w.Before(week(2027, 5)); w = w.Add(1) {
			if r.Meets(w) {
				met = append(met, w)
				covered = append(covered, r.Covers(w)...)
			}
		}
		if len(met) != len(c.want) {
			t.Fatalf("%s from %s meets on %v, want %v", c.cadence, c.first, met, c.want)
		}
		for i := range met {
			if met[i] != c.want[i] {
				t.Errorf("%s from %s meets on %v, want %v", c.cadence, c.first, met, c.want)
			}
		}
		for i := 1; i < len(covered); i++ {
			if covered[i] != covered[i-1].Add(1) {
				t.Errorf("%s from %s looks at %v: not each once", c.cadence, c.first, covered)
			}
		}
	}
}

// A meeting before its deadline would look at a picture that is not there.
func TestAMeetingFollowsItsDeadline(t *testing.T) {
	t.Parallel()
	r := calendar.Default(stockholm(t))
	for day := time.Sunday; day <= time.Saturday; day++ {
		for clock := time.Duration(0); clock < 24*time.Hour; clock += 3 * time.Hour {
			r.MeetingAt = calendar.Slot{Weekday: day, Clock: clock}
			for w := week(2026, 1); w.Before(week(2028, 1)); w = w.Add(1) {
				deadline, meeting := r.Deadline(w), r.Meeting(w)
				if !meeting.After(deadline) || !calendar.Workday(meeting) || !r.Reminder(w).Before(deadline) {
					t.Fatalf("%s: deadline %s, meeting %s", w, deadline, meeting)
				}
				if next := r.Next(meeting); next != w && r.Meeting(next) != meeting {
					t.Fatalf("during the meeting on %s the next one looks at %s", w, next)
				}
			}
		}
	}
}

// What cannot be is said in full, so that a form can show it at once.
func TestARhythmThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	if err := calendar.Default(stockholm(t)).Check(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	for what, spoil := range map[string]func(*calendar.Rhythm){
		"cadence":  func(r *calendar.Rhythm) { r.Cadence = "daily" },
		"clock":    func(r *calendar.Rhythm) { r.DeadlineAt.Clock = 24 * time.Hour },
		"seconds":  func(r *calendar.Rhythm) { r.RemindAt = 90 * time.Second },
		"weekday":  func(r *calendar.Rhythm) { r.MeetingAt.Weekday = 7 },
		"duration": func(r *calendar.Rhythm) { r.Duration = 9 * time.Hour },
		"week":     func(r *calendar.Rhythm) { r.First = week(2027, 53) },
		"zone":     func(r *calendar.Rhythm) { r.Zone = nil },
	} {
		r := calendar.Default(stockholm(t))
		spoil(&r)
		if r.Check() == nil {
			t.Errorf("a rhythm with a wrong %s is taken", what)
		}
	}
}
