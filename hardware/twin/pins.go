package twin

import (
	"errors"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

var (
	_ gpio.PinOut = clockPin{}
	_ gpio.PinIn  = dataPin{}
)

// basePin is what the twin's two pins have in common.
type basePin struct {
	chip *HX711
	name string
}

func (p basePin) String() string   { return p.name }
func (p basePin) Name() string     { return p.name }
func (p basePin) Number() int      { return -1 }
func (p basePin) Function() string { return "" }
func (p basePin) Halt() error      { return nil }

// clockPin is the host's side of PD_SCK.
type clockPin struct{ basePin }

func (p clockPin) Out(l gpio.Level) error {
	p.chip.clockTo(l)
	return nil
}

func (p clockPin) PWM(gpio.Duty, physic.Frequency) error {
	return errors.New("the twin's clock pin has no PWM")
}

// dataPin is the host's side of DOUT.
type dataPin struct{ basePin }

func (p dataPin) In(_ gpio.Pull, edge gpio.Edge) error {
	if edge != gpio.NoEdge && p.chip.Edges == EdgesRefused {
		return errors.New("edges are not supported")
	}
	p.chip.fallen = 0
	return nil
}

func (p dataPin) Read() gpio.Level                 { return p.chip.data() }
func (p dataPin) WaitForEdge(d time.Duration) bool { return p.chip.waitForFall(d) }
func (p dataPin) Pull() gpio.Pull                  { return gpio.PullNoChange }
func (p dataPin) DefaultPull() gpio.Pull           { return gpio.PullNoChange }
