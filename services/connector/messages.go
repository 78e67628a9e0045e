// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"samsyn/events"
	"samsyn/services/connector/table"
)

// Codes that this side gives beside those of package events: what is wrong with a file, before there is an event.
const (
	// FileUnreadable says that a file is neither lines of JSON nor a table.
	FileUnreadable events.Code = "file_unreadable"
	// FileTooLarge says that a file is larger than MaxFile.
	FileTooLarge events.Code = "file_too_large"
	// ReportTwice says that a file has two rows of one report that say different things.
	ReportTwice events.Code = "report_twice"
)

var messages = map[events.Code]events.Text{
	FileUnreadable: {
		SV: "Filen går inte att läsa från den här raden. Spara den som CSV eller som JSON med en händelse per rad, och lägg den i in/ igen. Inget ur den har skickats.",
		EN: "The file cannot be read from this line on. Save it as CSV, or as JSON with one event a line, and put it into in/ again. Nothing of it was sent.",
	},
	FileTooLarge: {
		SV: "Filen är större än 256 MB. Dela den.", EN: "The file is larger than 256 MB. Split it.",
	},
	ReportTwice: {
		SV: "Samma rapport står på en tidigare rad i filen och säger något annat. Behåll den rad som gäller, eller ange fler kolumner i report i mapping.yaml.",
		EN: "The same report stands on an earlier line of the file and says something else. Keep the line that is right, or name more columns under report in mapping.yaml.",
	},
	table.ExcelNumber: {
		SV: "Excel har skrivit talet i grundpotensform och siffror har gått förlorade. Formatera kolumnen som text i exporten.",
		EN: "Excel has written the number in scientific form and digits are lost. Format the column as text in the export.",
	},
	table.RowLength: {
		SV: "Raden har fler celler än rubrikraden: troligen står ett avskiljartecken i en text utan citattecken.",
		EN: "The row has more cells than the header: there is probably a separator in a text without quotation marks.",
	},
	events.TimeAmbiguous: {
		SV: "Klockslaget finns två gånger den natten. Skriv förskjutningen efter tiden, till exempel 2026-10-25 02:30+01:00.",
		EN: "That time of day comes twice that night. Write the offset after it, for example 2026-10-25 02:30+01:00.",
	},
	events.UnknownCode: {
		SV: "Värdet finns inte i mapping.yaml. Lägg till det under category och lägg filen i in/ igen.",
		EN: "The value is not in mapping.yaml. Add it under category and put the file into in/ again.",
	},
}
