package camera

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"sync"
)

// Markers of a JPEG (ITU-T T.81, table B.1) that this package looks for.
const (
	markerTEM  = 0x01
	markerDHT  = 0xC4
	markerRST0 = 0xD0
	markerRST7 = 0xD7
	markerSOI  = 0xD8
	markerEOI  = 0xD9
	markerSOS  = 0xDA
)

var errNoJPEG = errors.New("the camera's picture is no JPEG")

// standsAlone tells whether no segment follows a marker.
func standsAlone(marker byte) bool {
	return marker == markerTEM || marker >= markerRST0 && marker <= markerEOI
}

// withTables returns a JPEG that has Huffman tables. The frames of MJPEG cameras often have none and mean
// the typical ones of T.81 annex K.3, which decoders of still pictures do not assume.
func withTables(frame []byte) ([]byte, error) {
	if len(frame) < 4 || frame[0] != 0xFF || frame[1] != markerSOI {
		return nil, errNoJPEG
	}
	for at := 2; at+4 <= len(frame); {
		marker := frame[at+1]
		switch {
		case frame[at] != 0xFF:
			return nil, errNoJPEG
		case marker == 0xFF: // a fill byte
			at++
			continue
		case marker == markerDHT:
			return frame, nil
		case marker == markerSOS:
			return bytes.Join([][]byte{frame[:at], typicalTables(), frame[at:]}, nil), nil
		case standsAlone(marker):
			at += 2
			continue
		}
		at += 2 + int(frame[at+2])<<8 + int(frame[at+3])
	}
	return nil, errNoJPEG
}

// typicalTables is the DHT segment with the tables of annex K.3, as Go's encoder writes it.
var typicalTables = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 1, 1)), nil); err != nil {
		panic(err) // a buffer takes everything
	}
	encoded := b.Bytes()
	at := bytes.Index(encoded, []byte{0xFF, markerDHT})
	return encoded[at : at+2+int(encoded[at+2])<<8+int(encoded[at+3])]
})

// byteReader is what nextJPEG reads from.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// nextJPEG reads from a stream of JPEGs up to the end of the next one and returns it. What stands between
// two is skipped. It is an error when that needs more than limit bytes.
func nextJPEG(in byteReader, limit int) ([]byte, error) {
	s := splitter{in: in, left: limit}
	for last := byte(0); ; {
		b, err := s.byte()
		if err != nil {
			return nil, err
		}
		if last == 0xFF && b == markerSOI {
			break
		}
		last = b
	}
	s.out = []byte{0xFF, markerSOI}
	marker, err := s.marker()
	for err == nil && marker != markerEOI {
		switch {
		case standsAlone(marker):
			marker, err = s.marker()
		case marker == markerSOS:
			if err = s.segment(); err == nil {
				marker, err = s.scan()
			}
		default:
			if err = s.segment(); err == nil {
				marker, err = s.marker()
			}
		}
	}
	return s.out, err
}

// splitter copies a JPEG from in to out.
type splitter struct {
	in   byteReader
	left int // bytes that may still be read
	out  []byte
}

var errTooLong = errors.New("the stream brings no JPEG of a permitted size")

func (s *splitter) byte() (byte, error) {
	if s.left--; s.left < 0 {
		return 0, errTooLong
	}
	b, err := s.in.ReadByte()
	if err == nil && s.out != nil {
		s.out = append(s.out, b)
	}
	return b, err
}

// marker reads the next marker.
func (s *splitter) marker() (byte, error) {
	b, err := s.byte()
	if err == nil && b != 0xFF {
		err = errNoJPEG
	}
	for err == nil && b == 0xFF {
		b, err = s.byte()
	}
	return b, err
}

// segment reads what follows a marker.
func (s *splitter) segment() error {
	high, err := s.byte()
	if err != nil {
		return err
	}
	low, err := s.byte()
	if err != nil {
		return err
	}
	n := int(high)<<8 + int(low) - 2
	if n < 0 {
		return errNoJPEG
	}
	if s.left -= n; s.left < 0 {
		return errTooLong
	}
	at := len(s.out)
	s.out = append(s.out, make([]byte, n)...)
	_, err = io.ReadFull(s.in, s.out[at:])
	return err
}

// scan reads entropy-coded data and returns the marker that ends it: an FF that neither stands for itself
// (FF00) nor restarts the decoder (T.81 B.1.1.5).
func (s *splitter) scan() (byte, error) {
	for last := byte(0); ; {
		b, err := s.byte()
		if err != nil {
			return 0, err
		}
		if last == 0xFF && b != 0 && b != 0xFF && (b < markerRST0 || b > markerRST7) {
			return b, nil
		}
		last = b
	}
}
