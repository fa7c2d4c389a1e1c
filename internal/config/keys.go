package config

import (
	"math"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"foodmassd/internal/geometry"
)

const day = 24 * time.Hour

// key is one setting: where it stands, what is allowed, and how its text becomes a value. A list
// setting receives all its items, any other exactly one.
type key struct {
	path    string
	allowed string
	list    bool
	set     func(c *Config, values []string) bool // false: not allowed
}

var keys = slices.Concat(mainKeys, cameraKeys)

var mainKeys = []key{
	{"server.listen", `host:port or :port, e.g. ":8000"`, false, func(c *Config, v []string) bool {
		_, port, err := net.SplitHostPort(v[0])
		n, perr := strconv.Atoi(port)
		c.Server.Listen = v[0]
		return err == nil && perr == nil && n >= 0 && n <= 65535
	}},
	{"server.allowed_origins", `a list of origins such as "http://192.168.0.20:3000"`, true, func(c *Config, v []string) bool {
		c.Server.AllowedOrigins = v
		return !slices.ContainsFunc(v, func(o string) bool {
			u, err := url.Parse(o)
			return err != nil || u.Scheme == "" || u.Host == "" || strings.Trim(u.Path, "/") != ""
		})
	}},
	{"limits.image_size", "a size from 100KB to 100MB, e.g. 10MB", false, size(func(c *Config) *int64 { return &c.Limits.ImageBytes }, 100<<10, 100<<20)},
	{"limits.image_megapixels", "a number from 1 to 200", false, number(func(c *Config) *float64 { return &c.Limits.ImageMegapixels }, 1, 200)},
	{"limits.oversize", `"scale" or "reject"`, false, func(c *Config, v []string) bool {
		c.Limits.RejectOversize = v[0] == "reject"
		return v[0] == "scale" || v[0] == "reject"
	}},
	{"limits.queue", "a whole number from 1 to 10000", false, whole(func(c *Config) *int { return &c.Limits.Queue }, 1, 10000)},
	{"task.deadline", "a duration from 1s to 10m, e.g. 25s", false, duration(func(c *Config) *time.Duration { return &c.Task.Deadline }, time.Second, 10*time.Minute)},
	{"task.attempts", "a whole number from 1 to 10", false, whole(func(c *Config) *int { return &c.Task.Attempts }, 1, 10)},
	{"storage.data_dir", "an absolute path", false, path(func(c *Config) *string { return &c.Storage.DataDir })},
	{"storage.min_free", "a size from 1MB to 1TB, e.g. 200MB", false, size(func(c *Config) *int64 { return &c.Storage.MinFreeBytes }, 1<<20, 1<<40)},
	{"storage.images_max_age", "a duration such as 30d or 12h, from 1m; 0 keeps them", false, optional(duration(func(c *Config) *time.Duration { return &c.Storage.ImagesMaxAge }, time.Minute, 36500*day))},
	{"storage.images_max_size", "a size from 1MB, e.g. 4GB; 0 sets no limit", false, optional(size(func(c *Config) *int64 { return &c.Storage.ImagesMaxBytes }, 1<<20, 1<<50))},
	{"storage.results_max_age", "a duration such as 365d, from 1m; 0 keeps them", false, optional(duration(func(c *Config) *time.Duration { return &c.Storage.ResultsMaxAge }, time.Minute, 36500*day))},
	{"vision.models_dir", "an absolute path to a folder with manifest.json", false, path(func(c *Config) *string { return &c.Vision.ModelsDir })},
	{"vision.threads", "a whole number from 1 to 16", false, whole(func(c *Config) *int { return &c.Vision.Threads }, 1, 16)},
	{"vision.memory_limit", "a size from 128MB to 16GB, e.g. 512MB", false, size(func(c *Config) *int64 { return &c.Vision.MemoryLimitBytes }, 128<<20, 16<<30)},
	{"reference.coin", "one of " + strings.Join(geometry.CoinNames(), ", "), false, func(c *Config, v []string) (ok bool) {
		c.Reference.CoinDiameterMM, ok = geometry.CoinMM(v[0])
		return ok
	}},
	{"reference.coin_diameter_mm", "a number from 10 to 50 (millimetres, without a unit)", false, number(func(c *Config) *float64 { return &c.Reference.CoinDiameterMM }, geometry.MinCoinMM, geometry.MaxCoinMM)},
	{"reference.plate_diameter_mm", "a number from 100 to 400 (millimetres, without a unit); 0 measures by no plate", false, optional(number(func(c *Config) *float64 { return &c.Reference.PlateDiameterMM }, geometry.MinPlateMM, geometry.MaxPlateMM))},
	{"scale.source", `"none", "simulated", "hx711", "nau7802" or "trace"`, false, func(c *Config, v []string) bool {
		c.Scale.Source = v[0]
		return slices.Contains([]string{"none", "simulated", "hx711", "nau7802", "trace"}, v[0])
	}},
	{"scale.counts_per_gram", "a number from -1000000 to 1000000; 0: not calibrated yet", false, number(func(c *Config) *float64 { return &c.Scale.CountsPerGram }, -1e6, 1e6)},
	{"scale.capacity_g", "a number from 100 to 100000 (grams, without a unit)", false, number(func(c *Config) *float64 { return &c.Scale.CapacityG }, 100, 1e5)},
	{"scale.clock_pin", somePin, false, pin(func(c *Config) *string { return &c.Scale.ClockPin })},
	{"scale.data_pin", somePin, false, pin(func(c *Config) *string { return &c.Scale.DataPin })},
	{"scale.i2c_bus", "a whole number from 0 to 255, that of /dev/i2c-NUMBER", false, whole(func(c *Config) *int { return &c.Scale.I2CBus }, 0, 255)},
	{"scale.gain", "1, 2, 4, 8, 16, 32, 64 or 128", false, oneOf(func(c *Config) *int { return &c.Scale.Gain }, 1, 2, 4, 8, 16, 32, 64, 128)},
	{"scale.rate_hz", "10, 20, 40, 80 or 320", false, oneOf(func(c *Config) *int { return &c.Scale.RateHz }, 10, 20, 40, 80, 320)},
	{"scale.supply_mv", "2400, 2700, 3000, 3300, 3600, 3900, 4200 or 4500; 0: the cell has its own supply", false,
		oneOf(func(c *Config) *int { return &c.Scale.SupplyMV }, 0, 2400, 2700, 3000, 3300, 3600, 3900, 4200, 4500)},
	{"scale.trace_file", someTrace, false, path(func(c *Config) *string { return &c.Scale.TraceFile })},
	{"verify.url", `an address such as "http://192.168.0.30:8080", http or https, without user name, password or query`, false, func(c *Config, v []string) bool {
		c.Verify.URL = v[0]
		u, err := url.Parse(v[0])
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
			!strings.ContainsAny(v[0], "?# \t")
	}},
	{"verify.model", "a model's name of up to 200 letters, digits and ._:/@+-", false, func(c *Config, v []string) bool {
		c.Verify.Model = v[0]
		return modelName.MatchString(v[0])
	}},
	{"verify.timeout", "a duration from 500ms to 1m, e.g. 5s", false, duration(func(c *Config) *time.Duration { return &c.Verify.Timeout }, 500*time.Millisecond, time.Minute)},
	{"log.level", `"debug", "info", "warn" or "error"`, false, func(c *Config, v []string) bool {
		return slices.Contains([]string{"debug", "info", "warn", "error"}, v[0]) &&
			c.Log.Level.UnmarshalText([]byte(v[0])) == nil
	}},
}

var modelName = regexp.MustCompile(`^[A-Za-z0-9._:/@+-]{1,200}$`)

// exclusive pairs say the same thing in two ways; a file may use one of them.
var exclusive = map[string]string{
	"reference.coin":             "reference.coin_diameter_mm",
	"reference.coin_diameter_mm": "reference.coin",
}

type setter = func(c *Config, values []string) bool

func number(at func(*Config) *float64, lo, hi float64) setter {
	return func(c *Config, v []string) bool {
		x, err := strconv.ParseFloat(v[0], 64)
		*at(c) = x
		return err == nil && x >= lo && x <= hi // a NaN fails both
	}
}

func whole(at func(*Config) *int, lo, hi int) setter {
	return func(c *Config, v []string) bool {
		n, err := strconv.Atoi(v[0])
		*at(c) = n
		return err == nil && n >= lo && n <= hi
	}
}

func oneOf(at func(*Config) *int, allowed ...int) setter {
	return func(c *Config, v []string) bool {
		n, err := strconv.Atoi(v[0])
		*at(c) = n
		return err == nil && slices.Contains(allowed, n)
	}
}

const someTrace = "an absolute path to a trace that foodmassd scale trace has written"

const somePin = "a gpio pin by its name or as chip:line, e.g. GPIO5 or gpiochip0:5"

func pin(at func(*Config) *string) setter {
	return func(c *Config, v []string) bool {
		*at(c) = v[0]
		return len(v[0]) <= 64 && !strings.ContainsFunc(v[0], func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	}
}

func path(at func(*Config) *string) setter {
	return func(c *Config, v []string) bool {
		*at(c) = filepath.Clean(v[0])
		return filepath.IsAbs(v[0])
	}
}

// optional lets a plain 0 stand for "no limit".
func optional(set setter) setter {
	return func(c *Config, v []string) bool {
		if v[0] != "0" {
			return set(c, v)
		}
		return set(c, []string{"0"}) || true // the setter stored the zero
	}
}

func duration(at func(*Config) *time.Duration, lo, hi time.Duration) setter {
	return func(c *Config, v []string) bool {
		d, ok := parseDuration(v[0])
		*at(c) = d
		return ok && d >= lo && d <= hi
	}
}

// parseDuration reads Go's durations and whole or fractional days ("30d").
func parseDuration(s string) (time.Duration, bool) {
	if days, found := strings.CutSuffix(s, "d"); found {
		x, err := strconv.ParseFloat(days, 64)
		return time.Duration(x * float64(day)), err == nil && math.Abs(x) < 1e5
	}
	if s == "0" {
		return 0, true
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// Sizes are binary, as file managers and df -h show them: 10MB is 10·2²⁰ bytes.
var units = []struct {
	suffix string
	bytes  float64
}{{"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"TB", 1 << 40}}

func size(at func(*Config) *int64, lo, hi int64) setter {
	return func(c *Config, v []string) bool {
		*at(c) = 0
		for _, u := range units {
			if digits, found := strings.CutSuffix(v[0], u.suffix); found {
				x, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
				if err != nil || !(x >= 0 && x < 1e6) {
					return false
				}
				*at(c) = int64(x * u.bytes)
				return *at(c) >= lo && *at(c) <= hi
			}
		}
		return false
	}
}
