package api

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

// gate is a Runner that stops half-way until it is opened.
type gate struct {
	reached chan struct{} // one per analysis that has got half-way
	open    chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}, 100), make(chan struct{})} }

func (g *gate) run(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	report(0.5, "반쯤 왔습니다...")
	g.reached <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	return weighApple(ctx, t, report)
}

// follow reads to the end and returns all messages and the close code.
func follow(t *testing.T, conn *websocket.Conn) (all []received, code int) {
	t.Helper()
	for {
		m, err := next(t, conn)
		if closed, ok := err.(*websocket.CloseError); ok {
			return all, closed.Code
		}
		if err != nil {
			t.Fatalf("after %+v: %v", all, err)
		}
		all = append(all, m)
	}
}

// checkStory checks what every client must see: one id, progress that never falls, one end, 1000.
func checkStory(t *testing.T, id string, all []received, code int) {
	t.Helper()
	last := 0.0
	for i, m := range all {
		if m.TaskID != id || m.Data.Progress < last {
			t.Errorf("message %d: %+v after progress %g", i, m, last)
		}
		last = m.Data.Progress
		if terminal := m.Type == "task.completed" || m.Type == "task.failed"; terminal != (i == len(all)-1) {
			t.Errorf("message %d of %d is %s", i+1, len(all), m.Type)
		}
	}
	if len(all) == 0 || code != websocket.CloseNormalClosure {
		t.Errorf("%d messages, closed with %d", len(all), code)
	}
}

func TestSocketTellsTheWholeStory(t *testing.T) {
	g := newGate()
	h := build(t, g.run)
	id := h.accept()
	early := h.dial(id)
	<-g.reached
	late := h.dial(id)
	if m, err := next(t, late); err != nil || m.Type != "task.update" || m.Data.Progress != 0.5 || m.Data.Status != "processing" {
		t.Errorf("late join: %+v, %v", m, err)
	}
	close(g.open)
	for name, conn := range map[string]*websocket.Conn{"early": early, "late": late} {
		all, code := follow(t, conn)
		checkStory(t, id, all, code)
		if end := all[len(all)-1]; end.Type != "task.completed" || end.Data.Progress != 1 || !strings.Contains(string(end.Data.Result), "사과") {
			t.Errorf("%s: %+v", name, end)
		}
	}
	for range 2 { // after the end, and again
		all, code := follow(t, h.dial(id))
		checkStory(t, id, all, code)
		if len(all) != 1 {
			t.Errorf("joined after the end: %+v", all)
		}
	}
	if polled := h.finished(id); polled.Data.Status != "completed" || polled.Data.Result == nil || !strings.HasSuffix(polled.Data.Created, "Z") {
		t.Errorf("polled: %s", polled.body)
	}
}

func TestFailedTaskSaysWhy(t *testing.T) {
	h := build(t, func(context.Context, task.Task, func(float64, string)) (json.RawMessage, string, error) {
		return nil, "", fault.New(fault.Undecodable, "decode /secret/path", nil)
	})
	id := h.accept()
	all, code := follow(t, h.dial(id))
	checkStory(t, id, all, code)
	if end := all[len(all)-1]; end.Type != "task.failed" || end.Data.Error != fault.Undecodable.Korean() || end.Data.Code != "undecodable_image" {
		t.Errorf("%+v", end)
	}
	if a := h.finished(id); a.Data.Error != fault.Undecodable.Korean() || strings.Contains(a.body, "secret") {
		t.Error(a.body)
	}
}

func TestUnknownTask(t *testing.T) {
	h := build(t, weighApple)
	for _, id := range []string{"d80265f0-8d5c-4fdf-9718-0f0d24fa98e0", "no-uuid", "%2e%2e%2fetc"} {
		all, code := follow(t, h.dial(id))
		if len(all) != 1 || all[0].Type != "task.failed" || all[0].Data.Error != "작업을 찾을 수 없습니다." || code != 4404 {
			t.Errorf("%s: %+v, closed with %d", id, all, code)
		}
		if a := h.do(http.MethodGet, "/mlserver/api/tasks/"+id+"/", nil, nil); a.status != 404 || a.Code != "task_not_found" {
			t.Errorf("%s: %d %s", id, a.status, a.body)
		}
	}
}

func TestSocketAddresses(t *testing.T) {
	h := build(t, weighApple)
	id := h.accept()
	for _, path := range []string{"/ws/task/" + id, "/ws/task/" + id + "/", "/mlserver/ws/task/" + id, "/mlserver/ws/task/" + id + "/"} {
		conn, _, err := websocket.DefaultDialer.Dial(h.socketURL(path), nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		all, code := follow(t, conn)
		checkStory(t, id, all, code)
		conn.Close()
	}
	if a := h.do(http.MethodGet, "/ws/task/"+id+"/", nil, nil); a.status != 400 || a.Code != "not_websocket" {
		t.Errorf("without upgrade: %d %s", a.status, a.body)
	}
}

func TestOpenTaskIsNeverSilent(t *testing.T) {
	g := newGate()
	h := build(t, g.run, func(s *Server, _ *task.Manager) { s.Heartbeat = 20 * time.Millisecond })
	h.accept()
	<-g.reached
	waiting := h.dial(h.accept())
	for range 5 {
		m, err := next(t, waiting)
		if err != nil || m.Data.Status != "pending" || !strings.Contains(m.Data.Message, "1") {
			t.Errorf("a waiting task tells its place: %+v, %v", m, err)
		}
	}
}

func TestClientMessages(t *testing.T) {
	g := newGate()
	h := build(t, g.run, func(s *Server, _ *task.Manager) { s.Heartbeat = time.Hour })
	id := h.accept()
	<-g.reached
	conn := h.dial(id)
	next(t, conn)
	for _, text := range []string{`{"type":"dance"}`, `no json`, `[]`, `{"type":7}`, ``, `{"type":"ping"}`} {
		conn.WriteMessage(websocket.TextMessage, []byte(text))
	}
	if m, err := next(t, conn); err != nil || m.Type != "pong" || m.TaskID != id {
		t.Errorf("ping: %+v, %v", m, err)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"get_status"}`))
	if m, err := next(t, conn); err != nil || m.Type != "task.update" || m.Data.Progress != 0.5 {
		t.Errorf("get_status: %+v, %v", m, err)
	}
}

func TestRuleBreakersAreClosedAndOthersGoOn(t *testing.T) {
	g := newGate()
	h := build(t, g.run)
	id := h.accept()
	<-g.reached
	witness := h.dial(id)
	for name, test := range map[string]struct {
		kind int
		text []byte
		want int
	}{
		"binary":   {websocket.BinaryMessage, []byte(`{"type":"ping"}`), websocket.CloseUnsupportedData},
		"oversize": {websocket.TextMessage, []byte(`{"type":"` + strings.Repeat("p", 1<<20) + `"}`), websocket.CloseMessageTooBig},
		"goodbye":  {websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), websocket.CloseNormalClosure},
	} {
		conn := h.dial(id)
		conn.WriteMessage(test.kind, test.text)
		if _, code := follow(t, conn); code != test.want {
			t.Errorf("%s: closed with %d, want %d", name, code, test.want)
		}
	}
	close(g.open)
	all, code := follow(t, witness)
	checkStory(t, id, all, code)
}

func TestPingFloodIsAnsweredSlowly(t *testing.T) {
	g := newGate()
	h := build(t, g.run, func(s *Server, _ *task.Manager) { s.Heartbeat = time.Hour })
	id := h.accept()
	<-g.reached
	conn := h.dial(id)
	next(t, conn)
	began := time.Now()
	const pings = 25
	for range pings {
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`))
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"get_status"}`))
	for {
		m, err := next(t, conn)
		if err != nil {
			t.Fatal(err)
		}
		if m.Type == "task.update" {
			break
		}
	}
	if took := time.Since(began); took < pings*messageInterval {
		t.Errorf("%d pings were taken in %v", pings, took)
	}
}

// watchers counts the open sockets.
func (h *house) watchers() int {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	return len(h.server.sockets)
}

// A client that stops reading is dropped by the write deadline; the others notice nothing.
func TestClientThatStopsReadingIsDropped(t *testing.T) {
	big := strings.Repeat("긴 이름 ", 1<<18)
	h := build(t, func(_ context.Context, t task.Task, _ func(float64, string)) (json.RawMessage, string, error) {
		r := appleResult(t.Filename)
		r.MassEstimation.Foods[0].Reasoning = big // more than all the buffers on the way hold
		text, err := json.Marshal(r)
		return text, "", err
	})
	id := h.accept()
	h.finished(id)
	slow := h.dial(id)
	slow.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			all, code := follow(t, h.dial(id))
			checkStory(t, id, all, code)
		})
	}
	wg.Wait()
	eventually(t, "the slow reader is dropped", func() bool { return h.watchers() == 0 })
	all, code := follow(t, h.dial(id)) // it comes back and has lost nothing
	checkStory(t, id, all, code)
}

func TestCloseSendsEverybodyAway(t *testing.T) {
	g := newGate()
	h := build(t, g.run)
	id := h.accept()
	polite, deaf := h.dial(id), h.dial(id)
	next(t, polite)
	next(t, deaf)
	code := make(chan int, 1)
	go func() { _, c := follow(t, polite); code <- c }()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	h.server.Close(ctx)
	if c := <-code; c != websocket.CloseGoingAway {
		t.Errorf("closed with %d", c)
	}
	if conn, _, err := websocket.DefaultDialer.Dial(h.socketURL("/ws/task/"+id+"/"), nil); err == nil {
		if _, _, err := conn.ReadMessage(); err == nil {
			t.Error("a closed server goes on serving")
		}
	}
}
