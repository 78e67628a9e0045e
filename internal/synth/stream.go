// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"errors"
	"iter"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
)

// Load describes a stream of events for a bench.
type Load struct {
	Municipality events.MunicipalityID
	Agencies     []events.AgencyID
	Areas        []Area
	Events       int
	// Events lie evenly between From and To and are sent half an hour later.
	From, To time.Time
	// Pairs is the share of events that another agency has just seen too, within 40 m
	// and ten minutes: they link. Twice is the share sent once more, byte by byte.
	// Corrected is the share that corrects an earlier report, Withdrawn that withdraws
	// one. The shares add up to at most 1.
	Pairs, Twice, Corrected, Withdrawn float64
}

var errNoLoad = errors.New("a load needs agencies, areas and a time that passes")

// streamCategories are the categories of a load, all countable and of several groups.
var streamCategories = []string{
	"graffiti", "broken_window", "property_damage", "vehicle_damage", "unsafe_gathering", "trespass_common_space", "public_nuisance", "public_intoxication",
	"assault", "threat_harassment", "suspected_drug_dealing", "drug_litter", "burglary", "theft", "reckless_driving", "littering", "poor_lighting",
}

// Stream makes the events of a load in the order in which they are sent, about a
// microsecond and one allocation each (the body). Report ids are unique in a stream
// and differ between seeds.
func Stream(seed uint64, l Load) (iter.Seq[Item], error) {
	if len(l.Agencies) == 0 || len(l.Areas) == 0 || !l.From.Before(l.To) {
		return nil, errNoLoad
	}
	grounds := make([]ground, len(l.Areas))
	for i, a := range l.Areas {
		g, err := newGround(a)
		if err != nil {
			return nil, err
		}
		grounds[i] = g
	}
	return func(yield func(Item) bool) {
		s := stream{Load: l, seed: seed, dice: newDice(seed, 3), grounds: grounds}
		for n := range l.Events {
			if !yield(s.next(n)) {
				return
			}
		}
	}, nil
}

type stream struct {
	Load
	seed    uint64
	dice    *dice
	grounds []ground
	last    seen // the latest new report
	body    []byte
}

// seen is what a later event may refer to.
type seen struct {
	item     Item
	number   int
	agency   int
	revision int
	at       orb.Point
	from     time.Time
	category string
}

const (
	streamLasts = 20 * time.Minute
	streamTold  = 30 * time.Minute
)

func (s *stream) next(n int) Item {
	from := s.From.Add(time.Duration(float64(s.To.Sub(s.From)) * float64(n) / float64(s.Events))).Truncate(time.Second)
	roll := s.dice.Float64()
	switch p := &s.last; {
	case n == 0 || p.item.Body == nil:
	case roll < s.Twice:
		again := p.item
		again.At = from.Add(streamTold)
		return again
	case roll < s.Twice+s.Pairs && len(s.Agencies) > 1:
		other := (p.agency + 1) % len(s.Agencies)
		return s.reported(seen{number: n, agency: other, at: step(p.at, 40*s.dice.Float64(), 6*s.dice.Float64()), from: p.from.Add(10 * time.Minute), category: p.category}, from)
	case roll < s.Twice+s.Pairs+s.Corrected:
		p.revision++
		p.category = one(s.dice, streamCategories)
		return s.item(*p, events.Corrected, from)
	case roll < s.Twice+s.Pairs+s.Corrected+s.Withdrawn:
		p.revision++
		item := s.item(*p, events.Withdrawn, from)
		s.last = seen{}
		return item
	}
	area := s.dice.IntN(len(s.grounds))
	return s.reported(seen{
		number: n, agency: s.dice.IntN(len(s.Agencies)), at: s.grounds[area].draw(s.dice), from: from, category: one(s.dice, streamCategories),
	}, from)
}

// reported sends a new report and remembers it.
func (s *stream) reported(e seen, at time.Time) Item {
	e.revision = 1
	e.item = s.item(e, events.Reported, at)
	s.last = e
	return e.item
}

func (s *stream) item(e seen, verb events.Verb, at time.Time) Item {
	sent := at.Add(streamTold)
	s.body = s.encode(s.body[:0], e, verb, sent)
	body := make([]byte, len(s.body))
	copy(body, s.body)
	return Item{At: sent, Agency: s.Agencies[e.agency], Verb: verb, Body: body}
}

// encode writes the event by hand: events.Encode would be most of a bench's time.
func (s *stream) encode(b []byte, e seen, verb events.Verb, sent time.Time) []byte {
	b = append(b, `{"specversion":"1.0","id":"`...)
	b = s.report(b, e.number)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(e.revision), 10)
	b = append(b, `","source":"urn:samsyn:`...)
	b = append(b, s.Municipality...)
	b = append(b, ':')
	b = append(b, s.Agencies[e.agency]...)
	b = append(b, `","type":"samsyn.incident.`...)
	b = append(b, verb...)
	b = append(b, `.v1","time":"`...)
	b = sent.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","datacontenttype":"application/json","data":{"report":"`...)
	b = s.report(b, e.number)
	b = append(b, `","revision":`...)
	b = strconv.AppendInt(b, int64(e.revision), 10)
	if verb == events.Withdrawn {
		return append(b, `,"reason":"made up"}}`...)
	}
	b = append(b, `,"category":"`...)
	b = append(b, e.category...)
	b = append(b, `","occurred":{"from":"`...)
	b = e.from.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","to":"`...)
	b = e.from.Add(streamLasts).UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `"},"place":{"lon":`...)
	b = strconv.AppendFloat(b, e.at[0], 'f', -1, 64)
	b = append(b, `,"lat":`...)
	b = strconv.AppendFloat(b, e.at[1], 'f', -1, 64)
	return append(b, `},"unit":"u1","origin":"told","text":"Påhittad: händelse ur en mätning."}}`...)
}

func (s *stream) report(b []byte, number int) []byte {
	b = append(b, 's')
	b = strconv.AppendUint(b, s.seed, 36)
	b = append(b, '-')
	return strconv.AppendInt(b, int64(number), 10)
}
