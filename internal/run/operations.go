// SPDX-License-Identifier: EUPL-1.2

package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewRegistry returns a registry with the metrics of the Go runtime, of the process and of the build.
// Services register theirs in it.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	b := ReadBuild()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "samsyn_build_info", Help: "1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "go": b.Go},
	})
	info.Set(1)
	r.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Operations serves /metrics, /healthz and /readyz. It is for the people and machines who watch the
// installation and belongs on a port that nobody else reaches; it shows no report.
//
// GET /healthz is 200 as long as the process serves: a supervisor restarts it otherwise. GET /readyz
// is a Report: 200 when ready or degraded, 503 when not. The lists at /metrics include samsyn_ready.
func Operations(registry *prometheus.Registry, health *Health) http.Handler {
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "samsyn_ready", Help: "1 when /readyz says ready, 0.5 when degraded, 0 when not ready.",
	}, func() float64 {
		switch health.Look(context.Background()).Status {
		case Ready:
			return 1
		case Degraded:
			return 0.5
		}
		return 0
	}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n")) // the client went away
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := health.Look(r.Context())
		w.Header().Set("Content-Type", "application/json")
		if report.Status == NotReady {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report) // the client went away
	})
	return mux
}

// ListenError says that an address cannot be listened on.
type ListenError struct {
	Address string
	Err     error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("cannot listen on %s: %v. Stop what uses it, or choose another address", e.Address, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }

// Listen opens a TCP address (host:port; port 0 is any free one). Its error is a *ListenError.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &ListenError{Address: address, Err: err}
	}
	return l, nil
}

// Serve answers HTTP on l as a part: it stops when the requests under way are answered, or at once
// when that takes too long. Headers must arrive within five seconds.
func (p *Parts) Serve(name string, l net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.Fail(name, err)
		}
	}()
	p.Add(name, func(ctx context.Context) error {
		// Others stop after this one and need time, too.
		ctx, cancel := context.WithTimeout(ctx, StopWithin/4)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return errors.Join(err, server.Close())
		}
		return nil
	})
}
