package weighing_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"foodmassd/internal/weighing"
)

func points(gramsAndCounts ...float64) (p []weighing.Point) {
	for at := range slices.Chunk(gramsAndCounts, 2) {
		p = append(p, weighing.Point{Grams: at[0], Counts: at[1], NoiseCounts: 30})
	}
	return p
}

func TestPointsOnALineCalibrate(t *testing.T) {
	for name, tc := range map[string]struct {
		points       []weighing.Point
		perGram      float64
		zero, worstG float64
	}{
		"one mass":            {points(0, 84_000, 500, 299_000), 430, 84_000, 0},
		"two masses":          {points(0, 84_000, 500, 299_000, 1000, 514_000), 430, 84_000, 0},
		"in another order":    {points(1000, 514_000, 0, 84_000, 500, 299_000), 430, 84_000, 0},
		"one a little off":    {points(0, 84_000, 500, 299_129, 1000, 514_000), 430, 84_043, 0.2},
		"wires swapped":       {points(0, -84_000, 500, -299_000, 1000, -514_000), -430, -84_000, 0},
		"never empty":         {points(100, 127_000, 600, 342_000), 430, 84_000, 0},
		"the same mass twice": {points(0, 84_000, 500, 298_957, 500, 299_043), 430, 84_000, 0.1},
		"heavy masses":        {points(0, 0, 10_000, 1_000_500, 20_000, 2_000_000), 100, 166.7, 3.34},
	} {
		c, err := weighing.Calibrate(tc.points)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if math.Abs(c.CountsPerGram/tc.perGram-1) > 1e-4 || math.Abs(c.ZeroCounts-tc.zero) > 0.1 || math.Abs(c.WorstG-tc.worstG) > 0.01 {
			t.Errorf("%s: %+v", name, c)
		}
		if c.Swapped() != (tc.perGram < 0) || math.Abs(c.ResolutionG()-30/math.Abs(c.CountsPerGram)) > 1e-9 {
			t.Errorf("%s: swapped %v, resolution %v g", name, c.Swapped(), c.ResolutionG())
		}
	}
}

func TestBadPointsAreRefusedWithWhatIsBad(t *testing.T) {
	noisy := points(0, 84_000, 500, 92_000)
	noisy[1].NoiseCounts = 450
	for name, tc := range map[string]struct {
		points []weighing.Point
		want   []string
	}{
		"no points":             {nil, []string{"one known mass at least"}},
		"the empty scale only":  {points(0, 84_000, 0, 84_010), []string{"one known mass at least"}},
		"one mass only":         {points(500, 299_000, 500, 299_000), []string{"one known mass at least"}},
		"not a number":          {points(0, math.NaN(), 500, 299_000), []string{"no counts"}},
		"grams not a number":    {points(math.NaN(), 84_000, 500, 299_000), []string{"no mass"}},
		"endless counts":        {points(0, 84_000, 500, math.Inf(1)), []string{"500 g", "end of its range"}},
		"less than nothing":     {points(-5, 84_000, 500, 299_000), []string{"-5 g", "allowed are 0 to"}},
		"a truck":               {points(0, 84_000, 1e6, 299_000), []string{"1e+06 g"}},
		"saturated":             {points(0, 84_000, 9000, 8388607), []string{"9000 g", "lower gain"}},
		"nearly saturated":      {points(0, 84_000, 9000, -8388000), []string{"9000 g", "end of its range"}},
		"the mass not put on":   {points(0, 84_000, 500, 84_020), []string{"the empty scale and 500 g", "change by 20 only", "was the mass put on"}},
		"the second not put on": {points(0, 84_000, 500, 299_000, 1000, 299_010), []string{"500 g and 1000 g", "was the mass put on"}},
		"hidden by noise":       {noisy, []string{"8000", "9000 are needed", "noise 450"}},
		"mixed up":              {points(0, 84_000, 500, 514_000, 1000, 299_000), []string{"500 g to 1000 g", "mixed up"}},
		"one mass is another":   {points(0, 84_000, 500, 299_000, 1000, 729_000), []string{"no straight line", "off by", "check the masses"}},
		"too many":              {slices.Repeat(points(0, 84_000, 500, 299_000), 11), []string{"22 points"}},
	} {
		_, err := weighing.Calibrate(tc.points)
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", name, err, want)
			}
		}
	}
}

// TestAnyStraightCellIsCalibratedRight draws cells and masses at random: within the noise, the line is found,
// wherever the points came in what order, and wires the other way round only change the sign.
func TestAnyStraightCellIsCalibratedRight(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 25))
	for range 2000 {
		perGram := math.Exp(r.Float64()*4) * 50 // 50 to 2700
		zero := (r.Float64() - 0.5) * 1e6
		noise := r.Float64() * 100
		heaviest := min(200+r.Float64()*5000, 7e6/perGram)
		var given, mirrored []weighing.Point
		for i := range 2 + r.IntN(5) {
			p := weighing.Point{Grams: heaviest / float64(1+i), NoiseCounts: noise}
			if i == 1 {
				p.Grams = 0
			}
			p.Counts = zero + perGram*p.Grams + (r.Float64()-0.5)*noise/2
			given = append(given, p)
			p.Counts = -p.Counts
			mirrored = append(mirrored, p)
		}
		c, err := weighing.Calibrate(given)
		if err != nil { // the steps of a weak cell may drown
			if !strings.Contains(err.Error(), "are needed") && !strings.Contains(err.Error(), "end of its range") {
				t.Fatalf("%v of %+v", err, given)
			}
			continue
		}
		off := math.Abs(c.CountsPerGram-perGram) * heaviest
		if off > noise || math.Abs(c.ZeroCounts-zero) > noise || c.WorstG > noise/perGram {
			t.Fatalf("%v counts per gram at %v with noise %v: %+v", perGram, zero, noise, c)
		}
		for _, p := range c.Points {
			if math.Abs(c.ResidualG(p)) > c.WorstG+1e-12 {
				t.Fatalf("worst of %+v", c)
			}
		}
		r.Shuffle(len(mirrored), func(i, j int) { mirrored[i], mirrored[j] = mirrored[j], mirrored[i] })
		m, err := weighing.Calibrate(mirrored)
		if err != nil || math.Abs(m.CountsPerGram+c.CountsPerGram) > 1e-6*perGram || math.Abs(m.WorstG-c.WorstG) > 1e-6 {
			t.Fatalf("%+v mirrored %+v, %v", c, m, err)
		}
	}
}
