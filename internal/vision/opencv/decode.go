package opencv

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"math"
	"os"

	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/photo"

	"gocv.io/x/gocv"
)

// bounds holds for every photo, whatever was checked before; it is refused from its header. Files may
// be larger than an upload: the command line reads what a camera has written.
var bounds = photo.Limits{MaxBytes: 64 << 20, MaxPixels: photo.DefaultLimits.MaxPixels}

// picture is a decoded photo. Positions in the analysis image are continuous: pixel i covers [i, i+1).
type picture struct {
	// bgr is the upright analysis image.
	bgr gocv.Mat
	// width and height are those of the upright original.
	width, height int
}

func (p *picture) close() { p.bgr.Close() }

// perPixel returns how many original pixels one analysis pixel is wide and high.
func (p *picture) perPixel() (x, y float64) {
	return float64(p.width) / float64(p.bgr.Cols()), float64(p.height) / float64(p.bgr.Rows())
}

// decode reads the photo at path, upright and with its longer side at most maxSide.
func decode(path string, maxSide int) (*picture, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	info, err := photo.Inspect(bytes.NewReader(data), bounds)
	if err != nil {
		return nil, fmt.Errorf("decode photo: %w", err)
	}
	read := decodePNG
	if info.Format == photo.JPEG {
		read = decodeJPEG
	}
	m, err := read(data, maxSide)
	if err != nil {
		return nil, fault.New(fault.Undecodable, "decode photo", err)
	}
	p := &picture{bgr: upright(shrink(m, maxSide), info.Orientation)}
	p.width, p.height = info.Upright()
	return p, nil
}

// readFile reads at most one byte more than photo.Inspect will accept.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Internal, "open photo", err)
	}
	defer f.Close()
	var data bytes.Buffer
	if info, err := f.Stat(); err == nil {
		data.Grow(int(min(info.Size(), bounds.MaxBytes)) + bytes.MinRead) // growing on the way costs 5 ms
	}
	if _, err := data.ReadFrom(io.LimitReader(f, bounds.MaxBytes+1)); err != nil {
		return nil, fault.New(fault.Internal, "read photo", err)
	}
	return data.Bytes(), nil
}

// shrink scales m down so that its longer side is at most maxSide; it takes m over.
func shrink(m gocv.Mat, maxSide int) gocv.Mat {
	w, h := m.Cols(), m.Rows()
	long := max(w, h)
	if long <= maxSide {
		return m
	}
	defer m.Close()
	fit := func(n int) int { return max(1, (n*maxSide+long/2)/long) }
	how := gocv.InterpolationArea
	if 2*long < 3*maxSide { // hardly smaller: nothing to average, and eight times as fast
		how = gocv.InterpolationLinear
	}
	small := gocv.NewMat()
	gocv.Resize(m, &small, image.Pt(fit(w), fit(h)), 0, 0, how)
	return small
}

// upright applies an EXIF orientation (1–8); it takes m over.
func upright(m gocv.Mat, orientation int) gocv.Mat {
	if orientation < 2 || orientation > 8 {
		return m
	}
	defer m.Close()
	up := gocv.NewMat()
	switch orientation {
	case 2:
		gocv.Flip(m, &up, 1)
	case 3:
		gocv.Rotate(m, &up, gocv.Rotate180Clockwise)
	case 4:
		gocv.Flip(m, &up, 0)
	case 5:
		gocv.Transpose(m, &up)
	case 6:
		gocv.Rotate(m, &up, gocv.Rotate90Clockwise)
	case 7:
		turned := gocv.NewMat()
		defer turned.Close()
		gocv.Transpose(m, &turned)
		gocv.Rotate(turned, &up, gocv.Rotate180Clockwise)
	case 8:
		gocv.Rotate(m, &up, gocv.Rotate90CounterClockwise)
	}
	return up
}

func (p *picture) toOriginal(r geometry.Rect) geometry.Rect {
	sx, sy := p.perPixel()
	whole := geometry.Rect{Width: float64(p.width), Height: float64(p.height)}
	return clip(geometry.Rect{X: r.X * sx, Y: r.Y * sy, Width: r.Width * sx, Height: r.Height * sy}, whole)
}

func (p *picture) outlineToOriginal(line geometry.Polygon) geometry.Polygon {
	sx, sy := p.perPixel()
	for i := range line {
		line[i].X, line[i].Y = line[i].X*sx, line[i].Y*sy
	}
	return line
}

// ellipseToOriginal takes both scales for equal, as they are but for the rounding of the sides.
func (p *picture) ellipseToOriginal(e geometry.Ellipse) geometry.Ellipse {
	sx, sy := p.perPixel()
	e.Center.X, e.Center.Y = e.Center.X*sx, e.Center.Y*sy
	e.Major, e.Minor = e.Major*math.Sqrt(sx*sy), e.Minor*math.Sqrt(sx*sy)
	return e
}

// squareToOriginal takes both scales for equal only where a length is neither along x nor along y.
func (p *picture) squareToOriginal(q geometry.Square) geometry.Square {
	sx, sy := p.perPixel()
	for i := range q.Corners {
		q.Corners[i].X, q.Corners[i].Y = q.Corners[i].X*sx, q.Corners[i].Y*sy
	}
	q.CornerSDPx, q.RMSPx = q.CornerSDPx*math.Sqrt(sx*sy), q.RMSPx*math.Sqrt(sx*sy)
	return q
}
