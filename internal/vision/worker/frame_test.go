package worker

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

func TestOneFrameAfterTheOtherIsRead(t *testing.T) {
	scene := plausible()
	all := []message{
		{Kind: kindHello, PID: 7, Models: map[string]string{"detector": "d 1"}},
		{Kind: kindSee, ID: 1, Request: &vision.Request{Path: "/사진.jpg", MaxSidePx: 1920}},
		{Kind: kindScene, ID: 1, Scene: &scene},
	}
	var wire bytes.Buffer
	for _, m := range all {
		if err := send(&wire, m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range all {
		if got, err := readMessage(&wire, maxReplyBytes); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := readMessage(&wire, maxReplyBytes); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func FuzzReadMessage(f *testing.F) {
	scene := plausible()
	whole, err := encode(message{Kind: kindScene, ID: 1, Scene: &scene}, maxReplyBytes)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(binary.BigEndian.AppendUint32(nil, math.MaxUint32))
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		const limit = 1 << 16
		m, err := readMessage(bytes.NewReader(wire), limit)
		if err != nil {
			return
		}
		// What passes can be judged, and what is judged a scene can be sent on.
		if final, err := judge(m, m.ID); final && err == nil && m.Scene != nil {
			if _, err := encode(m, 100*limit); err != nil {
				t.Errorf("a valid scene cannot be encoded: %v", err)
			}
		}
	})
}

func TestSenselessScenesAreRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	cases := map[string]func(*vision.Scene){
		"image":         func(s *vision.Scene) { s.Width = 0 },
		"× 200000":      func(s *vision.Scene) { s.Height = 200_000 },
		"detections":    func(s *vision.Scene) { s.FoodDetections = -1 },
		"foods":         func(s *vision.Scene) { s.Foods = make([]vision.Food, 5000) },
		"took":          func(s *vision.Scene) { s.TimingsMS["decode"] = inf },
		"score":         func(s *vision.Scene) { s.Foods[0].Score = nan },
		"top view":      func(s *vision.Scene) { s.Foods[0].TopView = 1.1 },
		"box {NaN":      func(s *vision.Scene) { s.Foods[0].Box.X = nan },
		"box {10 20 -1": func(s *vision.Scene) { s.Foods[0].Box.Width = -1 },
		"+Inf":          func(s *vision.Scene) { s.Foods[0].Box.Height = inf },
		"2 points":      func(s *vision.Scene) { s.Foods[0].Outline = s.Foods[0].Outline[:2] },
		"outside":       func(s *vision.Scene) { s.Foods[0].Outline[1] = geometry.Point{X: 900, Y: 5} },
		"outline point": func(s *vision.Scene) { s.Foods[0].Outline[1].Y = nan },
		"class":         func(s *vision.Scene) { s.Foods[0].Classes[0].Key = "" },
		"probability":   func(s *vision.Scene) { s.Foods[0].Classes[0].Probability = -0.1 },
		"sum to": func(s *vision.Scene) {
			s.Foods[0].Classes = append(s.Foods[0].Classes, vision.ClassProbability{Key: "pear", Probability: 0.3})
		},
		"likeness":     func(s *vision.Scene) { s.Foods[0].Classes[0].Likeness = 1.5 },
		"embedding":    func(s *vision.Scene) { s.Foods[0].Embedding[0] = float32(nan) },
		"preview":      func(s *vision.Scene) { s.Preview = make([]byte, maxPreviewBytes+1) },
		"kind":         func(s *vision.Scene) { s.References[0].Kind = "" },
		"confidence":   func(s *vision.Scene) { s.References[0].Confidence = 2 },
		"reference 0":  func(s *vision.Scene) { s.References[0].Box.Y = 700 },
		"ellipse":      func(s *vision.Scene) { s.References[0].Ellipse.Minor = 0 },
		"ellipse {{0 ": func(s *vision.Scene) { s.References[0].Ellipse.Center = geometry.Point{X: 0, Y: -1e9} },
		"41":           func(s *vision.Scene) { s.References[0].Ellipse.Minor = 41 },
		"coin with":    func(s *vision.Scene) { s.References[0].Square = s.References[1].Square },
		"card with":    func(s *vision.Scene) { s.References[1].Square = nil },
		"square":       func(s *vision.Scene) { s.References[1].Square.SideMM = nan },
		"corner":       func(s *vision.Scene) { s.References[1].Square.Corners[1] = geometry.Point{X: 1e6, Y: 101} },
	}
	for want, spoil := range cases {
		t.Run(want, func(t *testing.T) {
			s := plausible()
			if err := check(&s); err != nil {
				t.Fatalf("before: %v", err)
			}
			spoil(&s)
			if err := check(&s); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
