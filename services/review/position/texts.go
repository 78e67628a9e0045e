// SPDX-License-Identifier: EUPL-1.2

package position

import "samsyn/internal/web"

// Texts are what the pages of positions say.
func Texts() web.Catalogue { return placeTexts().With(refusals()).With(listTexts()) }

// placeTexts are those of the page of a place and of its form.
func placeTexts() web.Catalogue {
	return web.Catalogue{
		"group.all": {SV: "alla slag tillsammans", EN: "all kinds together"},
		"nobody":    {SV: "installationens terminal", EN: "the installation's terminal"},

		"place.title":   {SV: "Ta ställning", EN: "Take a position"},
		"place.history": {SV: "Tidigare ställningstaganden", EN: "Earlier positions"},
		"saved":         {SV: "Sparat. %s", EN: "Saved. %s"},
		"action.link":   {SV: "Öppna åtgärden", EN: "Open the action"},
		"note.shown":    {SV: "Anteckning: %s", EN: "Note: %s"},

		"tag.waiting":    {SV: "Väntar", EN: "Waiting"},
		"tag.returned":   {SV: "Åter", EN: "Back"},
		"tag.taken":      {SV: "Beslutad", EN: "Decided"},
		"tag.ended":      {SV: "Avslutad", EN: "Ended"},
		"state.waiting":  {SV: "Ingen har tagit ställning. Platsen flaggades %s.", EN: "Nobody has taken a position. The place was flagged %s."},
		"state.ended":    {SV: "Platsen är inte längre flaggad. Ingen tog ställning.", EN: "The place is no longer flagged. Nobody took a position."},
		"state.returned": {SV: "Bevakningen gick ut %s. Då var det %s händelser, nu %s. Ta ställning på nytt.", EN: "The watch ended %s. There were %s incidents then, %s now. Take a new position."},
		"state.taken":    {SV: "Beslutat %s av %s.", EN: "Decided %s by %s."},
		"state.grown":    {SV: "Sedan dess har det ökat från %s till %s händelser.", EN: "Since then it has grown from %s to %s incidents."},

		"history.decided":  {SV: "%s: %s %s", EN: "%s: %s %s"},
		"history.returned": {SV: "%s: bevakningen gick ut, platsen kom tillbaka.", EN: "%s: the watch ended, the place came back."},

		"says.act":         {SV: "Åtgärd: %s. Ansvarig %s, klart %s.", EN: "Act: %s. Owner %s, due %s."},
		"says.act.unknown": {SV: "se åtgärden", EN: "see the action"},
		"says.watch":       {SV: "Bevakas till %s.", EN: "Watched until %s."},
		"says.dismiss":     {SV: "Avskriven: %s.", EN: "Dismissed: %s."},
		"says.handover":    {SV: "Lämnad över: %s.", EN: "Handed over: %s."},

		"form.kind":        {SV: "Vad gör vi?", EN: "What do we do?"},
		"form.measure":     {SV: "Vad", EN: "What"},
		"form.what":        {SV: "Närmare bestämt (valfritt)", EN: "More exactly (optional)"},
		"form.owner":       {SV: "Ansvarig organisation", EN: "Responsible organisation"},
		"form.person":      {SV: "Person (valfritt)", EN: "Person (optional)"},
		"form.person.none": {SV: "Ingen särskild", EN: "Nobody in particular"},
		"form.due":         {SV: "Klart", EN: "Due"},
		"form.until":       {SV: "Bevaka till", EN: "Watch until"},
		"form.reason":      {SV: "Orsak", EN: "Reason"},
		"form.to":          {SV: "Till vem", EN: "To whom"},
		"form.choose":      {SV: "Välj", EN: "Choose"},
		"form.note":        {SV: "Anteckning (valfritt)", EN: "Note (optional)"},
		"form.hint":        {SV: "Läses av er som beslutar. Visas aldrig på väggen eller för andra. Inga personuppgifter.", EN: "Read by those of you who decide. Never shown on the wall or to others. No personal data."},
		"form.save":        {SV: "Spara beslut", EN: "Save the decision"},
		"until.option":     {SV: "%s (från %s)", EN: "%s (from %s)"},
	}
}

// refusals say why a decision was not stored.
func refusals() web.Catalogue {
	return web.Catalogue{
		"conflict.title":  {SV: "Någon annan hann före", EN: "Somebody else was first"},
		"conflict.lead":   {SV: "Ett beslut sparades av %s %s, medan du fyllde i ditt. Inget av det du skrev är förlorat. Spara igen om ditt ska gälla.", EN: "A decision was saved by %s %s while you filled in yours. Nothing that you wrote is lost. Save again if yours is to hold."},
		"conflict.theirs": {SV: "Gäller nu", EN: "Holds now"},
		"conflict.yours":  {SV: "Ditt", EN: "Yours"},
		"again.back":      {SV: "Tillbaka till platsen utan att spara", EN: "Back to the place without saving"},

		"invalid.title":                {SV: "Beslutet kunde inte sparas", EN: "The decision could not be saved"},
		"invalid.kind.missing":         {SV: "Välj åtgärd, bevaka, avskriv eller lämna över.", EN: "Choose act, watch, dismiss or hand over."},
		"invalid.note.long":            {SV: "Anteckningen får ha högst 500 tecken.", EN: "The note may have at most 500 characters."},
		"invalid.note.personal":        {SV: "Anteckningen ser ut att innehålla en personuppgift. Ta bort den.", EN: "The note seems to hold personal data. Remove it."},
		"invalid.until.week":           {SV: "Välj en vecka efter den här, högst ett halvår fram.", EN: "Choose a week after this one, at most half a year ahead."},
		"invalid.reason.missing":       {SV: "Välj varför platsen avskrivs.", EN: "Choose why the place is dismissed."},
		"invalid.to.missing":           {SV: "Välj till vem platsen lämnas över.", EN: "Choose to whom the place is handed over."},
		"invalid.measure.missing":      {SV: "Välj vad som ska göras.", EN: "Choose what is to be done."},
		"invalid.measure.refused":      {SV: "Välj vad som ska göras.", EN: "Choose what is to be done."},
		"invalid.measure_text.missing": {SV: "Skriv vad som ska göras.", EN: "Write what is to be done."},
		"invalid.measure_text.long":    {SV: "Beskrivningen får ha högst 500 tecken.", EN: "The description may have at most 500 characters."},
		"invalid.measure_text.personal": {
			SV: "Beskrivningen ser ut att innehålla en personuppgift. Ta bort den.", EN: "The description seems to hold personal data. Remove it.",
		},
		"invalid.measure_text.refused": {SV: "Beskrivningen går inte att använda.", EN: "The description cannot be used."},
		"invalid.owner_agency.missing": {SV: "Välj vem som är ansvarig.", EN: "Choose who is responsible."},
		"invalid.owner_agency.refused": {SV: "Välj vem som är ansvarig.", EN: "Choose who is responsible."},
		"invalid.owner_person.elsewhere": {
			SV: "Personen hör inte till den ansvariga organisationen. Välj en annan person eller ingen.", EN: "The person does not belong to the responsible organisation. Choose another person or nobody.",
		},
		"invalid.due_on.missing": {SV: "Skriv när det ska vara klart.", EN: "Write when it is due."},
		"invalid.due_on.day":     {SV: "Välj en dag från i dag, högst ett år fram.", EN: "Choose a day from today, at most a year ahead."},
		"invalid.due_on.refused": {SV: "Välj en dag från i dag, högst ett år fram.", EN: "Choose a day from today, at most a year ahead."},
	}
}

// listTexts are those of the lists of what waits and is parked.
func listTexts() web.Catalogue {
	return web.Catalogue{
		"age.today": {SV: "i dag", EN: "today"},
		"age.one":   {SV: "för %s dag sedan", EN: "%s day ago"},
		"age.many":  {SV: "för %s dagar sedan", EN: "%s days ago"},

		"list.title":        {SV: "Ställningstaganden", EN: "Positions"},
		"list.link":         {SV: "Alla ställningstaganden", EN: "All positions"},
		"since":             {SV: "Efter mötet %s", EN: "After the meeting %s"},
		"week.title":        {SV: "Att ta ställning till", EN: "To decide"},
		"week.waiting":      {SV: "Väntar på ställningstagande", EN: "Waiting for a position"},
		"week.watched":      {SV: "Bevakas", EN: "Watched"},
		"week.parked":       {SV: "Har ett beslut och är fortfarande flaggade", EN: "Decided and still flagged"},
		"week.decided":      {SV: "Beslutat sedan förra mötet", EN: "Decided since the last meeting"},
		"waiting.none":      {SV: "%s mot %s väntade.", EN: "%s against %s expected."},
		"waiting.returned":  {SV: "Bevakningen gick ut: %s mot %s väntade.", EN: "The watch ended: %s against %s expected."},
		"waiting.ended":     {SV: "Bevakningen gick ut. Platsen är inte längre flaggad.", EN: "The watch ended. The place is no longer flagged."},
		"waiting.serious":   {SV: "En mycket allvarlig händelse.", EN: "One very serious incident."},
		"lead.none":         {SV: "Alla flaggade platser har ett ställningstagande.", EN: "Every flagged place has a position."},
		"lead.waiting.one":  {SV: "%s plats väntar på ställningstagande.", EN: "%s place waits for a position."},
		"lead.waiting.many": {SV: "%s platser väntar på ställningstagande.", EN: "%s places wait for a position."},
		"lead.watched.one":  {SV: "%s bevakas och återkommer %s.", EN: "%s is watched and returns %s."},
		"lead.watched.many": {SV: "%s bevakas, den nästa återkommer %s.", EN: "%s are watched, the next returns %s."},

		"share.title":   {SV: "Hur ofta ett larm inte var något", EN: "How often an alarm was none"},
		"share.text":    {SV: "%s av %s platser med beslut det senaste året avskrevs för att det inte fanns något där (%s).", EN: "%s of %s places decided in the last year were dismissed because there was nothing (%s)."},
		"share.none":    {SV: "Inga larm har fått ett beslut det senaste året.", EN: "No alarm has been decided in the last year."},
		"share.table":   {SV: "Avskrivna platser det senaste året, efter orsak", EN: "Dismissed places in the last year, by reason"},
		"share.reason":  {SV: "Orsak", EN: "Reason"},
		"share.places":  {SV: "Platser", EN: "Places"},
		"share.decided": {SV: "Alla platser med beslut", EN: "All decided places"},
	}
}
