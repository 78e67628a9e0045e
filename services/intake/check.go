// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/events/bus"
)

const (
	judgeWait   = 5 * time.Second
	judgeAtOnce = 8
)

// itemVerdict is a verdict as one of many.
type itemVerdict struct {
	Index int `json:"index"`
	events.Receipt
}

// check asks the correlator what the receipt of this event would say; nothing is stored. There is one verdict: what this
// door would refuse is asked about as well, and answered as it would be over NATS.
func (s *Service) check(ctx context.Context, who grant, it item) (events.Receipt, error) {
	if len(it.body) > events.MaxBody {
		return events.Receipt{}, refusal(it.reasons)
	}
	answer, err := s.ask(ctx, events.CheckSubject(who.municipality, who.agency), it.body)
	if err != nil {
		return events.Receipt{}, err
	}
	var verdict events.Receipt
	if err := json.Unmarshal(answer, &verdict); err != nil {
		return events.Receipt{}, fmt.Errorf("read verdict of %s: %w", it.event.Report, err)
	}
	if verdict.Outcome == events.Held {
		return events.Receipt{}, fmt.Errorf("verdict of %s: %w", it.event.Report, errNobodyJudges)
	}
	return verdict, nil
}

// checkEach checks several, and gives the verdicts in order. The first error ends it.
func (s *Service) checkEach(ctx context.Context, who grant, items []item, first int) ([]itemVerdict, error) {
	verdicts := make([]itemVerdict, len(items))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(judgeAtOnce)
	for i, it := range items {
		group.Go(func() error {
			verdict, err := s.check(ctx, who, it)
			verdicts[i] = itemVerdict{Index: first + i, Receipt: verdict}
			return err
		})
	}
	return verdicts, group.Wait()
}

// ask is a request to the correlator. It answers within milliseconds or is away.
func (s *Service) ask(ctx context.Context, subject string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, judgeWait)
	defer cancel()
	answer, err := s.bus.Request(ctx, subject, body)
	if errors.Is(err, bus.ErrNoStream) || errors.Is(err, bus.ErrNoAnswer) {
		return nil, fmt.Errorf("%w: %w", errNobodyJudges, err)
	}
	return answer, err
}
