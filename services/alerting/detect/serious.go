// SPDX-License-Identifier: EUPL-1.2

package detect

import "samsyn/events"

// verySerious is the highest severity.
const verySerious = 4

// Serious reports whether one report flags its place at once, outside every budget:
// its category is very serious by default, or it was observed to be very serious by
// an agency that has the right to say so.
func Serious(categoryDefault, severity int, certainty string, agencyHasRight bool) bool {
	return categoryDefault >= verySerious || severity >= verySerious && certainty == events.CertaintyObserved && agencyHasRight
}

// SeriousADay is how many serious reports of one agency on one day are told one by
// one; the rest goes together in one message, so that a mistake in an agency's
// system does not drown everyone.
const SeriousADay = 5

// OneByOne reports whether a serious report is told by itself, after so many of its
// agency that day.
func OneByOne(soFar int) bool { return soFar < SeriousADay }

// SeriousWords says why a place is flagged; category is its name in both languages.
func SeriousWords(category events.Text) events.Text {
	return events.Text{
		SV: "Mycket allvarlig händelse" + inBrackets(category.SV) + ". Sådana flaggas alltid, genast.",
		EN: "Very serious incident" + inBrackets(category.EN) + ". Such are always flagged, at once.",
	}
}
