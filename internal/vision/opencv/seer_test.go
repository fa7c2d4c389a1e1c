package opencv

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"testing"

	"foodmassd/internal/card"
	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"

	"rsc.io/qr"
)

func newSeer(t testing.TB) *Seer {
	t.Helper()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// photoPath names a photo of the data sets that lie beside the module; the test is skipped without them.
func photoPath(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
	}
	path := filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs the photos in ../shared/data")
	}
	return path
}

func TestRealPhotosShowTheirFoodCoinAndPlate(t *testing.T) {
	s := newSeer(t)
	cases := []struct {
		photo string
		foods map[string]geometry.Rect // as annotated
		coin  geometry.Rect
		plate geometry.Rect
	}{
		{"apple001-side-01.jpg", map[string]geometry.Rect{"apple": {X: 326, Y: 229, Width: 214, Height: 172}}, geometry.Rect{X: 196, Y: 344, Width: 59, Height: 51},
			geometry.Rect{X: 312, Y: 64, Width: 459, Height: 456}},
	}
	for _, c := range cases {
		t.Run(c.photo, func(t *testing.T) {
			var stages []string
			scene, err := s.See(context.Background(), vision.Request{Path: photoPath(t, "ecustfd/images/"+c.photo)},
				func(stage string) { stages = append(stages, stage) })
			if err != nil {
				t.Fatal(err)
			}
			if len(scene.Foods) != len(c.foods) {
				t.Fatalf("%d foods", len(scene.Foods))
			}
			for _, f := range scene.Foods {
				want := c.foods[f.Classes[0].Key]
				if f.Box.IoU(want) < 0.85 || f.Outline.Bounds().IoU(want) < 0.7 {
					t.Errorf("%s at %+v, outline %+v, want %+v", f.Classes[0].Key, f.Box, f.Outline.Bounds(), want)
				}
				if f.Classes[0].Likeness < 0.3 {
					t.Errorf("the embedding of a %s is hardly like one: %v", f.Classes[0].Key, f.Classes)
				}
			}
			for kind, want := range map[string]geometry.Rect{vision.KindCoin: c.coin, vision.KindPlate: c.plate} {
				if e := theOnly(t, scene, kind).Ellipse; e == nil || e.Bounds().IoU(want) < 0.7 {
					t.Errorf("%s %+v, want %+v", kind, e, want)
				}
			}
			if len(stages) != 4 || len(scene.TimingsMS) != 4 || len(scene.Models) != 2 {
				t.Errorf("stages %q, timings %v, models %v", stages, scene.TimingsMS, scene.Models)
			}
		})
	}
}

func TestWhatLooksLikeAFoodIsNoCoin(t *testing.T) {
	s := newSeer(t)
	photo, err := decode(photoPath(t, "ecustfd/images/apple001-side-01.jpg"), vision.DefaultMaxSidePx)
	if err != nil {
		t.Fatal(err)
	}
	defer photo.close()
	coin := detection{box: geometry.Rect{X: 196, Y: 344, Width: 59, Height: 51}}
	apple := detection{box: geometry.Rect{X: 326, Y: 229, Width: 214, Height: 172}}
	kept, err := s.recogniser.notFood(photo.bgr, []detection{apple, coin})
	if err != nil || len(kept) != 1 || kept[0] != coin {
		t.Errorf("kept %+v, %v; want the coin", kept, err)
	}
}

// theOnly returns the one reference object of a kind.
func theOnly(t *testing.T, scene vision.Scene, kind string) (only vision.Reference) {
	t.Helper()
	n := 0
	for _, r := range scene.References {
		if r.Kind == kind {
			only = r
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d of %s in %+v", n, kind, scene.References)
	}
	return only
}

func TestPositionsAreThoseOfTheOriginalWhateverSizeIsAnalysed(t *testing.T) {
	s := newSeer(t)
	path := photoPath(t, "ecustfd/images/apple001-side-01.jpg")
	full, err := s.See(context.Background(), vision.Request{Path: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	small, err := s.See(context.Background(), vision.Request{Path: path, MaxSidePx: 500}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if small.Width != full.Width || small.Height != full.Height || len(small.Foods) != 1 {
		t.Fatalf("%d × %d, %d foods", small.Width, small.Height, len(small.Foods))
	}
	if iou := small.Foods[0].Box.IoU(full.Foods[0].Box); iou < 0.93 {
		t.Errorf("food at %+v and %+v", small.Foods[0].Box, full.Foods[0].Box)
	}
	a, b := theOnly(t, small, vision.KindCoin).Ellipse, theOnly(t, full, vision.KindCoin).Ellipse
	if a == nil || b == nil || math.Abs(a.Major/b.Major-1) > 0.03 {
		t.Errorf("coins %+v and %+v", a, b)
	}
}

func TestPhotoWithoutAnythingIsAnEmptyScene(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 640, 480))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.RGBA{150, 150, 145, 255}), image.Point{}, draw.Src)
	scene, err := newSeer(t).See(context.Background(), vision.Request{Path: save(t, jpegBytesOf(t, m, 0))}, nil)
	if err != nil || scene.Width != 640 || scene.Height != 480 || len(scene.Foods) != 0 || len(scene.References) != 0 {
		t.Errorf("got %+v, %v", scene, err)
	}
}

func TestACardIsReadAndTakenForNothingElse(t *testing.T) {
	code, err := qr.Encode(card.Text(40), qr.H)
	if err != nil {
		t.Fatal(err)
	}
	const module, left, top = 8, 200, 150
	m := image.NewRGBA(image.Rect(0, 0, 3000, 2000)) // analysed at 1920 pixels
	draw.Draw(m, m.Bounds(), image.NewUniform(color.RGBA{150, 140, 120, 255}), image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(left-4*module, top-4*module, left+25*module, top+25*module), image.White, image.Point{}, draw.Src)
	for i := range card.Modules * card.Modules {
		if x, y := i%card.Modules, i/card.Modules; code.Black(x, y) {
			draw.Draw(m, image.Rect(left+x*module, top+y*module, left+(x+1)*module, top+(y+1)*module), image.Black, image.Point{}, draw.Src)
		}
	}
	scene, err := newSeer(t).See(context.Background(), vision.Request{Path: save(t, jpegBytesOf(t, m, 0))}, nil)
	if err != nil || len(scene.Foods) != 0 || len(scene.References) != 1 {
		t.Fatalf("%v, %+v", err, scene)
	}
	r := scene.References[0]
	if r.Kind != vision.KindCard || r.Square == nil || r.Square.SideMM != 40 || r.Box.IoU(geometry.Rect{X: left, Y: top, Width: 168, Height: 168}) < 0.98 {
		t.Fatalf("%+v", r)
	}
	for i, want := range [4]geometry.Point{{X: left, Y: top}, {X: left + 168, Y: top}, {X: left + 168, Y: top + 168}, {X: left, Y: top + 168}} {
		if d := math.Hypot(r.Square.Corners[i].X-want.X, r.Square.Corners[i].Y-want.Y); d > 0.3 {
			t.Errorf("corner %d is %.2f px off", i, d)
		}
	}
}

func TestPhotosOfAPixelOrALineDoNoHarm(t *testing.T) {
	s := newSeer(t)
	for _, size := range []image.Point{{1, 1}, {1, 3000}, {3000, 1}, {2, 2}} {
		m := image.NewRGBA(image.Rectangle{Max: size})
		if _, err := s.See(context.Background(), vision.Request{Path: save(t, pngBytesOf(t, m, 0))}, nil); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func TestEndedContextStopsBeforeTheNextStage(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	path := save(t, jpegBytesOf(t, quarters(64, 64), 0))
	_, err := newSeer(t).See(ctx, vision.Request{Path: path}, func(string) { cancel() })
	if fault.CodeOf(err) != fault.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

// plate renders discs that the networks take for food or not; the time hardly depends on it.
func plate(w, h int) image.Image {
	m := noisy(w, h)
	for _, d := range []struct {
		x, y, r float64
		c       color.RGBA
	}{{0.4, 0.5, 0.16, color.RGBA{200, 40, 30, 255}}, {0.75, 0.6, 0.1, color.RGBA{230, 140, 20, 255}}, {0.12, 0.7, 0.035, color.RGBA{190, 190, 195, 255}}} {
		x0, y0, r := d.x*float64(w), d.y*float64(h), d.r*float64(min(w, h))*1.3
		for y := int(y0 - r); y < int(y0+r); y++ {
			for x := int(x0 - r); x < int(x0+r); x++ {
				if math.Hypot(float64(x)-x0, float64(y)-y0) < r {
					m.SetRGBA(x, y, d.c)
				}
			}
		}
	}
	return m
}

// BenchmarkSee reports the milliseconds of each stage for a small and a phone's photo, on one thread.
func BenchmarkSee(b *testing.B) {
	s := newSeer(b)
	for name, size := range map[string]image.Point{"816x612": {816, 612}, "4000x2252": {4000, 2252}} {
		path := save(b, jpegBytesOf(b, plate(size.X, size.Y), 0))
		b.Run(name, func(b *testing.B) {
			sum := map[string]float64{}
			for b.Loop() {
				scene, err := s.See(context.Background(), vision.Request{Path: path}, nil)
				if err != nil {
					b.Fatal(err)
				}
				for stage, ms := range scene.TimingsMS {
					sum[stage] += ms
				}
				sum["foods"] += float64(len(scene.Foods))
			}
			b.ReportMetric(sum["foods"]/float64(b.N), "foods")
			delete(sum, "foods")
			for stage, ms := range sum {
				b.ReportMetric(ms/float64(b.N), stage+"-ms")
			}
		})
	}
}
