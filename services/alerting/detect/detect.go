// SPDX-License-Identifier: EUPL-1.2

// Package detect decides which places are out of the ordinary: where and of what
// group more incidents happened than is usual there, and when that is over.
//
// It promises that what it says is a function of the counts, the instant and the
// episodes that it is given: the order in which counts came makes no difference, a
// count that is taken back leaves no trace, and the same question has the same
// answer on another day. And it promises a bound: on each level (municipality,
// districts, areas) chance alone crosses the limit for ALERT at most once in
// AlertDays days on average, over all cells of the level together and whatever
// their dependence, as long as rates do not drift and counts are not more dispersed
// than Dispersion says. In made-up towns of 50 areas and 40 incidents a week chance
// raised 0.15 flags a week against the bound of 0.5; 0.47 where a fifth of the
// incidents are told twice and not linked; 0.6, above the bound, where rates drift
// strongly (by a factor of 2.2 a year).
//
// It does no I/O, reads no clock and knows no agencies, reports or names. It does
// not forecast, does not say why, and cannot see a doubling of a rate of one a week
// (that takes 18 in 28 days) nor what is spread over many areas. Seasons, holidays,
// agencies that are new and reports that come late are not in the baseline yet.
//
// It fails only in New and Add, with what is wrong. A Detector is not safe for use
// by several goroutines at once.
//
// The statistic, the baseline and the figures are described in statistic.go and
// baseline.go; Advance (episode.go) makes episodes of findings and Flags (flag.go)
// one flag of episodes that are one thing.
package detect

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"samsyn/events"
)

// Cell is what is counted and looked at: a group of incidents in an area.
type Cell struct {
	Level events.Level
	// Area is the code; on the level of the municipality, the municipality's.
	Area events.AreaCode
	// Group is a detection group, or empty for all of them together.
	Group string
}

// Area is an area of any level.
type Area struct {
	Level  events.Level
	Code   events.AreaCode
	Parent events.AreaCode // the district of an area; else empty
}

// Config says what a Detector looks at. HistoryFrom, Groups and Areas are required.
type Config struct {
	// HistoryFrom is the first day of which incidents may be known.
	HistoryFrom Day
	// Groups are the detection groups, five at most.
	Groups []string
	// Areas are all areas, also those where nothing has happened: every cell has
	// its share of the budget.
	Areas []Area
	// AlertDays and WatchDays are the mean days between chance flags on a level, at
	// least, for the two grades. Default 14 and 2.
	AlertDays, WatchDays float64
	// Dispersion is the variance of counts over their mean. Default 1.3, that of
	// 15 % incidents told twice and not linked.
	Dispersion float64
}

const (
	defaultAlertDays  = 14.0
	defaultDispersion = 1.3
)

// ColdDays is how many days lie between the first incident of a level and the first
// day on which one of its cells can be flagged.
const ColdDays = 56

// maxGroups keeps the limit low: twice the cells cost a quarter to half an incident.
const maxGroups = 5

// Detector holds the daily counts of one municipality and finds the cells that are
// out of the ordinary. It keeps four bytes a day and eight a week for each cell in
// which anything has happened.
type Detector struct {
	config Config
	root   float64 // of the dispersion
	levels []*level
	group  map[string]int // the total is the last
}

// levelOrder is the order of levels in everything that is returned.
var levelOrder = []events.Level{events.LevelMunicipality, events.LevelDistrict, events.LevelArea}

// New returns a Detector without counts. The error names everything that is wrong
// with the Config.
func New(c Config) (*Detector, error) {
	c.AlertDays = orDefault(c.AlertDays, defaultAlertDays)
	c.WatchDays = orDefault(c.WatchDays, 2)
	c.Dispersion = orDefault(c.Dispersion, defaultDispersion)
	if err := c.check(); err != nil {
		return nil, err
	}
	d := &Detector{config: c, root: sqrt(c.Dispersion), group: map[string]int{"": len(c.Groups)}}
	for i, g := range c.Groups {
		d.group[g] = i
	}
	for _, name := range levelOrder {
		d.levels = append(d.levels, newLevel(name, c))
	}
	return d, nil
}

func orDefault(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

func (c Config) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("detector config: "+format, args...)) }
	if len(c.Groups) == 0 || len(c.Groups) > maxGroups {
		wrong("%d groups: there must be one to five", len(c.Groups))
	}
	for i, g := range c.Groups {
		if g == "" || slices.Contains(c.Groups[:i], g) {
			wrong("group %q is empty or stands twice", g)
		}
	}
	seen := map[Area]bool{}
	for _, a := range c.Areas {
		a.Parent = ""
		if a.Code == "" || !slices.Contains(levelOrder, a.Level) {
			wrong("area %q of level %q", a.Code, a.Level)
		} else if seen[a] {
			wrong("%s %q stands twice", a.Level, a.Code)
		}
		seen[a] = true
	}
	if c.AlertDays <= 0 || c.WatchDays <= 0 || c.WatchDays > c.AlertDays {
		wrong("AlertDays %g and WatchDays %g must be positive, the second not above the first", c.AlertDays, c.WatchDays)
	}
	if c.Dispersion < 1 {
		wrong("dispersion %g is below 1", c.Dispersion)
	}
	return errors.Join(errs...)
}

// ErrUnknownCell says that a cell has a level, area or group that the Config lacks.
var ErrUnknownCell = errors.New("unknown cell")

// ErrBeforeHistory says that a day lies before HistoryFrom.
var ErrBeforeHistory = errors.New("before the first day of history")

// Add counts delta incidents more (or fewer) in a cell on a day, and in the cell of
// all groups of the same area. The caller adds an incident on each level that it
// belongs to. The cell must have a group.
func (d *Detector) Add(day Day, c Cell, delta int) error {
	l, area, group, ok := d.find(c)
	if !ok || c.Group == "" {
		return fmt.Errorf("add to %s %q group %q: %w", c.Level, c.Area, c.Group, ErrUnknownCell)
	}
	if day < d.config.HistoryFrom {
		return fmt.Errorf("add on %s: %w, %s", day, ErrBeforeHistory, d.config.HistoryFrom)
	}
	l.add(int(day-d.config.HistoryFrom), area, group, int32(delta))
	return nil
}

// Count returns the incidents in a cell from one day to another, both included.
func (d *Detector) Count(c Cell, from, to Day) int {
	l, area, group, ok := d.find(c)
	if !ok {
		return 0
	}
	return l.cell(area, group).sum(int(from-d.config.HistoryFrom), int(to-d.config.HistoryFrom)+1)
}

func (d *Detector) find(c Cell) (l *level, area, group int, ok bool) {
	i := slices.Index(levelOrder, c.Level)
	if i < 0 {
		return nil, 0, 0, false
	}
	l = d.levels[i]
	area, okArea := l.index[c.Area]
	group, okGroup := d.group[c.Group]
	return l, area, group, okArea && okGroup
}

// Grade is how far a cell is out of the ordinary; empty when it is not.
type Grade = events.Grade

// Finding says how things stand in one cell.
type Finding struct {
	Cell Cell
	// Day is the day that was looked at.
	Day Day
	// Grade is alert, watch, or empty in a cell that is not out of the ordinary.
	Grade Grade
	// LnR is the logarithm of the statistic, Margin what it exceeds the limit for
	// ALERT by: ln R - ln(A C).
	LnR, Margin float64
	// From and To are the window that explains it best. To is Day.
	From, To Day
	// Observed incidents stand against Expected ones, of which 90 % of windows as
	// usual hold Low to High.
	Observed  int
	Expected  float64
	Low, High int
	// RecurrenceDays is the least mean time between chance flags at least this
	// strong on the level: R / C, from the bound of the statistic and not from
	// experience, at most a hundred years.
	RecurrenceDays float64
	// Kept is the number of incidents now in the window that the cell's open episode
	// states; it is below what was stated when reports were taken back.
	Kept int
}

// Evaluate looks at cells as things stand at asOf, whose time zone is the
// municipality's. No cells means all. It returns the cells that are out of the
// ordinary and those of prior that have an open episode, in order of level, area and
// group. Starts up to the day on which a cell's last episode ended calmly are left
// out: what made a flag does not make another. Unknown cells are passed over.
func (d *Detector) Evaluate(asOf time.Time, cells []Cell, prior []Episode) []Finding {
	look := d.lookAt(Current(asOf), prior)
	if cells == nil {
		return look.all()
	}
	var found []Finding
	for _, c := range inOrder(cells) {
		if l, area, group, ok := d.find(c); ok && l.warm(look.day) {
			found = look.cell(found, l, area, group)
		}
	}
	return found
}

func inOrder(cells []Cell) []Cell {
	cells = slices.Clone(cells)
	slices.SortFunc(cells, Cell.compare)
	return slices.Compact(cells)
}
