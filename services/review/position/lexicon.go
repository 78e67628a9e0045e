// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/schemas"
)

// lexicon is what groups and categories are called.
type lexicon struct{ groups, categories map[string]events.Text }

func newLexicon() lexicon {
	w := lexicon{map[string]events.Text{}, map[string]events.Text{}}
	categories, groups := schemas.Categories()
	for _, g := range groups {
		w.groups[g.Code] = events.Text{SV: g.SV, EN: g.EN}
	}
	for _, c := range categories {
		w.categories[c.Code] = events.Text{SV: c.SV, EN: c.EN}
	}
	return w
}

// what names what a flag is about: the category of a serious report, else the group.
func (w lexicon) what(l web.Locale, group, category string) string {
	switch {
	case category != "":
		return in(l, w.categories[category])
	case group == "":
		return l.T("group.all")
	}
	return in(l, w.groups[group])
}

// in is a text in the locale's language.
func in(l web.Locale, t events.Text) string {
	if l.Lang == "en" {
		return t.EN
	}
	return t.SV
}
