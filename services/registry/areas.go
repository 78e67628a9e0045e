// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/services/registry/areas"
)

// AreaImport says what a list of areas is for.
type AreaImport struct {
	Municipality events.MunicipalityID
	Level        geo.Level
	// Source names where the areas come from and under what licence, for the foot of a page.
	Source string
	// SkipInvalid imports the areas that can be used and leaves the others out.
	SkipInvalid bool
	// DryRun does everything but store.
	DryRun bool
}

// AreaResult tells what an import did.
type AreaResult struct {
	// System says in which coordinate system the file was read.
	System string `json:"system,omitempty"`
	// New, Changed and Retired count areas; Made counts districts made of their areas.
	New     int `json:"new"`
	Changed int `json:"changed"`
	Retired int `json:"retired"`
	Made    int `json:"districts_made"`
	// Skipped are the features left out because of SkipInvalid.
	Skipped []areas.Problem `json:"skipped"`
	// Codes are those that had to be written differently.
	Codes []areas.CodeChange `json:"codes"`
	// Notes are for a person to read.
	Notes []string `json:"notes"`
	// Version is the municipality's, after the import.
	Version int64 `json:"version"`
}

// InvalidAreasError names every feature that cannot be used. Nothing was imported.
type InvalidAreasError struct {
	Problems []areas.Problem
	// Features is how many there were in all.
	Features int
}

// Error lists at most twenty features, one a line.
func (e *InvalidAreasError) Error() string {
	const shown = 20
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d features cannot be used and nothing was imported", len(e.Problems), e.Features)
	for i, p := range e.Problems {
		if i == shown {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Problems)-shown)
			break
		}
		fmt.Fprintf(&b, "\n  %s", p)
	}
	return b.String()
}

// ImportAreas reads a GeoJSON file and replaces the areas of one level by it. Areas
// that the file does not bring are marked as retired; a code that comes back is
// active again. Errors: *areas.FileError, *InvalidAreasError, *UnknownError, *InvalidError.
func (s *Service) ImportAreas(ctx context.Context, in AreaImport, how areas.File, file []byte) (AreaResult, error) {
	m, err := s.MunicipalityOf(ctx, in.Municipality)
	if err != nil {
		return AreaResult{}, err
	}
	how.Projected = m.EPSG
	content, err := areas.Read(file, how)
	if err != nil {
		return AreaResult{}, err
	}
	result, err := s.SetAreas(ctx, in, content.Features)
	result.System = content.System
	if content.Height {
		result.Notes = append(result.Notes, "the file has heights, which were left out")
	}
	return result, err
}

var errDryRun = errors.New("dry run")

// SetAreas replaces the areas of one level by features in WGS 84, as ImportAreas
// does with those of a file.
func (s *Service) SetAreas(ctx context.Context, in AreaImport, features []areas.Feature) (AreaResult, error) {
	if err := checkLevel(in.Level); err != nil {
		return AreaResult{}, err
	}
	var result AreaResult
	err := s.change(ctx, in.Municipality, func(st store, m Municipality) error {
		known, err := st.areas(ctx, m.Code)
		if err != nil {
			return err
		}
		p := areas.Replace(m.Code, in.Level, in.Source, known, features)
		if len(p.Problems) > 0 && !in.SkipInvalid {
			return &InvalidAreasError{Problems: p.Problems, Features: len(features)}
		}
		if len(p.Store) == 0 {
			return &InvalidAreasError{Problems: p.Problems, Features: len(features)}
		}
		result = resultOf(p, known, m.Version+1)
		if in.DryRun {
			return errDryRun
		}
		return errors.Join(st.putAreas(ctx, m.Code, p.Store), st.retireAreas(ctx, m.Code, p.Retire, s.config.Now()))
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return result, err
}

func checkLevel(level geo.Level) error {
	var p problems
	p.unless(level == geo.LevelMunicipality || level == geo.LevelDistrict || level == geo.LevelArea,
		"level %q: want municipality, district or area", level)
	return p.err()
}

// resultOf counts what the plan changes in what is known.
func resultOf(p areas.Plan, known []areas.Area, version int64) AreaResult {
	was := map[events.AreaCode]bool{}
	for _, a := range known {
		was[a.Code] = !a.Retired
	}
	r := AreaResult{Retired: len(p.Retire), Skipped: p.Problems, Codes: p.Codes, Notes: p.Notes, Version: version}
	for _, a := range p.Store {
		switch {
		case a.MadeOfAreas:
			r.Made++
		case was[a.Code]:
			r.Changed++
		default:
			r.New++
		}
	}
	return r
}

// Areas lists the areas of a municipality by level and code, retired ones only if
// asked for. Error: *UnknownError.
func (s *Service) Areas(ctx context.Context, m events.MunicipalityID, retired bool) ([]areas.Area, error) {
	var found []areas.Area
	err := s.tx(ctx, func(st store) error {
		if _, err := st.municipality(ctx, m); err != nil {
			return err
		}
		all, err := st.areas(ctx, m)
		found = found[:0]
		for _, a := range all {
			if retired || !a.Retired {
				found = append(found, a)
			}
		}
		return err
	})
	return found, err
}

// RetireAreas marks areas of one level as retired: the codes given, or all of the
// level when none is given. Reports are placed in them no longer; what was counted
// stays. It returns how many there were. Errors: *UnknownError, *InvalidError.
func (s *Service) RetireAreas(ctx context.Context, m events.MunicipalityID, level geo.Level, codes []events.AreaCode) (int, error) {
	if err := checkLevel(level); err != nil {
		return 0, err
	}
	var p areas.Plan
	err := s.change(ctx, m, func(st store, _ Municipality) error {
		known, err := st.areas(ctx, m)
		if err != nil {
			return err
		}
		var unknown []events.AreaCode
		if p, unknown = areas.Retire(m, level, known, codes); len(unknown) > 0 {
			return &UnknownError{Noun: string(level), Code: string(unknown[0]), Remedy: "samsyn areas list"}
		}
		return errors.Join(st.retireAreas(ctx, m, p.Retire, s.config.Now()), st.putAreas(ctx, m, p.Store))
	})
	return len(p.Retire), err
}
