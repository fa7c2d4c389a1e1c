// Package health is where every part of the appliance says how it is: a registry of states for
// /healthz, /readyz and the technician, and the Prometheus figures of /metrics. Probes come in; HTTP
// handlers go out. It decides nothing.
package health

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// State is how a part is.
type State string

// The states, best first.
const (
	OK       State = "ok"
	Degraded State = "degraded" // works, but not as it should
	Failed   State = "failed"   // what needs this part cannot work
)

// Probe tells how a part is right now; detail says in English what is wrong and what to do, "" when
// all is well. It is called for every request to /healthz and must answer at once.
type Probe func() (state State, detail string)

// Part is what a probe last told.
type Part struct {
	State  State  `json:"state"`
	Detail string `json:"detail,omitempty"`
	// Since is when the part was first seen in this state.
	Since time.Time `json:"since"`
}

// Registry knows the parts. The zero value is ready to use; it is safe for concurrent use.
type Registry struct {
	mu     sync.Mutex
	probes map[string]Probe
	parts  map[string]Part
	ready  bool
}

// Register adds a part.
func (r *Registry) Register(part string, probe Probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.probes == nil {
		r.probes, r.parts = map[string]Probe{}, map[string]Part{}
	}
	r.probes[part] = probe
}

// SetReady says whether photos are accepted: true after start-up, false once shutting down.
func (r *Registry) SetReady(ready bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = ready
}

// report is the body of /healthz and /readyz.
type report struct {
	Status State           `json:"status"`
	Ready  bool            `json:"ready"`
	Parts  map[string]Part `json:"parts"`
}

func (r *Registry) snapshot() report {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := report{OK, r.ready, make(map[string]Part, len(r.probes))}
	for name, probe := range r.probes {
		p := Part{Since: time.Now().UTC()}
		p.State, p.Detail = probe()
		if old := r.parts[name]; old.State == p.State {
			p.Since = old.Since
		}
		r.parts[name], s.Parts[name] = p, p
		if p.State == Failed || (p.State == Degraded && s.Status == OK) {
			s.Status = p.State
		}
	}
	return s
}

// Healthz answers 200 with all parts, 503 when one has failed.
func (r *Registry) Healthz() http.Handler {
	return r.handler(func(s report) bool { return s.Status != Failed })
}

// Readyz answers 200 while photos are accepted and can be analysed, 503 otherwise.
func (r *Registry) Readyz() http.Handler {
	return r.handler(func(s report) bool { return s.Ready && s.Status != Failed })
}

func (r *Registry) handler(good func(report) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := r.snapshot()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !good(s) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(s) // the client left: nobody to tell
	})
}
