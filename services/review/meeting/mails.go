// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/meeting/ical"
	"samsyn/services/review/post"
)

// The kinds of mail. With a key they are one mail a person, however often the same is decided.
const (
	mailMinutes  = "minutes"
	mailActions  = "meeting_actions"
	mailReminder = "reminder"
)

// tell puts the mails after a meeting into its transaction: the minutes to the members, and to owners their own actions.
func (s *Service) tell(c *call, m meeting, next web.Week) error {
	decisions, err := c.store.decisions(c.Context(), m.Meeting)
	if err != nil {
		return err
	}
	members, err := c.store.members(c.Context())
	if err != nil {
		return err
	}
	for _, to := range members {
		if err := s.enqueue(c.Context(), c.store, to.Person, s.minutesMail(c.town, m, decisions, next)); err != nil {
			return err
		}
	}
	own, err := s.ownActions(c, decisions)
	if err != nil {
		return err
	}
	for _, person := range slices.SortedFunc(keysOf(own), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }) {
		if err := s.enqueue(c.Context(), c.store, person, s.actionsMail(c.town, m, own[person])); err != nil {
			return err
		}
	}
	return nil
}

func keysOf[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// owned is an action with the paragraph that is about it.
type owned struct {
	Decision agenda.Decision
	Action   action.Action
}

// ownActions are the actions that were decided or moved, by who is told of them.
func (s *Service) ownActions(c *call, decisions []agenda.Decision) (map[uuid.UUID][]owned, error) {
	all := map[uuid.UUID][]owned{}
	for _, d := range decisions {
		if d.Kind != agenda.Act && d.Kind != agenda.NewDue {
			continue
		}
		people, a, err := ownersOf(c, d)
		if errors.Is(err, action.ErrUnknown) {
			continue // it was decided anew outside the meeting
		}
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			all[p.Person] = append(all[p.Person], owned{d, a})
		}
	}
	return all, nil
}

// actionOf is the action that a paragraph is about.
func actionOf(c *call, d agenda.Decision) (uuid.UUID, error) {
	kind, rest, _ := strings.Cut(d.Subject, ":")
	id, err := uuid.Parse(rest)
	if err != nil {
		return uuid.Nil, fmt.Errorf("paragraph %d is about %q: %w", d.Number, d.Subject, err)
	}
	if kind == "action" {
		return id, nil
	}
	p, err := c.store.position(c.Context(), id)
	if err == nil && p.Action == nil {
		err = action.ErrUnknown
	}
	if err != nil {
		return uuid.Nil, err
	}
	return *p.Action, nil
}

// letter is a mail without who gets it.
type letter struct {
	kind, key, subject string
	lines              []string
	calendar           ical.Calendar
}

func (s *Service) enqueue(ctx context.Context, st store, person uuid.UUID, l letter) error {
	m := post.Mail{
		Municipality: events.MunicipalityID(st.municipality), Person: person, Kind: l.kind, Key: l.key, Subject: l.subject,
		Text: strings.Join(l.lines, "\n") + "\n", At: s.config.Now(),
	}
	if len(l.calendar.Events) > 0 {
		m.Attachments = []mail.Attachment{{Name: "samsyn.ics", Type: "text/calendar; method=PUBLISH; charset=utf-8", Content: l.calendar.Bytes()}}
	}
	return post.Enqueue(ctx, st.tx, m)
}

// swedish is the language of mails.
func swedish(town calendar.Town) web.Locale {
	return web.NewLocale("sv", web.Texts().With(Texts()), town.Rhythm.Zone)
}

// link is an address that only reads: scanners open it before people do.
func (s *Service) link(path string) string { return s.config.PublicURL + path }

// minutesMail has the paragraphs without the names of places, and the next meeting for the calendar.
func (s *Service) minutesMail(town calendar.Town, m meeting, decisions []agenda.Decision, following web.Week) letter {
	l := swedish(town)
	week, next := web.WeekOf(m.Week), town.Rhythm.Meeting(following)
	out := letter{kind: mailMinutes, key: m.Meeting.String(), subject: l.T("mail.minutes.subject", l.Week(week), town.Name)}
	out.lines = []string{l.T("mail.hello"), "", l.T("mail.minutes.intro", l.WeekYear(week), l.LongDay(m.StartsAt)), ""}
	for _, d := range decisions {
		out.lines = append(out.lines, l.T("paragraph", l.Int(d.Number), s.brief(l, d)))
	}
	if len(decisions) == 0 {
		out.lines = append(out.lines, l.T("minutes.none"))
	}
	out.lines = append(out.lines, "", l.T("next", l.Weekday(next), l.LongDay(next), l.Clock(next)), "",
		l.T("mail.minutes.link", s.link("/mote/"+m.Meeting.String()+"/protokoll")), "", l.T("mail.why.member"))
	out.calendar = ical.Calendar{Method: "PUBLISH", Events: []ical.Event{s.meetingEvent(l, town, following, m.UpdatedAt)}}
	return out
}

// actionsMail has the owner's own actions, each with its due date for the calendar.
func (s *Service) actionsMail(town calendar.Town, m meeting, own []owned) letter {
	l := swedish(town)
	out := letter{kind: mailActions, key: m.Meeting.String(), subject: l.N("mail.actions.subject", len(own), town.Name)}
	out.lines = []string{l.T("mail.hello"), "", l.T("mail.actions.intro", l.LongDay(m.StartsAt)), ""}
	out.calendar = ical.Calendar{Method: "PUBLISH"}
	for _, o := range own {
		out.lines = append(out.lines, l.T("mail.actions.line", s.brief(l, o.Decision), s.link("/atgarder/"+o.Action.ID.String())))
		out.calendar.Events = append(out.calendar.Events, s.dueEvent(l, o.Action))
	}
	out.lines = append(out.lines, "", l.T("mail.why.owner"))
	return out
}

// reminderMail asks an agency's leads for what is missing before the deadline.
func (s *Service) reminderMail(town calendar.Town, week web.Week, key string, units []string) letter {
	l := swedish(town)
	deadline := town.Rhythm.Deadline(week)
	return letter{
		kind: mailReminder, key: key, subject: l.T("mail.reminder.subject", l.Week(week), town.Name),
		lines: []string{
			l.T("mail.hello"), "", l.T("mail.reminder.intro", l.WeekYear(week), strings.Join(units, ", ")),
			l.T("mail.reminder.deadline", l.Weekday(deadline), l.LongDay(deadline), l.Clock(deadline)), "",
			l.T("mail.reminder.report", s.link("/rapportera")), l.T("mail.reminder.nothing", s.link("/inget-att-rapportera")), "", l.T("mail.why.lead"),
		},
	}
}
