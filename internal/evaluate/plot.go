package evaluate

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// plot is a square diagram with logarithmic axes from lowG to highG grams.
type plot struct {
	*image.RGBA
	lowG, highG float64
}

const plotSide, plotMargin = 800, 60 // px

var (
	ink  = color.RGBA{40, 40, 40, 255}
	grid = color.RGBA{225, 225, 225, 255}
	// colours of the views: blue for top, orange for side; told apart by the colour-blind too.
	topColour, sideColour = color.RGBA{0, 90, 200, 255}, color.RGBA{230, 120, 0, 255}
)

// WritePlot writes truth against estimate as PNG, with the diagonal and lines at ±20 %.
func (r *Report) WritePlot(w io.Writer) error {
	p := &plot{RGBA: image.NewRGBA(image.Rect(0, 0, plotSide, plotSide)), lowG: math.Inf(1), highG: 0}
	draw.Draw(p, p.Bounds(), image.White, image.Point{}, draw.Src)
	for _, row := range r.Rows {
		if row.Truth != nil && row.Found != nil {
			p.lowG = math.Min(p.lowG, math.Min(row.Truth.MassG, row.Found.EstimatedMassG))
			p.highG = math.Max(p.highG, math.Max(row.Truth.MassG, row.Found.EstimatedMassG))
		}
	}
	if !(p.highG > 0) {
		p.lowG, p.highG = 10, 100
	}
	p.lowG, p.highG = p.lowG*0.8, p.highG*1.25
	p.axes()
	for factor, c := range map[float64]color.RGBA{0.8: {170, 170, 170, 255}, 1: ink, 1.2: {170, 170, 170, 255}} {
		for g := p.lowG; g < p.highG; g *= 1.001 {
			p.dot(g, g*factor, 0, c)
		}
	}
	for _, row := range r.Rows {
		if row.Truth == nil || row.Found == nil {
			continue
		}
		c := sideColour
		if row.Photo.View == "top" {
			c = topColour
		}
		p.dot(row.Truth.MassG, row.Found.EstimatedMassG, 2, c)
	}
	return png.Encode(w, p)
}

// axes draws grid lines at 1, 2, 5, 10, … grams with their numbers.
func (p *plot) axes() {
	for decade := 1.0; decade <= 1e5; decade *= 10 {
		for _, g := range []float64{decade, 2 * decade, 5 * decade} {
			if g < p.lowG || g > p.highG {
				continue
			}
			for i := plotMargin; i <= plotSide-plotMargin; i++ {
				p.Set(p.x(g), i, grid)
				p.Set(i, p.y(g), grid)
			}
			label := fmt.Sprintf("%g", g)
			p.text(p.x(g)-10, plotSide-plotMargin+18, label, ink)
			p.text(plotMargin-35, p.y(g)+4, label, ink)
		}
	}
	p.text(plotSide/2-40, plotSide-15, "truth in grams", ink)
	p.text(plotMargin, plotMargin-25, "estimate in grams; lines at -20 %, 0, +20 %", ink)
	p.text(plotMargin+10, plotMargin+20, "top view", topColour)
	p.text(plotMargin+10, plotMargin+36, "side view", sideColour)
}

func (p *plot) along(g float64) float64 {
	return math.Log(g/p.lowG) / math.Log(p.highG/p.lowG) * (plotSide - 2*plotMargin)
}

func (p *plot) x(g float64) int { return plotMargin + int(p.along(g)) }
func (p *plot) y(g float64) int { return plotSide - plotMargin - int(p.along(g)) }

// dot draws a square of 2·radius+1 px inside the axes.
func (p *plot) dot(truthG, estimateG float64, radius int, c color.RGBA) {
	if estimateG < p.lowG || estimateG > p.highG {
		return
	}
	at := image.Pt(p.x(truthG), p.y(estimateG))
	r := image.Rect(at.X-radius, at.Y-radius, at.X+radius+1, at.Y+radius+1)
	draw.Draw(p, r, image.NewUniform(c), image.Point{}, draw.Src)
}

func (p *plot) text(x, y int, s string, c color.RGBA) {
	d := font.Drawer{Dst: p, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(s)
}
