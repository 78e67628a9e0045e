// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"strings"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/action"
)

// Texts are those of feedback: sentences, mails, the page of those who want none, and the panel.
func Texts() web.Catalogue { return texts }

// texts is read only. %s are numbers and names that are already written for people.
var texts = web.Catalogue{
	"said.picture":   {SV: "Din rapport ingick i lägesbild %s.", EN: "Your report was part of the situation report of %s."},
	"said.handled":   {SV: "Din rapport är behandlad.", EN: "Your report has been dealt with."},
	"said.act":       {SV: "Beslut: åtgärd.", EN: "Decision: action."},
	"said.measure":   {SV: "Beslut: åtgärd (%s).", EN: "Decision: action (%s)."},
	"said.watch":     {SV: "Beslut: platsen bevakas och tas upp igen %s.", EN: "Decision: the place is watched and taken up again in %s."},
	"said.dismiss":   {SV: "Beslut: ingen åtgärd nu.", EN: "Decision: no action now."},
	"said.handover":  {SV: "Beslut: lämnas över till den som ansvarar.", EN: "Decision: handed over to who is in charge."},
	"said.done":      {SV: "Åtgärden är klar.", EN: "The action is done."},
	"said.cancelled": {SV: "Åtgärden ställdes in.", EN: "The action was cancelled."},

	"mail.subject":     {SV: "Återkoppling på dina rapporter, %s", EN: "What came of your reports, %s"},
	"mail.madeup":      {SV: "Detta är påhittade uppgifter, för visning.", EN: "These are made-up data, for show."},
	"mail.hello":       {SV: "Hej,", EN: "Hello,"},
	"mail.opening":     {SV: "tack för att du rapporterar i %s. Så här har det gått:", EN: "thank you for reporting in %s. This is what came of it:"},
	"mail.report":      {SV: "Rapport %s (%s)", EN: "Report %s (%s)"},
	"mail.others.one":  {SV: "Och %s rapport till.", EN: "And %s more report."},
	"mail.others.many": {SV: "Och %s rapporter till.", EN: "And %s more reports."},
	"mail.all":         {SV: "Alla dina rapporter:", EN: "All your reports:"},
	"mail.why":         {SV: "Du får mejlet för att du har rapporterat, högst en gång i veckan.", EN: "You get this mail because you have reported, at most once a week."},
	"mail.stop":        {SV: "Vill du inte ha det:", EN: "If you do not want it:"},

	"choice.title":   {SV: "Mejl om dina rapporter", EN: "Mails about your reports"},
	"choice.wanted":  {SV: "Du får mejl om vad som blev av dina rapporter, högst ett i veckan.", EN: "You get mails about what came of your reports, at most one a week."},
	"choice.refused": {SV: "Du får inga mejl om dina rapporter. Du ser vad som blev av dem under Mina rapporter.", EN: "You get no mails about your reports. You see what came of them under My reports."},
	"choice.refuse":  {SV: "Sluta skicka", EN: "Stop the mails"},
	"choice.want":    {SV: "Skicka igen", EN: "Send them again"},

	"panel.head":       {SV: "Återkoppling till den som rapporterar", EN: "What reporters hear back"},
	"panel.lead":       {SV: "%s av rapporterna %s till %s har fått svar. Hälften av svaren kom inom %s dagar.", EN: "%s of the reports of %s to %s were answered. Half of the answers came within %s days."},
	"panel.nothing":    {SV: "Ingen rapport %s till %s har fått svar än.", EN: "No report of %s to %s has been answered yet."},
	"panel.note":       {SV: "Svar är att rapporten ingick i en lägesbild eller fick ett beslut. Räknat på rapporter som räknas, under de senaste veckor som har en lägesbild.", EN: "An answer is that the report was part of a situation report or got a decision. Of reports that are counted, over the latest weeks that have a situation report."},
	"panel.agency":     {SV: "Organisation", EN: "Organisation"},
	"panel.reports":    {SV: "Rapporter", EN: "Reports"},
	"panel.answered":   {SV: "Har fått svar", EN: "Answered"},
	"panel.positioned": {SV: "Har fått beslut", EN: "With a decision"},
	"panel.days":       {SV: "Dagar till svar (median)", EN: "Days to the answer (median)"},
	"panel.all":        {SV: "Alla", EN: "All"},
	"panel.table":      {SV: "Svar per organisation", EN: "Answers by organisation"},
}

// text is the status in words of both languages. It is the same on the page, in the mail and in the event.
func (s Status) text() events.Text {
	return events.Text{SV: s.sentence(web.NewLocale("sv", texts, nil)), EN: s.sentence(web.NewLocale("en", texts, nil))}
}

func (s Status) sentence(l web.Locale) string {
	var said []string
	switch {
	case s.Week != web.Week{}:
		said = append(said, l.T("said.picture", l.Week(s.Week)))
	case s.State != "":
		said = append(said, l.T("said.handled"))
	}
	switch s.Position {
	case act:
		said = append(said, s.decision(l))
	case watch:
		said = append(said, l.T("said.watch", l.Week(s.Until)))
	case dismiss:
		said = append(said, l.T("said.dismiss"))
	case handOver:
		said = append(said, l.T("said.handover"))
	}
	switch s.Action {
	case actionDone:
		said = append(said, l.T("said.done"))
	case actionCancelled:
		said = append(said, l.T("said.cancelled"))
	}
	return strings.Join(said, " ")
}

func (s Status) decision(l web.Locale) string {
	if s.Measure == "" || s.Measure == string(action.Other) {
		return l.T("said.act")
	}
	measure := action.Measure(s.Measure).Text()
	name := measure.SV
	if l.Lang == "en" {
		name = measure.EN
	}
	return l.T("said.measure", strings.ToLower(name))
}
