package opencv

/*
#cgo pkg-config: libjpeg
#include "jpeg.h"
*/
import "C"

import (
	"errors"
	"fmt"

	"gocv.io/x/gocv"
)

// jpegHeader returns the stored size of a JPEG (before EXIF orientation) and its number of components.
func jpegHeader(data []byte) (width, height, components int, err error) {
	var info C.fm_jpeg_info
	var message [C.FM_JPEG_MESSAGE]C.char
	if C.fm_jpeg_header(jpegBytes(data), C.size_t(len(data)), &info, &message[0]) != 0 {
		return 0, 0, 0, errors.New(C.GoString(&message[0]))
	}
	return int(info.width), int(info.height), int(info.components), nil
}

// decodeJPEG decodes to BGR, letting the inverse DCT shrink by the largest eighth that leaves the
// longer side at least maxSide. Data that ends early or is damaged is an error, not a grey area.
func decodeJPEG(data []byte, maxSide int) (gocv.Mat, error) {
	w, h, components, err := jpegHeader(data)
	if err != nil {
		return gocv.Mat{}, err
	}
	eighths := 8
	for eighths > 1 && eighth(max(w, h), eighths-1) >= maxSide {
		eighths--
	}
	w, h = eighth(w, eighths), eighth(h, eighths)
	kind := gocv.MatTypeCV8UC3
	if components == 4 {
		kind = gocv.MatTypeCV8UC4
	}
	m := gocv.NewMatWithSize(h, w, kind)
	pixels, err := m.DataPtrUint8()
	if err != nil {
		m.Close()
		return gocv.Mat{}, fmt.Errorf("allocate %d×%d pixels: %w", w, h, err)
	}
	var message [C.FM_JPEG_MESSAGE]C.char
	if C.fm_jpeg_decode(jpegBytes(data), C.size_t(len(data)), C.int(eighths), (*C.uchar)(&pixels[0]),
		C.int(w), C.int(h), C.size_t(m.Step()), &message[0]) != 0 {
		m.Close()
		return gocv.Mat{}, errors.New(C.GoString(&message[0]))
	}
	if components == 4 {
		defer m.Close()
		return inkToBGR(pixels, w, h)
	}
	return m, nil
}

// eighth is the size libjpeg gives a side of n pixels at a scale of m/8.
func eighth(n, m int) int { return (n*m + 7) / 8 }

func jpegBytes(data []byte) *C.uchar {
	if len(data) == 0 {
		return nil
	}
	return (*C.uchar)(&data[0])
}

// inkToBGR turns CMYK into BGR. Every program that writes such JPEGs follows Adobe and stores the
// inks inverted, 255 for none, so that paper white times ink is a plain product.
func inkToBGR(cmyk []byte, w, h int) (gocv.Mat, error) {
	m := gocv.NewMatWithSize(h, w, gocv.MatTypeCV8UC3)
	bgr, err := m.DataPtrUint8()
	if err != nil {
		m.Close()
		return gocv.Mat{}, fmt.Errorf("allocate %d×%d pixels: %w", w, h, err)
	}
	for i := range w * h {
		c, k := cmyk[4*i:4*i+3], int(cmyk[4*i+3])
		bgr[3*i] = byte((int(c[2])*k + 127) / 255)
		bgr[3*i+1] = byte((int(c[1])*k + 127) / 255)
		bgr[3*i+2] = byte((int(c[0])*k + 127) / 255)
	}
	return m, nil
}
