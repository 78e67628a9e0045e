// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// past is a year of weekly incidents per area, of the categories that are held against
// an expectation.
type past struct {
	last    web.Week
	batch   int64 // the correlator's last that is in it
	version int64 // of the areas
	byArea  map[string]*[yearWeeks]int
}

// from is the first day of the year, at midnight UTC.
func (p *past) from() time.Time { return p.last.Add(1 - yearWeeks).Monday(time.UTC) }

// add moves the count of an area on a day, both ways. Days outside the year are left out.
func (p *past) add(area string, day time.Time, incidents int) {
	i := int(day.Sub(p.from()).Hours()) / (7 * 24)
	if day.Before(p.from()) || i >= yearWeeks {
		return
	}
	weeks := p.byArea[area]
	if weeks == nil {
		weeks = new([yearWeeks]int)
		p.byArea[area] = weeks
	}
	weeks[i] += incidents
}

// week is what all areas had in a week.
func (p *past) week(w web.Week) int {
	i := int(w.Monday(time.UTC).Sub(p.from()).Hours()) / (7 * 24)
	if i < 0 || i >= yearWeeks {
		return 0
	}
	sum := 0
	for _, weeks := range p.byArea {
		sum += weeks[i]
	}
	return sum
}

// burden is an area with what it carried in the year.
type burden struct {
	area      string
	incidents int
	weeks     int // with any incident: a lasting burden, or one bad weekend
}

// burdens are the areas that carry most, and what all areas carry together.
func (p *past) burdens(most int) (top []burden, all int) {
	for area, weeks := range p.byArea {
		b := burden{area: area}
		for _, n := range weeks {
			b.incidents += n
			if n > 0 {
				b.weeks++
			}
		}
		if area != "" && b.incidents > 0 {
			top, all = append(top, b), all+b.incidents
		}
	}
	slices.SortFunc(top, func(x, y burden) int {
		return cmp.Or(cmp.Compare(y.incidents, x.incidents), cmp.Compare(x.area, y.area))
	})
	return top[:min(most, len(top))], all
}

// pasts keeps the year up to the current week of each municipality and folds the
// correlator's journal into it, because summing a hundred thousand counts again for
// every reader takes longer than everything else on the page. Other years, and
// single groups, are summed when they are asked for.
type pasts struct {
	mu   sync.Mutex
	kept map[string]*past
}

// of returns the year up to a week as the transaction sees it.
func (p *pasts) of(ctx context.Context, st store, a ask, ref *reference, words lexicon) (*past, error) {
	head, err := st.readHead(ctx)
	if err != nil {
		return nil, err
	}
	fresh := &past{last: a.week, batch: head, version: ref.version, byArea: map[string]*[yearWeeks]int{}}
	if a.group != "" || a.week != web.WeekOf(lastDay(a.now, a.zone)) {
		return fresh, st.sumPast(ctx, fresh, ref.lowest, words.of(a.group))
	}
	p.mu.Lock()
	kept := p.kept[st.municipality]
	p.mu.Unlock()
	// A head behind the kept one is an older snapshot than another reader's, or a rebuilt journal.
	if kept == nil || kept.last != a.week || kept.version != ref.version || head < kept.batch {
		err = st.sumPast(ctx, fresh, ref.lowest, words.detected)
	} else {
		fresh, err = kept.folded(ctx, st, head, ref.lowest, words.detected)
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.kept[st.municipality] = fresh
	p.mu.Unlock()
	return fresh, nil
}

// folded is the year with the journal's batches up to head in it; what was handed out
// before does not change.
func (p *past) folded(ctx context.Context, st store, head int64, lowest geo.Level, detected []string) (*past, error) {
	if head == p.batch {
		return p, nil
	}
	changes, err := st.readChanges(ctx, p.batch, head, p.from(), lowest, detected)
	if err != nil {
		return nil, err
	}
	next := &past{last: p.last, batch: head, version: p.version, byArea: make(map[string]*[yearWeeks]int, len(p.byArea))}
	for area, weeks := range p.byArea {
		same := *weeks
		next.byArea[area] = &same
	}
	for _, c := range changes {
		next.add(c.Area, c.Day, c.Incidents)
	}
	return next, nil
}
