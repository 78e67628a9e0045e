// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/schemas"
)

// field is one member of an incident that a column can give.
type field struct {
	name  string
	coded *Coded
	set   func(in *events.Incident, code string) bool // false: the code has the wrong form
}

// fields lists those that the mapping gives, category first.
func (m *Mapping) fields() []field {
	text := func(at func(in *events.Incident) *string) func(*events.Incident, string) bool {
		return func(in *events.Incident, code string) bool {
			*at(in) = code
			return true
		}
	}
	flag := func(at func(in *events.Incident) *bool) func(*events.Incident, string) bool {
		return func(in *events.Incident, code string) (ok bool) {
			*at(in), ok = truth(code)
			return ok
		}
	}
	all := []field{
		{"category", &m.Category, text(func(in *events.Incident) *string { return &in.Category })},
		{"place_type", m.PlaceType, text(func(in *events.Incident) *string { return &in.PlaceType })},
		{"severity", m.Severity, func(in *events.Incident, code string) bool {
			n, err := strconv.Atoi(code)
			in.Severity = n
			return err == nil
		}},
		{"certainty", m.Certainty, text(func(in *events.Incident) *string { return &in.Certainty })},
		{"persons", m.Persons, text(func(in *events.Incident) *string { return &in.Persons })},
		{"ongoing", m.Ongoing, flag(func(in *events.Incident) *bool { return &in.Ongoing })},
		{"measures_taken", m.MeasuresTaken, func(in *events.Incident, code string) bool {
			if !slices.Contains(in.MeasuresTaken, code) {
				in.MeasuresTaken = append(in.MeasuresTaken, code)
			}
			return true
		}},
		{"police_reported", m.PoliceReported, text(func(in *events.Incident) *string { return &in.PoliceReported })},
		{"sharing", m.Sharing, text(func(in *events.Incident) *string { return &in.Sharing })},
		{"unit", m.Unit, text(func(in *events.Incident) *string { return &in.Unit })},
		{"origin", m.Origin, text(func(in *events.Incident) *string { return &in.Origin })},
		{"test", m.Test, flag(func(in *events.Incident) *bool { return &in.Test })},
	}
	return slices.DeleteFunc(all, func(f field) bool { return f.coded == nil })
}

// truth reads a yes or no as systems write it.
func truth(s string) (value, ok bool) {
	switch s {
	case "true", "ja", "j", "yes", "y", "1", "x", "sant":
		return true, true
	case "false", "nej", "n", "no", "0", "falskt":
		return false, true
	}
	return false, false
}

// checkCodes finds codes that do not exist, by asking package events and the categories: there is one list of each.
func (m *Mapping) checkCodes() (found []string) {
	for _, f := range m.fields() {
		c := f.coded
		if (c.Column == "") == (c.Value == "") {
			found = append(found, f.name+": give a column, or a value for all rows")
		}
		others := []string{"", otherRefuse, otherSend, otherLeaveOut}
		if f.name == "category" {
			others = []string{"", otherRefuse, otherSend, skip}
		}
		if !slices.Contains(others, c.Other) {
			found = append(found, fmt.Sprintf("%s: other: must be one of %s", f.name, strings.Join(others[1:], ", ")))
		}
		if c.Value != "" && !f.exists(c.Value) {
			found = append(found, fmt.Sprintf("%s: value: there is no code %q", f.name, c.Value))
		}
		c.folded = map[string]string{}
		for _, said := range slices.Sorted(maps.Keys(c.Values)) {
			code := c.Values[said]
			if !f.exists(code) {
				found = append(found, fmt.Sprintf("%s: values: %s: there is no code %q", f.name, said, code))
			}
			if other, twice := c.folded[fold(said)]; twice && other != code {
				found = append(found, fmt.Sprintf("%s: values: %s stands twice, with different codes", f.name, said))
			}
			c.folded[fold(said)] = code
		}
	}
	return found
}

// exists says whether an event may carry the code in this field.
func (f field) exists(code string) bool {
	if f.name == "category" {
		categories, _ := schemas.Categories()
		return code == skip || strings.HasPrefix(code, "x:") ||
			slices.ContainsFunc(categories, func(c schemas.Category) bool { return c.Code == code })
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	in := events.Incident{Category: "graffiti", Occurred: events.Interval{From: at, To: at}, Place: events.Place{Area: "1"}}
	if !f.set(&in, code) {
		return false
	}
	body, err := events.Encode(events.Event{
		Municipality: "0000", Agency: "probe", Verb: events.Reported, Kind: events.KindIncident, Report: "1", Time: at, Incident: &in,
	})
	if err != nil {
		return false
	}
	_, reasons := events.Decode(body)
	return len(reasons) == 0 || f.name == "place_type" && reasons[0].Code == events.Dwelling
}

// code says what a cell stands for. "" with no problem: nothing is said.
func (c *Coded) code(cell string) (code string, skipRow bool, known bool) {
	if c.Value != "" {
		return c.Value, false, true
	}
	cell = fold(cell)
	if code, ok := c.folded[cell]; ok {
		return code, code == skip, true
	}
	if cell == "" {
		return "", false, true
	}
	switch {
	case c.Other == skip:
		return "", true, true
	case c.Other == otherLeaveOut:
		return "", false, true
	case c.Other == otherSend, c.Values == nil:
		return cell, false, true
	}
	return "", false, false
}

// fold makes of what people type what they mean: small letters, single blanks.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
