// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"samsyn/events"
	"samsyn/schemas"
)

// lexicon is what schemas says about categories and groups, by code.
type lexicon struct {
	order      []string          // groups, in the order of the file
	groupOf    map[string]string // category to group
	categories map[string]events.Text
	groups     map[string]events.Text
	// detected are the categories held against an expectation.
	detected        []string
	isDetected      map[string]bool // by category
	isDetectedGroup map[string]bool
}

func newLexicon() lexicon {
	w := lexicon{
		groupOf: map[string]string{}, categories: map[string]events.Text{}, groups: map[string]events.Text{}, isDetected: map[string]bool{},
		isDetectedGroup: map[string]bool{},
	}
	categories, groups := schemas.Categories()
	for _, g := range groups {
		w.order = append(w.order, g.Code)
		w.groups[g.Code] = events.Text{SV: g.SV, EN: g.EN}
		w.isDetectedGroup[g.Code] = g.Detected
	}
	for _, c := range categories {
		w.groupOf[c.Code] = c.Group
		w.categories[c.Code] = events.Text{SV: c.SV, EN: c.EN}
		if c.Countable && w.isDetectedGroup[c.Group] {
			w.detected = append(w.detected, c.Code)
			w.isDetected[c.Code] = true
		}
	}
	return w
}

// in is a text in a language.
func in(t events.Text, lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.SV
}
