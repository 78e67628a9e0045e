// SPDX-License-Identifier: EUPL-1.2

package meeting

import "samsyn/internal/web"

// mailTexts are those of mails and calendars, which leave the house: they name no place.
var mailTexts = web.Catalogue{
	"mail.hello":                {SV: "Hej,", EN: "Hello,"},
	"mail.minutes.subject":      {SV: "Protokoll från veckomötet om %s i %s", EN: "Minutes of the weekly meeting on %s in %s"},
	"mail.minutes.intro":        {SV: "Veckomötet om %s hölls den %s. Besluten:", EN: "The weekly meeting on %s was held %s. The decisions:"},
	"mail.minutes.link":         {SV: "Protokollet med platserna, efter inloggning: %s", EN: "The minutes with the places, after signing in: %s"},
	"mail.actions.subject.one":  {SV: "%s åtgärd att göra i %s", EN: "%s action to do in %s"},
	"mail.actions.subject.many": {SV: "%s åtgärder att göra i %s", EN: "%s actions to do in %s"},
	"mail.actions.intro":        {SV: "Det här beslutade veckomötet den %s att du eller din organisation gör:", EN: "This is what the weekly meeting of %s decided that you or your organisation do:"},
	"mail.actions.line":         {SV: "- %s. Öppna: %s", EN: "- %s. Open: %s"},
	"mail.reminder.subject":     {SV: "Rapport saknas för %s i %s", EN: "A report is missing for %s in %s"},
	"mail.reminder.intro":       {SV: "för %s saknas något från: %s.", EN: "for %s something is missing from: %s."},
	"mail.reminder.deadline":    {SV: "Lägesbilden låses %s den %s kl. %s. Tystnad läses inte som lugn.", EN: "The situation report is frozen %s %s, %s. Silence is not read as calm."},
	"mail.reminder.report":      {SV: "Rapportera: %s", EN: "Report: %s"},
	"mail.reminder.nothing":     {SV: "Inget att rapportera: %s", EN: "Nothing to report: %s"},
	"mail.why.member":           {SV: "Du får mejlet för att du är med i veckomötet.", EN: "You get this mail because you are in the weekly meeting."},
	"mail.why.owner":            {SV: "Du får mejlet för att du ansvarar för en åtgärd. Slutdatumen följer med som kalenderfil.", EN: "You get this mail because you own an action. The due dates are attached as a calendar file."},
	"mail.why.lead":             {SV: "Du får mejlet för att du leder rapporteringen i din organisation.", EN: "You get this mail because you lead your organisation's reporting."},
	"ics.name":                  {SV: "Samsyn %s", EN: "Samsyn %s"},
	"ics.meeting":               {SV: "Veckomöte om %s, %s", EN: "Weekly meeting on %s, %s"},
	"ics.deadline":              {SV: "Sista tid att rapportera för %s, %s", EN: "Last time to report on %s, %s"},
	"ics.due":                   {SV: "Klart: %s", EN: "Due: %s"},
}
