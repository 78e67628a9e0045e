// SPDX-License-Identifier: EUPL-1.2

package schemas

import (
	"regexp"
	"testing"
)

// A wrong row here would be counted wrong in every municipality.
func TestEveryCategoryIsWholeAndKnowsItsGroup(t *testing.T) {
	categories, groups := Categories()
	known, detected := map[string]bool{}, 0
	for _, g := range groups {
		if known[g.Code] || g.SV == "" || g.EN == "" {
			t.Errorf("group %+v is a duplicate or incomplete", g)
		}
		known[g.Code] = true
		if g.Detected {
			detected++
		}
	}
	if detected != 5 {
		t.Errorf("%d groups are detected, the contract names 5", detected)
	}
	form, seen := regexp.MustCompile(`^[a-z][a-z_]{2,31}$`), map[string]bool{}
	for _, c := range categories {
		if seen[c.Code] || !form.MatchString(c.Code) {
			t.Errorf("code %q is a duplicate or malformed", c.Code)
		}
		seen[c.Code] = true
		if !known[c.Group] || c.SV == "" || c.EN == "" || c.DescriptionEN == "" {
			t.Errorf("%s: group, names or description missing", c.Code)
		}
		if c.DefaultSeverity < 1 || c.DefaultSeverity > 4 {
			t.Errorf("%s: severity %d", c.Code, c.DefaultSeverity)
		}
		if c.CrimeHarm != "yes" && c.CrimeHarm != "partly" && c.CrimeHarm != "no" {
			t.Errorf("%s: crime_harm %q", c.Code, c.CrimeHarm)
		}
	}
	if len(categories) < 30 {
		t.Errorf("only %d categories", len(categories))
	}
}

// One caller sorting its slice must not reorder another's.
func TestCategoriesAreTheCallersOwn(t *testing.T) {
	a, _ := Categories()
	a[0].Code = "changed"
	if b, _ := Categories(); b[0].Code == "changed" {
		t.Error("the slice is shared")
	}
}
