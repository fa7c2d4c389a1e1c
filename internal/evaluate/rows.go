package evaluate

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// columns of the CSV: first what people compare, then what the mass model was given, from which
// models/train/mass.py fits it.
var columns = []string{
	"image", "portion", "group", "view", "truth_key", "truth_g", "truth_cm3",
	"iou", "key", "estimated_g", "low_g", "high_g", "confidence",
	"score", "classes", "top_view", "width_mm", "height_mm", "area_mm2", "scale_sd", "cut",
}

// WriteCSV writes one line per labelled food and per extra detection. Columns that do not apply are
// empty: the estimate of a food that was missed, the truth of an extra detection.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, row := range r.Rows {
		if err := out.Write(row.fields()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (row Row) fields() []string {
	v := map[string]string{"image": row.Photo.Name, "portion": row.Photo.Portion, "view": row.Photo.View}
	if t := row.Truth; t != nil {
		v["group"], v["truth_key"], v["truth_g"], v["truth_cm3"] = t.Group, t.Key, number(t.MassG), number(t.VolumeCM3)
	}
	if f := row.Found; f != nil {
		v["iou"], v["key"], v["estimated_g"] = number(row.IoU), f.FoodKey, number(f.EstimatedMassG)
		v["low_g"], v["high_g"], v["confidence"] = number(f.MassIntervalG[0]), number(f.MassIntervalG[1]), number(f.Confidence)
	}
	if m := row.Measured; m != nil {
		var classes []string
		for _, c := range m.Seen.Classes {
			classes = append(classes, fmt.Sprintf("%s:%.4f", c.Key, c.Probability))
		}
		v["score"], v["classes"] = number(m.Seen.Score), strings.Join(classes, " ")
		v["top_view"], v["cut"] = number(m.Seen.TopView), strconv.FormatBool(m.Cut)
		if m.Measures != nil {
			v["width_mm"], v["height_mm"] = number(m.Measures.WidthMM), number(m.Measures.HeightMM)
			v["area_mm2"], v["scale_sd"] = number(m.Measures.AreaMM2), number(m.Scale.RelSD)
		}
	}
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = v[c]
	}
	return fields
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
