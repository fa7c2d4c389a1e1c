package api

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"time"

	"foodmassd/internal/fault"
)

// What a refused client may still send, so that it comes to read its answer: enough for a video
// chosen by mistake over a good Wi-Fi, and little work for this side.
const (
	drainBytes = 64 << 20
	drainStall = 3 * time.Second
	drainTotal = 10 * time.Second
)

// uploadBody is a request's body within bounds of bytes and time. Its errors carry fault codes.
type uploadBody struct {
	body      io.Reader
	conn      *http.ResponseController
	stall     time.Duration // longest wait for any byte
	end       time.Time     // of the whole upload
	n         int64         // bytes read
	max       int64         // of n, 0 for no bound
	allowance int64         // bytes until allow is called again
	ended     bool          // nothing more can be read
}

const unlimited = math.MaxInt64

func (s *Server) newUploadBody(w http.ResponseWriter, r *http.Request) *uploadBody {
	b := &uploadBody{
		body:      r.Body,
		conn:      http.NewResponseController(w),
		stall:     s.UploadStall,
		end:       time.Now().Add(s.UploadTotal),
		allowance: unlimited,
	}
	if s.Limits.MaxBytes > 0 {
		b.max = s.Limits.MaxBytes + formBytes
	}
	// Lets a refusal out while the body still arrives.
	b.conn.EnableFullDuplex()
	return b
}

// allow bounds what may be read until the next call.
func (b *uploadBody) allow(bytes int64) { b.allowance = bytes }

func (b *uploadBody) Read(p []byte) (int, error) {
	if b.allowance <= 0 {
		return 0, fault.New(fault.BadRequest, "receive form", errors.New("part headers too long"))
	}
	p = p[:min(int64(len(p)), b.allowance)]
	deadline := time.Now().Add(b.stall)
	if b.end.Before(deadline) {
		deadline = b.end
	}
	if err := b.conn.SetReadDeadline(deadline); err != nil {
		return 0, fmt.Errorf("set read deadline: %w", err)
	}
	n, err := b.body.Read(p)
	b.n += int64(n)
	if b.allowance != unlimited {
		b.allowance -= int64(n)
	}
	switch {
	case b.max > 0 && b.n > b.max:
		return 0, fault.New(fault.TooLarge, "receive form", fmt.Errorf("more than %d bytes", b.max))
	case err == io.EOF:
		b.ended = true
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.ended = true // a connection that timed out cannot be read on
		err = fault.New(fault.UploadTimeout, "receive form", err)
	case err != nil:
		b.ended = true
		err = fault.New(fault.TruncatedImage, "receive form", err)
	}
	return n, err
}

// finished reads the little that may follow the form and lifts the time limit from the connection.
func (b *uploadBody) finished() error {
	b.allow(partHeaderBytes)
	if _, err := io.Copy(io.Discard, b); err != nil {
		return err
	}
	return b.conn.SetReadDeadline(time.Time{})
}

// drain sends the answer off and reads what a refused client goes on sending, within bounds.
func (b *uploadBody) drain() {
	b.conn.Flush()
	b.stall, b.end = drainStall, time.Now().Add(drainTotal)
	b.max, b.allowance = 0, unlimited
	if !b.ended {
		io.CopyN(io.Discard, b, drainBytes)
	}
}
