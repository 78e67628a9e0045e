// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"slices"

	"samsyn/events"
	"samsyn/schemas"
)

// lexicon is what schemas says about categories and groups, by code.
type lexicon struct {
	groupOf    map[string]string // category to group
	categories map[string]events.Text
	groups     map[string]events.Text
	// detected are the categories that are held against an expectation; the others are
	// counted and shown apart.
	detected   []string
	isDetected map[string]bool // by category
	// order lists the groups that are counted and their categories as schemas has them.
	order []groupOrder
}

type groupOrder struct {
	group      string
	categories []string
}

func newLexicon() lexicon {
	x := lexicon{groupOf: map[string]string{}, categories: map[string]events.Text{}, groups: map[string]events.Text{}, isDetected: map[string]bool{}}
	categories, groups := schemas.Categories()
	detected := map[string]bool{}
	place := map[string]int{}
	for _, g := range groups {
		place[g.Code] = len(x.order)
		x.order = append(x.order, groupOrder{group: g.Code})
		x.groups[g.Code] = events.Text{SV: g.SV, EN: g.EN}
		detected[g.Code] = g.Detected
	}
	for _, c := range categories {
		x.groupOf[c.Code] = c.Group
		x.categories[c.Code] = events.Text{SV: c.SV, EN: c.EN}
		if c.Countable {
			at := place[c.Group]
			x.order[at].categories = append(x.order[at].categories, c.Code)
		}
		if c.Countable && detected[c.Group] {
			x.detected = append(x.detected, c.Code)
			x.isDetected[c.Code] = true
		}
	}
	x.order = slices.DeleteFunc(x.order, func(g groupOrder) bool { return len(g.categories) == 0 })
	return x
}

// isGroup says whether a code is that of a group that is held against an expectation.
func (x lexicon) isGroup(code string) bool {
	categories := x.of(code)
	return code != "" && len(categories) > 0 && x.isDetected[categories[0]]
}

// counted are all categories that are counted.
func (x lexicon) counted() []string {
	var out []string
	for _, g := range x.order {
		out = append(out, g.categories...)
	}
	return out
}

// of are the counted categories of a group; of the empty one, all that are held against an expectation.
func (x lexicon) of(group string) []string {
	if group == "" {
		return x.detected
	}
	for _, g := range x.order {
		if g.group == group {
			return g.categories
		}
	}
	return nil
}

// in is a text in a language.
func in(t events.Text, lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.SV
}
