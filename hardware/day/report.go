package day

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Run is one day's name and result.
type Run struct {
	Name string
	Result
}

// Print writes the runs as a table, a run a column.
func Print(w io.Writer, runs ...Run) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(what string, of func(Result) string) {
		fmt.Fprint(table, what)
		for _, r := range runs {
			fmt.Fprint(table, "\t", of(r.Result))
		}
		fmt.Fprintln(table)
	}
	fmt.Fprint(table, " ")
	for _, r := range runs {
		fmt.Fprint(table, "\t", r.Name)
	}
	fmt.Fprintln(table)
	row("stable readings", func(r Result) string { return fmt.Sprint(r.Readings) })
	row("error, 99 % / worst", func(r Result) string { return fmt.Sprintf("%.2f / %.2f g", r.P99G, r.WorstG) })
	row("worst of what is allowed", func(r Result) string { return fmt.Sprintf("%.0f %%", 100*r.Worst) })
	row("false settles", func(r Result) string { return fmt.Sprint(r.False) })
	row("loads at rest for 2 s / never weighed", func(r Result) string { return fmt.Sprintf("%d / %d", r.Rests, r.Missed) })
	row("rest to reading, p50 / p99 / max", func(r Result) string { return times(r.Settle) })
	row("… with a late host or a reset chip", func(r Result) string { return times(r.Late) })
	row("outages / noticed / recovered", func(r Result) string {
		return fmt.Sprintf("%d / %d / %d", r.Outages, len(r.Noticed), len(r.Regained))
	})
	row("plug off to unplugged, max", func(r Result) string { return seconds(r.Noticed.At(1)) })
	row("plug back and load at rest to reading, max", func(r Result) string { return seconds(r.Regained.At(1)) })
	return table.Flush()
}

func times(t Times) string {
	return fmt.Sprintf("%s / %s / %s", seconds(t.At(0.5)), seconds(t.At(0.99)), seconds(t.At(1)))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
