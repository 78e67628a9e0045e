// SPDX-License-Identifier: EUPL-1.2

package web_test

import (
	"slices"
	"testing"

	"samsyn/internal/web"
)

// D06: who looks for Åkersberga looks after Zinkgruvan, and for 10 after 9.
func TestNamesAreSortedAsSwedesLookForThem(t *testing.T) {
	names := []string{"Örebro", "Norra 10", "Ängelholm", "Zinkgruvan", "Åkersberga", "Norra 9", "Arvika"}
	web.SortNames(web.NewLocale("sv", nil, nil), names, func(s string) string { return s })
	if want := []string{"Arvika", "Norra 9", "Norra 10", "Zinkgruvan", "Åkersberga", "Ängelholm", "Örebro"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
	web.SortNames(web.NewLocale("en", nil, nil), names, func(s string) string { return s })
	if want := []string{"Åkersberga", "Ängelholm", "Arvika", "Norra 9", "Norra 10", "Örebro", "Zinkgruvan"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}
