package worker

import (
	"bufio"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// maxLineBytes bounds a line of the log, longer ones are broken; maxLines bounds the lines per request:
// an abort in C++ makes the Go runtime print every stack.
const (
	maxLineBytes = 2048
	maxLines     = 12
)

func (c *child) readLines(stderr *os.File, logger *slog.Logger) {
	defer close(c.silent)
	defer stderr.Close()
	lines := bufio.NewReaderSize(stderr, maxLineBytes)
	for {
		line, err := lines.ReadSlice('\n')
		if text := strings.TrimSpace(strings.ToValidUTF8(string(line), "?")); text != "" {
			switch n := c.words.add(text); {
			case n <= maxLines:
				logger.Warn("vision worker says", "pid", c.pid, "line", text)
			case n == maxLines+1:
				logger.Warn("vision worker says more, not logged", "pid", c.pid)
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// lastWords keeps the first lines since the last request began: what a dying process says first tells
// why, and what follows is a stack.
type lastWords struct {
	mu    sync.Mutex
	lines []string
	count int
}

// add returns the number of lines so far.
func (w *lastWords) add(line string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) < 3 {
		w.lines = append(w.lines, line[:min(len(line), 300)])
	}
	w.count++
	return w.count
}

func (w *lastWords) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines, w.count = nil, 0
}

func (w *lastWords) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, " / ")
}
