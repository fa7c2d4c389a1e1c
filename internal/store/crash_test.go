package store

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const crashDirKey = "FOODMASSD_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirKey); dir != "" {
		if err := acceptForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// crashImage is an image that tells whether it is whole: its first line repeated.
func crashImage() []byte {
	line := fmt.Sprintf("%016x\n", rand.Uint64())
	return []byte(strings.Repeat(line, 1+rand.IntN(8000)))
}

func whole(image []byte) bool {
	first, _, ok := bytes.Cut(image, []byte("\n"))
	return ok && bytes.Equal(image, bytes.Repeat(append(first, '\n'), len(image)/17))
}

// acceptForever accepts tasks from three uploads at once, ends some, and prints the id and size of
// each once it is acknowledged.
func acceptForever(dir string) error {
	s, err := Open(context.Background(), Options{Dir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 3 {
		go func() {
			for {
				image := crashImage()
				x, err := accept(s, time.Now(), image)
				if err != nil {
					failed <- err
					return
				}
				fmt.Printf("%s %d\n", x.ID, len(image)) // one write(2): lines do not mix
			}
		}()
	}
	return <-failed
}

func TestEveryAcknowledgedTaskSurvivesAKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := make(map[string]int)
	for range 8 {
		killDuringUploads(t, dir, acknowledged)

		s := mustOpen(t, dir)
		open, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range open {
			image, err := os.ReadFile(x.ImagePath)
			if size, known := acknowledged[x.ID]; err != nil || !whole(image) || known && size != len(image) {
				t.Fatalf("task %s came back with %d bytes, want %d; %v", x.ID, len(image), size, err)
			}
			delete(acknowledged, x.ID)
		}
		if len(acknowledged) > 0 {
			t.Fatalf("%d acknowledged tasks are lost", len(acknowledged))
		}
		if files := imageFiles(t, s); len(files) != len(open) {
			t.Fatalf("%d files for %d tasks", len(files), len(open))
		}
		for _, x := range open {
			info, err := os.Stat(x.ImagePath)
			if err != nil {
				t.Fatal(err)
			}
			acknowledged[x.ID] = int(info.Size()) // seen whole: it must go on being there
		}
		s.Close()
	}
	if len(acknowledged) < 20 {
		t.Errorf("only %d tasks were accepted between the kills", len(acknowledged))
	}
}

// killDuringUploads starts a child that accepts tasks, kills it at a random moment, and adds what it
// acknowledged.
func killDuringUploads(t *testing.T, dir string, acknowledged map[string]int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDirKey+"="+dir)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for first := true; lines.Scan(); first = false {
		var id string
		var size int
		if _, err := fmt.Sscan(lines.Text(), &id, &size); err != nil {
			t.Fatalf("child says %q", lines.Text())
		}
		acknowledged[id] = size
		if first {
			time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { child.Process.Kill() })
		}
	}
	child.Wait()
}
