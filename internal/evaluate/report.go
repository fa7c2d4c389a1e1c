package evaluate

import (
	"fmt"
	"io"
	"math"
	"sort"
	"text/tabwriter"

	"foodmassd/internal/estimate"
)

// Report holds what was found; its methods write it.
type Report struct {
	Rows []Row
	// Portions are all weighed foods of the data set, for the baseline.
	Portions []Truth
	// Images were analysed, Failed could not be.
	Images, Failed int
	// Totals are those of the photos that were weighed.
	Totals []Total
}

// Total is what a photo's foods weigh together in truth and by the program, in grams, and whether it used
// the load cell's reading.
type Total struct {
	TruthG, EstimatedG float64
	Used               bool
}

// Figures are the errors over some foods. Shares are in [0,1]; NaN where nothing was found.
type Figures struct {
	Foods, Portions int
	// Found is the share of foods detected, ClassRight that of found foods rightly named.
	Found, ClassRight float64
	// MAPE is the mean of |estimate/truth − 1| over photos; PortionMAPE over portions, HalfWidth its
	// 95 % confidence interval.
	MAPE, PortionMAPE, HalfWidth float64
	MAEG                         float64
	Within20                     float64
	// Covered is how often the 90 % interval holds the truth.
	Covered float64
	// Baseline is the MAPE of telling the median of the true class, from other physical items.
	Baseline float64
}

// Figures computes the errors over the labelled foods that keep selects.
func (r *Report) Figures(keep func(Row) bool) Figures {
	var f Figures
	var found float64
	perPortion := map[string][]float64{}
	for _, row := range r.Rows {
		if row.Truth == nil || !keep(row) {
			continue
		}
		f.Foods++
		f.Baseline += math.Abs(r.baseline(*row.Truth)/row.Truth.MassG - 1)
		if row.Found == nil {
			continue
		}
		found++
		truth, got := row.Truth.MassG, row.Found
		relative := math.Abs(got.EstimatedMassG/truth - 1)
		f.MAPE += relative
		f.MAEG += math.Abs(got.EstimatedMassG - truth)
		f.ClassRight += share(got.FoodKey == row.Truth.Key)
		f.Within20 += share(relative <= 0.2)
		f.Covered += share(got.MassIntervalG[0] <= truth && truth <= got.MassIntervalG[1])
		id := row.Photo.Portion + "/" + row.Truth.Key
		perPortion[id] = append(perPortion[id], relative)
	}
	f.Found, f.Baseline = found/float64(f.Foods), f.Baseline/float64(f.Foods)
	for _, sum := range []*float64{&f.MAPE, &f.MAEG, &f.ClassRight, &f.Within20, &f.Covered} {
		*sum /= found
	}
	var means []float64
	for _, errors := range perPortion {
		m, _ := meanSD(errors)
		means = append(means, m)
	}
	sort.Float64s(means) // a sum in fixed order prints the same figures every time
	f.Portions = len(means)
	mean, sd := meanSD(means)
	f.PortionMAPE, f.HalfWidth = mean, 1.96*sd/math.Sqrt(float64(len(means)))
	return f
}

func share(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func meanSD(x []float64) (mean, sd float64) {
	var sum, square float64
	for _, v := range x {
		sum += v
	}
	mean = sum / float64(len(x))
	for _, v := range x {
		square += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(square / math.Max(1, float64(len(x)-1)))
}

// baseline is the median mass of the class over the portions that share no item with this one; the
// portion's own mass does not help, except where there is no other.
func (r *Report) baseline(t Truth) float64 {
	var masses []float64
	for _, p := range r.Portions {
		if p.Key == t.Key && p.Group != t.Group {
			masses = append(masses, p.MassG)
		}
	}
	if len(masses) == 0 {
		return t.MassG
	}
	sort.Float64s(masses)
	n := len(masses)
	return (masses[(n-1)/2] + masses[n/2]) / 2
}

// WriteText writes the tables for people.
func (r *Report) WriteText(w io.Writer) {
	extras := map[string]int{}
	images := map[string]map[string]bool{"top": {}, "side": {}}
	keysSeen := map[string]bool{}
	for _, row := range r.Rows {
		if row.Truth == nil {
			extras[row.Photo.View]++
		} else {
			keysSeen[row.Truth.Key] = true
		}
		if m := images[row.Photo.View]; m != nil {
			m[row.Photo.Name] = true
		}
	}
	fmt.Fprintf(w, "%d photos (%d top, %d side), %d failed. Errors over found foods; a food is found at IoU ≥ %g.\n\n",
		r.Images, len(images["top"]), len(images["side"]), r.Failed, matchIoU)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tfoods\tportions\tfound %\tclass %\tMAPE %\tby portion %\t±\tMAE g\t≤20 %\tcovered %\tclass median %\t")
	line := func(name string, keep func(Row) bool) {
		if f := r.Figures(keep); f.Foods > 0 {
			fmt.Fprintf(t, "%s\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", name, f.Foods, f.Portions,
				100*f.Found, 100*f.ClassRight, 100*f.MAPE, 100*f.PortionMAPE, 100*f.HalfWidth, f.MAEG, 100*f.Within20, 100*f.Covered, 100*f.Baseline)
		}
	}
	ofView := func(view string) func(Row) bool { return func(row Row) bool { return row.Photo.View == view } }
	line("top", ofView("top"))
	line("side", ofView("side"))
	line("any", func(Row) bool { return true })
	for _, key := range sortedKeys(keysSeen) {
		line(key, func(row Row) bool { return row.Truth.Key == key })
		for _, view := range []string{"top", "side"} {
			line(view+" "+key, func(row Row) bool { return row.Truth.Key == key && row.Photo.View == view })
		}
	}
	t.Flush()
	fmt.Fprintf(w, "\nextra detections per photo: %.3f (top %.3f, side %.3f)\n\n",
		float64(extras["top"]+extras["side"])/float64(max(1, r.Images)),
		float64(extras["top"])/float64(max(1, len(images["top"]))), float64(extras["side"])/float64(max(1, len(images["side"]))))
	r.writeCalibration(w)
	r.writeWeighed(w)
}

// writeWeighed tells how a known total is kept to and shared out.
func (r *Report) writeWeighed(w io.Writer) {
	if len(r.Totals) == 0 {
		return
	}
	var off, used float64
	for _, t := range r.Totals {
		if t.Used {
			used++
			off += math.Abs(t.EstimatedG/t.TruthG - 1)
		}
	}
	shared := r.Figures(func(row Row) bool {
		return len(row.Photo.Foods) > 1 && row.Found != nil && row.Found.VerificationMethod == estimate.ScaleVerification
	})
	fmt.Fprintf(w, "\nweighed: the reading used on %.0f of %d photos, the total there off by %.2f %%", used, len(r.Totals), 100*off/math.Max(1, used))
	if shared.Foods > 0 {
		fmt.Fprintf(w, "; %d foods on plates of several off by %.1f %% each", shared.Foods, 100*shared.MAPE)
	}
	fmt.Fprintln(w)
}

// confidenceBins are the lower bounds of the bins of the calibration table.
var confidenceBins = []float64{0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9}

// writeCalibration compares stated confidence with how often the mass was within 20 % of the truth;
// an extra detection counts as wrong.
func (r *Report) writeCalibration(w io.Writer) {
	n, stated, right := make([]int, len(confidenceBins)), make([]float64, len(confidenceBins)), make([]float64, len(confidenceBins))
	for _, row := range r.Rows {
		if row.Found == nil {
			continue
		}
		bin := sort.SearchFloat64s(confidenceBins, math.Nextafter(row.Found.Confidence, 2)) - 1
		n[bin]++
		stated[bin] += row.Found.Confidence
		right[bin] += share(row.Truth != nil && math.Abs(row.Found.EstimatedMassG/row.Truth.MassG-1) <= 0.2)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "confidence from\tdetections\tstated %\tright %\t")
	for i, from := range confidenceBins {
		if n[i] > 0 {
			fmt.Fprintf(t, "%.2f\t%d\t%.1f\t%.1f\t\n", from, n[i], 100*stated[i]/float64(n[i]), 100*right[i]/float64(n[i]))
		}
	}
	t.Flush()
}

func sortedKeys(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
