// SPDX-License-Identifier: EUPL-1.2

package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/services/alerting"
	"samsyn/services/correlator"

	"samsyn/cmd/samsyn/stage"
)

// LatencyResult says how long it took from the acknowledgement of the event that tipped a place to
// its hotspot.flagged on NATS. Flags is how many places tipped.
type LatencyResult struct {
	Events int     `json:"events"`
	Rate   int     `json:"rate"`
	Flags  int     `json:"flags"`
	P50MS  float64 `json:"p50_ms"`
	P99MS  float64 `json:"p99_ms"`
	MaxMS  float64 `json:"max_ms"`
}

// Latency sends n events at a steady rate. Four in five are of no alarmed group, from eight agencies
// of a city of 579 areas. One in five goes to a small town, each town's to one area and five groups in
// turn: after five calm weeks a few of them tip it. Which one did is told by the number that the flag
// says was observed, as nothing else lies in its window.
func Latency(ctx context.Context, p Parts, n, rate int) (LatencyResult, error) {
	city, agencies, err := world()
	if err != nil {
		return LatencyResult{}, err
	}
	worlds := append([]demo.World{city}, smallTowns(city)...)
	for i, w := range worlds {
		if _, err := stage.Install(ctx, p.Registry, w); err != nil {
			return LatencyResult{}, err
		}
		p.Progress("installed %d of %d municipalities", i+1, len(worlds))
	}
	services, stop, err := runServices(ctx, p)
	if err != nil {
		return LatencyResult{}, err
	}
	defer stop()
	b := &burst{parts: p, city: newTown(city, agencies), dice: rand.New(rand.NewPCG(1, 2)), acked: map[place][]time.Time{}, told: map[place]time.Duration{}}
	for _, w := range worlds[1:] {
		b.towns = append(b.towns, newTown(w, []events.AgencyID{w.Agencies[0].Code}))
	}
	if err := b.history(ctx); err != nil {
		return LatencyResult{}, err
	}
	for _, w := range worlds {
		if err := services.settled(ctx, w); err != nil {
			return LatencyResult{}, err
		}
	}
	unsubscribe, err := p.Conn.Subscribe("hotspot.>", func(_ string, body []byte) { b.hear(body, time.Now()) })
	if err != nil {
		return LatencyResult{}, err
	}
	defer unsubscribe()
	if err := b.send(ctx, n, rate); err != nil {
		return LatencyResult{}, err
	}
	for _, w := range worlds {
		if err := services.settled(ctx, w); err != nil {
			return LatencyResult{}, err
		}
	}
	return b.result(n, rate)
}

const (
	townCount = 40
	townAreas = 4
)

// smallTowns cuts towns of four areas out of the city, each with an agency of its own.
func smallTowns(city demo.World) []demo.World {
	var areas []demo.Area
	for _, a := range city.Areas {
		if a.Level == geo.LevelArea {
			a.Parent = ""
			areas = append(areas, a)
		}
	}
	towns := make([]demo.World, townCount)
	for i := range towns {
		w := city
		w.Municipality.Code = events.MunicipalityID(fmt.Sprintf("bench-%02d", i+1))
		w.Areas = areas[i*townAreas : (i+1)*townAreas]
		w.Agencies = city.Agencies[:1]
		towns[i] = w
	}
	return towns
}

// services are the correlator and alerting, running.
type services struct {
	player stage.Player
}

func (s services) settled(ctx context.Context, w demo.World) error { return s.player.Settled(ctx, w) }

func runServices(ctx context.Context, p Parts) (services, func(), error) {
	var pools []interface{ Close() }
	open := func(role pg.Role, n int32) (*pg.Pool, error) {
		pool, err := pg.Open(ctx, p.Database, role, n)
		if err == nil {
			pools = append(pools, pool)
		}
		return pool, err
	}
	closeAll := func() {
		for _, pool := range pools {
			pool.Close()
		}
	}
	c, err := open(pg.RoleCorrelator, 4)
	if err != nil {
		return services{}, nil, err
	}
	a, err := open(pg.RoleAlerting, 6)
	if err != nil {
		closeAll()
		return services{}, nil, err
	}
	registry := prometheus.NewRegistry()
	s := services{player: stage.Player{Conn: p.Conn, Registry: p.Registry, Progress: func(string, int, int) {}}}
	if s.player.Correlator, err = correlator.New(c, p.Conn, p.Log, registry, correlator.Config{}); err != nil {
		closeAll()
		return services{}, nil, err
	}
	if s.player.Alerting, err = alerting.New(a, p.Conn, p.Log, registry, alerting.Config{}); err != nil {
		closeAll()
		return services{}, nil, err
	}
	running, cancel := context.WithCancel(ctx)
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return s.player.Correlator.Run(running) })
	group.Go(func() error { return s.player.Alerting.Run(running) })
	return s, func() {
		cancel()
		_ = group.Wait() // what failed in between has failed the bench already
		closeAll()
	}, nil
}

// town is a municipality that events are sent for.
type town struct {
	code     events.MunicipalityID
	agencies []events.AgencyID
	points   []orb.Point // one inside each area
}

func newTown(w demo.World, agencies []events.AgencyID) town {
	t := town{code: w.Municipality.Code, agencies: agencies}
	for _, a := range w.Areas {
		if center, _ := planar.CentroidArea(a.Geometry); a.Level == geo.LevelArea && planar.MultiPolygonContains(a.Geometry, center) {
			// An event's numbers have at most 15 digits.
			t.points = append(t.points, orb.Point{math.Round(center.Lon()*1e6) / 1e6, math.Round(center.Lat()*1e6) / 1e6})
		}
	}
	return t
}

// place is what a flag is about here: a town and a group.
type place struct {
	town  events.MunicipalityID
	group string
}

// alarmed are categories of the five groups that are alarmed.
var alarmed = []struct{ category, group string }{
	{"graffiti", "damage"}, {"public_nuisance", "disorder"}, {"assault", "violence"}, {"drug_litter", "drugs"}, {"theft", "property_crime"},
}

// burst sends events and hears of flags.
type burst struct {
	parts Parts
	city  town
	towns []town
	dice  *rand.Rand
	sent  int

	mu    sync.Mutex
	acked map[place][]time.Time // when the n-th event of a place was acknowledged
	told  map[place]time.Duration
}

// event is a report of one agency, so that no two of them link.
func (b *burst) event(t town, area int, category string, at time.Time) bus.Message {
	b.sent++
	agency := t.agencies[area%len(t.agencies)]
	at = at.UTC().Truncate(time.Millisecond)
	e := events.Event{
		Municipality: t.code, Agency: agency, Verb: events.Reported, Kind: events.KindIncident, Report: events.ReportID(fmt.Sprintf("l-%d", b.sent)), Revision: 1,
		Time: at, Incident: &events.Incident{
			Category: category, Occurred: events.Interval{From: at, To: at}, Certainty: events.CertaintyObserved,
			Place: events.Place{Point: &events.Point{Lon: t.points[area].Lon(), Lat: t.points[area].Lat()}},
		},
	}
	body, err := events.Encode(e)
	if err != nil {
		panic(err) // our own event always encodes
	}
	return bus.Message{Subject: events.IncidentSubject(t.code, agency, events.Reported), Body: body}
}

const (
	historyWeeks = 17
	calmWeeks    = 5
)

// history sends each town an incident a day for twelve weeks, which ended five weeks ago.
func (b *burst) history(ctx context.Context) error {
	var messages []bus.Message
	for day := historyWeeks * 7; day > calmWeeks*7; day-- {
		for _, t := range b.towns {
			messages = append(messages, b.event(t, b.dice.IntN(len(t.points)), alarmed[day%len(alarmed)].category, time.Now().AddDate(0, 0, -day)))
		}
	}
	for _, r := range b.parts.Conn.PublishEach(ctx, messages) {
		if r.Err != nil {
			return fmt.Errorf("send history: %w", r.Err)
		}
	}
	return nil
}

// tippingShare is how many events there are for each one that may tip a place.
const tippingShare = 5

// next is the i-th event and, where it may tip one, its place.
func (b *burst) next(i int) (bus.Message, *place) {
	if i%tippingShare != 0 {
		return b.event(b.city, b.dice.IntN(len(b.city.points)), "littering", time.Now()), nil
	}
	k := i / tippingShare
	t, kind := b.towns[k%len(b.towns)], alarmed[k/len(b.towns)%len(alarmed)]
	return b.event(t, 0, kind.category, time.Now()), &place{t.code, kind.group}
}

// send publishes n events evenly, each on time whatever the one before takes.
func (b *burst) send(ctx context.Context, n, rate int) error {
	var group errgroup.Group
	group.SetLimit(64)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), group.Wait())
		}
		m, at := b.next(i)
		group.Go(func() error {
			_, err := b.parts.Conn.Publish(ctx, m)
			now := time.Now()
			b.mu.Lock()
			defer b.mu.Unlock()
			if at != nil {
				b.acked[*at] = append(b.acked[*at], now)
			}
			return err
		})
		if i%rate == 0 {
			b.parts.Progress("sent %d of %d", i, n)
		}
	}
	return group.Wait()
}

// hear notes the first time that a place is flagged.
func (b *burst) hear(body []byte, now time.Time) {
	o, err := events.Open(body)
	if err != nil {
		return
	}
	m, _, _ := strings.Cut(strings.TrimPrefix(o.Source, "urn:samsyn:"), ":")
	h, kind, err := events.DecodeHotspot(body)
	if err != nil || kind != events.TypeHotspotFlagged {
		return
	}
	at := place{events.MunicipalityID(m), h.Group}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.told[at]; !known && h.Observed >= 1 && h.Observed <= len(b.acked[at]) {
		b.told[at] = now.Sub(b.acked[at][h.Observed-1])
	}
}

func (b *burst) result(n, rate int) (LatencyResult, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Sorted(maps.Values(b.told))
	if len(all) == 0 {
		return LatencyResult{}, errors.New("no place was flagged")
	}
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))].Microseconds()) / 1000 }
	return LatencyResult{Events: n, Rate: rate, Flags: len(all), P50MS: at(0.5), P99MS: at(0.99), MaxMS: at(1)}, nil
}
