// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

// administer lets through who administers people, with the municipality that is asked for as the one looked at.
func (s *Service) administer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visit, _ := web.VisitOf(r.Context())
		if m := r.URL.Query().Get("m"); m != "" {
			visit.Viewer.Municipality = m
		}
		switch {
		case !visit.Can(web.ActAdmin):
			s.templates.Error(w, r, http.StatusForbidden)
		case !visit.May(visit.Viewer.Municipality):
			s.templates.Error(w, r, http.StatusNotFound)
		default:
			next.ServeHTTP(w, r.WithContext(web.WithVisit(r.Context(), visit)))
		}
	})
}

// peoplePage lists who there is and adds somebody.
type peoplePage struct {
	Page   web.Page
	People []personRow
	Places []placeChoice
	Roles  []roleChoice
	// Entered is what was typed, and Faults what was wrong with it.
	Entered Person
	Faults  []faultLine
	Add     string
}

type personRow struct {
	Name, Email, Place, Roles string
	Disabled, Self            bool
	Link, Disable, Enable     string
}

type placeChoice struct {
	Value, Text string
	Chosen      bool
}

type roleChoice struct {
	Value, Text, Does string
	Chosen            bool
}

type faultLine struct{ Field, Text string }

func (s *Service) listPeople(w http.ResponseWriter, r *http.Request) {
	s.showPeople(w, r, http.StatusOK, Person{}, nil)
}

func (s *Service) showPeople(w http.ResponseWriter, r *http.Request, status int, entered Person, faults []Fault) {
	visit, _ := web.VisitOf(r.Context())
	m := events.MunicipalityID(visit.Viewer.Municipality)
	people, err := s.store.people(r.Context(), m)
	if err == nil {
		var places []place
		if places, err = s.store.places(r.Context(), m); err == nil {
			s.templates.Render(w, r, status, "people", compose(r, visit, people, places, entered, faults))
			return
		}
	}
	s.fail(w, r, err)
}

// compose makes the page of what was read.
func compose(r *http.Request, visit web.Visit, people []Person, places []place, entered Person, faults []Fault) peoplePage {
	l := locale(r)
	query := web.Query(nil, "m", visit.Viewer.Municipality, "lang", l.Lang)
	page := peoplePage{Page: web.NewPage(r, l, l.T("people.title")), Entered: entered, Add: "/personer" + query}
	names := map[string]string{}
	for _, p := range places {
		value, text := p.Agency, p.AgencyName
		if p.Unit != "" {
			value, text = p.Agency+"/"+p.Unit, p.AgencyName+", "+p.UnitName
		}
		names[value] = text
		page.Places = append(page.Places, placeChoice{value, text, value == joined(entered.Agency, entered.Unit)})
	}
	for _, p := range people {
		row := personRow{
			Name: p.Name, Email: p.Email, Place: names[joined(p.Agency, p.Unit)], Roles: roleNames(l, p.Roles),
			Disabled: p.DisabledAt != nil, Self: p.ID.String() == visit.Viewer.Person,
		}
		base := "/personer/" + p.ID.String()
		row.Link, row.Disable, row.Enable = base+"/lank"+query, base+"/stang"+query, base+"/oppna"+query
		page.People = append(page.People, row)
	}
	for _, role := range Roles() {
		page.Roles = append(page.Roles, roleChoice{string(role), l.T("role." + string(role)), l.T("does." + string(role)), has(entered.Roles, role)})
	}
	for _, f := range faults {
		field := f.Field
		if field == "unit" { // chosen together
			field = "agency"
		}
		page.Faults = append(page.Faults, faultLine{field, inLanguage(l, f.Text)})
	}
	return page
}

func joined(agency, unit string) string {
	if unit == "" {
		return agency
	}
	return agency + "/" + unit
}

func has(roles []string, role Role) bool {
	for _, r := range roles {
		if Role(r) == role {
			return true
		}
	}
	return false
}

func roleNames(l web.Locale, roles []string) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = l.T("role." + role)
	}
	return strings.Join(names, ", ")
}

func inLanguage(l web.Locale, t events.Text) string {
	if l.Lang == "en" {
		return t.EN
	}
	return t.SV
}

func (s *Service) addPerson(w http.ResponseWriter, r *http.Request) {
	visit, _ := web.VisitOf(r.Context())
	if err := r.ParseForm(); err != nil {
		s.templates.Error(w, r, http.StatusBadRequest)
		return
	}
	agency, unit, _ := strings.Cut(r.PostForm.Get("place"), "/")
	entered := Person{
		Municipality: events.MunicipalityID(visit.Viewer.Municipality), Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email"),
		Agency: agency, Unit: unit, Roles: r.PostForm["role"],
	}
	_, err := s.AddPerson(r.Context(), entered, visit.Viewer.Person)
	faulty, wrong := errors.AsType[*FaultyError](err)
	switch {
	case err == nil:
		s.back(w, r)
	case errors.Is(err, ErrTaken):
		s.showPeople(w, r, http.StatusUnprocessableEntity, entered, []Fault{{"email", events.Text{
			SV: "Någon har redan den adressen, kanske avstängd.", EN: "Somebody has that address already, perhaps shut out.",
		}}})
	case wrong:
		s.showPeople(w, r, http.StatusUnprocessableEntity, entered, faulty.Faults)
	default:
		s.fail(w, r, err)
	}
}

func (s *Service) back(w http.ResponseWriter, r *http.Request) {
	visit, _ := web.VisitOf(r.Context())
	http.Redirect(w, r, "/personer"+web.Query(nil, "m", visit.Viewer.Municipality, "lang", web.LanguageOf(r)), http.StatusSeeOther)
}

// ofPerson reads whom a request is about.
func ofPerson(r *http.Request) (events.MunicipalityID, uuid.UUID, error) {
	visit, _ := web.VisitOf(r.Context())
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return "", uuid.Nil, ErrUnknown
	}
	return events.MunicipalityID(visit.Viewer.Municipality), id, nil
}

func (s *Service) failPerson(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrUnknown) {
		s.templates.Error(w, r, http.StatusNotFound)
		return
	}
	s.fail(w, r, err)
}

// invitedPage shows a link, once.
type invitedPage struct {
	Page    web.Page
	Name    string
	Link    string
	Expires string
	Back    string
}

// invitePerson answers a POST with a page and not with another address: the link is a secret and belongs in neither an
// address nor a store. Loading the page again makes another link, and ends this one.
func (s *Service) invitePerson(w http.ResponseWriter, r *http.Request) {
	m, id, err := ofPerson(r)
	if err != nil {
		s.failPerson(w, r, err)
		return
	}
	p, err := s.Person(r.Context(), m, id)
	if err != nil {
		s.failPerson(w, r, err)
		return
	}
	link, expires, err := s.Invite(r.Context(), m, id)
	if err != nil {
		s.failPerson(w, r, err)
		return
	}
	l := locale(r)
	s.templates.Render(w, r, http.StatusOK, "invited", invitedPage{
		Page: web.NewPage(r, l, l.T("invited.title", p.Name)), Name: p.Name, Link: link, Expires: expires.Format(time.DateOnly),
		Back: "/personer" + web.Query(nil, "m", string(m), "lang", l.Lang),
	})
}

// disablePerson shuts somebody out; not oneself: the last administrator could not come back.
func (s *Service) disablePerson(w http.ResponseWriter, r *http.Request) {
	visit, _ := web.VisitOf(r.Context())
	m, id, err := ofPerson(r)
	switch {
	case err == nil && id.String() == visit.Viewer.Person:
		s.templates.Error(w, r, http.StatusForbidden)
		return
	case err == nil:
		err = s.Disable(r.Context(), m, id)
	}
	if err != nil {
		s.failPerson(w, r, err)
		return
	}
	s.back(w, r)
}

func (s *Service) enablePerson(w http.ResponseWriter, r *http.Request) {
	m, id, err := ofPerson(r)
	if err == nil {
		err = s.Enable(r.Context(), m, id)
	}
	if err != nil {
		s.failPerson(w, r, err)
		return
	}
	s.back(w, r)
}
