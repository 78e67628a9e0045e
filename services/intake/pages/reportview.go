// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"net/http"
	"slices"

	"samsyn/events"
)

// The values of sharing that an agency's agreement may have as default.
const (
	sharingWithheld = "withheld"
	sharingCounts   = "counts"
)

// showFailure shows the form again after an error of ours: it can be sent again as it is.
func (s *Service) showFailure(w http.ResponseWriter, r *http.Request, c caller, f form, err error) error {
	if r.Context().Err() != nil { // the reader has gone
		return nil
	}
	status, text := s.failure(r.Context(), c, err)
	return s.show(w, r, c, status, f, trouble{failure: text})
}

// show answers with the form as it is filled in and what is wrong with it.
func (s *Service) show(w http.ResponseWriter, r *http.Request, c caller, status int, f form, t trouble) error {
	habits, err := s.store.habits(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	v := reportView{
		Page: c.page(r, c.locale.T("report.title")), Form: f, Errors: t.faults, Failure: t.failure, Looked: t.looked,
		Action: address(c.locale, "/rapportera"), Search: address(c.locale, "/rapportera") + "#place", Nothing: address(c.locale, "/inget-att-rapportera"),
		TextAllowed: c.person.Agency.TextAllowed, Sharing: c.locale.T("sharing." + c.person.Agency.Sharing),
		OwnOffered: c.person.Agency.Sharing != sharingCounts && c.person.Agency.Sharing != sharingWithheld,
		Marks:      marked(t.text, "/data/text", t.reasons),
		Plate:      f.NoPlate || slices.ContainsFunc(t.reasons, func(r events.Reason) bool { return r.Code == events.PIIPlate }),
	}
	if t.sent != "" {
		v.Sent = address(c.locale, "/mina-rapporter/"+t.sent)
		v.Form.Key = keyOr("") // sent from here, it is another report
	}
	s.showKinds(&v, habits.kinds, c.locale.Lang)
	v.Times = radios(whenChips, f.When.Chip, func(chip string) string { return c.locale.T("when." + chip) })
	if err := s.showPlaces(r.Context(), &v, c, habits.places); err != nil {
		return err
	}
	s.templates.Render(w, r, status, "report", v)
	return nil
}

func radios(values []string, chosen string, text func(string) string) []choice {
	choices := make([]choice, len(values))
	for i, value := range values {
		choices[i] = choice{value, text(value), value == chosen}
	}
	return choices
}

func (s *Service) showKinds(v *reportView, used []string, lang string) {
	name := func(code string) string { return s.kinds.name(code, lang) }
	first := s.kinds.first(used)
	v.First = radios(first, v.Form.Kind, name)
	for _, g := range s.kinds.groups {
		rest := slices.DeleteFunc(slices.Clone(g.codes), func(code string) bool { return slices.Contains(first, code) })
		if len(rest) > 0 {
			v.More = append(v.More, group{in(g.name, lang), radios(rest, v.Form.Kind, name)})
		}
		v.Open = v.Open || slices.Contains(rest, v.Form.Kind)
	}
}

// showPlaces fills in the places used last, what a search found, and the list of areas. The place that is chosen is among the
// first, wherever it came from.
func (s *Service) showPlaces(ctx context.Context, v *reportView, c caller, used []string) error {
	chosen := v.Form.chosen()
	values := slices.Clone(used)
	if v.Form.Place != "" && v.Form.Place != placeOther && !slices.Contains(values, v.Form.Place) {
		values = append([]string{v.Form.Place}, values...)
	}
	return s.store.as(ctx, c.person.Login(), c.viewer, func(d reading) error {
		p, err := d.places(ctx, values...)
		if err != nil {
			return err
		}
		v.Places, v.Hits = nil, nil
		for _, value := range values {
			if p.known(value) {
				v.Places = append(v.Places, choice{value, p.name(value), value == chosen})
			}
		}
		v.Areas = slices.Clone(p.areas)
		for i := range v.Areas {
			v.Areas[i].Checked = v.Areas[i].Value == v.Form.Area
			v.InList = v.InList || v.Areas[i].Checked
		}
		if !v.Looked {
			return nil
		}
		found, exact, err := d.hits(ctx, p, v.Form.Search)
		for _, hit := range found {
			v.Places = slices.DeleteFunc(v.Places, func(o choice) bool { return o.Value == hit.Value })
			hit.Checked = hit.Value == exact || len(found) == 1
			v.Hits = append(v.Hits, hit)
		}
		return err
	})
}

// Other says that the place is to be searched for or chosen from the list: what is picked above does not hold.
func (v reportView) Other() bool {
	if v.Form.Place != placeOther {
		return false
	}
	return !slices.ContainsFunc(v.Hits, func(o choice) bool { return o.Checked })
}

// Wrong is what is wrong with a field; empty if nothing is.
func (v reportView) Wrong(field string) string { return wrong(v.Errors, field) }

func wrong(faults []fault, field string) string {
	for _, f := range faults {
		if f.Field == field {
			return f.Text
		}
	}
	return ""
}
