// SPDX-License-Identifier: EUPL-1.2

package access

import "samsyn/internal/web"

// Texts are those of the pages of signing in.
func Texts() web.Catalogue {
	return web.Catalogue{
		"signin.title":    {SV: "Logga in", EN: "Sign in"},
		"signin.text":     {SV: "Öppna länken som visades när Samsyn startade. Den gäller en gång, i femton minuter.", EN: "Open the link that was shown when Samsyn started. It works once, for fifteen minutes."},
		"link.dead.title": {SV: "Länken gäller inte längre", EN: "The link no longer works"},
		"link.dead.text":  {SV: "Den är redan använd, eller äldre än femton minuter.", EN: "It has been used, or is older than fifteen minutes."},
		"link.new":        {SV: "Så får du en ny länk, på maskinen där Samsyn körs:", EN: "For a new link, on the machine where Samsyn runs:"},
		"signedout.title": {SV: "Du är utloggad", EN: "You are signed out"},
		"signedout.text":  {SV: "Ingenting från sidorna finns kvar i webbläsaren.", EN: "Nothing of the pages is left in the browser."},
		"empty.title":     {SV: "Här finns ingen kommun än", EN: "There is no municipality yet"},
		"empty.text":      {SV: "Lägg till en kommun, dess områden och organisationer, eller ladda demon.", EN: "Add a municipality, its areas and organisations, or load the demo."},
	}
}
