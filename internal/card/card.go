// Package card is the printed reference card: a QR code that says how large it is itself, so that any
// photo it lies in has a metric scale. A side length in millimetres comes in and a sheet to print goes
// out, as SVG or PDF; a code's text comes in and the side length goes out. Reading the code from a photo
// is for internal/vision/cardreader.
package card

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// MinSideMM and MaxSideMM bound the side of the code square in mm: smaller ones are not seen from above a
// tray, larger ones do not fit on A3.
const MinSideMM, MaxSideMM = 15, 200

// Modules is the number of cells on a side of the code square: QR version 1, the smallest, whose cells
// are the largest.
const Modules = 21

// quietModules is the width of the white margin that the QR standard (ISO/IEC 18004) demands.
const quietModules = 4

const prefix = "FM1:"

// ValidSide reports whether a side in mm can stand on a card; a NaN cannot.
func ValidSide(mm float64) bool { return mm >= MinSideMM && mm <= MaxSideMM }

// Text is what the code of a card says: FM1: and the side of the code square in mm with one decimal.
func Text(sideMM float64) string { return prefix + strconv.FormatFloat(sideMM, 'f', 1, 64) }

// Parse returns the side in mm that a code's text tells; ok is false for every text that Text does not
// write.
func Parse(text string) (sideMM float64, ok bool) {
	digits, found := strings.CutPrefix(text, prefix)
	if !found {
		return 0, false
	}
	mm, err := strconv.ParseFloat(digits, 64)
	if err != nil || !ValidSide(mm) || Text(mm) != text {
		return 0, false
	}
	return mm, true
}

// encode returns the code for a side, which is first rounded to what the text can say.
func encode(sideMM float64) (code *qr.Code, roundedMM float64, err error) {
	roundedMM = math.Round(10*sideMM) / 10
	if !ValidSide(roundedMM) {
		return nil, 0, fmt.Errorf("the side of the code must be from %d to %d mm", MinSideMM, MaxSideMM)
	}
	code, err = qr.Encode(Text(roundedMM), qr.H)
	if err == nil && code.Size != Modules {
		err = fmt.Errorf("%d modules instead of %d", code.Size, Modules)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("encode %s: %w", Text(roundedMM), err)
	}
	return code, roundedMM, nil
}
