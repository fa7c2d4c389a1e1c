// Package counter is the appliance at its counter, without anybody's hand: a tray that has come to rest on
// the scale is photographed by the appliance's own camera, and the photo goes the way of an upload with the
// scale's reading of its moment. Readings and photos come in; tasks go out, and a state that the page at
// the counter shows. What a tray is, is the weighing room's business; how a task runs, the task room's.
package counter

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/photo"
	"foodmassd/internal/task"
	"foodmassd/internal/weighing"
)

// Scale is what the counter needs of the scale; *weighing.Scale is one.
type Scale interface{ Last() weighing.Reading }

// Camera is what the counter needs of the camera. A photo is a whole JPEG, taken after the call.
type Camera interface {
	// Open has the camera ready for a photo and tells whether it works.
	Open(ctx context.Context) error
	Snapshot(ctx context.Context) ([]byte, error)
}

// Tasks is what the counter needs of the task room; *task.Manager is one.
type Tasks interface{ Reserve() (*task.Slot, error) }

const (
	// pollEvery is how often the scale is asked for its reading; no cell is read much oftener.
	pollEvery = 20 * time.Millisecond
	// publishEvery bounds how often watchers are told of changes.
	publishEvery = 100 * time.Millisecond
	// restTimeout is how long a tray may take to rest long enough for a photo of it.
	restTimeout = 20 * time.Second
)

// Counter watches over the counter. Fill in the exported fields, call Initialize once and Close once.
type Counter struct {
	Scale  Scale   // nil: there is none
	Food   Weigher // what lies on Scale; nil with it
	Camera Camera  // nil: there is none
	Tasks  Tasks
	Limits photo.Limits
	// TriggerG is the least net load in grams that is photographed by itself; 0: only when asked.
	TriggerG float64
	Logger   *slog.Logger // slog.Default() when nil

	mu       sync.Mutex
	watchers map[*Watch]struct{}
	taking   bool       // a photo of the tray is under way
	broken   bool       // the camera was at the last try
	taskID   string     // of the tray that lies there
	problem  fault.Code // why there is no task of it

	cancel  context.CancelFunc
	running sync.WaitGroup
	ended   chan attempt
}

// attempt is a photo of a tray, under way or ended.
type attempt struct {
	number int
	task   task.Task
	err    error
}

// Initialize starts watching.
func (c *Counter) Initialize() error {
	if c.Tasks == nil || (c.Scale == nil) != (c.Food == nil) {
		return errors.New("counter: tasks are required, and a scale with what lies on it")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.ended = cancel, make(chan attempt)
	c.running.Go(func() { c.publish(ctx.Done()) })
	if c.Camera != nil {
		c.running.Go(func() { c.wakeCamera(ctx) })
	}
	if c.automatic() {
		c.running.Go(func() { c.watchTrays(ctx) })
	}
	return nil
}

// automatic tells whether trays are photographed by themselves.
func (c *Counter) automatic() bool { return c.Scale != nil && c.Camera != nil && c.TriggerG > 0 }

// Close ends the watching; a photo that is under way is given up.
func (c *Counter) Close() error {
	c.cancel()
	c.running.Wait()
	return nil
}

// wakeCamera has the camera open before a photo is wanted, and finds out whether it works.
func (c *Counter) wakeCamera(ctx context.Context) {
	err := c.Camera.Open(ctx)
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	news := c.broken != (err != nil)
	c.broken = err != nil
	c.mu.Unlock()
	if err != nil && news {
		c.Logger.Warn("the camera takes no photos", "err", err)
	}
}

// watchTrays photographs each tray once, and once more when something was added.
func (c *Counter) watchTrays(ctx context.Context) {
	trigger := weighing.Trigger{MinG: c.TriggerG}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	number, giveUp := 0, context.CancelFunc(func() {})
	for {
		select {
		case <-ctx.Done():
			giveUp()
			return
		case a := <-c.ended:
			if a.number == number {
				c.conclude(&trigger, a)
			}
			continue
		case <-tick.C:
		}
		switch trigger.Feed(c.Scale.Last()) {
		case weighing.Arrived:
			c.running.Go(func() { c.wakeCamera(ctx) })
		case weighing.Placed:
			giveUp() // of the load before
			number++
			giveUp = c.begin(ctx, number)
		case weighing.Gone:
			giveUp()
			number++ // whatever ends now is of a tray that is away
			c.set(false, "", "")
		}
	}
}

// begin takes a photo of the tray beside the watching and returns what gives it up.
func (c *Counter) begin(ctx context.Context, number int) context.CancelFunc {
	c.set(true, "", "")
	ctx, cancel := context.WithCancel(ctx)
	c.running.Go(func() {
		start := time.Now()
		a := attempt{number: number}
		if a.task, a.err = c.photograph(ctx); a.err == nil {
			c.Logger.Info("tray photographed", "task", a.task.ID, "net_g", *a.task.ScaleG, "ms", time.Since(start).Milliseconds())
		} else if ctx.Err() == nil {
			c.Logger.Error("tray not photographed; the next one is tried", "code", fault.CodeOf(a.err), "err", a.err)
		}
		select {
		case c.ended <- a:
		case <-ctx.Done():
		}
	})
	return cancel
}

// conclude takes in how a photo of the tray ended.
func (c *Counter) conclude(trigger *weighing.Trigger, a attempt) {
	if a.err == nil {
		trigger.Photographed(*a.task.ScaleG)
	}
	c.set(false, a.task.ID, fault.CodeOf(a.err))
}

func (c *Counter) set(taking bool, taskID string, problem fault.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taking, c.taskID, c.problem = taking, taskID, problem
}
