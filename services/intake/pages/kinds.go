// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"slices"
	"strings"

	"samsyn/events"
	"samsyn/schemas"
)

// kinds are the categories of schemas/categories.json as a form shows them.
type kinds struct {
	names  map[string]events.Text
	groups []kindGroup // every kind, in the order of the file
}

type kindGroup struct {
	name  events.Text
	codes []string
}

// common stand first on the form, always in this order; what a person uses most goes before them.
var common = []string{
	"property_damage", "public_nuisance", "graffiti", "littering", "drug_litter", "threat_harassment", "unsafe_gathering",
}

// mostUsed is how many kinds of one's own go first.
const mostUsed = 3

// breaks are where a long name may be broken on a narrow screen: after a slash, and in the words that fill a tile.
var breaks = strings.NewReplacer("/", "/\u200b", "Otrygghetsskapande", "Otrygghets\u00adskapande", "ordningsföreskrifter", "ordnings\u00adföreskrifter")

func newKinds() kinds {
	k := kinds{names: map[string]events.Text{}}
	categories, groups := schemas.Categories()
	for _, g := range groups {
		group := kindGroup{name: events.Text{SV: g.SV, EN: g.EN}}
		for _, c := range categories {
			if c.Group == g.Code {
				group.codes = append(group.codes, c.Code)
			}
		}
		k.groups = append(k.groups, group)
	}
	for _, c := range categories {
		k.names[c.Code] = events.Text{SV: breaks.Replace(c.SV), EN: breaks.Replace(c.EN)}
	}
	return k
}

func (k kinds) known(code string) bool { _, ok := k.names[code]; return ok }

// name is what people call a kind; an agency's own code is shown as it is.
func (k kinds) name(code, lang string) string {
	if t, ok := k.names[code]; ok {
		return in(t, lang)
	}
	return code
}

// first are the kinds at the top of the form: the person's own, then the common ones.
func (k kinds) first(used []string) []string {
	var codes []string
	for _, code := range used[:min(len(used), mostUsed)] {
		if k.known(code) {
			codes = append(codes, code)
		}
	}
	for _, code := range common {
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}
