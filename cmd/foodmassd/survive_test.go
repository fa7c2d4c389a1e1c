package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"foodmassd/internal/apitest"
)

// A few photos with results of their own, known from an undisturbed run.
func platesWithResults(t *testing.T, d *apitest.Daemon) (photos [][]byte, want []map[string]float64) {
	t.Helper()
	for seed := range uint64(4) {
		photo := apitest.JPEG(apitest.Plate(816, 612, seed))
		a, err := apitest.Upload(d.URL, "plate.jpg", photo)
		if err != nil || a.Status != 200 {
			t.Fatalf("upload: %v %+v", err, a)
		}
		photos, want = append(photos, photo), append(want, completed(t, d, a.Data.TaskID))
		if want[seed]["total"] == 0 {
			t.Fatalf("nothing was found on the rendered plate %d", seed)
		}
	}
	return photos, want
}

// completed follows a task to its end, holds the messages to the contract and returns its grams.
func completed(t *testing.T, d *apitest.Daemon, id string) map[string]float64 {
	t.Helper()
	messages, closeCode, err := apitest.Follow(d.URL, id)
	if err != nil {
		t.Fatalf("task %s: %v", id, err)
	}
	progress := 0.0
	for i, m := range messages {
		if m.TaskID != id || m.Terminal() != (i == len(messages)-1) {
			t.Fatalf("task %s, message %d of %d: %+v", id, i, len(messages), m)
		}
		if m.Data.Progress < progress || !m.Terminal() && m.Data.Progress >= 1 {
			t.Errorf("task %s: progress %v after %v", id, m.Data.Progress, progress)
		}
		progress = m.Data.Progress
	}
	last := messages[len(messages)-1]
	if last.Type != "task.completed" || last.Data.Progress != 1 || closeCode != 1000 {
		t.Fatalf("task %s ended with %+v, close code %d", id, last, closeCode)
	}
	return grams(parseResult(t, last.Data.Result))
}

// uploadBursts sends bursts of 20 and calls disturb in the middle of some. Uploads that are refused or
// cut off promise nothing; those answered with 200 are returned with the photo they sent.
func uploadBursts(t *testing.T, url func() string, photos [][]byte, bursts int, disturb func(burst int)) map[string]int {
	t.Helper()
	acknowledged := map[string]int{}
	var mu sync.Mutex
	for burst := range bursts {
		var uploads sync.WaitGroup
		for i := range 20 {
			uploads.Go(func() {
				n := (burst*20 + i) % len(photos)
				a, err := apitest.Upload(url(), fmt.Sprintf("%d-%d.jpg", burst, i), photos[n])
				if err != nil || a.Status != 200 {
					return
				}
				mu.Lock()
				acknowledged[a.Data.TaskID] = n
				mu.Unlock()
			})
		}
		disturb(burst)
		uploads.Wait()
	}
	return acknowledged
}

func TestEveryAcknowledgedPhotoIsAnsweredThoughTheDaemonIsKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	// A queue that holds all: what is refused would prove nothing.
	queue := []string{"--config", write(t, "c.yaml", []byte("limits: {queue: 400}\n"))}
	d := startDaemon(t, "127.0.0.1:0", dir, queue...)
	photos, want := platesWithResults(t, d)
	listen := d.URL[len("http://"):]
	url := d.URL
	kills := 0
	acknowledged := uploadBursts(t, func() string { return url }, photos, 10, func(burst int) {
		if burst%3 != 2 {
			return
		}
		time.Sleep(time.Duration(4*burst) * time.Millisecond) // early, in the middle and late in the burst
		d.Kill()
		d = startDaemon(t, listen, dir, queue...)
		kills++
	})
	if kills < 3 || len(acknowledged) < 100 {
		t.Fatalf("only %d kills and %d acknowledged photos", kills, len(acknowledged))
	}
	checkAll(t, d, acknowledged, want)
	t.Logf("%d photos acknowledged, %d kills of the daemon: all completed with the grams of an undisturbed run", len(acknowledged), kills)
	if code := d.Stop(); code != 0 {
		t.Errorf("SIGTERM: exit %d", code)
	}
}

func TestEveryAcknowledgedPhotoIsAnsweredThoughTheWorkerIsKilled(t *testing.T) {
	d := startDaemon(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"), "--config", write(t, "c.yaml", []byte("limits: {queue: 400}\n")))
	photos, want := platesWithResults(t, d)
	done := make(chan struct{})
	var kills int
	var killer sync.WaitGroup
	killer.Go(func() { kills = killWorkers(t, d, done) })
	acknowledged := uploadBursts(t, func() string { return d.URL }, photos, 10, func(int) {})
	if len(acknowledged) != 200 {
		t.Errorf("%d of 200 photos acknowledged", len(acknowledged))
	}
	checkAll(t, d, acknowledged, want)
	close(done)
	killer.Wait()
	if kills < 10 {
		t.Fatalf("only %d kills", kills)
	}
	t.Logf("200 photos, %d kills of the worker: all completed with the grams of an undisturbed run", kills)
}

// killWorkers kills the worker again and again, each time after two more photos were completed, so
// that none is hit twice: every photo has two attempts.
func killWorkers(t *testing.T, d *apitest.Daemon, done <-chan struct{}) (kills int) {
	next := metric(t, d, "foodmassd_tasks_completed_total") + 1
	for {
		select {
		case <-done:
			return kills
		case <-time.After(10 * time.Millisecond):
		}
		if metric(t, d, "foodmassd_tasks_completed_total") < next || metric(t, d, "foodmassd_queue_running") == 0 {
			continue
		}
		if pid := d.WorkerPID(); pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
			kills++
			next = metric(t, d, "foodmassd_tasks_completed_total") + 2
		}
	}
}

func metric(t *testing.T, d *apitest.Daemon, name string) (value float64) {
	t.Helper()
	_, after, _ := strings.Cut(get(t, d.URL+"/metrics"), "\n"+name+" ")
	if _, err := fmt.Sscan(after, &value); err != nil {
		t.Errorf("metric %s: %v", name, err)
	}
	return value
}

func checkAll(t *testing.T, d *apitest.Daemon, acknowledged map[string]int, want []map[string]float64) {
	t.Helper()
	for id, photo := range acknowledged {
		if got := completed(t, d, id); !maps.Equal(got, want[photo]) {
			t.Errorf("task %s: got %v, undisturbed %v", id, got, want[photo])
		}
	}
}
