package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// ScaleTraceRoute records what the cell reads, GET: a trace as text that grows, for the time of the query's
// "for" and MaxTrace at most; 409 with an AdminError when another recording is under way. Why it ended early
// is told in the trailer TraceError.
const ScaleTraceRoute = "/scale/trace"

// MaxTrace is how long one recording lasts at most.
const MaxTrace = time.Hour

// TraceError is the trailer that says why a trace ends early.
const TraceError = "Foodmassd-Trace-Error"

// ScaleRecorder is what the technician's socket needs of a scale to record it.
type ScaleRecorder interface {
	// Record writes what the cell reads to w until ctx ends, which is no error, or w is too slow.
	Record(ctx context.Context, w io.Writer) error
}

func (a *Admin) trace(w http.ResponseWriter, r *http.Request) {
	length, err := time.ParseDuration(r.URL.Query().Get("for"))
	switch {
	case a.Scale == nil:
		refuse(w, http.StatusNotFound, errNoScale)
		return
	case err != nil || length <= 0 || length > MaxTrace:
		refuse(w, http.StatusBadRequest, fmt.Errorf("a trace lasts up to %v", MaxTrace))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), length)
	defer cancel()
	defer context.AfterFunc(a.closing, cancel)()
	out := &stream{w: w, conn: http.NewResponseController(w)}
	err = a.Scale.Record(ctx, out)
	if err == nil && a.closing.Err() != nil {
		err = errors.New("the daemon is shutting down")
	}
	switch {
	case err == nil:
		out.begin() // if only to say that there was nothing
	case !out.began:
		refuse(w, http.StatusConflict, err)
	default:
		w.Header().Set(http.TrailerPrefix+TraceError, err.Error())
	}
	_ = out.patience() // for the end of the answer; without it the client sees that it is cut off
}

// streamStall is how long a client may take for a line.
const streamStall = 10 * time.Second

// stream sends each write off at once, over a connection that serves for nothing else.
type stream struct {
	w     http.ResponseWriter
	conn  *http.ResponseController
	began bool
}

func (s *stream) begin() {
	if !s.began {
		s.began = true
		s.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		s.w.Header().Set("Connection", "close")
	}
}

func (s *stream) patience() error { return s.conn.SetWriteDeadline(time.Now().Add(streamStall)) }

func (s *stream) Write(p []byte) (int, error) {
	s.begin()
	if err := s.patience(); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	if err == nil {
		err = s.conn.Flush()
	}
	return n, err
}
