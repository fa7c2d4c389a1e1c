package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"foodmassd/internal/counter"
	"foodmassd/internal/photo"
)

// AdminSocket is the name of the technician's socket in its directory.
const AdminSocket = "admin.sock"

// Routes of the technician's socket.
const (
	ScaleRoute     = "/scale"      // GET: a ScaleStatus
	ScaleTareRoute = "/scale/tare" // POST: zeroes, then a ScaleStatus; 409 with an AdminError when it may not
)

// ScaleStatus is what a technician is told about the scale. What is not known is null.
type ScaleStatus struct {
	Cell          string     `json:"cell"`
	State         string     `json:"state"`
	NetG          *float64   `json:"net_g"`
	Why           string     `json:"why,omitempty"` // there are no grams
	Counts        *float64   `json:"counts"`
	CountsPerGram *float64   `json:"counts_per_gram"`
	ZeroCounts    *float64   `json:"zero_counts"`
	ReadAt        *time.Time `json:"read_at"`
	AgeMS         *int64     `json:"age_ms"` // of the last reading
	ResolutionG   *float64   `json:"resolution_g"`
	ScaleDetail
}

// Scale is what the technician's socket needs of the scale.
type Scale interface {
	Status() ScaleStatus
	// Tare zeroes the scale; its error says why it does not.
	Tare() error
	ScaleKeeper
	ScaleRecorder
}

// AdminError is the answer when something is refused: a sentence in English, with what to do.
type AdminError struct {
	Error string `json:"error"`
}

// Admin answers on the technician's socket, only to those who MayAdminister. Serve its Server on a listener
// of ListenAdmin.
type Admin struct {
	Scale  Scale          // nil: none is configured
	Camera counter.Camera // nil: none is configured
	Foods  Foods          // nil: its routes are not served
	Limits photo.Limits   // of photos that teach
	Logger *slog.Logger

	closing context.Context // done when the Server shuts down
}

var errNoScale = errors.New("no scale is configured; set scale.source in the configuration and start the daemon again")

// Server returns the http.Server of the socket.
func (a *Admin) Server() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+ScaleRoute, a.tell(tellStatus))
	mux.HandleFunc("POST "+ScaleTareRoute, a.tell(a.tare))
	a.scaleRoutes(mux)
	mux.HandleFunc("GET "+CameraRoute, a.snapshot)
	if a.Foods != nil {
		a.addFoods(mux)
	}
	server := NewHTTPServer(admitted(mux), a.Logger)
	server.ConnContext = withPeer
	closing, shut := context.WithCancel(context.Background())
	a.closing = closing
	server.RegisterOnShutdown(shut)
	return server
}

func (a *Admin) tare(ctx context.Context, s Scale) (any, error) {
	if err := s.Tare(); err != nil {
		return nil, err
	}
	a.Logger.Info("the technician has zeroed the scale")
	return tellStatus(ctx, s)
}

func refuse(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, AdminError{err.Error()})
}

// ReadAdmin reads an answer of the socket into v; an AdminError becomes the error.
func ReadAdmin(response *http.Response, v any) error {
	defer response.Body.Close()
	in := json.NewDecoder(response.Body)
	if response.StatusCode == http.StatusOK {
		return in.Decode(v)
	}
	var refused AdminError
	if err := in.Decode(&refused); err != nil || refused.Error == "" {
		return errors.New("the daemon answers with status " + response.Status + "; is it of the same version?")
	}
	return errors.New(refused.Error)
}
