// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"crypto/rand"
	"errors"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Person is somebody who may sign in.
type Person struct {
	Municipality events.MunicipalityID `json:"municipality"`
	// ID is given by AddPerson.
	ID    uuid.UUID `json:"person" db:"person"`
	Name  string    `json:"name"`
	Email string    `json:"email"`
	// Agency is empty for who belongs to none, and Unit for who reports for no unit of it.
	Agency     string     `json:"agency"`
	Unit       string     `json:"unit"`
	Roles      []string   `json:"roles"`
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at"`
}

// Errors of changing people and groups.
var (
	// ErrUnknown says that the municipality has nobody and nothing by that id.
	ErrUnknown = errors.New("there is no such person or group")
	// ErrTaken says that somebody in the municipality has the address already, disabled or not.
	ErrTaken = errors.New("somebody has that e-mail address already")
)

// Fault is what is wrong with a field of a person.
type Fault struct {
	// Field is name, email, agency, unit or roles.
	Field string
	Text  events.Text
}

// FaultyError lists everything that is wrong with a person.
type FaultyError struct{ Faults []Fault }

// Error is in English, for a terminal.
func (e *FaultyError) Error() string {
	all := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		all[i] = f.Field + ": " + f.Text.EN
	}
	return strings.Join(all, "; ")
}

const (
	maxName  = 100
	maxEmail = 254
)

// check tidies a person and says what is wrong that can be known without the database.
func (p *Person) check() (faults []Fault) {
	add := func(field, sv, en string) { faults = append(faults, Fault{field, events.Text{SV: sv, EN: en}}) }
	p.Name, p.Email = strings.Join(strings.Fields(p.Name), " "), strings.TrimSpace(p.Email)
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > maxName || strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		add("name", "Skriv ett namn på högst 100 tecken.", "Give a name of at most 100 characters.")
	}
	if a, err := netmail.ParseAddress(p.Email); err != nil || a.Address != p.Email || len(p.Email) > maxEmail {
		add("email", "Skriv en e-postadress som anna@kommun.example.", "Give an e-mail address like anna@town.example.")
	}
	slices.Sort(p.Roles)
	p.Roles = slices.Compact(p.Roles)
	if len(p.Roles) == 0 || slices.ContainsFunc(p.Roles, func(r string) bool { return !slices.Contains(Roles(), Role(r)) }) {
		add("roles", "Välj minst ett uppdrag.", "Choose at least one role.")
	}
	if p.Agency == "" && slices.ContainsFunc(p.Roles, func(r string) bool { return Role(r) != Admin && Role(r) != Operator }) {
		add("agency", "Välj en organisation: bara administratör och drift kan vara utan.", "Choose an agency: only an administrator or operator can be without.")
	}
	if p.Unit != "" && p.Agency == "" {
		add("unit", "En enhet hör till en organisation.", "A unit belongs to an agency.")
	}
	return faults
}

// AddPerson adds somebody and returns who it became. by is the id of who adds, or a word for a terminal. The error is
// *FaultyError, ErrTaken or the database's.
func (s *Service) AddPerson(ctx context.Context, p Person, by string) (Person, error) {
	faults := p.check()
	wrong, err := s.store.placeOf(ctx, p)
	if err != nil {
		return Person{}, err
	}
	if faults = append(faults, wrong...); len(faults) > 0 {
		return Person{}, &FaultyError{faults}
	}
	p.ID, p.CreatedAt, p.DisabledAt = uuid.New(), s.config.Now(), nil
	return p, s.store.insertPerson(ctx, p, by)
}

// SetRoles gives somebody other roles, at once. The error is *FaultyError, ErrUnknown or the database's.
func (s *Service) SetRoles(ctx context.Context, m events.MunicipalityID, id uuid.UUID, roles []string) error {
	p, err := s.Person(ctx, m, id)
	if err != nil {
		return err
	}
	p.Roles = roles
	if faults := p.check(); len(faults) > 0 {
		return &FaultyError{faults}
	}
	return s.store.updateRoles(ctx, p)
}

// People are those of a municipality by name, disabled ones last; empty m is every municipality.
func (s *Service) People(ctx context.Context, m events.MunicipalityID) ([]Person, error) {
	return s.store.people(ctx, m)
}

// Person is one of them, or ErrUnknown.
func (s *Service) Person(ctx context.Context, m events.MunicipalityID, id uuid.UUID) (Person, error) {
	return s.store.person(ctx, m, id)
}

// PersonByEmail is who has an address in a municipality, or ErrUnknown.
func (s *Service) PersonByEmail(ctx context.Context, m events.MunicipalityID, email string) (Person, error) {
	return s.store.personByEmail(ctx, m, email)
}

// Disable shuts somebody out: sessions and links end in the same transaction. Repeating it changes nothing.
func (s *Service) Disable(ctx context.Context, m events.MunicipalityID, id uuid.UUID) error {
	return s.store.disable(ctx, m, id, s.config.Now())
}

// Enable lets somebody in again, by a new link.
func (s *Service) Enable(ctx context.Context, m events.MunicipalityID, id uuid.UUID) error {
	return s.store.enable(ctx, m, id)
}

// Invite makes a link that signs somebody in once, within a week, and ends the invitation before it. Whoever has the link
// is that person: it is handed over, not published.
func (s *Service) Invite(ctx context.Context, m events.MunicipalityID, id uuid.UUID) (link string, expires time.Time, err error) {
	p, err := s.Person(ctx, m, id)
	if err != nil {
		return "", time.Time{}, err
	}
	if p.DisabledAt != nil {
		return "", time.Time{}, ErrUnknown
	}
	now, token := s.config.Now(), rand.Text()
	expires = now.Add(inviteLasts)
	return s.linkTo(token, "", ""), expires, s.store.addLink(ctx, string(m), id, invitation, token, now, expires)
}

// Group is a group of the agreement, which narrows who opens a report.
type Group struct {
	Municipality events.MunicipalityID `json:"municipality"`
	Code         string                `json:"group" db:"grp"`
	Name         string                `json:"name"`
	Agencies     []string              `json:"agencies"`
	People       []string              `json:"people"`
}

// SetGroup adds a group or renames it.
func (s *Service) SetGroup(ctx context.Context, m events.MunicipalityID, code, name string) error {
	return s.store.setGroup(ctx, m, code, name)
}

// Groups are those of a municipality, with their members.
func (s *Service) Groups(ctx context.Context, m events.MunicipalityID) ([]Group, error) {
	return s.store.groups(ctx, m)
}

// Join makes an agency, with everybody in it, a member of a group; Leave ends that. ErrUnknown: there is no such group or agency.
func (s *Service) Join(ctx context.Context, m events.MunicipalityID, group string, agency events.AgencyID) error {
	return s.store.join(ctx, m, group, string(agency), uuid.Nil)
}

// Leave ends an agency's membership; there may be none.
func (s *Service) Leave(ctx context.Context, m events.MunicipalityID, group string, agency events.AgencyID) error {
	return s.store.leave(ctx, m, group, string(agency), uuid.Nil)
}

// JoinPerson and LeavePerson are the same for one person.
func (s *Service) JoinPerson(ctx context.Context, m events.MunicipalityID, group string, id uuid.UUID) error {
	return s.store.join(ctx, m, group, "", id)
}

// LeavePerson ends a person's own membership; that of the agency stays.
func (s *Service) LeavePerson(ctx context.Context, m events.MunicipalityID, group string, id uuid.UUID) error {
	return s.store.leave(ctx, m, group, "", id)
}

func viewerOf(m events.MunicipalityID) pg.Viewer { return pg.Viewer{Municipality: string(m)} }
