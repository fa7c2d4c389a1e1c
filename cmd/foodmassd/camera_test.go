package main

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"rsc.io/qr"

	"foodmassd/internal/apitest"
	"foodmassd/internal/card"
)

// counterPhoto is a photo with a plate of food and a card at 0.5 mm per pixel, if it has a side.
func counterPhoto(t *testing.T, sideMM float64) image.Image {
	t.Helper()
	m := apitest.Plate(1632, 1224, 1)
	if sideMM == 0 {
		return m
	}
	code, err := qr.Encode(card.Text(sideMM), qr.H)
	if err != nil {
		t.Fatal(err)
	}
	module, left, top := 2*sideMM/card.Modules, 40.0, 40.0
	n := int((card.Modules + 8) * module)
	for y := range n {
		for x := range n {
			grey := uint8(235)
			if code.Black(int(math.Floor(float64(x)/module))-4, int(math.Floor(float64(y)/module))-4) {
				grey = 20
			}
			m.SetRGBA(int(left)+x, int(top)+y, color.RGBA{grey, grey, grey, 255})
		}
	}
	return m
}

func TestACalibratedCameraNeedsNoReference(t *testing.T) {
	dir := t.TempDir()
	good := write(t, "good.jpg", apitest.JPEG(counterPhoto(t, 105)))
	bare := write(t, "bare.jpg", apitest.JPEG(counterPhoto(t, 0)))
	small := write(t, "small.jpg", apitest.JPEG(counterPhoto(t, 42)))
	if out, _, exit := run(t, "camera", "calibrate", "--show", "--data-dir", dir); exit != 0 || !strings.Contains(out, "not calibrated") {
		t.Errorf("before: exit %d, %s", exit, out)
	}
	out, errs, exit := run(t, "camera", "calibrate", "--card-mm", "105", "--data-dir", dir, good)
	if exit != 0 || !strings.Contains(out, "card of 105.0 mm") || !strings.Contains(out, "0.500 mm/px") {
		t.Fatalf("exit %d, %s%s", exit, out, errs)
	}
	for want, args := range map[string][]string{
		"no reference card": {bare}, "pixels wide": {small}, "105.0 mm, not 40.0": {"--card-mm", "40", good}, "JPEG nor PNG": {write(t, "x.jpg", []byte("text"))},
	} {
		if _, errs, exit := run(t, append([]string{"camera", "calibrate", "--data-dir", dir}, args...)...); exit != 1 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %s", args, exit, errs)
		}
	}
	if out, _, _ := run(t, "camera", "calibrate", "--show", "--data-dir", dir); !strings.Contains(out, "card of 105.0 mm") {
		t.Errorf("a refused photo changed the calibration: %s", out)
	}
	if out, _, _ := run(t, "doctor", "--data-dir", dir); !strings.Contains(out, "card of 105.0 mm") {
		t.Errorf("doctor: %s", out)
	}

	half := write(t, "half.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	other := write(t, "other.jpg", apitest.JPEG(apitest.Plate(800, 450, 1)))
	lines, _ := estimateJSON(t, "--camera", "fixed", "--data-dir", dir, half, other)
	if len(lines) != 2 || lines[0].Result.ScaleSource != "calibrated_camera" || lines[1].Result.ScaleSource == "calibrated_camera" {
		t.Errorf("%+v", lines)
	}
	if lines, _ := estimateJSON(t, "--data-dir", dir, half); lines[0].Result.ScaleSource != "coin" {
		t.Errorf("not by the fixed camera, but scale from %s", lines[0].Result.ScaleSource)
	}

	if _, errs, exit := run(t, "camera", "calibrate", "--forget", "--data-dir", dir); exit != 0 {
		t.Errorf("forget: %s", errs)
	}
	if lines, _ := estimateJSON(t, "--camera", "fixed", "--data-dir", dir, half); lines[0].Result.ScaleSource != "coin" {
		t.Errorf("forgotten, but scale from %s", lines[0].Result.ScaleSource)
	}
}
