// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"slices"

	"samsyn/events"
)

// reviewable are the hits that a sender may mark as mistaken; numbers, telephone and e-mail cannot be reviewed away.
var reviewable = []events.Code{events.PIIName, events.PIIPlate}

// ScreenEvent looks at everything that a sender may write freely in one event: the texts with Screen, the ids with ScreenID.
// Each hit is a reason with its path and its place in the text as it was decoded. It is the same at every door and in the
// verdict; what follows from a hit is theirs to say.
func ScreenEvent(e events.Event) []events.Reason {
	s := screening{event: e}
	s.id("/id", e.ID)
	s.id("/data/report", string(e.Report))
	switch {
	case e.Incident != nil:
		s.id("/data/reference", e.Incident.Reference)
		s.id("/data/reporter", e.Incident.Reporter)
		s.id("/data/unit", e.Incident.Unit)
		s.text("/data/text", e.Incident.Text, e.Incident.Reviewed)
	case e.Nothing != nil:
		s.id("/data/unit", e.Nothing.Unit)
	case e.Context != nil:
		s.text("/data/text", e.Context.Text, nil)
	case e.Withdrawal != nil:
		s.text("/data/reason", e.Withdrawal.Reason, nil)
	}
	return s.found
}

type screening struct {
	event events.Event
	found []events.Reason
}

func (s *screening) text(path, text string, reviewed []string) {
	for _, h := range Screen(text) {
		if !slices.Contains(reviewable, h.Code) || !slices.Contains(reviewed, string(h.Code)) {
			s.found = append(s.found, h.reason(path))
		}
	}
}

func (s *screening) id(path, id string) {
	if id == "" {
		return
	}
	for _, h := range ScreenID(id, s.event.Time) {
		s.found = append(s.found, h.reason(path))
	}
}

func (h Hit) reason(path string) events.Reason {
	return events.Reason{Code: h.Code, Path: path, Span: &events.Span{Start: h.Start, End: h.End}}
}
