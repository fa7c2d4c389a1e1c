package api

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"foodmassd/internal/fault"
)

// success and failure are the two shapes of every JSON answer.
type success struct {
	Success bool `json:"success"` // true
	Data    any  `json:"data"`
}

type failure struct {
	Success bool       `json:"success"` // false
	Error   string     `json:"error"`   // Korean
	Code    fault.Code `json:"code"`
}

// statuses are the HTTP statuses of the codes that are not 400.
var statuses = map[fault.Code]int{
	fault.QueueFull:        http.StatusServiceUnavailable,
	fault.DiskFull:         http.StatusServiceUnavailable,
	fault.ShuttingDown:     http.StatusServiceUnavailable,
	fault.TaskNotFound:     http.StatusNotFound,
	fault.NotFound:         http.StatusNotFound,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.ForbiddenOrigin:  http.StatusForbidden,
	fault.NotAtCounter:     http.StatusForbidden,
	fault.CameraFailed:     http.StatusServiceUnavailable,
	fault.ImageLost:        http.StatusInternalServerError,
	fault.DeadlineExceeded: http.StatusInternalServerError,
	fault.WorkerFailed:     http.StatusInternalServerError,
	fault.Internal:         http.StatusInternalServerError,
}

func statusOf(code fault.Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// diskFullRetry is a guess: space comes back when retention runs or a person acts.
const diskFullRetry = time.Minute

// fail answers with the code that err carries. Of the error itself only the log learns.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := fault.CodeOf(err)
	status := statusOf(code)
	note(r).err = err
	if status == http.StatusServiceUnavailable {
		wait := diskFullRetry
		if code != fault.DiskFull {
			wait = s.Tasks.RetryAfter()
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(max(1, math.Ceil(wait.Seconds())))))
	}
	writeJSON(w, status, failure{Error: code.Korean(), Code: code})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // only a stored result that is no JSON can do this
		status = http.StatusInternalServerError
		body, _ = json.Marshal(failure{Error: fault.Internal.Korean(), Code: fault.Internal})
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body)
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, fault.New(fault.NotFound, "route", nil))
}

// only lets one method through, and HEAD with GET.
func (s *Server) only(method string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method || r.Method == http.MethodHead && method == http.MethodGet {
			h(w, r)
			return
		}
		w.Header().Set("Allow", method)
		s.fail(w, r, fault.New(fault.MethodNotAllowed, "route", nil))
	}
}
