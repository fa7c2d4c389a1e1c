package api

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"foodmassd/internal/photo"
)

// CameraRoute of the technician's socket: GET a photo taken now; 404 with an AdminError when no camera is
// configured, 409 when it takes none.
const CameraRoute = "/camera/snapshot"

// ErrNotConfigured is the answer of a daemon that has not what is asked for.
var ErrNotConfigured = errors.New("the daemon has no camera configured; set camera.source and start it again")

// snapshot answers CameraRoute.
func (a *Admin) snapshot(w http.ResponseWriter, r *http.Request) {
	if a.Camera == nil {
		refuse(w, http.StatusNotFound, ErrNotConfigured)
		return
	}
	jpeg, err := a.Camera.Snapshot(r.Context())
	if err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	w.Header().Set("Content-Type", contentTypes[".jpg"])
	w.Header().Set("Content-Length", strconv.Itoa(len(jpeg)))
	_, _ = w.Write(jpeg) // the technician left: nobody to tell
}

// ReadPhoto reads the answer to CameraRoute; an AdminError becomes the error.
func ReadPhoto(response *http.Response) ([]byte, error) {
	switch response.StatusCode {
	case http.StatusOK:
		defer response.Body.Close()
		return io.ReadAll(io.LimitReader(response.Body, photo.DefaultLimits.MaxBytes))
	case http.StatusNotFound:
		return nil, errors.Join(ErrNotConfigured, response.Body.Close())
	}
	return nil, ReadAdmin(response, nil)
}
