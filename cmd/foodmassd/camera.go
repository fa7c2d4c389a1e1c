package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"foodmassd/internal/card"
	"foodmassd/internal/config"
	"foodmassd/internal/geometry"
	"foodmassd/internal/photo"
	"foodmassd/internal/store"
	"foodmassd/internal/vision"
)

var cameraCommand = &command{
	name:    "camera",
	purpose: "take a photo with the camera over the counter, or calibrate it",
	usage: `snapshot [--config FILE] [--data-dir DIR] FILE
       foodmassd camera calibrate [--card-mm MM] [--data-dir DIR] IMAGE
       foodmassd camera calibrate --show|--forget [--data-dir DIR]

snapshot writes a photo to FILE, "-" for standard output: by the running daemon's camera, or without one by
the configured camera itself.

IMAGE is a photo of the counter by the fixed camera with one reference card (foodmassd reference-card)
lying flat where food will stand; the larger the card, the farther around it the scale holds. A bad photo is
refused and the calibration before stays. From then on photos that are uploaded with camera=fixed need no
coin; they may have another size, but not another shape. A daemon at work need not be restarted.
Chessboards are not read: they would pull four more libraries of OpenCV into the program.

Examples:
  foodmassd camera snapshot counter.jpg
  foodmassd reference-card --size-mm 120 --output card.pdf
  foodmassd camera calibrate --card-mm 120 counter.jpg
  foodmassd camera calibrate --show`,
	run: runCamera,
}

func runCamera(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	cardMM := f.Float64("card-mm", 0, "side of the card's code in mm that the card must tell (default any)")
	show := f.Bool("show", false, "say what is known instead of calibrating")
	forget := f.Bool("forget", false, "remove the calibration")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	images := 1
	if *show || *forget {
		images = 0
	}
	switch {
	case len(rest) == 0 || rest[0] != "calibrate" && rest[0] != "snapshot":
		return c.usageError("say what to do: camera snapshot or camera calibrate")
	case rest[0] == "snapshot" && (len(rest) != 2 || *show || *forget || *cardMM != 0):
		return c.usageError("snapshot takes one file and no options of calibrate")
	case rest[0] == "snapshot":
		return runSnapshot(ctx, s, rest[1])
	case *show && *forget:
		return c.usageError("--show and --forget exclude each other")
	case len(rest) != 1+images:
		return c.usageError("calibrate takes %d image, not %d", images, len(rest)-1)
	case *cardMM != 0 && !card.ValidSide(*cardMM):
		return c.usageError("--card-mm must be from %d to %d", card.MinSideMM, card.MaxSideMM)
	}
	conf, err := s.load()
	switch {
	case err != nil:
		return err
	case *show:
		return showCamera(conf.Storage.DataDir)
	case *forget:
		return store.ForgetCamera(conf.Storage.DataDir)
	}
	scene, err := s.look(ctx, conf, rest[1])
	if err != nil {
		return err
	}
	calibration, err := calibrate(scene, *cardMM)
	if err != nil {
		return fmt.Errorf("%s: %w; nothing was changed", rest[1], err)
	}
	if err := store.SaveCamera(conf.Storage.DataDir, calibration); err != nil {
		return err
	}
	return showCamera(conf.Storage.DataDir)
}

// look lets the eye see one photo.
func (s *settings) look(ctx context.Context, conf config.Config, image string) (scene vision.Scene, err error) {
	file, err := os.Open(image)
	if err != nil {
		return scene, err
	}
	defer file.Close()
	if _, err := photo.Inspect(file, photoLimits(conf)); err != nil {
		return scene, fmt.Errorf("%s: %s", image, message(err))
	}
	eye, err := newEye(ctx, conf, s.quiet(conf))
	if err != nil {
		return scene, err
	}
	defer eye.Close()
	ctx, cancel := context.WithTimeout(ctx, conf.Task.Deadline)
	defer cancel()
	if scene, err = eye.See(ctx, vision.Request{Path: image}, nil); err != nil {
		return scene, fmt.Errorf("%s: %s", image, message(err))
	}
	return scene, nil
}

// calibrate makes a calibration of the one card in a photo; cardMM, unless 0, is what it must tell.
func calibrate(scene vision.Scene, cardMM float64) (geometry.Calibration, error) {
	c := geometry.Calibration{Width: scene.Width, Height: scene.Height, TakenAt: time.Now().UTC().Truncate(time.Second)}
	cards := 0
	for _, r := range scene.References {
		if r.Square != nil {
			c.Square = *r.Square
			cards++
		}
	}
	switch {
	case cards == 0:
		return c, errors.New("no reference card is seen; lay one flat, whole and unshadowed on the counter (print it with: foodmassd reference-card)")
	case cards > 1:
		return c, fmt.Errorf("%d reference cards are seen; leave one on the counter", cards)
	case cardMM != 0 && math.Abs(cardMM-c.Square.SideMM) >= 0.05:
		return c, fmt.Errorf("the card says that it measures %.1f mm, not %.1f", c.Square.SideMM, cardMM)
	}
	return c, c.Check()
}

func showCamera(dir string) error {
	c, err := store.LoadCamera(dir)
	switch {
	case err != nil:
		return err
	case c == nil:
		fmt.Printf("the camera is not calibrated (%s)\n", dir)
		return nil
	}
	fmt.Println(describeCamera(*c))
	return nil
}

// describeCamera says for people what a calibration, which has passed its check, knows.
func describeCamera(c geometry.Calibration) string {
	text := fmt.Sprintf("calibrated %s on %d × %d pixels by a card of %.1f mm, edges within %.2f px",
		c.TakenAt.Local().Format(time.DateTime), c.Width, c.Height, c.Square.SideMM, c.Square.RMSPx)
	w, h := float64(c.Width), float64(c.Height)
	if p, ok := c.Plane(c.Width, c.Height); ok {
		middle := geometry.Point{X: w / 2, Y: h / 2}
		s, _ := p.At(middle)
		aspect, _ := p.Aspect(middle)
		worst := 0.0
		for _, corner := range []geometry.Point{{}, {X: w}, {Y: h}, {X: w, Y: h}} {
			if at, ok := p.At(corner); ok {
				worst = math.Max(worst, at.RelSD)
			}
		}
		text += fmt.Sprintf("; %.3f mm/px in the middle (±%.1f %%, in the corners ±%.1f %%), tilt %.0f°",
			s.MMPerPx, 100*s.RelSD, 100*worst, math.Acos(math.Min(1, aspect))*180/math.Pi)
	}
	return text
}
