// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// state is what became of an event at the door; the verdict comes later, from the correlator.
type state string

const (
	received  state = "received"  // durable, not yet judged
	duplicate state = "duplicate" // durable since an earlier time with the same bytes
	refused   state = "refused"   // cannot be an event, or another agency's: not stored
	personalD state = "personal"  // personal data: not stored
	unstored  state = "unstored"  // the platform could not store it, and said so
)

type metrics struct {
	events   *prometheus.CounterVec
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	believed prometheus.Counter
}

// newMetrics makes every series of the closed lists at once, so that a rate is never missing its beginning.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_intake_events_total", Help: "Events at the HTTP door, by what became of them there.",
		}, []string{"state"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_intake_requests_total", Help: "Answers of the HTTP door.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "samsyn_intake_request_seconds", Help: "Time from request to the end of its answer; waiting for receipts included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		believed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "samsyn_intake_keys_believed_total", Help: "Requests let in on a key seen earlier, because Postgres was away.",
		}),
	}
	r.MustRegister(m.events, m.requests, m.seconds, m.believed)
	for _, s := range []state{received, duplicate, refused, personalD, unstored} {
		m.events.WithLabelValues(string(s))
	}
	return m
}

func (m *metrics) event(s state) { m.events.WithLabelValues(string(s)).Inc() }

// request counts one answer. Routes and statuses are the closed lists of openapi.yaml; 0 is a connection that was cut.
func (m *metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
