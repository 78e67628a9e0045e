// SPDX-License-Identifier: EUPL-1.2

// Package corpus carries the bad input: messages as agencies have sent them or might, each with what must become of it.
// The decoder, the bus and the correlator run the same files, so that there is one answer to each.
//
// Each case is two files, bad/NNN-name.raw with the bytes and bad/NNN-name.json with the expectation. A case is for ever:
// one that turns out wrong is argued about, not edited in passing. The package holds no logic and is for tests; it panics
// on a file of its own that it cannot read.
package corpus

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"samsyn/events"
)

//go:embed bad
var files embed.FS

// Stage says who gives the outcome of a case.
type Stage string

// The stages, in the order in which a message meets them.
const (
	Publish Stage = "publish" // NATS does not take it; sent another way, Decode gives the outcome
	Decode  Stage = "decode"  // events.Decode gives it, or finds nothing wrong
	Judge   Stage = "judge"   // Decode and Event.Mismatch cannot know: clock, registry, other reports, personal numbers
	Screen  Stage = "screen"  // the full screening of texts: names, addresses, disguised numbers
)

// Case is one message and what must become of it, in the World below.
type Case struct {
	Name    string
	About   string
	Body    []byte
	Agency  events.AgencyID // whose stream it comes on
	Verb    events.Verb     // of the subject it comes on
	Now     time.Time       // when it is judged
	Outcome events.Outcome
	Code    events.Code // a reason, or for accepted a note, that must be among those given; empty is none at all
	Path    string      // where; Anywhere leaves it to the judge
	Hint    string      // what the body looks like, when that must be said
	Stage   Stage
	Before  []string // names of cases that must have been delivered first, in order
}

// Anywhere is the path of a case that does not say where.
const Anywhere = "*"

// The world in which the cases are judged: what the registry must know.
const (
	Municipality = events.MunicipalityID("0480")
	Agency       = events.AgencyID("bostad") // of every case that names no other
	OtherAgency  = events.AgencyID("polis")
	TimeZone     = "Europe/Stockholm"
	HistoryFrom  = "2026-01-01" // local day; what occurred before is too_old
	MappedCode   = "x:klotter"  // both agencies' only mapping
	MapsTo       = "graffiti"
)

// Box is an upright rectangle in WGS 84 degrees.
type Box struct{ West, South, East, North float64 }

// Boundary is the whole municipality.
var Boundary = Box{West: 16.5, South: 58.5, East: 17.5, North: 59.0}

// Areas are the municipality's only areas, all of level area; most of the municipality lies in none.
func Areas() map[events.AreaCode]Box {
	return map[events.AreaCode]Box{
		"A1": {West: 17.00, South: 58.74, East: 17.02, North: 58.76},
		"A2": {West: 17.02, South: 58.74, East: 17.04, North: 58.76},
	}
}

// Bad returns every case in the order of the numbers. There are good ones among them: what looks bad and is not.
func Bad() []Case {
	names, err := fs.Glob(files, "bad/*.json")
	if err != nil {
		panic(err)
	}
	cases := make([]Case, len(names))
	for i, name := range names {
		c, err := load(strings.TrimSuffix(name, ".json"))
		if err != nil {
			panic(fmt.Sprintf("corpus: %s: %v", name, err))
		}
		cases[i] = c
	}
	return cases
}

func load(path string) (Case, error) {
	body, err := files.ReadFile(path + ".raw")
	if err != nil {
		return Case{}, err
	}
	text, err := files.ReadFile(path + ".json")
	if err != nil {
		return Case{}, err
	}
	var c struct {
		About   string          `json:"about"`
		Agency  events.AgencyID `json:"agency"`
		Verb    events.Verb     `json:"verb"`
		Now     time.Time       `json:"now"`
		Outcome events.Outcome  `json:"outcome"`
		Code    events.Code     `json:"code"`
		Path    string          `json:"path"`
		Hint    string          `json:"looks_like"`
		Stage   Stage           `json:"stage"`
		Before  []string        `json:"before"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return Case{}, err
	}
	if c.Agency == "" {
		c.Agency = Agency
	}
	return Case{
		Name: strings.TrimPrefix(path, "bad/"), About: c.About, Body: body, Agency: c.Agency, Verb: c.Verb, Now: c.Now,
		Outcome: c.Outcome, Code: c.Code, Path: c.Path, Hint: c.Hint, Stage: c.Stage, Before: c.Before,
	}, nil
}
