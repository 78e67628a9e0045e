// SPDX-License-Identifier: EUPL-1.2

package review

import (
	"embed"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
)

//go:embed templates
var templateFiles embed.FS

// upcomingWeeks and upcomingDays are how far ahead the calendar's page looks.
const (
	upcomingWeeks = 10
	upcomingDays  = 183
)

// calendarView is the page: what the rhythm is, the weeks to come, the holidays, and the form.
type calendarView struct {
	Page     web.Page
	Lead     string
	Replayed string
	Saved    string
	Wrong    string
	Upcoming web.Table
	Holidays web.Table
	Form     *calendarForm
	Link     web.Link
}

type calendarForm struct {
	web.Locale
	Action   string
	Version  int
	Cadences []option
	Deadline []option
	Meeting  []option
	DueAt    string
	MeetAt   string
	RemindAt string
	Minutes  int
	Weeks    []option
}

type option struct {
	Value, Text string
	Chosen      bool
}

// showCalendar is when the review happens.
func (s *Service) showCalendar(w http.ResponseWriter, r *http.Request) {
	visit, ok := s.lookAt(w, r)
	if !ok {
		return
	}
	town, err := calendar.Of(r.Context(), s.db, visit.Viewer, visit.Viewer.Municipality)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerCalendar(w, r, visit, town, town.Rhythm, http.StatusOK, "")
}

// setCalendar sets it. What cannot be is shown again as it was typed.
func (s *Service) setCalendar(w http.ResponseWriter, r *http.Request) {
	visit, ok := s.lookAt(w, r)
	if !ok {
		return
	}
	if !sets(visit) {
		s.templates.Error(w, r, http.StatusForbidden)
		return
	}
	town, err := calendar.Of(r.Context(), s.db, visit.Viewer, visit.Viewer.Municipality)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	typed := readRhythm(r, town.Rhythm.Zone)
	if err := typed.Check(); err != nil {
		s.answerCalendar(w, r, visit, town, typed, http.StatusUnprocessableEntity, "calendar.invalid")
		return
	}
	err = calendar.Change(r.Context(), s.db, visit.Viewer, typed, personOf(visit), s.config.Now())
	switch {
	case errors.Is(err, calendar.ErrChanged):
		s.answerCalendar(w, r, visit, town, town.Rhythm, http.StatusConflict, "calendar.conflict")
	case err != nil:
		s.fail(w, r, err)
	default:
		http.Redirect(w, r, "/kalender"+web.Query(url.Values{}, "m", town.Municipality, "lang", web.LanguageOf(r), "saved", "1"), http.StatusSeeOther)
	}
}

// lookAt says whose eyes see; it has answered when it says false.
func (s *Service) lookAt(w http.ResponseWriter, r *http.Request) (web.Visit, bool) {
	visit, ok := web.VisitOf(r.Context())
	if m := r.URL.Query().Get("m"); m != "" {
		visit.Viewer.Municipality = m
	}
	switch {
	case !ok || !visit.May(visit.Viewer.Municipality):
		s.templates.Error(w, r, http.StatusNotFound)
		return visit, false
	case !visit.Can(web.ActNumbers) && !sets(visit):
		s.templates.Error(w, r, http.StatusForbidden)
		return visit, false
	}
	return visit, true
}

// sets says whether a viewer sets the calendar.
func sets(v web.Visit) bool { return v.Can(web.ActDecide) || v.Can(web.ActAdmin) }

func personOf(v web.Visit) *uuid.UUID {
	id, err := uuid.Parse(v.Viewer.Person)
	if err != nil {
		return nil
	}
	return &id
}

// fail answers with what an error means for a person.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, calendar.ErrUnknown):
		status = http.StatusNotFound
	case r.Context().Err() != nil: // the reader has gone
		return
	case pg.Class(err) == pg.Infrastructure:
		status = http.StatusServiceUnavailable
	}
	if status != http.StatusNotFound {
		s.log.ErrorContext(r.Context(), "calendar not handled", "error", err)
	}
	s.templates.Error(w, r, status)
}

// readRhythm reads the form; what cannot be read is left as what Check refuses.
func readRhythm(r *http.Request, zone *time.Location) calendar.Rhythm {
	day := func(name string) time.Weekday {
		n, err := strconv.Atoi(r.PostFormValue(name))
		if err != nil {
			return -1
		}
		return time.Weekday(n)
	}
	minutes, _ := strconv.Atoi(r.PostFormValue("minutes"))
	version, _ := strconv.Atoi(r.PostFormValue("version"))
	first, _ := web.ParseWeek(r.PostFormValue("first"))
	return calendar.Rhythm{
		Cadence:    calendar.Cadence(r.PostFormValue("cadence")),
		DeadlineAt: calendar.Slot{Weekday: day("deadline_day"), Clock: clock(r.PostFormValue("deadline_at"))},
		MeetingAt:  calendar.Slot{Weekday: day("meeting_day"), Clock: clock(r.PostFormValue("meeting_at"))},
		Duration:   time.Duration(minutes) * time.Minute, RemindAt: clock(r.PostFormValue("remind_at")), First: first, Zone: zone, Version: version,
	}
}

// clock reads a time of day as 09:00 or 09.00; -1 for anything else.
func clock(s string) time.Duration {
	t, err := time.Parse("15:04", strings.Replace(strings.TrimSpace(s), ".", ":", 1))
	if err != nil {
		return -1
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// answerCalendar shows the page; shown is the rhythm that the form has.
func (s *Service) answerCalendar(w http.ResponseWriter, r *http.Request, visit web.Visit, town calendar.Town, shown calendar.Rhythm, status int, wrong string) {
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), town.Rhythm.Zone)
	now := town.Now(s.config.Now())
	view := calendarView{
		Page: web.NewPage(r, l, l.T("calendar.title")), Lead: lead(l, town), Upcoming: upcoming(l, town.Rhythm, now), Holidays: holidays(l, now),
		Link: web.Link{Href: "/stallning" + web.Query(url.Values{}, "m", town.Municipality, "lang", l.Lang), Text: l.T("calendar.positions")},
	}
	view.Page.Notices = web.NoticesOf(l, town.Name, town.MadeUp, town.Replayed)
	view.Page.Visit.Viewer.Municipality = town.Municipality
	if town.Replayed != nil {
		view.Replayed = l.T("calendar.replay", l.Moment(now))
	}
	if r.URL.Query().Get("saved") != "" && wrong == "" {
		view.Saved = l.T("calendar.saved")
	}
	if wrong != "" {
		view.Wrong = map[string]string{"calendar.invalid": l.T("calendar.invalid"), "calendar.conflict": l.T("calendar.conflict")}[wrong]
	}
	if sets(visit) {
		view.Form = formOf(l, town, shown, now)
	}
	s.templates.Render(w, r, status, "calendar", view)
}

func lead(l web.Locale, t calendar.Town) string {
	r := t.Rhythm
	return l.T("calendar.lead", t.Name, weekday(l, r.DeadlineAt.Weekday), written(l, r.DeadlineAt.Clock), weekday(l, r.MeetingAt.Weekday), written(l, r.MeetingAt.Clock),
		cadence(l, r.Cadence))
}

func weekday(l web.Locale, d time.Weekday) string {
	return l.T("calendar.weekday." + strconv.Itoa(int(d)))
}

func cadence(l web.Locale, c calendar.Cadence) string { return l.T("calendar." + string(c)) }

// written is a time of day for people.
func written(l web.Locale, d time.Duration) string {
	return web.NewLocale(l.Lang, nil, time.UTC).Clock(time.Time{}.Add(d))
}

// upcoming are the weeks to come with their times.
func upcoming(l web.Locale, r calendar.Rhythm, now time.Time) web.Table {
	t := web.Table{Caption: l.T("calendar.upcoming")}
	for _, head := range []string{l.T("calendar.week"), l.T("calendar.reminder"), l.T("calendar.deadline"), l.T("calendar.meeting")} {
		t.Head = append(t.Head, web.Name(head))
	}
	moment := func(at time.Time) web.Cell { return web.Name(l.Weekday(at) + " " + l.Moment(at)) }
	for w, i := r.WeekOf(now), 0; i < upcomingWeeks; w, i = w.Add(1), i+1 {
		meeting := web.Name(l.T("calendar.none"))
		if r.Meets(w) {
			at := r.Meeting(w)
			meeting = moment(at)
			if at.Weekday() != r.MeetingAt.Weekday {
				meeting = web.Name(l.T("calendar.moved", meeting.Text, whyMoved(l, r, at)))
			}
		}
		t.Rows = append(t.Rows, []web.Cell{web.Name(l.WeekYear(w)), moment(r.Reminder(w)), moment(r.Deadline(w)), meeting})
	}
	return t
}

// whyMoved is the holiday on the day that a meeting would have had.
func whyMoved(l web.Locale, r calendar.Rhythm, at time.Time) string {
	day := at
	for day.Weekday() != r.MeetingAt.Weekday {
		day = day.AddDate(0, 0, -1)
	}
	if h, ok := calendar.HolidayOn(day); ok {
		return in(l, h)
	}
	return l.T("calendar.weekend")
}

func in(l web.Locale, h calendar.Holiday) string {
	if l.Lang == "en" {
		return h.Name.EN
	}
	return h.Name.SV
}

// holidays are those of the half year to come.
func holidays(l web.Locale, now time.Time) web.Table {
	t := web.Table{Caption: l.T("calendar.holidays"), Head: []web.Cell{web.Name(l.T("calendar.day")), web.Name(l.T("calendar.name"))}}
	for year := now.Year(); year <= now.Year()+1; year++ {
		for _, h := range calendar.Holidays(year) {
			if h.Date.After(now.AddDate(0, 0, -1)) && h.Date.Before(now.AddDate(0, 0, upcomingDays)) {
				t.Rows = append(t.Rows, []web.Cell{web.Name(l.Weekday(h.Date) + " " + h.Date.Format(time.DateOnly)), web.Name(in(l, h))})
			}
		}
	}
	return t
}

func formOf(l web.Locale, t calendar.Town, r calendar.Rhythm, now time.Time) *calendarForm {
	f := &calendarForm{
		Locale: l, Action: "/kalender" + web.Query(url.Values{}, "m", t.Municipality, "lang", l.Lang), Version: r.Version,
		DueAt: typed(r.DeadlineAt.Clock), MeetAt: typed(r.MeetingAt.Clock), RemindAt: typed(r.RemindAt), Minutes: int(r.Duration / time.Minute),
	}
	for _, c := range calendar.Cadences() {
		f.Cadences = append(f.Cadences, option{string(c), cadence(l, c), c == r.Cadence})
	}
	for i := range 7 {
		d := time.Weekday((i + 1) % 7)
		f.Deadline = append(f.Deadline, option{strconv.Itoa(int(d)), weekday(l, d), d == r.DeadlineAt.Weekday})
		f.Meeting = append(f.Meeting, option{strconv.Itoa(int(d)), weekday(l, d), d == r.MeetingAt.Weekday})
	}
	// The first of the next weeks that has a meeting says the same as the one that was once chosen.
	next := t.Rhythm.Next(now)
	for i := range 5 {
		w := next.Add(i)
		f.Weeks = append(f.Weeks, option{w.String(), l.WeekYear(w), i == 0})
	}
	return f
}

// typed is a time of day as <input type=time> has it.
func typed(d time.Duration) string { return time.Time{}.Add(max(d, 0)).Format("15:04") }
