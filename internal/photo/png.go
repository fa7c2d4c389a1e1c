package photo

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// PNG colour types, PNG specification table 11.1.
const (
	pngGrey      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGreyAlpha = 4
	pngRGBA      = 6
)

// maxExifBytes bounds the eXIf chunk that is kept to read the orientation.
const maxExifBytes = 64 << 10

// pngWalk is what the chunks so far have said.
type pngWalk struct {
	br         *bufio.Reader
	info       Info
	depth      int // bits per sample
	colour     byte
	interlaced bool
	sawPalette bool
	sawTransp  bool
	sawData    bool
	// the chunk being read
	kind string
	left int64 // bytes of payload not yet read
	crc  hash.Hash32
}

// inspectPNG walks the chunks from IHDR to IEND and inflates the pixel data into nothing.
func inspectPNG(br *bufio.Reader, limits Limits) (Info, error) {
	w := &pngWalk{br: br, info: Info{Format: PNG, Orientation: 1}, crc: crc32.NewIEEE()}
	err := w.header(limits)
	for err == nil && w.kind != "IEND" {
		if err = w.next(); err == nil {
			err = w.chunk()
		}
	}
	if err == nil && !w.sawData {
		err = damaged("png", "no pixel data")
	}
	if err != nil {
		return Info{}, truncated("png", err)
	}
	return w.info, nil
}

// header reads signature and IHDR. The size is judged before the checksum: a header that asks for
// too much is refused for that, whatever else is wrong with it.
func (w *pngWalk) header(limits Limits) error {
	if _, err := w.br.Discard(len(pngSignature)); err != nil {
		return err
	}
	if err := w.next(); err != nil {
		return err
	}
	if w.kind != "IHDR" || w.left != 13 {
		return damaged("png", "begins with %q of %d bytes", w.kind, w.left)
	}
	var p [13]byte
	if _, err := io.ReadFull(w, p[:]); err != nil {
		return err
	}
	width, height := binary.BigEndian.Uint32(p[:]), binary.BigEndian.Uint32(p[4:])
	if width > 1<<31-1 || height > 1<<31-1 {
		return damaged("png", "%d x %d pixels", width, height)
	}
	w.info.Width, w.info.Height = int(width), int(height)
	if err := limits.checkSize(w.info.Width, w.info.Height); err != nil {
		return err
	}
	w.depth, w.colour, w.interlaced = int(p[8]), p[9], p[12] == 1
	if p[10] != 0 || p[11] != 0 || p[12] > 1 || w.bitsPerPixel() == 0 {
		return damaged("png", "IHDR asks for % x", p[8:])
	}
	return w.endChunk()
}

// bitsPerPixel returns 0 for a combination of colour type and depth that PNG does not have.
func (w *pngWalk) bitsPerPixel() int {
	samples := map[byte]int{pngGrey: 1, pngRGB: 3, pngPalette: 1, pngGreyAlpha: 2, pngRGBA: 4}[w.colour]
	switch w.depth {
	case 8:
		return 8 * samples
	case 16:
		if w.colour != pngPalette {
			return 16 * samples
		}
	case 1, 2, 4:
		if w.colour == pngGrey || w.colour == pngPalette {
			return w.depth
		}
	}
	return 0
}

// next reads a chunk's length and type.
func (w *pngWalk) next() error {
	var b [8]byte
	if _, err := io.ReadFull(w.br, b[:]); err != nil {
		return err
	}
	w.left, w.kind = int64(binary.BigEndian.Uint32(b[:])), string(b[4:])
	for _, c := range b[4:] {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return damaged("png", "chunk type %q", w.kind)
		}
	}
	if w.left > 1<<31-1 {
		return damaged("png", "chunk of %d bytes", w.left)
	}
	w.crc.Reset()
	w.crc.Write(b[4:])
	return nil
}

// Read reads from the current chunk's payload; io.EOF at its end.
func (w *pngWalk) Read(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	n, err := w.br.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	w.crc.Write(p[:n])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// endChunk skips what is left of the payload and verifies the checksum.
func (w *pngWalk) endChunk() error {
	if _, err := io.Copy(io.Discard, w); err != nil {
		return err
	}
	var b [4]byte
	if _, err := io.ReadFull(w.br, b[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(b[:]) != w.crc.Sum32() {
		return damaged("png", "checksum of chunk %s", w.kind)
	}
	return nil
}

// chunk takes the chunk whose header next has read.
func (w *pngWalk) chunk() error {
	switch w.kind {
	case "PLTE":
		entries := w.left / 3
		if w.left%3 != 0 || entries < 1 || entries > 256 || w.colour == pngPalette && entries > 1<<w.depth ||
			w.sawPalette || w.sawTransp || w.sawData || w.colour == pngGrey || w.colour == pngGreyAlpha {
			return damaged("png", "palette of %d bytes", w.left)
		}
		w.sawPalette = true
	case "tRNS":
		fits := map[byte]bool{pngGrey: w.left == 2, pngRGB: w.left == 6, pngPalette: w.left <= 256 && w.sawPalette}[w.colour]
		if !fits || w.sawTransp || w.sawData {
			return damaged("png", "transparency of %d bytes", w.left)
		}
		w.sawTransp = true
	case "IDAT":
		if w.sawData || w.colour == pngPalette && !w.sawPalette {
			return damaged("png", "pixel data out of order")
		}
		w.sawData = true
		return w.pixels()
	case "eXIf":
		if w.left <= maxExifBytes {
			tiff := make([]byte, w.left)
			if _, err := io.ReadFull(w, tiff); err != nil {
				return err
			}
			w.info.Orientation = Orientation(tiff)
		}
	case "IEND":
		if w.left != 0 {
			return damaged("png", "IEND of %d bytes", w.left)
		}
	default:
		if w.kind[0]&0x20 == 0 { // upper case: cannot be shown without understanding it
			return damaged("png", "unknown critical chunk %s", fmt.Sprintf("%q", w.kind))
		}
	}
	return w.endChunk()
}
