package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"foodmassd/internal/api"
)

// installedRuntime is where systemd puts the daemon's $RUNTIME_DIRECTORY.
const installedRuntime = "/run/foodmassd"

// runtimeDir is systemd's $RUNTIME_DIRECTORY, "" without.
func runtimeDir() string {
	dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":")
	return dir
}

// openAdmin serves the technician's socket. That it cannot be had costs the daemon nothing else.
func (a *appliance) openAdmin(scale api.Scale) {
	dir := runtimeDir()
	if dir == "" {
		dir = a.conf.Storage.DataDir
	}
	l, err := api.ListenAdmin(filepath.Join(dir, api.AdminSocket))
	if err != nil {
		a.log.Warn("foodmassd scale and food cannot reach this daemon", "err", err)
		return
	}
	a.foods.scale = scale
	server := (&api.Admin{Scale: scale, Foods: a.foods, Limits: photoLimits(a.conf), Logger: a.log}).Server()
	go func() {
		if err := ignoreClosed(server.Serve(l)); err != nil {
			a.log.Warn("foodmassd scale and food cannot reach this daemon any more", "err", err)
		}
	}()
	a.onClose(server.Shutdown)
}

// adminClient talks to the running daemon.
type adminClient struct {
	http  http.Client
	paths []string
}

const adminTimeout = 10 * time.Second

// newAdminClient looks for the daemon's socket where it puts it: an installed one beside others only
// when no data directory is named.
func (s *settings) newAdminClient(dataDir string) *adminClient {
	c := &adminClient{paths: []string{filepath.Join(dataDir, api.AdminSocket)}}
	if dir := runtimeDir(); dir != "" {
		c.paths = append(c.paths, filepath.Join(dir, api.AdminSocket))
	}
	if s.dataDir == "" {
		c.paths = append(c.paths, filepath.Join(installedRuntime, api.AdminSocket))
	}
	c.http = http.Client{Timeout: adminTimeout, Transport: &http.Transport{DialContext: c.dial}}
	return c
}

// dial takes the first socket that answers, or says what is in the way.
func (c *adminClient) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var closed error
	for _, path := range c.paths {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, fs.ErrPermission):
			closed = fmt.Errorf("you may not open %s; use sudo, or join the group %s", path, api.AdminGroup)
		case ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED):
			return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
		}
	}
	if closed != nil {
		return nil, closed
	}
	return nil, fmt.Errorf("no daemon answers at %s; start it (sudo systemctl start foodmassd), or say with --data-dir or --config where it works",
		strings.Join(c.paths, " or "))
}

// ask sends a request without a body and reads the answer into v.
func (c *adminClient) ask(ctx context.Context, method, route string, v any) error {
	return c.send(ctx, method, route, nil, v)
}

// sendJSON posts what is said and reads the answer into v.
func (c *adminClient) sendJSON(ctx context.Context, route string, said, v any) error {
	text, err := json.Marshal(said)
	if err != nil {
		return err
	}
	return c.send(ctx, http.MethodPost, route, bytes.NewReader(text), v)
}

// send sends a request with a body, which may be nil, and reads the answer into v.
func (c *adminClient) send(ctx context.Context, method, route string, body io.Reader, v any) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://foodmassd"+route, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return errors.New("the daemon has gone away; see its log (journalctl -u foodmassd)")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the daemon does not answer in time; see its log (journalctl -u foodmassd)")
	default:
		return errors.Unwrap(err) // without method and address
	}
	return api.ReadAdmin(response, v)
}
