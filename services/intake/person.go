// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// ErrNoAgency says that a person belongs to no agency that may send: none at all, or one that is not there.
var ErrNoAgency = errors.New("the person belongs to no agency")

// Person is somebody who writes on our own pages for their agency. What they send is admitted, stored and judged like what
// an agency's system sends with its key; it has no other way in. Make one a request ([Service.Person]).
type Person struct {
	// Agency is what the agreement says of the person's agency.
	Agency Terms

	service *Service
	who     grant
	id      string
}

// Terms are those of an agency's part in the agreement that a reporter should know.
type Terms struct {
	Name        string
	Sharing     string // the agency's default: withheld, counts, coordinators, partners
	TextAllowed bool   // free text is kept
}

// Person is the door for a signed-in person: Viewer says which municipality, agency and person. It is ErrNoAgency for who has
// none, and a web.Problem (403) while the agency is suspended.
func (s *Service) Person(ctx context.Context, v pg.Viewer) (Person, error) {
	if v.Municipality == "" || v.Agency == "" || v.Person == "" {
		return Person{}, ErrNoAgency
	}
	row, err := s.store.agency(ctx, v)
	if err != nil {
		return Person{}, err
	}
	if row.Suspended {
		return Person{}, web.Problem{Status: http.StatusForbidden, Code: events.AgencySuspended}
	}
	return Person{
		Agency: Terms{row.Name, row.Sharing, row.TextAllowed}, service: s, id: v.Person,
		who: grant{
			municipality: events.MunicipalityID(v.Municipality), agency: events.AgencyID(v.Agency), login: row.Login, perSecond: row.PerSecond,
		},
	}, nil
}

// Login is the agency's own login role, as which its data is read (pg.Agencies.For).
func (p Person) Login() string { return p.who.login }

// Screen says why an event would not be taken in: every reason, none if it would. now is its time if it says none. Nothing
// is stored.
func (p Person) Screen(event []byte, now time.Time) []events.Reason {
	return admit(p.who, event, now).reasons
}

// Send stores an event in the agency's stream and returns when JetStream has it on disk. The same bytes again are one event.
// What is not taken in is a web.Problem with its reasons, and nothing of it is stored; [Explain] says what other errors mean.
func (p Person) Send(ctx context.Context, event []byte, now time.Time) error {
	s := p.service
	if err := s.limits.take(p.who, s.now()); err != nil {
		return err
	}
	it := admit(p.who, event, now)
	stored := s.publish(ctx, p.who, []item{it})[0]
	if len(it.reasons) > 0 {
		return refusal(it.reasons)
	}
	return stored.Err
}

// Revision is the highest revision of a report that the platform has read; 0 is none yet. It may lag behind what was sent.
func (p Person) Revision(ctx context.Context, kind events.Kind, report events.ReportID) (int, error) {
	h, err := p.service.store.history(ctx, p.who, kind, report)
	return h.revision, err
}

// Quarantined is an event of the person's agency that waits for its sender.
type Quarantined struct {
	ID       uuid.UUID
	Kind     events.Kind
	Report   events.ReportID
	Revision int
	Since    time.Time
	Reasons  []events.Reason
	Body     []byte // as it was sent
}

// Quarantine lists what waits for the agency, the oldest first; total is how many there are. Pages count from 1.
func (p Person) Quarantine(ctx context.Context, page, limit int) (waiting []Quarantined, total int, err error) {
	rows, total, err := p.service.store.quarantine(ctx, p.who, page, limit)
	for _, q := range rows {
		waiting = append(waiting, q.quarantined())
	}
	return waiting, total, err
}

// Waiting is one of them; false when there is none with this id that still waits, or it is another agency's.
func (p Person) Waiting(ctx context.Context, id uuid.UUID) (Quarantined, bool, error) {
	q, found, err := p.service.store.waiting(ctx, p.who, id)
	return q.quarantined(), found, err
}

func (q quarantineRow) quarantined() Quarantined {
	return Quarantined{
		ID: q.ID, Kind: events.Kind(q.Kind), Report: events.ReportID(q.Report), Revision: q.Revision, Since: q.Since,
		Reasons: q.Reasons, Body: bytes.TrimPrefix(q.Body, byteOrderMark),
	}
}

// Decide releases or drops an event of the agency in quarantine, in the person's name. What stands in the way is a
// web.Problem: 404 unknown, 409 decided another way, 422 not possible with the reasons that remain.
func (p Person) Decide(ctx context.Context, id uuid.UUID, verb events.DecideVerb) error {
	_, err := p.service.decideAbout(ctx, p.who, events.Decide{ID: id, Verb: verb, By: "person:" + p.id})
	return err
}

// Explain is what an error of this package means to a person, in both languages.
func Explain(err error) web.Problem { return problem(err) }

// Event is an event of a type with its data as JSON, reported at a time; the door completes the rest.
func Event(typ string, at time.Time, data []byte) []byte {
	return fmt.Appendf(nil, `{"type":%q,"time":%q,"data":%s}`, typ, stamp(at), data)
}
