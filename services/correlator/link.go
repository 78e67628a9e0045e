// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/services/correlator/link"
)

// entry is one report that a batch holds in its hands: as it stood before the batch, nil where there
// was none, and as it stands now.
type entry struct {
	before, after *report
	changed       bool
}

// neighbourhood is the part of a municipality's reports that a batch may have to link anew: what the
// batch changed, and as much around it as the answer depends on.
type neighbourhood struct {
	store   *store
	ref     *reference
	entries map[link.Key]*entry
	graph   *link.Graph
	// expanded are the reports whose candidates, mates and former episode are loaded.
	expanded map[link.Key]bool
	// candidates were read together with what stood: those of the rows looked around.
	candidates []*report
	looked     map[*report]bool
}

func newNeighbourhood(s *store, ref *reference) *neighbourhood {
	return &neighbourhood{store: s, ref: ref, entries: map[link.Key]*entry{}, graph: link.NewGraph(), expanded: map[link.Key]bool{}, looked: map[*report]bool{}}
}

// put replaces a report by what the batch made of it.
func (n *neighbourhood) put(before, after *report) {
	n.entries[after.key()] = &entry{before: before, after: after, changed: true}
}

// look asks for the candidates of a row before it is known whether it will stand.
func (n *neighbourhood) look(q *candidateQuery, row *report) {
	if n.looked[row] = true; row.Counted {
		q.around(row.linkable(n.ref.projection))
	}
}

// relink finds the episodes of everything the batch changed and writes them into the entries.
func (n *neighbourhood) relink(ctx context.Context, tx pgx.Tx) error {
	touched := make([]*entry, 0, len(n.entries))
	for _, e := range n.entries {
		touched = append(touched, e)
		if e.after.Counted {
			n.graph.Add(e.after.linkable(n.ref.projection))
		}
	}
	n.add(n.candidates)
	if err := n.expand(ctx, tx, touched); err != nil {
		return err
	}
	scope := n.scopeOf(touched)
	for {
		var missing []*entry
		for k := range scope {
			if !n.expanded[k] {
				missing = append(missing, n.entries[k])
			}
		}
		if len(missing) > 0 {
			if err := n.expand(ctx, tx, missing); err != nil {
				return err
			}
		}
		if !n.grow(scope) && len(missing) == 0 {
			break
		}
	}
	n.assign(scope)
	return nil
}

// scopeOf is what the changed reports may move: themselves, and the candidates of what they were and
// are. Most are alone and were alone before: they stand as they were drafted.
func (n *neighbourhood) scopeOf(touched []*entry) map[link.Key]bool {
	scope := map[link.Key]bool{}
	for _, e := range touched {
		alone := e.before == nil || e.before.Reports == 1
		for _, version := range []*report{e.before, e.after} {
			if version == nil || !version.Counted {
				continue
			}
			l := version.linkable(n.ref.projection)
			others := n.graph.Near(l)
			if mates := n.graph.Mates(l); len(mates) > 1 {
				others = append(others, mates...)
			}
			alone = alone && len(others) == 0
			for _, other := range others {
				scope[other.Key] = true
			}
		}
		if !alone {
			scope[e.after.key()] = true
		}
	}
	return scope
}

// grow closes the scope under best candidates, mates and former episodes; it reports whether it grew.
func (n *neighbourhood) grow(scope map[link.Key]bool) bool {
	size := len(scope)
	episodes := map[uuid.UUID]bool{}
	for k := range scope {
		e := n.entries[k]
		if e.before != nil {
			episodes[e.before.Episode] = true
		}
		if !e.after.Counted {
			continue
		}
		l := e.after.linkable(n.ref.projection)
		for _, r := range n.graph.Mates(l) {
			scope[r.Key] = true
		}
		for _, r := range n.graph.Best(l) {
			scope[r.Key] = true
		}
	}
	for k, e := range n.entries {
		if e.before != nil && e.before.Counted && episodes[e.before.Episode] {
			scope[k] = true
		}
	}
	return len(scope) > size
}

// expand loads what the episodes of some reports depend on: candidates and mates of what they were
// and are, and the rest of the episodes they were in.
func (n *neighbourhood) expand(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	var q candidateQuery
	for _, e := range entries {
		n.expanded[e.after.key()] = true
		for _, version := range []*report{e.before, e.after} {
			if version != nil && !n.looked[version] {
				n.look(&q, version)
			}
		}
		if e.before != nil && e.before.Counted && e.before.Reports > 1 {
			q.episodes = append(q.episodes, e.before.Episode)
		}
	}
	rows, err := n.store.candidates(ctx, tx, n.ref.municipality, q)
	if err != nil {
		return err
	}
	n.add(rows)
	return nil
}

func (n *neighbourhood) add(rows []*report) {
	for _, row := range rows {
		if n.entries[row.key()] == nil {
			n.entries[row.key()] = &entry{before: row, after: row}
			n.graph.Add(row.linkable(n.ref.projection))
		}
	}
}

// assign writes the episodes of the scope into its reports. A row that changes is copied first, so
// that before stays what it was.
func (n *neighbourhood) assign(scope map[link.Key]bool) {
	for _, episode := range n.graph.Episodes(string(n.ref.municipality), scope) {
		agencies := episode.Agencies()
		for _, r := range episode.Reports {
			e := n.entries[r.Key]
			row := *e.after
			row.Episode, row.Lead = episode.ID, r.Key == episode.Lead.Key
			row.Agencies, row.Reports = agencies, int32(len(episode.Reports))
			if e.changed || row.Episode != e.after.Episode || row.Lead != e.after.Lead || row.Reports != e.after.Reports || !slices.Equal(agencies, e.after.Agencies) {
				e.after, e.changed = &row, true
			}
		}
	}
}

// candidateQuery asks for reports by cell and time, by reference, and by episode.
type candidateQuery struct {
	cells      []int64
	froms, tos []time.Time
	agencies   []string
	references []string
	episodes   []uuid.UUID
}

func (q *candidateQuery) empty() bool { return len(q.cells)+len(q.references)+len(q.episodes) == 0 }

func (q *candidateQuery) args(m events.MunicipalityID) []any {
	return []any{string(m), q.cells, q.froms, q.tos, q.agencies, q.references, q.episodes}
}

func (q *candidateQuery) around(r link.Report) {
	if r.Reference != "" {
		q.agencies = append(q.agencies, r.Key.Agency)
		q.references = append(q.references, r.Reference)
	}
	if !r.Located || r.To.Sub(r.From) > link.Span {
		return
	}
	for _, cell := range link.Cells(r) {
		q.cells = append(q.cells, cell.Number())
		q.froms = append(q.froms, r.To.Add(-link.Span))
		q.tos = append(q.tos, r.From.Add(link.Span))
	}
}
