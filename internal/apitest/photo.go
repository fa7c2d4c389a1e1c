package apitest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Plate renders an orange and a coin on a white plate on wood, seen from above, with the grain and
// noise that give a JPEG the size of a real photo. The same arguments give the same pixels.
func Plate(width, height int, seed uint64) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	r := rand.New(rand.NewPCG(seed, 7))
	unit := float64(min(width, height)) / 600
	jitter := func(a float64) float64 { return (r.Float64() - 0.5) * a * unit }
	cx, cy := float64(width)*0.6+jitter(60), float64(height)*0.5+jitter(60)
	coinX, coinY := float64(width)*0.17+jitter(40), float64(height)*0.45+jitter(120)
	for y := range height {
		for x := range width {
			fx, fy := float64(x), float64(y)
			c := [3]float64{176, 128, 76} // wood
			grain := 10 * math.Sin(fy/unit/9+2*math.Sin(fx/unit/140))
			plate, food, coin := math.Hypot(fx-cx, fy-cy)/unit, math.Hypot(fx-cx-20*unit, fy-cy)/unit, math.Hypot(fx-coinX, fy-coinY)/unit
			switch {
			case coin < 27:
				c, grain = [3]float64{178, 178, 174}, 14*math.Sin(coin/2)
				if coin > 25 {
					grain = -50
				}
			case food < 88:
				light := 1.05 - 0.45*math.Pow(math.Hypot(fx-cx-2*unit, fy-cy+25*unit)/unit/115, 2)
				c, grain = [3]float64{238 * light, 140 * light, 30 * light}, 5*math.Sin(fx/unit)*math.Sin(fy/unit)
			case plate < 205:
				c, grain = [3]float64{226, 226, 222}, -18*math.Exp(-math.Pow((plate-150)/6, 2))-45*math.Exp(-math.Pow((food-88)/14, 2))
			}
			noise := float64(r.IntN(9)) - 4
			o := m.PixOffset(x, y)
			for i := range 3 {
				m.Pix[o+i] = uint8(max(0, min(255, c[i]+grain+noise)))
			}
			m.Pix[o+3] = 255
		}
	}
	return m
}

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
