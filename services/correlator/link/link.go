// SPDX-License-Identifier: EUPL-1.2

// Package link decides which reports tell of the same incident.
//
// What it is for: a caretaker, a guard and a police officer report one smashed entrance; it is one
// incident seen by three agencies, and counting it three times is the largest avoidable source of
// false flags.
//
// What it promises: the episodes are a function of the set of reports alone. Order of arrival,
// batches and repetitions do not matter, so a link can be undone by taking a report away and a
// rebuild finds the same episodes. Within one agency only an equal reference links: nobody knows
// better than the agency itself that two of its reports are two incidents. Two agencies link only
// when each report is the other's nearest.
//
// What it does not do: read or store anything, or weigh texts. The rule is the deterministic first
// step of the record linkage of Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969);
// mutual nearest neighbours stand in for their one-to-one assignment.
//
// When it cannot tell it leaves reports apart: an unlinked pair is seen by people as two reports of
// one place, a wrong link hides an incident.
package link

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// Reach is the largest distance in metres between two reports of one incident.
	Reach = 75.0
	// Span is the longest time that two reports of one incident may take together, from the
	// earlier beginning to the later end. A wider interval ("some time this week") never links by time.
	Span = 24 * time.Hour
)

// Key names a report within its municipality.
type Key struct {
	Agency string
	Report string
}

// Compare orders keys by agency, then report.
func (k Key) Compare(other Key) int {
	return cmp.Or(strings.Compare(k.Agency, other.Agency), strings.Compare(k.Report, other.Report))
}

// Report is what linking looks at. X and Y are metres in the municipality's projected system and
// mean something only when Located is true.
type Report struct {
	Key       Key
	Reference string
	Category  string
	Group     string
	Located   bool
	X, Y      float64
	From, To  time.Time
	// Reported is the sender's time of the report, Exactness the precision of its place (higher is
	// more exact): both only choose lead and identity, never whether reports link.
	Reported  time.Time
	Exactness int
}

// Episode is one incident: its reports in the order of their keys, and the one that leads.
type Episode struct {
	ID      uuid.UUID
	Lead    Report
	Reports []Report
}

// Agencies lists the agencies that saw the incident, sorted, each once.
func (e Episode) Agencies() []string {
	var names []string
	for _, r := range e.Reports {
		names = append(names, r.Key.Agency)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Candidates reports whether two reports of different agencies may tell of the same incident:
// within Reach of each other, within Span together, in compatible categories.
func Candidates(a, b Report) bool {
	return a.Key.Agency != b.Key.Agency && a.Located && b.Located &&
		math.Hypot(a.X-b.X, a.Y-b.Y) <= Reach && span(a, b) <= Span && Compatible(a, b)
}

func span(a, b Report) time.Duration {
	from, to := a.From, a.To
	if b.From.Before(from) {
		from = b.From
	}
	if b.To.After(to) {
		to = b.To
	}
	return to.Sub(from)
}

// compatible lists pairs of categories of different groups that one incident is often reported as.
var compatible = map[[2]string]bool{
	{"broken_window", "burglary"}:                  true,
	{"burglary", "property_damage"}:                true,
	{"robbery", "theft"}:                           true,
	{"assault", "group_conflict"}:                  true,
	{"group_conflict", "threat_harassment"}:        true,
	{"drug_litter", "trespass_common_space"}:       true,
	{"public_nuisance", "pyrotechnics"}:            true,
	{"riot_stone_throwing", "vehicle_fire"}:        true,
	{"suspected_drug_dealing", "unsafe_gathering"}: true,
}

// Compatible reports whether two categories can name one incident: the same group, or a listed pair.
func Compatible(a, b Report) bool {
	if a.Group == b.Group {
		return true
	}
	x, y := a.Category, b.Category
	if x > y {
		x, y = y, x
	}
	return compatible[[2]string{x, y}]
}

// Lead chooses the report that an incident takes its area, category, time and severity from: most
// exact place, then shortest interval, then earliest reported, then key.
func Lead(reports []Report) Report {
	return slices.MinFunc(reports, func(a, b Report) int {
		return cmp.Or(cmp.Compare(b.Exactness, a.Exactness),
			cmp.Compare(a.To.Sub(a.From), b.To.Sub(b.From)),
			a.Reported.Compare(b.Reported), a.Key.Compare(b.Key))
	})
}

// ID derives the identity of an episode from its first cause, the report with the earliest reported
// time, so that reports that join later leave links in sent mail true.
func ID(municipality string, reports []Report) uuid.UUID {
	first := slices.MinFunc(reports, func(a, b Report) int {
		return cmp.Or(a.Reported.Compare(b.Reported), a.Key.Compare(b.Key))
	})
	return uuid.NewSHA1(namespace, []byte(municipality+"\n"+first.Key.Agency+"\n"+first.Key.Report))
}

// namespace is the version 5 UUID of "samsyn episode" in the URL namespace.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("samsyn episode"))
