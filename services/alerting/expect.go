// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"time"

	"samsyn/events"
	"samsyn/services/alerting/detect"
)

// What is usual in each week is worked out for every cell and kept for the page and the API. It is many rows (every area, group and
// week), so it is written little by little between looks: an event that comes meanwhile waits for one portion at most.
const (
	expectWeeks   = 53 // how far back
	expectPortion = 400
	// So many changes of what weeks are judged by make them worth doing again before midnight: a history that is being loaded.
	expectSoon = 100
)

// owing is what is still to be written.
type owing struct {
	cells   []detect.Cell // those not yet done, of weeks from on
	from    detect.Day
	through detect.Day // the last week that is written
	dirty   detect.Day // the first day of history that changed after its weeks were written; 0 for none
	changed int
}

// dirtied notes changes that older expectations do not know.
func (o *owing) dirtied(cells []touched) {
	for _, c := range cells {
		if c.day+detect.Window > o.through {
			continue // no week that is written was judged by it
		}
		if o.dirty == 0 || c.day < o.dirty {
			o.dirty = c.day
		}
		o.changed++
	}
}

// owe begins a round when there is a reason: a new week, or what weeks were judged by changed (at midnight, or a lot of it).
func (t *town) owe(asOf time.Time, midnight, calm bool) {
	o := &t.owing
	if len(o.cells) > 0 {
		return
	}
	monday := detect.DayOf(asOf).Monday()
	var from detect.Day
	switch {
	case o.through == 0:
		from = monday - 7*(expectWeeks-1)
	case o.dirty != 0 && (midnight || calm && o.changed >= expectSoon):
		// A week is judged by what lies four weeks back and more.
		from = max((o.dirty + detect.Window).Monday(), monday-7*(expectWeeks-1))
	case o.through < monday:
		from = max(o.through+7, monday-7*(expectWeeks-1))
	default:
		return
	}
	o.from, o.through, o.dirty, o.changed = from, monday, 0, 0
	o.cells = t.allCells()
}

// allCells lists every cell, coarse levels first.
func (t *town) allCells() []detect.Cell {
	var cells []detect.Cell
	for _, level := range []events.Level{events.LevelMunicipality, events.LevelDistrict, events.LevelArea} {
		for _, a := range t.frame.areas(t.id) {
			if a.Level != level {
				continue
			}
			for _, group := range append([]string{""}, t.groups...) {
				cells = append(cells, detect.Cell{Level: level, Area: a.Code, Group: group})
			}
		}
	}
	return cells
}

// payExpected writes one portion and says whether more is owed.
func (s *Service) payExpected(ctx context.Context, t *town) (more bool, err error) {
	var rows []expectedRow
	o := &t.owing
	for len(o.cells) > 0 && len(rows) < expectPortion {
		cell := o.cells[0]
		o.cells = o.cells[1:]
		for _, week := range t.detector.Expected(cell, o.from, o.through) {
			rows = append(rows, expectedRow{cell, week})
		}
	}
	if len(rows) > 0 {
		err = s.store.expected(ctx, t.id, rows)
	}
	return len(o.cells) > 0, err
}
