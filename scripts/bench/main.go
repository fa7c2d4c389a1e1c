// Command bench measures a running foodmassd from outside: time per stage, upload → 200 and upload →
// completed for a small and a large photo, memory after many photos, and start-up to ready. It starts
// bin/foodmassd itself, on a free port of this machine, with a data directory that it removes.
//
//	go run ./scripts/bench [-n 500] [-photo FILE]…
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"foodmassd/internal/apitest"
)

type photo struct {
	name string
	data []byte
}

func main() {
	program := flag.String("program", "bin/foodmassd", "the daemon to measure")
	each := flag.Int("each", 60, "photos of each kind for the times")
	total := flag.Int("n", 500, "photos before memory is read")
	var photos []photo
	flag.Func("photo", "measure with this `FILE` instead of the rendered photos; may be repeated", func(name string) error {
		data, err := os.ReadFile(name)
		photos = append(photos, photo{filepath.Base(name), data})
		return err
	})
	flag.Parse()
	if len(photos) == 0 {
		photos = []photo{
			{"816x612", apitest.JPEG(apitest.Plate(816, 612, 1))},
			{"4000x2252", apitest.WithOrientation(apitest.JPEG(apitest.Plate(4000, 2252, 1)), 1)},
		}
	}
	if err := run(*program, photos, *each, *total); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(program string, photos []photo, each, total int) error {
	dir, err := os.MkdirTemp("", "foodmassd-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := startUps(program, dir); err != nil {
		return err
	}
	d, err := apitest.Start(program, nil, "127.0.0.1:0", dir)
	if err != nil {
		return err
	}
	defer d.Kill()
	memory(d, "idle", 0)
	done := 0
	for _, p := range photos {
		if err := oneByOne(d, p, each); err != nil {
			return err
		}
		if err := besideAnalysis(d, p, each); err != nil {
			return err
		}
		done += 2 * each
	}
	for ; done < total; done++ {
		if _, err := estimate(d.URL, photos[done%len(photos)]); err != nil {
			return err
		}
	}
	memory(d, "after", done)
	return nil
}

// startUps measures start to ready, the first time with an empty data directory.
func startUps(program, dir string) error {
	var ms []float64
	for range 7 {
		d, err := apitest.Start(program, nil, "127.0.0.1:0", dir)
		if err != nil {
			return err
		}
		ms = append(ms, milliseconds(d.ReadyAfter))
		d.Stop()
	}
	fmt.Printf("start to ready         %s\n", spread(ms))
	return nil
}

type timing struct {
	accepted, completed float64 // ms since the upload began
	stages              map[string]float64
}

// estimate uploads a photo and waits on the WebSocket for its result.
func estimate(url string, p photo) (timing, error) {
	start := time.Now()
	a, err := apitest.Upload(url, p.name+".jpg", p.data)
	if err != nil {
		return timing{}, err
	}
	if a.Status != 200 {
		return timing{}, fmt.Errorf("upload of %s: %d %s", p.name, a.Status, a.Error)
	}
	t := timing{accepted: milliseconds(time.Since(start))}
	messages, _, err := apitest.Follow(url, a.Data.TaskID)
	if err != nil {
		return t, err
	}
	t.completed = milliseconds(time.Since(start))
	var result struct {
		TimingsMS map[string]float64 `json:"timings_ms"`
	}
	last := messages[len(messages)-1]
	if last.Type != "task.completed" {
		return t, fmt.Errorf("%s ended with %s: %s", p.name, last.Type, last.Data.Error)
	}
	err = json.Unmarshal(last.Data.Result, &result)
	t.stages = result.TimingsMS
	return t, err
}

func oneByOne(d *apitest.Daemon, p photo, n int) error {
	var accepted, completed []float64
	stages := map[string][]float64{}
	for range n {
		t, err := estimate(d.URL, p)
		if err != nil {
			return err
		}
		accepted, completed = append(accepted, t.accepted), append(completed, t.completed)
		for stage, ms := range t.stages {
			stages[stage] = append(stages[stage], ms)
		}
	}
	fmt.Printf("\n%s, %d kB, %d photos one by one\n", p.name, len(p.data)>>10, n)
	fmt.Printf("  upload → 200         %s\n  upload → completed   %s\n", spread(accepted), spread(completed))
	names := make([]string, 0, len(stages))
	for name := range stages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Printf("  stage %-14s %s\n", name, spread(stages[name]))
	}
	return nil
}

// besideAnalysis uploads while another photo is always at work.
func besideAnalysis(d *apitest.Daemon, p photo, n int) error {
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if _, err := estimate(d.URL, p); err != nil {
				stopped <- err
				return
			}
		}
	}()
	var accepted []float64
	for range n {
		start := time.Now()
		a, err := apitest.Upload(d.URL, p.name+".jpg", p.data)
		if err != nil {
			return err
		}
		if a.Status != 200 {
			return fmt.Errorf("upload beside an analysis: %d %s", a.Status, a.Error)
		}
		accepted = append(accepted, milliseconds(time.Since(start)))
		_, _, err = apitest.Follow(d.URL, a.Data.TaskID) // keep the queue short
		if err != nil {
			return err
		}
	}
	close(stop)
	fmt.Printf("  upload → 200 beside a running analysis  %s\n", spread(accepted))
	return <-stopped
}

func memory(d *apitest.Daemon, when string, n int) {
	daemon, worker := apitest.ResidentBytes(d.PID), apitest.ResidentBytes(d.WorkerPID())
	fmt.Printf("\nmemory %s %d photos: daemon %d MB, worker %d MB, together %d MB\n", when, n, daemon>>20, worker>>20, (daemon+worker)>>20)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func spread(ms []float64) string {
	slices.Sort(ms)
	at := func(p float64) float64 { return ms[min(int(p*float64(len(ms))), len(ms)-1)] }
	return strings.TrimSpace(fmt.Sprintf("p50 %6.1f ms   p99 %6.1f ms", at(0.5), at(0.99)))
}
