package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

const example = "../../systemd/foodmassd.yaml"

func TestAnEmptyFileGivesTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "server:\n", "server:\n  # listen: x\nlog:\n"} {
		c, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if !reflect.DeepEqual(c, Default()) {
			t.Errorf("%q: got %+v", text, c)
		}
	}
}

func TestEveryKeyOverridesItsDefault(t *testing.T) {
	c, err := Parse([]byte(`
server: {listen: "127.0.0.1:9000", allowed_origins: ["http://a:1", "https://b"]}
limits: {image_size: 5MB, image_megapixels: 12.5, oversize: reject, queue: 7}
task: {deadline: 1m30s, attempts: 3}
storage:
  data_dir: /data
  min_free: 1GB
  images_max_age: 7d
  images_max_size: 0
  results_max_age: 0
vision: {models_dir: /models, threads: 4, memory_limit: 1GB}
reference: {coin_diameter_mm: 26.5}
scale: {source: hx711, counts_per_gram: -431.5, clock_pin: "pinctrl-rp1:6", data_pin: GPIO5, i2c_bus: 7, gain: 64, rate_hz: 80, capacity_g: 20000, supply_mv: 3300, trace_file: /a/b/../x.trace}
camera: {source: stream, device: /dev/v4l/by-id/usb-cam, url: "rtsp://me:s3cret@192.168.0.40/1", size: 1280x720, trigger: none, trigger_g: 35}
verify: {url: "http://192.168.0.30:8080/base", model: "qwen2.5vl:7b", timeout: 8s}
log: {level: debug}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Server:    Server{"127.0.0.1:9000", []string{"http://a:1", "https://b"}},
		Limits:    Limits{5 << 20, 12.5, true, 7},
		Task:      Task{90 * time.Second, 3},
		Storage:   Storage{"/data", 1 << 30, 7 * day, 0, 0},
		Vision:    Vision{"/models", 4, 1 << 30},
		Reference: Reference{26.5, 0},
		Scale:     Scale{"hx711", -431.5, "pinctrl-rp1:6", "GPIO5", 7, 64, 80, 20000, 3300, "/a/x.trace"},
		Camera:    Camera{"stream", "/dev/v4l/by-id/usb-cam", "rtsp://me:s3cret@192.168.0.40/1", "", "", 1280, 720, "none", 35},
		Verify:    Verify{"http://192.168.0.30:8080/base", "qwen2.5vl:7b", 8 * time.Second},
		Log:       Log{slog.LevelDebug},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestErrorsNameFileLineKeyAndWhatIsAllowed(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"unknown key":           {"server:\n  listen: \":1\"\n  port: 80\n", []string{":3:", `"server.port"`, "listen, allowed_origins"}},
		"unknown section":       {"\nscales:\n  source: none\n", []string{":2:", `"scales"`, "scale,"}},
		"unit missing":          {"limits:\n  image_size: 10\n", []string{":2:", "limits.image_size", `"10"`, "10MB"}},
		"unit wrong":            {"task:\n  deadline: 25MB\n", []string{":2:", "task.deadline", "25s"}},
		"unit where none is":    {"reference:\n  coin_diameter_mm: 25mm\n", []string{":2:", "reference.coin_diameter_mm", "from 10 to 50"}},
		"out of range":          {"vision:\n  threads: 99\n", []string{":2:", "vision.threads", "from 1 to 16"}},
		"not a number":          {"reference:\n  coin_diameter_mm: .nan\n", []string{":2:", "reference.coin_diameter_mm"}},
		"relative path":         {"storage:\n  data_dir: data\n", []string{":2:", "storage.data_dir", "absolute"}},
		"list for one value":    {"scale:\n  source: [none]\n", []string{":2:", "scale.source", "simulated"}},
		"one value for list":    {"server:\n  allowed_origins: http://a\n", []string{":2:", "a list of origins"}},
		"value for section":     {"server: 80\n", []string{":1:", "server", "listen"}},
		"list at top":           {"- a\n", []string{":1:", "top level", "server"}},
		"broken YAML":           {"server:\n  listen: \"unclosed\n", []string{":", "YAML"}},
		"the same key twice":    {"log:\n  level: info\n  level: debug\n", []string{":3:", "log.level", "line 2"}},
		"a coin nobody knows":   {"reference:\n  coin: 20won\n", []string{":2:", "reference.coin", "100won, 10won, 10won-old, 1yuan"}},
		"a coin said twice":     {"reference:\n  coin: 100won\n  coin_diameter_mm: 24\n", []string{":3:", "reference.coin_diameter_mm", "reference.coin in line 2", "one of them"}},
		"a coin said in mm":     {"reference:\n  coin_diameter_mm: 24\n  coin: 100won\n", []string{":3:", "reference.coin: reference.coin_diameter_mm in line 2"}},
		"plate out of range":    {"reference:\n  plate_diameter_mm: 90\n", []string{":2:", "reference.plate_diameter_mm", "from 100 to 400"}},
		"two documents":         {"log:\n---\nlog:\n", []string{"document"}},
		"tab":                   {"log:\n\tlevel: info\n", []string{":2:", "YAML"}},
		"origin with a path":    {"server:\n  allowed_origins: [\"http://a/b\"]\n", []string{":2:", "origins"}},
		"pin with a space":      {"scale:\n  clock_pin: GPIO 5\n", []string{":2:", "scale.clock_pin", "gpiochip0:5"}},
		"gain between steps":    {"scale:\n  gain: 100\n", []string{":2:", "scale.gain", "64 or 128"}},
		"no pins":               {"log:\nscale:\n  source: hx711\n", []string{":3:", "scale.clock_pin: missing", "gpiochip0:5"}},
		"half the pins":         {"scale:\n  source: hx711\n  clock_pin: GPIO6\n", []string{":2:", "scale.data_pin: missing", "GPIO5"}},
		"one pin for both":      {"scale:\n  source: hx711\n  clock_pin: A\n  data_pin: A\n", []string{":4:", "scale.data_pin", "another pin"}},
		"a gain hx711 has not":  {"scale:\n  gain: 16\n  source: hx711\n  clock_pin: A\n  data_pin: B\n", []string{":2:", "scale.gain", `"16"`, "128 or 64 (channel A)"}},
		"a rate hx711 has not":  {"scale: {source: hx711, clock_pin: A, data_pin: B, rate_hz: 40}\n", []string{":1:", "scale.rate_hz", "10 or 80"}},
		"no trace to replay":    {"scale:\n  source: trace\n", []string{":2:", "scale.trace_file: missing", "foodmassd scale trace"}},
		"a trace beside us":     {"scale:\n  trace_file: x.trace\n", []string{":2:", "scale.trace_file", "absolute"}},
		"a size in words":       {"camera:\n  size: 1080p\n", []string{":2:", "camera.size", "1920x1080"}},
		"a stream of nothing":   {"camera:\n  source: stream\n", []string{":2:", "camera.url: missing", "camera.pipeline"}},
		"two streams":           {"camera:\n  source: stream\n  url: rtsp://a/b\n  pipeline: c\n", []string{":4:", "camera.pipeline", "one of them"}},
		"a folder of nothing":   {"camera:\n  size: 640x480\n  source: folder\n", []string{":3:", "camera.folder: missing"}},
		"a url with a quote":    {"camera:\n  url: \"rtsp://a/\\\"b\"\n", []string{":2:", "camera.url"}},
		"an option, no element": {"camera:\n  pipeline: --gst-plugin-load=x\n", []string{":2:", "camera.pipeline"}},
		"half a gram":           {"camera:\n  trigger_g: 0.5\n", []string{":2:", "camera.trigger_g", "from 5 to 5000"}},
		"level not in the set":  {"log:\n  level: INFO+2\n", []string{":2:", "log.level", "warn"}},
		"a server without http": {"verify:\n  url: 192.168.0.30:8080\n", []string{":2:", "verify.url", "http or https"}},
		"no server at all":      {"verify:\n  url: \"http://\"\n", []string{":2:", "verify.url"}},
		"a key in the file":     {"verify:\n  api_key: s3cret\n", []string{":2:", "verify.api_key", "url, model, timeout"}},
		"a model of two words":  {"verify:\n  model: a b\n", []string{":2:", "verify.model"}},
		"an hour for an answer": {"verify:\n  timeout: 1h\n", []string{":2:", "verify.timeout", "5s"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "c.yaml")
			if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range append(tc.want, file) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestARefusedAddressKeepsItsSecrets(t *testing.T) {
	for _, address := range []string{"http://me:s3cret@host", "http://s3cret@host:80/v1", "https://host/v1?api_key=s3cret", "http://host/#s3cret", "//me:s3cret@host"} {
		_, err := Parse([]byte("verify:\n  url: \"" + address + "\"\n"))
		if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "host") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestACoinIsKnownByItsName(t *testing.T) {
	for name, mm := range map[string]float64{"500won": 26.5, "100won": 24, "50won": 21.6, "10won": 18, "10won-old": 22.86, "1yuan": 25} {
		c, err := Parse([]byte("reference: {coin: " + name + ", plate_diameter_mm: 240}"))
		if err != nil || c.Reference != (Reference{mm, 240}) {
			t.Errorf("%s: %+v, %v", name, c.Reference, err)
		}
	}
}

func TestAnOptionOverridesAsAFileWould(t *testing.T) {
	c := Default()
	if err := c.Set("scale.source", "simulated"); err != nil || c.Scale.Source != "simulated" {
		t.Errorf("got %q, %v", c.Scale.Source, err)
	}
	if err := c.Set("log.level", "loud"); err == nil || !strings.Contains(err.Error(), `"loud"`) || !strings.Contains(err.Error(), "warn") {
		t.Errorf("got %v", err)
	}
	if err := c.Set("scale.source", "hx711"); err == nil || !strings.Contains(err.Error(), "scale.clock_pin: missing") {
		t.Errorf("a scale without pins: got %v", err)
	}
}

func TestTheExampleDocumentsEveryKeyWithItsDefault(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Parse(text); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("as shipped: %+v, %v", c, err)
	}
	setting := regexp.MustCompile(`(?m)^  # ([a-z0-9_]+: )`)
	// The coin's name and its diameter stand for each other; 1yuan is the default's.
	once := strings.Replace(string(text), "  # coin: 1yuan\n", "", 1)
	c, err := Parse(setting.ReplaceAll([]byte(once), []byte("  $1")))
	if err != nil {
		t.Fatalf("with every setting uncommented: %v", err)
	}
	want := Default()
	// The settings whose default is "nothing" carry an example value.
	want.Server.AllowedOrigins = []string{"http://192.168.0.20:3000"}
	want.Vision.ModelsDir = "/usr/share/foodmassd/models"
	want.Scale.ClockPin, want.Scale.DataPin, want.Scale.TraceFile = "GPIO6", "GPIO5", "/var/lib/foodmassd/kitchen.trace"
	want.Camera.URL, want.Camera.Folder = "rtsp://192.168.0.40/stream1", "/var/lib/foodmassd/photos"
	want.Camera.Pipeline = "libcamerasrc ! video/x-raw,width=1920,height=1080 ! videoconvert ! jpegenc"
	want.Verify.URL, want.Verify.Model = "http://192.168.0.30:8080", "qwen2.5vl:7b"
	if !reflect.DeepEqual(c, want) {
		t.Errorf("uncommented:\ngot  %+v\nwant %+v", c, want)
	}
	if got := len(setting.FindAll(text, -1)); got != len(keys) {
		t.Errorf("the example shows %d settings, there are %d", got, len(keys))
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("server: {listen: \":1\"}\nlimits: [1, &a 2, *a]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			if !regexp.MustCompile(`^\d+: `).MatchString(err.Error()) {
				t.Errorf("no line number: %q", err)
			}
			return
		}
		if c.Limits.Queue < 1 || c.Task.Deadline < time.Second || c.Vision.Threads < 1 {
			t.Errorf("out of range: %+v", c)
		}
	})
}
