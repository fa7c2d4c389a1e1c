package photo

import (
	"bytes"
	"encoding/binary"
	"image"
	"testing"
)

// tiffWith returns a TIFF structure whose second entry is the orientation.
func tiffWith(order binary.AppendByteOrder, kind, value uint16) []byte {
	mark := "II"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM"
	}
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	b = order.AppendUint16(b, 2)
	b = append(b, make([]byte, 12)...)
	b = order.AppendUint16(order.AppendUint16(b, 0x0112), kind)
	b = order.AppendUint16(order.AppendUint32(b, 1), value)
	return append(b, 0, 0, 0, 0, 0, 0)
}

func withExif(jpg, tiff []byte) []byte {
	b := []byte{0xFF, mSOI, 0xFF, mAPP1}
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(tiff)))
	b = append(append(b, "Exif\x00\x00"...), tiff...)
	return append(b, jpg[2:]...)
}

func TestOrientationTurnsTheSizeUpright(t *testing.T) {
	jpg := encodeJPEG(t, image.NewGray(image.Rect(0, 0, 40, 30)))
	pic := encodePNG(t, image.NewGray(image.Rect(0, 0, 40, 30)))
	const afterIHDR = 8 + 25
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for o := uint16(1); o <= 8; o++ {
			tiff := tiffWith(order, 3, o)
			for name, b := range map[string][]byte{
				"jpeg": withExif(jpg, tiff),
				"png":  append(append(bytes.Clone(pic[:afterIHDR]), pngChunk("eXIf", tiff)...), pic[afterIHDR:]...),
			} {
				info, err := Inspect(bytes.NewReader(b), DefaultLimits)
				if err != nil || info.Orientation != int(o) {
					t.Fatalf("%s %v %d: %+v, %v", name, order, o, info, err)
				}
				if w, h := info.Upright(); (o < 5) != (w == 40 && h == 30) || (o >= 5) != (w == 30 && h == 40) {
					t.Errorf("%s orientation %d: %d x %d", name, o, w, h)
				}
			}
		}
	}
}

func TestBrokenExifMeansUpright(t *testing.T) {
	good := tiffWith(binary.LittleEndian, 3, 6)
	far := bytes.Clone(good)
	binary.LittleEndian.PutUint32(far[4:], 1<<32-1)
	for name, tiff := range map[string][]byte{
		"empty":         nil,
		"cut":           good[:20],
		"no byte order": append([]byte("XX"), good[2:]...),
		"directory far": far,
		"value 9":       tiffWith(binary.BigEndian, 3, 9),
		"value 0":       tiffWith(binary.BigEndian, 3, 0),
		"of type LONG":  tiffWith(binary.BigEndian, 4, 6),
	} {
		if got := Orientation(tiff); got != 1 {
			t.Errorf("%s: %d", name, got)
		}
	}
}
