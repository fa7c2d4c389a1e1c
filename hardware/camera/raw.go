package camera

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"github.com/blackjack/webcam"
)

// Formats of a v4l2 camera's pictures that are understood (linux/videodev2.h).
var (
	formatMJPEG = fourCC("MJPG")
	formatJPEG  = fourCC("JPEG")
	formatYUYV  = fourCC("YUYV")
	formatUYVY  = fourCC("UYVY")
)

// preferred are the formats, best first: a camera that compresses reaches its full rate over USB 2.
var preferred = []webcam.PixelFormat{formatMJPEG, formatJPEG, formatYUYV, formatUYVY}

func fourCC(name string) webcam.PixelFormat {
	return webcam.PixelFormat(uint32(name[0]) | uint32(name[1])<<8 | uint32(name[2])<<16 | uint32(name[3])<<24)
}

func nameOf(f webcam.PixelFormat) string {
	return string([]byte{byte(f), byte(f >> 8), byte(f >> 16), byte(f >> 24)})
}

// mode is a format and size that a camera has.
type mode struct {
	format        webcam.PixelFormat
	width, height int
	stride        int // bytes from one line of a raw picture to the next, known once the driver has the mode
}

func (m mode) String() string { return fmt.Sprintf("%s %d × %d", nameOf(m.format), m.width, m.height) }

// chooseMode returns the mode nearest to the wanted size in pixels; among equally near ones the first of
// preferred.
func chooseMode(formats map[webcam.PixelFormat]string, sizes func(webcam.PixelFormat) []webcam.FrameSize, width, height int) (mode, error) {
	var best mode
	offered := ""
	for _, f := range preferred {
		if _, has := formats[f]; !has {
			continue
		}
		for _, size := range sizes(f) {
			m := mode{format: f, width: nearest(width, size.MinWidth, size.MaxWidth, size.StepWidth),
				height: nearest(height, size.MinHeight, size.MaxHeight, size.StepHeight)}
			if m.width > 0 && m.height > 0 && (best.width == 0 || m.distance(width, height) < best.distance(width, height)) {
				best = m
			}
		}
		if best.width == 0 { // it names no sizes: the driver takes what comes next to the wanted one
			best = mode{format: f, width: width, height: height}
		}
	}
	if best.width == 0 {
		for f := range formats {
			offered += " " + nameOf(f)
		}
		if offered == "" {
			return best, errors.New("it offers no pictures; a camera has several nodes, the right one ends in video-index0 in /dev/v4l/by-id")
		}
		return best, fmt.Errorf("it offers%s and none of MJPG, JPEG, YUYV, UYVY; use camera.source: stream with a pipeline", offered)
	}
	return best, nil
}

func (m mode) distance(width, height int) int {
	return max(m.width-width, width-m.width) + max(m.height-height, height-m.height)
}

// nearest returns what comes next to want among least, least+step, … most; a fixed size has step 0.
func nearest(want int, least, most, step uint32) int {
	lo, hi := int(least), int(most)
	if want <= lo || step == 0 {
		return lo
	}
	want = min(want, hi)
	return lo + (want-lo)/int(step)*int(step)
}

// rawQuality is that of the JPEG made of a raw picture: what it loses is below the sensor's noise.
const rawQuality = 92

// encode returns a frame of the mode as JPEG.
func (m mode) encode(frame []byte) ([]byte, error) {
	if m.format == formatMJPEG || m.format == formatJPEG {
		return bytes.Clone(frame), nil // the frame's memory belongs to the driver
	}
	picture, err := m.unpack(frame)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: rawQuality})
	return b.Bytes(), err
}

// unpack turns packed 4:2:2, two pixels in four bytes, into an image. Lines may be
// padded, and so may the frame's end.
func (m mode) unpack(frame []byte) (*image.YCbCr, error) {
	if m.width%2 != 0 || m.stride < 2*m.width || len(frame) < (m.height-1)*m.stride+2*m.width {
		return nil, fmt.Errorf("a frame of %d bytes is no %s", len(frame), m)
	}
	y0, cb, y1, cr := 0, 1, 2, 3
	if m.format == formatUYVY {
		cb, y0, cr, y1 = 0, 1, 2, 3
	}
	out := image.NewYCbCr(image.Rect(0, 0, m.width, m.height), image.YCbCrSubsampleRatio422)
	for row := range m.height {
		in := frame[row*m.stride:]
		luma, chroma := out.Y[row*out.YStride:], row*out.CStride
		for x := 0; x < m.width; x += 2 {
			four := in[2*x : 2*x+4]
			luma[x], luma[x+1] = fullLuma[four[y0]], fullLuma[four[y1]]
			out.Cb[chroma+x/2], out.Cr[chroma+x/2] = fullChroma[four[cb]], fullChroma[four[cr]]
		}
	}
	return out, nil
}

// Cameras use the narrow range of ITU-R BT.601, 16…235 and 16…240 (V4L2's default quantization for
// Y'CbCr), JPEG the full one.
var fullLuma, fullChroma = stretched(16, 219, 0), stretched(128, 224, 128)

func stretched(zero, span, to int) (table [256]byte) {
	for v := range table {
		table[v] = byte(max(0, min(255, to+((v-zero)*255*2+span)/(2*span))))
	}
	return table
}
