// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"samsyn/services/review/meeting/agenda"
)

// room is who could be there and who is.
type room struct {
	Seats    []seat
	Here, Of int
	Count    string
	Present  []string // agencies, by name
	Absent   []string
	Names    []string // people, by name and agency
	rights   agenda.Room
}

// seat is a tick: a member of the review, or somebody of an agency that has none.
type seat struct {
	Value, Text, Note string
	Here              bool
	agency, kind      string
	person            uuid.UUID
	name              string
}

// outside is the kind of agency that owns actions and sees no numbers.
const outside = "association"

// room reads who is there. An association without a member of the review sits in the room without being in the agreement: what the
// wall shows follows that.
func (s *Service) room(c *call, id uuid.UUID) (room, error) {
	seats, err := seats(c)
	if err != nil {
		return room{}, err
	}
	here, err := c.store.present(c.Context(), id)
	if err != nil {
		return room{}, err
	}
	var r room
	for _, t := range seats {
		t.Here = slices.Contains(here, present{t.agency, t.person})
		r.add(t)
	}
	r.Absent = slices.DeleteFunc(r.Absent, func(name string) bool { return slices.Contains(r.Present, name) })
	r.Count = c.locale.T("attendance.count", c.locale.Int(r.Here), c.locale.Int(r.Of))
	return r, nil
}

func (r *room) add(t seat) {
	r.Seats = append(r.Seats, t)
	if !t.Here && t.person == uuid.Nil {
		return // nobody is expected of an agency that has no member
	}
	r.Of++
	if !t.Here {
		if !slices.Contains(r.Absent, t.name) {
			r.Absent = append(r.Absent, t.name)
		}
		return
	}
	r.Here++
	r.Names = append(r.Names, t.Text)
	if !slices.Contains(r.Present, t.name) {
		r.Present = append(r.Present, t.name)
	}
	if t.person == uuid.Nil && t.kind == outside && !slices.Contains(r.rights.Outside, t.agency) {
		r.rights.Outside = append(r.rights.Outside, t.agency)
	}
}

// seats are all who could be ticked: members by agency, then agencies without one.
func seats(c *call) ([]seat, error) {
	members, err := c.store.members(c.Context())
	if err != nil {
		return nil, err
	}
	agencies, err := c.store.agencies(c.Context())
	if err != nil {
		return nil, err
	}
	var all []seat
	for _, a := range alphabetical(agencies, func(a agency) string { return a.Name }) {
		before := len(all)
		for _, m := range alphabetical(slices.Clone(members), func(m member) string { return m.Name }) {
			if m.Agency == a.Agency {
				all = append(all, seat{Value: a.Agency + " " + m.Person.String(), Text: c.locale.T("seat", m.Name, a.Name), agency: a.Agency, kind: a.Kind, person: m.Person, name: a.Name})
			}
		}
		if len(all) == before {
			t := seat{Value: a.Agency, Text: c.locale.T("seat.somebody", a.Name), agency: a.Agency, kind: a.Kind, name: a.Name}
			if a.Kind == outside {
				t.Note = c.locale.T("seat.outside")
			}
			all = append(all, t)
		}
	}
	return all, nil
}

// attend stores who is in the room: those that are ticked, and nobody else.
func (s *Service) attend(c *call) (answer, error) {
	m, err := c.locked(running)
	if err != nil {
		return answer{}, err
	}
	possible, err := seats(c)
	if err != nil {
		return answer{}, err
	}
	var here []present
	for _, t := range possible {
		if slices.Contains(c.PostForm["here"], t.Value) {
			here = append(here, present{t.agency, t.person})
		}
	}
	return answer{to: c.at(m.Meeting, "") + "#room"}, c.store.setPresent(c.Context(), m.Meeting, here)
}

// list writes names as a list, with how many more there are.
func list(c *call, names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return c.locale.T("andmore", strings.Join(names[:most], ", "), c.locale.Int(len(names)-most))
}
