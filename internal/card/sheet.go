package card

// rect is a filled rectangle, line a stroke, in mm from the sheet's upper left corner.
type (
	rect struct{ x, y, w, h float64 }
	line struct{ x1, y1, x2, y2 float64 }
)

// text is a line of words, centred at x with its baseline at y. The PDF's built-in fonts have no Hangul,
// and a font file is not shipped: korean stands in the SVG only.
type text struct {
	x, y, sizeMM    float64
	english, korean string
}

// sheet is what is printed.
type sheet struct {
	title           string
	widthMM, highMM float64
	black           []rect
	cut             rect // to cut along: the code with its quiet zone
	lines           []line
	texts           []text
}

// Paper is A4, or A3 for codes that do not fit; all in mm.
const (
	a4Width, a4Height = 210, 297
	a3Width, a3Height = 297, 420
	marginMM          = 10 // that common printers leave white
	rulerMM           = 100
)

func newSheet(sideMM float64) (*sheet, error) {
	code, sideMM, err := encode(sideMM)
	if err != nil {
		return nil, err
	}
	s := &sheet{title: Text(sideMM), widthMM: a4Width, highMM: a4Height}
	module := sideMM / Modules
	whole := sideMM + 2*quietModules*module
	if whole+2*marginMM > a4Width {
		s.widthMM, s.highMM = a3Width, a3Height
	}
	s.cut = rect{(s.widthMM - whole) / 2, marginMM, whole, whole}
	left, top := s.cut.x+quietModules*module, s.cut.y+quietModules*module
	for y := range Modules {
		for x := 0; x < Modules; {
			run := x
			for run < Modules && code.Black(run, y) {
				run++
			}
			if run > x { // one rectangle per run: seams between cells would show
				s.black = append(s.black, rect{left + float64(x)*module, top + float64(y)*module, float64(run-x) * module, module})
			}
			x = max(run, x+1)
		}
	}
	middle, below := s.widthMM/2, s.cut.y+whole
	s.texts = []text{
		{middle, below + 7, 4, s.title, s.title},
		{middle, below + 32, 4, "Print at 100 % (no fitting to the page) and measure the ruler: it must be 100 mm long.",
			"100 % 크기로(용지에 맞춤 없이) 인쇄하고 자의 길이가 100 mm인지 재어 보세요."},
		{middle, below + 46, 4, "Cut along the frame, keep the white margin, and lay the card flat beside the food.",
			"테두리를 따라 흰 여백까지 남겨 자른 뒤 음식 옆에 평평하게 놓으세요."},
	}
	s.ruler(middle-rulerMM/2, below+14)
	return s, nil
}

// ruler adds rulerMM of scale with a long tick each centimetre and a short one each half.
func (s *sheet) ruler(x, y float64) {
	s.lines = append(s.lines, line{x, y, x + rulerMM, y})
	for mm := 0.0; mm <= rulerMM; mm += 5 {
		tick := 2.5
		if int(mm)%10 == 0 {
			tick = 5
		}
		s.lines = append(s.lines, line{x + mm, y, x + mm, y + tick})
	}
	s.texts = append(s.texts, text{x, y + 9, 3, "0", ""}, text{x + rulerMM, y + 9, 3, "100 mm", ""})
}
