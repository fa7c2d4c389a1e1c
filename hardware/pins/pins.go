// Package pins finds gpio lines and I²C buses by the names a technician writes down, and says in
// plain words why one cannot be had. The kernel arbitrates: lines come through its gpio character
// devices, never by mapping the board's memory, so that a line another program uses is refused and a
// board nobody foresaw works as well.
package pins

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/host/v3/gpioioctl"
	"periph.io/x/host/v3/sysfs"
)

// What can be wrong with a pin or a bus; errors.Is tells them apart.
var (
	ErrUnknown = errors.New("unknown")
	ErrBusy    = errors.New("in use")
	ErrDenied  = errors.New("not permitted")
)

// Open returns the gpio line with that name ("GPIO5") or at that place, chip:line: the chip by its
// name ("gpiochip0:5") or its label ("pinctrl-rp1:5"). The line is taken at its first In or Out, whose
// errors are ErrBusy or ErrDenied where they are.
func Open(name string) (gpio.PinIO, error) { return system.pin(name) }

// OpenBus opens the I²C bus with that number, /dev/i2c-NUMBER.
func OpenBus(number int) (i2c.BusCloser, error) {
	return system.bus(number, func(n int) (i2c.BusCloser, error) { return sysfs.NewI2C(n) })
}

// board is where lines and buses come from.
type board struct {
	dev   string // the folder of device files
	chips func() ([]chip, error)
	open  func(device string, flag int) error // opens a device file and closes it
}

type chip struct {
	name, label string
	lines       []line
}

type line struct {
	name     string
	consumer string // who held it when the lines were listed
	pin      gpio.PinIO
}

var system = board{dev: "/dev", chips: kernelChips, open: openDevice}

func openDevice(device string, flag int) error {
	f, err := os.OpenFile(device, flag, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// kernelChips lists the chips this process may open.
func kernelChips() ([]chip, error) {
	if _, err := driverreg.Init(); err != nil {
		return nil, err
	}
	var chips []chip
	for _, c := range gpioioctl.Chips {
		lines := make([]line, 0, c.LineCount())
		for _, l := range c.Lines() {
			// The library prefixes a name that another chip has as well.
			lines = append(lines, line{strings.TrimPrefix(l.Name(), c.Name()+"-"), l.Consumer(), l})
		}
		chips = append(chips, chip{c.Name(), c.Label(), lines})
	}
	return chips, nil
}

func (b board) pin(name string) (gpio.PinIO, error) {
	chips, err := b.chips()
	if err != nil {
		return nil, fmt.Errorf("gpio pin %q: %w", name, err)
	}
	if len(chips) == 0 {
		return nil, fmt.Errorf("gpio pin %q: %w", name, b.noChips())
	}
	found, err := b.find(chips, name)
	if err != nil {
		return nil, fmt.Errorf("gpio pin %q is %w", name, err)
	}
	return pin{found.pin, name, found.consumer}, nil
}

// noChips says why no gpio chip could be opened.
func (b board) noChips() error {
	devices, err := filepath.Glob(filepath.Join(b.dev, "gpiochip*"))
	if err != nil || len(devices) == 0 {
		return fmt.Errorf("%w: this machine has no gpio chip (%s/gpiochip*)", ErrUnknown, b.dev)
	}
	return b.refused(devices[0], "gpio", os.O_RDONLY)
}

// refused opens a device file as its driver does to learn why the kernel does not let us.
func (b board) refused(device, group string, flag int) error {
	err := b.open(device, flag)
	switch {
	case errors.Is(err, os.ErrPermission):
		return denied(device, group)
	case err != nil:
		return err
	}
	return fmt.Errorf("%s opens, but does not answer as this program expects; Linux 5.10 or newer is needed", device)
}

func denied(device, group string) error {
	return fmt.Errorf("%w: %s may not be opened; let the user that runs foodmassd into its group, e.g. usermod -aG %s USER", ErrDenied, device, group)
}

func (b board) find(chips []chip, name string) (line, error) {
	if place, number, ok := strings.Cut(name, ":"); ok {
		return b.findPlace(chips, place, number)
	}
	var found []line
	var places []string
	for _, c := range chips {
		for i, l := range c.lines {
			if l.name == name && name != "" {
				found, places = append(found, l), append(places, fmt.Sprintf("%s:%d", c.name, i))
			}
		}
	}
	switch len(found) {
	case 0:
		return line{}, fmt.Errorf("%w here; name one that gpioinfo lists, or its place as chip:line, e.g. %s:5", ErrUnknown, chips[0].name)
	case 1:
		return found[0], nil
	}
	return line{}, fmt.Errorf("%w as one pin: %d lines have this name; choose one of %s", ErrUnknown, len(found), strings.Join(places, ", "))
}

// findChip returns a chip's index by its name, its label or a link to its device file, or -1. A Raspberry
// Pi 5's header was gpiochip4 before Linux 6.6.45 (github.com/raspberrypi/linux/pull/6144); since then
// gpiochip4 is a link to gpiochip0 there.
func (b board) findChip(chips []chip, place string) int {
	i := slices.IndexFunc(chips, func(c chip) bool { return c.name == place || c.label == place })
	if i >= 0 {
		return i
	}
	target, err := os.Readlink(filepath.Join(b.dev, place))
	if err != nil {
		return -1
	}
	return slices.IndexFunc(chips, func(c chip) bool { return c.name == filepath.Base(target) })
}

func (b board) findPlace(chips []chip, place, number string) (line, error) {
	i := b.findChip(chips, place)
	if i < 0 {
		var names []string
		for _, c := range chips {
			names = append(names, fmt.Sprintf("%s (%s)", c.name, c.label))
		}
		return line{}, fmt.Errorf("%w here: no gpio chip %q; there are %s", ErrUnknown, place, strings.Join(names, ", "))
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(chips[i].lines) {
		return line{}, fmt.Errorf("%w here: %s has the lines 0 to %d", ErrUnknown, place, len(chips[i].lines)-1)
	}
	return chips[i].lines[n], nil
}

func (b board) bus(number int, open func(int) (i2c.BusCloser, error)) (i2c.BusCloser, error) {
	device := filepath.Join(b.dev, fmt.Sprintf("i2c-%d", number))
	bus, err := open(number)
	if err == nil {
		return bus, nil
	}
	if _, missing := os.Stat(device); errors.Is(missing, os.ErrNotExist) {
		return nil, fmt.Errorf("i²c bus %d is %w here: there is no %s; enable it (Raspberry Pi: raspi-config, Interface Options, I2C) or name one that ls %s/i2c-* lists",
			number, ErrUnknown, device, b.dev)
	}
	if why := b.refused(device, "i2c", os.O_RDWR); errors.Is(why, ErrDenied) {
		return nil, fmt.Errorf("i²c bus %d: %w", number, why)
	}
	return nil, fmt.Errorf("i²c bus %d: %w", number, err)
}
