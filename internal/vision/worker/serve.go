package worker

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"foodmassd/internal/fault"
	"foodmassd/internal/vision"

	"golang.org/x/sys/unix"
)

// Run is the whole life of a worker process: it loads the seer and serves requests on standard input
// and output until standard input closes, which it does when the daemon ends for whatever reason.
//
// Standard output is kept for frames alone, stray prints of C++ libraries go to standard error instead.
// SIGINT and SIGTERM, which a terminal and systemd send to all processes, are ignored: a daemon that
// drains still needs its worker.
func Run(load func() (vision.Seer, error)) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("keep standard output: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return fmt.Errorf("turn stray prints to standard error: %w", err)
	}
	out := os.NewFile(uintptr(fd), "frames")
	defer out.Close()
	seer, err := load()
	if err != nil {
		return err
	}
	return Serve(os.Stdin, out, seer)
}

// modelNamer is a seer that can say which models it uses, by role.
type modelNamer interface{ Models() map[string]string }

// Serve answers the requests that arrive on in, one after the other, until in ends. When that happens
// while a request is being worked on, it returns at once: nobody is left to hear the answer.
func Serve(in io.Reader, out io.Writer, seer vision.Seer) error {
	hello := message{Kind: kindHello, PID: os.Getpid()}
	if n, ok := seer.(modelNamer); ok {
		hello.Models = n.Models()
	}
	if err := send(out, hello); err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	requests, ended := make(chan message), make(chan error, 1)
	go func() {
		for {
			m, err := readMessage(in, maxRequestBytes)
			if err != nil {
				ended <- err
				return
			}
			requests <- m
		}
	}()
	done := make(chan error, 1)
	for {
		select {
		case m := <-requests:
			go func() { done <- answer(out, seer, m) }()
			select {
			case err := <-done:
				if err != nil {
					return err
				}
			case err := <-ended:
				return end(err)
			}
		case err := <-ended:
			return end(err)
		}
	}
}

func end(err error) error {
	if err == io.EOF {
		return nil
	}
	return fmt.Errorf("read request: %w", err)
}

// answer works on one request. Only a failure to write, or a request that is none, ends the worker.
func answer(out io.Writer, seer vision.Seer, m message) error {
	if m.Kind != kindSee || m.Request == nil {
		return fmt.Errorf("unexpected %q frame", m.Kind)
	}
	var lost error
	scene, err := seer.See(context.Background(), *m.Request, func(stage string) {
		if err := send(out, message{Kind: kindProgress, ID: m.ID, Stage: stage}); err != nil {
			lost = err
		}
	})
	if lost != nil {
		return fmt.Errorf("report progress: %w", lost)
	}
	reply := message{Kind: kindScene, ID: m.ID, Scene: &scene}
	if err != nil {
		reply = failure(m.ID, err)
	}
	frame, err := encode(reply, maxReplyBytes)
	if err != nil { // the scene holds NaN, or far too much: say so instead
		return send(out, failure(m.ID, fault.New(fault.WorkerFailed, "encode scene", err)))
	}
	_, err = out.Write(frame)
	return err
}

func send(out io.Writer, m message) error {
	frame, err := encode(m, maxReplyBytes)
	if err == nil {
		_, err = out.Write(frame)
	}
	return err
}

func failure(id uint64, err error) message {
	return message{Kind: kindError, ID: id, Code: fault.CodeOf(err), Error: err.Error()}
}
