// Package apitest drives a real foodmassd from outside, as the app does: it starts the binary, uploads
// photos that it renders itself and follows tasks over the WebSocket. Tests and scripts/bench use it;
// the daemon never does.
package apitest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Daemon is a foodmassd process.
type Daemon struct {
	URL string // http://127.0.0.1:PORT
	PID int
	// ReadyAfter is the time from the start of the process to a 200 from /readyz.
	ReadyAfter time.Duration

	command *exec.Cmd
	exited  chan struct{}
	mu      sync.Mutex
	log     strings.Builder
}

var readyLine = regexp.MustCompile(`msg=ready listen=(\S+)`)

// Start runs `program serve` on listen ("127.0.0.1:0" takes a free port) and waits until it is ready.
func Start(program string, env []string, listen, dataDir string, more ...string) (*Daemon, error) {
	args := append([]string{"serve", "--listen", listen, "--data-dir", dataDir}, more...)
	d := &Daemon{command: exec.Command(program, args...), exited: make(chan struct{})}
	d.command.Env = append(os.Environ(), env...)
	d.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := d.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := d.command.Start(); err != nil {
		return nil, err
	}
	d.PID = d.command.Process.Pid
	address := make(chan string, 1)
	go d.follow(stderr, address)
	select {
	case a := <-address:
		d.URL = "http://" + a
	case <-d.exited:
		return nil, fmt.Errorf("%s serve ended:\n%s", program, d.Log())
	case <-time.After(60 * time.Second):
		d.Kill()
		return nil, fmt.Errorf("%s serve is not ready after a minute:\n%s", program, d.Log())
	}
	for {
		response, err := http.Get(d.URL + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				d.ReadyAfter = time.Since(start)
				return d, nil
			}
		}
		if time.Since(start) > 60*time.Second {
			d.Kill()
			return nil, fmt.Errorf("never ready: %v\n%s", err, d.Log())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// follow collects the log, finds the address in it and notices the end.
func (d *Daemon) follow(stderr io.Reader, address chan<- string) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		d.mu.Lock()
		d.log.WriteString(lines.Text() + "\n")
		d.mu.Unlock()
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			address <- strings.Trim(m[1], `"`)
		}
	}
	_ = d.command.Wait() // how it ended is told by ExitCode
	close(d.exited)
}

// Log returns what the daemon has logged so far.
func (d *Daemon) Log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// Kill ends the daemon as a power cut would (SIGKILL) and waits for its end.
func (d *Daemon) Kill() { d.signal(syscall.SIGKILL) }

// Stop ends the daemon in order (SIGTERM), waits, and returns its exit code.
func (d *Daemon) Stop() int {
	d.signal(syscall.SIGTERM)
	return d.command.ProcessState.ExitCode()
}

func (d *Daemon) signal(s syscall.Signal) {
	_ = d.command.Process.Signal(s) // it may have ended already
	<-d.exited
}

// WorkerPID returns the process id of the daemon's vision worker, 0 when it has none right now.
func (d *Daemon) WorkerPID() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", d.PID, d.PID))
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", d.PID)) // any thread may have forked it
	for _, t := range tasks {
		if err == nil && len(text) > 0 {
			break
		}
		text, err = os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", d.PID, t.Name()))
	}
	pid := 0
	_, _ = fmt.Sscan(string(text), &pid) // stays 0
	return pid
}

// ResidentBytes returns the memory that a process occupies.
func ResidentBytes(pid int) int64 {
	var pages, resident int64
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err == nil {
		_, _ = fmt.Sscan(string(text), &pages, &resident) // stays 0
	}
	return resident * int64(os.Getpagesize())
}
