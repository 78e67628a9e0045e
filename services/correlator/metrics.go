// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
)

type metrics struct {
	events  *prometheus.CounterVec
	stage   *prometheus.HistogramVec
	batch   prometheus.Histogram
	lag     *lag
	held    prometheus.Counter
	paused  prometheus.Gauge
	regress prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_correlator_events_total", Help: "Events decided, by outcome.",
		}, []string{"outcome"}),
		stage: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "samsyn_correlator_stage_seconds", Help: "Time a batch spends in each stage.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"stage"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "samsyn_correlator_batch_events", Help: "Events in a batch.", Buckets: []float64{1, 3, 10, 30, 100, 300, 1000},
		}),
		lag: newLag(),
		held: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "samsyn_correlator_held_total", Help: "Events held because of an error of ours.",
		}),
		paused: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "samsyn_correlator_paused", Help: "1 while reading waits for a part that is away.",
		}),
		regress: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "samsyn_correlator_stream_regressed_total", Help: "Streams that went backwards and were read again from their beginning.",
		}),
	}
	r.MustRegister(m.events, m.stage, m.batch, m.lag, m.held, m.paused, m.regress)
	for _, outcome := range []events.Outcome{events.Accepted, events.Quarantined, events.Refused, duplicate} {
		m.events.WithLabelValues(string(outcome))
	}
	for _, stage := range []string{stageJudge, stageCommit, stageSend} {
		m.stage.WithLabelValues(stage)
	}
	return m
}

// The stages of a batch.
const (
	stageJudge  = "judge"
	stageCommit = "commit"
	stageSend   = "send"
)

func (m *metrics) took(stage string, since time.Time) {
	m.stage.WithLabelValues(stage).Observe(time.Since(since).Seconds())
}
