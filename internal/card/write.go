package card

import (
	"bufio"
	"fmt"
	"io"

	"github.com/go-pdf/fpdf"
)

// Widths and greys of what is drawn beside the code.
const (
	rulerLineMM = 0.2
	cutLineMM   = 0.1
	cutGrey     = 170
)

// WriteSVG writes the sheet for a code square of sideMM as SVG in true size, with words in English and
// Korean. It fails for a side out of range and where w does.
func WriteSVG(w io.Writer, sideMM float64) error {
	s, err := newSheet(sideMM)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]gmm" height="%[2]gmm" viewBox="0 0 %[1]g %[2]g">
<title>%[3]s</title>
<rect width="100%%" height="100%%" fill="#fff"/>
<g shape-rendering="crispEdges">
`, s.widthMM, s.highMM, s.title)
	for _, r := range s.black {
		fmt.Fprintf(out, "<rect x=\"%.4f\" y=\"%.4f\" width=\"%.4f\" height=\"%.4f\"/>\n", r.x, r.y, r.w, r.h)
	}
	fmt.Fprintf(out, "</g>\n<rect x=\"%.4f\" y=\"%.4f\" width=\"%.4f\" height=\"%.4f\" fill=\"none\" stroke=\"rgb(%[5]d,%[5]d,%[5]d)\" stroke-width=\"%[6]g\"/>\n",
		s.cut.x, s.cut.y, s.cut.w, s.cut.h, cutGrey, cutLineMM)
	for _, l := range s.lines {
		fmt.Fprintf(out, "<path d=\"M%g %gL%g %g\" stroke=\"#000\" stroke-width=\"%g\"/>\n", l.x1, l.y1, l.x2, l.y2, rulerLineMM)
	}
	fmt.Fprintln(out, `<g font-family="sans-serif" text-anchor="middle">`)
	for _, t := range s.texts {
		fmt.Fprintf(out, "<text x=\"%g\" y=\"%g\" font-size=\"%g\">%s</text>\n", t.x, t.y, t.sizeMM, t.english)
		if t.korean != "" && t.korean != t.english {
			fmt.Fprintf(out, "<text x=\"%g\" y=\"%g\" font-size=\"%g\" lang=\"ko\">%s</text>\n", t.x, t.y+1.5*t.sizeMM, t.sizeMM, t.korean)
		}
	}
	fmt.Fprintln(out, "</g>\n</svg>")
	return out.Flush()
}

// pointsPerMM turns the height of letters into points.
const pointsPerMM = 72 / 25.4

// WritePDF writes the same sheet as PDF, with words in English. Errors are those of WriteSVG.
func WritePDF(w io.Writer, sideMM float64) error {
	s, err := newSheet(sideMM)
	if err != nil {
		return err
	}
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: s.widthMM, Ht: s.highMM}})
	pdf.SetTitle(s.title, false)
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddPage()
	for _, r := range s.black {
		pdf.Rect(r.x, r.y, r.w, r.h, "F")
	}
	pdf.SetLineWidth(rulerLineMM)
	for _, l := range s.lines {
		pdf.Line(l.x1, l.y1, l.x2, l.y2)
	}
	for _, t := range s.texts {
		pdf.SetFont("Helvetica", "", t.sizeMM*pointsPerMM)
		pdf.Text(t.x-pdf.GetStringWidth(t.english)/2, t.y, t.english)
	}
	pdf.SetLineWidth(cutLineMM)
	pdf.SetDrawColor(cutGrey, cutGrey, cutGrey)
	pdf.Rect(s.cut.x, s.cut.y, s.cut.w, s.cut.h, "D")
	return pdf.Output(w)
}
