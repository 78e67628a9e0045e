// SPDX-License-Identifier: EUPL-1.2

package pages

import "samsyn/internal/web"

// Texts are those of the pages of reporting.
func Texts() web.Catalogue { return texts }

// texts is read only.
var texts = reportTexts.With(detailTexts).With(receiptTexts).With(leadTexts)

// reportTexts are those of what happened, and where.
var reportTexts = web.Catalogue{
	"notice.madeup": {SV: "Påhittade uppgifter: %s visas på prov. Det du skickar räknas bland påhittade händelser.", EN: "Made-up data: %s is shown on trial. What you send counts among invented incidents."},
	"way.mine":      {SV: "Mina rapporter", EN: "My reports"},
	"form.kept":     {SV: "Det du skrev finns kvar nedan. Skicka igen om en stund: rapporten räknas en gång.", EN: "What you wrote is still below. Send again in a moment: the report counts once."},

	"say.unreadable.title": {SV: "Formuläret gick inte att läsa", EN: "The form could not be read"},
	"say.unreadable.text":  {SV: "Det var för stort eller avbröts på vägen. Inget har skickats.", EN: "It was too large or was broken off on its way. Nothing was sent."},
	"say.noagency.title":   {SV: "Du hör inte till någon organisation här", EN: "You belong to no organisation here"},
	"say.noagency.text":    {SV: "Rapporter lämnas för en organisation. Be administratören i kommunen att koppla dig till din.", EN: "Reports are sent for an organisation. Ask the administrator of the municipality to connect you to yours."},

	"alarm.danger": {SV: "Pågående brott eller fara?", EN: "A crime going on, or danger?"},
	"alarm.call":   {SV: "Ring 112", EN: "Call 112"},
	"alarm.police": {SV: "Polisanmälan:", EN: "Report to the police:"},
	"alarm.not":    {SV: "En rapport här ersätter inte en anmälan.", EN: "A report here does not replace that."},

	"faults.head": {SV: "Rapporten är inte skickad än", EN: "The report is not sent yet"},
	"sent.head":   {SV: "Den här rapporten är redan skickad", EN: "This report is already sent"},
	"sent.text":   {SV: "Skickar du det som står nedan blir det en ny rapport.", EN: "If you send what stands below it will be a new report."},
	"sent.link":   {SV: "Visa den som är skickad", EN: "Show the one that is sent"},

	"report.title": {SV: "Rapportera", EN: "Report"},
	"report.send":  {SV: "Skicka rapport", EN: "Send report"},
	"kind.head":    {SV: "1. Vad har hänt?", EN: "1. What has happened?"},
	"kind.more":    {SV: "Visa fler", EN: "Show more"},
	"missing.kind": {SV: "Välj vad som har hänt.", EN: "Choose what has happened."},

	"place.head":      {SV: "2. Var?", EN: "2. Where?"},
	"place.other":     {SV: "Annan plats: sök eller välj nedan", EN: "Another place: search or choose below"},
	"place.search":    {SV: "Sök adress eller fastighet", EN: "Search for an address or property"},
	"place.find":      {SV: "Sök", EN: "Search"},
	"place.hits.one":  {SV: "%s träff. Välj den om den stämmer.", EN: "%s hit. Choose it if it is right."},
	"place.hits.many": {SV: "%s träffar. Välj en.", EN: "%s hits. Choose one."},
	"place.nohits":    {SV: "Ingen träff. Skriv färre bokstäver eller välj område i listan.", EN: "No hit. Type fewer letters or choose an area in the list."},
	"place.list":      {SV: "Välj område i en lista", EN: "Choose an area in a list"},
	"place.area":      {SV: "Område", EN: "Area"},
	"missing.place":   {SV: "Välj var det hände. Sök på adressen eller välj ett område.", EN: "Choose where it happened. Search for the address or choose an area."},
}

// detailTexts are those of when, and what more there is to say.
var detailTexts = web.Catalogue{
	"when.head":      {SV: "3. När?", EN: "3. When?"},
	"when.now":       {SV: "Nu", EN: "Now"},
	"when.today":     {SV: "Tidigare i dag", EN: "Earlier today"},
	"when.night":     {SV: "I natt (22\u2060–\u206006)", EN: "Last night (22\u2060–\u206006)"},
	"when.yesterday": {SV: "I går", EN: "Yesterday"},
	"when.other":     {SV: "Annan tid", EN: "Another time"},
	"when.date":      {SV: "Datum", EN: "Date"},
	"when.from":      {SV: "Från kl. (valfritt)", EN: "From (optional)"},
	"when.to":        {SV: "Till kl. (valfritt)", EN: "To (optional)"},
	"wrong.when":     {SV: "Välj när det hände.", EN: "Choose when it happened."},
	"wrong.date":     {SV: "Skriv datumet som 2026\u2060-\u206011\u2060-\u206021.", EN: "Write the date as 2026\u2060-\u206011\u2060-\u206021."},
	"wrong.clock":    {SV: "Skriv klockslaget som 14.05. Till kräver från.", EN: "Write the time as 14:05. A to needs a from."},
	"wrong.skipped":  {SV: "Det klockslaget fanns inte den natten: klockan ställdes fram. Välj ett annat.", EN: "That time did not exist that night: clocks went forward. Choose another."},
	"wrong.future":   {SV: "Tiden ligger i framtiden. Välj en tid som har varit.", EN: "The time lies ahead. Choose a time that has been."},
	"wrong.old":      {SV: "Det är för länge sedan. Det äldsta som tas emot är från den %s.", EN: "That is too long ago. The oldest taken in is from %s."},
	"wrong.order":    {SV: "Slutet ligger före början.", EN: "The end lies before the beginning."},
	"wrong.long":     {SV: "Perioden är längre än tre månader. Dela upp den.", EN: "The period is longer than three months. Divide it."},

	"more.head":    {SV: "4. Mer? (valfritt)", EN: "4. More? (optional)"},
	"mark.ongoing": {SV: "Pågår fortfarande", EN: "Still going on"},
	"mark.before":  {SV: "Har hänt här förut", EN: "Has happened here before"},
	"mark.police":  {SV: "Polisanmält", EN: "Reported to the police"},
	"text.label":   {SV: "Kort om händelsen", EN: "Briefly what happened"},
	"text.help":    {SV: "Högst 500 tecken. Inga namn, personnummer, telefonnummer, registreringsnummer eller lägenheter. Vi samlar platser, inte personer.", EN: "At most 500 characters. No names, identity numbers, telephone numbers, plates or flats. We collect places, not persons."},
	"text.marked":  {SV: "Texten, med det som måste bort markerat:", EN: "The text, with what must go marked:"},
	"text.noplate": {SV: "Det markerade är inget registreringsnummer", EN: "What is marked is no plate"},

	"sharing.head":         {SV: "Så delas rapporten", EN: "How the report is shared"},
	"sharing.partners":     {SV: "Alla organisationer i samverkan får öppna rapporten: polis, kommun, bostadsbolag och övriga.", EN: "All organisations in the partnership may open the report: police, municipality, housing companies and the others."},
	"sharing.coordinators": {SV: "Din organisation och samordnarna får öppna rapporten.", EN: "Your organisation and the coordinators may open the report."},
	"sharing.counts":       {SV: "Bara din organisation får öppna rapporten.", EN: "Only your organisation may open the report."},
	"sharing.withheld":     {SV: "Bara din organisation får öppna rapporten, och den räknas inte för andra.", EN: "Only your organisation may open the report, and it is not counted for others."},
	"sharing.count":        {SV: "Andra ser högst att en händelse finns, av vilket slag, när och i vilket område. Vem som skrev ser bara din organisation.", EN: "Others see at most that there is an incident, of what kind, when and in which area. Only your organisation sees who wrote."},
	"sharing.own":          {SV: "Bara min organisation får öppna den. Den räknas ändå.", EN: "Only my organisation may open it. It is counted all the same."},
}

// receiptTexts are those of receipts and own reports.
var receiptTexts = web.Catalogue{
	"receipt.title":     {SV: "Tack. Rapporten är skickad", EN: "Thank you. The report is sent"},
	"receipt.nothing":   {SV: "Tack. Inget att rapportera är skickat", EN: "Thank you. Nothing to report is sent"},
	"receipt.withdrawn": {SV: "Rapporten är återtagen", EN: "The report is taken back"},
	"receipt.number":    {SV: "Rapport", EN: "Report"},
	"receipt.what":      {SV: "Vad", EN: "What"},
	"receipt.where":     {SV: "Var", EN: "Where"},
	"receipt.when":      {SV: "När", EN: "When"},
	"receipt.week":      {SV: "Räknas i", EN: "Counted in"},
	"receipt.at":        {SV: "Mottagen", EN: "Received"},
	"receipt.again":     {SV: "Rapportera en till här", EN: "Report another here"},
	"next.head":         {SV: "Vad händer nu?", EN: "What happens now?"},
	"next.place":        {SV: "Rapporten placeras i sitt område och räknas.", EN: "The report is placed in its area and counted."},
	"next.picture":      {SV: "Den ingår i veckans lägesbild.", EN: "It becomes part of the week's picture."},
	"next.position":     {SV: "Polis, kommun och bostadsbolag tar ställning till platser som sticker ut.", EN: "Police, municipality and housing companies take a position on places that stand out."},
	"next.told":         {SV: "Du ser här och under Mina rapporter vad det ledde till.", EN: "You see here and in My reports what came of it."},
	"undo.button":       {SV: "Ångra (till kl. %s)", EN: "Undo (until %s)"},
	"undo.late":         {SV: "Rapporten kunde ångras till kl. %s. Be din organisation att rätta eller ta bort den.", EN: "The report could be undone until %s. Ask your organisation to correct or remove it."},

	"state.placing":          {SV: "Mottagen, placeras", EN: "Received, being placed"},
	"state.placing.more":     {SV: "Den är sparad. Ladda om sidan om en stund.", EN: "It is stored. Reload the page in a moment."},
	"state.received":         {SV: "Mottagen", EN: "Received"},
	"state.placed":           {SV: "Placerad i %s.", EN: "Placed in %s."},
	"state.corrected":        {SV: "Din organisation har rättat den.", EN: "Your organisation has corrected it."},
	"state.picture":          {SV: "I lägesbilden", EN: "In the picture"},
	"state.position":         {SV: "Ställning tagen", EN: "Position taken"},
	"state.done":             {SV: "Klar", EN: "Done"},
	"state.withdrawn":        {SV: "Återtagen", EN: "Taken back"},
	"state.quarantined":      {SV: "Väntar hos din organisation", EN: "Waits at your organisation"},
	"state.quarantined.more": {SV: "Den är sparad men räknas inte än.", EN: "It is stored but not counted yet."},
	"state.dropped":          {SV: "Avskriven av din organisation", EN: "Dropped by your organisation"},
	"state.refused":          {SV: "Kunde inte tas emot", EN: "Could not be taken in"},
	"state.unknown":          {SV: "Osäkert om den kom fram", EN: "Not certain that it arrived"},

	"mine.title":     {SV: "Mina rapporter", EN: "My reports"},
	"mine.report":    {SV: "Rapportera ny", EN: "Report anew"},
	"mine.none":      {SV: "Du har inte rapporterat än. Den första tar under en minut.", EN: "You have not reported yet. The first one takes less than a minute."},
	"pages.label":    {SV: "Fler sidor", EN: "More pages"},
	"pages.newer":    {SV: "Senare", EN: "Later"},
	"pages.older":    {SV: "Tidigare", EN: "Earlier"},
	"pages.previous": {SV: "Föregående", EN: "Previous"},
	"pages.next":     {SV: "Nästa", EN: "Next"},
}

// leadTexts are those of nothing to report, and quarantine.
var leadTexts = web.Catalogue{
	"nothing.title":  {SV: "Inget att rapportera", EN: "Nothing to report"},
	"nothing.link":   {SV: "Inget att rapportera", EN: "Nothing to report"},
	"nothing.why":    {SV: "Tystnad är inte lugn. Säg till när det har varit lugnt, så vet de andra att ni har tittat.", EN: "Silence is not calm. Say when it has been calm, so that the others know that you looked."},
	"nothing.send":   {SV: "Skicka", EN: "Send"},
	"unit.label":     {SV: "Enhet", EN: "Unit"},
	"unit.whole":     {SV: "Hela %s", EN: "All of %s"},
	"missing.unit":   {SV: "Välj en enhet som du får svara för.", EN: "Choose a unit that you may answer for."},
	"period.head":    {SV: "Vilken tid?", EN: "Which time?"},
	"period.last":    {SV: "Förra veckan, %s (%s)", EN: "Last week, %s (%s)"},
	"period.this":    {SV: "Den här veckan till nu, %s (%s)", EN: "This week until now, %s (%s)"},
	"period.days":    {SV: "Andra dagar", EN: "Other days"},
	"period.from":    {SV: "Från och med", EN: "From"},
	"period.to":      {SV: "Till och med", EN: "To and including"},
	"missing.period": {SV: "Välj en tid.", EN: "Choose a time."},

	"quarantine.title":      {SV: "Karantän", EN: "Quarantine"},
	"quarantine.what":       {SV: "Det här har din organisation skickat och måste ta ställning till. Inget av det räknas, och ingen annan kan läsa det.", EN: "Your organisation has sent this and must decide about it. None of it is counted, and nobody else can read it."},
	"quarantine.total.one":  {SV: "%s väntar.", EN: "%s waits."},
	"quarantine.total.many": {SV: "%s väntar, äldst först.", EN: "%s wait, the oldest first."},
	"quarantine.none":       {SV: "Inget väntar på er.", EN: "Nothing waits for you."},
	"quarantine.since":      {SV: "sedan %s", EN: "since %s"},
	"quarantine.correct":    {SV: "Rätta", EN: "Correct"},
	"quarantine.release":    {SV: "Släpp som den är", EN: "Release as it is"},
	"quarantine.drop":       {SV: "Avskriv", EN: "Drop"},
	"quarantine.back":       {SV: "Till karantänen", EN: "To the quarantine"},
	"release.instead":       {SV: "Rätta den, eller avskriv den. Den väntar kvar tills dess.", EN: "Correct it, or drop it. It waits until then."},
	"done.released":         {SV: "Släppt. Den räknas nu.", EN: "Released. It is counted now."},
	"done.dropped":          {SV: "Avskriven. Den räknas aldrig.", EN: "Dropped. It will never be counted."},
	"done.corrected":        {SV: "Rättelsen är skickad.", EN: "The correction is sent."},
	"saidkind.incident":     {SV: "Händelse", EN: "Incident"},
	"saidkind.nothing":      {SV: "Inget att rapportera", EN: "Nothing to report"},
	"saidkind.counts":       {SV: "Veckosiffror", EN: "Weekly figures"},
	"saidkind.context":      {SV: "Något på gång", EN: "Something coming up"},

	"correct.title":     {SV: "Rätta rapporten", EN: "Correct the report"},
	"correct.what":      {SV: "Rapport %s väntar för att:", EN: "Report %s waits because:"},
	"correct.keep":      {SV: "Som den skickades: %s", EN: "As it was sent: %s"},
	"correct.noplace":   {SV: "ingen plats", EN: "no place"},
	"correct.owncode":   {SV: "Som den skickades", EN: "As it was sent"},
	"correct.fromdate":  {SV: "Från datum", EN: "From date"},
	"correct.fromtime":  {SV: "Från kl.", EN: "From time"},
	"correct.todate":    {SV: "Till datum", EN: "To date"},
	"correct.totime":    {SV: "Till kl.", EN: "To time"},
	"correct.send":      {SV: "Skicka rättelse", EN: "Send correction"},
	"correct.overtaken": {SV: "Någon annan har rättat rapporten sedan du öppnade den. Se efter om din rättelse behövs, och skicka i så fall igen.", EN: "Somebody else has corrected the report since you opened it. See whether yours is needed, and then send again."},
}
