package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"foodmassd/internal/card"
)

var cardCommand = &command{
	name:    "reference-card",
	purpose: "make a card to print and lay beside the food, as a scale for every photo",
	usage: `[--size-mm MM] [--format svg|pdf] [--output FILE]

Writes a sheet with a QR code that tells its own size, and a ruler to check the printout. Print it at
100 %, without fitting to the page. The words are English in the PDF, English and Korean in the SVG.

Examples:
  foodmassd reference-card --output card.pdf
  foodmassd reference-card --size-mm 60 > card.svg`,
	run: runCard,
}

func runCard(_ context.Context, c *command, args []string) error {
	f := c.flags()
	side := f.Float64("size-mm", 40, fmt.Sprintf("side of the code square in mm, %d to %d", card.MinSideMM, card.MaxSideMM))
	format := f.String("format", "", "svg or pdf (default: as the file's name ends, else svg)")
	output := f.String("output", "", "`FILE` to write instead of standard output")
	if err := c.parseOptions(f, args); err != nil {
		return err
	}
	if *format == "" {
		*format = "svg"
		if strings.EqualFold(filepath.Ext(*output), ".pdf") {
			*format = "pdf"
		}
	}
	write, known := map[string]func(io.Writer, float64) error{"svg": card.WriteSVG, "pdf": card.WritePDF}[*format]
	switch {
	case !known:
		return c.usageError("--format must be svg or pdf")
	case !card.ValidSide(*side):
		return c.usageError("--size-mm must be from %d to %d", card.MinSideMM, card.MaxSideMM)
	}
	var sheet bytes.Buffer
	if err := write(&sheet, *side); err != nil {
		return fmt.Errorf("make reference card: %w", err)
	}
	if *output == "" {
		_, err := os.Stdout.Write(sheet.Bytes())
		return err
	}
	if err := os.WriteFile(*output, sheet.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write reference card: %w", err)
	}
	return nil
}
