package pins

import (
	"fmt"
	"strings"

	"periph.io/x/conn/v3/gpio"
)

// pin is a gpio line under the name the technician gave it; its errors say what to do.
type pin struct {
	gpio.PinIO
	name     string
	consumer string
}

func (p pin) Name() string   { return p.name }
func (p pin) String() string { return p.name }

// Real returns the line itself.
func (p pin) Real() gpio.PinIO { return p.PinIO }

func (p pin) In(pull gpio.Pull, edge gpio.Edge) error { return p.explain(p.PinIO.In(pull, edge)) }
func (p pin) Out(l gpio.Level) error                  { return p.explain(p.PinIO.Out(l)) }

// explain recognises the kernel's errors by their words: the library passes on nothing else.
func (p pin) explain(err error) error {
	if err == nil {
		return nil
	}
	switch text := err.Error(); {
	case strings.Contains(text, "resource busy"):
		by := "by another program or the kernel; gpioinfo tells by whom"
		if p.consumer != "" {
			by = "by " + p.consumer
		}
		return fmt.Errorf("gpio pin %s is %w %s", p.name, ErrBusy, by)
	case strings.Contains(text, "not permitted"), strings.Contains(text, "permission denied"):
		return fmt.Errorf("gpio pin %s: %w: the kernel refuses this line to this user: %w", p.name, ErrDenied, err)
	}
	return fmt.Errorf("gpio pin %s: %w", p.name, err)
}
