package api

import (
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/photo"
	"foodmassd/internal/task"
)

// Bounds of the form around the image.
const (
	formBytes       = 1 << 20  // everything but the image
	partHeaderBytes = 32 << 10 // between one part and the next
	maxParts        = 32
	fieldBytes      = 64 // of a text part
)

// upload answers POST /mlserver/api/upload/.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	body := s.newUploadBody(w, r)
	t, err := s.receive(r, body)
	note(r).received = body.n
	if err != nil {
		// The client is told at once, and then given time to finish sending: a connection closed on
		// data still arriving is reset, and browsers then drop the answer.
		w.Header().Set("Connection", "close")
		s.fail(w, r, err)
		body.drain()
		return
	}
	note(r).task = t.ID
	writeAccepted(w, t)
}

// writeAccepted answers that photo and task are safe.
func writeAccepted(w http.ResponseWriter, t task.Task) {
	writeJSON(w, http.StatusOK, success{true, struct {
		TaskID   string `json:"task_id"`
		Message  string `json:"message"`
		Filename string `json:"filename"`
	}{t.ID, "이미지 업로드가 완료되었습니다.", t.Filename}})
}

// receive takes the form as a stream: a place in the queue first, then the bytes, judged while they
// go to disk, then the promise that they are safe.
func (s *Server) receive(r *http.Request, body *uploadBody) (task.Task, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return task.Task{}, fault.New(fault.BadRequest, "read content type", err)
	}
	if body.max > 0 && r.ContentLength > body.max {
		return task.Task{}, fault.New(fault.TooLarge, "read content length", fmt.Errorf("%d bytes", r.ContentLength))
	}
	slot, err := s.Tasks.Reserve()
	if err != nil {
		return task.Task{}, err
	}
	defer slot.Release()

	f := form{limits: s.Limits, slot: slot, body: body, parts: multipart.NewReader(body, params["boundary"])}
	defer f.discard()
	if err := f.read(); err != nil {
		return task.Task{}, err
	}
	if err := body.finished(); err != nil {
		return task.Task{}, err
	}
	s.weigh(&f)
	// From here on the client's going away changes nothing: the photo is whole.
	return slot.Accept(context.WithoutCancel(r.Context()), f.draft, f.submission)
}

// form is an upload being read.
type form struct {
	limits     photo.Limits
	slot       *task.Slot
	body       *uploadBody
	parts      *multipart.Reader
	draft      task.Draft // nil until the image part begins
	submission task.Submission
	scale      string // scaleUse, scaleIgnore, or "" where the form says nothing
}

func (f *form) discard() {
	if f.draft != nil {
		f.draft.Discard()
	}
}

// read takes every part of the form.
func (f *form) read() error {
	for range maxParts {
		part, err := f.next()
		if err == io.EOF {
			if f.draft == nil {
				return fault.New(fault.MissingImage, "read form", nil)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.take(part); err != nil {
			return err
		}
	}
	return fault.New(fault.BadRequest, "read form", fmt.Errorf("more than %d parts", maxParts))
}

// next goes to the next part; io.EOF after the last.
func (f *form) next() (*multipart.Part, error) {
	f.body.allow(partHeaderBytes)
	part, err := f.parts.NextPart()
	f.body.allow(unlimited)
	if err == nil || err == io.EOF {
		return part, err
	}
	if fault.CodeOf(err) != fault.Internal {
		return nil, err
	}
	return nil, fault.New(fault.BadRequest, "read form", err)
}

func (f *form) take(part *multipart.Part) error {
	switch part.FormName() {
	case "image":
		if f.draft != nil {
			return fault.New(fault.MultipleImages, "read form", nil)
		}
		return f.image(part)
	case "coin_diameter_mm":
		return f.coinDiameter(part)
	case "camera":
		return f.camera(part)
	case "scale":
		return f.weight(part)
	}
	_, err := io.Copy(io.Discard, part)
	return cutShort(err)
}

// image inspects the photo on its way to the draft.
func (f *form) image(part *multipart.Part) error {
	var err error
	if f.draft, err = f.slot.NewDraft(); err != nil {
		return err
	}
	info, err := photo.Inspect(io.TeeReader(part, f.draft), f.limits)
	if err != nil {
		return cutShort(err)
	}
	f.submission.Extension = info.Format.Extension()
	f.submission.Filename = baseName(rawFileName(part), info.Format.Extension())
	return nil
}

// field reads a text part; "" is a form's empty field, not given. ok is false for one that is too long.
func field(part *multipart.Part) (value string, ok bool, err error) {
	text, err := io.ReadAll(io.LimitReader(part, fieldBytes+1))
	return strings.TrimSpace(string(text)), len(text) <= fieldBytes, cutShort(err)
}

// camera takes the word that the photo comes from the fixed camera.
func (f *form) camera(part *multipart.Part) error {
	value, ok, err := field(part)
	if err != nil || ok && value == "" {
		return err
	}
	if !ok || value != "fixed" {
		return fault.New(fault.BadCamera, "read camera", nil)
	}
	f.submission.FixedCamera = true
	return nil
}

func (f *form) coinDiameter(part *multipart.Part) error {
	value, ok, err := field(part)
	if err != nil || ok && value == "" {
		return err
	}
	mm, err := strconv.ParseFloat(value, 64)
	if err != nil || !ok || !geometry.ValidCoin(mm) {
		return fault.New(fault.BadCoinDiameter, "read coin_diameter_mm", err)
	}
	f.submission.CoinDiameterMM = mm
	return nil
}

// cutShort gives an error from inside a part its code: a form that ends there was cut.
func cutShort(err error) error {
	if err == io.ErrUnexpectedEOF {
		return fault.New(fault.TruncatedImage, "read form", err)
	}
	return err
}
