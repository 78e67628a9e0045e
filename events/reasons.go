// SPDX-License-Identifier: EUPL-1.2

package events

// Outcome is what becomes of an event. Every acknowledged event is exactly one of accepted, quarantined, refused, held.
type Outcome string

// The outcomes, as receipts say them. Held has no receipt: it is ours to mend.
const (
	Accepted    Outcome = "accepted"
	Quarantined Outcome = "quarantined" // an event, but its sender must decide
	Refused     Outcome = "refused"     // cannot be an event
	Held        Outcome = "held"        // our fault: listed for the operator and tried again
	Dropped     Outcome = "dropped"     // was quarantined; its sender gave it up
)

// Final says whether the outcome can still change. Quarantined and held ones can.
func (o Outcome) Final() bool { return o == Accepted || o == Refused || o == Dropped }

// Code says in one word what is wrong with an event, or, in a note, what was cleaned.
type Code string

// Text is a sentence in both languages, Swedish first.
type Text struct {
	SV string `json:"sv"`
	EN string `json:"en"`
}

// Outcome is what the code alone makes of an event. Codes that only the door gives are Refused there: nothing was stored.
// An unknown code is Held: it is a mistake of ours.
func (c Code) Outcome() Outcome {
	if e, ok := codes[c]; ok {
		return e.outcome
	}
	return Held
}

// Message says what is wrong and how to mend it; the path beside the code says where.
func (c Code) Message() Text {
	if e, ok := codes[c]; ok {
		return e.text
	}
	return codes[InternalError].text
}

// Reason is one thing that is wrong with an event, and where.
type Reason struct {
	Code   Code   `json:"code"`
	Path   string `json:"path"`                 // RFC 6901 JSON pointer; "" is the whole event
	Span   *Span  `json:"span,omitempty"`       // where in the text, for personal data
	Offset int    `json:"offset,omitempty"`     // byte where reading stopped, for JSON that could not be read
	Hint   string `json:"looks_like,omitempty"` // what a body that is not JSON looks like: gzip, zip, xml, html, csv, form ...
}

// Note is one thing that was cleaned in an accepted event, and where.
type Note = Reason

// Span is a stretch of a text in characters (not bytes), [Start, End).
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// MaxReasons is how many reasons an answer lists.
const MaxReasons = 20

// Worst is the outcome that a list of reasons amounts to; none is Accepted. Held wins over refused, refused over
// quarantined, quarantined over accepted.
func Worst(reasons []Reason) Outcome {
	worst := Accepted
	for _, r := range reasons {
		switch o := r.Code.Outcome(); {
		case o == Held:
			return Held
		case o == Refused:
			worst = Refused
		case o == Quarantined && worst == Accepted:
			worst = Quarantined
		}
	}
	return worst
}

// Explained is a reason or note with its sentence, as receipts and problem+json carry it.
type Explained struct {
	Reason
	Message Text `json:"message"`
}

// Explain adds the sentence to each reason or note, and keeps the first MaxReasons. It never returns nil, so that an
// empty list is written as [].
func Explain(reasons []Reason) []Explained {
	out := make([]Explained, 0, min(len(reasons), MaxReasons))
	for _, r := range reasons[:min(len(reasons), MaxReasons)] {
		out = append(out, Explained{Reason: r, Message: r.Code.Message()})
	}
	return out
}
