// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"strings"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/schemas"
)

// reference is what the registry says about one municipality at one version: everything a verdict
// needs to know beside the event. It never changes; a new version is a new reference.
type reference struct {
	municipality events.MunicipalityID
	version      int64
	zone         *time.Location
	projection   geo.Projection
	// history is the first instant of the municipality's history: what occurred before is too old.
	history    time.Time
	replayed   bool
	areas      *geo.Index
	agencies   map[events.AgencyID]agency
	groups     map[string]bool
	mappings   map[events.AgencyID]map[string]string
	properties map[events.AgencyID]map[string]orb.Point
	categories map[string]schemas.Category
}

type agency struct {
	sharing     string
	textAllowed bool
}

// category resolves a code: the shared list, or the agency's own code by its mapping.
func (r *reference) category(a events.AgencyID, code string) (c schemas.Category, mapped, known bool) {
	if own, ok := strings.CutPrefix(code, "x:"); ok {
		code, mapped = r.mappings[a][own], true
	}
	c, known = r.categories[code]
	return c, mapped, known
}

// property looks a key or an address up in the agency's register.
func (r *reference) property(a events.AgencyID, name string) (orb.Point, bool) {
	p, ok := r.properties[a][strings.ToLower(name)]
	return p, ok
}

// openness orders who may open a report, the most restrictive first.
var openness = map[string]int{"withheld": 0, "counts": 1, "coordinators": 2, "partners": 3}

// sharing is the most restrictive of what the agreement and the report say.
func (r *reference) sharing(a events.AgencyID, said string) string {
	agreed := r.agencies[a].sharing
	if said != "" && openness[said] < openness[agreed] {
		return said
	}
	return agreed
}
