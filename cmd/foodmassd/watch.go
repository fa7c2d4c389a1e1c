package main

import (
	"fmt"
	"math"

	"foodmassd/internal/health"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
	"foodmassd/internal/vision/worker"
)

// The watch functions publish a room's own state as health and metrics.

func (a *appliance) watchStore(db *store.Store) {
	free := func() float64 {
		n, err := db.FreeBytes()
		if err != nil {
			return math.NaN()
		}
		return float64(n)
	}
	a.metrics.Gauge("disk_free_bytes", "Free space in the data directory.", free)
	a.health.Register("store", func() (health.State, string) {
		n, err := db.FreeBytes()
		switch {
		case err != nil:
			return health.Failed, fmt.Sprintf("data directory: %v", err)
		case n < a.conf.Storage.MinFreeBytes:
			return health.Degraded, fmt.Sprintf("only %d MB free in %s: photos are refused; free space or lower storage.images_max_size", n>>20, a.conf.Storage.DataDir)
		}
		return health.OK, ""
	})
}

func (a *appliance) watchEye(eye *worker.Supervisor) {
	a.metrics.Gauge("worker_resident_bytes", "Memory of the vision worker.", func() float64 { return float64(eye.Stats().RSSBytes) })
	a.metrics.Counter("worker_restarts_total", "Times the vision worker was started anew.", func() float64 { return float64(eye.Stats().Restarts) })
	a.metrics.Counter("worker_requests_total", "Photos given to the vision worker.", func() float64 { return float64(eye.Stats().Requests) })
	a.health.Register("vision_worker", func() (health.State, string) {
		s := eye.Stats()
		if s.State.Up() {
			return health.OK, ""
		}
		return health.Degraded, fmt.Sprintf("%s; last error: %s", s.State, s.LastError)
	})
}

func (a *appliance) watchTasks(tasks *task.Manager) {
	gauge := func(name, help string, of func(task.Stats) float64) {
		a.metrics.Gauge(name, help, func() float64 { return of(tasks.Stats()) })
	}
	counter := func(name, help string, of func(task.Stats) uint64) {
		a.metrics.Counter(name, help, func() float64 { return float64(of(tasks.Stats())) })
	}
	gauge("queue_waiting", "Tasks waiting.", func(s task.Stats) float64 { return float64(s.Waiting) })
	gauge("queue_running", "Tasks at work.", func(s task.Stats) float64 { return float64(s.Running) })
	gauge("queue_capacity", "Tasks that may wait.", func(s task.Stats) float64 { return float64(s.Capacity) })
	counter("tasks_accepted_total", "Tasks accepted.", func(s task.Stats) uint64 { return s.Accepted })
	counter("tasks_completed_total", "Tasks completed.", func(s task.Stats) uint64 { return s.Completed })
	counter("tasks_failed_total", "Tasks failed.", func(s task.Stats) uint64 { return s.Failed })
	counter("tasks_retried_total", "Further attempts at a task.", func(s task.Stats) uint64 { return s.Retried })
	a.health.Register("queue", func() (health.State, string) {
		s := tasks.Stats()
		if s.Waiting >= s.Capacity {
			return health.Degraded, fmt.Sprintf("full: %d photos wait", s.Waiting)
		}
		return health.OK, ""
	})
}
