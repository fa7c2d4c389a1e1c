package opencv

import (
	"bytes"
	"context"
	"image/jpeg"
	"testing"

	"foodmassd/internal/apitest"
	"foodmassd/internal/vision"
)

func TestThePreviewIsASmallUprightCopyOfAPhotoWithFood(t *testing.T) {
	s := newSeer(t)
	upright := apitest.Plate(816, 612, 1)
	path := save(t, apitest.WithOrientation(apitest.JPEG(apitest.Stored(upright, 6)), 6))
	scene, err := s.See(context.Background(), vision.Request{Path: path, PreviewSidePx: 400}, nil)
	if err != nil || len(scene.Foods) == 0 {
		t.Fatalf("%d foods, %v", len(scene.Foods), err)
	}
	m, err := jpeg.Decode(bytes.NewReader(scene.Preview))
	if err != nil || m.Bounds().Dx() != 400 || m.Bounds().Dy() != 300 {
		t.Fatalf("%v, %v", m, err)
	}
	// The orange is orange, right of the middle; red and blue are not swapped.
	b := scene.Foods[0].Box
	r, _, blue, _ := m.At(int((b.X+b.Width/2)*400/816), int((b.Y+b.Height/2)*300/612)).RGBA()
	if r < 2*blue {
		t.Errorf("red %d, blue %d in the middle of the food", r, blue)
	}
	if plain, err := s.See(context.Background(), vision.Request{Path: path}, nil); err != nil || plain.Preview != nil {
		t.Errorf("a preview nobody asked for, %v", err)
	}
}
