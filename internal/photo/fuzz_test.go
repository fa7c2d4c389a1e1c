package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/png"
	"testing"

	"foodmassd/internal/fault"
)

// FuzzInspect: whatever comes in, the answer is an Info within the limits or a fault, and a PNG that
// passes is one that Go's decoder, which the vision room uses, reads too.
func FuzzInspect(f *testing.F) {
	for _, b := range valid(f) {
		f.Add(b)
	}
	f.Add(withExif(valid(f)["go baseline"], tiffWith(binary.BigEndian, 3, 6)))
	limits := Limits{MaxBytes: 1 << 20, MaxPixels: 1 << 16}
	f.Fuzz(func(t *testing.T, b []byte) {
		info, err := Inspect(bytes.NewReader(b), limits)
		if err != nil {
			var coded *fault.Error
			if !errors.As(err, &coded) {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		if info.Bytes != int64(len(b)) || info.Bytes > limits.MaxBytes ||
			info.Width < 1 || info.Height < 1 || int64(info.Width)*int64(info.Height) > limits.MaxPixels ||
			info.Orientation < 1 || info.Orientation > 8 {
			t.Fatalf("%d bytes: %+v", len(b), info)
		}
		if info.Format == PNG {
			if _, err := png.Decode(bytes.NewReader(b)); err != nil {
				t.Fatalf("passed, but: %v", err)
			}
		}
	})
}
