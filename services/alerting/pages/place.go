// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/internal/web"
)

const (
	// freshSource is how long a source counts as new, before the week of the flag.
	freshSource = 12
	// mostBehind is how many incidents a place's page lists; the list of incidents has all.
	mostBehind = 200
)

// placeKnown is everything the page of a flagged place is made from.
type placeKnown struct {
	row     municipality
	areas   *reference
	flag    placeFlag
	voices  []voice
	weeks   []weekCount // of the place, 26
	usual   []expected  // of the place, its neighbours, its district and the municipality
	cells   []cellCount // of every area, in the flag's window
	fresh   []voice     // sources that are new
	onlyNew []time.Time // days of incidents that only they tell of
	// occurred are the groups of detection that occurred on the level within a year.
	occurred  int
	behind    []incident
	keys      []reportKey
	earlier   []flag
	revisions []revision
	notices   []notice
	touching  []string
}

// place shows one flagged place.
func (s *Service) place(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		s.templates.Error(w, r, http.StatusNotFound)
		return
	}
	k, a, found, err := s.findPlace(r, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !found {
		s.templates.Error(w, r, http.StatusNotFound)
		return
	}
	view := composePlace(k, a, s.words, s.open(r, a, k.keys), s.mayOpen(r, a))
	view.Page = s.page(r, a, k.row, view.Title)
	view.Panels = s.panels(r, s.config.PlacePanels, a, id.String())
	s.templates.Render(w, r, http.StatusOK, "place", view)
}

// page is the page of a request about a municipality.
func (s *Service) page(r *http.Request, a ask, row municipality, title string) web.Page {
	page := web.NewPage(r, a.locale, title)
	page.Visit.Viewer.Municipality = a.municipality
	page.Notices = notices(row, a)
	return page
}

// findPlace looks for a flag in every municipality the viewer may look at: a link in a mail names none.
func (s *Service) findPlace(r *http.Request, id uuid.UUID) (k placeKnown, a ask, found bool, err error) {
	visit, _ := web.VisitOf(r.Context())
	for _, c := range visit.Choices {
		viewer := visit.Viewer
		viewer.Municipality = c.Municipality
		k, a, found, err = s.readPlace(r, viewer, id)
		if found || err != nil {
			return k, a, found, err
		}
	}
	return k, a, false, nil
}

// readPlace reads a flag and what belongs to it, in one transaction.
func (s *Service) readPlace(r *http.Request, viewer pg.Viewer, id uuid.UUID) (k placeKnown, a ask, found bool, err error) {
	ctx := r.Context()
	err = read(ctx, s.db, viewer, func(st store) error {
		k, found = placeKnown{}, false
		flags, err := st.readPlaceFlag(ctx, id)
		if err != nil || len(flags) == 0 {
			return err
		}
		found, k.flag = true, flags[0]
		if k.row, err = st.readMunicipality(ctx); err != nil {
			return err
		}
		if a, err = s.ask(r, viewer.Municipality, k.row); err != nil {
			return err
		}
		a.during(k.flag)
		if k.areas, err = s.reference(ctx, st, k.row); err != nil {
			return err
		}
		return k.read(ctx, st, a, s.words)
	})
	return k, a, found, err
}

// during sets the week to the last in which the flag was open, seen from today.
func (a *ask) during(f placeFlag) {
	at := f.UpdatedAsOf
	if f.ClearedAsOf != nil {
		at = *f.ClearedAsOf
	}
	a.week = web.WeekOf(lastDay(at, a.zone))
	a.monday = a.week.Monday(a.zone)
	a.through = a.monday.AddDate(0, 0, 7)
	a.ongoing = a.now.Before(a.through)
	if a.ongoing {
		a.through = web.DateIn(lastDay(a.now, a.zone).AddDate(0, 0, 1), a.zone)
	}
}

// selection is the place itself, from one day up to another.
func (k *placeKnown) selection(from, through time.Time, words lexicon) selection {
	in := selection{categories: words.of(k.flag.Grp), from: from, through: through}
	if k.flag.Kind == kindSerious && k.flag.Category != "" {
		in.categories = words.of(words.groupOf[k.flag.Category])
	}
	switch geo.Level(k.flag.Level) {
	case geo.LevelArea:
		in.area = k.flag.Area
	case geo.LevelDistrict:
		in.district = k.flag.Area
	}
	return in
}

// group is the group that the place's columns and expectations are of.
func (k *placeKnown) group(words lexicon) string {
	if k.flag.Kind == kindSerious && k.flag.Category != "" {
		return words.groupOf[k.flag.Category]
	}
	return k.flag.Grp
}

// read fills in what the page of the place needs.
func (k *placeKnown) read(ctx context.Context, st store, a ask, words lexicon) error {
	f := k.flag
	first := date(a.week.Add(1 - trendWeeks).Monday(a.zone))
	through := date(a.through)
	trend := k.selection(first, through, words)
	window := k.selection(f.WindowFrom, f.WindowTo.AddDate(0, 0, 1), words)
	k.touching = k.areas.touching(f.Area)
	around := append([]string{f.Area, st.municipality}, k.touching...)
	if parent, ok := k.areas.parentCode(f.Area); ok {
		around = append(around, parent)
	}
	usualFrom := first
	if monday := date(web.WeekOf(f.WindowFrom).Monday(time.UTC)); monday.Before(usualFrom) {
		usualFrom = monday
	}
	steps := []func() error{
		func() (err error) { k.voices, err = st.readVoices(ctx); return err },
		func() (err error) { k.weeks, err = st.readWeeks(ctx, trend); return err },
		func() (err error) {
			k.usual, err = st.readUsual(ctx, around, k.group(words), usualFrom, date(a.monday))
			return err
		},
		func() (err error) { k.cells, err = st.readCells(ctx, window); return err },
		func() (err error) { k.earlier, err = st.readEarlierFlags(ctx, f); return err },
		func() (err error) { k.revisions, err = st.readRevisions(ctx, f.ID); return err },
		func() (err error) {
			ends := web.DateIn(f.WindowTo, a.zone).AddDate(0, 0, 1)
			k.notices, err = st.readNotices(ctx, web.DateIn(f.WindowFrom, a.zone), ends, ends)
			return err
		},
		func() error { return k.readOccurred(ctx, st, words) },
		func() error { return k.readBehind(ctx, st, window) },
		func() error { return k.readFresh(ctx, st, a, trend) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (k *placeKnown) readOccurred(ctx context.Context, st store, words lexicon) (err error) {
	groups := make([]string, len(words.detected))
	for i, c := range words.detected {
		groups[i] = words.groupOf[c]
	}
	through := k.flag.WindowTo.AddDate(0, 0, 1)
	k.occurred, err = st.readOccurred(ctx, k.flag.Level, through.AddDate(0, 0, -7*yearWeeks), through, groups, words.detected)
	return err
}

// readBehind reads the incidents that the flag tells of: of a serious one those of its reports, else those of its window.
func (k *placeKnown) readBehind(ctx context.Context, st store, window selection) (err error) {
	if k.flag.Kind == kindSerious {
		k.behind, err = st.readFlagIncidents(ctx, k.flag.ID)
	} else {
		k.behind, err = st.readIncidents(ctx, filter{selection: window, hourFrom: everyHour}, mostBehind)
	}
	if err != nil {
		return err
	}
	k.keys, err = st.reportKeys(ctx, k.behind)
	return err
}

// readFresh reads what only new sources tell of. Where every source is new there is nothing to tell them apart from.
func (k *placeKnown) readFresh(ctx context.Context, st store, a ask, trend selection) (err error) {
	since := a.week.Add(-freshSource).Monday(a.zone)
	old := 0
	var units []string
	for _, v := range k.voices {
		switch {
		case v.FirstAt == nil || !v.FirstAt.Before(a.through):
		case v.FirstAt.Before(since):
			old++
		default:
			k.fresh = append(k.fresh, v)
			units = append(units, v.Agency+"/"+v.Unit)
		}
	}
	if old == 0 || len(units) == 0 {
		k.fresh = nil
		return nil
	}
	k.onlyNew, err = st.readOnlyNew(ctx, trend, units)
	return err
}
