package weighing_test

import (
	"testing"

	"foodmassd/internal/weighing"
)

func TestDoubtfulCountsAreBelievedNearTheLastOnesOrWhenTheyStay(t *testing.T) {
	const far = 84_000
	for name, tc := range map[string]struct {
		counts []int32
		want   bool // of the last one
	}{
		"anything else":             {[]int32{far, -far}, true},
		"zero from nowhere":         {[]int32{far, 0}, false},
		"ones from nowhere":         {[]int32{far, -1}, false},
		"the top from nowhere":      {[]int32{far, weighing.SaturatedHigh}, false},
		"the bottom from nowhere":   {[]int32{far, weighing.SaturatedLow}, false},
		"zero at first":             {[]int32{0}, false},
		"zero twice":                {[]int32{far, 0, 0}, false},
		"zero that stays":           {[]int32{far, 0, 0, 0, 0}, true},
		"zero, interrupted":         {[]int32{far, 0, 0, far, 0, 0}, false},
		"zeros and ones":            {[]int32{far, 0, -1, 0, -1, 0, -1}, false},
		"zero near zero":            {[]int32{300, 0}, true},
		"ones near zero":            {[]int32{-300, -1}, true},
		"the top near the top":      {[]int32{weighing.SaturatedHigh - 300, weighing.SaturatedHigh}, true},
		"once it was believed":      {[]int32{far, 0, 0, 0, 0, 0}, true},
		"no longer, after a change": {[]int32{far, 0, 0, 0, 0, far, 0}, false},
		"a glitch is nothing near":  {[]int32{far, 0, -1}, false},
	} {
		var d weighing.Doubt
		var got bool
		for _, counts := range tc.counts {
			got = d.Believe(counts)
		}
		if got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
