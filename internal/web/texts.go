// SPDX-License-Identifier: EUPL-1.2

package web

// Texts are those of the layout and of the pages that every service may answer with.
func Texts() Catalogue {
	return Catalogue{
		"layout.skip":         {SV: "Hoppa till innehållet", EN: "Skip to content"},
		"layout.nav":          {SV: "Inställningar", EN: "Settings"},
		"layout.pages":        {SV: "Sidor", EN: "Pages"},
		"layout.about":        {SV: "Om uppgifterna", EN: "About the data"},
		"layout.municipality": {SV: "Kommun", EN: "Municipality"},
		"layout.show":         {SV: "Visa", EN: "Show"},
		"layout.language":     {SV: "English", EN: "Svenska"},
		"layout.signout":      {SV: "Logga ut", EN: "Sign out"},
		"layout.madeup.short": {SV: "påhittad", EN: "made up"},
		"layout.foot": {
			SV: "Samsyn handlar om platser, aldrig om personer. Alla tal går att öppna som tabell.",
			EN: "Samsyn is about places, never about persons. Every number can be opened as a table.",
		},
		"notice.madeup": {
			SV: "Påhittade uppgifter. De är hittade på för att visa systemet och säger ingenting om %s.",
			EN: "Made-up data. It is invented to show the system and says nothing about %s.",
		},
		"notice.replay": {
			SV: "Uppspelning av äldre uppgifter. Klockan står på den %s kl. %s.",
			EN: "A replay of older data. The clock stands at %s, %s.",
		},
		"figure.table": {SV: "Visa som tabell", EN: "Show as a table"},

		"error.403.title": {SV: "Det här får du inte göra", EN: "You may not do this"},
		"error.403.text":  {SV: "Ditt uppdrag i Samsyn omfattar inte den sidan. Fråga din administratör om det borde göra det.", EN: "Your role in Samsyn does not include that page. Ask your administrator if it should."},
		"error.404.title": {SV: "Sidan finns inte", EN: "There is no such page"},
		"error.404.text":  {SV: "Adressen leder ingenstans, eller till något som du inte får se.", EN: "The address leads nowhere, or to something you may not see."},
		"error.500.title": {SV: "Något gick fel hos oss", EN: "Something went wrong here"},
		"error.500.text":  {SV: "Sidan kunde inte visas. Inget är förlorat. Försök igen om en stund.", EN: "The page could not be shown. Nothing is lost. Try again in a moment."},
		"error.503.title": {SV: "Databasen svarar inte", EN: "The database does not answer"},
		"error.503.text":  {SV: "Rapporter tas emot som vanligt. Försök igen om en stund.", EN: "Reports are taken in as usual. Try again in a moment."},
		"error.way":       {SV: "Till översikten", EN: "To the overview"},
	}
}
