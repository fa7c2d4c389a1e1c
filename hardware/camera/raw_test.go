package camera

import (
	"bytes"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/blackjack/webcam"
)

func fixed(sizes ...uint32) (out []webcam.FrameSize) {
	for s := range slices.Chunk(sizes, 2) {
		out = append(out, webcam.FrameSize{MinWidth: s[0], MaxWidth: s[0], MinHeight: s[1], MaxHeight: s[1]})
	}
	return out
}

func TestTheModeNearestToTheWantedSizeIsTaken(t *testing.T) {
	// What vivid, the kernel's virtual driver, offers on its webcam input, and a USB camera.
	vivid := map[webcam.PixelFormat][]webcam.FrameSize{
		formatYUYV: fixed(320, 180, 640, 360, 640, 480, 1280, 720, 1920, 1080, 3840, 2160), formatUYVY: fixed(320, 180, 1920, 1080), fourCC("NV12"): fixed(1920, 1080)}
	usb := map[webcam.PixelFormat][]webcam.FrameSize{formatMJPEG: fixed(1920, 1080, 1280, 720, 640, 480), formatYUYV: fixed(1920, 1080, 1024, 768)}
	any := map[webcam.PixelFormat][]webcam.FrameSize{formatUYVY: {{MinWidth: 48, MaxWidth: 1600, StepWidth: 16, MinHeight: 32, MaxHeight: 1200, StepHeight: 2}}}
	for name, c := range map[string]struct {
		offers        map[webcam.PixelFormat][]webcam.FrameSize
		width, height int
		want          string
	}{
		"vivid as it is":                  {vivid, 1920, 1080, "YUYV 1920 × 1080"},
		"vivid, a size it has not":        {vivid, 700, 500, "YUYV 640 × 480"},
		"compressed where both are alike": {usb, 1920, 1080, "MJPG 1920 × 1080"},
		"the size before the compression": {usb, 1024, 768, "YUYV 1024 × 768"},
		"larger than all":                 {usb, 4000, 3000, "MJPG 1920 × 1080"},
		"in steps":                        {any, 1000, 701, "UYVY 992 × 700"},
		"beyond the steps":                {any, 1920, 1080, "UYVY 1600 × 1080"},
		"below the steps":                 {any, 10, 10, "UYVY 48 × 32"},
		"a driver that names no sizes":    {map[webcam.PixelFormat][]webcam.FrameSize{formatMJPEG: nil}, 1920, 1080, "MJPG 1920 × 1080"},
		"a driver of any size":            {map[webcam.PixelFormat][]webcam.FrameSize{formatMJPEG: {{}}}, 1920, 1080, "MJPG 1920 × 1080"},
	} {
		formats := map[webcam.PixelFormat]string{}
		for f := range c.offers {
			formats[f] = ""
		}
		m, err := chooseMode(formats, func(f webcam.PixelFormat) []webcam.FrameSize { return c.offers[f] }, c.width, c.height)
		if err != nil || m.String() != c.want {
			t.Errorf("%s: %v, %v; want %s", name, m, err, c.want)
		}
	}
	if _, err := chooseMode(nil, nil, 1920, 1080); err == nil || !strings.Contains(err.Error(), "video-index0") {
		t.Errorf("a node for metadata: %v", err)
	}
	if _, err := chooseMode(map[webcam.PixelFormat]string{fourCC("H264"): ""}, nil, 1920, 1080); err == nil {
		t.Error("H264 alone is no photo")
	}
}

// packed is a picture of one colour in narrow-range Y'CbCr, its lines padded to the mode's stride.
func packed(m mode, y, cb, cr byte) (frame []byte) {
	four := []byte{y, cb, y, cr}
	if m.format == formatUYVY {
		four = []byte{cb, y, cr, y}
	}
	for range m.height {
		frame = append(frame, bytes.Repeat(four, m.width/2)...)
		frame = append(frame, make([]byte, m.stride-2*m.width)...)
	}
	return frame
}

func TestRawPicturesKeepTheirColours(t *testing.T) {
	for name, c := range map[string]struct {
		y, cb, cr byte // ITU-R BT.601, narrow range
		want      color.RGBA
	}{
		"white": {235, 128, 128, color.RGBA{255, 255, 255, 255}}, "black": {16, 128, 128, color.RGBA{0, 0, 0, 255}},
		"red": {81, 90, 240, color.RGBA{255, 0, 0, 255}}, "blue": {41, 240, 110, color.RGBA{0, 0, 255, 255}},
	} {
		for _, f := range []webcam.PixelFormat{formatYUYV, formatUYVY} {
			for _, padding := range []int{0, 32} {
				m := mode{f, 32, 16, 64 + padding}
				photo, err := m.encode(packed(m, c.y, c.cb, c.cr))
				if err != nil {
					t.Fatal(err)
				}
				picture, err := jpeg.Decode(bytes.NewReader(photo))
				if err != nil || picture.Bounds().Dx() != 32 || picture.Bounds().Dy() != 16 {
					t.Fatalf("%v, %v", picture.Bounds(), err)
				}
				r, g, b, _ := picture.At(31, 15).RGBA()
				for i, got := range []uint32{r, g, b} {
					if want := []uint8{c.want.R, c.want.G, c.want.B}[i]; math.Abs(float64(got>>8)-float64(want)) > 6 {
						t.Errorf("%s as %s: %d %d %d", name, m, r>>8, g>>8, b>>8)
					}
				}
			}
		}
	}
	m := mode{formatYUYV, 32, 16, 64}
	if _, err := m.encode(make([]byte, 32*16)); err == nil {
		t.Error("half a frame became a photo")
	}
}

func FuzzUnpack(f *testing.F) {
	m := mode{formatYUYV, 8, 4, 19}
	f.Add(packed(m, 81, 90, 240))
	f.Add(append(packed(m, 81, 90, 240), make([]byte, 96)...))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, frame []byte) {
		picture, err := m.unpack(frame)
		if err == nil && (picture.Bounds().Dx() != m.width || picture.Bounds().Dy() != m.height || len(frame) < 2*m.width*m.height) {
			t.Fatalf("%d bytes became %v", len(frame), picture.Bounds())
		}
	})
}
