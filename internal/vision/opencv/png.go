package opencv

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"gocv.io/x/gocv"
)

// decodePNG decodes to BGR with transparency laid over white. A picture at least twice as large as
// maxSide is averaged down by whole pixels on the way, so that no second full-size copy is made.
func decodePNG(data []byte, maxSide int) (gocv.Mat, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return gocv.Mat{}, err
	}
	size := img.Bounds().Size()
	step := max(1, max(size.X, size.Y)/maxSide)
	w, h := (size.X+step-1)/step, (size.Y+step-1)/step
	m := gocv.NewMatWithSize(h, w, gocv.MatTypeCV8UC3)
	bgr, err := m.DataPtrUint8()
	if err != nil {
		m.Close()
		return gocv.Mat{}, fmt.Errorf("allocate %d×%d pixels: %w", w, h, err)
	}
	at := overWhite(img)
	for y := range h {
		for x := range w {
			block := image.Rect(x*step, y*step, min((x+1)*step, size.X), min((y+1)*step, size.Y))
			r, g, b := mean(at, block)
			copy(bgr[3*(y*w+x):], []byte{b, g, r})
		}
	}
	return m, nil
}

// mean is the average colour of a block of pixels.
func mean(at func(x, y int) (r, g, b uint32), block image.Rectangle) (r8, g8, b8 byte) {
	var r, g, b, n uint32
	for y := block.Min.Y; y < block.Max.Y; y++ {
		for x := block.Min.X; x < block.Max.X; x++ {
			pr, pg, pb := at(x, y)
			r, g, b, n = r+pr, g+pg, b+pb, n+1
		}
	}
	return byte((r + n/2) / n), byte((g + n/2) / n), byte((b + n/2) / n)
}

// overWhite returns the 8-bit colour of a pixel counted from the top left corner, laid over white.
// The types that cameras and screenshots write have a path without an allocation per pixel.
func overWhite(img image.Image) func(x, y int) (r, g, b uint32) {
	lo := img.Bounds().Min
	switch img := img.(type) {
	case *image.RGBA: // without transparency: what the decoder gives for plain RGB
		return func(x, y int) (r, g, b uint32) {
			p := img.Pix[img.PixOffset(lo.X+x, lo.Y+y):]
			return uint32(p[0]), uint32(p[1]), uint32(p[2])
		}
	case *image.NRGBA:
		return func(x, y int) (r, g, b uint32) {
			p := img.Pix[img.PixOffset(lo.X+x, lo.Y+y):]
			a := uint32(p[3])
			white := (255 - a) * 255
			return (uint32(p[0])*a + white) / 255, (uint32(p[1])*a + white) / 255, (uint32(p[2])*a + white) / 255
		}
	case *image.Gray:
		return func(x, y int) (r, g, b uint32) {
			v := uint32(img.GrayAt(lo.X+x, lo.Y+y).Y)
			return v, v, v
		}
	}
	return func(x, y int) (r, g, b uint32) { return anyOverWhite(img.At(lo.X+x, lo.Y+y)) }
}

func anyOverWhite(c color.Color) (r, g, b uint32) {
	r, g, b, a := c.RGBA()
	return (r + 0xffff - a) >> 8, (g + 0xffff - a) >> 8, (b + 0xffff - a) >> 8
}
