package api

import (
	"errors"
	"fmt"
	"net/http"

	"foodmassd/internal/counter"
	"foodmassd/internal/fault"
)

// counterState is the counter as polling and the WebSocket show it. What there is not is null.
type counterState struct {
	Type    string         `json:"type"`
	Scale   *counterScale  `json:"scale"`
	Camera  *counterCamera `json:"camera"`
	TaskID  *string        `json:"task_id"`
	Message string         `json:"message"`
}

type counterScale struct {
	State string   `json:"state"`
	NetG  *float64 `json:"net_g"`
}

type counterCamera struct {
	State counter.CameraState `json:"state"`
}

// typeCounter is the type of the counter's messages.
const typeCounter = "counter.update"

func counterStateOf(s counter.State) counterState {
	out := counterState{Type: typeCounter, Message: s.Message}
	if s.Scale != "" {
		out.Scale = &counterScale{State: string(s.Scale)}
		if s.Grams {
			out.Scale.NetG = &s.NetG
		}
	}
	if s.Camera != "" {
		out.Camera = &counterCamera{s.Camera}
	}
	if s.TaskID != "" {
		out.TaskID = &s.TaskID
	}
	return out
}

// counterStory is the counter as a WebSocket tells it: without an end.
type counterStory struct{ *counter.Watch }

// Message implements story.
func (s counterStory) Message() (any, int) { return counterStateOf(s.Current()), 0 }

// Pong implements story.
func (s counterStory) Pong() any {
	return struct {
		Type string `json:"type"`
	}{typePong}
}

// atCounter lets only the page on the appliance itself through: what lies on the counter, and whose task it
// is, is no business of a phone's. A proxy on the appliance speaks for others.
func (s *Server) atCounter(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := error(nil)
		switch via := proxied(r); {
		case !loopback(r.RemoteAddr):
			err = fault.New(fault.NotAtCounter, "show the counter", errors.New(r.RemoteAddr))
		case via != "":
			err = fault.New(fault.NotAtCounter, "show the counter", fmt.Errorf("through a proxy (%s)", via))
		case !s.originAllowed(r):
			err = fault.New(fault.ForbiddenOrigin, "show the counter", errors.New(r.Header.Get("Origin")))
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		h(w, r)
	}
}

// withCounter answers 404 where there is no counter to follow or to take photos at.
func (s *Server) withCounter(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Counter == nil {
			s.fail(w, r, fault.New(fault.NotFound, "show the counter", errors.New("neither a scale nor a camera is configured")))
			return
		}
		h(w, r)
	}
}

// proxied returns the header by which a proxy has told of itself, "" when none has.
func proxied(r *http.Request) string {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return name
		}
	}
	return ""
}

// counterNow answers GET /mlserver/api/counter/. That there is no counter is an answer, too: the page on the
// appliance asks each time it loads, and a browser takes a 404 for an error.
func (s *Server) counterNow(w http.ResponseWriter, _ *http.Request) {
	var now counter.State
	if s.Counter != nil {
		now = s.Counter.Current()
	}
	writeJSON(w, http.StatusOK, success{true, counterStateOf(now)})
}

// counterSocket answers GET /ws/counter/: the state now, then every change.
func (s *Server) counterSocket(w http.ResponseWriter, r *http.Request) {
	if err := s.mayUpgrade(r); err != nil {
		s.fail(w, r, err)
		return
	}
	watch := s.Counter.Watch()
	defer watch.Close()
	s.converse(w, r, counterStory{watch})
}

// capture answers POST /mlserver/api/counter/capture/ as an upload of the photo that it takes.
func (s *Server) capture(w http.ResponseWriter, r *http.Request) {
	t, err := s.Counter.Capture(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	note(r).task = t.ID
	writeAccepted(w, t)
}
