// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"fmt"
	"maps"

	"samsyn/events"
)

// Catalogue holds the texts of pages by key, in both languages. A text may hold the
// verbs of fmt, the same ones in both. Texts that depend on a number have two keys,
// <key>.one and <key>.many.
type Catalogue map[string]events.Text

// With returns a catalogue that has the texts of both; other's hold where both have a
// key.
func (c Catalogue) With(other Catalogue) Catalogue {
	both := maps.Clone(c)
	maps.Copy(both, other)
	return both
}

// T is the text of a key with its arguments put in. A key that is not there is shown
// between angle quotes: tests look for it.
func (l Locale) T(key string, args ...any) string {
	text, ok := l.texts[key]
	format := text.SV
	if l.Lang == english {
		format = text.EN
	}
	switch {
	case !ok || format == "":
		return "«" + key + "»"
	case len(args) == 0:
		return format
	}
	return fmt.Sprintf(format, args...)
}

// N is the text for a number: <key>.one for 1, else <key>.many. The number itself is
// the first argument, written for people.
func (l Locale) N(key string, n int, args ...any) string {
	form := key + ".many"
	if n == 1 {
		form = key + ".one"
	}
	return l.T(form, append([]any{l.Int(n)}, args...)...)
}
