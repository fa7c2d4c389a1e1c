package main

import (
	"bytes"
	"cmp"
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

	"foodmassd/hardware/camera"
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
func (a *appliance) openAdmin(scale api.Scale, cam *camera.Camera) {
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
	admin := &api.Admin{Scale: scale, Foods: a.foods, Limits: photoLimits(a.conf), Logger: a.log}
	if cam != nil {
		admin.Camera = cam
	}
	server := admin.Server()
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

const adminTimeout = 15 * time.Second

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
	return nil, fmt.Errorf("%w at %s; start it (sudo systemctl start foodmassd), or say with --data-dir or --config where it works",
		errNoDaemon, strings.Join(c.paths, " or "))
}

var errNoDaemon = errors.New("no daemon answers")

// ask sends a request without a body and reads the answer into v.
func (c *adminClient) ask(ctx context.Context, method, route string, v any) error {
	return c.exchange(ctx, method, route, nil, v)
}

// send posts body as JSON and reads the answer into v.
func (c *adminClient) send(ctx context.Context, route string, body, v any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.exchange(ctx, http.MethodPost, route, bytes.NewReader(text), v)
}

func (c *adminClient) exchange(ctx context.Context, method, route string, body io.Reader, v any) error {
	response, err := c.do(ctx, method, route, body)
	if err != nil {
		return err
	}
	return api.ReadAdmin(response, v)
}

// fetch reads a photo.
func (c *adminClient) fetch(ctx context.Context, route string) ([]byte, error) {
	response, err := c.do(ctx, http.MethodGet, route, nil)
	if err != nil {
		return nil, err
	}
	return api.ReadPhoto(response)
}

func (c *adminClient) do(ctx context.Context, method, route string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://foodmassd"+route, body)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, explained(err)
	}
	return response, nil
}

var errDaemonGone = errors.New("the daemon has gone away; see its log (journalctl -u foodmassd)")

// explained says for people why there is no answer.
func explained(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return errDaemonGone
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the daemon does not answer in time; see its log (journalctl -u foodmassd)")
	}
	return cmp.Or(errors.Unwrap(err), err) // without method and address
}
