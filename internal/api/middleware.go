package api

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"foodmassd/internal/fault"
)

// notes are what handlers leave for the request's line in the log.
type notes struct {
	requestID string
	task      string
	received  int64 // bytes of the request's body
	err       error
	quiet     bool // static files and probes: logged at debug level
}

type notesKey struct{}

// note returns the notes of a request that has come through logged.
func note(r *http.Request) *notes { return r.Context().Value(notesKey{}).(*notes) }

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack is for the WebSocket upgrade.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// logged gives every request an id and one line in the log once it is answered.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		n := &notes{requestID: requestID(r.Header.Get("X-Request-ID")), quiet: quiet(r.URL.Path)}
		w.Header().Set("X-Request-ID", n.requestID)
		rec := &recorder{ResponseWriter: w}
		defer func() { s.log(r, rec, n, time.Since(began)) }()
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), notesKey{}, n)))
	})
}

func (s *Server) log(r *http.Request, rec *recorder, n *notes, took time.Duration) {
	level := slog.LevelInfo
	if n.quiet {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("request", n.requestID), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", rec.status), slog.Int64("ms", took.Milliseconds()), slog.Int64("bytes", rec.bytes),
		slog.String("remote", r.RemoteAddr),
	}
	if n.received > 0 {
		attrs = append(attrs, slog.Int64("received", n.received))
	}
	if n.task != "" {
		attrs = append(attrs, slog.String("task", n.task))
	}
	if n.err != nil {
		attrs = append(attrs, slog.Any("error", n.err))
		switch {
		case rec.status == http.StatusServiceUnavailable:
			level = slog.LevelWarn
		case rec.status >= http.StatusInternalServerError:
			level = slog.LevelError
		}
	}
	s.Logger.LogAttrs(context.Background(), level, "request", attrs...)
}

// quiet tells requests that matter only to who debugs them.
func quiet(path string) bool {
	return !strings.HasPrefix(path, "/mlserver/") && !strings.HasPrefix(path, "/ws/")
}

// requestID takes the client's id when it is harmless in a header and a log, or makes one.
func requestID(given string) string {
	const maxLength = 64
	harmless := func(c rune) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("._-", c)
	}
	if given != "" && len(given) <= maxLength && strings.IndexFunc(given, func(c rune) bool { return !harmless(c) }) < 0 {
		return given
	}
	return rand.Text()[:16]
}

// recovered turns a panic into a 500 that says nothing, and a log entry that says all.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Logger.Error("request panicked", "request", note(r).requestID, "panic", p, "stack", string(debug.Stack()))
			if rec, ok := w.(*recorder); ok && rec.status != 0 {
				panic(http.ErrAbortHandler) // an answer has begun: let the client see that it broke off
			}
			s.fail(w, r, fault.New(fault.Internal, "serve", fmt.Errorf("panic: %v", p)))
		}()
		next.ServeHTTP(w, r)
	})
}

// contentSecurityPolicy lets the page load nothing from elsewhere; it previews photos as blobs.
const contentSecurityPolicy = "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		next.ServeHTTP(w, r)
	})
}
