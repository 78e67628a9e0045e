// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// An operator is woken by the age of what nobody has decided, and must be woken too when nothing is
// decided at all: the number grows while everything stands still.
func TestWhatIsNotDecidedGrowsOld(t *testing.T) {
	w := newTown(t)
	s := w.service()
	measured := func() map[string]float64 {
		t.Helper()
		if err := s.measureLag(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.gathered(s.metrics.lag)
	}
	if ages := measured(); ages["bostad"] != 0 || ages[""] != 0 || len(ages) != 4 {
		t.Errorf("nothing was sent: %v", ages)
	}
	w.send(report1("bostad", "b-1", ""))
	early := measured()
	if early["bostad"] <= 0 || early[""] != early["bostad"] || early["polis"] != 0 {
		t.Errorf("one event waits: %v", early)
	}
	if later := w.gathered(s.metrics.lag); later["bostad"] <= early["bostad"] {
		t.Errorf("it has waited for %v, and then for %v", early["bostad"], later["bostad"])
	}
	w.run(s)
	w.settled()
	w.stop() // it measures, too
	if ages := measured(); ages["bostad"] != 0 || ages[""] != 0 {
		t.Errorf("all is decided: %v", ages)
	}
}

// gathered gives the values of a collector by agency; "" is the one without.
func (w *town) gathered(c prometheus.Collector) map[string]float64 {
	w.t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			agency := ""
			for _, l := range m.GetLabel() {
				if l.GetName() == "agency" {
					agency = l.GetValue()
				}
			}
			values[agency] = m.GetGauge().GetValue()
		}
	}
	return values
}
