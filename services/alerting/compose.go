// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"bytes"
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/schemas"
)

//go:embed mail.txt.tmpl
var mailText string

//go:embed mail.html.tmpl
var mailHTML string

// scene is what a mail says about its municipality beside the flags.
type scene struct {
	Name       string
	MadeUp     bool
	Replay     bool
	PlaceNames bool // the municipality lets names of places into mails
	Areas      map[events.AreaCode]string
	Parent     map[events.AreaCode]events.AreaCode
	Zone       *time.Location
	PublicURL  string
	Ongoing    []Flag // open and not in the letter
	Agencies   int
	Silent     []string // names of agencies that were not heard of in the week before
}

// mailBody is a composed mail.
type mailBody struct{ Subject, Text, HTML string }

// place is one line of a mail.
type place struct{ Name, Line, Link string }

type mailData struct {
	Subject, Opening, Cleared, Basis, Role string
	MadeUp                                 bool
	Places, Ongoing                        []place
}

// compose writes a letter in Swedish. It holds counts, codes' own words and links: no text of a report, and no name of a place unless the
// municipality allows it.
func compose(l letter, s scene) (mailBody, error) {
	open := slices.DeleteFunc(slices.Clone(l.Flags), func(f Flag) bool { return f.State == stateCleared })
	slices.SortStableFunc(open, bySeriousThenMargin)
	d := mailData{MadeUp: s.MadeUp, Role: roleName(l.Subscription.Role), Cleared: clearedLine(len(l.Flags) - len(open)), Basis: s.basis()}
	asOf := l.asOf()
	d.Subject, d.Opening = s.heading(open, asOf)
	for i, f := range open {
		d.Places = append(d.Places, s.place(i+1, f))
	}
	if l.Kind == "digest" {
		for i, f := range s.ongoing(l) {
			f.New = false
			d.Ongoing = append(d.Ongoing, s.place(len(open)+i+1, f))
		}
	}
	return render(d)
}

// ongoing are the flags that the reader knows of and that have not changed: open, of what they subscribed to, and not in the letter.
func (s scene) ongoing(l letter) []Flag {
	a := audience{Municipality: l.Municipality, Parent: s.Parent}
	return slices.DeleteFunc(slices.Clone(s.Ongoing), func(f Flag) bool {
		inLetter := slices.ContainsFunc(l.Flags, func(told Flag) bool { return told.ID == f.ID })
		return inLetter || f.Grade != events.GradeAlert || !a.concerns(f, l.Subscription)
	})
}

// asOf is the latest clock of the municipality among the flags told of.
func (l letter) asOf() time.Time {
	var latest time.Time
	for _, f := range l.Flags {
		if f.AsOf.After(latest) {
			latest = f.AsOf
		}
	}
	return latest
}

func bySeriousThenMargin(a, b Flag) int {
	if (a.Kind == events.KindSerious) != (b.Kind == events.KindSerious) {
		if a.Kind == events.KindSerious {
			return -1
		}
		return 1
	}
	switch {
	case a.Margin > b.Margin:
		return -1
	case a.Margin < b.Margin:
		return 1
	}
	return strings.Compare(a.ID.String(), b.ID.String())
}

func (s scene) heading(open []Flag, asOf time.Time) (subject, opening string) {
	say := s.locale()
	asOf = asOf.In(s.Zone)
	week := say.Week(web.WeekOf(asOf))
	prefix := ""
	if s.MadeUp {
		prefix = "Påhittat: "
	}
	serious, fresh := 0, 0
	for _, f := range open {
		if f.Kind == events.KindSerious {
			serious++
		}
		if f.New {
			fresh++
		}
	}
	monday := web.WeekOf(asOf).Monday(s.Zone)
	days := say.Span(monday, monday.AddDate(0, 0, 6))
	switch {
	case len(open) == 0:
		return fmt.Sprintf("%s%s: inte längre över det förväntade i %s", prefix, week, s.Name),
			fmt.Sprintf("ingen av platserna nedan ligger längre över det förväntade %s (%s).", week, days)
	case serious == len(open) && serious == 1:
		return fmt.Sprintf("%s%s: mycket allvarlig händelse i %s", prefix, week, s.Name),
			fmt.Sprintf("en mycket allvarlig händelse har rapporterats i %s %s (%s).", s.Name, week, days)
	case serious == len(open):
		return fmt.Sprintf("%s%s: %d mycket allvarliga händelser i %s", prefix, week, serious, s.Name),
			fmt.Sprintf("%s mycket allvarliga händelser har rapporterats i %s %s (%s).", numberWord(serious), s.Name, week, days)
	}
	subject = fmt.Sprintf("%s%s: %s över det förväntade i %s", prefix, week, counted(len(open), "plats", "platser"), s.Name)
	if fresh > 0 {
		subject += fmt.Sprintf(" (%d %s)", fresh, plural(fresh, "ny", "nya"))
	}
	return subject, fmt.Sprintf("%s %s i ditt område ligger över det förväntade %s (%s).", numberWord(len(open)),
		plural(len(open), "plats", "platser"), week, days)
}

// locale writes Swedish: a mail is read by people of a Swedish municipality.
func (s scene) locale() web.Locale { return web.NewLocale("sv", nil, s.Zone) }

func (s scene) place(n int, f Flag) place {
	name := fmt.Sprintf("Plats %d", n)
	if known, ok := s.Areas[f.Area]; ok && s.PlaceNames {
		name = known
	}
	mark := ""
	if f.New {
		mark = " (ny)"
	}
	line := fmt.Sprintf("%d. %s%s, %s: %s mot %s förväntade.", n, name, mark, lowerFirst(groupName(f.Group)),
		counted(f.Observed, "händelse", "händelser"), s.locale().About(max(f.Expected, 0.1)))
	if f.Kind == events.KindSerious {
		line = fmt.Sprintf("%d. %s%s, mycket allvarlig händelse: %s.", n, name, mark, lowerFirst(categoryName(f.Category)))
	}
	return place{Name: name, Line: line, Link: s.PublicURL + flagPath(f)}
}

func (s scene) basis() string {
	if s.Agencies == 0 {
		return ""
	}
	line := fmt.Sprintf("Underlag: %d av %s har rapporterat de senaste sju dagarna.", s.Agencies-len(s.Silent), counted(s.Agencies, "organisation", "organisationer"))
	if len(s.Silent) > 0 {
		line += " " + joinAnd(s.Silent) + " saknas."
	}
	return line
}

func render(d mailData) (mailBody, error) {
	d.Subject = clean(d.Subject)
	var text, html bytes.Buffer
	textTemplate, err := texttemplate.New("text").Parse(mailText)
	if err != nil {
		return mailBody{}, fmt.Errorf("read mail template: %w", err)
	}
	htmlTemplate, err := htmltemplate.New("html").Parse(mailHTML)
	if err != nil {
		return mailBody{}, fmt.Errorf("read mail template: %w", err)
	}
	if err := textTemplate.Execute(&text, d); err != nil {
		return mailBody{}, fmt.Errorf("write mail: %w", err)
	}
	if err := htmlTemplate.Execute(&html, d); err != nil {
		return mailBody{}, fmt.Errorf("write mail: %w", err)
	}
	return mailBody{d.Subject, text.String(), html.String()}, nil
}

// clean keeps a header on its line: names come from the registry, but a header is no place to trust them.
func clean(header string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, header)
}

func clearedLine(n int) string {
	if n == 0 {
		return ""
	}
	return "Inte längre över det förväntade: " + counted(n, "plats", "platser") + "."
}

func roleName(role string) string {
	switch role {
	case "coordinator":
		return "trygghetssamordnare"
	case "agency_lead":
		return "ansvarig i din organisation"
	}
	return "medlem i samverkan"
}

func groupName(code string) string {
	_, groups := schemas.Categories()
	for _, g := range groups {
		if g.Code == code {
			return g.SV
		}
	}
	return "alla slag"
}

func categoryName(code string) string {
	categories, _ := schemas.Categories()
	for _, c := range categories {
		if c.Code == code {
			return c.SV
		}
	}
	return "annat"
}

func numberWord(n int) string {
	words := [...]string{"inga", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

func counted(n int, one, many string) string {
	return web.NewLocale("sv", nil, nil).Int(n) + " " + plural(n, one, many)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func joinAnd(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " och " + names[len(names)-1]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToLower(string(r[:1])) + string(r[1:])
}
