package evaluate

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// labelledEye reports the labels of a data set as if it had seen them: the error that is left is that
// of the mass model alone. Outlines come from shapes.jsonl where the food is drawn as a polygon.
type labelledEye map[string]vision.Scene

// See implements vision.Seer for the photos of the data set.
func (e labelledEye) See(_ context.Context, r vision.Request, _ func(string)) (vision.Scene, error) {
	s, ok := e[r.Path]
	if !ok {
		return s, fault.New(fault.Undecodable, "labelled photo "+r.Path, nil)
	}
	s.TimingsMS, s.Models = map[string]float64{}, map[string]string{}
	return s, nil
}

func newLabelledEye(dir string, photos []Photo) (labelledEye, error) {
	outlines, err := readOutlines(filepath.Join(dir, "shapes.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	eye := labelledEye{}
	for _, p := range photos {
		s := vision.Scene{Width: p.Width, Height: p.Height, FoodDetections: len(p.Foods)}
		for _, t := range p.Foods {
			f := vision.Food{Box: t.Box, Score: 1, Classes: []vision.ClassProbability{{Key: t.Key, Probability: 1}},
				Outline: outlines[p.Name+"/"+t.Key]}
			if p.View == "top" {
				f.TopView = 1
			}
			s.Foods = append(s.Foods, f)
		}
		for _, c := range p.Coins {
			s.References = append(s.References, vision.Reference{Kind: vision.KindCoin, Box: c, Confidence: 1})
		}
		eye[p.Path] = s
	}
	return eye, nil
}

// readOutlines returns the polygons by "image/food key".
func readOutlines(path string) (map[string]geometry.Polygon, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]geometry.Polygon{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var row struct {
			Image  string
			Shapes []struct {
				Object string
				Points [][2]float64
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		for _, s := range row.Shapes {
			var p geometry.Polygon
			for _, q := range s.Points {
				p = append(p, geometry.Point{X: q[0], Y: q[1]})
			}
			out[row.Image+"/"+keyOf(s.Object)] = p
		}
	}
	return out, lines.Err()
}
