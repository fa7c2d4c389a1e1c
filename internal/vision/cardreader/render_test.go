package cardreader

import (
	"math"
	"math/rand/v2"

	"foodmassd/internal/card"
	"foodmassd/internal/geometry"

	"rsc.io/qr"
)

// view is a pinhole camera's view of a card on the counter.
type view struct {
	width, height int
	sizePX        float64 // side of the code where it is not foreshortened
	tilt, towards float64 // radians: of the counter, and the direction in the image in which it falls back
	turn          float64 // radians by which the card is turned
	center        geometry.Point
	blur, noise   float64 // standard deviations, in pixels and in grey levels
	dark, light   float64
	shadow        bool // half the card
}

// typical is a card of sizePX in the middle of a photo.
func typical(sizePX, tilt, turn float64) view {
	side := int(2*sizePX) + 60
	return view{width: side, height: side, sizePX: sizePX, tilt: tilt, towards: 1.1, turn: turn,
		center: geometry.Point{X: float64(side)/2 + 0.3, Y: float64(side)/2 - 0.2}, blur: 0.8, noise: 3, dark: 45, light: 200}
}

// modules is the homography from the code's modules to pixels; the camera is ten sides away.
func (v view) modules() geometry.Homography {
	const far = 10
	project := func(x, y float64) geometry.Point {
		x, y = x/card.Modules-0.5, y/card.Modules-0.5
		s, c := math.Sincos(v.turn)
		x, y = c*x-s*y, s*x+c*y
		s, c = math.Sincos(v.towards) // the part of the place along the fall is foreshortened and farther away
		along, across := c*x+s*y, c*y-s*x
		depth := far + along*math.Sin(v.tilt)
		along, across = along*math.Cos(v.tilt)*far/depth, across*far/depth
		return geometry.Point{X: v.center.X + v.sizePX*(c*along-s*across), Y: v.center.Y + v.sizePX*(s*along+c*across)}
	}
	const n = card.Modules
	h, ok := geometry.HomographyOf([4]geometry.Point{{X: 0, Y: 0}, {X: n, Y: 0}, {X: n, Y: n}, {X: 0, Y: n}},
		[4]geometry.Point{project(0, 0), project(n, 0), project(n, n), project(0, n)})
	if !ok {
		panic("no homography")
	}
	return h
}

// render draws the view of a card that says text, with 4×4 samples per pixel.
func (v view) render(text string) geometry.GreyPlane {
	code, err := qr.Encode(text, qr.H)
	if err != nil {
		panic(err)
	}
	h := v.modules()
	const n = card.Modules
	corners := [4]geometry.Point{{X: 0, Y: 0}, {X: n, Y: 0}, {X: n, Y: n}, {X: 0, Y: n}}
	var seen [4]geometry.Point
	for i, c := range corners {
		seen[i], _ = h.Map(c)
	}
	back, _ := geometry.HomographyOf(seen, corners)
	random := rand.New(rand.NewPCG(3, 5))
	exact := make([]float64, v.width*v.height)
	const samples = 4
	for i := range exact {
		for k := range samples * samples {
			x := float64(i%v.width) + (float64(k%samples)+0.5)/samples
			y := float64(i/v.width) + (float64(k/samples)+0.5)/samples
			m, _ := back.Map(geometry.Point{X: x, Y: y})
			exact[i] += v.shade(code, m, x, y) / (samples * samples)
		}
	}
	p := geometry.GreyPlane{Pixels: make([]byte, len(exact)), Width: v.width, Height: v.height}
	for i, g := range smooth(smooth(exact, v.width, 1, v.blur), v.width, v.width, v.blur) {
		p.Pixels[i] = byte(math.Max(0, math.Min(255, math.Round(g+v.noise*random.NormFloat64()))))
	}
	return p
}

// shade is the brightness at module m, pixel (x, y).
func (v view) shade(code *qr.Code, m geometry.Point, x, y float64) float64 {
	const n, quiet = card.Modules, 4
	g := v.light
	switch {
	case m.X < -quiet || m.Y < -quiet || m.X >= n+quiet || m.Y >= n+quiet: // the counter
		g *= 0.55 + 0.12*math.Sin(x/9)*math.Cos(y/7)
	case m.X >= 0 && m.Y >= 0 && m.X < n && m.Y < n && code.Black(int(m.X), int(m.Y)):
		g = v.dark
	}
	if v.shadow && x > v.center.X {
		g *= 0.5
	}
	return g
}

// smooth blurs along rows (step 1) or columns (step width) by a Gaussian.
func smooth(from []float64, width, step int, sd float64) []float64 {
	reach := int(3*sd) + 1
	to := make([]float64, len(from))
	for i := range from {
		var sum, weight float64
		for k := -reach; k <= reach; k++ {
			j := i + k*step
			if j < 0 || j >= len(from) || step == 1 && j/width != i/width {
				continue
			}
			w := math.Exp(-float64(k*k) / (2*sd*sd + 1e-9))
			sum, weight = sum+w*from[j], weight+w
		}
		to[i] = sum / weight
	}
	return to
}
