package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"foodmassd/internal/weighing"
)

// Routes of the technician's socket for a scale's calibration and its containers. What changes something takes
// a JSON body; 409 with an AdminError when it may not, 400 when the body is none.
const (
	ScaleCalibrationRoute     = "/scale/calibration"      // POST a CalibrateRequest: keeps it, then a ScaleStatus
	ScaleCalibrationUseRoute  = "/scale/calibration/use"  // POST a UseCalibrationRequest, then a ScaleStatus
	ScaleCalibrationsRoute    = "/scale/calibrations"     // GET: the history, []ScaleCalibration, newest first
	ScaleContainersRoute      = "/scale/containers"       // GET: ScaleContainers
	ScaleContainerRoute       = "/scale/container"        // POST an AddContainerRequest, then ScaleContainers
	ScaleContainerUseRoute    = "/scale/container/use"    // POST a NamedContainerRequest, then ScaleContainers
	ScaleContainerRemoveRoute = "/scale/container/remove" // POST a NamedContainerRequest, then ScaleContainers
)

// ScaleDetail is the part of a ScaleStatus that calibrating and containers are about. What is not known is null.
type ScaleDetail struct {
	CellID      string              `json:"cell_id"`      // the cell with what its counts depend on
	Conversions int64               `json:"conversions"`  // read so far
	RestCounts  *float64            `json:"rest_counts"`  // while the load is at rest, calibrated or not
	NoiseCounts *float64            `json:"noise_counts"` // what they differ by
	Calibration *ScaleCalibration   `json:"calibration"`  // in force; null: the configuration's
	Container   *weighing.Container `json:"container"`    // in use
	FoodG       *float64            `json:"food_g"`       // net_g less the container
	FoodSDG     *float64            `json:"food_sd_g"`
}

// ScaleCalibration is one of a cell's history. ID 0 is what the configuration says: it has only counts per
// gram, null when it has not even those.
type ScaleCalibration struct {
	ID             int64            `json:"id"`
	Current        bool             `json:"current"`
	TakenAt        *time.Time       `json:"taken_at"`
	Who            string           `json:"who"`
	CountsPerGram  *float64         `json:"counts_per_gram"`
	ZeroCounts     *float64         `json:"zero_counts"`
	WorstResidualG *float64         `json:"worst_residual_g"`
	Points         []weighing.Point `json:"points"`
}

// CalibrateRequest asks to weigh by the line through points, from now on.
type CalibrateRequest struct {
	CellID string           `json:"cell_id"` // that was measured
	Points []weighing.Point `json:"points"`
}

// UseCalibrationRequest asks for an earlier calibration: that of ID (0: the configuration's own), or the one
// before the present one.
type UseCalibrationRequest struct {
	ID   *int64 `json:"id,omitempty"`
	Back bool   `json:"back,omitempty"`
}

// ScaleContainers are all containers, by name.
type ScaleContainers struct {
	Containers []weighing.Container `json:"containers"`
	InUse      string               `json:"in_use"` // "" for none
}

// AddContainerRequest adds a container, or weighs one of the same name anew.
type AddContainerRequest struct {
	Name  string   `json:"name"`
	MassG *float64 `json:"mass_g,omitempty"` // nil: what rests on the scale now
	SDG   float64  `json:"sd_g"`
}

// NamedContainerRequest names a container; "none" is none.
type NamedContainerRequest struct {
	Name string `json:"name"`
}

// ScaleKeeper is what the technician's socket needs of a scale to calibrate it and to know its containers. The
// errors say what is refused and why.
type ScaleKeeper interface {
	// Calibrate keeps a calibration that who has taken; a bad one changes nothing.
	Calibrate(ctx context.Context, who string, r CalibrateRequest) error
	UseCalibration(ctx context.Context, r UseCalibrationRequest) error
	Calibrations(ctx context.Context) ([]ScaleCalibration, error)
	Containers(ctx context.Context) (ScaleContainers, error)
	AddContainer(ctx context.Context, r AddContainerRequest) error
	UseContainer(ctx context.Context, name string) error
	RemoveContainer(ctx context.Context, name string) error
}

func (a *Admin) scaleRoutes(mux *http.ServeMux) {
	containers := func(ctx context.Context, s Scale) (any, error) { return s.Containers(ctx) }
	mux.HandleFunc("GET "+ScaleCalibrationsRoute, a.tell(func(ctx context.Context, s Scale) (any, error) { return s.Calibrations(ctx) }))
	mux.HandleFunc("GET "+ScaleContainersRoute, a.tell(containers))
	mux.HandleFunc("POST "+ScaleCalibrationRoute, change(a, tellStatus, func(ctx context.Context, s Scale, q CalibrateRequest) error {
		return s.Calibrate(ctx, peerName(ctx), q)
	}))
	mux.HandleFunc("POST "+ScaleCalibrationUseRoute, change(a, tellStatus, func(ctx context.Context, s Scale, q UseCalibrationRequest) error {
		return s.UseCalibration(ctx, q)
	}))
	mux.HandleFunc("POST "+ScaleContainerRoute, change(a, containers, func(ctx context.Context, s Scale, q AddContainerRequest) error {
		return s.AddContainer(ctx, q)
	}))
	mux.HandleFunc("POST "+ScaleContainerUseRoute, change(a, containers, func(ctx context.Context, s Scale, q NamedContainerRequest) error {
		return s.UseContainer(ctx, q.Name)
	}))
	mux.HandleFunc("POST "+ScaleContainerRemoveRoute, change(a, containers, func(ctx context.Context, s Scale, q NamedContainerRequest) error {
		return s.RemoveContainer(ctx, q.Name)
	}))
	mux.HandleFunc("GET "+ScaleTraceRoute, a.trace)
}

type teller = func(context.Context, Scale) (any, error)

func tellStatus(_ context.Context, s Scale) (any, error) { return s.Status(), nil }

// tell answers with something about the scale.
func (a *Admin) tell(what teller) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a.Scale == nil {
			refuse(w, http.StatusNotFound, errNoScale)
			return
		}
		answer, err := what(r.Context(), a.Scale)
		if err != nil {
			refuse(w, http.StatusConflict, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

// change does what a request's body asks for, notes who asked, and tells how things are then.
func change[Q any](a *Admin, then teller, do func(context.Context, Scale, Q) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if err := decodeAdmin(r.Body, &q); err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		a.tell(func(ctx context.Context, s Scale) (any, error) {
			if err := do(ctx, s, q); err != nil {
				return nil, err
			}
			a.Logger.Info("the technician has changed the scale", "what", r.URL.Path, "who", peerName(ctx))
			return then(ctx, s)
		})(w, r)
	}
}

// maxAdminBody bounds a body that is no photo and no food file: far more than a calibration's points or a menu take.
const maxAdminBody = 64 << 10

// decodeAdmin reads a body that is one JSON value of v's members and nothing else.
func decodeAdmin(body io.Reader, v any) error {
	if err := decodeStrictly(body, maxAdminBody, v); err != nil {
		return fmt.Errorf("the daemon does not understand the request (%w); is foodmassd of its version?", err)
	}
	return nil
}
