package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"foodmassd/internal/counter"
	"foodmassd/internal/fault"
	"foodmassd/internal/task"
	"foodmassd/internal/weighing"
)

// plateScale is a scale at rest under grams that a test changes.
type plateScale struct {
	mu   sync.Mutex
	g    float64
	at   time.Time
	grow float64 // grams that come with every look
}

func (s *plateScale) put(g float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.g = g
}

func (s *plateScale) Last() weighing.Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.g += s.grow
	s.at = s.at.Add(100 * time.Millisecond)
	return weighing.Reading{State: weighing.Stable, NetG: s.g, At: s.at}
}

func (s *plateScale) Food() (g, sdG float64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.g, 0, true
}

// lens is a camera with one photo, or with an error.
type lens struct{ err error }

func (l lens) Open(context.Context) error { return l.err }

func (l lens) Snapshot(context.Context) ([]byte, error) { return jpegPhoto, l.err }

// atCounter starts a server with a counter.
func atCounter(t *testing.T, c *counter.Counter) *house {
	t.Helper()
	h := build(t, weighApple, func(s *Server, m *task.Manager) {
		c.Tasks, c.Limits, c.Logger = m, s.Limits, s.Logger
		if err := c.Initialize(); err != nil {
			t.Fatal(err)
		}
		s.Counter = c
	})
	t.Cleanup(func() { c.Close() })
	return h
}

func (h *house) dialCounter(path string) *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(h.socketURL(path), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// nextCounter reads a message of the counter and checks it against asyncapi.yaml.
func nextCounter(t *testing.T, conn *websocket.Conn) (s counterState) {
	t.Helper()
	_, text, err := conn.ReadMessage()
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	kind := s.Type
	if kind == typePong {
		kind = "counter.pong"
	}
	if err := checkMessage(kind, text); err != nil {
		t.Errorf("message %s\nagainst asyncapi.yaml: %v", text, err)
	}
	return s
}

func TestTheCountersPageFollowsItsTray(t *testing.T) {
	scale := &plateScale{}
	h := atCounter(t, &counter.Counter{Scale: scale, Food: scale, Camera: lens{}, TriggerG: 20})
	conn := h.dialCounter("/ws/counter/")
	if s := nextCounter(t, conn); s.Scale == nil || *s.Scale.NetG != 0 || s.Camera.State != counter.CameraReady || s.TaskID != nil {
		t.Errorf("at first %+v", s)
	}
	scale.put(180.44)
	var s counterState
	for s.TaskID == nil {
		s = nextCounter(t, conn)
	}
	if *s.Scale.NetG != 180.4 {
		t.Errorf("%+v", *s.Scale)
	}
	if done := h.finished(*s.TaskID); done.Data.Status != "completed" {
		t.Error(done.body)
	}
	if a := h.do(http.MethodGet, "/mlserver/api/counter/", nil, nil); a.status != 200 || !strings.Contains(a.body, *s.TaskID) {
		t.Errorf("polled: %d %s", a.status, a.body)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`))
	for s.Type != typePong {
		s = nextCounter(t, conn)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"get_status"}`))
	if s = nextCounter(t, conn); s.Type != typeCounter || s.TaskID == nil {
		t.Errorf("%+v", s)
	}
	scale.put(0)
	for s.TaskID != nil {
		s = nextCounter(t, conn)
	}
	for _, path := range []string{"/ws/counter", "/mlserver/ws/counter", "/mlserver/ws/counter/"} {
		nextCounter(t, h.dialCounter(path))
	}
	go h.server.Close(t.Context())
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("closed with %v", err)
			}
			return
		}
	}
}

func TestMovingGramsAreToldTenTimesASecondAtMost(t *testing.T) {
	scale := &plateScale{grow: 0.2}
	h := atCounter(t, &counter.Counter{Scale: scale, Food: scale})
	conn := h.dialCounter("/ws/counter/")
	nextCounter(t, conn)
	began := time.Now()
	const messages = 8
	for range messages {
		if s := nextCounter(t, conn); s.Camera != nil {
			t.Errorf("a camera that is not there: %+v", s)
		}
	}
	if took := time.Since(began); took < (messages-2)*100*time.Millisecond {
		t.Errorf("%d messages in %v", messages, took)
	}
}

func TestOnlyTheAppliancesOwnPageSeesTheCounter(t *testing.T) {
	scale := &plateScale{}
	h := atCounter(t, &counter.Counter{Scale: scale, Food: scale, Camera: lens{}})
	handler := h.server.Handler()
	for _, path := range []string{"GET /mlserver/api/counter/", "POST /mlserver/api/counter/capture/", "GET /ws/counter/", "GET /mlserver/ws/counter"} {
		method, path, _ := strings.Cut(path, " ")
		for name, c := range map[string]struct {
			remote string
			header [2]string
			want   fault.Code
		}{
			"a phone on the Wi-Fi":    {"192.168.0.23:40000", [2]string{}, fault.NotAtCounter},
			"a phone over IPv6":       {"[fe80::1%wlan0]:40000", [2]string{}, fault.NotAtCounter},
			"a phone behind a proxy":  {"127.0.0.1:40000", [2]string{"X-Forwarded-For", "192.168.0.23"}, fault.NotAtCounter},
			"behind a standard proxy": {"[::1]:40000", [2]string{"Forwarded", "for=192.168.0.23"}, fault.NotAtCounter},
			"behind a silent nginx":   {"127.0.0.1:40000", [2]string{"X-Real-IP", "192.168.0.23"}, fault.NotAtCounter},
			"a foreign page":          {"127.0.0.1:40000", [2]string{"Origin", "http://evil.example"}, fault.ForbiddenOrigin},
		} {
			r := httptest.NewRequest(method, "http://localhost"+path, nil)
			r.RemoteAddr = c.remote
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			var f failure
			if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || w.Code != http.StatusForbidden || f.Code != c.want || f.Error != c.want.Korean() {
				t.Errorf("%s, %s: %d %s", name, path, w.Code, w.Body)
			}
		}
	}
	if n := h.tasks.Stats().Accepted; n != 0 {
		t.Errorf("%d photos were taken for strangers", n)
	}
	for _, proxy := range []string{"Via", "X-Forwarded-Host"} {
		if a := h.do(http.MethodGet, "/mlserver/api/counter/", http.Header{proxy: {"x"}}, nil); a.Code != "not_at_counter" {
			t.Errorf("%s: %s", proxy, a.body)
		}
	}
}

func TestWithoutScaleAndCameraThereIsNoCounter(t *testing.T) {
	h := build(t, weighApple)
	for _, path := range []string{"POST /mlserver/api/counter/capture", "GET /ws/counter/"} {
		method, path, _ := strings.Cut(path, " ")
		if a := h.do(method, path, nil, nil); a.status != http.StatusNotFound || a.Code != "not_found" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestWithoutScaleAndCameraTheAppliancesPageIsToldSo(t *testing.T) {
	h := build(t, weighApple)
	a := h.do(http.MethodGet, "/mlserver/api/counter/", nil, nil)
	want := `{"success":true,"data":{"type":"counter.update","scale":null,"camera":null,"task_id":null,"message":""}}`
	if a.status != http.StatusOK || strings.TrimSpace(a.body) != want {
		t.Errorf("%d %s", a.status, a.body)
	}
	phone := http.Header{"X-Forwarded-For": {"192.168.0.23"}}
	if a := h.do(http.MethodGet, "/mlserver/api/counter/", phone, nil); a.Code != "not_at_counter" {
		t.Errorf("a phone: %d %s", a.status, a.body)
	}
}

func TestTheCountersButtonAnswersAsAnUpload(t *testing.T) {
	h := atCounter(t, &counter.Counter{Camera: lens{}})
	a := h.do(http.MethodPost, "/mlserver/api/counter/capture/", nil, nil)
	if a.status != http.StatusOK || !strings.HasPrefix(a.Data.Filename, "counter-") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if done := h.finished(a.Data.TaskID); done.Data.Status != "completed" {
		t.Error(done.body)
	}
	if a := h.do(http.MethodGet, "/mlserver/api/counter/capture/", nil, nil); a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", a.status)
	}
	h = atCounter(t, &counter.Counter{Camera: lens{errors.New("/dev/video0: secret")}})
	if a := h.do(http.MethodPost, "/mlserver/api/counter/capture/", nil, nil); a.status != http.StatusServiceUnavailable || a.Code != "camera_failed" || strings.Contains(a.body, "secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	scale := &plateScale{}
	h = atCounter(t, &counter.Counter{Scale: scale, Food: scale})
	if a := h.do(http.MethodPost, "/mlserver/api/counter/capture/", nil, nil); a.status != http.StatusNotFound {
		t.Errorf("without a camera: %d %s", a.status, a.body)
	}
}
