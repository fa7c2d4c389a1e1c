package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"foodmassd/internal/api"
)

// scaleTrace writes what the cell reads to a file. Ctrl-C ends it in order.
func scaleTrace(ctx context.Context, c scaleCall) (err error) {
	file := c.args[0]
	response, err := c.admin.record(ctx, c.length)
	if ctx.Err() != nil {
		return nil // Ctrl-C before the first reading
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	out := os.Stdout
	if file != "-" {
		// A trace that is there already may be the only one of its kind.
		if out, err = os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
	}
	began := time.Now()
	var lines lineCounter
	_, err = io.Copy(io.MultiWriter(out, &lines), response.Body)
	fmt.Fprintf(os.Stderr, "%s: %d readings in %.0f s\n", file, lines.readings(), time.Since(began).Seconds())
	switch {
	case ctx.Err() != nil:
		return nil // Ctrl-C
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errDaemonGone
	case err != nil:
		return err
	}
	if early := response.Trailer.Get(api.TraceError); early != "" {
		return fmt.Errorf("the trace ends early: %s", early)
	}
	return nil
}

// record asks for a trace, whose body lasts as long as it is recorded.
func (c *adminClient) record(ctx context.Context, length time.Duration) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://foodmassd"+api.ScaleTraceRoute+"?for="+length.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: c.http.Transport}).Do(request)
	if err != nil {
		return nil, explained(err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, api.ReadAdmin(response, nil)
	}
	return response, nil
}

// lineCounter counts the lines that are written to it.
type lineCounter int

func (c *lineCounter) Write(p []byte) (int, error) {
	*c += lineCounter(bytes.Count(p, []byte("\n")))
	return len(p), nil
}

// readings are the lines after those of the version and the cell.
func (c *lineCounter) readings() int { return max(0, int(*c)-2) }
