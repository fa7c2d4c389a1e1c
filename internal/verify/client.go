// Package verify asks a vision-language model for a second opinion on a photo: any server on the local
// network that speaks the OpenAI chat API with pictures, such as llama.cpp's or Ollama's. A small JPEG and
// what the eye made of each food go out; for each food a catalogue key and grams come back, or an error. It
// implements estimate.Verifier and knows no OpenCV, no database and no files.
//
// The answer is evidence, never a command. It is merged in estimate and mass by these rules:
//
//   - The food it names gains against every other by a likelihood factor of 8, so that it decides where the
//     eye doubts and does not where the eye is sure. Names are keys of the catalogue; foods are those that the
//     eye saw, none is added.
//   - Where it names the same food and its grams are within a factor of 1.5, both agree: the grams are joined
//     by Bayes' rule with a log-normal of standard deviation 0.4 around its figure (vision-language models are
//     off by a third, and it has seen ours). The interval narrows, the confidence rises, and the food is
//     multimodal_verification. Confidence never falls by an agreement.
//   - Where they differ, one of them is wrong: its log-normal enters a pool with weight 0.25, a figure beyond
//     four times ours or below a fourth counting as that. The interval widens, the confidence falls by up to a
//     quarter, the number stays where the eye puts the food with the merged name, and the reasoning says why.
//   - A load cell that agreed with the eye has the last word: grams go on summing to its reading, or the
//     opinion is not used. One that contradicted the eye is not outvoted: no food is verified.
//   - Without a usable answer in time the result is the eye's, with a note.
//
// Everything that comes over the network is hostile until parsed: redirects are not followed, proxies not
// used, answers bounded in size and time, nothing of them is logged. Three failures in a row make a pause
// that doubles with each further one, so that a dead server costs no diner its time.
package verify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
)

// DefaultTimeout bounds one question where nothing else is set.
const DefaultTimeout = 5 * time.Second

// retryPause lies between a question that failed for a passing reason and its only repetition.
const retryPause = 100 * time.Millisecond

// Client asks one server. Set the fields and call Initialize; after that it is safe for concurrent use.
type Client struct {
	// URL is the base, http or https, below which /v1/chat/completions lies; a /v1 at its end is ignored.
	URL string
	// Model is the name of the model there; "" leaves the choice to a server that has only one.
	Model string
	// Key is sent as a bearer token; the zero value sends none.
	Key Secret
	// Timeout bounds one question with its repetition; 0 is DefaultTimeout.
	Timeout time.Duration
	// Catalog has the foods that an answer may name.
	Catalog *catalog.Catalog
	// Logger may be nil.
	Logger *slog.Logger
	// Now is the clock of the pauses; nil is the system's.
	Now func() time.Time

	base    string
	http    *http.Client
	prompt  prompt
	breaker breaker

	mu    sync.Mutex
	stats Stats
}

var _ estimate.Verifier = (*Client)(nil)

// Stats tells how asking fares. Counters count from Initialize.
type Stats struct {
	// Asked counts questions, Failed those without a usable answer, Retried those asked twice.
	Asked, Failed, Retried uint64
	// FailedInRow counts failures since the last usable answer.
	FailedInRow int
	// Last is why the last question failed, nil when it did not.
	Last *Fault
	// PausedUntil is when the next question may be asked, zero when one may be asked now.
	PausedUntil time.Time
}

// CheckURL returns why an address cannot be asked, or nil. The error does not repeat the address.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "":
		return errors.New("not an address")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("neither http:// nor https://")
	case u.Hostname() == "":
		return errors.New("no host")
	case u.User != nil:
		return errors.New("holds a user name or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("holds a query or fragment")
	}
	return nil
}

// Initialize checks the fields. It contacts nobody.
func (c *Client) Initialize() error {
	if err := CheckURL(c.URL); err != nil {
		return fmt.Errorf("second opinion: address: %w", err)
	}
	if c.Catalog == nil {
		return errors.New("second opinion: a catalog is required")
	}
	c.base = strings.TrimSuffix(strings.TrimRight(c.URL, "/"), "/v1")
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.http = newHTTP()
	c.prompt = newPrompt(c.Catalog)
	return nil
}

// Close gives idle connections back.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Name is the model's, or the server's address where it chooses the model.
func (c *Client) Name() string {
	if c.Model != "" {
		return c.Model
	}
	return c.base
}

// Ready reports whether a question may be asked now, see Stats.PausedUntil.
func (c *Client) Ready() bool { return c.breaker.ready(c.Now()) }

// Stats returns the present figures.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.FailedInRow, s.PausedUntil = c.breaker.state(c.Now())
	return s
}

// errPaused is Ask's error during a pause.
var errPaused = errors.New("second opinion: paused after failures in a row")

// Ask implements estimate.Verifier. Every error but a pause, an empty question and the end of ctx by
// cancellation is a *Fault and counts towards the next pause.
func (c *Client) Ask(ctx context.Context, q estimate.Question) ([]estimate.Opinion, error) {
	if len(q.Photo) == 0 || len(q.Claims) == 0 {
		return nil, errors.New("second opinion: no photo or no food to ask about")
	}
	if !c.breaker.begin(c.Now()) {
		return nil, errPaused
	}
	c.note(func(s *Stats) { s.Asked++ })
	bounded, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	opinions, err := c.askTwice(bounded, q)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		c.breaker.abandon()
		return nil, ctx.Err()
	}
	c.settle(ctx, asFault(err))
	return opinions, err
}

// askTwice repeats a question that failed for a passing reason once.
func (c *Client) askTwice(ctx context.Context, q estimate.Question) ([]estimate.Opinion, error) {
	body, err := c.prompt.request(c.Model, q)
	if err != nil {
		return nil, err
	}
	opinions, err := c.askOnce(ctx, body, len(q.Claims))
	if f := asFault(err); f == nil || !f.passing {
		return opinions, err
	}
	select {
	case <-ctx.Done():
		return nil, err
	case <-time.After(retryPause):
	}
	c.note(func(s *Stats) { s.Retried++ })
	return c.askOnce(ctx, body, len(q.Claims))
}

func (c *Client) askOnce(ctx context.Context, body []byte, foods int) ([]estimate.Opinion, error) {
	text, err := c.exchange(ctx, http.MethodPost, "/v1/chat/completions", body)
	if err != nil {
		return nil, err
	}
	content, err := content(text)
	if err != nil {
		return nil, err
	}
	return parse(content, foods, func(key string) bool { _, ok := c.Catalog.Food(key); return ok })
}

// settle counts the outcome and tells the log when something changed for the worse or is well again.
func (c *Client) settle(ctx context.Context, f *Fault) {
	before, _ := c.breaker.state(c.Now())
	pause := c.breaker.end(c.Now(), f == nil)
	c.note(func(s *Stats) {
		s.Last = f
		if f != nil {
			s.Failed++
		}
	})
	switch {
	case f != nil:
		c.Logger.WarnContext(ctx, "no second opinion, the result stands as seen", "server", c.base, "err", f,
			"hint", f.Hint(), "failed_in_row", before+1, "pause_s", pause.Seconds())
	case before > 0:
		c.Logger.InfoContext(ctx, "second opinions are given again", "server", c.base)
	}
}

func (c *Client) note(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}
