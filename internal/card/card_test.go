package card

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestTextAndParseAreInverse(t *testing.T) {
	for mm, want := range map[float64]string{40: "FM1:40.0", 15: "FM1:15.0", 200: "FM1:200.0", 62.5: "FM1:62.5"} {
		if got := Text(mm); got != want {
			t.Errorf("Text(%g) = %q", mm, got)
		}
		if got, ok := Parse(want); !ok || got != mm {
			t.Errorf("Parse(%q) = %g, %v", want, got, ok)
		}
	}
}

func TestParseRefusesEveryOtherText(t *testing.T) {
	for _, text := range []string{"", "FM1:", "FM1:40", "FM1:40.00", "FM1: 40.0", "FM1:+40.0", "FM1:4e1", "fm1:40.0", "FM2:40.0",
		"FM1:14.9", "FM1:200.1", "FM1:NaN", "FM1:-40.0", "FM1:040.0", "https://example.org"} {
		if mm, ok := Parse(text); ok {
			t.Errorf("%q is taken for %g mm", text, mm)
		}
	}
}

// squares returns every black rectangle of a sheet as written, in mm.
func squares(t *testing.T, svg string) (all []rect) {
	t.Helper()
	code := svg[strings.Index(svg, "<g shape"):strings.Index(svg, "</g>")]
	for _, m := range regexp.MustCompile(`<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/>`).FindAllStringSubmatch(code, -1) {
		var v [4]float64
		for i := range v {
			v[i], _ = strconv.ParseFloat(m[i+1], 64)
		}
		all = append(all, rect{v[0], v[1], v[2], v[3]})
	}
	return all
}

func TestThePrintedCodeIsAsLargeAsItSays(t *testing.T) {
	for _, side := range []float64{15, 40, 62.5, 137.5, 200} {
		var svg, pdf bytes.Buffer
		if err := WriteSVG(&svg, side); err != nil {
			t.Fatal(err)
		}
		if err := WritePDF(&pdf, side); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) {
			t.Errorf("%g mm: no PDF", side)
		}
		lo, hi := rect{x: math.Inf(1), y: math.Inf(1)}, rect{}
		for _, r := range squares(t, svg.String()) {
			lo.x, lo.y = math.Min(lo.x, r.x), math.Min(lo.y, r.y)
			hi.x, hi.y = math.Max(hi.x, r.x+r.w), math.Max(hi.y, r.y+r.h)
		}
		if math.Abs(hi.x-lo.x-side) > 0.001 || math.Abs(hi.y-lo.y-side) > 0.001 {
			t.Errorf("%g mm: the code measures %.4f × %.4f", side, hi.x-lo.x, hi.y-lo.y)
		}
		var width, height float64
		head := svg.String()[strings.Index(svg.String(), "width="):]
		if n, err := fmt.Sscanf(head, `width="%gmm" height="%gmm"`, &width, &height); n != 2 {
			t.Fatal(err)
		}
		quiet := 4 * side / Modules
		if lo.x < quiet || hi.x > width-quiet || lo.y < quiet {
			t.Errorf("%g mm: no quiet zone on a sheet of %g mm", side, width)
		}
		for d, token := xml.NewDecoder(&svg), xml.Token(nil); ; {
			var err error
			if token, err = d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("after %v: %v", token, err)
			}
		}
	}
}

func TestTheSheetTellsBothLanguagesToMeasureTheRuler(t *testing.T) {
	var svg bytes.Buffer
	if err := WriteSVG(&svg, 40); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FM1:40.0", "100 mm long", "인쇄", "M55 "} { // the ruler begins 50 mm left of the middle
		if !strings.Contains(svg.String(), want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestASideOutOfRangeIsRefused(t *testing.T) {
	for _, side := range []float64{14.9, 200.1, 0, -40, math.NaN(), math.Inf(1)} {
		if err := WriteSVG(io.Discard, side); err == nil || !strings.Contains(err.Error(), "from 15 to 200") {
			t.Errorf("%g mm: %v", side, err)
		}
		if err := WritePDF(io.Discard, side); err == nil {
			t.Errorf("%g mm: a PDF", side)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"FM1:40.0", "FM1:200.0", "FM1:", "FM1:1e9", "FM1:0x1p5", "FM1:4_0.0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if mm, ok := Parse(text); ok && (!ValidSide(mm) || Text(mm) != text) {
			t.Errorf("%q is taken for %g mm", text, mm)
		}
	})
}
