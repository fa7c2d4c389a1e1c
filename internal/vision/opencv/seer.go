package opencv

import (
	"context"
	"fmt"
	"slices"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
	"foodmassd/internal/vision/cardreader"
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
	if r.PreviewSidePx > 0 && len(l.scene.Foods) > 0 {
		if err := l.preview(r.PreviewSidePx); err != nil {
			return vision.Scene{}, fault.New(fault.Internal, "see", err)
		}
	}
	return l.scene, nil
}

// look is one See under way.
type look struct {
	ctx      context.Context
	seer     *Seer
	progress func(stage string)
	photo    *picture
	found    found
	scene    vision.Scene
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
	l.found, err = l.seer.detector.detect(l.photo.bgr)
	l.scene.FoodDetections = len(l.found.foods)
	return err
}

// recognise looks closely at each food; detections whose refined boxes agree are one food.
func (l *look) recognise() error {
	var seen []closeUp
	for _, d := range l.found.foods[:min(len(l.found.foods), maxFoods)] {
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
			Classes:   l.seer.recogniser.classes(c),
			TopView:   c.topView,
			Embedding: c.embedding,
		})
	}
	return nil
}

// measure reads the cards and fits the rims of coins and plates.
func (l *look) measure() error {
	grey := gocv.NewMat()
	defer grey.Close()
	gocv.CvtColor(l.photo.bgr, &grey, gocv.ColorBGRToGray)
	pixels, err := grey.DataPtrUint8()
	if err != nil {
		return fmt.Errorf("measure references: %w", err)
	}
	photo := geometry.GreyPlane{Pixels: pixels, Width: grey.Cols(), Height: grey.Rows()}
	for _, card := range cardreader.Read(photo) {
		square := l.photo.squareToOriginal(card)
		l.scene.References = append(l.scene.References, vision.Reference{
			Kind: vision.KindCard, Square: &square, Confidence: cardConfidence,
			Box: l.photo.toOriginal(geometry.Polygon(card.Corners[:]).Bounds()),
		})
		l.leaveOut(geometry.Polygon(card.Corners[:]).Bounds())
	}
	coins, err := l.seer.recogniser.notFood(l.photo.bgr, l.found.coins)
	if err != nil {
		return fault.New(fault.Internal, "look at coins", err)
	}
	l.measureRound(photo, vision.KindCoin, coins)
	l.measureRound(photo, vision.KindPlate, l.found.plates)
	return nil
}

// leaveOut drops what the networks took a card for: half of it or more lies on the code.
func (l *look) leaveOut(card geometry.Rect) {
	original := l.photo.toOriginal(card)
	l.scene.Foods = slices.DeleteFunc(l.scene.Foods, func(f vision.Food) bool { return 2*overlap(original, f.Box) > f.Box.Area() })
	l.found.coins = slices.DeleteFunc(l.found.coins, func(d detection) bool { return 2*overlap(card, d.box) > d.box.Area() })
}

// cardConfidence is how sure a card is that was read: its code corrects errors and its text has to fit.
const cardConfidence = 0.999

func (l *look) measureRound(photo geometry.GreyPlane, kind string, all []detection) {
	for _, d := range all {
		ref := vision.Reference{Kind: kind, Box: l.photo.toOriginal(d.box), Confidence: d.score}
		if e, ok := geometry.FitRim(photo, d.box); ok {
			e = l.photo.ellipseToOriginal(e)
			ref.Ellipse = &e
		}
		l.scene.References = append(l.scene.References, ref)
	}
}
