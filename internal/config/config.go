// Package config holds the daemon's settings: their defaults, and a strict YAML reader in which an
// unknown key, a wrong unit or a value out of range is one error naming file, line, key and what is
// allowed. Bytes come in, a Config goes out; nothing here opens a device or a database.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"
)

// Config is everything that can be set. Zero values are never used: Default fills all.
type Config struct {
	Server    Server
	Limits    Limits
	Task      Task
	Storage   Storage
	Vision    Vision
	Reference Reference
	Scale     Scale
	Camera    Camera
	Verify    Verify
	Log       Log
}

// Server is where and for whom the daemon listens.
type Server struct {
	Listen         string   // host:port
	AllowedOrigins []string // exact Origins beside the daemon's own
}

// Limits bound what a client may send.
type Limits struct {
	ImageBytes      int64
	ImageMegapixels float64
	RejectOversize  bool // a longer side over 1920 px is refused instead of scaled down
	Queue           int  // waiting tasks
}

// Task bounds the work on one photo.
type Task struct {
	Deadline time.Duration // per attempt, from the start of work
	Attempts int
}

// Storage says where tasks and images live and for how long.
type Storage struct {
	DataDir        string
	MinFreeBytes   int64         // uploads are refused below this
	ImagesMaxAge   time.Duration // 0: no limit
	ImagesMaxBytes int64         // 0: no limit
	ResultsMaxAge  time.Duration // 0: no limit
}

// Vision configures the worker process.
type Vision struct {
	ModelsDir        string // "": the models in the binary
	Threads          int
	MemoryLimitBytes int64
}

// Reference is what lies beside or under the food, of known size.
type Reference struct {
	CoinDiameterMM  float64
	PlateDiameterMM float64 // 0: plates are of many sizes
}

// Scale is the load cell under the tray and how it is connected.
type Scale struct {
	Source        string  // "none", "simulated", "hx711", "nau7802" or "trace"
	CountsPerGram float64 // negative for a cell wired the other way round; 0: not calibrated yet
	ClockPin      string  // hx711: gpio pins by name or as chip:line
	DataPin       string
	I2CBus        int     // nau7802
	Gain          int     // hx711: 128 and 64 are channel A, 32 is channel B
	RateHz        int     // conversions per second
	CapacityG     float64 // what the cell may carry; beyond it there are no grams
	SupplyMV      int     // nau7802: what it feeds the cell; 0: the cell has its own supply
	TraceFile     string  // trace: an absolute path
}

// Verify is the server that is asked for a second opinion. Its key is no setting: files are copied about.
type Verify struct {
	URL     string // "": nobody is asked
	Model   string // "": the server's only one
	Timeout time.Duration
}

// Log is how much is logged.
type Log struct{ Level slog.Level }

// Default returns the settings used where the file says nothing.
func Default() Config {
	return Config{
		Server: Server{Listen: ":8000"},
		Limits: Limits{ImageBytes: 10 << 20, ImageMegapixels: 50, Queue: 64},
		Task:   Task{Deadline: 25 * time.Second, Attempts: 2},
		Storage: Storage{
			DataDir: "/var/lib/foodmassd", MinFreeBytes: 200 << 20,
			ImagesMaxAge: 30 * day, ImagesMaxBytes: 4 << 30, ResultsMaxAge: 365 * day,
		},
		Vision:    Vision{Threads: 1, MemoryLimitBytes: 512 << 20},
		Reference: Reference{CoinDiameterMM: 25.0},
		Scale:     Scale{Source: "none", I2CBus: 1, Gain: 128, RateHz: 10, CapacityG: 5000, SupplyMV: 3000},
		Camera:    Camera{Source: "none", Device: "/dev/video0", Width: 1920, Height: 1080, Trigger: "weight", TriggerG: 20},
		Verify:    Verify{Timeout: 5 * time.Second},
		Log:       Log{Level: slog.LevelInfo},
	}
}

// Load reads a file over the defaults. Every error names the file.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return Config{}, fmt.Errorf("%s: no such file; leave --config out to use the defaults", path)
		}
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s:%w", path, err)
	}
	return c, nil
}

// Set overrides one setting, named by its path ("server.listen"), as a file would.
func (c *Config) Set(path, value string) error {
	i := slices.IndexFunc(keys, func(k key) bool { return k.path == path })
	if i < 0 {
		return fmt.Errorf("unknown key %q", path)
	}
	if !keys[i].set(c, []string{value}) {
		return fmt.Errorf("%s: %q is not allowed; allowed is %s", path, value, keys[i].allowed)
	}
	if path, fault := c.unmet(); fault != "" {
		return fmt.Errorf("%s: %s", path, fault)
	}
	return nil
}
