package counter

import (
	"math"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/weighing"
)

// State is what the page at the counter shows. Two of them can be compared.
type State struct {
	Scale   weighing.State // "": there is no scale
	Grams   bool           // NetG is known
	NetG    float64        // to 0.1 g
	Camera  CameraState    // "": there is no camera
	TaskID  string         // the latest task of the tray that lies there, made by its weight; "": none
	Message string         // Korean
}

// CameraState is what the camera is doing.
type CameraState string

// The states of a camera.
const (
	CameraReady  CameraState = "ready"
	CameraTaking CameraState = "taking" // a photo of the tray
	CameraFailed CameraState = "failed" // at the last try
)

// Current returns the state now.
func (c *Counter) Current() State {
	c.mu.Lock()
	taking, broken, problem := c.taking, c.broken, c.problem
	s := State{TaskID: c.taskID}
	c.mu.Unlock()
	if c.Scale != nil {
		r := c.Scale.Last()
		s.Scale = r.State
		if s.Grams = !math.IsNaN(r.NetG); s.Grams {
			s.NetG = math.Round(10*r.NetG)/10 + 0 // no negative zero
		}
	}
	switch {
	case c.Camera == nil:
	case taking:
		s.Camera = CameraTaking
	case broken:
		s.Camera = CameraFailed
	default:
		s.Camera = CameraReady
	}
	s.Message = c.message(s, problem)
	return s
}

// message says what the diner is to do next.
func (c *Counter) message(s State, problem fault.Code) string {
	switch {
	case s.Camera == CameraTaking:
		return "사진을 찍는 중입니다. 잠시만 기다려 주세요."
	case problem != "":
		return problem.Korean()
	case s.TaskID != "":
		return "사진을 찍었습니다. 결과를 확인해 주세요."
	case s.Camera == "":
		return "음식을 저울에 올리고 휴대전화로 사진을 찍어 주세요."
	case !c.automatic():
		return "식판을 놓고 촬영 버튼을 눌러 주세요."
	case s.Scale.Trouble(), s.Scale == weighing.Uncalibrated:
		return "저울을 사용할 수 없습니다. 촬영 버튼을 눌러 주세요."
	case s.Scale == weighing.Settling:
		return "식판을 움직이지 말고 잠시 기다려 주세요."
	}
	return "식판을 올려 주세요."
}

// Watch follows the state. Only that it has changed is kept for a watcher, so a slow one delays nobody.
type Watch struct {
	counter *Counter
	changed chan struct{}
}

// Watch follows the state from now on.
func (c *Counter) Watch() *Watch {
	w := &Watch{c, make(chan struct{}, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watchers == nil {
		c.watchers = make(map[*Watch]struct{})
	}
	c.watchers[w] = struct{}{}
	return w
}

// Current returns the state now.
func (w *Watch) Current() State { return w.counter.Current() }

// Changed receives after the state has changed, at most ten times a second.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Close ends the watch.
func (w *Watch) Close() {
	w.counter.mu.Lock()
	defer w.counter.mu.Unlock()
	delete(w.counter.watchers, w)
}

// publish wakes the watchers whenever the state has changed, at most at each tick.
func (c *Counter) publish(done <-chan struct{}) {
	tick := time.NewTicker(publishEvery)
	defer tick.Stop()
	last := c.Current()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		if now := c.Current(); now != last {
			last = now
			c.wake()
		}
	}
}

func (c *Counter) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watchers {
		select {
		case w.changed <- struct{}{}:
		default: // it has not looked at the last change yet and will find this one
		}
	}
}
