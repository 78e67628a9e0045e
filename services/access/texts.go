// SPDX-License-Identifier: EUPL-1.2

package access

import "samsyn/internal/web"

// Texts are those of the pages of signing in and of people, and of the mail with a link.
func Texts() web.Catalogue { return texts }

// texts is read only.
var texts = signInTexts.With(peopleTexts)

// signInTexts are those of signing in.
var signInTexts = web.Catalogue{
	"signin.title":   {SV: "Logga in", EN: "Sign in"},
	"signin.lead":    {SV: "Skriv din e-postadress, så skickar vi en länk som loggar in dig.", EN: "Give your e-mail address, and we send a link that signs you in."},
	"signin.email":   {SV: "E-postadress", EN: "E-mail address"},
	"signin.send":    {SV: "Skicka länk", EN: "Send link"},
	"signin.wrong":   {SV: "Det ser inte ut som en e-postadress. Skriv den som anna@kommun.example.", EN: "That does not look like an e-mail address. Write it like anna@town.example."},
	"signin.nomail":  {SV: "Be din administratör om en länk.", EN: "Ask your administrator for a link."},
	"signin.machine": {SV: "Eller, på maskinen där Samsyn körs:", EN: "Or, on the machine where Samsyn runs:"},
	"sent.title":     {SV: "Titta i din e-post", EN: "Look in your mail"},
	"sent.text": {
		SV: "Om adressen finns hos oss kommer det strax ett mejl med en länk. Den gäller en gång, i femton minuter.",
		EN: "If we know the address, a mail with a link is on its way. The link works once, for fifteen minutes.",
	},
	"toomany.title": {SV: "För många försök", EN: "Too many attempts"},
	"toomany.text":  {SV: "Vänta fem minuter och försök igen.", EN: "Wait for five minutes and try again."},

	"link.title":      {SV: "Logga in i Samsyn", EN: "Sign in to Samsyn"},
	"link.text":       {SV: "Länken är din och gäller en gång.", EN: "The link is yours and works once."},
	"link.use":        {SV: "Logga in", EN: "Sign in"},
	"link.dead.title": {SV: "Länken gäller inte längre", EN: "The link no longer works"},
	"link.dead.text":  {SV: "Den är redan använd, eller för gammal.", EN: "It has been used, or is too old."},
	"link.dead.way":   {SV: "Få en ny länk", EN: "Get a new link"},
	"link.new":        {SV: "Så får du en ny länk, på maskinen där Samsyn körs:", EN: "For a new link, on the machine where Samsyn runs:"},

	"mail.subject": {SV: "Din länk till Samsyn", EN: "Your link to Samsyn"},
	"mail.text": {
		SV: "Hej,\n\nmed den här länken loggar du in i Samsyn (%s). Den gäller en gång, i femton minuter:\n\n%s\n\nHar du inte bett om den behöver du inte göra någonting.\n",
		EN: "Hello,\n\nthis link signs you in to Samsyn (%s). It works once, for fifteen minutes:\n\n%s\n\nIf you have not asked for it you need not do anything.\n",
	},

	"signedout.title": {SV: "Du är utloggad", EN: "You are signed out"},
	"signedout.text":  {SV: "Ingenting från sidorna finns kvar i webbläsaren.", EN: "Nothing of the pages is left in the browser."},
	"empty.title":     {SV: "Här finns ingen kommun än", EN: "There is no municipality yet"},
	"empty.text":      {SV: "Lägg till en kommun, dess områden och organisationer, eller ladda demon.", EN: "Add a municipality, its areas and organisations, or load the demo."},
	"terminal.name":   {SV: "Den här maskinen", EN: "This machine"},
}

// peopleTexts are those of the page of people.
var peopleTexts = web.Catalogue{
	"people.title":    {SV: "Personer", EN: "People"},
	"people.none":     {SV: "Ingen är tillagd än.", EN: "Nobody has been added yet."},
	"people.caption":  {SV: "Vilka som kan logga in", EN: "Who can sign in"},
	"people.name":     {SV: "Namn", EN: "Name"},
	"people.email":    {SV: "E-post", EN: "E-mail"},
	"people.place":    {SV: "Organisation", EN: "Agency"},
	"people.roles":    {SV: "Uppdrag", EN: "Roles"},
	"people.do":       {SV: "Gör", EN: "Do"},
	"people.link":     {SV: "Ny länk", EN: "New link"},
	"people.disable":  {SV: "Stäng av", EN: "Shut out"},
	"people.enable":   {SV: "Släpp in igen", EN: "Let in again"},
	"people.disabled": {SV: "Avstängd", EN: "Shut out"},
	"people.for":      {SV: "för %s", EN: "for %s"},
	"people.add":      {SV: "Lägg till en person", EN: "Add a person"},
	"people.faults":   {SV: "Det här behöver rättas", EN: "This needs to be mended"},
	"people.noplace":  {SV: "Ingen", EN: "None"},
	"people.save":     {SV: "Lägg till", EN: "Add"},

	"invited.title": {SV: "Länk till %s", EN: "Link for %s"},
	"invited.text":  {SV: "Lämna länken till %s. Den loggar in en gång, till och med %s, och visas inte igen.", EN: "Hand the link to %s. It signs in once, until %s, and is not shown again."},
	"invited.back":  {SV: "Till personerna", EN: "To the people"},

	"role.reporter":    {SV: "Rapportör", EN: "Reporter"},
	"role.agency_lead": {SV: "Organisationsansvarig", EN: "Agency lead"},
	"role.coordinator": {SV: "Samordnare", EN: "Coordinator"},
	"role.member":      {SV: "Deltagare i lägesbilden", EN: "Member of the review"},
	"role.admin":       {SV: "Administratör", EN: "Administrator"},
	"role.operator":    {SV: "Drift", EN: "Operator"},
	"does.reporter":    {SV: "rapporterar och ser sina egna rapporter", EN: "reports and sees own reports"},
	"does.agency_lead": {SV: "ser alla tal, och avgör det som väntar i karantän", EN: "sees all numbers, and decides what waits in quarantine"},
	"does.coordinator": {SV: "tar ställning, fryser lägesbilden och leder mötet", EN: "takes positions, freezes the report and leads the meeting"},
	"does.member":      {SV: "ser alla tal och partners rapporter, och sköter egna åtgärder", EN: "sees all numbers and partners' reports, and minds own actions"},
	"does.admin":       {SV: "lägger till och stänger av personer, ser inga rapporter", EN: "adds people and shuts them out, sees no reports"},
	"does.operator":    {SV: "installerar och övervakar, ser inga rapporter", EN: "installs and watches, sees no reports"},
}
