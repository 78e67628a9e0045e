// SPDX-License-Identifier: EUPL-1.2

package link

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Graph holds a set of reports and says which of them are one incident. A node is a report, or all
// reports of one agency with one reference. Two nodes of different agencies are joined when each is
// the other's best candidate in that agency; a join that would put two nodes of one agency into one
// episode is refused, the better join first.
//
// Joins are local: they depend on the candidates of the two nodes and on nothing else. A caller that
// holds a part of the reports may therefore ask for the episodes of a set that is closed under Mates
// and Best, provided that it holds the candidates of every member.
type Graph struct {
	nodes map[nodeID]*node
	cells map[Cell][]*node
}

// nodeID is a key for a report of its own, or agency and reference.
type nodeID struct {
	agency, report, reference string
}

type node struct {
	id      nodeID
	reports []Report
}

// Cell is a square of the municipality's projected plane in which reports are looked up.
type Cell struct{ X, Y int32 }

// CellSize is the side of a cell in metres. Larger cells mean fewer look-ups of more reports.
const CellSize = 250.0

// CellOf gives the cell of a point.
func CellOf(x, y float64) Cell {
	return Cell{int32(math.Floor(x / CellSize)), int32(math.Floor(y / CellSize))}
}

// Number packs the cell into one integer, for an index.
func (c Cell) Number() int64 { return int64(c.X)<<32 | int64(uint32(c.Y)) }

// Cells gives the cells that may hold a candidate of a report: those within Reach of its point.
func Cells(r Report) []Cell {
	low, high := CellOf(r.X-Reach, r.Y-Reach), CellOf(r.X+Reach, r.Y+Reach)
	cells := make([]Cell, 0, 4)
	for x := low.X; x <= high.X; x++ {
		for y := low.Y; y <= high.Y; y++ {
			cells = append(cells, Cell{x, y})
		}
	}
	return cells
}

// NewGraph makes an empty graph.
func NewGraph() *Graph {
	return &Graph{nodes: map[nodeID]*node{}, cells: map[Cell][]*node{}}
}

func nodeOf(r Report) nodeID {
	if r.Reference != "" {
		return nodeID{agency: r.Key.Agency, reference: r.Reference}
	}
	return nodeID{agency: r.Key.Agency, report: r.Key.Report}
}

// Add puts reports into the graph; one that is there already is left alone.
func (g *Graph) Add(reports ...Report) {
	for _, r := range reports {
		id := nodeOf(r)
		n := g.nodes[id]
		if n == nil {
			n = &node{id: id}
			g.nodes[id] = n
		}
		if slices.ContainsFunc(n.reports, func(o Report) bool { return o.Key == r.Key }) {
			continue
		}
		n.reports = append(n.reports, r)
		if r.Located {
			cell := CellOf(r.X, r.Y)
			if !slices.Contains(g.cells[cell], n) {
				g.cells[cell] = append(g.cells[cell], n)
			}
		}
	}
}

// Mates gives every report of the node that a report belongs to: those of its agency with its reference.
func (g *Graph) Mates(r Report) []Report {
	if n := g.nodes[nodeOf(r)]; n != nil {
		return n.reports
	}
	return nil
}

// Near gives the reports in the graph that are candidates of a report, which need not be in it.
func (g *Graph) Near(r Report) []Report {
	var near []Report
	for other := range g.candidates([]Report{r}) {
		near = append(near, other.reports...)
	}
	return near
}

// Best gives, for each other agency, the reports of the node that is the best candidate of a report's node.
// Episodes is right for a set of reports that holds the Mates and the Best of each of its members.
func (g *Graph) Best(r Report) []Report {
	n := g.nodes[nodeOf(r)]
	if n == nil {
		return nil
	}
	var best []Report
	for _, other := range g.best(n) {
		best = append(best, other.reports...)
	}
	return best
}

// strength says how well two nodes fit: the better has the smaller span, then the smaller distance.
type strength struct {
	span     time.Duration
	distance float64
}

func (s strength) compare(o strength) int {
	return cmp.Or(cmp.Compare(s.span, o.span), cmp.Compare(s.distance, o.distance))
}

func (g *Graph) candidates(reports []Report) map[*node]strength {
	found := map[*node]strength{}
	for _, r := range reports {
		if !r.Located {
			continue
		}
		for _, cell := range Cells(r) {
			for _, other := range g.cells[cell] {
				if other.id.agency == r.Key.Agency {
					continue
				}
				for _, o := range other.reports {
					if !Candidates(r, o) {
						continue
					}
					s := strength{span(r, o), math.Hypot(r.X-o.X, r.Y-o.Y)}
					if best, ok := found[other]; !ok || s.compare(best) < 0 {
						found[other] = s
					}
				}
			}
		}
	}
	return found
}

// best gives the best candidate in each other agency.
func (g *Graph) best(n *node) map[string]*node {
	all := g.candidates(n.reports)
	best := map[string]*node{}
	for other, s := range all {
		now := best[other.id.agency]
		if now == nil || cmp.Or(s.compare(all[now]), other.id.compare(now.id)) < 0 {
			best[other.id.agency] = other
		}
	}
	return best
}

func (id nodeID) compare(o nodeID) int {
	return cmp.Or(cmp.Compare(id.agency, o.agency), cmp.Compare(id.reference, o.reference), cmp.Compare(id.report, o.report))
}

type join struct {
	a, b *node
	s    strength
}

// Episodes divides the reports of the graph that are within into incidents, sorted by their lead's
// key; a nil within means all of them.
func (g *Graph) Episodes(municipality string, within map[Key]bool) []Episode {
	nodes := g.within(within)
	parent := map[*node]*node{}
	agencies := map[*node]map[string]bool{}
	for _, n := range nodes {
		parent[n] = n
	}
	find := func(n *node) *node {
		for parent[n] != n {
			parent[n] = parent[parent[n]]
			n = parent[n]
		}
		return n
	}
	seen := func(n *node) map[string]bool {
		if agencies[n] == nil {
			agencies[n] = map[string]bool{n.id.agency: true}
		}
		return agencies[n]
	}
	for _, j := range g.joins(nodes) {
		a, b := find(j.a), find(j.b)
		if a == b || overlap(seen(a), seen(b)) {
			continue
		}
		parent[b] = a
		for agency := range seen(b) {
			agencies[a][agency] = true
		}
	}
	members := map[*node][]Report{}
	for _, n := range nodes {
		root := find(n)
		members[root] = append(members[root], n.reports...)
	}
	episodes := make([]Episode, 0, len(members))
	for _, reports := range members {
		slices.SortFunc(reports, func(a, b Report) int { return a.Key.Compare(b.Key) })
		episodes = append(episodes, Episode{ID: ID(municipality, reports), Lead: Lead(reports), Reports: reports})
	}
	slices.SortFunc(episodes, func(a, b Episode) int { return a.Lead.Key.Compare(b.Lead.Key) })
	return episodes
}

func (g *Graph) within(keys map[Key]bool) []*node {
	nodes := make([]*node, 0, len(g.nodes))
	for _, n := range g.nodes {
		if keys == nil || keys[n.reports[0].Key] {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (g *Graph) joins(nodes []*node) []join {
	var joins []join
	best := map[*node]map[string]*node{}
	of := func(n *node) map[string]*node {
		if best[n] == nil {
			best[n] = g.best(n)
		}
		return best[n]
	}
	for _, n := range nodes {
		for _, other := range of(n) {
			if n.id.compare(other.id) < 0 && of(other)[n.id.agency] == n {
				joins = append(joins, join{n, other, g.candidates(n.reports)[other]})
			}
		}
	}
	slices.SortFunc(joins, func(a, b join) int {
		return cmp.Or(a.s.compare(b.s), a.a.id.compare(b.a.id), a.b.id.compare(b.b.id))
	})
	return joins
}

func overlap(a, b map[string]bool) bool {
	for agency := range a {
		if b[agency] {
			return true
		}
	}
	return false
}
