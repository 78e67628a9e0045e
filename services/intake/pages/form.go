// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"samsyn/events"
)

// form is what was filled in. Nothing of it is changed but line ends and blanks around it, so that it can be shown again.
type form struct {
	Key     string `json:"-"` // of this form; the number of the report is made from it
	Kind    string
	Place   string // p:KEY, a:CODE or other
	Search  string `json:"-"`
	Area    string `json:"-"` // a:CODE from the list, when Place is other or none
	When    when
	Ongoing bool
	Before  bool
	Police  bool
	Text    string
	Own     bool // only the own agency may open it
	NoPlate bool // "it is no plate"
}

func readForm(values url.Values) form {
	get := func(name string) string { return clean(values.Get(name)) }
	f := form{
		Key: get("key"), Kind: get("kind"), Place: get("place"), Search: get("q"), Area: get("area"),
		When:    when{Chip: get("when"), Date: get("date"), From: get("from"), To: get("to")},
		Ongoing: values.Has("ongoing"), Before: values.Has("before"), Police: values.Has("police"),
		Text: get("text"), Own: values.Has("own"), NoPlate: values.Has("noplate"),
	}
	f.Key = keyOr(f.Key)
	return f
}

// keyOr is the form's key, or a new one for what is none.
func keyOr(key string) string {
	if id, err := uuid.Parse(key); err == nil {
		return id.String()
	}
	return uuid.NewString()
}

// clean makes what a browser sends comparable with what was typed: it sends line ends as CR LF.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// chosen is the place that was picked: a radio, else the list. Words that were only typed are looked up by the handler.
func (f form) chosen() string {
	switch {
	case f.Place != "" && f.Place != placeOther:
		return f.Place
	case f.Area != "":
		return f.Area
	}
	return ""
}

// fault is one thing to mend, and the field that it is mended in.
type fault struct {
	Field, Text string
}

// piece is a stretch of text, marked where it looks like personal data.
type piece struct {
	Text   string
	Marked bool
}

// marked cuts a text at the hits that reasons name under a path.
func marked(text, path string, reasons []events.Reason) []piece {
	var hits []events.Span
	for _, r := range reasons {
		if r.Path == path && r.Span != nil {
			hits = append(hits, *r.Span)
		}
	}
	slices.SortFunc(hits, func(a, b events.Span) int { return a.Start - b.Start })
	runes, at := []rune(text), 0
	var pieces []piece
	for _, h := range hits {
		from, to := min(max(h.Start, at), len(runes)), min(max(h.End, at), len(runes))
		if from > at {
			pieces = append(pieces, piece{Text: string(runes[at:from])})
		}
		if to > from {
			pieces = append(pieces, piece{Text: string(runes[from:to]), Marked: true})
		}
		at = max(at, to)
	}
	if at < len(runes) {
		pieces = append(pieces, piece{Text: string(runes[at:])})
	}
	return pieces
}

// kindOf is the kind of a number that this package made.
func kindOf(report string) string {
	if strings.HasPrefix(report, "N-") {
		return string(events.KindNothing)
	}
	return string(events.KindIncident)
}

// fieldOf is the field of the form that a reason's path speaks of.
func fieldOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/data/text"), strings.HasPrefix(path, "/data/reviewed"):
		return "text"
	case strings.HasPrefix(path, "/data/place"):
		return "place"
	case strings.HasPrefix(path, "/data/occurred"), strings.HasPrefix(path, "/data/from"), strings.HasPrefix(path, "/data/to"):
		return "when"
	case strings.HasPrefix(path, "/data/category"):
		return "kind"
	}
	return ""
}

// faultsOf says the door's reasons beside the fields they concern, each sentence once.
func faultsOf(reasons []events.Reason, lang string) []fault {
	var faults []fault
	for _, r := range reasons {
		f := fault{Field: fieldOf(r.Path), Text: in(r.Code.Message(), lang)}
		if !slices.Contains(faults, f) {
			faults = append(faults, f)
		}
	}
	return faults
}
