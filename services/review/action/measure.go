// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"slices"

	"samsyn/events"
)

// Measure is what kind of thing is done. The list is closed: counts of measures mean the same everywhere. What it is
// exactly stands in Action.MeasureText.
type Measure string

// The measures, as the practices of Swedish municipalities have them.
const (
	NightWalk      Measure = "night_walk"
	PolicePresence Measure = "police_presence"
	Guards         Measure = "guards"
	AdultPresence  Measure = "adult_presence"
	Lighting       Measure = "lighting"
	Vegetation     Measure = "vegetation"
	Cleaning       Measure = "cleaning"
	Repair         Measure = "repair"
	Access         Measure = "access"
	Camera         Measure = "camera"
	Traffic        Measure = "traffic"
	Supervision    Measure = "supervision"
	Dialogue       Measure = "dialogue"
	YouthActivity  Measure = "youth_activity"
	MeetingPlace   Measure = "meeting_place"
	Information    Measure = "information"
	Other          Measure = "other"
)

// Measures are all of them in the order in which they are offered.
func Measures() []Measure {
	return []Measure{
		NightWalk, PolicePresence, Guards, AdultPresence, Lighting, Vegetation, Cleaning, Repair, Access, Camera, Traffic, Supervision, Dialogue,
		YouthActivity, MeetingPlace, Information, Other,
	}
}

// Known says whether m is of the list.
func (m Measure) Known() bool { return slices.Contains(Measures(), m) }

// Text is what people call the measure; a measure that is not of the list is its own code.
func (m Measure) Text() events.Text {
	text, ok := map[Measure]events.Text{
		NightWalk:      {SV: "Nattvandring", EN: "Night walk"},
		PolicePresence: {SV: "Polisnärvaro", EN: "Police presence"},
		Guards:         {SV: "Väktare eller ordningsvakter", EN: "Guards"},
		AdultPresence:  {SV: "Vuxennärvaro", EN: "Adult presence"},
		Lighting:       {SV: "Belysning", EN: "Lighting"},
		Vegetation:     {SV: "Röjning och växtlighet", EN: "Vegetation"},
		Cleaning:       {SV: "Städning och sanering", EN: "Cleaning"},
		Repair:         {SV: "Reparation", EN: "Repair"},
		Access:         {SV: "Lås, passage och tillträde", EN: "Locks and access"},
		Camera:         {SV: "Kamera", EN: "Camera"},
		Traffic:        {SV: "Trafikåtgärd", EN: "Traffic measure"},
		Supervision:    {SV: "Tillsyn", EN: "Supervision"},
		Dialogue:       {SV: "Dialog", EN: "Dialogue"},
		YouthActivity:  {SV: "Aktivitet för unga", EN: "Youth activity"},
		MeetingPlace:   {SV: "Mötesplats", EN: "Meeting place"},
		Information:    {SV: "Information", EN: "Information"},
		Other:          {SV: "Annan åtgärd", EN: "Other measure"},
	}[m]
	if !ok {
		return events.Text{SV: string(m), EN: string(m)}
	}
	return text
}
