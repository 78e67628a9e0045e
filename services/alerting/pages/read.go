// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"samsyn/internal/web"
)

const (
	trendWeeks = 26
	yearWeeks  = 52
	// horizon is how far ahead announcements are shown.
	horizon = 14 * 24 * time.Hour
	// mostFlags is more than a page can be about; a municipality with more of them has
	// another problem.
	mostFlags   = 60
	mostBurdens = 8
)

// ask is what a request wants to see, with everything that follows from the clock.
type ask struct {
	municipality string
	locale       web.Locale
	zone         *time.Location
	week         web.Week
	// now is the municipality's clock; through is the first local day that is not
	// counted: the day after the week, or tomorrow if the week is not over.
	now             time.Time
	monday, through time.Time
	ongoing         bool
	change          bool // the map shows change instead of counts
	// group is the one group of detection that the overview is about; empty: all.
	group string
}

// known is everything the page is made from.
type known struct {
	row           municipality
	areas         *reference
	past          *past
	inAreas       []areaCount
	expected      []expected // of this week, by area
	expectedWeeks []expected // of the municipality, by week
	flags         []flag
	sources       []source
	notices       []notice
}

// read finds out what is asked and reads it, in one transaction.
func (s *Service) read(r *http.Request) (known, ask, error) {
	visit, _ := web.VisitOf(r.Context())
	viewer := visit.Viewer
	if m := r.URL.Query().Get("m"); m != "" {
		viewer.Municipality = m
	}
	if !visit.May(viewer.Municipality) {
		return known{}, ask{}, errUnknownMunicipality
	}
	var k known
	var a ask
	err := read(r.Context(), s.db, viewer, func(st store) error {
		row, err := st.readMunicipality(r.Context())
		if err != nil {
			return err
		}
		k = known{row: row}
		if a, err = s.ask(r, viewer.Municipality, row); err != nil {
			return err
		}
		if g := r.URL.Query().Get("group"); s.words.isGroup(g) {
			a.group = g
		}
		if k.areas, err = s.reference(r.Context(), st, row); err != nil {
			return err
		}
		if k.past, err = s.pasts.of(r.Context(), st, a, k.areas, s.words); err != nil {
			return err
		}
		if err := k.read(r, st, a); err != nil {
			return err
		}
		k.narrow(a, s.words)
		return nil
	})
	return k, a, err
}

// narrow leaves what the one group is about that is asked for.
func (k *known) narrow(a ask, words lexicon) {
	if a.group == "" {
		return
	}
	k.inAreas = slices.DeleteFunc(k.inAreas, func(c areaCount) bool { return words.groupOf[c.Category] != a.group })
	k.flags = slices.DeleteFunc(k.flags, func(f flag) bool { return f.Grp != a.group })
}

func (s *Service) ask(r *http.Request, m string, row municipality) (ask, error) {
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return ask{}, fmt.Errorf("time zone of %s: %w", m, err)
	}
	now := s.config.Now()
	if row.AsOf != nil {
		now = *row.AsOf
	}
	a := ask{
		municipality: m, zone: zone, now: now, change: r.URL.Query().Get("map") == "change",
		locale: web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), zone),
	}
	current := web.WeekOf(lastDay(now, zone))
	week, ok := web.ParseWeek(r.URL.Query().Get("week"))
	if !ok || current.Before(week) {
		week = current
	}
	a.week, a.monday = week, week.Monday(zone)
	a.through = a.monday.AddDate(0, 0, 7)
	a.ongoing = now.Before(a.through)
	if a.ongoing {
		a.through = web.DateIn(lastDay(now, zone).AddDate(0, 0, 1), zone)
	}
	return a, nil
}

// lastDay is the local day that the clock is in. At the stroke of midnight, where a
// replay always stands, the day that has just ended is still the current one.
func lastDay(now time.Time, zone *time.Location) time.Time {
	return web.DateIn(now.Add(-time.Nanosecond).In(zone), zone)
}

// read fills in what the week needs.
func (k *known) read(r *http.Request, st store, a ask) error {
	ctx := r.Context()
	from, to := date(a.monday), date(a.monday.AddDate(0, 0, 7))
	trendFrom := date(a.week.Add(1 - trendWeeks).Monday(a.zone))
	through := date(a.through)
	steps := []func() error{
		func() (err error) { k.inAreas, err = st.readAreaCounts(ctx, from, through); return err },
		func() (err error) { k.expected, err = st.readExpected(ctx, from, a.group); return err },
		func() (err error) {
			k.expectedWeeks, err = st.readExpectedWeeks(ctx, trendFrom, to, a.group)
			return err
		},
		func() (err error) {
			k.flags, err = st.readFlags(ctx, a.monday, a.monday.AddDate(0, 0, 7), mostFlags)
			return err
		},
		func() (err error) {
			k.sources, err = st.readSources(ctx, from, to, a.monday, a.monday.AddDate(0, 0, 7))
			return err
		},
		func() (err error) {
			ends := a.monday.AddDate(0, 0, 7)
			k.notices, err = st.readNotices(ctx, a.monday, ends, ends.Add(horizon))
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// date is a local day as Postgres has it: midnight UTC.
func date(local time.Time) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
