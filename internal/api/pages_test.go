package api

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorilla/websocket"

	"foodmassd/internal/task"
)

func withPage(s *Server, _ *task.Manager) {
	s.Web = fstest.MapFS{
		"index.html":        {Data: []byte("<!doctype html>")},
		"assets/app-1a2.js": {Data: []byte("let x")},
		".gitkeep":          {Data: []byte("x")},
	}
	s.Health = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("well")) })
}

func TestPageAndProbes(t *testing.T) {
	h := build(t, weighApple, withPage)
	for path, want := range map[string]struct {
		status            int
		kind, cache, body string
	}{
		"/":                   {200, "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		"/index.html":         {200, "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		"/assets/app-1a2.js":  {200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "let x"},
		"/assets/":            {404, "text/plain; charset=utf-8", "", ""},
		"/assets":             {404, "text/plain; charset=utf-8", "", ""},
		"/.gitkeep":           {404, "text/plain; charset=utf-8", "", ""},
		"/nothing":            {404, "text/plain; charset=utf-8", "", ""},
		"/docs/":              {200, "text/html; charset=utf-8", "no-cache", ""},
		"/docs/openapi.yaml":  {200, "application/yaml; charset=utf-8", "no-cache", ""},
		"/docs/openapi.json":  {200, "application/json; charset=utf-8", "no-cache", ""},
		"/docs/asyncapi.yaml": {200, "application/yaml; charset=utf-8", "no-cache", ""},
		"/docs/nothing":       {404, "application/json; charset=utf-8", "no-store", ""},
		"/healthz":            {200, "text/plain; charset=utf-8", "", "well"},
		"/metrics":            {404, "application/json; charset=utf-8", "no-store", ""},
		"/mlserver/nothing":   {404, "application/json; charset=utf-8", "no-store", ""},
		"/ws/nothing":         {404, "application/json; charset=utf-8", "no-store", ""},
	} {
		a := h.do(http.MethodGet, path, nil, nil)
		if a.status != want.status || a.header.Get("Content-Type") != want.kind || a.header.Get("Cache-Control") != want.cache ||
			want.body != "" && a.body != want.body {
			t.Errorf("%s: %d %v %q", path, a.status, a.header, a.body)
		}
		if strings.HasPrefix(want.kind, "application/json") && want.status == 404 && (a.Code != "not_found" || a.Error == "") {
			t.Errorf("%s: no envelope: %s", path, a.body)
		}
		for _, header := range []string{"X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "X-Request-ID"} {
			if a.header.Get(header) == "" {
				t.Errorf("%s: no %s", path, header)
			}
		}
	}
}

func TestPageThatWasNotBuilt(t *testing.T) {
	h := build(t, weighApple)
	if a := h.do(http.MethodGet, "/", nil, nil); a.status != 404 || !strings.Contains(a.body, "make build") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestWrongMethodsGetTheEnvelope(t *testing.T) {
	h := build(t, weighApple)
	for path, allow := range map[string]string{
		"/mlserver/api/upload/": "POST", "/mlserver/api/upload": "POST",
		"/mlserver/api/tasks/x/": "GET", "/mlserver/api/tasks/x": "GET", "/ws/task/x/": "GET", "/": "GET",
	} {
		a := h.do(http.MethodDelete, path, nil, nil)
		if a.status != 405 || a.header.Get("Allow") != allow || a.Code != "method_not_allowed" {
			t.Errorf("%s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
}

func TestOrigins(t *testing.T) {
	const app = "https://app.example"
	h := build(t, weighApple, func(s *Server, _ *task.Manager) { s.AllowedOrigins = []string{app} })
	own := h.http.Listener.Addr().String()
	id := h.accept()
	for origin, allowed := range map[string]bool{
		"": true, app: true, "http://" + own: true, "http://localhost:5173": true, "http://[::1]:1": true,
		"https://evil.example": false, "https://app.example.evil.example": false, "http://app.example": false,
		"null": false, "http://127.0.0.1.evil.example": false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, resp, err := websocket.DefaultDialer.Dial(h.socketURL("/ws/task/"+id+"/"), header)
		if allowed != (err == nil) || !allowed && resp.StatusCode != http.StatusForbidden {
			t.Errorf("socket from %q: %v", origin, err)
		}
		if err == nil {
			conn.Close()
		}
		a := h.do(http.MethodGet, "/mlserver/api/tasks/"+id+"/", header, nil)
		if got := a.header.Get("Access-Control-Allow-Origin"); a.status != 200 || allowed && got != origin || !allowed && got != "" {
			t.Errorf("GET from %q: %d, allows %q", origin, a.status, got)
		}
		header.Set("Access-Control-Request-Method", "POST")
		a = h.do(http.MethodOptions, "/mlserver/api/upload/", header, nil)
		if want := allowed && origin != ""; want != (a.status == http.StatusNoContent) || want != (a.header.Get("Access-Control-Allow-Methods") != "") {
			t.Errorf("preflight from %q: %d %v", origin, a.status, a.header)
		}
	}
}

func TestRequestIDIsEchoedOnlyWhenHarmless(t *testing.T) {
	h := build(t, weighApple)
	for given, kept := range map[string]bool{"kiosk-7_a.1": true, "a b": false, "x\"y": false, strings.Repeat("a", 65): false, "": false} {
		a := h.do(http.MethodGet, "/mlserver/api/tasks/x/", http.Header{"X-Request-Id": {given}}, nil)
		got := a.header.Get("X-Request-ID")
		if (got == given) != kept || got == "" || !strings.Contains(h.log.String(), "request="+got) {
			t.Errorf("%q became %q", given, got)
		}
	}
}

// panicking is a task room with a bug.
type panicking struct{ Tasks }

func (panicking) Reserve() (*task.Slot, error) { panic("secret detail") }

func TestPanicTellsTheLogAndNotTheClient(t *testing.T) {
	h := build(t, weighApple, func(s *Server, m *task.Manager) { s.Tasks = panicking{m} })
	a := h.upload(part{"image", "a.jpg", jpegPhoto})
	if a.status != 500 || a.Code != "internal_error" || strings.Contains(a.body, "secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if !strings.Contains(h.log.String(), "secret detail") {
		t.Error("the log does not know")
	}
}
