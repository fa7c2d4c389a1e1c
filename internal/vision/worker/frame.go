package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"foodmassd/internal/fault"
	"foodmassd/internal/vision"
)

// Bounds of one frame. A scene of a dozen foods has about 50 KB.
const (
	maxRequestBytes = 64 << 10
	maxReplyBytes   = 4 << 20
)

// Kinds of messages. The worker says hello once its models are loaded; each see is answered by any
// number of progress messages and one scene or error with the same ID.
const (
	kindHello    = "hello"
	kindSee      = "see"
	kindProgress = "progress"
	kindScene    = "scene"
	kindError    = "error"
)

// message is the content of one frame.
type message struct {
	Kind    string            `json:"kind"`
	ID      uint64            `json:"id,omitempty"`
	PID     int               `json:"pid,omitempty"`
	Models  map[string]string `json:"models,omitempty"`
	Request *vision.Request   `json:"request,omitempty"`
	Stage   string            `json:"stage,omitempty"`
	Scene   *vision.Scene     `json:"scene,omitempty"`
	Code    fault.Code        `json:"code,omitempty"`
	Error   string            `json:"error,omitempty"`
}

// encode returns one frame: the length of the JSON as four bytes, most significant first, then the
// JSON. It fails for what JSON has no word for, as NaN, and for more than limit bytes.
func encode(m message, limit int) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s frame: %w", m.Kind, err)
	}
	if len(text) > limit {
		return nil, fmt.Errorf("%s frame of %d bytes is over %d", m.Kind, len(text), limit)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...), nil
}

// readMessage reads one frame; io.EOF only where a frame would begin. Memory grows with what really
// arrives, not with the announced length.
func readMessage(r io.Reader, limit int) (message, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.EOF {
			return message{}, err
		}
		return message{}, fmt.Errorf("frame length: %w", err)
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	if size > int64(limit) {
		return message{}, fmt.Errorf("frame of %d bytes is over %d", size, limit)
	}
	var text bytes.Buffer
	if n, err := io.CopyN(&text, r, size); err != nil {
		return message{}, fmt.Errorf("frame ends after %d of %d bytes: %w", n, size, io.ErrUnexpectedEOF)
	}
	var m message
	if err := json.Unmarshal(text.Bytes(), &m); err != nil {
		return message{}, fmt.Errorf("frame content: %w", err)
	}
	return m, nil
}
