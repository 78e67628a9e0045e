// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
)

// metrics are the numbers an operator watches. Labels are closed sets: no municipality, no recipient.
type metrics struct {
	ticks      *prometheus.CounterVec
	tickTime   *prometheus.HistogramVec
	flags      *prometheus.CounterVec
	lag        prometheus.Histogram
	deliveries *prometheus.CounterVec
	open       *prometheus.GaugeVec
	unsent     prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		ticks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_alerting_ticks_total", Help: "Looks of the detector, by what called for them.",
		}, []string{"kind"}),
		tickTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "samsyn_alerting_tick_seconds", Help: "Time of a look, from reading the changes to the commit.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"kind"}),
		flags: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_alerting_flags_total", Help: "Revisions of flags.",
		}, []string{"kind", "grade", "verb"}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "samsyn_alerting_lag_seconds", Help: "From the commit of a batch to the commit of the look that knew it.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_alerting_deliveries_total", Help: "Attempts to deliver a message, by what came of them.",
		}, []string{"channel", "outcome"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "samsyn_alerting_undelivered", Help: "Messages that failed at least once and have not arrived: retried, or given up in the last 30 days.",
		}, []string{"channel", "state"}),
		unsent: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "samsyn_alerting_outgoing", Help: "Ticks whose messages are committed and not yet published.",
		}),
	}
	r.MustRegister(m.ticks, m.tickTime, m.flags, m.lag, m.deliveries, m.open, m.unsent)
	for _, kind := range []string{tickBatch, tickMidnight} {
		m.ticks.WithLabelValues(kind)
		m.tickTime.WithLabelValues(kind)
	}
	for _, channel := range channels() {
		for _, outcome := range []string{"sent", "retried", "failed"} {
			m.deliveries.WithLabelValues(channel, outcome)
		}
	}
	m.undelivered(nil)
	for _, verb := range []string{verbFlagged, verbUpdated, verbCleared} {
		for _, grade := range []events.Grade{events.GradeAlert, events.GradeWatch} {
			m.flags.WithLabelValues(string(events.KindRise), string(grade), verb)
		}
		m.flags.WithLabelValues(string(events.KindSerious), string(events.GradeAlert), verb)
	}
	return m
}

func (m *metrics) ticked(kind string, took time.Duration, flags []Flag) {
	m.ticks.WithLabelValues(kind).Inc()
	m.tickTime.WithLabelValues(kind).Observe(took.Seconds())
	for _, f := range flags {
		m.flags.WithLabelValues(string(f.Kind), string(f.Grade), f.Verb).Inc()
	}
}

func (m *metrics) delivered(channel, outcome string) {
	m.deliveries.WithLabelValues(channel, outcome).Inc()
}

func (m *metrics) undelivered(counts []undeliveredRow) {
	m.open.Reset()
	// A series that is not there is not 0: an alert on it would come to nobody.
	for _, channel := range channels() {
		m.open.WithLabelValues(channel, "retried").Set(0)
		m.open.WithLabelValues(channel, "failed").Set(0)
	}
	for _, c := range counts {
		m.open.WithLabelValues(c.Channel, c.State).Set(float64(c.N))
	}
}
