package worker

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// childVariable makes this test binary a worker. Its value says how it begins; how it answers is said
// by the path of each request.
const childVariable = "FOODMASS_TEST_WORKER"

func TestMain(m *testing.M) {
	mode := os.Getenv(childVariable)
	if mode == "" {
		os.Exit(m.Run())
	}
	if err := beWorker(mode); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func beWorker(mode string) error {
	switch mode {
	case "raw": // frames on standard output itself, so that a seer can spoil them
		return Serve(os.Stdin, os.Stdout, actor{})
	case "no-models":
		return Run(func() (vision.Seer, error) { return nil, fmt.Errorf("models: detector.onnx is damaged") })
	case "mute":
		time.Sleep(time.Hour)
	}
	return Run(func() (vision.Seer, error) {
		fmt.Println("stray print while loading")
		return actor{}, nil
	})
}

// actor is a seer that does what the path says.
type actor struct{}

func (actor) Models() map[string]string { return map[string]string{"detector": "test 1"} }

func (actor) See(_ context.Context, r vision.Request, progress func(string)) (vision.Scene, error) {
	act, argument, _ := strings.Cut(r.Path, " ")
	if act == "bad-stage" {
		progress("nonsense")
	}
	if act != "exit-early" {
		progress(vision.StageDecode)
	}
	scene := plausible()
	switch act {
	case "exit", "exit-early":
		fmt.Fprintln(os.Stderr, "terminate called: no such layer")
		os.Exit(3)
	case "panic":
		panic("out of luck")
	case "hang":
		for {
			time.Sleep(time.Hour)
		}
	case "slow":
		d, _ := time.ParseDuration(argument)
		time.Sleep(d)
	case "spawn": // a child of the worker that outlives it unless the group is killed
		cmd := exec.Command("sleep", "1000")
		cmd.Start()
		os.WriteFile(argument, fmt.Append(nil, cmd.Process.Pid), 0o600)
		time.Sleep(time.Hour)
	case "garbage":
		os.Stdout.WriteString("\x00\x00\x00\x05hello")
	case "half":
		os.Stdout.Write(append(binary.BigEndian.AppendUint32(nil, 1000), "{\"kind\":"...))
		os.Exit(0)
	case "huge":
		os.Stdout.Write(binary.BigEndian.AppendUint32(nil, math.MaxUint32))
		time.Sleep(time.Hour)
	case "long":
		for range 50_000 {
			scene.Foods = append(scene.Foods, scene.Foods[0])
		}
	case "stray":
		fmt.Println("stray print of a library")
		fmt.Fprintln(os.Stderr, strings.Repeat("long line ", 1000))
		fmt.Fprint(os.Stderr, strings.Repeat("and on and on\n", 1000))
	case "bomb":
		for {
			hoard = append(hoard, touched(16<<20))
			time.Sleep(5 * time.Millisecond)
		}
	case "fat": // keeps memory and answers well
		hoard = append(hoard, touched(220<<20))
	case "nan":
		scene.Foods[0].Score = math.NaN()
	case "outside":
		scene.Foods[0].Box.X = 5000
	case "undecodable":
		return vision.Scene{}, fault.New(fault.Undecodable, "decode photo", fmt.Errorf("premature end"))
	case "internal":
		return vision.Scene{}, fmt.Errorf("lost my glasses")
	case "gone": // answers, then ends between requests
		time.AfterFunc(50*time.Millisecond, func() { os.Exit(4) })
	}
	return scene, nil
}

var hoard [][]byte

func touched(n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		b[i] = 1
	}
	return b
}

// plausible is a scene without fault.
func plausible() vision.Scene {
	return vision.Scene{
		Width: 816, Height: 612, FoodDetections: 1,
		Foods: []vision.Food{{
			Box:     geometry.Rect{X: 10, Y: 20, Width: 100, Height: 80},
			Outline: geometry.Polygon{{X: 10, Y: 20}, {X: 110, Y: 20}, {X: 60, Y: 100}},
			Score:   0.9, Classes: []vision.ClassProbability{{Key: "apple", Probability: 0.8}}, TopView: 1,
			Embedding: []float32{0.6, 0.8},
		}},
		References: []vision.Reference{{
			Kind: vision.KindCoin, Box: geometry.Rect{X: 300, Y: 300, Width: 40, Height: 40}, Confidence: 0.7,
			Ellipse: &geometry.Ellipse{Center: geometry.Point{X: 320, Y: 320}, Major: 40, Minor: 39},
		}, {
			Kind: vision.KindCard, Box: geometry.Rect{X: 400, Y: 100, Width: 60, Height: 60}, Confidence: 1,
			Square: &geometry.Square{SideMM: 40, CornerSDPx: 0.1,
				Corners: [4]geometry.Point{{X: 400, Y: 100}, {X: 460, Y: 101}, {X: 459, Y: 160}, {X: 401, Y: 159}}},
		}},
		TimingsMS: map[string]float64{vision.StageDecode: 12},
		Models:    map[string]string{"detector": "test 1"},
	}
}
