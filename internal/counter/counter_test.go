package counter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/photo"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
	"foodmassd/internal/weighing"
)

// cell is a scale that reads what the test says; every look at it is a new conversion.
type cell struct {
	mu    sync.Mutex
	state weighing.State
	g     float64
	at    time.Time
}

func (c *cell) put(state weighing.State, g float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.g = state, g
}

func (c *cell) Last() weighing.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(100 * time.Millisecond)
	r := weighing.Reading{State: c.state, NetG: math.NaN(), At: c.at}
	if c.state == weighing.Stable {
		r.NetG = c.g
	}
	return r
}

func (c *cell) Food() (g, sdG float64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.g, 1.5, c.state == weighing.Stable
}

// lens is a camera whose photos the test takes.
type lens struct {
	mu    sync.Mutex
	taken int
	shoot func(ctx context.Context, number int) error // nil: every photo comes out well
}

func (l *lens) Snapshot(ctx context.Context) ([]byte, error) {
	l.mu.Lock()
	l.taken++
	number, shoot := l.taken, l.shoot
	l.mu.Unlock()
	if shoot != nil {
		if err := shoot(ctx, number); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
	return b.Bytes(), err
}

func (l *lens) Open(context.Context) error { return nil }

func (l *lens) onPhoto(f func(context.Context, int) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shoot = f
}

type runner func(ctx context.Context) error

func (r runner) Run(ctx context.Context, _ task.Task, _ func(float64, string)) (json.RawMessage, string, error) {
	return json.RawMessage("{}"), "", r(ctx)
}

func succeed(context.Context) error { return nil }

// place is a counter with a real task room and store behind it.
type place struct {
	*Counter
	t     *testing.T
	cell  *cell
	lens  *lens
	tasks *task.Manager
	db    *store.Store
}

func open(t *testing.T, run runner, change ...func(*Counter, *task.Manager, *store.Options)) *place {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	p := &place{t: t, cell: &cell{state: weighing.Stable}, lens: &lens{}}
	p.tasks = &task.Manager{Runner: run, Logger: quiet}
	p.Counter = &Counter{Scale: p.cell, Food: p.cell, Camera: p.lens, Tasks: p.tasks, Limits: photo.DefaultLimits, TriggerG: 20, Logger: quiet}
	o := store.Options{Dir: t.TempDir(), Logger: quiet}
	for _, f := range change {
		f(p.Counter, p.tasks, &o)
	}
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p.db, p.tasks.Store = db, db
	t.Cleanup(func() { db.Close() })
	if err := p.tasks.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		p.tasks.Close(ctx)
	})
	if err := p.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// see waits until the state is as wanted, told by a watch.
func (p *place) see(what string, ok func(State) bool) State {
	p.t.Helper()
	w := p.Watch()
	defer w.Close()
	timeout := time.After(20 * time.Second)
	for {
		s := w.Current()
		if ok(s) {
			return s
		}
		select {
		case <-w.Changed():
		case <-timeout:
			p.t.Fatalf("never saw: %s; last %+v", what, s)
		}
	}
}

func withTask(s State) bool    { return s.TaskID != "" }
func withoutTask(s State) bool { return s.TaskID == "" }

func (p *place) all() []task.Task {
	p.t.Helper()
	tasks, err := p.db.List(p.t.Context(), store.Filter{}, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	return tasks
}

func TestATrayBecomesOneTaskWithItsReadingAndTheNextTrayAnother(t *testing.T) {
	p := open(t, succeed)
	if s := p.Current(); s.Message != "식판을 올려 주세요." || s.Scale != weighing.Stable || !s.Grams {
		t.Errorf("%+v", s)
	}
	p.cell.put(weighing.Stable, 412.46)
	s := p.see("a task", withTask)
	first, err := p.tasks.Get(t.Context(), s.TaskID)
	if err != nil || !first.FixedCamera || first.ScaleG == nil || *first.ScaleG != 412.46 || first.ScaleSDG != 1.5 {
		t.Errorf("%+v, %v", first, err)
	}
	if s.NetG != 412.5 || s.Camera != CameraReady || s.Message != "사진을 찍었습니다. 결과를 확인해 주세요." {
		t.Errorf("%+v", s)
	}
	p.cell.put(weighing.Settling, 0)
	p.see("settling", func(s State) bool { return s.Scale == weighing.Settling && !s.Grams && s.TaskID == first.ID })
	p.cell.put(weighing.Stable, 0)
	p.see("an empty counter", withoutTask)
	p.cell.put(weighing.Stable, 287)
	if s := p.see("another task", withTask); s.TaskID == first.ID || len(p.all()) != 2 {
		t.Errorf("%+v, %d tasks", s, len(p.all()))
	}
}

func TestWhatGoesWrongIsToldAndTheNextTrayTriesAgain(t *testing.T) {
	full := make(chan struct{})
	defer close(full)
	busy := func(ctx context.Context) error {
		select {
		case <-full:
		case <-ctx.Done():
		}
		return nil
	}
	for code, test := range map[fault.Code]struct {
		run    runner
		change func(*Counter, *task.Manager, *store.Options)
		before func(*place)
		mend   func(*place)
	}{
		fault.CameraFailed: {run: succeed,
			before: func(p *place) {
				p.lens.onPhoto(func(context.Context, int) error { return errors.New("unplugged") })
			},
			mend: func(p *place) { p.lens.onPhoto(nil) }},
		fault.QueueFull: {run: busy,
			change: func(_ *Counter, m *task.Manager, _ *store.Options) { m.Capacity = 1 },
			before: func(p *place) {
				for range 2 { // one at work, one that waits
					for {
						if _, err := p.Capture(t.Context()); err == nil {
							break
						}
					}
				}
			},
			mend: func(p *place) { full <- struct{}{} }},
		fault.DiskFull: {run: succeed,
			change: func(_ *Counter, _ *task.Manager, o *store.Options) { o.MinFreeBytes = 1 << 60 }},
	} {
		t.Run(string(code), func(t *testing.T) {
			change := test.change
			if change == nil {
				change = func(*Counter, *task.Manager, *store.Options) {}
			}
			p := open(t, test.run, change)
			if test.before != nil {
				test.before(p)
			}
			p.cell.put(weighing.Stable, 300)
			s := p.see("what is wrong", func(s State) bool { return s.Message == code.Korean() })
			if s.TaskID != "" || (s.Camera == CameraFailed) != (code == fault.CameraFailed) {
				t.Errorf("%+v", s)
			}
			p.cell.put(weighing.Stable, 0)
			p.see("an empty counter", func(s State) bool { return s.Message == "식판을 올려 주세요." })
			if test.mend != nil {
				test.mend(p)
				p.cell.put(weighing.Stable, 300)
				p.see("a task", withTask)
			}
		})
	}
}

func TestThePhotoShowsWhatWasWeighed(t *testing.T) {
	p := open(t, succeed)
	p.lens.onPhoto(func(_ context.Context, number int) error {
		if number == 1 { // a second dish comes while the first photo is taken
			p.cell.put(weighing.Stable, 430)
		}
		return nil
	})
	p.cell.put(weighing.Stable, 300)
	s := p.see("a task", withTask)
	got, err := p.tasks.Get(t.Context(), s.TaskID)
	if err != nil || got.ScaleG == nil || *got.ScaleG != 430 {
		t.Errorf("%+v, %v", got.Weight, err)
	}
}

func TestATrayThatLeavesBeforeItsPhotoBecomesNoTask(t *testing.T) {
	p := open(t, succeed)
	p.lens.onPhoto(func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
	p.cell.put(weighing.Stable, 300)
	p.see("a photo being taken", func(s State) bool { return s.Camera == CameraTaking })
	p.cell.put(weighing.Stable, 0)
	if s := p.see("an empty counter", func(s State) bool { return s.Camera == CameraReady }); s.TaskID != "" || len(p.all()) != 0 {
		t.Errorf("%+v, %d tasks", s, len(p.all()))
	}
}

func TestTheButtonTakesAPhotoOfWhateverLiesThere(t *testing.T) {
	without := func(c *Counter, _ *task.Manager, _ *store.Options) { c.Scale, c.Food = nil, nil }
	blind := func(c *Counter, _ *task.Manager, _ *store.Options) { c.Camera = nil }
	p := open(t, succeed, func(c *Counter, _ *task.Manager, _ *store.Options) { c.TriggerG = 0 })
	p.cell.put(weighing.Stable, 250)
	if s := p.Current(); s.Message != "식판을 놓고 촬영 버튼을 눌러 주세요." {
		t.Errorf("%+v", s)
	}
	if got, err := p.Capture(t.Context()); err != nil || got.ScaleG == nil || *got.ScaleG != 250 || !got.FixedCamera {
		t.Errorf("at rest: %+v, %v", got, err)
	}
	p.cell.put(weighing.Settling, 0)
	if got, err := p.Capture(t.Context()); err != nil || got.ScaleG != nil || !got.ScaleMissing {
		t.Errorf("moving: %+v, %v", got, err)
	}
	if s := p.Current(); s.TaskID != "" {
		t.Errorf("a photo that somebody asked for is shown as the tray's: %+v", s)
	}
	p = open(t, succeed, without)
	if got, err := p.Capture(t.Context()); err != nil || got.Weight != (task.Weight{}) || p.Current().Scale != "" {
		t.Errorf("no scale: %+v, %v", got, err)
	}
	p = open(t, succeed, blind)
	if _, err := p.Capture(t.Context()); fault.CodeOf(err) != fault.NotFound || p.Current().Camera != "" {
		t.Errorf("no camera: %v", err)
	}
}

func TestAFaultyScaleLeavesTheButton(t *testing.T) {
	p := open(t, succeed)
	p.cell.put(weighing.Unplugged, 0)
	p.see("what to do", func(s State) bool {
		return s.Scale == weighing.Unplugged && s.Message == "저울을 사용할 수 없습니다. 촬영 버튼을 눌러 주세요."
	})
	if got, err := p.Capture(t.Context()); err != nil || !got.ScaleMissing {
		t.Errorf("%+v, %v", got, err)
	}
}
