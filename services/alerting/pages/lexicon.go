// SPDX-License-Identifier: EUPL-1.2

package pages

import (
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
}

func newLexicon() lexicon {
	x := lexicon{groupOf: map[string]string{}, categories: map[string]events.Text{}, groups: map[string]events.Text{}, isDetected: map[string]bool{}}
	categories, groups := schemas.Categories()
	detected := map[string]bool{}
	for _, g := range groups {
		x.groups[g.Code] = events.Text{SV: g.SV, EN: g.EN}
		detected[g.Code] = g.Detected
	}
	for _, c := range categories {
		x.groupOf[c.Code] = c.Group
		x.categories[c.Code] = events.Text{SV: c.SV, EN: c.EN}
		if c.Countable && detected[c.Group] {
			x.detected = append(x.detected, c.Code)
			x.isDetected[c.Code] = true
		}
	}
	return x
}

// in is a text in a language.
func in(t events.Text, lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.SV
}
