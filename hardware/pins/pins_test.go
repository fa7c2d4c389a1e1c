package pins

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"
)

// fakeLine is a line whose kernel answers with err.
type fakeLine struct {
	gpio.PinIO
	place string
	err   error
}

func (l fakeLine) Out(gpio.Level) error          { return l.err }
func (l fakeLine) In(gpio.Pull, gpio.Edge) error { return l.err }

// pi5 is a board with two chips, as a Raspberry Pi 5 has them.
func pi5(t *testing.T) board {
	t.Helper()
	busy := errors.New("line_request ioctl: device or resource busy")
	return board{dev: t.TempDir(), open: openDevice, chips: func() ([]chip, error) {
		return []chip{
			{"gpiochip0", "pinctrl-rp1", []line{
				{"ID_SDA", "", fakeLine{place: "rp1:0"}},
				{"GPIO8", "spi0 CS0", fakeLine{place: "rp1:1", err: busy}},
				{"GPIO9", "", fakeLine{place: "rp1:2", err: busy}},
				{"2712_WAKE", "", fakeLine{place: "rp1:3", err: errors.New("line_request ioctl: operation not permitted")}},
				{"", "", fakeLine{place: "rp1:4", err: errors.New("invalid argument")}},
			}},
			{"gpiochip10", "gpio-brcmstb@107d508500", []line{
				{"2712_WAKE", "", fakeLine{place: "brcm:0"}},
				{"", "", fakeLine{place: "brcm:1"}},
			}},
		}, nil
	}}
}

func TestAPinIsFoundByNameOrPlace(t *testing.T) {
	for name, want := range map[string]string{
		"GPIO8":                     "rp1:1",
		"gpiochip0:0":               "rp1:0",
		"pinctrl-rp1:4":             "rp1:4",
		"gpiochip10:1":              "brcm:1",
		"gpio-brcmstb@107d508500:0": "brcm:0",
	} {
		p, err := pi5(t).pin(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.(gpio.RealPin).Real().(fakeLine).place; got != want || p.Name() != name {
			t.Errorf("%s: got %s named %s", name, got, p.Name())
		}
	}
}

func TestAPinThatIsNotThereIsExplained(t *testing.T) {
	for name, hint := range map[string]string{
		"GPIO99":            "gpioinfo",
		"":                  "gpiochip0:5",
		"2712_WAKE":         "gpiochip0:3, gpiochip10:0",
		"gpiochip1:2":       "gpiochip0 (pinctrl-rp1), gpiochip10",
		"gpiochip0:5":       "lines 0 to 4",
		"gpiochip0:-1":      "lines 0 to 4",
		"pinctrl-rp1:GPIO8": "lines 0 to 4",
	} {
		if _, err := pi5(t).pin(name); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), hint) || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestALineThatCannotBeHadIsExplainedWhenItIsTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		want error
		hint string
	}{
		"GPIO8":         {ErrBusy, "by spi0 CS0"},
		"GPIO9":         {ErrBusy, "gpioinfo"},
		"gpiochip0:3":   {ErrDenied, "refuses"},
		"pinctrl-rp1:4": {nil, "invalid argument"},
	} {
		p, err := pi5(t).pin(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{p.Out(gpio.Low), p.In(gpio.PullUp, gpio.FallingEdge)} {
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.hint) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

func TestAChipIsFoundByTheNameThatOlderGuidesHave(t *testing.T) {
	b := pi5(t)
	for name, target := range map[string]string{"gpiochip4": "gpiochip0", "gpiochip5": "gpiochip7"} {
		if err := os.Symlink(target, filepath.Join(b.dev, name)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := b.pin("gpiochip4:2")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.(gpio.RealPin).Real().(fakeLine).place; got != "rp1:2" || p.Name() != "gpiochip4:2" {
		t.Errorf("got %s named %s", got, p.Name())
	}
	if _, err := b.pin("gpiochip5:2"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "gpiochip5") {
		t.Errorf("a link that leads nowhere: got %v", err)
	}
}

func TestAMachineWithoutChipsSaysSo(t *testing.T) {
	b := board{dev: t.TempDir(), open: openDevice, chips: func() ([]chip, error) { return nil, nil }}
	if _, err := b.pin("GPIO5"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "no gpio chip") {
		t.Errorf("none: got %v", err)
	}
	if err := os.WriteFile(filepath.Join(b.dev, "gpiochip0"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pin("GPIO5"); err == nil || !strings.Contains(err.Error(), "Linux 5.10") {
		t.Errorf("a chip that opens, but is none: got %v", err)
	}
}

func TestABusThatCannotBeHadIsExplained(t *testing.T) {
	b := board{dev: t.TempDir(), open: openDevice}
	fails := func(int) (i2c.BusCloser, error) { return nil, errors.New("sysfs-i2c: inappropriate ioctl") }
	if _, err := b.bus(7, fails); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "raspi-config") || !strings.Contains(err.Error(), "i2c-7") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(b.dev, "i2c-7"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.bus(7, fails); err == nil || !strings.Contains(err.Error(), "inappropriate ioctl") {
		t.Errorf("got %v", err)
	}
}

func TestAnotherUsersDeviceNamesTheGroup(t *testing.T) {
	for name, open := range map[string]func(string, int) error{
		"closed":    func(string, int) error { return os.ErrPermission },
		"read-only": func(_ string, flag int) error { return map[bool]error{true: os.ErrPermission}[flag != os.O_RDONLY] },
	} {
		b := board{dev: t.TempDir(), chips: func() ([]chip, error) { return nil, nil }, open: open}
		for _, device := range []string{"i2c-7", "gpiochip0"} {
			if err := os.WriteFile(filepath.Join(b.dev, device), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fails := func(int) (i2c.BusCloser, error) { return nil, errors.New("sysfs-i2c: cannot be opened") }
		if _, err := b.bus(7, fails); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "usermod -aG i2c") {
			t.Errorf("%s bus: got %v", name, err)
		}
		if _, err := b.pin("GPIO5"); name == "closed" && (!errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "usermod -aG gpio")) {
			t.Errorf("%s chip: got %v", name, err)
		}
	}
}
