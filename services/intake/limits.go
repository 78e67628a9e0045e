// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"samsyn/events"
)

const (
	// An agency may send two seconds of its rate at once.
	burstSeconds = 2
	// Long answers of one agency at the same time: streams of lines, and readers that wait for receipts.
	streamsAtOnce = 2
	waitsAtOnce   = 8
	// Whole bodies of up to 8 MiB in the process: arrays, and what comes under an Idempotency-Key.
	arraysAtOnce = 16
	longRetry    = 5 * time.Second
	arrayWait    = 2 * time.Second
)

// limits holds each agency to its rate, and the process to what it can hold in memory.
type limits struct {
	arrays chan struct{}

	mu       sync.Mutex
	agencies map[agencyKey]*quota
}

type agencyKey struct {
	municipality events.MunicipalityID
	agency       events.AgencyID
}

// quota is one agency's. A request is let in while the bucket is not empty and may then take more than is in it: an array of
// a thousand is one request, and what it overdraws is waited for by the next.
type quota struct {
	bucket         *rate.Limiter
	streams, waits int
}

func newLimits() *limits {
	return &limits{arrays: make(chan struct{}, arraysAtOnce), agencies: map[agencyKey]*quota{}}
}

func (l *limits) of(who grant) *quota {
	id := agencyKey{who.municipality, who.agency}
	q := l.agencies[id]
	if q == nil {
		q = &quota{bucket: rate.NewLimiter(rate.Limit(who.perSecond), burstSeconds*who.perSecond)}
		l.agencies[id] = q
	}
	if q.bucket.Limit() != rate.Limit(who.perSecond) {
		q.bucket.SetLimit(rate.Limit(who.perSecond))
		q.bucket.SetBurst(burstSeconds * who.perSecond)
	}
	return q
}

// take lets one request in, or says when to come again.
func (l *limits) take(who grant, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.of(who).bucket
	if missing := 1 - bucket.TokensAt(now); missing > 0 {
		wait := time.Duration(missing / float64(bucket.Limit()) * float64(time.Second))
		return &tooFastError{what: "requests", wait: max(wait, time.Second)}
	}
	bucket.AllowN(now, 1)
	return nil
}

// spend takes n more for what a request turned out to hold, whether they are there or not.
func (l *limits) spend(who grant, n int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.of(who).bucket
	for n > 0 {
		part := min(n, bucket.Burst())
		bucket.ReserveN(now, part)
		n -= part
	}
}

// stream and wait let one more long answer of an agency begin; done ends it.
func (l *limits) stream(who grant) (done func(), err error) {
	return l.begin(who, "streams", streamsAtOnce, func(q *quota) *int { return &q.streams })
}

func (l *limits) waiting(who grant) (done func(), err error) {
	return l.begin(who, "waiting readers", waitsAtOnce, func(q *quota) *int { return &q.waits })
}

func (l *limits) begin(who grant, what string, most int, counter func(*quota) *int) (done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := counter(l.of(who))
	if *n >= most {
		return nil, &tooFastError{what: what, wait: longRetry}
	}
	*n++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		*n--
	}, nil
}

// array waits for room to read a large body into memory.
func (l *limits) array(gone <-chan struct{}) (done func(), err error) {
	patience := time.NewTimer(arrayWait)
	defer patience.Stop()
	select {
	case l.arrays <- struct{}{}:
		return func() { <-l.arrays }, nil
	case <-patience.C:
	case <-gone:
	}
	return nil, errBusy
}
