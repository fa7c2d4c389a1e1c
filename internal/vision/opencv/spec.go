package opencv

import (
	"errors"
	"fmt"

	"foodmassd/internal/vision"
	"foodmassd/models"
)

// Files of the two networks in a model set.
const (
	detectorFile   = "detector.json"
	recogniserFile = "recogniser.json"
)

// netSpec is what the description of either network says.
type netSpec struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	File    string `json:"file"`
	Input   struct {
		Shape  []int   `json:"shape"`
		Scale  float64 `json:"scale"`
		Fill   float64 `json:"fill"`
		Margin float64 `json:"margin"`
	} `json:"input"`
}

// side is the width and height of the network's square input in pixels.
func (s netSpec) side() int { return s.Input.Shape[3] }

// check refuses a description that the program cannot work with.
func (s netSpec) check() error {
	in := s.Input
	switch {
	case s.Name == "" || s.Version == "" || s.File == "":
		return errors.New("name, version and file are needed")
	case len(in.Shape) != 4 || in.Shape[0] != 1 || in.Shape[1] != 3 || in.Shape[2] != in.Shape[3] || in.Shape[3] < 1:
		return fmt.Errorf("input shape %v is not [1 3 N N]", in.Shape)
	case in.Scale <= 0:
		return errors.New("input scale must be positive")
	}
	return nil
}

// detectorSpec is detector.json.
type detectorSpec struct {
	netSpec
	Output struct {
		Shape    []int    `json:"shape"`
		Stride   float64  `json:"stride"`
		Channels []string `json:"channels"`
	} `json:"output"`
	Thresholds struct {
		ScoreFood float64 `json:"score_food"`
		ScoreCoin float64 `json:"score_coin"`
		// ScorePlate is needed by networks that see plates.
		ScorePlate float64 `json:"score_plate"`
		// NMSIoU is the overlap from which two boxes are one object; NMSContained the share of a box
		// inside a better one from which it is part of that, 0 for never.
		NMSIoU       float64 `json:"nms_iou"`
		NMSContained float64 `json:"nms_contained"`
	} `json:"thresholds"`
	channel map[string]int
}

func readDetectorSpec(set *models.Set) (*detectorSpec, error) {
	var s detectorSpec
	if err := set.ReadJSON(detectorFile, &s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", detectorFile, err)
	}
	out := s.Output
	if len(out.Shape) != 4 || out.Shape[0] != 1 || out.Shape[1] != len(out.Channels) || out.Shape[2] < 1 ||
		out.Shape[3] < 1 || out.Stride <= 0 {
		return nil, fmt.Errorf("%s: output shape %v, stride %g and %d channels do not fit", detectorFile, out.Shape,
			out.Stride, len(out.Channels))
	}
	s.channel = map[string]int{}
	for i, name := range out.Channels {
		s.channel[name] = i
	}
	needed := append([]string{heatFood, heatCoin}, sides...)
	if s.seesPlates() {
		needed = append(needed, plateSides...)
		if t := s.Thresholds.ScorePlate; !(t > 0 && t <= 1) {
			return nil, fmt.Errorf("%s: score_plate %g is not in (0, 1]", detectorFile, t)
		}
	}
	for _, name := range needed {
		if _, ok := s.channel[name]; !ok {
			return nil, fmt.Errorf("%s: no output channel %q", detectorFile, name)
		}
	}
	return &s, nil
}

// seesPlates tells whether the network was trained to find plates.
func (s *detectorSpec) seesPlates() bool {
	_, ok := s.channel[heatPlate]
	return ok
}

// recogniserSpec is recogniser.json.
type recogniserSpec struct {
	netSpec
	Output struct {
		Shape  []int  `json:"shape"`
		Layout []part `json:"layout"`
	} `json:"output"`
	Classes    []string `json:"classes"`
	Thresholds struct {
		Mask float64 `json:"mask"`
	} `json:"thresholds"`
	parts map[string]part
}

// part is one quantity in the recogniser's output vector.
type part struct {
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	Shape  []int  `json:"shape"`
}

// otherClass is the recogniser's name for what belongs to no known food.
const otherClass = "other"

func readRecogniserSpec(set *models.Set) (*recogniserSpec, error) {
	var s recogniserSpec
	if err := set.ReadJSON(recogniserFile, &s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", recogniserFile, err)
	}
	if s.Input.Margin < 1 || len(s.Output.Shape) != 2 {
		return nil, fmt.Errorf("%s: margin %g or output shape %v is out of range", recogniserFile, s.Input.Margin,
			s.Output.Shape)
	}
	s.parts = map[string]part{}
	for _, p := range s.Output.Layout {
		if p.Offset < 0 || p.Length < 1 || p.Offset+p.Length > s.Output.Shape[1] {
			return nil, fmt.Errorf("%s: output part %q lies outside the output", recogniserFile, p.Name)
		}
		s.parts[p.Name] = p
	}
	n := len(s.Classes)
	if s.parts["probs"].Length != n || s.parts["likeness"].Length != n || s.parts["box"].Length != 4 ||
		s.parts["top_view"].Length != 1 || s.parts["embedding"].Length < 1 {
		return nil, fmt.Errorf("%s: output layout lacks a part, or probs and likeness are not as many as classes (%d)", recogniserFile, n)
	}
	if m := s.parts["mask"]; len(m.Shape) != 2 || m.Shape[0]*m.Shape[1] != m.Length {
		return nil, fmt.Errorf("%s: mask of shape %v has length %d", recogniserFile, m.Shape, m.Length)
	}
	for i, c := range s.Classes {
		if c == otherClass {
			s.Classes[i] = vision.UnknownKey
		}
	}
	return &s, nil
}
