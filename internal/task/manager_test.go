package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

func TestTaskCompletesWithItsResultInStoreAndWatch(t *testing.T) {
	s := openStore(t, t.TempDir())
	m := start(t, &task.Manager{Store: s, Runner: succeed})
	x := submit(t, m, "a")
	got := last(follow(t, m, x.ID))
	if got.Status != task.Completed || got.Progress != 1 || string(got.Result) != `{"food_count":1}` || got.Message != "음식 분석이 완료되었습니다." {
		t.Errorf("ended as %+v", got)
	}
	stored, err := s.Load(t.Context(), x.ID)
	if err != nil || stored.Status != task.Completed || string(stored.Result) != string(got.Result) || stored.UpdatedAt != got.UpdatedAt {
		t.Errorf("stored as %+v, %v", stored, err)
	}
	stop(m)
	if st := m.Stats(); st.Accepted != 1 || st.Completed != 1 || st.Waiting+st.Running != 0 {
		t.Errorf("stats %+v", st)
	}
}

func TestHowAnalysesEnd(t *testing.T) {
	result := json.RawMessage(`{}`)
	for name, c := range map[string]struct {
		run      script
		code     fault.Code // "" completes
		attempts int
	}{
		"worker dies once": {func(_ context.Context, t task.Task, _ func(float64, string)) (json.RawMessage, string, error) {
			if t.Attempts == 1 {
				return nil, "", fmt.Errorf("analyse: %w", errWorker)
			}
			return result, "", nil
		}, "", 2},
		"worker dies every time": {func(context.Context, task.Task, func(float64, string)) (json.RawMessage, string, error) {
			return nil, "", errWorker
		}, fault.WorkerFailed, 2},
		"bad image": {func(context.Context, task.Task, func(float64, string)) (json.RawMessage, string, error) {
			return nil, "", fault.New(fault.Undecodable, "decode", nil)
		}, fault.Undecodable, 1},
		"error without a code": {func(context.Context, task.Task, func(float64, string)) (json.RawMessage, string, error) {
			return nil, "", errors.New("surprise")
		}, fault.Internal, 1},
		"panic": {func(context.Context, task.Task, func(float64, string)) (json.RawMessage, string, error) {
			panic("surprise")
		}, fault.Internal, 1},
		"hang": {func(ctx context.Context, _ task.Task, _ func(float64, string)) (json.RawMessage, string, error) {
			<-ctx.Done()
			return nil, "", fault.New(fault.WorkerFailed, "worker killed", ctx.Err())
		}, fault.DeadlineExceeded, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, t.TempDir())
			m := start(t, &task.Manager{Store: s, Runner: c.run, Deadline: 300 * time.Millisecond})
			x := submit(t, m, "a")
			got := last(follow(t, m, x.ID))
			if c.code != "" {
				wantFailed(t, got, c.code, c.attempts)
			} else if got.Status != task.Completed || got.Attempts != c.attempts {
				t.Errorf("ended as %+v", got)
			}
			if stored, err := s.Load(t.Context(), x.ID); err != nil || stored.Status != got.Status || stored.ErrorCode != c.code || stored.Attempts != c.attempts {
				t.Errorf("stored as %+v, %v", stored, err)
			}
		})
	}
}

func TestQueueIsBoundedAndPlacesComeBack(t *testing.T) {
	g := newGate()
	m := start(t, &task.Manager{Store: openStore(t, t.TempDir()), Runner: g, Capacity: 2})
	running := submit(t, m, "running")
	<-g.started
	submit(t, m, "waiting")
	uploading, err := m.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Reserve()
	wantCode(t, err, fault.QueueFull)
	if wait := m.RetryAfter(); wait < time.Second || wait%time.Second != 0 {
		t.Errorf("retry after %v", wait)
	}
	uploading.Release()
	uploading.Release()
	if uploading, err = m.Reserve(); err != nil {
		t.Fatal(err)
	}
	if _, err = m.Reserve(); err == nil {
		t.Error("a place released twice counts twice")
	}
	g.goOn <- struct{}{}
	follow(t, m, running.ID)
	<-g.started
	if _, err := m.Reserve(); err != nil {
		t.Errorf("after the queue moved: %v", err)
	}
}

func TestFirstInIsFirstOutAndEveryoneKnowsTheirPlace(t *testing.T) {
	g := newGate()
	m := start(t, &task.Manager{Store: openStore(t, t.TempDir()), Runner: g})
	submit(t, m, "0")
	<-g.started
	var tasks []task.Task
	for i := range 3 {
		tasks = append(tasks, submit(t, m, fmt.Sprint(i+1)))
	}
	for moved := range 3 {
		for i, x := range tasks {
			got, err := m.Get(t.Context(), x.ID)
			want := fmt.Sprintf("대기 중... (앞에 %d건)", i+1-moved)
			if err != nil || i >= moved && (got.Message != want || got.Status != task.Pending) {
				t.Errorf("task %d after %d: %+v, %v; want %s", i, moved, got, err, want)
			}
		}
		g.goOn <- struct{}{}
		if next := <-g.started; next.ID != tasks[moved].ID {
			t.Errorf("%s runs, want %s", next.Filename, tasks[moved].Filename)
		}
	}
}

func TestProgressNeverGoesBackAlsoAcrossAttempts(t *testing.T) {
	m := start(t, &task.Manager{Store: openStore(t, t.TempDir()), Workers: 2, Runner: script(
		func(_ context.Context, x task.Task, report func(float64, string)) (json.RawMessage, string, error) {
			for _, f := range []float64{0.1, 0.7, 0.3, -1, 5, 0.2} {
				report(f, "")
				time.Sleep(time.Millisecond)
			}
			if x.Attempts == 1 {
				return nil, "", errWorker
			}
			return json.RawMessage(`{}`), "끝", nil
		})})
	var watchers sync.WaitGroup
	for range 8 {
		x := submit(t, m, "a")
		for range 3 {
			watchers.Go(func() {
				seen := follow(t, m, x.ID)
				ends := 0
				for i, now := range seen {
					if i > 0 && now.Progress < seen[i-1].Progress {
						t.Errorf("progress went from %v to %v", seen[i-1].Progress, now.Progress)
					}
					if now.Status.Terminal() {
						ends++
					} else if now.Progress < 0 || now.Progress >= 1 {
						t.Errorf("progress %v of an open task", now.Progress)
					}
				}
				if end := last(seen); ends != 1 || end.Progress != 1 || end.Message != "끝" {
					t.Errorf("%d ends, %+v", ends, end)
				}
			})
		}
	}
	watchers.Wait()
}

func TestReportsAfterTheEndChangeNothing(t *testing.T) {
	reports := make(chan func(float64, string), 1)
	m := start(t, &task.Manager{Store: openStore(t, t.TempDir()), Runner: script(
		func(_ context.Context, _ task.Task, report func(float64, string)) (json.RawMessage, string, error) {
			reports <- report
			return json.RawMessage(`{}`), "끝", nil
		})})
	x := submit(t, m, "a")
	w, err := m.Watch(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	follow(t, m, x.ID)
	(<-reports)(0.1, "stale")
	if got := w.Current(); got.Message != "끝" || got.Progress != 1 {
		t.Errorf("after the end the task became %+v", got)
	}
}

func TestLateAndRepeatedWatchersGetTheEndAndStrangersAnError(t *testing.T) {
	s := openStore(t, t.TempDir())
	m := start(t, &task.Manager{Store: s, Runner: succeed})
	x := submit(t, m, "a")
	follow(t, m, x.ID)
	for range 2 {
		if seen := follow(t, m, x.ID); len(seen) != 1 || seen[0].Status != task.Completed {
			t.Errorf("late watcher saw %+v", seen)
		}
	}
	_, err := m.Watch(t.Context(), uuid.NewString())
	wantCode(t, err, fault.TaskNotFound)
	_, err = m.Get(t.Context(), "no id at all")
	wantCode(t, err, fault.TaskNotFound)
}

func TestWatcherThatNeverLooksDelaysNobody(t *testing.T) {
	m := start(t, &task.Manager{Store: openStore(t, t.TempDir()), Runner: succeed})
	first := submit(t, m, "a")
	asleep, err := m.Watch(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	follow(t, m, first.ID)
	follow(t, m, submit(t, m, "b").ID)
	asleep.Close()
	if got := asleep.Current(); got.Status != task.Completed {
		t.Errorf("when it wakes it sees %+v", got)
	}
}

func TestRestartResumesInOrderAndShutdownCostsNoAttempt(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	g := newGate()
	m := start(t, &task.Manager{Store: s, Runner: g})
	var want []string
	for i := range 4 {
		want = append(want, submit(t, m, fmt.Sprint(i)).ID)
	}
	<-g.started
	stop(m)
	_, err := m.Reserve()
	wantCode(t, err, fault.ShuttingDown)
	if x, err := s.Load(t.Context(), want[0]); err != nil || x.Attempts != 0 || x.Status != task.Pending {
		t.Errorf("interrupted task is stored as %+v, %v", x, err)
	}
	s.Close()

	g = newGate()
	m = start(t, &task.Manager{Store: openStore(t, dir), Runner: g, Capacity: 2}) // more is open than fits
	_, err = m.Reserve()
	wantCode(t, err, fault.QueueFull)
	close(g.goOn)
	var got []string
	for _, id := range want {
		got = append(got, (<-g.started).ID)
		if end := last(follow(t, m, id)); end.Status != task.Completed || end.Attempts != 1 {
			t.Errorf("resumed task ended as %+v", end)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("resumed in order %v, want %v", got, want)
	}
}

func TestCloseLetsRunningWorkEndAndStartsNoMore(t *testing.T) {
	s := openStore(t, t.TempDir())
	g := newGate()
	m := start(t, &task.Manager{Store: s, Runner: g})
	running := submit(t, m, "a")
	<-g.started
	waiting := submit(t, m, "b")
	slot, err := m.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	d, err := slot.NewDraft()
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- m.Close(context.Background()) }()
	for {
		if _, err := m.Reserve(); fault.CodeOf(err) == fault.ShuttingDown {
			break
		}
	}
	_, err = slot.Accept(t.Context(), d, task.Submission{Extension: "jpg"})
	wantCode(t, err, fault.ShuttingDown)
	d.Discard()
	g.goOn <- struct{}{}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if x, _ := s.Load(t.Context(), running.ID); x.Status != task.Completed {
		t.Errorf("running task is stored as %+v", x)
	}
	if x, _ := s.Load(t.Context(), waiting.ID); x.Status != task.Pending || x.Attempts != 0 {
		t.Errorf("waiting task is stored as %+v", x)
	}
}

// TestPhotoDuringWhichTheDaemonDiedAgainAndAgainFailsAtTheNextStart plays a daemon that dies within
// its attempts: each is in the store before it begins. Four may be power cuts, the fifth is no chance.
func TestPhotoDuringWhichTheDaemonDiedAgainAndAgainFailsAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	g := newGate()
	m := start(t, &task.Manager{Store: s, Runner: g})
	deadly, innocent := submit(t, m, "deadly"), submit(t, m, "innocent")
	<-g.started
	if x, err := s.Load(t.Context(), deadly.ID); err != nil || x.Attempts != 1 {
		t.Fatalf("during its attempt the task is stored as %+v, %v", x, err)
	}
	stop(m)
	if err := s.Begin(t.Context(), deadly.ID, 5); err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(t.Context(), innocent.ID, 4); err != nil {
		t.Fatal(err)
	}
	s.Close()

	var ran []string
	m = start(t, &task.Manager{Store: openStore(t, dir), Runner: script(
		func(ctx context.Context, x task.Task, report func(float64, string)) (json.RawMessage, string, error) {
			ran = append(ran, x.Filename)
			return succeed(ctx, x, report)
		})})
	wantFailed(t, last(follow(t, m, deadly.ID)), fault.WorkerFailed, 5)
	if end := last(follow(t, m, innocent.ID)); end.Status != task.Completed || !slices.Equal(ran, []string{"innocent.jpg"}) {
		t.Errorf("ran %v, the other ended as %+v", ran, end)
	}
}

func TestOpenTaskWithoutItsImageFailsAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	g := newGate()
	m := start(t, &task.Manager{Store: s, Runner: g})
	x := submit(t, m, "a")
	<-g.started
	stop(m)
	s.Close()
	if err := os.Remove(x.ImagePath); err != nil {
		t.Fatal(err)
	}
	m = start(t, &task.Manager{Store: openStore(t, dir), Runner: succeed})
	wantFailed(t, last(follow(t, m, x.ID)), fault.ImageLost, 0)
}

func TestResultWaitsForTheDiskAndIsShownOnlyWhenStored(t *testing.T) {
	s := &shaky{Store: openStore(t, t.TempDir())}
	s.set(true)
	m := start(t, &task.Manager{Store: s, Runner: succeed})
	x := submit(t, m, "a")
	for s.tries() < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	if got, err := m.Get(t.Context(), x.ID); err != nil || got.Status != task.Processing || got.Progress >= 1 {
		t.Errorf("unstored result is shown: %+v, %v", got, err)
	}
	s.set(false)
	if got := last(follow(t, m, x.ID)); got.Status != task.Completed || got.Attempts != 1 || !strings.Contains(string(got.Result), "food_count") {
		t.Errorf("ended as %+v", got)
	}
}

func TestCloseDoesNotWaitForAFullDisk(t *testing.T) {
	s := &shaky{Store: openStore(t, t.TempDir())}
	s.set(true)
	m := start(t, &task.Manager{Store: s, Runner: succeed})
	x := submit(t, m, "a")
	for s.tries() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	stop(m)
	if got, err := s.Load(t.Context(), x.ID); err != nil || got.Status != task.Pending || got.Attempts != 0 {
		t.Errorf("stored as %+v, %v; want it open for the next start", got, err)
	}
}
