package opencv

import (
	"context"
	"fmt"
	"image"
	"math"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
	"foodmassd/models"

	"gocv.io/x/gocv"
)

// Options of a Seer.
type Options struct {
	// Models to use; nil takes the shipped ones.
	Models *models.Set
	// Threads that OpenCV may use, for the whole process; 0 is one.
	Threads int
}

// Seer sees with OpenCV, one photo at a time. It implements vision.Seer.
type Seer struct {
	detector   *detector
	recogniser *recogniser
}

var _ vision.Seer = (*Seer)(nil)

// New loads the networks.
func New(o Options) (*Seer, error) {
	set := o.Models
	if set == nil {
		var err error
		if set, err = models.Open(""); err != nil {
			return nil, err
		}
	}
	setThreads(max(1, o.Threads))
	d, err := newDetector(set)
	if err != nil {
		return nil, err
	}
	r, err := newRecogniser(set)
	if err != nil {
		d.close()
		return nil, err
	}
	return &Seer{d, r}, nil
}

// Close frees the networks.
func (s *Seer) Close() {
	s.detector.close()
	s.recogniser.close()
}

// Models returns name and version of the networks by role.
func (s *Seer) Models() map[string]string {
	label := func(n netSpec) string { return n.Name + " " + n.Version }
	return map[string]string{"detector": label(s.detector.spec.netSpec), "recogniser": label(s.recogniser.spec.netSpec)}
}

// See implements vision.Seer. The context is looked at between stages and between foods.
func (s *Seer) See(ctx context.Context, r vision.Request, progress func(stage string)) (vision.Scene, error) {
	l := look{ctx: ctx, seer: s, progress: progress}
	l.scene.TimingsMS = map[string]float64{}
	l.scene.Models = s.Models()
	maxSide := r.MaxSidePx
	if maxSide <= 0 {
		maxSide = vision.DefaultMaxSidePx
	}
	err := l.stage(vision.StageDecode, func() (err error) {
		l.photo, err = decode(r.Path, maxSide)
		return err
	})
	if err != nil {
		return vision.Scene{}, err
	}
	defer l.photo.close()
	l.scene.Width, l.scene.Height = l.photo.width, l.photo.height
	for _, step := range []struct {
		name string
		do   func() error
	}{{vision.StageDetect, l.detect}, {vision.StageRecognise, l.recognise}, {vision.StageReference, l.measure}} {
		if err := l.stage(step.name, step.do); err != nil {
			return vision.Scene{}, err
		}
	}
	return l.scene, nil
}

// look is one See under way.
type look struct {
	ctx          context.Context
	seer         *Seer
	progress     func(stage string)
	photo        *picture
	foods, coins []detection
	scene        vision.Scene
}

// stage announces, runs and times one stage.
func (l *look) stage(name string, do func() error) error {
	if err := l.ctx.Err(); err != nil {
		return fault.New(fault.DeadlineExceeded, name, err)
	}
	if l.progress != nil {
		l.progress(name)
	}
	start := time.Now()
	err := do()
	l.scene.TimingsMS[name] = float64(time.Since(start).Microseconds()) / 1000
	return err
}

func (l *look) detect() (err error) {
	l.foods, l.coins, err = l.seer.detector.detect(l.photo.bgr)
	l.scene.FoodDetections = len(l.foods)
	return err
}

// recognise looks closely at each food; detections whose refined boxes agree are one food.
func (l *look) recognise() error {
	var seen []closeUp
	for _, d := range l.foods[:min(len(l.foods), maxFoods)] {
		if err := l.ctx.Err(); err != nil {
			return fault.New(fault.DeadlineExceeded, vision.StageRecognise, err)
		}
		c, err := l.seer.recogniser.recognise(l.photo.bgr, d)
		if err != nil {
			return fault.New(fault.Internal, "recognise", err)
		}
		seen = append(seen, c)
	}
	t := l.seer.detector.spec.Thresholds
	seen = suppress(seen, func(c closeUp) detection { return c.detection }, t.NMSIoU, t.NMSContained)
	for _, c := range seen {
		l.scene.Foods = append(l.scene.Foods, vision.Food{
			Box:       l.photo.toOriginal(c.box),
			Outline:   l.photo.outlineToOriginal(c.outline(l.seer.recogniser.spec.Thresholds.Mask)),
			Score:     c.score,
			Classes:   c.classes,
			TopView:   c.topView,
			Embedding: c.embedding,
		})
	}
	return nil
}

// measure fits the rim of each coin.
func (l *look) measure() error {
	for _, d := range l.coins {
		ref := vision.Reference{Kind: vision.KindCoin, Box: l.photo.toOriginal(d.box), Confidence: d.score}
		e, ok, err := fitRim(l.photo, d.box)
		if err != nil {
			return fmt.Errorf("measure coin: %w", err)
		}
		if ok {
			ref.Ellipse = &e
		}
		l.scene.References = append(l.scene.References, ref)
	}
	return nil
}

// rimMargin is how much of a box's longer side is looked at around the box for the rim.
const rimMargin = 0.4

// fitRim fits the rim of the round object in box; the ellipse is in original pixels.
func fitRim(p *picture, box geometry.Rect) (geometry.Ellipse, bool, error) {
	pad := rimMargin * math.Max(box.Width, box.Height)
	part := image.Rect(int(box.X-pad), int(box.Y-pad), int(box.X+box.Width+pad)+1, int(box.Y+box.Height+pad)+1).
		Intersect(image.Rect(0, 0, p.bgr.Cols(), p.bgr.Rows()))
	region := p.bgr.Region(part)
	defer region.Close()
	grey := gocv.NewMat()
	defer grey.Close()
	gocv.CvtColor(region, &grey, gocv.ColorBGRToGray)
	pixels, err := grey.DataPtrUint8()
	if err != nil {
		return geometry.Ellipse{}, false, err
	}
	near := box
	near.X -= float64(part.Min.X)
	near.Y -= float64(part.Min.Y)
	e, ok := geometry.FitRim(geometry.GreyPlane{Pixels: pixels, Width: part.Dx(), Height: part.Dy()}, near)
	e.Center.X += float64(part.Min.X)
	e.Center.Y += float64(part.Min.Y)
	return p.ellipseToOriginal(e), ok, nil
}
