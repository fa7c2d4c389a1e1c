package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"foodmassd/internal/estimate"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
)

// script is a Runner that does what a test tells it.
type script func(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error)

func (f script) Run(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	return f(ctx, t, report)
}

// weighApple reports twice and finds an apple.
func weighApple(_ context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	if _, err := os.Stat(t.ImagePath); err != nil {
		return nil, "", err
	}
	report(0.3, "음식을 찾는 중...")
	report(0.6, "무게를 재는 중...")
	result, err := json.Marshal(appleResult(t.Filename))
	return result, "음식 분석이 완료되었습니다.", err
}

func appleResult(filename string) estimate.Result {
	volume := 210.5
	box := estimate.BBox{X: 10, Y: 10, Width: 100, Height: 90}
	return estimate.Result{
		Filename:        filename,
		DetectedObjects: estimate.DetectedObjects{Food: 1, ReferenceObjects: 1},
		MassEstimation: estimate.MassEstimation{
			Foods: []estimate.Food{{
				FoodName: "사과", FoodNameEn: "apple", FoodKey: "apple", EstimatedMassG: 180.5, MassIntervalG: [2]float64{150, 210},
				Confidence: 0.9, VerificationMethod: estimate.ReferenceScaled, Reasoning: "동전을 기준으로 계산했습니다.",
				BBox: box, Outline: [][2]float64{{10, 10}, {110, 10}, {60, 100}}, VolumeCM3: &volume,
			}},
			TotalMassG: 180.5, TotalIntervalG: [2]float64{150, 210}, FoodCount: 1,
		},
		References:  []estimate.Reference{{Kind: "coin", BBox: box, SizeMM: 24, Confidence: 0.99}},
		ScaleSource: estimate.ScaleFromCoin,
		ScaleStatus: estimate.ScaleNotAsked,
		Image:       estimate.ImageSize{Width: 816, Height: 612},
		TimingsMS:   map[string]float64{"decode": 10},
		Model:       map[string]string{"detector": "1"},
	}
}

// house is a running server with the real task room and store behind it.
type house struct {
	t      *testing.T
	server *Server
	tasks  *task.Manager
	http   *httptest.Server
	client *http.Client // checks every answer against openapi.yaml
	log    *lockedBuffer
}

// build starts a server; change may alter it and the task room before.
func build(t *testing.T, run script, change ...func(*Server, *task.Manager)) *house {
	t.Helper()
	h := &house{t: t, log: &lockedBuffer{}}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	db, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h.tasks = &task.Manager{Store: db, Runner: run, Logger: log}
	h.server = &Server{Tasks: h.tasks, Logger: log}
	for _, f := range change {
		f(h.server, h.tasks)
	}
	if err := h.tasks.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.tasks.Close(closed()) })
	if err := h.server.Initialize(); err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewUnstartedServer(nil)
	h.http.Config = NewHTTPServer(h.server.Handler(), log)
	h.http.Start()
	t.Cleanup(h.http.Close)
	t.Cleanup(func() { h.server.Close(closed()) })
	h.client = &http.Client{Transport: &checkedTransport{t: t, next: &http.Transport{MaxIdleConnsPerHost: 64}}}
	return h
}

// closed returns a context that has ended: what is closed with it does not wait.
func closed() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// part is a part of a form; a filename of "" makes a plain field.
type part struct {
	name, filename string
	content        []byte
}

// formOf returns a form's body and Content-Type.
func formOf(parts ...part) ([]byte, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		disposition := `form-data; name="` + p.name + `"`
		if p.filename != "" {
			disposition += `; filename="` + p.filename + `"`
		}
		pw, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
		pw.Write(p.content)
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// answer is any JSON answer of the server.
type answer struct {
	status int
	header http.Header
	body   string

	Success bool
	Error   string
	Code    string
	Data    struct {
		TaskID   string `json:"task_id"`
		Filename string
		Status   string
		Progress float64
		Message  string
		Error    string
		Code     string
		Result   json.RawMessage
		Created  string `json:"created_at"`
	}
}

func (h *house) do(method, path string, header http.Header, body io.Reader) answer {
	h.t.Helper()
	req, err := http.NewRequest(method, h.http.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Errorf("%s %s: %v", method, path, err)
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Error(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &a); err != nil {
			h.t.Errorf("%s %s answered %q: %v", method, path, text, err)
		}
	}
	return a
}

func (h *house) upload(parts ...part) answer {
	h.t.Helper()
	body, kind := formOf(parts...)
	return h.do(http.MethodPost, "/mlserver/api/upload/", http.Header{"Content-Type": {kind}}, bytes.NewReader(body))
}

// accept uploads a photo and returns the id of its task.
func (h *house) accept() string {
	h.t.Helper()
	a := h.upload(part{"image", "사과.jpg", jpegPhoto})
	if a.status != http.StatusOK || a.Data.TaskID == "" {
		h.t.Fatalf("upload: %d %s", a.status, a.body)
	}
	return a.Data.TaskID
}

// finished polls until a task ends.
func (h *house) finished(id string) answer {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if a := h.do(http.MethodGet, "/mlserver/api/tasks/"+id+"/", nil, nil); task.Status(a.Data.Status).Terminal() {
			return a
		}
	}
	h.t.Fatalf("task %s does not end", id)
	return answer{}
}

func (h *house) socketURL(path string) string {
	return "ws" + strings.TrimPrefix(h.http.URL, "http") + path
}

// dial connects to a task.
func (h *house) dial(id string) *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(h.socketURL("/ws/task/"+id+"/"), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	return conn
}
