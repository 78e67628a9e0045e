// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// askWithin bounds how long an answer to a request may take.
const askWithin = 5 * time.Second

// respond answers dry runs and decisions about quarantine, so that there is one verdict, whoever asks.
func (s *Service) respond(ctx context.Context) (stop func(), err error) {
	answer := func(handle func(context.Context, events.MunicipalityID, events.AgencyID, []byte) any) func(string, []byte) []byte {
		return func(subject string, body []byte) []byte {
			ctx, cancel := context.WithTimeout(ctx, askWithin)
			defer cancel()
			tokens := strings.Split(subject, ".")
			if len(tokens) != 3 {
				return nil
			}
			reply, err := json.Marshal(handle(ctx, events.MunicipalityID(tokens[1]), events.AgencyID(tokens[2]), body))
			if err != nil {
				s.log.Error("answer not written", "subject", subject, "error", err)
				return nil
			}
			return reply
		}
	}
	stopChecks, err := s.conn.Respond("check.*.*", Durable, answer(func(ctx context.Context, m events.MunicipalityID, a events.AgencyID, body []byte) any {
		return s.onCheck(ctx, m, a, body)
	}))
	if err != nil {
		return nil, err
	}
	stopDecisions, err := s.conn.Respond("decide.*.*", Durable, answer(func(ctx context.Context, m events.MunicipalityID, a events.AgencyID, body []byte) any {
		var d events.Decide
		if err := json.Unmarshal(body, &d); err != nil {
			return events.Decided{Problem: events.DecideUnknown}
		}
		return s.Decide(ctx, m, a, d)
	}))
	if err != nil {
		stopChecks()
		return nil, err
	}
	return func() { stopDecisions(); stopChecks() }, nil
}

// onCheck says what the receipt of an event would say if it were sent now. Nothing is stored.
func (s *Service) onCheck(ctx context.Context, m events.MunicipalityID, a events.AgencyID, body []byte) events.Receipt {
	v, err := s.dryRun(ctx, m, a, body)
	if err != nil {
		s.log.Warn("dry run not answered", "municipality", m, "agency", a, "error", err)
		v.outcome, v.reasons = events.Held, []events.Reason{{Code: events.InternalError}}
	}
	e := v.event
	return events.Receipt{
		Receipt: events.ReceiptID(m, a, e.Kind, e.Report, e.Revision, e.Content, v.outcome), Kind: e.Kind, Report: e.Report,
		Revision: e.Revision, ID: e.ID, Content: events.ContentHex(e.Content), Outcome: v.outcome, Final: v.outcome.Final(),
		Reasons: events.Explain(v.reasons), Notes: events.Explain(v.notes), Decided: time.Now().UTC(),
	}
}

func (s *Service) dryRun(ctx context.Context, m events.MunicipalityID, a events.AgencyID, body []byte) (verdict, error) {
	ref, err := s.references.get(ctx, m)
	if err != nil {
		return verdict{}, err
	}
	e, _ := events.Decode(body)
	v := s.judgeOne(ref, arrival{municipality: m, agency: a, verb: e.Verb, stored: time.Now(), body: body})
	if v.outcome == events.Held {
		return v, errHeld
	}
	err = s.checkIdentity(ctx, m, &v)
	return v, err
}

// checkIdentity says of a dry run what only the store knows: that the event is there already, or
// that other content has its key.
func (s *Service) checkIdentity(ctx context.Context, m events.MunicipalityID, v *verdict) error {
	if v.outcome == events.Refused {
		return nil
	}
	return pg.InTx(ctx, s.store.pool, pg.System, func(tx pgx.Tx) error {
		found, err := s.store.knownEvents(ctx, tx, m, []key{v.key()})
		if err != nil {
			return fmt.Errorf("check identity: %w", err)
		}
		switch k, taken := found[v.key()]; {
		case !taken:
		case string(k.Content) == string(v.event.Content[:]):
			v.note(events.Duplicate, "")
			v.outcome = events.Outcome(k.Outcome)
		default:
			v.quarantine(events.IDConflict, "/data/report")
			v.outcome = events.Quarantined
		}
		return nil
	})
}
