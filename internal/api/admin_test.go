package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyRootTheDaemonsUserAndItsGroupMayAdminister(t *testing.T) {
	member := func(uid, gid uint32) bool { return uid == 1003 || gid == 77 }
	for name, tc := range map[string]struct {
		uid, gid uint32
		may      bool
	}{
		"root":                   {0, 0, true},
		"the daemon's user":      {990, 990, true},
		"a member":               {1003, 1003, true},
		"a process in the group": {1004, 77, true},
		"anyone else":            {1004, 1004, false},
		"root's group only":      {1004, 0, false},
	} {
		err := MayAdminister(tc.uid, tc.gid, 990, member)
		if (err == nil) != tc.may {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "user 1004") || !strings.Contains(err.Error(), "usermod -aG foodmass")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type stubScale struct {
	ScaleKeeper
	ScaleRecorder
	refuses error
}

func (s stubScale) Status() ScaleStatus { return ScaleStatus{State: "stable"} }
func (s stubScale) Tare() error         { return s.refuses }

// admin serves a technician's socket and returns a client of it.
func admin(t *testing.T, a *Admin) *http.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "fm") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, AdminSocket)
	l, err := ListenAdmin(path)
	if err != nil {
		t.Fatal(err)
	}
	a.Logger = slog.New(slog.DiscardHandler)
	server := a.Server()
	go server.Serve(l)
	t.Cleanup(func() { server.Close(); os.RemoveAll(dir) })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v %v", info, err)
	}
	if second, err := ListenAdmin(path); err == nil {
		second.Close()
		t.Error("a second listener took the socket")
	}
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
}

func TestTheSocketTellsTheScaleZeroesItAndSaysWhyNot(t *testing.T) {
	for name, tc := range map[string]struct {
		scale        Scale
		status, tare string // the error; "" none
	}{
		"weighs":          {scale: stubScale{}},
		"settling":        {scale: stubScale{refuses: errors.New("it is settling")}, tare: "it is settling"},
		"none configured": {status: "no scale is configured", tare: "scale.source"},
	} {
		client := admin(t, &Admin{Scale: tc.scale})
		for what, ask := range map[string]func() (*http.Response, error){
			tc.status: func() (*http.Response, error) { return client.Get("http://x" + ScaleRoute) },
			tc.tare:   func() (*http.Response, error) { return client.Post("http://x"+ScaleTareRoute, "", nil) },
		} {
			response, err := ask()
			if err != nil {
				t.Fatal(err)
			}
			var got ScaleStatus
			err = ReadAdmin(response, &got)
			if what == "" && (err != nil || got.State != "stable") || what != "" && (err == nil || !strings.Contains(err.Error(), what)) {
				t.Errorf("%s: got %+v, %v; want %q", name, got, err, what)
			}
		}
	}
}

func TestTheSocketHandsOutAPhotoOrSaysWhyNot(t *testing.T) {
	for name, tc := range map[string]struct {
		admin *Admin
		want  string // the error; "" none
	}{
		"a photo":         {&Admin{Camera: lens{}}, ""},
		"unplugged":       {&Admin{Camera: lens{errors.New("/dev/video0: is the camera plugged in?")}}, "/dev/video0: is the camera plugged in?"},
		"none configured": {&Admin{}, ErrNotConfigured.Error()},
	} {
		response, err := admin(t, tc.admin).Get("http://x" + CameraRoute)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadPhoto(response)
		if tc.want == "" && (err != nil || !bytes.Equal(got, jpegPhoto)) || tc.want != "" && (err == nil || err.Error() != tc.want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestWhoIsNotKnownIsRefused(t *testing.T) {
	reached := false
	h := admitted(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, ScaleRoute, nil))
	if w.Code != http.StatusForbidden || reached {
		t.Errorf("status %d, reached %v", w.Code, reached)
	}
}
