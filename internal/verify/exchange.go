package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Bounds of an answer. One on a dozen foods has 2 KB.
const (
	maxAnswerBytes = 256 << 10
	maxHeaderBytes = 16 << 10
)

// newHTTP returns a client that goes straight to the server and nowhere else.
func newHTTP() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // the photo is for the local network
			DialContext:            (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxHeaderBytes,
			DisableCompression:     true, // a few bytes of it could become gigabytes
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// exchange sends one request, body nil for none, and returns the JSON text of the answer. Every error is a
// *Fault.
func (c *Client) exchange(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, &Fault{Kind: Unreachable, detail: "bad address"}
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Key.Set() {
		request.Header.Set("Authorization", "Bearer "+c.Key.reveal())
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unanswered(ctx, err)
	}
	defer response.Body.Close()
	if f := judgeHead(response); f != nil {
		return nil, f
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes+1))
	switch {
	case ctx.Err() != nil:
		return nil, &Fault{Kind: TooSlow}
	case err != nil:
		return nil, &Fault{Kind: Broken, detail: "it ends early", passing: true}
	case len(text) > maxAnswerBytes:
		return nil, &Fault{Kind: TooLarge}
	}
	return text, nil
}

// unanswered tells why there was no answer. Only our own system's words are repeated: others may be
// anybody's.
func unanswered(ctx context.Context, err error) *Fault {
	var timeout net.Error
	if ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return &Fault{Kind: TooSlow}
	}
	f := &Fault{Kind: Unreachable}
	var number syscall.Errno
	var dns *net.DNSError
	switch {
	case errors.As(err, &number):
		f.detail, f.passing = number.Error(), number == syscall.ECONNREFUSED
	case errors.As(err, &dns):
		f.detail = "its name is not known"
	}
	return f
}

// judgeHead refuses what is no answer in JSON.
func judgeHead(r *http.Response) *Fault {
	switch code := r.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return &Fault{Kind: KeyRefused, Status: code}
	case code >= 300 && code < 400:
		return &Fault{Kind: Redirected, Status: code}
	case code != http.StatusOK:
		return &Fault{Kind: BadStatus, Status: code, passing: code >= 500}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &Fault{Kind: WrongType}
	}
	return nil
}
