package photo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"foodmassd/internal/fault"
)

func encodeJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// speckle fills any image with something that does not compress to nothing.
func speckle[M interface {
	image.Image
	Set(x, y int, c color.Color)
}](m M) M {
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			m.Set(x, y, color.NRGBA{uint8(x * y), uint8(x ^ y*3), uint8(x*7 + y), uint8(255 - x)})
		}
	}
	return m
}

// valid returns whole images of every kind the appliance takes.
func valid(t testing.TB) map[string][]byte {
	r := image.Rect(0, 0, 61, 45)
	all := map[string][]byte{
		"go baseline":  encodeJPEG(t, speckle(image.NewRGBA(r))),
		"go grey jpeg": encodeJPEG(t, speckle(image.NewGray(r))),
		"png rgba":     encodePNG(t, speckle(image.NewNRGBA(r))),
		"png 16 bit":   encodePNG(t, speckle(image.NewNRGBA64(r))),
		"png grey 16":  encodePNG(t, speckle(image.NewGray16(r))),
		"png two colours": encodePNG(t, speckle(image.NewPaletted(r,
			color.Palette{color.Black, color.NRGBA{255, 0, 0, 128}}))),
	}
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(f) != "arithmetic.jpg" {
			all[filepath.Base(f)] = b
		}
	}
	return all
}

func TestWholeImagesPassWithTheSizeOfTheirHeader(t *testing.T) {
	for name, b := range valid(t) {
		t.Run(name, func(t *testing.T) {
			config, format, err := image.DecodeConfig(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			for source, r := range map[string]io.Reader{
				"at once":      bytes.NewReader(b),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(b)),
			} {
				got, err := Inspect(r, DefaultLimits)
				want := Info{Format: Format(format), Width: config.Width, Height: config.Height, Orientation: 1, Bytes: int64(len(b))}
				if err != nil || got != want {
					t.Errorf("%s: got %+v, %v; want %+v", source, got, err, want)
				}
			}
		})
	}
}

// The promise of a 200 is that the photo is whole: no beginning of one may pass.
func TestNoPrefixOfAnImagePasses(t *testing.T) {
	for name, b := range valid(t) {
		for n := range len(b) {
			if n > 200 && n < len(b)-64 && n%7 != 0 {
				continue // the middle is all alike
			}
			if _, err := Inspect(bytes.NewReader(b[:n]), DefaultLimits); fault.CodeOf(err) != fault.TruncatedImage && n > 0 {
				t.Fatalf("%s cut to %d of %d bytes: %v", name, n, len(b), err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	whole := valid(t)
	cut := func(b []byte, from, to int) []byte {
		return append(append([]byte{}, b[:from]...), b[to:]...)
	}
	jpg, pic := whole["go baseline"], whole["png rgba"]
	sos := bytes.Index(jpg, []byte{0xFF, mSOS})
	tests := map[string]struct {
		bytes []byte
		want  fault.Code
	}{
		"nothing":                     {nil, fault.EmptyImage},
		"one byte":                    {[]byte("a"), fault.UnsupportedType},
		"text":                        {[]byte("hello, this is no photo"), fault.UnsupportedType},
		"gif":                         {[]byte("GIF89a\x01\x00\x01\x00"), fault.UnsupportedType},
		"heic":                        {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), fault.UnsupportedType},
		"webp":                        {[]byte("RIFF\x24\x00\x00\x00WEBPVP8 "), fault.UnsupportedType},
		"arithmetic coding":           {readFile(t, "testdata/arithmetic.jpg"), fault.Undecodable},
		"jpeg without its data":       {append(cut(jpg, sos+20, len(jpg)), 0xFF, mEOI), fault.TruncatedImage},
		"jpeg without scan":           {append(cut(jpg, sos, len(jpg)), 0xFF, mEOI), fault.TruncatedImage},
		"jpeg of an end":              {[]byte{0xFF, mSOI, 0xFF, mEOI}, fault.Undecodable},
		"jpeg of text":                {append([]byte{0xFF, mSOI, 0xFF, mCOM, 0, 4}, "hi, I am a photo"...), fault.Undecodable},
		"jpeg without Huffman tables": {withoutSegment(jpg, mDHT), fault.Undecodable},
		"jpeg without quantisation":   {withoutSegment(jpg, mDQT), fault.Undecodable},
		"jpeg without frame":          {withoutSegment(jpg, mSOF0), fault.Undecodable},
		"jpeg missing restarts":       {bytes.ReplaceAll(whole["restart.jpg"], []byte{0xFF, 0xD1}, nil), fault.TruncatedImage},
		"jpeg of zero height":         {jpegHeader(100, 0), fault.Undecodable},
		"jpeg 60000 x 60000":          {jpegHeader(60000, 60000), fault.TooManyPixels},
		"png 60000 x 60000":           {pngFile(ihdr(60000, 60000, 8, 2, 0), nil), fault.TooManyPixels},
		"png of zero width":           {pngFile(ihdr(0, 5, 8, 2, 0), nil), fault.Undecodable},
		"png of 2^32-1":               {pngFile(ihdr(1<<32-1, 5, 8, 2, 0), nil), fault.Undecodable},
		"png of depth 3":              {pngFile(ihdr(2, 2, 3, 0, 0), make([]byte, 4)), fault.Undecodable},
		"png too little data":         {pngFile(ihdr(2, 2, 8, 0, 0), make([]byte, 5)), fault.TruncatedImage},
		"png too much data":           {pngFile(ihdr(2, 2, 8, 0, 0), make([]byte, 7)), fault.Undecodable},
		"png bomb":                    {pngFile(ihdr(2, 2, 8, 0, 0), make([]byte, 5<<20)), fault.Undecodable},
		"png unknown row filter":      {pngFile(ihdr(2, 2, 8, 0, 0), []byte{0, 1, 1, 9, 1, 1}), fault.Undecodable},
		"png without palette":         {pngFile(ihdr(2, 2, 8, 3, 0), make([]byte, 6)), fault.Undecodable},
		"png without data":            {pngFile(ihdr(2, 2, 8, 0, 0), nil), fault.Undecodable},
		"png with a flipped bit":      {flip(pic, len(pic)/2), fault.Undecodable},
		"png with a bad header sum":   {flip(pic, 30), fault.Undecodable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			info, err := Inspect(bytes.NewReader(test.bytes), DefaultLimits)
			if fault.CodeOf(err) != test.want {
				t.Errorf("got %+v, %v; want %s", info, err, test.want)
			}
		})
	}
}

func TestSmallestPNGsPass(t *testing.T) {
	for name, b := range map[string][]byte{
		"2 x 2 grey":         pngFile(ihdr(2, 2, 8, 0, 0), make([]byte, 6)),
		"1 x 1 interlaced":   pngFile(ihdr(1, 1, 8, 0, 1), make([]byte, 2)), // only the first pass exists
		"5 x 1 of 1 bit":     pngFile(ihdr(5, 1, 1, 0, 0), make([]byte, 2)),
		"3 x 3 interlaced 1": pngFile(ihdr(3, 3, 1, 0, 1), make([]byte, 2*(1+1+1+2+1))), // passes 1, 4 to 7: rows of one byte each
	} {
		if _, err := Inspect(bytes.NewReader(b), DefaultLimits); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := png.Decode(bytes.NewReader(b)); err != nil {
			t.Errorf("%s: the test's own image is wrong: %v", name, err)
		}
	}
}

func TestDataAfterTheImageIsAllowedButCounted(t *testing.T) {
	limits := Limits{MaxBytes: 100_000}
	for name, b := range valid(t) {
		tail := bytes.Repeat([]byte{0xFF, mSOI, 'x'}, 10_000)
		info, err := Inspect(io.MultiReader(bytes.NewReader(b), bytes.NewReader(tail)), limits)
		if err != nil || info.Bytes != int64(len(b)+len(tail)) {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
		room := limits.MaxBytes - int64(len(b))
		if _, err = Inspect(io.MultiReader(bytes.NewReader(b), io.LimitReader(zeros{}, room)), limits); err != nil {
			t.Errorf("%s of exactly the limit: %v", name, err)
		}
		if _, err = Inspect(io.MultiReader(bytes.NewReader(b), zeros{}), limits); fault.CodeOf(err) != fault.TooLarge {
			t.Errorf("%s with an endless tail: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestLongerSideIsRefusedOnlyOnRequest(t *testing.T) {
	b := encodeJPEG(t, image.NewGray(image.Rect(0, 0, 8, 1921)))
	if _, err := Inspect(bytes.NewReader(b), DefaultLimits); err != nil {
		t.Error(err)
	}
	limits := DefaultLimits
	limits.MaxSidePX = 1920
	if _, err := Inspect(bytes.NewReader(b), limits); fault.CodeOf(err) != fault.Oversize {
		t.Error(err)
	}
}

func TestFailureOfTheSourceIsNotBlamedOnTheImage(t *testing.T) {
	gone := errors.New("connection reset")
	for name, b := range valid(t) {
		for _, end := range []error{gone, io.ErrUnexpectedEOF} {
			r := io.MultiReader(bytes.NewReader(b[:len(b)/2]), iotest.ErrReader(end))
			if _, err := Inspect(r, DefaultLimits); err != end {
				t.Errorf("%s: got %v, want %v", name, err, end)
			}
		}
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// withoutSegment drops the first segment of that kind.
func withoutSegment(b []byte, marker byte) []byte {
	at := bytes.Index(b, []byte{0xFF, marker})
	return append(bytes.Clone(b[:at]), b[at+2+int(binary.BigEndian.Uint16(b[at+2:])):]...)
}

func jpegHeader(width, height uint16) []byte {
	b := []byte{0xFF, mSOI, 0xFF, mSOF0, 0, 11, 8}
	b = binary.BigEndian.AppendUint16(b, height)
	b = binary.BigEndian.AppendUint16(b, width)
	return append(b, 1, 1, 0x11, 0)
}

func ihdr(width, height uint32, depth, colour, interlace byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, width)
	b = binary.BigEndian.AppendUint32(b, height)
	return append(b, depth, colour, 0, 0, interlace)
}

func pngChunk(kind string, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	b = append(append(b, kind...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngFile builds a PNG of a header and rows not yet compressed; without rows, without IDAT.
func pngFile(header, rows []byte) []byte {
	b := append([]byte(nil), pngSignature...)
	b = append(b, pngChunk("IHDR", header)...)
	if rows != nil {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(rows)
		w.Close()
		b = append(b, pngChunk("IDAT", z.Bytes())...)
	}
	return append(b, pngChunk("IEND", nil)...)
}

func TestFormatNamesItsExtension(t *testing.T) {
	if got := strings.Join([]string{JPEG.Extension(), PNG.Extension()}, " "); got != "jpg png" {
		t.Error(got)
	}
}
