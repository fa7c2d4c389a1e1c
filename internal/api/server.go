// Package api is the wire: uploads, polling and WebSockets as the mobile app and the kiosk know
// them, the documents that describe them, and the page. In come HTTP requests, trusted with nothing;
// out go JSON envelopes, task messages and files. What a task is and how it runs is the business of
// the task room; what an image must be like, of the photo room.
package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"foodmassd/internal/counter"
	"foodmassd/internal/photo"
	"foodmassd/internal/task"
)

// Tasks is what the wire needs of the task room; *task.Manager is one.
type Tasks interface {
	Reserve() (*task.Slot, error)
	Get(ctx context.Context, id string) (task.Task, error)
	Watch(ctx context.Context, id string) (*task.Watch, error)
	RetryAfter() time.Duration
}

// Server answers the wire contract. Fill in the exported fields, call Initialize, serve Handler
// (with the timeouts of NewHTTPServer), and Close after the Tasks, so that what ends while they drain
// still reaches its watchers.
type Server struct {
	Tasks  Tasks
	Limits photo.Limits // photo.DefaultLimits when zero
	// Scale is the one under the photographed tray; nil when there is none.
	Scale counter.Weigher
	// Counter is what its own page shows; nil where there is neither a scale nor a camera.
	Counter *counter.Counter
	// AllowedOrigins are further origins whose pages may talk to this server, each exactly as a
	// browser sends it ("https://app.example"), or "*".
	AllowedOrigins []string
	Logger         *slog.Logger  // slog.Default() when nil
	Heartbeat      time.Duration // the longest silence on a WebSocket of an open task; 5 s when 0
	// UploadStall is the longest pause in an upload, 15 s when 0; UploadTotal bounds it as a whole,
	// 60 s when 0.
	UploadStall, UploadTotal time.Duration
	// Health, Ready and Metrics answer /healthz, /readyz and /metrics; 404 when nil.
	Health, Ready, Metrics http.Handler
	Web                    fs.FS // the built page with index.html at its root; may be nil

	documents map[string][]byte // by file name under /docs/

	mu      sync.Mutex
	closing chan struct{}
	sockets map[*socket]struct{}
	running sync.WaitGroup // sockets
}

// Limits on a connection that no configuration needs to change.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

// Initialize fills in the defaults.
func (s *Server) Initialize() error {
	if s.Limits == (photo.Limits{}) {
		s.Limits = photo.DefaultLimits
	}
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	setDefault(&s.Heartbeat, 5*time.Second)
	setDefault(&s.UploadStall, 15*time.Second)
	setDefault(&s.UploadTotal, 60*time.Second)
	s.closing = make(chan struct{})
	s.sockets = make(map[*socket]struct{})
	var err error
	s.documents, err = loadDocuments()
	return err
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// NewHTTPServer returns the http.Server to serve a Handler with. It has no overall timeouts: uploads
// and WebSockets keep their own.
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Handler returns all routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	// Clients exist with and without the slash; a redirect would lose the body of a POST.
	both := func(path, method string, h http.HandlerFunc) {
		mux.HandleFunc(path, s.only(method, h))
		mux.HandleFunc(path+"/{$}", s.only(method, h))
	}
	both("/mlserver/api/upload", http.MethodPost, s.upload)
	both("/mlserver/api/tasks/{id}", http.MethodGet, s.task)
	both("/ws/task/{id}", http.MethodGet, s.webSocket)
	both("/mlserver/ws/task/{id}", http.MethodGet, s.webSocket)
	both("/mlserver/api/counter", http.MethodGet, s.atCounter(s.counterNow))
	both("/mlserver/api/counter/capture", http.MethodPost, s.withCounter(s.atCounter(s.capture)))
	both("/ws/counter", http.MethodGet, s.withCounter(s.atCounter(s.counterSocket)))
	both("/mlserver/ws/counter", http.MethodGet, s.withCounter(s.atCounter(s.counterSocket)))
	mux.HandleFunc("/mlserver/", s.notFound)
	mux.HandleFunc("/ws/", s.notFound)
	mux.HandleFunc("/docs/{file...}", s.only(http.MethodGet, s.document))
	for path, h := range map[string]http.Handler{"/healthz": s.Health, "/readyz": s.Ready, "/metrics": s.Metrics} {
		if h == nil {
			h = http.HandlerFunc(s.notFound)
		}
		mux.Handle(path, h)
	}
	mux.HandleFunc("/", s.only(http.MethodGet, s.page))
	return s.logged(s.recovered(secured(s.crossOrigin(mux))))
}

// Close tells every open WebSocket to go away (1001) and waits for them until ctx ends; those that
// remain are cut. Nothing is lost by it: clients reconnect and get the current state.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	select {
	case <-s.closing:
	default:
		close(s.closing)
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for c := range s.sockets {
		c.conn.NetConn().Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}
