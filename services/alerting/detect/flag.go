// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"cmp"
	"slices"

	"samsyn/events"
)

// Flag is one thing that is out of the ordinary, wherever it shows.
type Flag struct {
	// Key is that of the episode that was flagged first.
	Key string
	// Lead is the episode that is furthest above its limit, Parts are the others,
	// in the same order.
	Lead  Episode
	Parts []Episode
}

// Verb says what is told of a flag.
type Verb string

// The verbs, as the types of events have them.
const (
	Flagged Verb = "flagged"
	Updated Verb = "updated"
	Cleared Verb = "cleared"
)

// Transition is one thing to tell.
type Transition struct {
	Verb   Verb
	Reason Reason
	// Flag is as it is then; a cleared one as it was last.
	Flag Flag
	// Fresh says that a flagged one was not seen before; else it goes on.
	Fresh bool
	// Into is the key of the flag that a merged one is part of now.
	Into string
}

// Tree names the district of each area that has one.
type Tree map[events.AreaCode]events.AreaCode

// TreeOf makes the tree of the areas of a Config.
func TreeOf(areas []Area) Tree {
	t := Tree{}
	for _, a := range areas {
		if a.Level == events.LevelArea && a.Parent != "" {
			t[a.Code] = a.Parent
		}
	}
	return t
}

// Advance takes the findings of one evaluation into account. It is a pure function:
// the same findings after the same episodes give the same episodes and the same
// transitions, in the same order. A cell opens an episode at ALERT, keeps it while
// R is above a tenth of the limit or was within 14 days, and takes it up again for
// an ALERT within 28 days of its last. Episodes of one group that overlap in time
// in areas that hold each other are one flag; so is the total of an area with a
// group of the area. Closed episodes are needed in prior for 28 days (they restart
// their cells), and no longer.
func Advance(tree Tree, findings []Finding, prior []Episode) (next []Episode, told []Transition) {
	next, changes := step(findings, prior)
	into := tree.assign(next, changes)
	before, after := Flags(prior), Flags(next)
	for _, f := range before {
		if _, still := flagOf(after, f.Key); !still {
			told = append(told, cleared(f, next, into))
		}
	}
	for _, f := range after {
		was, open := flagOf(before, f.Key)
		switch reason, fresh := changeOf(f, changes); {
		case !open:
			told = append(told, Transition{Verb: Flagged, Reason: Risen, Flag: f, Fresh: fresh})
		case reason != "":
			told = append(told, Transition{Verb: Updated, Reason: reason, Flag: f})
		case len(was.Parts) != len(f.Parts) || was.Lead.Key != f.Lead.Key:
			told = append(told, Transition{Verb: Updated, Reason: Grown, Flag: f})
		}
	}
	return next, told
}

// Flags groups open episodes into flags, in the order of their keys' episodes.
func Flags(episodes []Episode) []Flag {
	var flags []Flag
	at := map[string]int{}
	for _, e := range episodes {
		if !e.Open() {
			continue
		}
		if _, ok := at[e.Flag]; !ok {
			at[e.Flag] = len(flags)
			flags = append(flags, Flag{Key: e.Flag})
		}
		f := &flags[at[e.Flag]]
		f.Parts = append(f.Parts, e)
	}
	for i := range flags {
		parts := flags[i].Parts
		slices.SortFunc(parts, func(a, b Episode) int {
			return cmp.Or(-cmp.Compare(a.Stated.Margin, b.Stated.Margin), a.compare(b))
		})
		flags[i].Lead, flags[i].Parts = parts[0], parts[1:]
	}
	return flags
}

func flagOf(flags []Flag, key string) (Flag, bool) {
	i := slices.IndexFunc(flags, func(f Flag) bool { return f.Key == key })
	if i < 0 {
		return Flag{}, false
	}
	return flags[i], true
}

// cleared says how a flag ended: merged if an episode of it goes on in another,
// else as its leading episode ended.
func cleared(f Flag, next []Episode, into map[string]string) Transition {
	if to := into[f.Key]; to != "" {
		return Transition{Verb: Cleared, Reason: Merged, Flag: f, Into: to}
	}
	for i, e := range append([]Episode{f.Lead}, f.Parts...) {
		now := next[slices.IndexFunc(next, func(n Episode) bool { return n.Key == e.Key })]
		if i == 0 {
			f.Lead = now
		} else {
			f.Parts[i-1] = now
		}
	}
	return Transition{Verb: Cleared, Reason: f.Lead.Ended, Flag: f}
}

// changeOf returns why a flag should be told of, by what became of its episodes.
func changeOf(f Flag, changes []Change) (reason Reason, fresh bool) {
	for _, c := range changes {
		if c.Episode.Flag != f.Key && c.Episode.Key != f.Lead.Key && !slices.ContainsFunc(f.Parts, func(p Episode) bool { return p.Key == c.Episode.Key }) {
			continue
		}
		fresh = fresh || c.Fresh && c.Episode.Key == f.Key
		if reason == "" || c.Reason == Revised {
			reason = c.Reason
		}
	}
	if reason == Risen {
		reason = Grown
	}
	return reason, fresh
}

// assign gives the episodes that have just opened their flag: a flag of their own,
// or the oldest of those that are the same thing, which then takes in the others.
// It returns where the flags went that were taken in.
func (t Tree) assign(next []Episode, changes []Change) (into map[string]string) {
	into = map[string]string{}
	known := map[string]bool{}
	for _, e := range next {
		known[e.Flag] = known[e.Flag] || e.Open()
	}
	for _, c := range changes {
		if c.Reason != Risen {
			continue
		}
		i := slices.IndexFunc(next, func(e Episode) bool { return e.Key == c.Episode.Key })
		if next[i].Flag == "" {
			next[i].Flag = next[i].Key
		}
		same := t.sameThing(next, i)
		if len(same) == 0 {
			continue
		}
		oldest := oldestFlag(next, append(same, next[i].Flag), known)
		for k := range next {
			if next[k].Open() && next[k].Flag != oldest && (k == i || slices.Contains(same, next[k].Flag)) {
				into[next[k].Flag] = oldest
				next[k].Flag = oldest
			}
		}
	}
	return into
}

// sameThing lists the flags that an episode belongs to. An episode of a total joins
// the one furthest above its limit, so that no flag holds two groups.
func (t Tree) sameThing(episodes []Episode, i int) []string {
	var flags []string
	best := -1
	for k, other := range episodes {
		if k == i || !other.Open() || other.Flag == "" || !t.related(episodes[i], other) {
			continue
		}
		group := groupOf(episodes, other.Flag)
		if mine := episodes[i].Cell.Group; mine != "" && group != "" && group != mine {
			continue
		}
		if best < 0 || other.Stated.Margin > episodes[best].Stated.Margin {
			best = k
		}
		if !slices.Contains(flags, other.Flag) {
			flags = append(flags, other.Flag)
		}
	}
	if episodes[i].Cell.Group == "" && best >= 0 {
		return []string{episodes[best].Flag}
	}
	return flags
}

// related reports that two episodes overlap in time and are of one group in areas
// that hold each other, or of a group and the total in one area.
func (t Tree) related(a, b Episode) bool {
	if a.Stated.From > b.LastAlert || b.Stated.From > a.LastAlert {
		return false
	}
	if a.Cell.Group == b.Cell.Group {
		return t.holds(a.Cell, b.Cell) || t.holds(b.Cell, a.Cell)
	}
	return (a.Cell.Group == "" || b.Cell.Group == "") && a.Cell.Level == b.Cell.Level && a.Cell.Area == b.Cell.Area
}

// holds reports whether the area of a holds that of b.
func (t Tree) holds(a, b Cell) bool {
	switch {
	case a.Level == events.LevelMunicipality:
		return b.Level != events.LevelMunicipality
	case a.Level == events.LevelDistrict && b.Level == events.LevelArea:
		return t[b.Area] == a.Area
	}
	return false
}

// groupOf returns the group of a flag, empty while it holds totals only.
func groupOf(episodes []Episode, flag string) string {
	for _, e := range episodes {
		if e.Open() && e.Flag == flag && e.Cell.Group != "" {
			return e.Cell.Group
		}
	}
	return ""
}

// oldestFlag returns the flag whose open episodes began first. Of two that began on one day it is the one that was known before this
// evaluation: it has been told, and links lead to it.
func oldestFlag(episodes []Episode, flags []string, known map[string]bool) string {
	isNew := func(e Episode) int { return map[bool]int{false: 1}[known[e.Flag]] }
	older := func(a, b Episode) bool {
		return cmp.Or(cmp.Compare(a.Opened, b.Opened), isNew(a)-isNew(b), a.compare(b)) < 0
	}
	oldest := -1
	for i, e := range episodes {
		if e.Open() && slices.Contains(flags, e.Flag) && (oldest < 0 || older(e, episodes[oldest])) {
			oldest = i
		}
	}
	return episodes[oldest].Flag
}
