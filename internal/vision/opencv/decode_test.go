package opencv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foodmassd/internal/fault"
)

// quarters is a picture whose corners tell apart all eight orientations.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{230, 40, 30, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.RGBA{40, 200, 60, 255}
			case x < w/2 && y >= h/2:
				c = color.RGBA{30, 60, 220, 255}
			case x >= w/2:
				c = color.RGBA{220, 220, 200, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// stored turns an upright picture into the one a camera stores with an EXIF orientation, by the
// definition of the tag: where the first row and column of the stored picture are on the upright one.
func stored(up image.Image, orientation int) image.Image {
	size := up.Bounds().Size()
	w, h := size.X, size.Y
	if orientation >= 5 {
		w, h = h, w
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := map[int]image.Point{
				1: {x, y}, 2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x},
			}[orientation]
			m.Set(x, y, up.At(at.X, at.Y))
		}
	}
	return m
}

// tiff is an EXIF block that holds nothing but the orientation.
func tiff(orientation int) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	b = binary.BigEndian.AppendUint16(b, uint16(orientation))
	return append(b, 0, 0, 0, 0, 0, 0)
}

func jpegBytesOf(t testing.TB, m image.Image, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if orientation == 0 {
		return b.Bytes()
	}
	exif := append([]byte("Exif\x00\x00"), tiff(orientation)...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, byte((len(exif)+2)>>8), byte(len(exif)+2))
	return append(append(out, exif...), b.Bytes()[2:]...)
}

func pngBytesOf(t testing.TB, m image.Image, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if orientation == 0 {
		return b.Bytes()
	}
	const header = 8 + 25 // signature and IHDR
	exif := tiff(orientation)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), "eXIf"...)
	chunk = append(chunk, exif...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(bytes.Clone(b.Bytes()[:header]), chunk...), b.Bytes()[header:]...)
}

func save(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pixelsOf decodes to RGB rows of the analysis image.
func pixelsOf(t testing.TB, data []byte, maxSide int) (rgb []byte, p *picture) {
	t.Helper()
	p, err := decode(save(t, data), maxSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	bgr, err := p.bgr.DataPtrUint8()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(bgr); i += 3 {
		rgb = append(rgb, bgr[i+2], bgr[i+1], bgr[i])
	}
	return rgb, p
}

// furthest is the largest difference of a channel between two pictures.
func furthest(a, b []byte) int {
	if len(a) != len(b) {
		return math.MaxInt
	}
	far := 0
	for i := range a {
		far = max(far, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return far
}

func rows(m image.Image) (rgb []byte) {
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			r, g, b, _ := m.At(x, y).RGBA()
			rgb = append(rgb, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return rgb
}

func TestAllOrientationsGiveTheSameUprightPixels(t *testing.T) {
	up := quarters(96, 64)
	plain, _ := pixelsOf(t, jpegBytesOf(t, up, 0), 1920) // colours run a little where they meet
	want := map[string][]byte{"jpeg": plain, "png": rows(up)}
	for o := 1; o <= 8; o++ {
		for name, encode := range map[string]func(testing.TB, image.Image, int) []byte{"jpeg": jpegBytesOf, "png": pngBytesOf} {
			t.Run(fmt.Sprint(name, o), func(t *testing.T) {
				got, p := pixelsOf(t, encode(t, stored(up, o), o), 1920)
				if p.width != 96 || p.height != 64 {
					t.Fatalf("%d × %d", p.width, p.height)
				}
				tolerance := map[string]int{"jpeg": 4, "png": 0}[name]
				if d := furthest(got, want[name]); d > tolerance {
					t.Errorf("pixels differ by up to %d", d)
				}
			})
		}
	}
}

func TestEveryKindOfPixelIsDecoded(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 32, 16))
	grey16 := image.NewGray16(grey.Rect)
	deep := image.NewNRGBA64(grey.Rect)
	clear := image.NewNRGBA(grey.Rect)
	indexed := image.NewPaletted(grey.Rect, color.Palette{color.RGBA{10, 20, 30, 255}, color.RGBA{200, 100, 50, 255}})
	var wantClear, wantIndexed []byte
	for i := range 32 * 16 {
		x, y := i%32, i/32
		grey.SetGray(x, y, color.Gray{byte(8 * x)})
		grey16.SetGray16(x, y, color.Gray16{uint16(2048*x + 77)})
		deep.SetNRGBA64(x, y, color.NRGBA64{uint16(2048*x + 200), uint16(4096*y + 9), 0x8034, 0xffff})
		alpha := byte(85 * (x % 4))
		clear.SetNRGBA(x, y, color.NRGBA{60, 120, 240, alpha})
		wantClear = append(wantClear, byte((60*int(alpha)+255*(255-int(alpha)))/255),
			byte((120*int(alpha)+255*(255-int(alpha)))/255), byte((240*int(alpha)+255*(255-int(alpha)))/255))
		indexed.SetColorIndex(x, y, uint8(y%2))
		wantIndexed = append(wantIndexed, []byte{10, 20, 30, 200, 100, 50}[3*(y%2):3*(y%2)+3]...)
	}
	cases := map[string]struct {
		data      []byte
		want      []byte
		tolerance int
	}{
		"grey jpeg":         {jpegBytesOf(t, grey, 0), rows(grey), 4},
		"grey png":          {pngBytesOf(t, grey, 0), rows(grey), 0},
		"16-bit grey png":   {pngBytesOf(t, grey16, 0), rows(grey16), 0},
		"16-bit colour png": {pngBytesOf(t, deep, 0), rows(deep), 0},
		"transparent png":   {pngBytesOf(t, clear, 0), wantClear, 1},
		"palette png":       {pngBytesOf(t, indexed, 0), wantIndexed, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, _ := pixelsOf(t, c.data, 1920)
			if d := furthest(got, c.want); d > c.tolerance {
				t.Errorf("pixels differ by up to %d", d)
			}
		})
	}
}

// testdata/cmyk.jpg has a white, a cyan, a magenta and a black quarter of 32 × 32 pixels, stored as
// Adobe's programs do.
func TestPrintersColoursBecomeScreenColours(t *testing.T) {
	data, err := os.ReadFile("testdata/cmyk.jpg")
	if err != nil {
		t.Fatal(err)
	}
	got, _ := pixelsOf(t, data, 1920)
	for _, c := range []struct {
		x, y int
		want [3]byte
	}{{16, 16, [3]byte{255, 255, 255}}, {48, 16, [3]byte{0, 255, 255}}, {16, 48, [3]byte{255, 0, 255}}, {48, 48, [3]byte{0, 0, 0}}} {
		if p := got[3*(64*c.y+c.x):][:3]; furthest(p, c.want[:]) > 4 {
			t.Errorf("at %d,%d: %v, want %v", c.x, c.y, p, c.want)
		}
	}
}

func TestLargePhotosAreScaledDownAndKeepTheirOriginalSize(t *testing.T) {
	up := quarters(1600, 1200)
	for name, data := range map[string][]byte{"jpeg": jpegBytesOf(t, stored(up, 6), 6), "png": pngBytesOf(t, stored(up, 6), 6)} {
		t.Run(name, func(t *testing.T) {
			got, p := pixelsOf(t, data, 320)
			if p.bgr.Cols() != 320 || p.bgr.Rows() != 240 || p.width != 1600 || p.height != 1200 {
				t.Fatalf("analysed at %d × %d, original %d × %d", p.bgr.Cols(), p.bgr.Rows(), p.width, p.height)
			}
			if sx, sy := p.perPixel(); sx != 5 || sy != 5 {
				t.Errorf("%g × %g original pixels per pixel", sx, sy)
			}
			// Away from the quarters' borders nothing but the size changes.
			want := rows(quarters(320, 240))
			for _, at := range []int{60*320 + 80, 60*320 + 240, 180*320 + 80, 180*320 + 240} {
				if d := furthest(got[3*at:3*at+3], want[3*at:3*at+3]); d > 6 {
					t.Errorf("pixel %d differs by %d", at, d)
				}
			}
		})
	}
}

func TestDamagedPhotosAreRefused(t *testing.T) {
	whole := jpegBytesOf(t, noisy(640, 480), 0)
	// A photo that lost a part of its middle but still ends like one: only the decoder can tell.
	gap := append(bytes.Clone(whole[:len(whole)/3]), whole[len(whole)-2:]...)
	extraneous := append(bytes.Clone(whole[:len(whole)-2]), 1, 2, 3, 4, 5, 0xff, 0xd9)
	pngWhole := pngBytesOf(t, quarters(64, 64), 0)
	huge := bytes.Clone(pngWhole)
	binary.BigEndian.PutUint32(huge[16:], 60_000)
	binary.BigEndian.PutUint32(huge[20:], 60_000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	cases := map[string]struct {
		data []byte
		want []fault.Code
	}{
		"empty":            {nil, []fault.Code{fault.EmptyImage}},
		"text":             {[]byte("not a photo at all"), []fault.Code{fault.UnsupportedType}},
		"cut jpeg":         {whole[:len(whole)/2], []fault.Code{fault.TruncatedImage}},
		"jpeg with a gap":  {gap, []fault.Code{fault.Undecodable, fault.TruncatedImage}},
		"cut png":          {pngWhole[:len(pngWhole)/2], []fault.Code{fault.TruncatedImage}},
		"huge png":         {huge, []fault.Code{fault.TooManyPixels}},
		"extraneous bytes": {extraneous, []fault.Code{""}},
		"whole":            {whole, []fault.Code{""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := decode(save(t, c.data), 1920)
			if err == nil {
				p.close()
			}
			if got := fault.CodeOf(err); got != c.want[0] && got != c.want[len(c.want)-1] {
				t.Errorf("got %v (%s), want %s", err, got, c.want)
			}
		})
	}
	if _, err := decodeJPEG(gap, 1920); err == nil || !strings.Contains(err.Error(), "premature end") {
		t.Errorf("the decoder takes a photo with a gap: %v", err)
	}
	if _, err := decode(filepath.Join(t.TempDir(), "none"), 1920); fault.CodeOf(err) != fault.Internal {
		t.Errorf("no file: %v", err)
	}
}

// noisy is a picture with detail everywhere, as photos have.
func noisy(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := byte(128 + 60*math.Sin(float64(x)/5)*math.Cos(float64(y)/7) + float64((x*7919+y*104729)%41))
			m.SetRGBA(x, y, color.RGBA{v, v / 2, 255 - v, 255})
		}
	}
	return m
}
