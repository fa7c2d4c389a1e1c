package geometry

import (
	"math"
	"math/rand/v2"
	"slices"
)

// GreyPlane is a grey image, row by row without gaps. Positions are continuous: pixel i covers [i, i+1).
type GreyPlane struct {
	Pixels        []byte
	Width, Height int
}

// At returns the brightness at a position, bilinear between pixel centres; ok is false outside.
func (p GreyPlane) At(x, y float64) (v float64, ok bool) {
	x, y = x-0.5, y-0.5
	if !(x >= 0 && y >= 0 && x < float64(p.Width-1) && y < float64(p.Height-1)) {
		return 0, false
	}
	ix, iy := int(x), int(y)
	fx, fy := x-float64(ix), y-float64(iy)
	row := p.Pixels[iy*p.Width+ix:]
	below := row[p.Width:]
	upper := float64(row[0])*(1-fx) + float64(row[1])*fx
	lower := float64(below[0])*(1-fx) + float64(below[1])*fx
	return upper*(1-fy) + lower*fy, true
}

// How the rim of a round object is looked for. Radii are shares of the expected one.
const (
	rimRays            = 72
	rimFrom, rimTo     = 0.65, 1.35
	rimStepPX          = 0.5 // between samples along a ray
	rimBlurSteps       = 2   // standard deviation of the smoothing before the derivative
	rimPeaks           = 4   // edges kept per ray
	rimWeakest         = 0.25
	rimTolerance       = 0.03 // an edge this near belongs to the ellipse
	rimTrials          = 400
	rimMinShare        = 0.6   // of the rays that have to agree
	rimMaxRMS          = 0.015 // of what agrees
	rimMinBoxAgreement = 0.6   // IoU of the ellipse's bounds with the expected box
)

// rimEdge is a place on a ray where the brightness changes; U, V as in conic, Weight in (0,1].
type rimEdge struct{ u, v, weight float64 }

// FitRim finds the elliptic rim of the round object that near holds loosely: the ellipse that most rays
// from the centre cross at a strong edge, fitted to the sub-pixel places of those edges. ok is false
// when too few rays agree or what they agree on is not like near.
func FitRim(p GreyPlane, near Rect) (e Ellipse, ok bool) {
	if len(p.Pixels) < p.Width*p.Height || near.Width < 8 || near.Height < 8 {
		return Ellipse{}, false
	}
	rays := make([][]rimEdge, rimRays)
	for i := range rays {
		rays[i] = edgesAlong(p, near, 2*math.Pi*float64(i)/rimRays)
	}
	c, ok := agree(rays)
	if !ok || !c.holds(rays) {
		return Ellipse{}, false
	}
	e = c.ellipse(near)
	return e, e.Bounds().IoU(near) >= rimMinBoxAgreement
}

// holds tells whether enough rays lie on the conic, and closely.
func (c conic) holds(rays [][]rimEdge) bool {
	var n, sum float64
	for _, ray := range rays {
		if _, far := c.nearest(ray); far < rimTolerance {
			n++
			sum += far * far
		}
	}
	return n >= rimMinShare*rimRays && math.Sqrt(sum/n) <= rimMaxRMS
}

// edgesAlong returns the strongest changes of brightness on the ray at angle theta.
func edgesAlong(p GreyPlane, near Rect, theta float64) []rimEdge {
	s, c := math.Sincos(theta)
	ax, ay := near.Width/2, near.Height/2
	step := rimStepPX / math.Hypot(ax*c, ay*s)
	n := int((rimTo-rimFrom)/step) + 1
	profile := make([]float64, 0, n)
	for i := range n {
		t := rimFrom + float64(i)*step
		v, ok := p.At(near.X+ax*(1+t*c), near.Y+ay*(1+t*s))
		if !ok {
			break
		}
		profile = append(profile, v)
	}
	slope := derivative(profile)
	var found []rimEdge
	strongest := 0.0
	for i := 1; i < len(slope)-1; i++ {
		a, b, d := math.Abs(slope[i-1]), math.Abs(slope[i]), math.Abs(slope[i+1])
		if b <= 0 || b < a || b <= d || slope[i-1]*slope[i] < 0 || slope[i]*slope[i+1] < 0 {
			continue
		}
		t := rimFrom + (float64(i)+(a-d)/(2*(a-2*b+d)))*step
		found = append(found, rimEdge{t * c, t * s, b})
		strongest = math.Max(strongest, b)
	}
	slices.SortFunc(found, func(a, b rimEdge) int { return int(math.Copysign(1, b.weight-a.weight)) })
	kept := found[:0]
	for _, e := range found[:min(len(found), rimPeaks)] {
		if e.weight /= strongest; e.weight >= rimWeakest {
			kept = append(kept, e)
		}
	}
	return kept
}

// derivative returns the slope of a profile smoothed by a Gaussian; 0 near the ends.
func derivative(profile []float64) []float64 {
	const reach = 3 * rimBlurSteps
	slope := make([]float64, len(profile))
	for i := reach; i < len(profile)-reach; i++ {
		for k := 1; k <= reach; k++ {
			w := float64(k) * math.Exp(-float64(k*k)/(2*rimBlurSteps*rimBlurSteps))
			slope[i] += w * (profile[i+k] - profile[i-k])
		}
	}
	return slope
}

// agree returns the conic that most rays agree with: from five edges to all that are near (RANSAC with
// local fits). The random numbers are the same each time, and so is the answer.
func agree(rays [][]rimEdge) (best conic, ok bool) {
	random := rand.New(rand.NewPCG(1, 2))
	var topGuess, top float64
	for range rimTrials {
		var five []rimEdge
		for k := range 5 { // one ray out of each fifth of the turn, for a stable ellipse
			five = append(five, pick(rays[(k*rimRays+random.IntN(rimRays))/5], random)...)
		}
		c, fits := fitConic(five)
		guess := c.score(rays)
		if len(five) < 5 || !fits || guess <= topGuess {
			continue
		}
		topGuess = guess
		if c, fits = c.refine(rays); fits && c.score(rays) > top {
			best, top, ok = c, c.score(rays), true
		}
	}
	return best, ok
}

// pick draws one edge of a ray, the stronger the likelier; none from an empty ray.
func pick(ray []rimEdge, random *rand.Rand) []rimEdge {
	var sum float64
	for _, e := range ray {
		sum += e.weight * e.weight
	}
	at := random.Float64() * sum
	for i, e := range ray {
		if at -= e.weight * e.weight; at < 0 {
			return ray[i : i+1]
		}
	}
	return nil
}

// score sums how strongly and how closely the rays support the conic.
func (c conic) score(rays [][]rimEdge) float64 {
	var sum float64
	for _, ray := range rays {
		if e, far := c.nearest(ray); far < rimTolerance {
			sum += e.weight * (1 - far/rimTolerance)
		}
	}
	return sum
}

// refine fits the conic to all the edges near it, the nearer the more (Tukey's biweight).
func (c conic) refine(rays [][]rimEdge) (conic, bool) {
	ok := true
	for range 6 {
		var on []rimEdge
		for _, ray := range rays {
			if best, far := c.nearest(ray); far < rimTolerance {
				t := 1 - far*far/(rimTolerance*rimTolerance)
				best.weight *= t * t
				on = append(on, best)
			}
		}
		if c, ok = fitConic(on); !ok {
			break
		}
	}
	return c, ok
}
