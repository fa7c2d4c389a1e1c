package weighing

// Counts at which a converter of 24 bits saturates: 0x800000 and 0x7FFFFF in two's complement (HX711
// datasheet, section "Output Data Rate and Format").
const (
	SaturatedLow  int32 = -1 << 23
	SaturatedHigh int32 = 1<<23 - 1
)

const (
	nearCounts = 1000 // less than 0.02 % of full scale, yet several times a load cell's noise
	repeats    = 4    // of one code; with 5 % glitches of three codes, all are glitches once in four million
)

// Doubt holds back what a disturbed read brings without an error: zeros, ones and the codes of
// saturation. The zero value is ready; it is for one converter.
type Doubt struct {
	believed int32 // the last counts that were
	any      bool  // there are such
	last     int32
	seen     int // how often in a row last came
}

// Believe tells whether counts are true. Doubtful ones are when the ones before them were about the same,
// or when they come several times in a row.
func (d *Doubt) Believe(counts int32) bool {
	if counts != d.last {
		d.last, d.seen = counts, 0
	}
	d.seen++
	if doubtful(counts) && !d.near(counts) && d.seen < repeats {
		return false
	}
	d.believed, d.any = counts, true
	return true
}

func (d *Doubt) near(counts int32) bool {
	return d.any && max(counts-d.believed, d.believed-counts) <= nearCounts
}

func doubtful(counts int32) bool { return counts == 0 || counts == -1 || IsSaturated(counts) }

// IsSaturated tells whether counts are the end of the converter's range.
func IsSaturated(counts int32) bool { return counts == SaturatedLow || counts == SaturatedHigh }
