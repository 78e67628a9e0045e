// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// SortNames sorts by names as people of the locale's language look for them: å, ä and ö come last in Swedish.
func SortNames[T any](l Locale, all []T, name func(T) string) {
	tag := language.Swedish
	if l.Lang == english {
		tag = language.English
	}
	c := collate.New(tag, collate.Numeric) // not safe for several goroutines, so one a call
	slices.SortStableFunc(all, func(x, y T) int { return c.CompareString(name(x), name(y)) })
}
