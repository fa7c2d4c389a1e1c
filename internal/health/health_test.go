package health

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Code, w.Body.String()
}

func TestReadyNeedsBothStartUpAndNoFailedPart(t *testing.T) {
	var r Registry
	worker := OK
	r.Register("store", func() (State, string) { return OK, "" })
	r.Register("vision worker", func() (State, string) { return worker, "" })
	check := func(when string, healthz, readyz int) {
		t.Helper()
		if code, body := get(t, r.Healthz()); code != healthz {
			t.Errorf("%s: healthz %d %s", when, code, body)
		}
		if code, body := get(t, r.Readyz()); code != readyz {
			t.Errorf("%s: readyz %d %s", when, code, body)
		}
	}
	check("starting", 200, 503)
	r.SetReady(true)
	check("started", 200, 200)
	worker = Degraded
	check("worker restarting", 200, 200)
	worker = Failed
	check("worker failed", 503, 503)
	worker = OK
	check("worker back", 200, 200)
	r.SetReady(false)
	check("shutting down", 200, 503)
}

func TestHealthzNamesThePartItsDetailAndSinceWhen(t *testing.T) {
	var r Registry
	detail := "91 % full; lower storage.images_max_size"
	r.Register("disk", func() (State, string) { return Degraded, detail })
	_, body := get(t, r.Healthz())
	var first, second report
	if err := json.Unmarshal([]byte(body), &first); err != nil {
		t.Fatal(err)
	}
	p := first.Parts["disk"]
	if first.Status != Degraded || p.Detail == "" || p.Since.IsZero() {
		t.Errorf("got %s", body)
	}
	detail = "92 % full"
	_, body = get(t, r.Healthz())
	if err := json.Unmarshal([]byte(body), &second); err != nil {
		t.Fatal(err)
	}
	if !second.Parts["disk"].Since.Equal(p.Since) || second.Parts["disk"].Detail != "92 % full" {
		t.Errorf("since must stay while the state stays: %s", body)
	}
}

func TestMetricsAreReadAtEachScrape(t *testing.T) {
	m := NewMetrics("1.2.3")
	waiting := 3.0
	m.Gauge("queue_waiting", "Tasks waiting.", func() float64 { return waiting })
	m.Counter("tasks_total", "Tasks.", func() float64 { return 9 })
	m.Stage("detect", 250)
	_, first := get(t, m.Handler())
	waiting = 4
	_, second := get(t, m.Handler())
	for _, want := range []string{
		`foodmassd_build_info{version="1.2.3"} 1`, "foodmassd_tasks_total 9", "foodmassd_queue_waiting 3",
		`foodmassd_stage_seconds_bucket{stage="detect",le="0.256"} 1`, "process_resident_memory_bytes",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("missing %q", want)
		}
	}
	if !strings.Contains(second, "foodmassd_queue_waiting 4") {
		t.Error("the gauge was not read again")
	}
}
