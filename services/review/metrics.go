// SPDX-License-Identifier: EUPL-1.2

package review

import "github.com/prometheus/client_golang/prometheus"

// metrics are the numbers an operator watches. Labels are closed sets: no municipality, no person.
type metrics struct {
	steps  *prometheus.CounterVec
	unsent prometheus.Gauge
	works  prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "samsyn_review_steps_total", Help: "Steps of the review's work, by what came of them.",
		}, []string{"step", "outcome"}),
		unsent: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "samsyn_review_outgoing", Help: "Events that are committed and not yet published.",
		}),
		works: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "samsyn_review_works", Help: "1 in the process that does the review's work, 0 in one that stands by.",
		}),
	}
	r.MustRegister(m.steps, m.unsent, m.works)
	for _, step := range stepNames() {
		m.steps.WithLabelValues(step, "done")
		m.steps.WithLabelValues(step, "failed")
	}
	return m
}
