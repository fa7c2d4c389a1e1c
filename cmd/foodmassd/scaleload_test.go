package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/apitest"
	"foodmassd/internal/weighing"
)

// loadFile names, in a daemon's environment, the file that a test puts loads in; its cell reads it as source
// simulated.
const loadFile = "FOODMASSD_TEST_LOAD_FILE"

// loaded is a cell that reads a file with counts or with a fault.
type loaded struct{ file string }

func (l loaded) String() string { return "loaded" }
func (l loaded) Halt() error    { return nil }
func (l loaded) Read(ctx context.Context) (int32, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(20 * time.Millisecond):
	}
	text, err := os.ReadFile(l.file)
	if err != nil {
		return 0, err
	}
	var counts int32
	if _, err := fmt.Sscan(string(text), &counts); err != nil {
		return 0, fmt.Errorf("loaded: %w: %s", weighing.ErrUnplugged, text)
	}
	return counts + int32(time.Now().UnixNano()%7*5) - 15, nil // noise
}

// bench is a daemon with a cell that the test loads.
type bench struct {
	t      *testing.T
	dir    string
	file   string
	config []string
	d      *apitest.Daemon
}

// newBench starts a daemon whose configuration says countsPerGram, and more, with an empty scale.
func newBench(t *testing.T, countsPerGram float64, more ...string) *bench {
	t.Helper()
	b := &bench{t: t, dir: shortDir(t)}
	b.file = filepath.Join(t.TempDir(), "load")
	t.Setenv(loadFile, b.file)
	b.config = []string{"--config", write(t, "c.yaml", fmt.Appendf(nil, "scale: {source: simulated, counts_per_gram: %v}\n%s", countsPerGram, strings.Join(more, "")))}
	b.load(84_000)
	b.start()
	return b
}

func (b *bench) start() {
	b.t.Helper()
	b.d = startDaemon(b.t, "127.0.0.1:0", b.dir, b.config...)
}

func (b *bench) restart() {
	b.t.Helper()
	b.d.Kill()
	b.start()
}

// load puts something on the scale: counts, or a text for a fault.
func (b *bench) load(what any) {
	b.t.Helper()
	temp := b.file + ".new"
	if err := errors.Join(os.WriteFile(temp, []byte(fmt.Sprint(what)), 0o600), os.Rename(temp, b.file)); err != nil {
		b.t.Fatal(err)
	}
}

// scale runs foodmassd scale.
func (b *bench) scale(args ...string) (out, errs string, exit int) {
	b.t.Helper()
	return run(b.t, append(append([]string{"scale"}, args...), "--data-dir", b.dir)...)
}

// must runs foodmassd scale and wants it to say something and to succeed, once the load is at rest: where the test's
// host is late, the cell misses conversions and settles anew.
func (b *bench) must(want string, args ...string) string {
	b.t.Helper()
	out, errs, exit := b.scale(args...)
	for tries := 0; exit != 0 && strings.Contains(out+errs, string(weighing.Settling)) && tries < 100; tries++ {
		out, errs, exit = b.scale(args...)
	}
	if exit != 0 || !strings.Contains(out, want) {
		b.t.Errorf("scale %q: exit %d, want %q: %s%s", args, exit, want, out, errs)
	}
	return out
}

// until asks for the status until it is ok.
func (b *bench) until(what string, ok func(api.ScaleStatus) bool) api.ScaleStatus {
	b.t.Helper()
	var s api.ScaleStatus
	for range 400 {
		if s, _ = scaleJSON(b.t, b.dir); ok(s) {
			return s
		}
	}
	b.t.Fatalf("never %s: %s", what, describeScale(s))
	return s
}

// weighs waits for grams.
func (b *bench) weighs(grams float64) api.ScaleStatus {
	b.t.Helper()
	return b.until(fmt.Sprint(grams, " g"), func(s api.ScaleStatus) bool { return s.NetG != nil && math.Abs(*s.NetG-grams) < 0.5 })
}

// talk is a running foodmassd scale calibrate.
type talk struct {
	t     *testing.T
	c     *exec.Cmd
	in    io.WriteCloser
	out   io.Reader
	errs  bytes.Buffer
	heard strings.Builder
}

func (b *bench) talk(args ...string) *talk {
	b.t.Helper()
	path, env := program(b.t)
	k := &talk{t: b.t, c: exec.Command(path, append([]string{"scale", "calibrate", "--data-dir", b.dir}, args...)...)}
	k.c.Env, k.c.Stderr = append(os.Environ(), env...), &k.errs
	var err, err2 error
	k.in, err = k.c.StdinPipe()
	k.out, err2 = k.c.StdoutPipe()
	if err := errors.Join(err, err2, k.c.Start()); err != nil {
		b.t.Fatal(err)
	}
	return k
}

// hear reads until it says want.
func (k *talk) hear(want string) {
	k.t.Helper()
	from := k.heard.Len()
	for letter := make([]byte, 1); !strings.Contains(k.heard.String()[from:], want); {
		if _, err := k.out.Read(letter); err != nil {
			k.t.Fatalf("never said %q: %v after %s%s", want, err, k.heard.String(), k.errs.String())
		}
		k.heard.Write(letter)
	}
}

// say types a line.
func (k *talk) say(line string) {
	k.t.Helper()
	if _, err := io.WriteString(k.in, line+"\n"); err != nil {
		k.t.Fatal(err)
	}
}

// end ends the input and returns what else was said.
func (k *talk) end() (out, errs string, exit int) {
	k.t.Helper()
	k.in.Close()
	rest, _ := io.ReadAll(k.out)
	_ = k.c.Wait() // the exit code tells
	return k.heard.String() + string(rest), k.errs.String(), k.c.ProcessState.ExitCode()
}

// interrupt presses Ctrl-C and waits for the last word.
func (k *talk) interrupt() {
	_ = k.c.Process.Signal(syscall.SIGINT)
	_, _ = io.Copy(&k.heard, k.out)
}
