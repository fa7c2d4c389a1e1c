package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"strings"
	"testing"

	"foodmassd/internal/apitest"
	"foodmassd/internal/estimate"
)

type line struct {
	Image  string
	Result *estimate.Result
	Error  string
	Code   string
}

func estimateJSON(t *testing.T, args ...string) (lines []line, exit int) {
	t.Helper()
	out, errs, exit := run(t, append([]string{"estimate", "--json"}, args...)...)
	for s := bufio.NewScanner(strings.NewReader(out)); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatalf("%v in %q; stderr: %s", err, s.Text(), errs)
		}
		lines = append(lines, l)
	}
	return lines, exit
}

func TestEstimatePrintsOneLinePerImageInOrder(t *testing.T) {
	good := write(t, "한글 이름.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	cut := write(t, "cut.jpg", apitest.JPEG(apitest.Plate(816, 612, 1))[:50_000])
	text := write(t, "text.jpg", []byte("not a photo"))
	lines, exit := estimateJSON(t, good, cut, text, "/nowhere.jpg", good)
	if exit != 1 || len(lines) != 5 {
		t.Fatalf("exit %d, %d lines", exit, len(lines))
	}
	for i, want := range []struct{ image, code string }{{good, ""}, {cut, "truncated_image"}, {text, "unsupported_type"}, {"/nowhere.jpg", "not_found"}, {good, ""}} {
		l := lines[i]
		if l.Image != want.image || l.Code != want.code || (l.Error == "") != (want.code == "") || (l.Result != nil) != (want.code == "") {
			t.Errorf("line %d: %+v, want %v", i, l, want)
		}
	}
	r := lines[0].Result
	if r.Filename != "한글 이름.jpg" || r.MassEstimation.FoodCount != 1 || r.ScaleSource != "coin" || r.Image.Width != 816 {
		t.Errorf("got %+v", r)
	}
	if _, exit := estimateJSON(t, good); exit != 0 {
		t.Errorf("all images were read, but exit %d", exit)
	}
}

func TestTheCoinsDiameterScalesTheMass(t *testing.T) {
	photo := write(t, "plate.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	mass := func(coin string) float64 {
		lines, _ := estimateJSON(t, "--coin-diameter-mm", coin, photo)
		return lines[0].Result.MassEstimation.TotalMassG
	}
	if small, large := mass("20"), mass("30"); !(large > 1.5*small) {
		t.Errorf("a coin of 20 mm gives %.1f g, one of 30 mm %.1f g", small, large)
	}
}

func TestAKnownTotalIsKeptAndSaysSo(t *testing.T) {
	photo := write(t, "plate.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	lines, _ := estimateJSON(t, photo)
	known := math.Round(lines[0].Result.MassEstimation.TotalMassG * 1.05)
	lines, _ = estimateJSON(t, "--scale-g", fmt.Sprint(known), photo)
	r := lines[0].Result
	if math.Abs(r.MassEstimation.TotalMassG-known) > 2 || r.ScaleReadingG == nil || *r.ScaleReadingG != known ||
		r.MassEstimation.Foods[0].VerificationMethod != estimate.ScaleVerification {
		t.Errorf("known %v g, got %+v", known, r)
	}
}

func TestAllEXIFOrientationsGiveEqualGrams(t *testing.T) {
	// JPEG blocks fall differently on a turned photo, hence equal to 1 % and 2 px, not to the last digit.
	upright := apitest.Plate(816, 612, 1)
	var files []string
	for o := uint16(1); o <= 8; o++ {
		files = append(files, write(t, fmt.Sprintf("%d.jpg", o), apitest.WithOrientation(apitest.JPEG(apitest.Stored(upright, o)), o)))
	}
	lines, exit := estimateJSON(t, files...)
	if exit != 0 {
		t.Fatalf("exit %d: %+v", exit, lines)
	}
	first := lines[0].Result
	for i, l := range lines {
		r := l.Result
		if r.Image != first.Image || len(r.MassEstimation.Foods) != 1 {
			t.Fatalf("orientation %d: image %v, %d foods", i+1, r.Image, len(r.MassEstimation.Foods))
		}
		a, b := r.MassEstimation.Foods[0], first.MassEstimation.Foods[0]
		if math.Abs(a.BBox.X-b.BBox.X) > 2 || math.Abs(a.BBox.Y-b.BBox.Y) > 2 || math.Abs(a.EstimatedMassG/b.EstimatedMassG-1) > 0.01 {
			t.Errorf("orientation %d: %v %.1f g, orientation 1: %v %.1f g", i+1, a.BBox, a.EstimatedMassG, b.BBox, b.EstimatedMassG)
		}
	}
}

func TestAPhotoWithoutFoodIsNoError(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 640, 480))); err != nil {
		t.Fatal(err)
	}
	lines, exit := estimateJSON(t, write(t, "empty.png", b.Bytes()))
	if exit != 0 || lines[0].Result.MassEstimation.FoodCount != 0 || lines[0].Result.MassEstimation.TotalMassG != 0 || lines[0].Result.MassEstimation.Foods == nil {
		t.Errorf("exit %d, %+v", exit, lines[0])
	}
}
