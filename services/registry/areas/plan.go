// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
)

// Area is an area of a municipality as it is stored.
type Area struct {
	Code  events.AreaCode
	Level geo.Level
	Name  string
	// Parent is the district of an area; empty when no district holds it.
	Parent events.AreaCode
	// ParentGiven says that the source named the parent; otherwise it follows the
	// polygons, and is worked out again when the districts change.
	ParentGiven bool
	// MadeOfAreas says that a district has no border of its own: it is the polygons of its areas.
	MadeOfAreas bool
	Population  *int
	Geometry    orb.MultiPolygon
	Source      string
	Retired     bool
}

// Problem says why one feature cannot be used.
type Problem struct {
	Feature int      `json:"feature"`
	Code    string   `json:"code"`
	Reasons []string `json:"problems"`
}

// String names the feature and its problems.
func (p Problem) String() string {
	return fmt.Sprintf("feature %d (%s): %s", p.Feature, cmp.Or(p.Code, "no code"), strings.Join(p.Reasons, "; "))
}

// CodeChange tells what an area is called here when its own code cannot be carried in a subject.
type CodeChange struct {
	From string          `json:"from"`
	To   events.AreaCode `json:"to"`
}

// Plan is what an import or a retirement does.
type Plan struct {
	// Store are areas to write, new ones and changed ones.
	Store []Area
	// Retire are active areas that are no more.
	Retire []events.AreaCode
	// Problems are the features that were left out.
	Problems []Problem
	// Codes are those that had to be written differently.
	Codes []CodeChange
	// Notes are for a person to read.
	Notes []string
}

// planner works out an import: what we know and what the file says give what to
// store, and why. It reads and writes nothing.
type planner struct {
	municipality events.MunicipalityID
	level        geo.Level
	source       string
	known        []Area // of the municipality, not retired
	active       map[events.AreaCode]Area
	bordered     []Area     // districts with a border of their own
	border       *geo.Index // of the municipality; nil without one
	plan         Plan
	byCode       map[events.AreaCode]int // number of the feature that took the code
}

// Replace decides what becomes of the areas of one level when features take their
// place. known are the municipality's areas of all levels, retired ones too.
func Replace(m events.MunicipalityID, level geo.Level, source string, known []Area, features []Feature) Plan {
	p := newPlanner(m, level, source, known)
	if level == geo.LevelMunicipality {
		features = p.oneMunicipality(features)
	}
	for _, f := range features {
		p.take(f)
	}
	switch level {
	case geo.LevelArea:
		p.makeDistricts()
		p.plan.Store = p.withParents(p.plan.Store, p.districts())
	case geo.LevelDistrict:
		p.plan.Store = append(p.plan.Store, p.withParents(p.orphans(), p.districts())...)
	}
	if level != geo.LevelMunicipality {
		p.noteOverlaps()
	}
	p.retireMissing()
	return p.plan
}

func newPlanner(m events.MunicipalityID, level geo.Level, source string, known []Area) *planner {
	p := &planner{municipality: m, level: level, source: source, active: map[events.AreaCode]Area{}, byCode: map[events.AreaCode]int{}}
	var border []Area
	for _, a := range known {
		if a.Retired {
			continue
		}
		p.known = append(p.known, a)
		p.active[a.Code] = a
		switch {
		case a.Level == geo.LevelDistrict && !a.MadeOfAreas:
			p.bordered = append(p.bordered, a)
		case a.Level == geo.LevelMunicipality:
			border = append(border, a)
		}
	}
	if index, err := Index(border); err == nil && len(border) > 0 && level != geo.LevelMunicipality {
		p.border = index
	}
	return p
}

// oneMunicipality picks the municipality out of a file of many, and gives the only
// feature of a file its code: figures of the whole municipality carry that code.
func (p *planner) oneMunicipality(features []Feature) []Feature {
	if i := slices.IndexFunc(features, func(f Feature) bool { return f.Code == string(p.municipality) }); i >= 0 {
		return features[i : i+1]
	}
	if len(features) > 1 {
		p.plan.Problems = append(p.plan.Problems, Problem{Feature: 1, Code: features[0].Code, Reasons: []string{
			fmt.Sprintf("none of the %d features has the municipality's code %s", len(features), p.municipality),
		}})
		return nil
	}
	only := features[0]
	p.plan.Codes = append(p.plan.Codes, CodeChange{From: only.Code, To: events.AreaCode(p.municipality)})
	only.Code = string(p.municipality)
	return []Feature{only}
}

// take makes an area of a feature or notes what is wrong with it.
func (p *planner) take(f Feature) {
	reasons := slices.Clone(f.Problems)
	code := CodeOf(f.Code)
	switch first, twice := p.byCode[code]; {
	case f.Code == "": // named when it was read
	case code == "":
		reasons = append(reasons, fmt.Sprintf("nothing of the code %q can be used (letters, digits, _ and -)", f.Code))
	case twice:
		reasons = append(reasons, fmt.Sprintf("the code %s is that of feature %d too", code, first))
	default:
		p.byCode[code] = f.Number
		if code == events.AreaCode(p.municipality) && p.level != geo.LevelMunicipality {
			reasons = append(reasons, fmt.Sprintf("the code %s stands for the whole municipality", code))
		} else if other, ok := p.active[code]; ok && other.Level != p.level {
			reasons = append(reasons, fmt.Sprintf("%s is already a %s of %s; retire it first (samsyn areas retire)", code, other.Level, p.municipality))
		}
	}
	parent, reason := p.parent(f)
	if reason != "" {
		reasons = append(reasons, reason)
	}
	if len(reasons) == 0 && p.border != nil {
		reasons = append(reasons, p.outside(code, f.Geometry)...)
	}
	if len(reasons) > 0 {
		p.plan.Problems = append(p.plan.Problems, Problem{Feature: f.Number, Code: f.Code, Reasons: reasons})
		return
	}
	if string(code) != f.Code {
		p.plan.Codes = append(p.plan.Codes, CodeChange{From: f.Code, To: code})
	}
	p.plan.Store = append(p.plan.Store, Area{
		Code: code, Level: p.level, Name: cmp.Or(f.Name, f.Code), Parent: parent, ParentGiven: parent != "",
		Population: f.Population, Geometry: f.Geometry, Source: p.source,
	})
}

// outside refuses an area that lies outside the municipality, and notes one that
// reaches out of it: reports are not taken there.
func (p *planner) outside(code events.AreaCode, area orb.MultiPolygon) (reasons []string) {
	switch share := shareInside(samples(area), p.border); {
	case share == 0:
		return []string{fmt.Sprintf("lies outside municipality %s", p.municipality)}
	case share < worthANote:
		p.note("%.0f %% of %s lies outside the border of the municipality, where no report is taken", 100*(1-share), code)
	}
	return nil
}

// worthANote is the share of an area that a person need not be told about, because a
// generalised border makes as much.
const worthANote = 0.97

func (p *planner) note(format string, args ...any) {
	p.plan.Notes = append(p.plan.Notes, fmt.Sprintf(format, args...))
}

// noteOverlaps tells which areas of the level lie in each other: a point there is
// counted in the lower code only.
func (p *planner) noteOverlaps() {
	level := slices.DeleteFunc(slices.Clone(p.plan.Store), func(a Area) bool { return a.Level != p.level })
	index, err := Index(level)
	if err != nil {
		return
	}
	for _, a := range level {
		other, share := mostIn(samples(a.Geometry), func(f geo.Found) string {
			holder := f.Area
			if p.level == geo.LevelDistrict {
				holder = f.District
			}
			if holder == string(a.Code) {
				return ""
			}
			return holder
		}, index)
		if 1-share < worthANote {
			p.note("%.0f %% of %s lies in %s too, and is counted there", 100*share, a.Code, other)
		}
	}
}

// parent reads the parent that the file gives an area. Districts that were imported
// are the only ones there are; without any, areas bring theirs with them.
func (p *planner) parent(f Feature) (parent events.AreaCode, reason string) {
	if f.Parent == "" || p.level != geo.LevelArea {
		return "", ""
	}
	parent = CodeOf(f.Parent)
	other, ok := p.active[parent]
	switch {
	case parent == "":
		return "", fmt.Sprintf("nothing of the parent %q can be used (letters, digits, _ and -)", f.Parent)
	case ok && other.Level != geo.LevelDistrict:
		return "", fmt.Sprintf("its parent %s is a %s, not a district", parent, other.Level)
	case !ok && len(p.bordered) > 0:
		return "", fmt.Sprintf("its parent %s is no district of %s; there are %s", parent, p.municipality, codesOf(p.bordered))
	}
	return parent, ""
}

// makeDistricts makes the districts that only their areas name: their polygons are
// those of the areas, their people the sum.
func (p *planner) makeDistricts() {
	made := map[events.AreaCode]*Area{}
	for _, a := range p.plan.Store {
		if other, ok := p.active[a.Parent]; a.Parent == "" || ok && !other.MadeOfAreas {
			continue
		}
		d := made[a.Parent]
		if d == nil {
			d = &Area{Code: a.Parent, Level: geo.LevelDistrict, Name: string(a.Parent), MadeOfAreas: true, Source: p.source, Population: new(int)}
			made[a.Parent] = d
		}
		d.Geometry = append(d.Geometry, a.Geometry...)
		d.Population = sum(d.Population, a.Population)
	}
	var districts []Area
	for _, code := range slices.Sorted(maps.Keys(made)) {
		if number, taken := p.byCode[code]; taken {
			p.plan.Problems = append(p.plan.Problems, Problem{Feature: number, Code: string(code), Reasons: []string{
				"the code is that of an area and of the parent of areas",
			}})
			continue
		}
		districts = append(districts, *made[code])
	}
	if len(districts) > 0 {
		p.note("%d districts are made of their areas: %s", len(districts), codesOf(districts))
	}
	p.plan.Store = append(districts, p.plan.Store...)
}

// sum is nil when either is not known.
func sum(a, b *int) *int {
	if a == nil || b == nil {
		return nil
	}
	total := *a + *b
	return &total
}

// orphans are the stored areas whose parent the polygons decide, or whose parent
// is about to go.
func (p *planner) orphans() []Area {
	var found []Area
	for _, a := range p.known {
		if _, stays := p.byCode[a.Parent]; a.Level == geo.LevelArea && (!a.ParentGiven || !stays) {
			found = append(found, a)
		}
	}
	return found
}

// withParents gives areas whose parent is not given, or not among the districts,
// the district that holds most of them.
func (p *planner) withParents(areas, districts []Area) []Area {
	stays := map[events.AreaCode]bool{}
	for _, d := range districts {
		stays[d.Code] = true
	}
	index, err := Index(districts)
	if err != nil || len(districts) == 0 {
		index = nil
	}
	for i := range areas {
		a := &areas[i]
		if a.Level != geo.LevelArea || a.ParentGiven && stays[a.Parent] {
			continue
		}
		a.Parent, a.ParentGiven = "", false
		if index == nil {
			continue
		}
		code, share := mostIn(samples(a.Geometry), func(f geo.Found) string { return f.District }, index)
		a.Parent = events.AreaCode(code)
		if code == "" {
			p.note("%s lies in no district", a.Code)
		} else if share < worthANote {
			p.note("%s is counted in %s, where %.0f %% of it lies", a.Code, code, 100*share)
		}
	}
	return areas
}

// districts are those that hold after the import.
func (p *planner) districts() []Area {
	if p.level == geo.LevelDistrict {
		return slices.Clone(p.plan.Store)
	}
	var districts []Area
	for _, a := range p.plan.Store {
		if a.Level == geo.LevelDistrict {
			districts = append(districts, a)
		}
	}
	return append(districts, p.bordered...)
}

// retireMissing retires the active areas of the level, and the districts made of
// areas, that the import does not bring again.
func (p *planner) retireMissing() {
	kept := map[events.AreaCode]bool{}
	for _, a := range p.plan.Store {
		kept[a.Code] = true
	}
	for _, a := range p.known {
		replaced := a.Level == p.level || a.MadeOfAreas && p.level != geo.LevelMunicipality
		if replaced && !kept[a.Code] {
			p.plan.Retire = append(p.plan.Retire, a.Code)
		}
	}
	slices.Sort(p.plan.Retire)
}

// Index finds the areas that hold a point.
func Index(areas []Area) (*geo.Index, error) {
	in := make([]geo.Area, len(areas))
	for i, a := range areas {
		in[i] = geo.Area{Code: string(a.Code), Level: a.Level, Parent: string(a.Parent), Geometry: a.Geometry}
	}
	return geo.NewIndex(in)
}

func codesOf(areas []Area) string {
	const shown = 12
	codes := make([]string, 0, shown+1)
	for i, a := range areas {
		if i == shown {
			codes = append(codes, fmt.Sprintf("%d more", len(areas)-shown))
			break
		}
		codes = append(codes, string(a.Code))
	}
	return strings.Join(codes, ", ")
}

// Retire decides what becomes of the areas when some of a level, or all when no
// code is given, are retired. Unknown are the codes that no active area of the level has.
func Retire(m events.MunicipalityID, level geo.Level, known []Area, codes []events.AreaCode) (plan Plan, unknown []events.AreaCode) {
	p := newPlanner(m, level, "", known)
	gone := map[events.AreaCode]bool{}
	for _, code := range codes {
		if a, ok := p.active[code]; !ok || a.Level != level {
			unknown = append(unknown, code)
		}
		gone[code] = true
	}
	for _, a := range p.known {
		if a.Level == level && (gone[a.Code] || len(codes) == 0) {
			p.plan.Retire = append(p.plan.Retire, a.Code)
			gone[a.Code] = true
		}
	}
	if level != geo.LevelDistrict {
		return p.plan, unknown
	}
	var stay, orphans []Area
	for _, a := range p.known {
		switch {
		case a.Level == geo.LevelDistrict && !gone[a.Code]:
			stay = append(stay, a)
		case a.Level == geo.LevelArea && gone[a.Parent]:
			orphans = append(orphans, a)
		}
	}
	p.plan.Store = p.withParents(orphans, stay)
	return p.plan, unknown
}
