package camera

import (
	"bufio"
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"testing"

	"foodmassd/internal/photo"
)

// picture is a JPEG of one grey, different for each number.
func picture(n int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := range m.Pix {
		m.Pix[i] = uint8(40 * n)
	}
	m.Set(5, 5, color.RGBA{200, 20, 20, 255})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// bare is a picture as MJPEG cameras send it: without Huffman tables.
func bare(n int) []byte {
	p := picture(n)
	tables := typicalTables()
	at := bytes.Index(p, tables)
	return append(bytes.Clone(p[:at]), p[at+len(tables):]...)
}

func TestAPictureWithoutHuffmanTablesGetsTheTypicalOnes(t *testing.T) {
	if _, err := photo.Inspect(bytes.NewReader(bare(1)), photo.DefaultLimits); err == nil {
		t.Fatal("the tables are still in it")
	}
	for name, p := range map[string][]byte{"with": picture(1), "without": bare(1)} {
		whole, err := withTables(p)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := jpeg.Decode(bytes.NewReader(whole)); err != nil || m.Bounds().Dx() != 64 {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := photo.Inspect(bytes.NewReader(whole), photo.DefaultLimits); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range [][]byte{nil, []byte("text"), {0xFF, markerSOI}, {0xFF, markerSOI, 0xFF, 0xE0, 0, 2, 'x', 'y', 1, 2}} {
		if got, err := withTables(p); err == nil {
			t.Errorf("% x became % x", p, got)
		}
	}
}

func TestAStreamIsCutWhereItsPicturesEnd(t *testing.T) {
	// A thumbnail in a segment ends with EOI as well, and that ends nothing.
	thumbnail := append([]byte{0xFF, markerSOI, 0xFF, 0xE1, 0, 6}, 0xFF, markerSOI, 0xFF, markerEOI)
	withThumbnail := append(thumbnail, picture(3)[2:]...)
	between := "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"
	in := bufio.NewReader(io.MultiReader(bytes.NewReader(picture(1)), bytes.NewReader(bare(2)), bytes.NewBufferString(between), bytes.NewReader(withThumbnail)))
	for i, want := range [][]byte{picture(1), bare(2), withThumbnail} {
		if got, err := nextJPEG(in, 1<<20); err != nil || !bytes.Equal(got, want) {
			t.Errorf("picture %d: %d bytes, %v; want %d", i, len(got), err, len(want))
		}
	}
	if _, err := nextJPEG(in, 1<<20); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
	if _, err := nextJPEG(bufio.NewReader(bytes.NewReader(picture(1))), 200); err != errTooLong {
		t.Errorf("longer than permitted: %v", err)
	}
	if _, err := nextJPEG(bufio.NewReader(bytes.NewReader(make([]byte, 1000))), 200); err != errTooLong {
		t.Errorf("never a picture: %v", err)
	}
}

func FuzzNextJPEG(f *testing.F) {
	f.Add(picture(1))
	f.Add(append(bare(1), picture(2)...))
	f.Add([]byte{0xFF, markerSOI, 0xFF, 0xFF, markerTEM, 0xFF, markerSOS, 0, 1})
	f.Fuzz(func(t *testing.T, stream []byte) {
		const limit = 4 << 10
		in := bufio.NewReader(bytes.NewReader(stream))
		for {
			p, err := nextJPEG(in, limit)
			if err != nil {
				return
			}
			if len(p) > limit || !bytes.Contains(stream, p) || !bytes.HasSuffix(p, []byte{0xFF, markerEOI}) {
				t.Fatalf("% x out of % x", p, stream)
			}
		}
	})
}

func FuzzWithTables(f *testing.F) {
	f.Add(picture(1))
	f.Add(bare(1))
	f.Add([]byte{0xFF, markerSOI, 0xFF, 0xFF, markerTEM, 0xFF, markerSOS, 0, 1})
	f.Fuzz(func(t *testing.T, frame []byte) {
		if whole, err := withTables(frame); err == nil && len(whole) != len(frame) && len(whole) != len(frame)+len(typicalTables()) {
			t.Fatalf("% x became % x", frame, whole)
		}
	})
}
