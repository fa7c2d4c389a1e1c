package apitest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
)

// JPEG encodes a photo as a phone would, quality 92.
func JPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// WithOrientation returns a JPEG that carries the EXIF orientation 1 to 8.
func WithOrientation(photo []byte, orientation uint16) []byte {
	exif := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	exif = binary.LittleEndian.AppendUint16(exif, orientation)
	exif = append(exif, 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return bytes.Join([][]byte{photo[:2], segment, exif, photo[2:]}, nil)
}

// Stored returns how a camera stores an upright image under an EXIF orientation: the pixels that
// WithOrientation's tag turns back into upright.
func Stored(upright image.Image, orientation uint16) image.Image {
	b := upright.Bounds()
	w, h := b.Dx(), b.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			ux, uy := x, y
			switch orientation {
			case 2:
				ux = w - 1 - x
			case 3:
				ux, uy = w-1-x, h-1-y
			case 4:
				uy = h - 1 - y
			case 5:
				ux, uy = y, x
			case 6:
				ux, uy = h-1-y, x
			case 7:
				ux, uy = h-1-y, w-1-x
			case 8:
				ux, uy = y, w-1-x
			}
			m.Set(x, y, color.RGBAModel.Convert(upright.At(b.Min.X+ux, b.Min.Y+uy)))
		}
	}
	return m
}
