// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"slices"

	"samsyn/events"
	"samsyn/schemas"
)

// lexicon is what schemas says about the groups of categories that an action may be about.
type lexicon struct {
	order      []string // codes of groups, in the order of the file
	groups     map[string]events.Text
	categories map[string][]string // countable categories by group; of "" all that are held against an expectation
}

func newLexicon() lexicon {
	x := lexicon{groups: map[string]events.Text{}, categories: map[string][]string{}}
	categories, groups := schemas.Categories()
	detected := map[string]bool{}
	for _, g := range groups {
		detected[g.Code] = g.Detected
		x.groups[g.Code] = events.Text{SV: g.SV, EN: g.EN}
	}
	for _, c := range categories {
		if !c.Countable {
			continue
		}
		x.categories[c.Group] = append(x.categories[c.Group], c.Code)
		if detected[c.Group] {
			x.categories[""] = append(x.categories[""], c.Code)
		}
	}
	for _, g := range groups {
		if len(x.categories[g.Code]) > 0 && slices.Contains(groupCodes, g.Code) {
			x.order = append(x.order, g.Code)
		}
	}
	return x
}

// groupCodes are the groups that the table of actions takes.
var groupCodes = []string{"damage", "disorder", "violence", "drugs", "property_crime", "traffic", "place"}

// in is a text in a language.
func in(t events.Text, lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.SV
}
