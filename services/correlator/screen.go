// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"samsyn/events"
	"samsyn/internal/privacy"
)

// screen looks for personal data in everything a sender may write freely. A hit quarantines the
// event: its text is then shown to nobody else. Where the agreement has no texts, the text stays in
// the raw event and is read by nobody, which the note says.
func (r *reference) screen(v *verdict) {
	v.reasons = append(v.reasons, privacy.ScreenEvent(v.event)...)
	if in := v.event.Incident; in != nil && in.Text != "" && !r.agencies[v.agency].textAllowed {
		v.note(events.TextOff, "/data/text")
	}
}
