// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
	"samsyn/services/review/meeting/ical"
)

const (
	secretOctets = 32
	// meetingsAhead are told of in a feed; earlier ones stay for pastWeeks.
	meetingsAhead = 8
	pastWeeks     = 8
	refreshEvery  = 6 * time.Hour
)

// calendarView is the page about one's own calendar address.
type calendarView struct {
	Page    web.Page
	Title   string
	Make    string
	Address string
	Nobody  bool
}

func (s *Service) showCalendar(c *call) (answer, error) {
	return answer{template: "calendar", view: calendarView{
		Page: c.newPage(c.locale.T("title.calendar")), Title: c.locale.T("title.calendar"), Make: c.href("/mote/kalender"), Nobody: c.by() == nil,
	}}, nil
}

// makeCalendar makes a new address and shows it once. It answers the POST itself instead of leading to a GET: the secret shall stand in
// no address that is kept in a history or a log, and is kept nowhere as it is written.
func (s *Service) makeCalendar(w http.ResponseWriter, r *http.Request) {
	var a answer
	err := s.within(r, web.ActNumbers, func(c *call) error {
		person := c.by()
		if person == nil {
			return errForbidden
		}
		secret := make([]byte, secretOctets)
		_, _ = rand.Read(secret) // never fails
		key := base64.RawURLEncoding.EncodeToString(secret)
		hash := sha256.Sum256([]byte(key))
		a = answer{template: "calendar", view: calendarView{
			Page: c.newPage(c.locale.T("title.calendar")), Title: c.locale.T("title.calendar"), Make: c.href("/mote/kalender"),
			Address: s.link("/moten.ics?key=" + url.QueryEscape(key)),
		}}
		return c.store.setFeed(r.Context(), *person, hash[:], c.now)
	})
	s.answer(w, r, a, err)
}

// feed answers with the calendar of whoever has the address: meetings, deadlines and the person's own due dates. An address that opens
// nothing is 404, whether it is old, made up, or of somebody who has left.
func (s *Service) feed(w http.ResponseWriter, r *http.Request) {
	hash := sha256.Sum256([]byte(r.URL.Query().Get("key")))
	var of feed
	err := within(r.Context(), s.db, pg.System, func(st store) (err error) {
		of, err = st.feed(r.Context(), hash[:])
		return err
	})
	var body []byte
	if err == nil {
		viewer := pg.Viewer{Municipality: of.Municipality, Agency: of.Agency, Person: of.Person.String(), Roles: of.Roles}
		err = within(r.Context(), s.db, viewer, func(st store) (err error) {
			body, err = s.calendarOf(r, st, of.Person)
			return err
		})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", `inline; filename="samsyn.ics"`)
	web.Send(w, r, http.StatusOK, ical.ContentType, body)
}

func (s *Service) calendarOf(r *http.Request, st store, person uuid.UUID) ([]byte, error) {
	town, err := calendar.Read(r.Context(), st.tx, st.municipality)
	if err != nil {
		return nil, err
	}
	now := town.Now(s.config.Now())
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), town.Rhythm.Zone)
	c := ical.Calendar{Name: l.T("ics.name", town.Name), RefreshEvery: refreshEvery}
	stored, err := st.meetings(r.Context(), pastWeeks+1)
	if err != nil {
		return nil, err
	}
	known := map[web.Week]bool{}
	for _, m := range stored {
		week := web.WeekOf(m.Week)
		known[week] = true
		c.Events = append(c.Events, s.storedEvent(l, town, m))
	}
	week := town.Rhythm.Next(now)
	for range meetingsAhead {
		if !known[week] {
			c.Events = append(c.Events, s.meetingEvent(l, town, week, time.Unix(0, 0)))
		}
		c.Events = append(c.Events, s.deadlineEvent(l, town, week))
		week = town.Rhythm.Next(town.Rhythm.Ends(week))
	}
	own, err := st.ownActions(r.Context(), person)
	if err != nil {
		return nil, err
	}
	for _, id := range own {
		a, err := action.GetTx(r.Context(), st.tx, st.municipality, id)
		if errors.Is(err, action.ErrUnknown) {
			continue // not for this viewer
		}
		if err != nil {
			return nil, err
		}
		c.Events = append(c.Events, s.dueEvent(l, a))
	}
	return c.Bytes(), nil
}

// uid names an event for ever: a meeting by its week, so that it stays the same when it is planned and when it moves.
func (s *Service) uid(parts ...string) string {
	id := ""
	for _, p := range parts {
		id += p + "-"
	}
	host := "samsyn"
	if address, err := url.Parse(s.config.PublicURL); err == nil {
		host = address.Hostname()
	}
	return id[:len(id)-1] + "@" + host
}

// meetingEvent is the meeting of a week by the calendar. stamp is when that was known.
func (s *Service) meetingEvent(l web.Locale, town calendar.Town, week web.Week, stamp time.Time) ical.Event {
	return ical.Event{
		UID: s.uid("meeting", town.Municipality, week.String()), Stamp: stamp, From: town.Rhythm.Meeting(week), To: town.Rhythm.Ends(week),
		Summary: l.T("ics.meeting", l.Week(week), town.Name), URL: s.link("/mote"),
	}
}

// storedEvent is a meeting as it is planned or was held.
func (s *Service) storedEvent(l web.Locale, town calendar.Town, m meeting) ical.Event {
	e := s.meetingEvent(l, town, web.WeekOf(m.Week), m.UpdatedAt)
	e.From, e.To, e.Sequence, e.URL = m.StartsAt, m.EndsAt, m.Sequence, s.link("/mote/"+m.Meeting.String())
	return e
}

func (s *Service) deadlineEvent(l web.Locale, town calendar.Town, week web.Week) ical.Event {
	at := town.Rhythm.Deadline(week)
	return ical.Event{
		UID: s.uid("deadline", town.Municipality, week.String()), Stamp: time.Unix(0, 0), From: at, To: at.Add(15 * time.Minute),
		Summary: l.T("ics.deadline", l.Week(week), town.Name), URL: s.link("/rapportera"), RemindBefore: 2 * time.Hour,
	}
}

// dueEvent is the day on which an action is due. Calendars are kept by others: it names no place and holds no text.
func (s *Service) dueEvent(l web.Locale, a action.Action) ical.Event {
	return ical.Event{
		UID: s.uid("action", a.ID.String()), Sequence: a.Version, Stamp: a.ChangedAt, Day: a.DueOn, Summary: l.T("ics.due", in(l, a.Measure.Text())),
		URL: s.link("/atgarder/" + a.ID.String()), Cancelled: a.State == action.Cancelled,
	}
}
