// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/schemas"
	"samsyn/services/alerting/detect"
)

// town is what a look knows of one municipality. It belongs to one goroutine.
type town struct {
	id       events.MunicipalityID
	version  int64 // of the registry, when frame was read
	frame    frameRow
	zone     *time.Location
	detector *detect.Detector
	tree     detect.Tree
	groups   []string          // that are watched
	groupOf  map[string]string // of a category
	district map[events.AreaCode]bool
	area     map[events.AreaCode]bool

	tick     int64      // the last one
	batch    int64      // counts are folded up to here
	looked   int64      // the batch of the last look at changes
	touched  []touched  // the cells that changed after it
	midnight detect.Day // the last local midnight looked at: the day it begins; 0 for none
	episodes []detect.Episode
	flags    map[uuid.UUID]Flag // the latest revision of every flag that is open or may open again

	held    time.Time // when the lease was last renewed
	changed time.Time // when counts last changed
	owing   owing
}

// newTown makes a town without counts.
func newTown(m events.MunicipalityID, f frameRow) (*town, error) {
	zone, err := time.LoadLocation(f.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone of %s: %w", m, err)
	}
	t := &town{
		id: m, frame: f, zone: zone, district: map[events.AreaCode]bool{}, area: map[events.AreaCode]bool{},
		flags: map[uuid.UUID]Flag{},
	}
	config := detect.Config{HistoryFrom: detect.DayOf(f.HistoryFrom), Areas: f.areas(m)}
	t.tree = detect.TreeOf(config.Areas)
	for _, a := range config.Areas {
		t.district[a.Code] = t.district[a.Code] || a.Level == events.LevelDistrict
		t.area[a.Code] = t.area[a.Code] || a.Level == events.LevelArea
	}
	config.Groups, t.groupOf = watchedGroups(), watchedCategories()
	t.groups = config.Groups
	if t.detector, err = detect.New(config); err != nil {
		return nil, fmt.Errorf("detector of %s: %w", m, err)
	}
	return t, nil
}

// watchedGroups are the detection groups. Places and traffic are counted and shown, never alarmed.
func watchedGroups() []string {
	var watched []string
	_, groups := schemas.Categories()
	for _, g := range groups {
		if g.Detected {
			watched = append(watched, g.Code)
		}
	}
	return watched
}

// watchedCategories gives the detection group of each category that has one and counts.
func watchedCategories() map[string]string {
	groupOf := map[string]string{}
	watched := watchedGroups()
	categories, _ := schemas.Categories()
	for _, c := range categories {
		if c.Countable && slices.Contains(watched, c.Group) {
			groupOf[c.Code] = c.Group
		}
	}
	return groupOf
}

// areas lists what is looked at: the municipality itself, its districts and its areas.
func (f frameRow) areas(m events.MunicipalityID) []detect.Area {
	areas := []detect.Area{{Level: events.LevelMunicipality, Code: events.AreaCode(m)}}
	for i, code := range f.Codes {
		areas = append(areas, detect.Area{Level: events.Level(f.Levels[i]), Code: events.AreaCode(code), Parent: events.AreaCode(f.Parents[i])})
	}
	return areas
}

func (f frameRow) same(o frameRow) bool {
	return f.TimeZone == o.TimeZone && f.HistoryFrom.Equal(o.HistoryFrom) && slices.Equal(f.Codes, o.Codes) && slices.Equal(f.Levels, o.Levels) &&
		slices.Equal(f.Parents, o.Parents) && slices.Equal(f.Serious, o.Serious)
}

// fold takes changed counts into the detector, on every level that they belong to, and returns the cells that they touch. What is not
// watched (other groups, days before history, areas that are no more) is passed over.
func (t *town) fold(changes []changeRow) ([]touched, error) {
	var all []touched
	for i := range changes {
		cells := t.cells(changes[i : i+1])
		for _, c := range cells {
			if err := t.detector.Add(c.day, c.cell, changes[i].Incidents); err != nil {
				return nil, fmt.Errorf("count in %s: %w", t.id, err)
			}
		}
		all = append(all, cells...)
	}
	return all, nil
}

// touched is a cell whose count of a day changed.
type touched struct {
	day  detect.Day
	cell detect.Cell
}

func (t *town) cellsOf(c changeRow, group string) []detect.Cell {
	cells := []detect.Cell{{Level: events.LevelMunicipality, Area: events.AreaCode(t.id), Group: group}}
	if district := events.AreaCode(c.District); t.district[district] {
		cells = append(cells, detect.Cell{Level: events.LevelDistrict, Area: district, Group: group})
	}
	if area := events.AreaCode(c.Area); t.area[area] {
		cells = append(cells, detect.Cell{Level: events.LevelArea, Area: area, Group: group})
	}
	return cells
}

// recent keeps the cells whose change lies in what the statistic looks back on at asOf, with the totals of their areas. An older change is part of
// the baseline, which moves little and is looked at with everything at midnight.
func recent(cells []touched, asOf time.Time) []detect.Cell {
	today := detect.Current(asOf)
	seen := map[detect.Cell]bool{}
	out := []detect.Cell{}
	for _, c := range cells {
		if c.day > today || c.day <= today-detect.Window {
			continue
		}
		for _, group := range [...]string{c.cell.Group, ""} {
			cell := detect.Cell{Level: c.cell.Level, Area: c.cell.Area, Group: group}
			if !seen[cell] {
				seen[cell] = true
				out = append(out, cell)
			}
		}
	}
	return out
}

// load takes a municipality up where the last alerter left it.
func (s *Service) load(ctx context.Context, m events.MunicipalityID, now time.Time) (*town, error) {
	head, err := s.store.hold(ctx, m, s.holder, now)
	if err != nil {
		return nil, err
	}
	row, err := s.store.town(ctx, m)
	if err != nil {
		return nil, err
	}
	frame, err := s.store.frame(ctx, m, now)
	if err != nil {
		return nil, err
	}
	t, err := newTown(m, frame)
	if err != nil {
		return nil, err
	}
	t.version, t.tick, t.looked, t.held = row.Version, head.Tick, head.Batch, now
	if head.Midnight != nil {
		t.midnight = detect.DayOf(*head.Midnight)
	}
	remembered, err := s.store.memory(ctx, m, head.Tick)
	if err != nil {
		return nil, err
	}
	t.episodes, t.flags = remembered.episodes, remembered.flags
	counts, batch, err := s.store.counts(ctx, m)
	if err != nil {
		return nil, err
	}
	t.batch = batch
	if t.touched, err = t.fold(counts); err != nil {
		return nil, err
	}
	if head.Tick > 0 {
		// What was looked at before is not looked at again; what came since is in the counts and is only to be looked at.
		changes, err := s.store.changesBetween(ctx, m, t.looked, batch)
		if err != nil {
			return nil, err
		}
		t.touched = t.cells(changes)
	}
	return t, nil
}

// cells are those that changes touch.
func (t *town) cells(changes []changeRow) []touched {
	var cells []touched
	for _, c := range changes {
		group := t.groupOf[c.Category]
		if day := detect.DayOf(c.Day); group != "" && day >= detect.DayOf(t.frame.HistoryFrom) {
			for _, cell := range t.cellsOf(c, group) {
				cells = append(cells, touched{day, cell})
			}
		}
	}
	return cells
}

// lately is what a tick keeps of the episodes: those that are open or closed a short while ago.
func lately(episodes []detect.Episode, today detect.Day) []detect.Episode {
	kept := []detect.Episode{}
	for _, e := range episodes {
		if e.Open() || e.Closed >= today-detect.Window {
			kept = append(kept, e)
		}
	}
	return kept
}

func packEpisodes(episodes []detect.Episode) (json.RawMessage, error) {
	packed, err := json.Marshal(episodes)
	if err != nil {
		return nil, fmt.Errorf("pack episodes: %w", err)
	}
	return packed, nil
}
