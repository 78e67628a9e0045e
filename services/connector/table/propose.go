// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/internal/privacy"
	"samsyn/internal/sheet"
)

// unknown stands where a person must fill in a column: no file has one of that name, so nothing can be sent before.
const unknown = "?"

// Propose writes a mapping for files like this one, with what was found in it beside each line, for a person to look
// through. It is a proposal: what the columns mean only their owner knows. Errors: *sheet.Error.
func Propose(file []byte, name string, now time.Time) ([]byte, error) {
	s, err := sheet.Read(file)
	if err != nil {
		return nil, err
	}
	if len(s.Rows) == 0 {
		return nil, &sheet.Error{Problem: "there is a header and no row: nothing can be found out from it"}
	}
	p := proposal{sheet: s, columns: survey(s)}
	p.write(name, now)
	return []byte(p.text.String()), nil
}

// proposal is a mapping on its way to paper.
type proposal struct {
	sheet   sheet.Sheet
	columns []*surveyed
	text    strings.Builder
}

func (p *proposal) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

func (p *proposal) write(name string, now time.Time) {
	p.line("# Förslag från samsyn connect --init, gjort av %s den %s (%d rader).", oneLine(name), now.Format(time.DateOnly), len(p.sheet.Rows))
	p.line("# Läs igenom varje rad och rätta det som är fel. Där det står \"?\" måste en kolumn anges.")
	p.line("# Prova sedan utan att något skickas:  samsyn connect KATALOG --dry-run")
	p.line("version: 1")
	p.line("encoding: %s", p.sheet.Encoding)
	p.line("separator: %s", strconv.Quote(string(p.sheet.Separator)))
	p.line("time_zone: %s  # för klockslag utan förskjutning", defaultZone)
	p.report()
	p.when()
	p.category()
	p.place()
	p.rest()
	p.unused()
}

func (p *proposal) report() {
	p.line("")
	p.line("# Kolumnen som ger rapporten dess namn, för alltid: samma nummer är samma rapport, även i nästa fil.")
	p.line("report:")
	best := p.best(asReport)
	if best != nil && best.distinct == len(p.sheet.Rows) {
		p.line("  columns: [%s]  # %s", best.quoted(), best.found())
		return
	}
	p.line("  # Ingen kolumn har ett eget värde på varje rad. Då namnges rapporten av vad dessa kolumner säger:")
	p.line("  # ändras en av dem i efterhand blir raden en ny rapport. Bättre är ett ärendenummer i exporten.")
	var names []string
	for _, c := range p.columns {
		if c.filled > 0 && !c.prose {
			c.used = true
			names = append(names, c.quoted())
		}
	}
	p.line("  columns: [%s]", strings.Join(names, ", "))
	p.line("  as: hash")
}

func (p *proposal) when() {
	p.line("")
	p.line("# När det hände. Utan klockslag räknas hela dagen.")
	p.line("occurred:")
	p.line("  from: %s", p.moment(asFrom))
	if c := p.peek(asTo); c != nil {
		p.line("  to: %s", p.moment(asTo))
	}
	if c := p.peek(asReported); c != nil {
		p.line("reported: %s", p.moment(asReported))
	}
}

// moment writes a date column with its format, and the time column that belongs to it.
func (p *proposal) moment(of meaning) string {
	date := p.best(of)
	if date == nil {
		return fmt.Sprintf("{date: %s}", strconv.Quote(unknown))
	}
	parts := []string{"date: " + date.quoted()}
	if of == asFrom && !strings.Contains(date.format, "H") {
		if clock := p.best(asClock); clock != nil {
			parts = append(parts, "time: "+clock.quoted())
		}
	}
	if date.format != "" {
		parts = append(parts, "format: "+strconv.Quote(date.format))
	}
	return fmt.Sprintf("{%s}  # %s", strings.Join(parts, ", "), date.found())
}

func (p *proposal) category() {
	p.line("")
	p.line("# Vad det var. Koderna visas av samsyn mapping categories; skip betyder att raden inte skickas.")
	p.line("category:")
	c := p.best(asCategory)
	if c == nil {
		p.line("  column: %s", strconv.Quote(unknown))
		p.line("  values: {}")
		return
	}
	p.line("  column: %s", c.quoted())
	p.line("  values:")
	values := c.counted()
	open := 0
	for _, v := range values {
		if code := likely(v.text); code != "" {
			p.line("    %s: %s  # %d rader", strconv.Quote(v.text), code, v.n)
			continue
		}
		open++
		p.line("    # %s: ?  # %d rader", strconv.Quote(v.text), v.n)
	}
	if open == len(values) {
		p.line("    {}")
	}
	p.line("  other: refuse  # det som inte står ovan: refuse (raden avvisas), skip, eller send (som egen kod)")
}

func (p *proposal) place() {
	p.line("")
	p.line("# Var det hände: koordinater, annars fastighet eller adress ur ert register, annars område.")
	p.line("place:")
	n := 0
	pair := func(nameX string, x meaning, nameY string, y meaning) {
		if p.peek(x) == nil || p.peek(y) == nil {
			return
		}
		cx, cy := p.best(x), p.best(y)
		p.line("  %s: %s  # %s", nameX, cx.quoted(), cx.found())
		p.line("  %s: %s  # %s", nameY, cy.quoted(), cy.found())
		n++
	}
	pair("lon", asLon, "lat", asLat)
	pair("easting", asEasting, "northing", asNorthing)
	if c := p.best(asProperty); c != nil {
		p.line("  property: [%s]  # %s", c.quoted(), c.found())
		n++
	}
	if c := p.best(asArea); c != nil {
		p.line("  area: %s  # %s", c.quoted(), c.found())
		n++
	}
	if n == 0 {
		p.line("  property: [%s]", strconv.Quote(unknown))
	}
}

func (p *proposal) rest() {
	p.line("")
	p.line("# Fritext är frivillig. Den granskas innan den skickas, och en rad med en personuppgift avvisas.")
	if c := p.best(asText); c != nil {
		p.line("# text: %s", c.quoted())
	}
	if c := p.best(asPlaceType); c != nil {
		p.line("# place_type: {column: %s, values: {Trapphus: stairwell}, other: leave_out}", c.quoted())
	}
	if c := p.best(asSeverity); c != nil {
		p.line("# severity: {column: %s, values: {Låg: 1, Hög: 3}, other: leave_out}", c.quoted())
	}
}

func (p *proposal) unused() {
	first := true
	for _, c := range p.columns {
		if c.used {
			continue
		}
		if first {
			p.line("")
			p.line("# Kolumner som inte används:")
			first = false
		}
		p.line("#   %s  %s", c.quoted(), c.found())
	}
}

// surveyed is a column and what was found in it.
type surveyed struct {
	name     string
	rows     int
	filled   int
	distinct int
	counts   map[string]int
	order    []string // distinct values as they came
	prose    bool
	format   string // of dates
	used     bool
	kinds    kinds
}

func survey(s sheet.Sheet) []*surveyed {
	var all []*surveyed
	for i, name := range s.Header {
		if name == "" {
			continue
		}
		c := &surveyed{name: name, rows: len(s.Rows), counts: map[string]int{}}
		length := 0
		for _, row := range s.Rows {
			cell := row.Cell(i)
			if cell == "" {
				continue
			}
			c.filled++
			length += len(cell)
			if c.counts[cell]++; c.counts[cell] == 1 {
				c.order = append(c.order, cell)
			}
		}
		c.distinct = len(c.order)
		c.prose = c.filled > 0 && length/c.filled > 40
		c.kinds = kindsOf(c.order)
		c.format = c.kinds.format
		all = append(all, c)
	}
	return all
}

func (c *surveyed) quoted() string { return strconv.Quote(c.name) }

// found tells what was seen, in words and samples. Prose and what looks like personal data is not shown.
func (c *surveyed) found() string {
	words := fmt.Sprintf("ifylld på %d av %d rader, %d olika värden", c.filled, c.rows, c.distinct)
	var samples []string
	for _, v := range c.order {
		if len(samples) == 3 || c.prose {
			break
		}
		if len(privacy.Screen(v)) == 0 && len(v) <= 40 {
			samples = append(samples, strconv.Quote(v))
		}
	}
	if len(samples) > 0 {
		words += ", t.ex. " + strings.Join(samples, ", ")
	}
	return oneLine(words)
}

type value struct {
	text string
	n    int
}

// counted lists the values, the most common first.
func (c *surveyed) counted() []value {
	values := make([]value, len(c.order))
	for i, text := range c.order {
		values[i] = value{text, c.counts[text]}
	}
	slices.SortStableFunc(values, func(a, b value) int { return cmp.Compare(b.n, a.n) })
	return values
}

// peek finds the column that most likely has a meaning and is not used yet; nil where none does.
func (p *proposal) peek(of meaning) *surveyed {
	var best *surveyed
	most := 0
	for _, c := range p.columns {
		if score := c.score(of); !c.used && score > most {
			best, most = c, score
		}
	}
	return best
}

// best takes it.
func (p *proposal) best(of meaning) *surveyed {
	c := p.peek(of)
	if c != nil {
		c.used = true
	}
	return c
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
