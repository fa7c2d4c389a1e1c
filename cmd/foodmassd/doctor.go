package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"foodmassd/internal/config"
	"foodmassd/internal/health"
	"foodmassd/internal/store"
	"foodmassd/models"
)

var doctorCommand = &command{
	name:    "doctor",
	purpose: "check what the daemon needs and say what to do about each finding",
	usage: "[--config FILE] [--data-dir DIR]\n\nExits with 1 when something is wrong.\n\n" +
		"Example:\n  foodmassd doctor --config /etc/foodmassd/foodmassd.yaml",
	run: runDoctor,
}

// finding is what one check found: what is, and for a fault, what to do.
type finding struct {
	what, is string
	fault    error
	todo     string
}

func runDoctor(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	if err := c.parseOptions(f, args); err != nil {
		return err
	}
	conf, err := s.load()
	findings := []finding{{"configuration", s.origin(), err, "correct the file and run: foodmassd config check"}}
	if err == nil {
		findings = append(findings, checkVerifier(ctx, conf, s.quiet(conf))...)
		findings = append(findings, checkClock(), checkMemory(conf), checkData(conf), checkDatabase(ctx, conf, s.quiet(conf)),
			checkCamera(conf), checkOwnCamera(ctx, conf), checkModels(conf), checkEye(ctx, conf, s.quiet(conf)), checkScale(ctx, conf), checkPort(conf))
	}
	faults := 0
	for _, f := range findings {
		if f.fault == nil {
			fmt.Printf("ok    %-14s %s\n", f.what, f.is)
			continue
		}
		faults++
		fmt.Printf("FAULT %-14s %v\n      %-14s → %s\n", f.what, f.fault, "", f.todo)
	}
	if faults > 0 {
		return exitCode(1)
	}
	return nil
}

// built is a time that no right clock can be before.
var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func checkClock() finding {
	f := finding{what: "clock", is: time.Now().Format(time.RFC3339)}
	if time.Now().Before(built) {
		f.fault = fmt.Errorf("the clock says %s", f.is)
		f.todo = "set it (timedatectl set-time) or connect to a time server; boards without a battery forget the time"
	}
	return f
}

func checkMemory(conf config.Config) finding {
	f := finding{what: "memory"}
	var kB int64
	text, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		_, err = fmt.Sscanf(string(text), "MemTotal: %d kB", &kB)
	}
	f.is = fmt.Sprintf("%d MB, %d cores, %s", kB>>10, runtime.NumCPU(), runtime.GOARCH)
	if err == nil && kB<<10 < 2*conf.Vision.MemoryLimitBytes {
		f.fault = fmt.Errorf("%d MB of memory is less than twice vision.memory_limit", kB>>10)
		f.todo = "lower vision.memory_limit or use a board with more memory"
	}
	return f
}

func checkData(conf config.Config) finding {
	dir := conf.Storage.DataDir
	f := finding{what: "data directory", is: dir, todo: "create it for the user that runs the daemon, or name another with --data-dir"}
	probe := filepath.Join(dir, ".doctor")
	if f.fault = os.WriteFile(probe, nil, 0o600); f.fault == nil {
		f.fault = os.Remove(probe)
	}
	return f
}

func checkDatabase(ctx context.Context, conf config.Config, log *slog.Logger) finding {
	f := finding{what: "database", is: "none yet", todo: "see the message; a copy can be made with: foodmassd backup FILE"}
	db, err := store.OpenBeside(ctx, store.Options{Dir: conf.Storage.DataDir, Logger: log})
	if errors.Is(err, fs.ErrNotExist) {
		return f
	}
	if f.fault = err; err != nil {
		return f
	}
	defer db.Close()
	free, err := db.FreeBytes()
	f.fault, f.is = err, fmt.Sprintf("opens; %d MB free", free>>20)
	if err == nil && free < conf.Storage.MinFreeBytes {
		f.fault = fmt.Errorf("only %d MB free, storage.min_free is %d MB: photos are refused", free>>20, conf.Storage.MinFreeBytes>>20)
		f.todo = "free space, or lower storage.images_max_size"
	}
	return f
}

func checkCamera(conf config.Config) finding {
	f := finding{what: "camera", is: "not calibrated; photos need a reference object", todo: "calibrate again: foodmassd camera calibrate --help"}
	c, err := store.LoadCamera(conf.Storage.DataDir)
	if f.fault = err; c != nil {
		f.is = describeCamera(*c)
	}
	return f
}

func checkModels(conf config.Config) finding {
	f := finding{what: "models", is: "checksums agree", todo: "install the program again, or correct vision.models_dir"}
	set, err := models.Open(conf.Vision.ModelsDir)
	if err == nil {
		err = set.Verify()
	}
	f.fault = err
	return f
}

func checkEye(ctx context.Context, conf config.Config, log *slog.Logger) finding {
	f := finding{what: "vision", is: "the worker starts and loads its models", todo: "see the message above; is OpenCV installed whole (make deps)?"}
	eye, err := newEye(ctx, conf, log)
	if f.fault = err; err == nil {
		f.fault = eye.Close()
	}
	return f
}

func checkPort(conf config.Config) finding {
	f := finding{what: "network", is: conf.Server.Listen + " is free"}
	l, err := net.Listen("tcp", conf.Server.Listen)
	if err == nil {
		f.fault = l.Close()
		return f
	}
	// Taken: by a foodmassd, or by somebody else?
	told, asked := askDaemon(conf)
	switch {
	case asked != nil:
		f.fault, f.todo = err, "stop the other program or choose another server.listen"
	case told.Status != health.OK:
		f.fault, f.todo = fmt.Errorf("a foodmassd serves %s and is %s", conf.Server.Listen, told.Status), "see its /healthz"
	default:
		f.is = "a foodmassd serves " + conf.Server.Listen + " and is well"
	}
	return f
}

// told is what a running daemon says about itself.
type told struct {
	Status health.State
	Parts  map[string]health.Part
}

// saysOf is how the daemon finds one of its parts, and what is wrong with it.
func (t told) saysOf(name string) (is string, fault error) {
	part := t.Parts[name]
	if part.State != health.OK {
		fault = fmt.Errorf("the running daemon says: %s", cmp.Or(part.Detail, "no "+name))
	}
	return part.Detail, fault
}

// askDaemon asks the daemon that serves the configured address, if there is one.
func askDaemon(conf config.Config) (told, error) {
	var t told
	response, err := (&http.Client{Timeout: 5 * time.Second}).Get("http://" + reachable(conf.Server.Listen) + "/healthz")
	if err != nil {
		return t, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&t); err != nil {
		return t, err
	}
	if t.Status == "" {
		return t, errors.New("no foodmassd answers there")
	}
	return t, nil
}

// reachable turns a listening address into one to connect to: ":8000" listens everywhere.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
