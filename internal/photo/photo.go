// Package photo judges the bytes of one uploaded image while they stream past: JPEG or PNG by
// content, complete, within the limits of size and pixels. It decodes no pixels and keeps at most
// about 64 KB. In comes any io.Reader, trusted with nothing; out goes an Info or an error that
// carries a fault code. What passes here, the vision room can decode.
package photo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"foodmassd/internal/fault"
)

// Limits bounds an image; a zero field does not limit.
type Limits struct {
	MaxBytes  int64 // of the file, trailing data included
	MaxPixels int64 // width × height
	MaxSidePX int   // longer side; set only where a larger photo is refused instead of scaled down
}

// DefaultLimits are those of the wire contract: 10 MB is read as 10 MiB, the larger of its two
// meanings, and photos of any side are scaled down.
var DefaultLimits = Limits{MaxBytes: 10 << 20, MaxPixels: 50_000_000}

// Format is the kind of an image, by its content.
type Format string

// The formats that are accepted.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
)

// Extension returns the file name extension without a dot.
func (f Format) Extension() string {
	if f == JPEG {
		return "jpg"
	}
	return string(f)
}

// Info describes an image that is whole. Sizes are in pixels.
type Info struct {
	Format      Format
	Width       int // as stored
	Height      int
	Orientation int   // EXIF, 1 to 8; 1 when absent or senseless
	Bytes       int64 // of the file
}

// Upright returns width and height in pixels once the EXIF orientation is applied.
func (i Info) Upright() (width, height int) {
	if i.Orientation >= 5 {
		return i.Height, i.Width
	}
	return i.Width, i.Height
}

// bufferBytes is read ahead; nothing longer than one JPEG segment (64 KB) is ever kept.
const bufferBytes = 16 << 10

// Inspect reads r to its end, or to the first reason to refuse it. A failure of r itself is
// returned as it is; everything wrong with the image is a *fault.Error: EmptyImage, UnsupportedType,
// TruncatedImage, Undecodable, TooLarge, TooManyPixels or Oversize.
func Inspect(r io.Reader, limits Limits) (Info, error) {
	src := &source{r: r, max: limits.MaxBytes}
	br := bufio.NewReaderSize(src, bufferBytes)
	info, err := inspect(br, limits)
	if src.err != nil {
		return Info{}, src.err
	}
	if err == nil {
		// Phones append gain maps, depth and whole second pictures: allowed, and counted.
		_, err = io.Copy(io.Discard, br)
	}
	if err != nil {
		return Info{}, err
	}
	info.Bytes = src.n
	return info, nil
}

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

func inspect(br *bufio.Reader, limits Limits) (Info, error) {
	head, _ := br.Peek(len(pngSignature))
	switch {
	case len(head) == 0:
		return Info{}, fault.New(fault.EmptyImage, "inspect image", nil)
	case bytes.Equal(head, pngSignature):
		return inspectPNG(br, limits)
	case bytes.HasPrefix(head, []byte{0xFF, mSOI, 0xFF}):
		return inspectJPEG(br, limits)
	case bytes.HasPrefix(pngSignature, head), bytes.HasPrefix([]byte{0xFF, mSOI}, head):
		return Info{}, truncated("image", io.ErrUnexpectedEOF)
	}
	return Info{}, fault.New(fault.UnsupportedType, "inspect image", fmt.Errorf("begins with % x", head))
}

// checkSize judges the size that a header announces, before anything is done with it.
func (l Limits) checkSize(width, height int) error {
	size := fmt.Errorf("%d x %d pixels", width, height)
	switch {
	case width <= 0 || height <= 0:
		return fault.New(fault.Undecodable, "image header", size)
	case l.MaxPixels > 0 && int64(width)*int64(height) > l.MaxPixels:
		return fault.New(fault.TooManyPixels, "image header", size)
	case l.MaxSidePX > 0 && max(width, height) > l.MaxSidePX:
		return fault.New(fault.Oversize, "image header", size)
	}
	return nil
}

// source counts what is read and remembers a failure that is not the image's fault.
type source struct {
	r   io.Reader
	n   int64
	max int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	switch {
	case s.max > 0 && s.n > s.max:
		s.err = fault.New(fault.TooLarge, "read image", fmt.Errorf("more than %d bytes", s.max))
		return 0, s.err
	case err != nil && err != io.EOF:
		s.err = err
	}
	return n, err
}

func damaged(where, format string, args ...any) error {
	return fault.New(fault.Undecodable, where, fmt.Errorf(format, args...))
}

// truncated turns the end of the data into a TruncatedImage and leaves other errors alone.
func truncated(where string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.TruncatedImage, where, err)
	}
	return err
}
