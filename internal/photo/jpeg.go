package photo

import (
	"bufio"
	"encoding/binary"
	"io"
)

// JPEG markers, ITU-T T.81 table B.1.
const (
	mTEM  = 0x01
	mSOF0 = 0xC0 // baseline
	mSOF1 = 0xC1 // extended sequential
	mSOF2 = 0xC2 // progressive
	mDHT  = 0xC4
	mDAC  = 0xCC
	mRST0 = 0xD0
	mRST7 = 0xD7
	mSOI  = 0xD8
	mEOI  = 0xD9
	mSOS  = 0xDA
	mDQT  = 0xDB
	mDNL  = 0xDC
	mDRI  = 0xDD
	mAPP0 = 0xE0
	mAPP1 = 0xE1
	mAPPF = 0xEF
	mCOM  = 0xFE
)

// maxScans is far above what encoders write (about ten); each scan of a progressive image costs the
// decoder a pass over all of its blocks.
const maxScans = 100

// jpegWalk is what the segments so far have said.
type jpegWalk struct {
	br          *bufio.Reader
	limits      Limits
	info        Info
	frame       *frame
	quantTables [4]bool
	huffTables  [2][4]bool // class (DC, AC), then destination
	restart     int        // interval in MCUs, 0 for none
	scans       int
	sawExif     bool
}

// inspectJPEG walks the markers from SOI to EOI.
func inspectJPEG(br *bufio.Reader, limits Limits) (Info, error) {
	j := &jpegWalk{br: br, limits: limits, info: Info{Format: JPEG, Orientation: 1}}
	if _, err := br.Discard(2); err != nil {
		return Info{}, truncated("jpeg", err)
	}
	marker, err := j.nextMarker()
	for err == nil && marker != mEOI {
		if marker == mSOS {
			marker, err = j.scan()
			continue
		}
		if err = j.segment(marker); err == nil {
			marker, err = j.nextMarker()
		}
	}
	if err != nil {
		return Info{}, truncated("jpeg", err)
	}
	if j.frame == nil {
		return Info{}, damaged("jpeg", "no picture before the end of image")
	}
	for _, c := range j.frame.components {
		if !c.scanned {
			return Info{}, truncated("jpeg: component without a scan", io.ErrUnexpectedEOF)
		}
	}
	return j.info, nil
}

// nextMarker reads a marker, which any number of fill bytes 0xFF may precede.
func (j *jpegWalk) nextMarker() (byte, error) {
	b, err := j.br.ReadByte()
	if err != nil {
		return 0, err
	}
	if b != 0xFF {
		return 0, damaged("jpeg", "0x%02x where a marker was expected", b)
	}
	for b == 0xFF {
		if b, err = j.br.ReadByte(); err != nil {
			return 0, err
		}
	}
	return b, nil
}

// segment takes everything between scans. Arithmetic coding, lossless and hierarchical frames are
// refused with the unknown markers: no camera writes them and the decoder does not read them.
func (j *jpegWalk) segment(marker byte) error {
	if marker == mTEM || marker >= mRST0 && marker <= mRST7 {
		return nil
	}
	var take func([]byte) error
	switch {
	case marker == mSOF0 || marker == mSOF1 || marker == mSOF2:
		take = func(p []byte) error { return j.startFrame(p, marker == mSOF2) }
	case marker == mDQT:
		take = j.defineQuant
	case marker == mDHT:
		take = j.defineHuffman
	case marker == mDRI:
		take = j.defineRestart
	case marker == mAPP1 && !j.sawExif:
		take = j.exif
	case marker >= mAPP0 && marker <= mAPPF, marker == mCOM, marker == mDAC, marker == mDNL:
		n, err := j.payloadLength()
		if err == nil {
			_, err = j.br.Discard(n)
		}
		return err
	default:
		return damaged("jpeg", "unsupported marker 0x%02x", marker)
	}
	payload, err := j.payload()
	if err != nil {
		return err
	}
	return take(payload)
}

func (j *jpegWalk) payloadLength() (int, error) {
	var b [2]byte
	if _, err := io.ReadFull(j.br, b[:]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(b[:]))
	if n < 2 {
		return 0, damaged("jpeg", "segment length %d", n)
	}
	return n - 2, nil
}

func (j *jpegWalk) payload() ([]byte, error) {
	n, err := j.payloadLength()
	if err != nil {
		return nil, err
	}
	p := make([]byte, n)
	_, err = io.ReadFull(j.br, p)
	return p, err
}

func (j *jpegWalk) exif(p []byte) error {
	const prefix = "Exif\x00\x00"
	if len(p) > len(prefix) && string(p[:len(prefix)]) == prefix {
		j.sawExif = true
		j.info.Orientation = Orientation(p[len(prefix):])
	}
	return nil
}

func (j *jpegWalk) defineRestart(p []byte) error {
	if len(p) != 2 {
		return damaged("jpeg", "DRI of %d bytes", len(p))
	}
	j.restart = int(binary.BigEndian.Uint16(p))
	return nil
}

func (j *jpegWalk) defineQuant(p []byte) error {
	for len(p) > 0 {
		precision, id := p[0]>>4, p[0]&15
		n := 1 + 64*(1+int(precision))
		if precision > 1 || id > 3 || len(p) < n {
			return damaged("jpeg", "bad quantisation table")
		}
		j.quantTables[id] = true
		p = p[n:]
	}
	return nil
}

func (j *jpegWalk) defineHuffman(p []byte) error {
	for len(p) > 0 {
		if len(p) < 17 {
			return damaged("jpeg", "short Huffman table")
		}
		class, id := p[0]>>4, p[0]&15
		symbols, code := 0, 0
		for bits, count := range p[1:17] {
			symbols += int(count)
			code = code<<1 + int(count)
			// The code of all ones is reserved (T.81 C.2), so the codes may never fill a length.
			if count > 0 && code >= 2<<bits {
				return damaged("jpeg", "Huffman table with more codes than fit")
			}
		}
		if class > 1 || id > 3 || symbols > 256 || len(p) < 17+symbols {
			return damaged("jpeg", "bad Huffman table")
		}
		j.huffTables[class][id] = true
		p = p[17+symbols:]
	}
	return nil
}
