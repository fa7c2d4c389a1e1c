package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/photo"
)

const (
	foodBodyTime  = 30 * time.Second
	foodPhotoName = "foodmassd-food-*"
)

// addFoods adds the routes for a kitchen's foods.
func (a *Admin) addFoods(mux *http.ServeMux) {
	mux.HandleFunc("GET "+FoodRoute, a.food(func(r *http.Request) (any, error) { return a.Foods.List(r.Context()) }))
	mux.HandleFunc("POST "+FoodTeachRoute, a.food(a.teach))
	mux.HandleFunc("POST "+FoodCalibrateRoute, a.food(a.calibrate))
	mux.HandleFunc("POST "+FoodForgetRoute, a.food(a.forget))
	mux.HandleFunc("GET "+FoodExportRoute, a.exportFoods)
	mux.HandleFunc("POST "+FoodImportRoute, a.food(a.importFoods))
	mux.HandleFunc("GET "+FoodMenuRoute, a.food(func(r *http.Request) (any, error) { return a.Foods.Menu(r.Context()) }))
	mux.HandleFunc("POST "+FoodMenuRoute, a.food(a.setMenu))
}

// badRequest is a request that was not understood, and is the client's fault.
type badRequest struct{ error }

func understood(err error) error {
	if err == nil {
		return nil
	}
	return badRequest{err}
}

// food answers with what do returns, or with why it refuses.
func (a *Admin) food(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = newTimedBody(w, r)
		answer, err := do(r)
		if err != nil {
			a.refuseFood(w, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

// timedBody is a request's body within foodBodyTime. The limit ends with it: what waits for the eye may take longer.
type timedBody struct {
	io.ReadCloser
	conn *http.ResponseController
}

func newTimedBody(w http.ResponseWriter, r *http.Request) timedBody {
	b := timedBody{r.Body, http.NewResponseController(w)}
	_ = b.conn.SetReadDeadline(time.Now().Add(foodBodyTime)) // only a connection that is gone has none
	return b
}

func (b timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.conn.SetReadDeadline(time.Time{}) // as above
	}
	return n, err
}

func (a *Admin) refuseFood(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	var bad badRequest
	var coded *fault.Error
	switch {
	case errors.As(err, &bad):
		status = http.StatusBadRequest
	case errors.As(err, &coded):
		a.Logger.Warn("foodmassd food failed", "err", err)
		err = errors.New(coded.Code.English())
	}
	refuse(w, status, err)
}

func (a *Admin) teach(r *http.Request) (any, error) {
	t, err := readTeach(r.URL.RawQuery)
	if err != nil {
		return nil, understood(err)
	}
	return a.withPhoto(r, func(path string) (any, error) {
		learnt, err := a.Foods.Teach(r.Context(), t, path)
		if err == nil {
			a.Logger.Info("the technician has taught a food", "food", learnt.Key, "examples", learnt.Examples)
		}
		return learnt, err
	})
}

func (a *Admin) calibrate(r *http.Request) (any, error) {
	c, err := readCalibrate(r.URL.RawQuery)
	if err != nil {
		return nil, understood(err)
	}
	return a.withPhoto(r, func(path string) (any, error) {
		learnt, err := a.Foods.Calibrate(r.Context(), c, path)
		if err == nil {
			a.Logger.Info("the technician has calibrated a food", "food", learnt.Key)
		}
		return learnt, err
	})
}

// withPhoto keeps the request's photo in a file while do works with it.
func (a *Admin) withPhoto(r *http.Request, do func(path string) (any, error)) (answer any, err error) {
	file, err := os.CreateTemp("", foodPhotoName)
	if err != nil {
		return nil, fmt.Errorf("the photo cannot be kept for a moment; make room in the temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = photo.Inspect(io.TeeReader(r.Body, file), a.Limits)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return do(file.Name())
}

func (a *Admin) forget(r *http.Request) (any, error) {
	var f FoodForget
	err := decodeStrictly(r.Body, maxAdminBody, &f)
	if err == nil {
		err = checkKey(f.Key)
	}
	if err != nil {
		return nil, understood(err)
	}
	forgotten, err := a.Foods.Forget(r.Context(), f)
	if err == nil {
		a.Logger.Info("the technician has forgotten a food", "food", f.Key, "only_last", f.Last)
	}
	return forgotten, err
}

func (a *Admin) exportFoods(w http.ResponseWriter, r *http.Request) {
	lessons, err := a.Foods.Export(r.Context())
	if err != nil {
		a.refuseFood(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := WriteFoodFile(w, lessons); err != nil { // its reader sees by the SHA-256
		a.Logger.Warn("the food file was not sent whole", "err", err)
	}
}

func (a *Admin) importFoods(r *http.Request) (any, error) {
	lessons, err := ReadFoodFile(r.Body)
	if err != nil {
		return nil, understood(err)
	}
	if err := a.Foods.Import(r.Context(), lessons); err != nil {
		return nil, err
	}
	a.Logger.Info("the technician has imported foods", "foods", len(lessons.Foods), "weighings", len(lessons.Weighings))
	return a.Foods.List(r.Context())
}

func (a *Admin) setMenu(r *http.Request) (any, error) {
	m, err := readMenu(r.Body)
	if err != nil {
		return nil, understood(err)
	}
	if err := a.Foods.SetMenu(r.Context(), m); err != nil {
		return nil, err
	}
	return a.Foods.Menu(r.Context())
}

func readMenu(body io.Reader) (m FoodMenu, err error) {
	if err := decodeStrictly(body, maxAdminBody, &m); err != nil {
		return m, err
	}
	if len(m.Keys) > maxMenu {
		return m, fmt.Errorf("%d foods are more than the %d of a menu", len(m.Keys), maxMenu)
	}
	seen := map[string]bool{}
	for _, key := range m.Keys {
		if err := checkKey(key); err != nil {
			return m, err
		}
		if seen[key] {
			return m, fmt.Errorf("%s is on the menu twice", key)
		}
		seen[key] = true
	}
	return m, nil
}
