package health

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the figures of /metrics, all named foodmassd_….
type Metrics struct {
	registry *prometheus.Registry
	stages   *prometheus.HistogramVec
}

// NewMetrics returns metrics with the process's own figures (memory, descriptors, goroutines).
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "foodmassd_stage_seconds",
			Help:    "Time per stage of the analysis.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"stage"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "foodmassd_build_info", Help: "Constant 1, labelled with the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(m.stages, info, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge publishes a figure that goes up and down; read is called at each scrape.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "foodmassd_" + name, Help: help}, read))
}

// Counter publishes a figure that only grows; read is called at each scrape.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "foodmassd_" + name, Help: help}, read))
}

// Stage records the time that one stage of an analysis took, in milliseconds.
func (m *Metrics) Stage(stage string, ms float64) {
	m.stages.WithLabelValues(stage).Observe(ms / 1000)
}

// Handler serves the figures in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
