package apitest

import (
	"image"
	"math"
	"math/rand/v2"
)

// RGB is a colour, each part nominally in [0,255].
type RGB [3]float64

func (c RGB) lit(by float64) RGB { return RGB{c[0] * by, c[1] * by, c[2] * by} }

func (c RGB) plus(d float64) RGB { return RGB{c[0] + d, c[1] + d, c[2] + d} }

// Layer paints one thing over what lies below it and returns the colour of a place. Places and sizes are
// in units of 1/600 of the photo's shorter side; the camera looks from above.
type Layer func(x, y float64, below RGB) RGB

// CoinRadius is that of a Coin; with 25 mm across, a millimetre is 2.16 units.
const CoinRadius = 27.0

// Render paints the layers, the lowest first, with the noise that gives a JPEG the size of a real photo.
// The same arguments give the same pixels.
func Render(width, height int, seed uint64, layers ...Layer) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	r := rand.New(rand.NewPCG(seed, 7))
	unit := float64(min(width, height)) / 600
	for y := range height {
		for x := range width {
			var c RGB
			for _, paint := range layers {
				c = paint(float64(x)/unit, float64(y)/unit, c)
			}
			noise := float64(r.IntN(9)) - 4
			o := m.PixOffset(x, y)
			for i := range c {
				m.Pix[o+i] = uint8(max(0, min(255, c[i]+noise)))
			}
			m.Pix[o+3] = 255
		}
	}
	return m
}

// Plate renders an orange and a coin on a white plate on wood, at places that depend on the seed.
func Plate(width, height int, seed uint64) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 8))
	jitter := func(a float64) float64 { return (r.Float64() - 0.5) * a }
	w, h := float64(width), float64(height)
	unit := math.Min(w, h) / 600
	x, y := 0.6*w/unit+jitter(60), 0.5*h/unit+jitter(60)
	return Render(width, height, seed, Wood, Dish(x, y, 205), Orange(x+20, y, 88),
		Coin(0.17*w/unit+jitter(40), 0.45*h/unit+jitter(120)))
}

// Wood is a table; it covers everything below.
func Wood(x, y float64, _ RGB) RGB {
	return RGB{176, 128, 76}.plus(10 * math.Sin(y/9+2*math.Sin(x/140)))
}

// Dish is a white plate.
func Dish(cx, cy, radius float64) Layer {
	return func(x, y float64, below RGB) RGB {
		d := math.Hypot(x-cx, y-cy)
		if d >= radius {
			return below
		}
		return RGB{226, 226, 222}.plus(-18 * math.Exp(-math.Pow((d-0.73*radius)/6, 2)))
	}
}

// Coin is a silver coin of radius CoinRadius with a dark rim.
func Coin(cx, cy float64) Layer {
	return func(x, y float64, below RGB) RGB {
		switch d := math.Hypot(x-cx, y-cy); {
		case d >= CoinRadius:
			return below
		case d > CoinRadius-2:
			return RGB{128, 128, 124}
		default:
			return RGB{178, 178, 174}.plus(14 * math.Sin(d/2))
		}
	}
}

// Orange is a round fruit lit from the upper left, with its soft shadow around it.
func Orange(cx, cy, radius float64) Layer {
	return func(x, y float64, below RGB) RGB {
		d := math.Hypot(x-cx, y-cy)
		if d >= radius {
			return below.plus(-45 * math.Exp(-math.Pow((d-radius)/14, 2)))
		}
		light := 1.05 - 0.26*math.Pow(math.Hypot(x-cx+0.2*radius, y-cy+0.28*radius)/radius, 2)
		return RGB{238, 140, 30}.lit(light).plus(5 * math.Sin(x) * math.Sin(y))
	}
}

// Biscuit is a flat round biscuit with holes and a browner rim.
func Biscuit(cx, cy, radius float64) Layer {
	return func(x, y float64, below RGB) RGB {
		d := math.Hypot(x-cx, y-cy)
		if d >= radius {
			return below.plus(-30 * math.Exp(-math.Pow((d-radius)/5, 2)))
		}
		hole := math.Cos((x-cx)/3.2)*math.Cos((y-cy)/3.2) > 0.93
		c := RGB{214, 168, 104}.plus(-40*math.Pow(d/radius, 6) + 6*math.Sin(1.7*x)*math.Sin(2.3*y))
		if hole {
			c = c.plus(-50)
		}
		return c
	}
}

// Hand is a forearm from the photo's lower border with a palm and fingers that reach up to (x, y).
func Hand(tipX, tipY float64) Layer {
	type bone struct{ x0, y0, x1, y1, r float64 }
	bones := []bone{{10, 420, 0, 190, 52}, {-8, 200, 0, 150, 62}, {-40, 140, -48, 60, 15}, {-15, 130, -16, 18, 16},
		{15, 130, 12, 15, 16}, {42, 140, 38, 42, 14}, {-60, 190, -105, 125, 17}}
	return func(x, y float64, below RGB) RGB {
		inside := -1.0 // depth within the nearest bone as a share of its radius
		for _, b := range bones {
			ax, ay, dx, dy := x-tipX-b.x0, y-tipY-b.y0, b.x1-b.x0, b.y1-b.y0
			t := math.Min(1, math.Max(0, (ax*dx+ay*dy)/(dx*dx+dy*dy)))
			inside = math.Max(inside, 1-math.Hypot(ax-t*dx, ay-t*dy)/b.r)
		}
		if inside < 0 {
			return below.plus(-35 * math.Exp(inside*12))
		}
		return RGB{226, 178, 150}.lit(0.78 + 0.25*math.Min(1, 1.6*inside)).plus(3 * math.Sin(0.9*x+0.4*y))
	}
}

// Spoon lies along the y axis with its bowl at (x, y), and casts a shadow to the right.
func Spoon(cx, cy float64) Layer {
	shape := func(x, y float64) bool {
		bowl := math.Hypot((x-cx)/22, (y-cy)/34) < 1
		return bowl || math.Abs(x-cx) < 6 && y > cy && y < cy+210
	}
	return func(x, y float64, below RGB) RGB {
		switch {
		case shape(x, y):
			return RGB{186, 188, 190}.plus(45*math.Sin((x-cx)/9) - 10)
		case shape(x-9, y-5):
			return below.lit(0.6)
		default:
			return below
		}
	}
}
