package weighing

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Point is what a cell read, at rest, under a known mass.
type Point struct {
	Grams       float64 `json:"grams"`        // 0 for the empty scale, up to MaxMassG
	Counts      float64 `json:"counts"`       // mean, within a converter's 24 bits
	NoiseCounts float64 `json:"noise_counts"` // what the counts at rest differed by
}

// Calibration turns counts into grams along a straight line.
type Calibration struct {
	CountsPerGram float64 // never 0; negative when the counts fall as the load grows
	ZeroCounts    float64 // of the empty scale, on the line
	Points        []Point // by mass
	WorstG        float64 // the largest residual of a point, without its sign
}

// Bounds of a calibration.
const (
	MaxMassG  = 100_000 // no load cell for plates carries more
	maxPoints = 20

	// A step between two masses must be well above the noise. A rest is a few independent conversions, so that
	// its mean is off by some third of what they differ by: with 20 times that, the slope of one step is right
	// to two percent at worst, and masses that fit the cell are a hundred times above. And it must be nearCounts
	// at least: a quiet cell that creeps or warms up by some hundred counts is no cell with a mass on it.
	minStepNoises = 20

	// A residual above both of these is a wrong mass, or a cell that is bent or touches something: 0.2 % is
	// four times what the data sheets of bar cells such as the TAL220 allow (0.05 % of the range, all errors
	// together), and a gram is what the scale promises anyway.
	maxResidualG     = 1.
	maxResidualShare = 0.002
)

// Calibrate draws the straight line with the least squares through the points, two of which at least must
// differ in mass. Its errors say for the technician what is wrong with the points.
func Calibrate(points []Point) (Calibration, error) {
	c := Calibration{Points: slices.Clone(points)}
	slices.SortStableFunc(c.Points, func(a, b Point) int { return cmp.Compare(a.Grams, b.Grams) })
	if err := checkPoints(c.Points); err != nil {
		return Calibration{}, err
	}
	if err := checkSteps(stepsOf(c.Points)); err != nil {
		return Calibration{}, err
	}
	c.CountsPerGram, c.ZeroCounts = line(c.Points)
	worst := slices.MaxFunc(c.Points, func(a, b Point) int { return cmp.Compare(c.offG(a), c.offG(b)) })
	c.WorstG = c.offG(worst)
	if bound := max(maxResidualG, maxResidualShare*c.Points[len(c.Points)-1].Grams); c.WorstG > bound {
		return Calibration{}, fmt.Errorf("the points lie on no straight line: %s is off by %+.1f g, and %.1f g are allowed; check the masses, and that nothing but the cell carries the tray",
			massText(worst.Grams), c.ResidualG(worst), bound)
	}
	return c, nil
}

// ResidualG is how much more than its known mass the calibration makes of a point, in grams.
func (c Calibration) ResidualG(p Point) float64 {
	return (p.Counts-c.ZeroCounts)/c.CountsPerGram - p.Grams
}

func (c Calibration) offG(p Point) float64 { return math.Abs(c.ResidualG(p)) }

// ResolutionG is the change of load in grams that shows above the noise of the noisiest point, and at least
// one count.
func (c Calibration) ResolutionG() float64 {
	noise := 1.
	for _, p := range c.Points {
		noise = max(noise, p.NoiseCounts)
	}
	return noise / math.Abs(c.CountsPerGram)
}

// Swapped tells whether the counts fall as the load grows: the cell's signal wires A+ and A- are swapped, or
// it is mounted upside down. It weighs none the worse.
func (c Calibration) Swapped() bool { return c.CountsPerGram < 0 }

// checkPoints wants points by mass.
func checkPoints(points []Point) error {
	if len(points) > maxPoints {
		return fmt.Errorf("%d points; %d are the most", len(points), maxPoints)
	}
	for _, p := range points {
		switch {
		case !(p.Grams >= 0 && p.Grams <= MaxMassG): // a NaN neither
			return fmt.Errorf("%v g is no mass to calibrate with; allowed are 0 to %d g", p.Grams, MaxMassG)
		case !(p.NoiseCounts >= 0 && p.NoiseCounts <= math.MaxInt32) || math.IsNaN(p.Counts):
			return fmt.Errorf("%v ± %v are no counts", p.Counts, p.NoiseCounts)
		case p.Counts < float64(SaturatedLow)+nearCounts || p.Counts > float64(SaturatedHigh)-nearCounts:
			return fmt.Errorf("under %s the cell reads %.0f counts, the end of its range; use less mass, or a lower gain, and check the cell's four wires", massText(p.Grams), p.Counts)
		}
	}
	if len(points) == 0 || points[0].Grams == points[len(points)-1].Grams {
		return errors.New("one mass makes no line; the empty scale and one known mass at least are needed")
	}
	return nil
}

// stepsOf merges points of the same mass: their mean counts, and the most of their noise.
func stepsOf(points []Point) []Point {
	var steps []Point
	for rest := points; len(rest) > 0; {
		step, same := Point{Grams: rest[0].Grams}, 0
		for same < len(rest) && rest[same].Grams == step.Grams {
			step.Counts += rest[same].Counts
			step.NoiseCounts = max(step.NoiseCounts, rest[same].NoiseCounts)
			same++
		}
		step.Counts /= float64(same)
		steps, rest = append(steps, step), rest[same:]
	}
	return steps
}

// checkSteps wants each next mass to move the counts clearly, and all the same way.
func checkSteps(steps []Point) error {
	up := steps[len(steps)-1].Counts > steps[0].Counts
	for i, b := range steps[1:] {
		a := steps[i]
		step, noise := b.Counts-a.Counts, max(a.NoiseCounts, b.NoiseCounts)
		needed := max(nearCounts, minStepNoises*noise)
		switch {
		case math.Abs(step) < needed:
			return fmt.Errorf("between %s and %s the counts change by %.0f only, and %.0f are needed (noise %.0f); was the mass put on? Use larger masses, or keep the cell from shaking",
				massText(a.Grams), massText(b.Grams), math.Abs(step), needed, noise)
		case (step > 0) != up:
			return fmt.Errorf("from %s to %s the counts go the other way than over all; were masses mixed up, or did something touch the tray?",
				massText(a.Grams), massText(b.Grams))
		}
	}
	return nil
}

// line is the straight line of the least squares of counts over grams.
func line(points []Point) (slope, intercept float64) {
	n := float64(len(points))
	var meanG, meanC float64
	for _, p := range points {
		meanG += p.Grams / n
		meanC += p.Counts / n
	}
	var gg, gc float64
	for _, p := range points {
		gg += (p.Grams - meanG) * (p.Grams - meanG)
		gc += (p.Grams - meanG) * (p.Counts - meanC)
	}
	slope = gc / gg
	return slope, meanC - slope*meanG
}

func massText(g float64) string {
	if g == 0 {
		return "the empty scale"
	}
	return fmt.Sprintf("%g g", g)
}
