// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"math"
	"slices"
	"strings"
)

const (
	maxRevision     = math.MaxInt32
	maxCount        = math.MaxInt32
	maxIncidentDays = 31
	maxOtherDays    = 400 // of nothing, counts and context: a school year fits
)

// The closed lists of the contract.
var (
	placeTypes     = PlaceTypes()
	certainties    = []string{CertaintyObserved, "likely", "possible"}
	personBands    = []string{"none", "1-2", "3-9", "10-29", "30+", "unknown"}
	measures       = []string{"called_police", "cleaned", "repaired", "secured", "talked", "none"}
	policeReported = []string{"yes", "no", "unknown"}
	sharings       = []string{"withheld", "counts", "coordinators", "partners"}
	origins        = []string{"told", "found", "presence"}
	reviewable     = []string{string(PIIName), string(PIIPlate)}
	contextKinds   = []string{"event", "warning", "holiday", "other"}
)

// dataMembers are the nodes of every member that the data of any kind may have; slot opens those of one kind.
type dataMembers struct {
	kind    Kind
	hasKind bool // `kind` is a member: in context, corrected and withdrawn

	report, revision, kindOf, reason                              int32
	category, occurred, place, placeType, severity, certainty     int32
	persons, ongoing, text, measures, police, sharing, groups     int32
	shareAfter, unit, reporter, origin, test, reference, reviewed int32
	from, to, area, n, occurs, areas                              int32
}

func (m *dataMembers) slot(name []byte) *int32 {
	switch string(name) {
	case "report":
		return &m.report
	case "revision":
		return &m.revision
	case "kind":
		if m.hasKind {
			return &m.kindOf
		}
		return nil
	}
	switch m.kind {
	case KindIncident:
		return m.incidentSlot(name)
	case KindNothing:
		return m.nothingSlot(name)
	case KindCounts:
		return m.countsSlot(name)
	case KindContext:
		return m.contextSlot(name)
	}
	if string(name) == "reason" {
		return &m.reason
	}
	return nil
}

func (m *dataMembers) incidentSlot(name []byte) *int32 {
	switch string(name) {
	case "category":
		return &m.category
	case "occurred":
		return &m.occurred
	case "place":
		return &m.place
	case "place_type":
		return &m.placeType
	case "severity":
		return &m.severity
	case "certainty":
		return &m.certainty
	case "persons":
		return &m.persons
	case "ongoing":
		return &m.ongoing
	case "text":
		return &m.text
	case "measures_taken":
		return &m.measures
	case "police_reported":
		return &m.police
	case "sharing":
		return &m.sharing
	case "groups":
		return &m.groups
	case "share_after":
		return &m.shareAfter
	case "unit":
		return &m.unit
	case "reporter":
		return &m.reporter
	case "origin":
		return &m.origin
	case "test":
		return &m.test
	case "reference":
		return &m.reference
	case "reviewed":
		return &m.reviewed
	}
	return nil
}

func (m *dataMembers) nothingSlot(name []byte) *int32 {
	switch string(name) {
	case "from":
		return &m.from
	case "to":
		return &m.to
	case "unit":
		return &m.unit
	}
	return nil
}

func (m *dataMembers) countsSlot(name []byte) *int32 {
	switch string(name) {
	case "from":
		return &m.from
	case "to":
		return &m.to
	case "area":
		return &m.area
	case "category":
		return &m.category
	case "n":
		return &m.n
	}
	return nil
}

func (m *dataMembers) contextSlot(name []byte) *int32 {
	switch string(name) {
	case "occurs":
		return &m.occurs
	case "areas":
		return &m.areas
	case "place":
		return &m.place
	case "text":
		return &m.text
	}
	return nil
}

// data reads the data of a version that is ours.
func (w *walk) data(data int32, e *Event) {
	m := dataMembers{kind: e.Kind, hasKind: e.Verb != Reported && e.Verb != NothingVerb && e.Verb != CountsVerb}
	if (e.Verb == Corrected || e.Verb == Withdrawn) && !w.subjectOf(data, e) {
		w.identity(data, e)
		return
	}
	m.kind = e.Kind
	if e.Verb == Withdrawn {
		m.kind = ""
	}
	if !w.object(data) {
		return
	}
	for c := w.first(data); c < w.past(data); c = w.past(c) {
		w.take(m.slot(w.name(c)), c, true)
	}
	if m.report == 0 {
		w.missing(Required, data, "report")
	}
	e.Report = ReportID(w.id(m.report, maxReport))
	e.Revision = w.revision(data, m.revision, e.Verb)
	switch {
	case e.Verb == Withdrawn:
		e.Withdrawal = &Withdrawal{Reason: w.prose(m.reason, maxText)}
	case e.Kind == KindIncident:
		e.Incident = w.incident(data, &m, e)
	case e.Kind == KindNothing:
		e.Nothing = w.nothing(data, &m)
	case e.Kind == KindCounts:
		e.Counts = w.counts(data, &m)
	case e.Kind == KindContext:
		e.Context = w.context(data, &m, e.Verb)
	}
}

// subjectOf reads which kind of report a correction or withdrawal is about; false when it cannot be told.
func (w *walk) subjectOf(data int32, e *Event) bool {
	if w.nodes[data].kind != '{' {
		return true // refused as type when its members are read
	}
	for c := w.first(data); c < w.past(data); c = w.past(c) {
		if string(w.name(c)) != "kind" || w.nodes[c].kind == 'n' {
			continue
		}
		b, ok := w.str(c)
		if !ok {
			return false
		}
		kind, ok := correctedKind(string(b))
		if !ok {
			w.fail(OutOfRange, c)
			return false
		}
		if e.Kind = kind; tidy(string(b), true) != string(b) {
			w.note(Trimmed, c)
		}
		break
	}
	return true
}

// correctedKind reads `kind` in a correction or withdrawal. A context event has a `kind` of its own (event, warning ...),
// which says at the same time that it is one; `context` alone is a context of kind other.
func correctedKind(s string) (Kind, bool) {
	s = tidy(s, true)
	switch Kind(s) {
	case KindIncident, KindNothing, KindCounts, KindContext:
		return Kind(s), true
	}
	if slices.Contains(contextKinds, s) {
		return KindContext, true
	}
	return KindIncident, false
}

func (w *walk) revision(data, i int32, v Verb) int {
	least, most := 1, maxRevision
	switch v {
	case Corrected, Withdrawn:
		least = 2
		if i == 0 {
			w.missing(Required, data, "revision")
			return 0
		}
	case Reported, NothingVerb:
		most = 1
	}
	if i == 0 {
		return 1
	}
	n, _ := w.integer(i, least, most, RevisionRange)
	return n
}

func (w *walk) incident(data int32, m *dataMembers, e *Event) *Incident {
	in := &Incident{
		Category:  w.category(data, m.category),
		Occurred:  w.occurred(data, m.occurred, e),
		PlaceType: w.placeType(m.placeType),
		Severity:  w.severity(m.severity),
		Certainty: w.choice(m.certainty, certainties),
		Persons:   w.choice(m.persons, personBands),
		Ongoing:   w.boolean(m.ongoing),
		Text:      w.prose(m.text, maxText),
		Unit:      w.code(m.unit, true, validUnit),
		Reporter:  w.line(m.reporter, maxOpaque),
		Origin:    w.choice(m.origin, origins),
		Test:      w.boolean(m.test),
		Reference: w.line(m.reference, maxOpaque),

		MeasuresTaken:  w.choices(m.measures, measures),
		PoliceReported: w.choice(m.police, policeReported),
		Sharing:        w.choice(m.sharing, sharings),
		Reviewed:       w.choices(m.reviewed, reviewable),
	}
	if m.place == 0 {
		w.missing(NoPlace, data, "place")
	} else {
		in.Place = w.place(m.place)
	}
	if m.certainty == 0 {
		in.Certainty = CertaintyObserved
	}
	in.ShareAfter, _ = w.moment(m.shareAfter)
	w.items(m.groups, func(item int32) {
		if group := w.code(item, true, validGroup); group != "" && !slices.Contains(in.Groups, group) {
			in.Groups = append(in.Groups, group)
		}
	})
	return in
}

// occurred reads when it happened and compares it with when it was reported.
func (w *walk) occurred(data, i int32, e *Event) Interval {
	if i == 0 {
		w.missing(Required, data, "occurred")
		return Interval{}
	}
	m, ok := w.intervalOf(i)
	if !ok {
		return Interval{}
	}
	occurred, ok := w.interval(i, m, false, maxIncidentDays)
	if !ok {
		return occurred
	}
	if isDefault(occurred.From) {
		w.fail(DefaultTime, m.from)
	}
	if !e.Time.IsZero() {
		switch limit := e.Time.Add(reportSlack); {
		case occurred.From.After(limit):
			w.fail(TimeOrder, m.from)
		case occurred.To.After(limit):
			w.fail(TimeOrder, m.to)
		}
	}
	return occurred
}

// category reads a code: small letters and no blanks around it. Whether there is such a category, and what an agency's own
// x:<code> maps to, is the correlator's to say; only what can be no code at all is refused.
func (w *walk) category(data, i int32) string {
	if i == 0 {
		w.missing(Required, data, "category")
		return ""
	}
	s := w.cleaned(i, maxCategory+len("x:"), false, OutOfRange)
	if s == "" {
		if w.nodes[i].kind == '"' {
			w.fail(Required, i)
		}
		return ""
	}
	code := smallCode(s)
	if code != s {
		w.note(Trimmed, i)
	}
	if code == "x:" || !strings.HasPrefix(code, "x:") && characters(code) > maxCategory {
		w.fail(OutOfRange, i)
	}
	return code
}

// smallCode writes a category in small letters; what follows x: is the agency's own and keeps its capitals.
func smallCode(s string) string {
	if len(s) >= 2 && s[0]|0x20 == 'x' && s[1] == ':' {
		return "x:" + strings.TrimSpace(s[2:])
	}
	return strings.ToLower(s)
}

func (w *walk) placeType(i int32) string {
	if i != 0 && w.nodes[i].kind == '"' && tidy(string(w.text(nil, i)), true) == "dwelling" {
		w.fail(Dwelling, i)
		return ""
	}
	return w.choice(i, placeTypes)
}

// severity refuses a word as out of range, and a number in quotes as of the wrong type.
func (w *walk) severity(i int32) int {
	if i != 0 && w.nodes[i].kind == '"' && strings.Trim(string(w.raw(i)), "0123456789+-. ") != "" {
		w.fail(OutOfRange, i)
		return 0
	}
	n, _ := w.integer(i, 1, 4, OutOfRange)
	return n
}

func (w *walk) nothing(data int32, m *dataMembers) *Nothing {
	i, _ := w.interval(data, intervalMembers{m.from, m.to}, true, maxOtherDays)
	return &Nothing{From: i.From, To: i.To, Unit: w.code(m.unit, true, validUnit)}
}

func (w *walk) counts(data int32, m *dataMembers) *Counts {
	i, _ := w.interval(data, intervalMembers{m.from, m.to}, true, maxOtherDays)
	c := &Counts{From: i.From, To: i.To, Category: w.category(data, m.category)}
	if m.area == 0 {
		w.missing(Required, data, "area")
	}
	c.Area = w.area(m.area)
	if m.n == 0 {
		w.missing(Required, data, "n")
	}
	c.N, _ = w.integer(m.n, 0, maxCount, OutOfRange)
	return c
}

func (w *walk) context(data int32, m *dataMembers, v Verb) *Context {
	c := &Context{Text: w.prose(m.text, maxText)}
	switch {
	case m.kindOf == 0:
		w.missing(Required, data, "kind")
	case v == Corrected && !w.isContextKind(m.kindOf):
		c.Kind = "other"
	default:
		c.Kind = w.choice(m.kindOf, contextKinds)
	}
	if m.occurs == 0 {
		w.missing(Required, data, "occurs")
	} else if interval, ok := w.intervalOf(m.occurs); ok {
		c.Occurs, _ = w.interval(m.occurs, interval, false, maxOtherDays)
	}
	w.items(m.areas, func(item int32) {
		if area := w.area(item); area != "" && !slices.Contains(c.Areas, area) {
			c.Areas = append(c.Areas, area)
		}
	})
	if m.place != 0 {
		place := w.place(m.place)
		c.Place = &place
	}
	if m.place == 0 && (m.areas == 0 || w.nodes[m.areas].kind == '[' && w.first(m.areas) == w.past(m.areas)) {
		w.missing(NoPlace, data, "place")
	}
	return c
}

func (w *walk) isContextKind(i int32) bool {
	return slices.Contains(contextKinds, tidy(string(w.text(nil, i)), true))
}

func (w *walk) area(i int32) AreaCode {
	return AreaCode(w.code(i, false, func(s string) bool { return AreaCode(s).Valid() }))
}

func validUnit(s string) bool { return lowerCode(s, 1, maxUnit) }

func validGroup(s string) bool { return lowerCode(s, 1, maxGroup) }
