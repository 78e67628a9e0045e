// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"samsyn/events"
	"samsyn/internal/sheet"
	"samsyn/schemas"
)

// Mapping says which category an agency's own code stands for.
type Mapping struct {
	// Code is the agency's own, without the x: that it carries in events.
	Code string `json:"code"`
	// Category is one of schemas.Categories.
	Category string `json:"category"`
}

// RowProblem says what is wrong with a line of a table.
type RowProblem struct {
	Line    int    `json:"line"`
	Problem string `json:"problem"`
}

// InvalidRowsError names every line that cannot be used. Nothing was imported.
type InvalidRowsError struct {
	Problems []RowProblem
	// Rows is how many there were in all.
	Rows int
}

// Error lists at most twenty lines.
func (e *InvalidRowsError) Error() string {
	const shown = 20
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d lines cannot be used and nothing was imported", len(e.Problems), e.Rows)
	for i, p := range e.Problems {
		if i == shown {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Problems)-shown)
			break
		}
		fmt.Fprintf(&b, "\n  line %d: %s", p.Line, p.Problem)
	}
	return b.String()
}

const longestCode = 64

// mappingOf checks one mapping; problem is "" when it can be used.
func mappingOf(code, category string, known map[string]bool) (m Mapping, problem string) {
	m = Mapping{Code: strings.TrimPrefix(strings.TrimSpace(code), "x:"), Category: strings.TrimSpace(category)}
	switch {
	case m.Code == "" || utf8.RuneCountInString(m.Code) > longestCode:
		return m, fmt.Sprintf("code %q: want 1-%d characters", m.Code, longestCode)
	case !known[m.Category]:
		return m, fmt.Sprintf("category %q is none of the list (samsyn mapping categories)", m.Category)
	}
	return m, ""
}

func knownCategories() map[string]bool {
	categories, _ := schemas.Categories()
	known := make(map[string]bool, len(categories))
	for _, c := range categories {
		known[c.Code] = true
	}
	return known
}

// SetMappings adds mappings to an agency and changes those of the same code. What
// waits in quarantine for a mapping is not released by it. Errors: *UnknownError,
// *InvalidError.
func (s *Service) SetMappings(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, mappings []Mapping) error {
	known := knownCategories()
	var p problems
	checked := make([]Mapping, len(mappings))
	for i, given := range mappings {
		var problem string
		checked[i], problem = mappingOf(given.Code, given.Category, known)
		p.unless(problem == "", "%s", problem)
	}
	if err := p.err(); err != nil {
		return err
	}
	return s.changeAgency(ctx, m, agency, func(st store, _ Agency) error { return st.putMappings(ctx, m, agency, checked) })
}

// ImportMappings replaces the mappings of an agency by those of a table with the
// columns code and category. Errors: *sheet.Error, *InvalidRowsError, *UnknownError.
func (s *Service) ImportMappings(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, file []byte) (int, error) {
	mappings, err := readMappings(file)
	if err != nil {
		return 0, err
	}
	err = s.changeAgency(ctx, m, agency, func(st store, _ Agency) error {
		if err := st.deleteMappings(ctx, m, agency, nil); err != nil {
			return err
		}
		return st.putMappings(ctx, m, agency, mappings)
	})
	return len(mappings), err
}

func readMappings(file []byte) ([]Mapping, error) {
	table, err := sheet.Read(file)
	if err != nil {
		return nil, err
	}
	code, category := table.Column("code", "kod", "own code", "egen kod"), table.Column("category", "kategori")
	if code < 0 || category < 0 {
		return nil, &sheet.Error{Line: 1, Problem: fmt.Sprintf("want the columns code and category; the table has %s", strings.Join(table.Header, ", "))}
	}
	known, lines := knownCategories(), map[string]int{}
	var mappings []Mapping
	var wrong []RowProblem
	for _, row := range table.Rows {
		m, problem := mappingOf(row.Cell(code), row.Cell(category), known)
		if first, twice := lines[m.Code]; twice && problem == "" {
			problem = fmt.Sprintf("code %q stands on line %d too", m.Code, first)
		}
		if problem != "" {
			wrong = append(wrong, RowProblem{row.Line, problem})
			continue
		}
		lines[m.Code] = row.Line
		mappings = append(mappings, m)
	}
	if len(wrong) > 0 {
		return nil, &InvalidRowsError{Problems: wrong, Rows: len(table.Rows)}
	}
	return mappings, nil
}

// Mappings lists the mappings of an agency by code. Error: *UnknownError.
func (s *Service) Mappings(ctx context.Context, m events.MunicipalityID, agency events.AgencyID) (all []Mapping, err error) {
	err = s.tx(ctx, func(st store) error {
		if _, err := st.agency(ctx, m, agency); err != nil {
			return err
		}
		all, err = st.mappings(ctx, m, agency)
		return err
	})
	return all, err
}

// RemoveMappings takes mappings off an agency. Errors: *UnknownError, for the
// agency or a code.
func (s *Service) RemoveMappings(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, codes []string) error {
	return s.changeAgency(ctx, m, agency, func(st store, _ Agency) error {
		all, err := st.mappings(ctx, m, agency)
		if err != nil {
			return err
		}
		for _, code := range codes {
			if !slices.ContainsFunc(all, func(m Mapping) bool { return m.Code == code }) {
				return &UnknownError{Noun: "mapping", Code: code, Remedy: "samsyn mapping list"}
			}
		}
		return st.deleteMappings(ctx, m, agency, codes)
	})
}
