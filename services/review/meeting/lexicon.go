// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/schemas"
)

// lexicon is what schemas says about categories and groups, by code.
type lexicon struct {
	groups     map[string]events.Text
	categories map[string]events.Text
	// in are the countable categories of a group; those of "" are held against an expectation.
	in map[string][]string
}

func newLexicon() lexicon {
	x := lexicon{groups: map[string]events.Text{}, categories: map[string]events.Text{}, in: map[string][]string{}}
	categories, groups := schemas.Categories()
	detected := map[string]bool{}
	for _, g := range groups {
		x.groups[g.Code] = events.Text{SV: g.SV, EN: g.EN}
		detected[g.Code] = g.Detected
	}
	for _, c := range categories {
		x.categories[c.Code] = events.Text{SV: c.SV, EN: c.EN}
		if !c.Countable {
			continue
		}
		x.in[c.Group] = append(x.in[c.Group], c.Code)
		if detected[c.Group] {
			x.in[""] = append(x.in[""], c.Code)
		}
	}
	return x
}

// in is a text in the language of a page.
func in(l web.Locale, t events.Text) string {
	if l.Lang == "en" {
		return t.EN
	}
	return t.SV
}

// group names a group, or all of them.
func (x lexicon) group(l web.Locale, code string) string {
	if code == "" {
		return l.T("group.all")
	}
	return in(l, x.groups[code])
}

// what names what a place was flagged for: the category of one very serious event, else the group.
func (x lexicon) what(l web.Locale, group, category string) string {
	if t, ok := x.categories[category]; ok && category != "" {
		return in(l, t)
	}
	return x.group(l, group)
}

// alphabetical sorts by a name as Swedish does: å, ä and ö last.
func alphabetical[T any](all []T, name func(T) string) []T {
	order := collate.New(language.Swedish)
	slices.SortStableFunc(all, func(a, b T) int { return order.CompareString(name(a), name(b)) })
	return all
}
