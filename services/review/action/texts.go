// SPDX-License-Identifier: EUPL-1.2

package action

import "samsyn/internal/web"

// Texts are those of the pages of actions.
func Texts() web.Catalogue { return texts }

// texts is read only. %s are numbers and names that are already written for people.
var texts = listTexts.With(showTexts).With(formTexts).With(effectTexts)

// listTexts are those of the list.
var listTexts = web.Catalogue{
	"list.title":   {SV: "Åtgärder", EN: "Actions"},
	"list.caption": {SV: "Åtgärder, det som skulle vara klart först överst", EN: "Actions, those due first on top"},
	"list.new":     {SV: "Ny åtgärd", EN: "New action"},
	"list.csv":     {SV: "Hämta som CSV", EN: "Download as CSV"},
	"list.empty":   {SV: "Inga öppna åtgärder.", EN: "No open actions."},
	"list.none":    {SV: "Inga åtgärder med det urvalet.", EN: "No actions in that selection."},

	"lead.open.one":    {SV: "%s åtgärd är öppen.", EN: "%s action is open."},
	"lead.open.many":   {SV: "%s åtgärder är öppna.", EN: "%s actions are open."},
	"lead.late.one":    {SV: "%s är försenad.", EN: "%s is late."},
	"lead.late.many":   {SV: "%s är försenade.", EN: "%s are late."},
	"lead.defect.one":  {SV: "%s går inte att följa upp: den saknar problem eller datum för uppföljning.", EN: "%s cannot be followed up: it lacks a problem or a follow-up date."},
	"lead.defect.many": {SV: "%s går inte att följa upp: de saknar problem eller datum för uppföljning.", EN: "%s cannot be followed up: they lack a problem or a follow-up date."},

	"filter.state":    {SV: "Visa", EN: "Show"},
	"filter.open":     {SV: "Inte avslutade", EN: "Not closed"},
	"filter.late":     {SV: "Försenade", EN: "Late"},
	"filter.all":      {SV: "Alla", EN: "All"},
	"filter.agencies": {SV: "Alla organisationer", EN: "All organisations"},
	"filter.own":      {SV: "Min organisation", EN: "My organisation"},
	"filter.measures": {SV: "Alla slag", EN: "All kinds"},
	"filter.show":     {SV: "Visa urvalet", EN: "Show selection"},

	"head.action":        {SV: "Åtgärd", EN: "Action"},
	"head.place":         {SV: "Plats", EN: "Place"},
	"head.owner":         {SV: "Ansvarig", EN: "Owner"},
	"head.due":           {SV: "Klart senast", EN: "Due"},
	"head.state":         {SV: "Läge", EN: "State"},
	"head.note":          {SV: "Att göra", EN: "To do"},
	"head.effect":        {SV: "Effekt", EN: "Effect"},
	"head.problem":       {SV: "Problem", EN: "Problem"},
	"head.cause":         {SV: "Orsak", EN: "Cause"},
	"head.start":         {SV: "Start", EN: "Start"},
	"head.expected":      {SV: "Väntad effekt", EN: "Expected effect"},
	"head.followup":      {SV: "Uppföljning", EN: "Follow-up"},
	"head.control":       {SV: "Jämförelseområde", EN: "Control area"},
	"head.before":        {SV: "Händelser före", EN: "Incidents before"},
	"head.after":         {SV: "Händelser efter", EN: "Incidents after"},
	"head.controlbefore": {SV: "Jämförelse före", EN: "Control before"},
	"head.controlafter":  {SV: "Jämförelse efter", EN: "Control after"},
	"head.difference":    {SV: "Skillnad", EN: "Difference"},
	"head.low":           {SV: "Lägst (95 %)", EN: "Lowest (95%)"},
	"head.high":          {SV: "Högst (95 %)", EN: "Highest (95%)"},
	"head.week":          {SV: "Vecka", EN: "Week"},
	"head.period":        {SV: "Tid", EN: "Time"},
}

// showTexts are those of one action.
var showTexts = web.Catalogue{
	"late.one":              {SV: "%s dag försenad", EN: "%s day late"},
	"late.many":             {SV: "%s dagar försenad", EN: "%s days late"},
	"note.followup":         {SV: "att följa upp", EN: "to be followed up"},
	"defect.problem":        {SV: "saknar problem", EN: "lacks a problem"},
	"defect.follow_up":      {SV: "saknar uppföljning", EN: "lacks a follow-up"},
	"defect.problem.long":   {SV: "Brist: det står inte vilket problem åtgärden ska lösa. Då går det inte att säga om den hjälpte.", EN: "Defect: it is not said which problem this is to solve, so nobody can say whether it helped."},
	"defect.follow_up.long": {SV: "Brist: det finns inget datum för uppföljning.", EN: "Defect: there is no date for follow-up."},

	"show.back":       {SV: "Alla åtgärder", EN: "All actions"},
	"show.chain":      {SV: "Från problem till uppföljning", EN: "From problem to follow-up"},
	"show.control":    {SV: "Inget jämförelseområde är valt. Välj ett senast den %s, annars går effekten inte att avgöra.", EN: "No control area is named. Name one by %s; otherwise no effect can be told."},
	"show.edit":       {SV: "Ändra uppgifterna", EN: "Change it"},
	"show.mend":       {SV: "Fyll i det som saknas", EN: "Fill in what is missing"},
	"show.step":       {SV: "Ändra läget", EN: "Change the state"},
	"show.flag":       {SV: "Platsen som flaggades", EN: "The place that was flagged"},
	"show.conclusion": {SV: "Slutsats: %s", EN: "Conclusion: %s"},
	"chain.time":      {SV: "Start och klart", EN: "Start and due"},
	"chain.span":      {SV: "%s, klart senast %s", EN: "%s, due %s"},
	"chain.missing":   {SV: "Saknas", EN: "Missing"},
	"group.all":       {SV: "Alla grupper som bevakas", EN: "All groups that are watched"},
	"control.none":    {SV: "Inget jämförelseområde", EN: "No control area"},
	"control.named":   {SV: "%s, valt %s", EN: "%s, named %s"},

	"step.decided":     {SV: "Besluta åtgärden", EN: "Decide on it"},
	"step.in_progress": {SV: "Markera påbörjad", EN: "Mark as begun"},
	"step.done":        {SV: "Markera klar", EN: "Mark as done"},
	"step.cancelled":   {SV: "Avbryt åtgärden", EN: "Cancel it"},
	"step.evaluated":   {SV: "Avsluta med slutsatsen", EN: "Close with this conclusion"},
	"step.conclusion":  {SV: "Vad blev resultatet? (Inga namn.)", EN: "What came of it? (No names.)"},
	"step.due":         {SV: "Klart senast", EN: "Due"},
	"step.move":        {SV: "Flytta datumet", EN: "Move the date"},

	"history.head":    {SV: "Historik", EN: "History"},
	"history.made":    {SV: "Skapad som %s", EN: "Made as %s"},
	"history.step":    {SV: "%s blev %s", EN: "%s became %s"},
	"history.changed": {SV: "Ändrat: %s", EN: "Changed: %s"},
	"history.due":     {SV: "%s (till %s)", EN: "%s (to %s)"},
}

// formTexts are those of its form and what can be wrong with it.
var formTexts = web.Catalogue{
	"field.state":           {SV: "läge", EN: "state"},
	"field.area":            {SV: "plats", EN: "place"},
	"field.group":           {SV: "Slag av händelser", EN: "Kind of incidents"},
	"field.problem":         {SV: "problem", EN: "problem"},
	"field.cause":           {SV: "orsak", EN: "cause"},
	"field.measure":         {SV: "slag av åtgärd", EN: "kind of measure"},
	"field.measure_text":    {SV: "Vad, när och hur", EN: "What, when and how"},
	"field.owner_agency":    {SV: "ansvarig organisation", EN: "owner"},
	"field.owner_person":    {SV: "Ansvarig person", EN: "Person in charge"},
	"field.start_on":        {SV: "start", EN: "start"},
	"field.due_on":          {SV: "klart senast", EN: "due date"},
	"field.expected_effect": {SV: "väntad effekt", EN: "expected effect"},
	"field.follow_up_on":    {SV: "uppföljning", EN: "follow-up"},
	"field.control_area":    {SV: "jämförelseområde", EN: "control area"},
	"field.control":         {SV: "jämförelseområde", EN: "control area"},
	"field.weeks":           {SV: "Veckor före och efter som jämförs", EN: "Weeks before and after to compare"},
	"field.conclusion":      {SV: "slutsats", EN: "conclusion"},

	"form.new":        {SV: "Ny åtgärd", EN: "New action"},
	"form.change":     {SV: "Ändra åtgärd", EN: "Change action"},
	"form.lead":       {SV: "En åtgärd svarar på ett problem, har en ansvarig och ett datum, och följs upp.", EN: "An action answers a problem, has an owner and a date, and is followed up."},
	"form.persons":    {SV: "Skriv om platsen, aldrig om personer.", EN: "Write about the place, never about persons."},
	"form.choose":     {SV: "Välj …", EN: "Choose …"},
	"form.nobody":     {SV: "Ingen utpekad", EN: "Nobody in particular"},
	"form.control":    {SV: "Ett område som liknar det här, där inget görs. Det väljs före start, annars går effekten inte att avgöra.", EN: "An area like this one where nothing is done. It is named before the start; otherwise no effect can be told."},
	"form.started":    {SV: "Jämförelseområde: %s. Åtgärden har börjat, så det kan inte ändras.", EN: "Control area: %s. The action has begun, so it cannot be changed."},
	"form.save":       {SV: "Besluta och spara", EN: "Decide and save"},
	"form.savechange": {SV: "Spara ändringen", EN: "Save the change"},
	"form.propose":    {SV: "Spara som förslag", EN: "Save as a proposal"},
	"form.back":       {SV: "Tillbaka utan att spara", EN: "Back without saving"},
	"form.wrong":      {SV: "Åtgärden är inte sparad. Rätta det här och spara igen:", EN: "The action is not saved. Mend this and save again:"},

	"invalid.required":     {SV: "Det här behövs.", EN: "This is needed."},
	"invalid.unknown":      {SV: "Det finns inte att välja.", EN: "There is no such choice."},
	"invalid.long":         {SV: "Högst 500 tecken.", EN: "At most 500 characters."},
	"invalid.personal":     {SV: "Det ser ut som en personuppgift. Ta bort den. Vi samlar platser, inte personer.", EN: "This looks like personal data. Take it out. We collect places, not persons."},
	"invalid.date":         {SV: "Skriv datumet som 2026-11-30.", EN: "Write the date as 2026-11-30."},
	"invalid.before_start": {SV: "Datumet ligger före start.", EN: "The date is before the start."},
	"invalid.same":         {SV: "Jämförelseområdet måste vara ett annat.", EN: "The control area must be another one."},
	"invalid.after_start":  {SV: "Jämförelseområdet måste väljas före start.", EN: "The control area must be named before the start."},
	"invalid.range":        {SV: "Ett helt tal från 1 till 52.", EN: "A whole number from 1 to 52."},
	"invalid.step":         {SV: "Det steget går inte att ta härifrån.", EN: "That step cannot be taken from here."},
	"invalid.not_theirs":   {SV: "Personen hör inte till den ansvariga organisationen.", EN: "The person does not belong to the owner."},

	"level.area":         {SV: "Områden", EN: "Areas"},
	"level.district":     {SV: "Distrikt", EN: "Districts"},
	"level.municipality": {SV: "Hela kommunen", EN: "The whole municipality"},

	"conflict.title":   {SV: "Någon annan hann före", EN: "Somebody else was first"},
	"conflict.lead":    {SV: "Åtgärden ändrades %s, efter att du öppnade den. Din ändring är inte sparad än. Här är båda.", EN: "The action was changed %s, after you opened it. Your change is not saved yet. Here are both."},
	"conflict.caption": {SV: "Det som skiljer", EN: "What differs"},
	"conflict.field":   {SV: "Uppgift", EN: "Field"},
	"conflict.stored":  {SV: "Sparat nu", EN: "Stored now"},
	"conflict.yours":   {SV: "Ditt", EN: "Yours"},
	"conflict.keep":    {SV: "Behåll det som är sparat", EN: "Keep what is stored"},
	"conflict.save":    {SV: "Spara mitt i stället", EN: "Save mine instead"},
}

// effectTexts are those of its effect.
var effectTexts = web.Catalogue{
	"effect.early":     {SV: "Den %s går det att säga något. Då jämförs %s veckor före start med lika många efter.", EN: "Something can be said on %s, when %s weeks before the start are compared with as many after."},
	"effect.nopast":    {SV: "Tiden före börjar innan händelser räknades här (%s).", EN: "The time before begins before incidents were counted here (%s)."},
	"effect.counts":    {SV: "%s: %s händelser före (%s i veckan), %s efter (%s i veckan).", EN: "%s: %s incidents before (%s a week), %s after (%s a week)."},
	"effect.control":   {SV: "%s, där inget gjordes: %s före, %s efter.", EN: "%s, where nothing was done: %s before, %s after."},
	"effect.nocontrol": {SV: "Inget jämförelseområde valdes före start. Då kan en förändring lika gärna bero på något annat.", EN: "No control area was named before the start, so a change may as well have another cause."},
	"effect.toofew":    {SV: "Det är för få händelser för att säga något säkert.", EN: "There are too few incidents to say anything certain."},
	"effect.undecided": {SV: "Skillnaden mot jämförelseområdet är %s händelser (95 %% intervall %s till %s). Intervallet rymmer noll, så det kan inte avgöras.", EN: "The difference from the control area is %s incidents (interval of 95 in 100: %s to %s). The interval holds zero, so it cannot be decided."},
	"effect.certain":   {SV: "Skillnaden mot jämförelseområdet är %s händelser (95 %% intervall %s till %s).", EN: "The difference from the control area is %s incidents (interval of 95 in 100: %s to %s)."},
	"effect.windows":   {SV: "Före är %s till %s, efter är %s till %s.", EN: "Before is %s to %s, after is %s to %s."},

	"warning.head":    {SV: "Att tänka på", EN: "Bear in mind"},
	"warning.flagged": {SV: "Platsen valdes för att antalet var högt. Ett högt antal går ofta tillbaka av sig självt. Dagarna som flaggades räknas därför inte med i tiden före.", EN: "The place was chosen because the number was high. A high number often falls back by itself. The days that were flagged are therefore not part of the time before."},
	"warning.high":    {SV: "Tiden före var hög jämfört med året dessförinnan. Ett högt antal går ofta tillbaka av sig självt.", EN: "The time before was high against the year before it. A high number often falls back by itself."},
	"warning.began":   {SV: "%s började rapportera %s. En skillnad kan bero på det.", EN: "%s began to report %s. A difference may be due to that."},
	"warning.ceased":  {SV: "%s hördes senast %s. En skillnad kan bero på det.", EN: "%s was last heard %s. A difference may be due to that."},
	"warning.more":    {SV: "Ytterligare %s källor började eller slutade.", EN: "Another %s sources began or ceased."},

	"figure.finding": {SV: "%s händelser före och %s efter.", EN: "%s incidents before and %s after."},
	"figure.begun":   {SV: "Veckorna före och efter, så långt de har gått.", EN: "The weeks before and after, as far as they have gone."},
	"figure.what":    {SV: "Händelser per vecka i %s, %s till %s", EN: "Incidents a week in %s, %s to %s"},
	"figure.label":   {SV: "Händelser per vecka före och efter i %s", EN: "Incidents a week before and after in %s"},
	"figure.caption": {SV: "Händelser per vecka före och efter", EN: "Incidents a week before and after"},
	"figure.before":  {SV: "Före", EN: "Before"},
	"figure.after":   {SV: "Efter", EN: "After"},
	"figure.control": {SV: "%s (jämförelse)", EN: "%s (control)"},
	"figure.gap":     {SV: "Dagarna som platsen flaggades för visas inte och räknas inte.", EN: "The days that the place was flagged for are neither shown nor counted."},
	"figure.ongoing": {SV: "pågår", EN: "not over"},

	"method.head": {SV: "Så räknas effekten", EN: "How the effect is counted"},
	"method.text": {
		SV: "Förändringen på platsen minus förändringen i jämförelseområdet, med 95 procents intervall (Wheeler och Ratcliffe 2018). Intervallet förutsätter att händelser kommer oberoende av varandra. Kommer de i skurar är det något för smalt.",
		EN: "The change at the place less the change in the control area, with an interval of 95 in 100 (Wheeler and Ratcliffe 2018). The interval takes incidents as independent. Where they come in bursts it is somewhat too narrow.",
	},

	"panel.title":  {SV: "Åtgärder och effekt", EN: "Actions and effect"},
	"panel.empty":  {SV: "Inga åtgärder på den här platsen.", EN: "No actions on this place."},
	"panel.who":    {SV: "%s. %s, start %s, klart senast %s.", EN: "%s. %s, start %s, due %s."},
	"panel.counts": {SV: "Före %s i veckan, efter %s i veckan.", EN: "Before %s a week, after %s a week."},
	"panel.new":    {SV: "Ny åtgärd här", EN: "New action here"},
}
