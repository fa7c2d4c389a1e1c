package opencv

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"time"
)

// previewQuality is that of the JPEG; higher makes it larger and shows nobody more.
const previewQuality = 85

// preview makes the small copy of the upright photo that somebody else is to be shown.
func (l *look) preview(maxSide int) error {
	start := time.Now()
	small := shrink(l.photo.bgr.Clone(), maxSide)
	defer small.Close()
	bgr, err := small.DataPtrUint8()
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	m := image.NewRGBA(image.Rect(0, 0, small.Cols(), small.Rows()))
	for i := range m.Rect.Dx() * m.Rect.Dy() {
		m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = bgr[3*i+2], bgr[3*i+1], bgr[3*i], 255
	}
	var text bytes.Buffer
	if err := jpeg.Encode(&text, m, &jpeg.Options{Quality: previewQuality}); err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	l.scene.Preview = text.Bytes()
	l.scene.TimingsMS["preview"] = float64(time.Since(start).Microseconds()) / 1000
	return nil
}
