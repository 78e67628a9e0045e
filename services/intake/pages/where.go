// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"samsyn/internal/geo"
)

// A place in a form is p:KEY, a property of the agency's register, or a:CODE, an area. placeOther is the radio that says "the
// one I search for or choose below".
const (
	byProperty = "p:"
	byArea     = "a:"
	placeOther = "other"
)

const (
	// mostHits is as many places as a person looks through on a phone.
	mostHits = 8
	// shortestSearch keeps one letter from listing the register.
	shortestSearch = 2
)

func placeOf(value string) placeData {
	if key, ok := strings.CutPrefix(value, byProperty); ok {
		return placeData{Property: key}
	}
	return placeData{Area: strings.TrimPrefix(value, byArea)}
}

// choice is one of several, as radio or option.
type choice struct {
	Value, Text string
	Checked     bool
}

// places are the municipality's areas and the properties that a request needs, by form value.
type places struct {
	names map[string]string
	areas []choice // of the lowest level, by name
}

// load reads the names of the given values and all areas.
func (d reading) places(ctx context.Context, values ...string) (places, error) {
	rows, err := d.areas(ctx)
	if err != nil {
		return places{}, err
	}
	p := places{names: map[string]string{}}
	lowest := string(geo.LevelDistrict)
	if slices.ContainsFunc(rows, func(a areaRow) bool { return a.Level == string(geo.LevelArea) }) {
		lowest = string(geo.LevelArea)
	}
	for _, a := range rows {
		p.names[byArea+a.Code] = a.Name
		if a.Level == lowest {
			p.areas = append(p.areas, choice{Value: byArea + a.Code, Text: a.Name})
		}
	}
	order := collate.New(language.Swedish)
	slices.SortFunc(p.areas, func(a, b choice) int { return order.CompareString(a.Text, b.Text) })
	var keys []string
	for _, v := range values {
		if key, ok := strings.CutPrefix(v, byProperty); ok {
			keys = append(keys, key)
		}
	}
	properties, err := d.properties(ctx, keys)
	if err != nil {
		return places{}, err
	}
	for _, row := range properties {
		p.names[byProperty+row.Property] = row.label()
	}
	return p, nil
}

// label is the address that people know, with the key that tells two entrances apart.
func (r propertyRow) label() string {
	if r.Address == "" || strings.EqualFold(r.Address, r.Property) {
		return r.Property
	}
	return r.Address + " (" + r.Property + ")"
}

// name is what people call a place; one that is no longer there is shown by its key.
func (p places) name(value string) string {
	if n, ok := p.names[value]; ok {
		return n
	}
	return value[min(len(value), len(byProperty)):]
}

func (p places) known(value string) bool { _, ok := p.names[value]; return ok }

// hits are the places that words may mean: properties, then areas. exact is the one whose key, address or name was typed in
// full, if there is only one.
func (d reading) hits(ctx context.Context, p places, words string) (found []choice, exact string, err error) {
	if len([]rune(words)) < shortestSearch {
		return nil, "", nil
	}
	rows, err := d.search(ctx, words, mostHits)
	if err != nil {
		return nil, "", err
	}
	var same []string
	for _, row := range rows {
		p.names[byProperty+row.Property] = row.label()
		found = append(found, choice{Value: byProperty + row.Property, Text: row.label()})
		if strings.EqualFold(row.Property, words) || strings.EqualFold(row.Address, words) {
			same = append(same, byProperty+row.Property)
		}
	}
	for _, a := range p.areas {
		if strings.Contains(strings.ToLower(a.Text), strings.ToLower(words)) && len(found) < mostHits {
			found = append(found, a)
		}
		if strings.EqualFold(a.Text, words) {
			same = append(same, a.Value)
		}
	}
	if len(same) == 1 {
		exact = same[0]
	}
	return found, exact, nil
}
