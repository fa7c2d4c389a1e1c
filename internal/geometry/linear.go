package geometry

import "math"

// solve solves n equations by elimination with pivoting: m holds them row by row, n coefficients and the
// right side each. ok is false when they do not determine x. m is used up.
func solve(m []float64, n int) (x [8]float64, ok bool) {
	row := func(i int) []float64 { return m[i*(n+1) : (i+1)*(n+1)] }
	for col := range n {
		pivot := col
		for r := col + 1; r < n; r++ {
			if math.Abs(row(r)[col]) > math.Abs(row(pivot)[col]) {
				pivot = r
			}
		}
		a, b := row(col), row(pivot)
		for j := range a {
			a[j], b[j] = b[j], a[j]
		}
		if !(math.Abs(a[col]) >= 1e-12) {
			return x, false
		}
		for r := range n {
			b := row(r)
			if f := b[col] / a[col]; r != col {
				for j := col; j <= n; j++ {
					b[j] -= f * a[j]
				}
			}
		}
	}
	for i := range n {
		x[i] = row(i)[n] / row(i)[i]
	}
	return x, true
}
