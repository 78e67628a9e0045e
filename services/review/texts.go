// SPDX-License-Identifier: EUPL-1.2

package review

import "samsyn/internal/web"

// Texts are what the calendar's page says.
func Texts() web.Catalogue {
	return web.Catalogue{
		"calendar.title":     {SV: "Kalender", EN: "Calendar"},
		"calendar.lead":      {SV: "%s rapporterar till %s kl. %s och möts %s kl. %s, %s.", EN: "%s reports until %s %s and meets on %s at %s, %s."},
		"calendar.upcoming":  {SV: "Kommande veckor", EN: "Weeks to come"},
		"calendar.week":      {SV: "Vecka", EN: "Week"},
		"calendar.reminder":  {SV: "Påminnelse", EN: "Reminder"},
		"calendar.deadline":  {SV: "Rapportera senast", EN: "Report by"},
		"calendar.meeting":   {SV: "Möte", EN: "Meeting"},
		"calendar.moved":     {SV: "%s (flyttat: %s)", EN: "%s (moved: %s)"},
		"calendar.none":      {SV: "Inget möte", EN: "No meeting"},
		"calendar.weekend":   {SV: "inte en arbetsdag", EN: "not a working day"},
		"calendar.holidays":  {SV: "Helgdagar och aftnar", EN: "Holidays and eves"},
		"calendar.day":       {SV: "Dag", EN: "Day"},
		"calendar.name":      {SV: "Namn", EN: "Name"},
		"calendar.change":    {SV: "Ändra kalendern", EN: "Change the calendar"},
		"calendar.saved":     {SV: "Kalendern är sparad.", EN: "The calendar is saved."},
		"calendar.cadence":   {SV: "Möte", EN: "Meeting"},
		"calendar.weekly":    {SV: "varje vecka", EN: "every week"},
		"calendar.biweekly":  {SV: "varannan vecka", EN: "every second week"},
		"calendar.monthly":   {SV: "en gång i månaden", EN: "once a month"},
		"calendar.dayof":     {SV: "Sista rapportdag", EN: "Last day to report"},
		"calendar.dueat":     {SV: "Klockan", EN: "Time"},
		"calendar.meetday":   {SV: "Mötesdag", EN: "Day of the meeting"},
		"calendar.meetat":    {SV: "Mötet börjar", EN: "The meeting begins"},
		"calendar.minutes":   {SV: "Mötets längd i minuter", EN: "Minutes that the meeting takes"},
		"calendar.remindat":  {SV: "Påminnelse, sista arbetsdagen före", EN: "Reminder, on the last working day before"},
		"calendar.first":     {SV: "En vecka som ett möte handlar om", EN: "A week that a meeting looks at"},
		"calendar.save":      {SV: "Spara kalendern", EN: "Save the calendar"},
		"calendar.invalid":   {SV: "Kalendern kunde inte sparas. Kontrollera tiderna: ett möte är 15 till 480 minuter.", EN: "The calendar could not be saved. Check the times: a meeting takes 15 to 480 minutes."},
		"calendar.conflict":  {SV: "Någon annan har ändrat kalendern. Här är den som gäller; ändra den på nytt.", EN: "Somebody else has changed the calendar. Here is the one that holds; change it anew."},
		"calendar.weekday.0": {SV: "söndag", EN: "Sunday"},
		"calendar.weekday.1": {SV: "måndag", EN: "Monday"},
		"calendar.weekday.2": {SV: "tisdag", EN: "Tuesday"},
		"calendar.weekday.3": {SV: "onsdag", EN: "Wednesday"},
		"calendar.weekday.4": {SV: "torsdag", EN: "Thursday"},
		"calendar.weekday.5": {SV: "fredag", EN: "Friday"},
		"calendar.weekday.6": {SV: "lördag", EN: "Saturday"},
		"calendar.replay":    {SV: "Klockan spelas upp: i kommunen är det %s.", EN: "The clock is replayed: in the municipality it is %s."},
		"calendar.positions": {SV: "Ställningstaganden", EN: "Positions"},
	}
}
