package photo

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// frame is a JPEG frame header (SOF).
type frame struct {
	progressive bool
	width       int
	height      int
	maxH, maxV  int // largest sampling factors
	components  []component
}

type component struct {
	id, quant byte
	h, v      int  // sampling factors
	scanned   bool // some scan has carried its DC coefficients
}

func (j *jpegWalk) startFrame(p []byte, progressive bool) error {
	if j.frame != nil {
		return damaged("jpeg", "second frame header")
	}
	if len(p) < 6 || len(p) != 6+3*int(p[5]) {
		return damaged("jpeg", "frame header of %d bytes", len(p))
	}
	f := &frame{
		progressive: progressive,
		height:      int(binary.BigEndian.Uint16(p[1:])),
		width:       int(binary.BigEndian.Uint16(p[3:])),
	}
	if err := j.limits.checkSize(f.width, f.height); err != nil {
		return err
	}
	if p[0] != 8 {
		return damaged("jpeg", "%d bits per sample", p[0])
	}
	if n := p[5]; n != 1 && n != 3 && n != 4 {
		return damaged("jpeg", "%d colour components", n)
	}
	for c := p[6:]; len(c) > 0; c = c[3:] {
		comp := component{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), quant: c[2]}
		if comp.h < 1 || comp.h > 4 || comp.v < 1 || comp.v > 4 || comp.quant > 3 || f.find(comp.id) != nil {
			return damaged("jpeg", "bad component in frame header")
		}
		f.maxH, f.maxV = max(f.maxH, comp.h), max(f.maxV, comp.v)
		f.components = append(f.components, comp)
	}
	j.frame, j.info.Width, j.info.Height = f, f.width, f.height
	return nil
}

func (f *frame) find(id byte) *component {
	for i := range f.components {
		if f.components[i].id == id {
			return &f.components[i]
		}
	}
	return nil
}

// scan takes a scan header and its entropy-coded data, and returns the marker that ended it.
func (j *jpegWalk) scan() (marker byte, err error) {
	p, err := j.payload()
	if err != nil {
		return 0, err
	}
	if j.scans++; j.scans > maxScans {
		return 0, damaged("jpeg", "more than %d scans", maxScans)
	}
	mcus, minBits, err := j.scanHeader(p)
	if err != nil {
		return 0, err
	}
	marker, bytes, restarts, err := j.entropyData()
	if err != nil {
		return 0, err
	}
	var wantRestarts int64
	if j.restart > 0 {
		wantRestarts = (mcus - 1) / int64(j.restart)
	}
	if bytes*8 < minBits || restarts < wantRestarts {
		return 0, truncated(fmt.Sprintf("jpeg scan of %d units in %d bytes with %d restarts", mcus, bytes, restarts), io.ErrUnexpectedEOF)
	}
	return marker, nil
}

// scanHeader checks an SOS segment against the frame and the tables, and returns the number of
// coded units and the fewest bits that can code them.
func (j *jpegWalk) scanHeader(p []byte) (mcus, minBits int64, err error) {
	if j.frame == nil {
		return 0, 0, damaged("jpeg", "scan before frame header")
	}
	if len(p) < 1 || p[0] < 1 || p[0] > 4 || len(p) != 4+2*int(p[0]) {
		return 0, 0, damaged("jpeg", "scan header of %d bytes", len(p))
	}
	n := int(p[0])
	first, last, high, low := p[len(p)-3], p[len(p)-2], p[len(p)-1]>>4, p[len(p)-1]&15
	needDC, needAC := true, true
	if j.frame.progressive {
		if last > 63 || first > last || first == 0 && last != 0 || first > 0 && n > 1 || high > 13 || low > 13 {
			return 0, 0, damaged("jpeg", "bad progression %d..%d, %d, %d", first, last, high, low)
		}
		needDC, needAC = first == 0 && high == 0, first > 0
	}
	comps := make([]*component, n)
	for i := range comps {
		id, dc, ac := p[1+2*i], p[2+2*i]>>4, p[2+2*i]&15
		c := j.frame.find(id)
		if c == nil || dc > 3 || ac > 3 || !j.quantTables[c.quant] ||
			needDC && !j.huffTables[0][dc] || needAC && !j.huffTables[1][ac] {
			return 0, 0, damaged("jpeg", "scan of a component without its tables")
		}
		for _, other := range comps[:i] {
			if other == c {
				return 0, 0, damaged("jpeg", "component twice in a scan")
			}
		}
		c.scanned = c.scanned || first == 0
		comps[i] = c
	}
	mcus, blocks := j.frame.units(comps)
	if blocks > 10*mcus {
		return 0, 0, damaged("jpeg", "more than 10 blocks in a unit") // T.81 B.2.3
	}
	switch {
	case !j.frame.progressive:
		minBits = 2 * blocks // a DC code and an end of block
	case first == 0:
		minBits = blocks
	}
	return mcus, minBits, nil
}

// units returns how many MCUs, and blocks in them, a scan of these components has (T.81 A.2).
func (f *frame) units(comps []*component) (mcus, blocks int64) {
	if len(comps) == 1 {
		w := ceilDiv(ceilDiv(f.width*comps[0].h, f.maxH), 8)
		h := ceilDiv(ceilDiv(f.height*comps[0].v, f.maxV), 8)
		return int64(w) * int64(h), int64(w) * int64(h)
	}
	mcus = int64(ceilDiv(f.width, 8*f.maxH)) * int64(ceilDiv(f.height, 8*f.maxV))
	for _, c := range comps {
		blocks += mcus * int64(c.h*c.v)
	}
	return mcus, blocks
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// entropyData runs to the first marker that is no restart, counting data bytes and restarts.
func (j *jpegWalk) entropyData() (marker byte, bytes, restarts int64, err error) {
	for {
		run, err := j.br.ReadSlice(0xFF)
		bytes += int64(len(run))
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return 0, 0, 0, err
		}
		b := byte(0xFF)
		for b == 0xFF {
			if b, err = j.br.ReadByte(); err != nil {
				return 0, 0, 0, err
			}
		}
		switch {
		case b == 0: // a stuffed 0xFF, counted above
		case b >= mRST0 && b <= mRST7:
			bytes--
			restarts++
		default:
			return b, bytes - 1, restarts, nil
		}
	}
}
