package camera

import (
	"bytes"
	"image/jpeg"
	"strconv"
	"testing"

	"github.com/blackjack/webcam"
)

func TestAPictureHasTheSizeThatTheDriverMadeOfTheWantedOne(t *testing.T) {
	wanted := mode{format: formatYUYV, width: 640, height: 480}
	for name, c := range map[string]struct {
		driver pixFormat
		atEnd  int // bytes after the last line
	}{
		"as wanted":                            {pixFormat{width: 640, height: 480, format: formatYUYV, bytesPerLine: 1280}, 0},
		"HDMI of another size":                 {pixFormat{width: 1280, height: 720, format: formatYUYV, bytesPerLine: 2560}, 0},
		"smaller":                              {pixFormat{width: 320, height: 240, format: formatYUYV, bytesPerLine: 640}, 0},
		"padded lines":                         {pixFormat{width: 640, height: 480, format: formatYUYV, bytesPerLine: 1408}, 0},
		"a frame filled up to whole 64 KiByte": {pixFormat{width: 640, height: 480, format: formatYUYV, bytesPerLine: 1280}, 10*65536 - 640*480*2},
	} {
		m, err := wanted.granted(c.driver)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		frame := append(packed(m, 81, 90, 240), make([]byte, c.atEnd)...) // red
		photo, err := m.encode(frame)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		picture, err := jpeg.Decode(bytes.NewReader(photo))
		if err != nil || picture.Bounds().Dx() != int(c.driver.width) || picture.Bounds().Dy() != int(c.driver.height) {
			t.Fatalf("%s: no picture of that size, %v", name, err)
		}
		for y := range picture.Bounds().Dy() {
			if r, g, b, _ := picture.At(picture.Bounds().Dx()-1, y).RGBA(); r>>8 < 245 || g>>8 > 10 || b>>8 > 10 {
				t.Errorf("%s: line %d ends in %d %d %d", name, y, r>>8, g>>8, b>>8)
				break
			}
		}
	}
	if _, err := wanted.granted(pixFormat{width: 640, height: 480, format: fourCC("NV12")}); err == nil {
		t.Error("a driver that gives another format is believed")
	}
}

func TestTheDriverIsAskedAsTheKernelDefinesIt(t *testing.T) {
	if strconv.IntSize == 64 && getFormat != 0xc0d05604 { // VIDIOC_G_FMT where pointers have 64 bits
		t.Errorf("%#x", getFormat)
	}
	descriptor(new(webcam.Webcam)) // panics when the library's field is called otherwise
}
