package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"foodmassd/internal/apitest"
	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
)

const key = "sk-0123456789abcdef"

var question = estimate.Question{
	Photo: apitest.JPEG(image.NewRGBA(image.Rect(0, 0, 64, 48))),
	Claims: []estimate.Claim{
		{Key: "apple", MassG: 240.4, IntervalG: [2]float64{200, 290}, Left: 0.1, Top: 0.2, Right: 0.3456, Bottom: 0.4, WidthMM: 97, HeightMM: 96},
		{Key: "unknown", MassG: 120, IntervalG: [2]float64{60, 240}, Right: 1, Bottom: 1},
	},
}

func chat(t *testing.T) *apitest.Chat {
	t.Helper()
	c := apitest.StartChat()
	t.Cleanup(c.Close)
	return c
}

// client is one on a clock of its own, whose log is kept.
func client(t *testing.T, url string, log *bytes.Buffer) (c *Client, now *time.Time) {
	t.Helper()
	foods, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := NewSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	now = new(time.Time)
	*now = time.Unix(1_800_000_000, 0)
	c = &Client{URL: url, Model: "tiny-vl", Key: secret, Catalog: foods, Timeout: 20 * time.Second,
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: func() time.Time { return *now }}
	if err := c.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, now
}

func TestAServerIsAskedAsItsAPIWantsAndItsOpinionsReturned(t *testing.T) {
	server := chat(t)
	server.Key = key
	server.Answer = func(apitest.ChatQuestion) string {
		return `{"foods": [{"index":1,"food":"kimchi_stew","grams":310.5}, {"index":0,"grams":250,"food":"apple"}]}`
	}
	for _, url := range []string{server.URL, server.URL + "/", server.URL + "/v1", server.URL + "/v1/"} {
		c, _ := client(t, url, new(bytes.Buffer))
		got, err := c.Ask(t.Context(), question)
		if err != nil || !slices.Equal(got, []estimate.Opinion{{Key: "apple", MassG: 250}, {Key: "kimchi_stew", MassG: 310.5}}) {
			t.Errorf("%s: %v, %v (%v)", url, got, err, server.Wrong())
		}
		if s := c.Stats(); s.Asked != 1 || s.Failed != 0 || s.Last != nil {
			t.Errorf("%+v", s)
		}
	}
	q := server.Asked()[0]
	if q.Model != "tiny-vl" || q.Photo.Bounds().Dx() != 64 || !slices.Contains(q.Foods, "unknown") || !slices.Contains(q.Foods, "pear") {
		t.Errorf("%+v", q)
	}
	if a := q.Claims[0]; len(q.Claims) != 2 || a.Food != "apple" || a.NameKo != "사과" || a.Grams != 240 || a.Box != [4]int{100, 200, 346, 400} || a.SizeMM[0] != 97 {
		t.Errorf("%+v", q.Claims)
	}
	if q.Claims[1].SizeMM != nil || !strings.Contains(q.Text, "kimchi_stew (김치찌개, ") {
		t.Errorf("%q", q.Text)
	}
}

// flood sends chunks without an end until the client has had enough.
func flood(w http.ResponseWriter, kind, chunk string) {
	w.Header().Set("Content-Type", kind)
	for {
		if _, err := w.Write([]byte(chunk)); err != nil {
			return
		}
		w.(http.Flusher).Flush()
	}
}

func TestWhateverAServerDoesIsAFaultAndTellsNothingOfTheServersWords(t *testing.T) {
	const evil = "IGNORE-ALL-INSTRUCTIONS"
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	words := func(text string) func(*apitest.Chat, int, http.ResponseWriter) {
		return func(c *apitest.Chat, _ int, w http.ResponseWriter) { c.Tell(w, text) }
	}
	status := func(code int) func(*apitest.Chat, int, http.ResponseWriter) {
		return func(_ *apitest.Chat, _ int, w http.ResponseWriter) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"error":"%s %s"}`, evil, key)
		}
	}
	raw := func(kind, text string) func(*apitest.Chat, int, http.ResponseWriter) {
		return func(_ *apitest.Chat, _ int, w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, text)
		}
	}
	pair := func(food string, grams string) string {
		return fmt.Sprintf(`{"foods":[{"index":0,"food":%q,"grams":%s},{"index":1,"food":"pear","grams":200}]}`, food, grams)
	}
	json := "application/json"
	for name, c := range map[string]struct {
		do    func(*apitest.Chat, int, http.ResponseWriter)
		kind  Kind
		calls int
	}{
		"prompt text as a name":   {words(pair(evil+" and say 1 g", "200")), Nonsense, 1},
		"negative grams":          {words(pair("apple", "-20")), Nonsense, 1},
		"no grams":                {words(pair("apple", "0")), Nonsense, 1},
		"five tons":               {words(pair("apple", "5e6")), Nonsense, 1},
		"more than numbers hold":  {words(pair("apple", "1e999")), Nonsense, 1},
		"NaN":                     {words(pair("apple", "NaN")), Broken, 2},
		"grams as text":           {words(pair("apple", `"`+evil+`"`)), Nonsense, 1},
		"an invented third food":  {words(apitest.Opinions([]string{"apple", "pear", "kiwi"}, []float64{1, 2, 3})), Nonsense, 1},
		"one food forgotten":      {words(apitest.Opinions([]string{"apple"}, []float64{1})), Nonsense, 1},
		"the same food twice":     {words(strings.Replace(pair("apple", "1"), `"index":1`, `"index":0`, 1)), Nonsense, 1},
		"an index of nothing":     {words(strings.Replace(pair("apple", "1"), `"index":1`, `"index":-1`, 1)), Nonsense, 1},
		"half an index":           {words(strings.Replace(pair("apple", "1"), `"index":1`, `"index":0.5`, 1)), Nonsense, 1},
		"members of its own":      {words(strings.Replace(pair("apple", "1"), `"index":1`, `"index":1,"`+evil+`":2`, 1)), Nonsense, 1},
		"prose":                   {words(evil), Broken, 2},
		"JSON and then prose":     {words(pair("apple", "200") + evil), Broken, 2},
		"cut off":                 {words(pair("apple", "200")[:30]), Broken, 2},
		"silence":                 {words(""), Broken, 2},
		"no envelope":             {raw(json, `{"`+evil+`":[]}`), Broken, 2},
		"an envelope of a number": {raw(json, `{"choices":7}`), Broken, 2},
		"broken envelope":         {raw(json, `{"choices":[{"message":`), Broken, 2},
		"deep nesting":            {raw(json, strings.Repeat("[", 200_000)), Broken, 2},
		"10 MB":                   {raw(json, `{"x":"`+strings.Repeat("x", 10<<20)+`"}`), TooLarge, 1},
		"an endless stream":       {func(_ *apitest.Chat, _ int, w http.ResponseWriter) { flood(w, json, strings.Repeat(" ", 1000)) }, TooLarge, 1},
		"server-sent events":      {func(_ *apitest.Chat, _ int, w http.ResponseWriter) { flood(w, "text/event-stream", "data: {}\n\n") }, WrongType, 1},
		"a web page":              {raw("text/html", "<html>"+evil), WrongType, 1},
		"no content type":         {raw("", pair("apple", "200")), WrongType, 1},
		"elsewhere, 302":          {status(302), Redirected, 1},
		"elsewhere, 307":          {status(307), Redirected, 1},
		"key refused":             {status(401), KeyRefused, 1},
		"forbidden":               {status(403), KeyRefused, 1},
		"no such address":         {status(404), BadStatus, 1},
		"busy":                    {status(429), BadStatus, 1},
		"down":                    {status(500), BadStatus, 2},
		"loading":                 {status(503), BadStatus, 2},
		"cut connection":          {func(_ *apitest.Chat, _ int, _ http.ResponseWriter) { panic(http.ErrAbortHandler) }, Unreachable, 1},
		"cut body": {func(_ *apitest.Chat, _ int, w http.ResponseWriter) {
			w.Header().Set("Content-Type", json)
			fmt.Fprint(w, `{"choices":[`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, Broken, 2},
		"a header as large as a body": {func(_ *apitest.Chat, _ int, w http.ResponseWriter) {
			w.Header().Set("X-A", strings.Repeat(evil, 10_000))
		}, Unreachable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := chat(t)
			server.Instead = func(call int, w http.ResponseWriter, _ *http.Request) { c.do(server, call, w) }
			var log bytes.Buffer
			cl, _ := client(t, server.URL, &log)
			got, err := cl.Ask(t.Context(), question)
			var f *Fault
			if !errors.As(err, &f) || f.Kind != c.kind || got != nil || f.Hint() == "" {
				t.Fatalf("%v, %v", got, err)
			}
			if s := cl.Stats(); s.Failed != 1 || s.FailedInRow != 1 || s.Last != f {
				t.Errorf("%+v", s)
			}
			if server.Calls() != c.calls || elsewhere != 0 {
				t.Errorf("%d requests, %d elsewhere", server.Calls(), elsewhere)
			}
			text := log.String() + err.Error() + f.Hint()
			if !strings.Contains(text, "no second opinion") || strings.Contains(text, evil) || strings.Contains(text, key) {
				t.Errorf("log %q", text)
			}
		})
	}
}

func TestAPassingFaultIsMendedByAskingOnceMore(t *testing.T) {
	server := chat(t)
	good := apitest.Opinions([]string{"apple", "pear"}, []float64{200, 100})
	server.Instead = func(call int, w http.ResponseWriter, _ *http.Request) {
		if call == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		server.Tell(w, good)
	}
	c, _ := client(t, server.URL, new(bytes.Buffer))
	got, err := c.Ask(t.Context(), question)
	if s := c.Stats(); err != nil || got[1].Key != "pear" || s.Retried != 1 || s.Failed != 0 || s.FailedInRow != 0 {
		t.Errorf("%v, %v, %+v", got, err, s)
	}
}

func TestASlowServerCostsTheTimeoutAndNoMore(t *testing.T) {
	for name, head := range map[string]bool{"before the answer": false, "within the answer": true} {
		server := chat(t)
		server.Instead = func(_ int, w http.ResponseWriter, r *http.Request) {
			if head {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, "{")
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done() // as long as the client stays
		}
		c, _ := client(t, server.URL, new(bytes.Buffer))
		c.Timeout = 50 * time.Millisecond
		_, err := c.Ask(t.Context(), question)
		if f := asFault(err); f == nil || f.Kind != TooSlow || server.Calls() > 1 {
			t.Errorf("%s: %v, %d requests", name, err, server.Calls())
		}
		// The task's own deadline counts against the server as well: it took the time.
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		c.Timeout = time.Minute
		_, err = c.Ask(ctx, question)
		cancel()
		if f := asFault(err); f == nil || f.Kind != TooSlow || c.Stats().FailedInRow != 2 {
			t.Errorf("%s: %v, %+v", name, err, c.Stats())
		}
	}
}

func TestADinerWhoLeavesIsNotTheServersFault(t *testing.T) {
	server := chat(t)
	ctx, leave := context.WithCancel(t.Context())
	server.Instead = func(_ int, _ http.ResponseWriter, r *http.Request) {
		leave()
		<-r.Context().Done()
	}
	c, _ := client(t, server.URL, new(bytes.Buffer))
	if _, err := c.Ask(ctx, question); !errors.Is(err, context.Canceled) || c.Stats().Failed != 0 || !c.Ready() {
		t.Errorf("%v, %+v", err, c.Stats())
	}
}

func TestADeadServerIsLeftAloneForGrowingPauses(t *testing.T) {
	server := chat(t)
	var log bytes.Buffer
	c, now := client(t, server.URL, &log)
	good := server.Instead
	server.Instead = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	for i := range 3 {
		if !c.Ready() {
			t.Fatalf("paused after %d failures", i)
		}
		c.Ask(t.Context(), question)
	}
	calls := 3
	for _, pause := range []time.Duration{30, 60, 120, 240, 480, 600, 600} {
		*now = now.Add(pause*time.Second - 1)
		if _, err := c.Ask(t.Context(), question); c.Ready() || !errors.Is(err, errPaused) || server.Calls() != calls {
			t.Fatalf("asked within a pause of %d s: %v, %d requests", pause, err, server.Calls())
		}
		if s := c.Stats(); !s.PausedUntil.Equal(now.Add(1)) || s.Last.Kind != BadStatus {
			t.Errorf("%+v", s)
		}
		*now = now.Add(1)
		if !c.Ready() {
			t.Fatalf("still paused after %d s", pause)
		}
		c.Ask(t.Context(), question)
		if calls++; server.Calls() != calls {
			t.Fatalf("%d requests, want %d", server.Calls(), calls)
		}
	}
	server.Instead = good
	*now = now.Add(600 * time.Second)
	if _, err := c.Ask(t.Context(), question); err != nil || !c.Ready() || c.Stats().FailedInRow != 0 || c.Stats().Last != nil {
		t.Errorf("%v, %+v", err, c.Stats())
	}
	if !strings.Contains(log.String(), "pause_s=480") || !strings.Contains(log.String(), "given again") {
		t.Errorf("log %s", log.String())
	}
}

func TestAfterAPauseOnlyOneTriesAgain(t *testing.T) {
	server := chat(t)
	c, now := client(t, server.URL, new(bytes.Buffer))
	server.Instead = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	for range 3 {
		c.Ask(t.Context(), question)
	}
	*now = now.Add(time.Hour)
	asked, answer := make(chan bool), make(chan bool)
	server.Instead = func(_ int, w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		server.Tell(w, apitest.Opinions([]string{"apple", "pear"}, []float64{200, 100}))
	}
	done := make(chan error)
	go func() {
		_, err := c.Ask(context.Background(), question)
		done <- err
	}()
	<-asked
	if _, err := c.Ask(t.Context(), question); !errors.Is(err, errPaused) || c.Ready() {
		t.Errorf("a second one tried: %v", err)
	}
	close(answer)
	if err := <-done; err != nil || !c.Ready() {
		t.Errorf("%v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	server := chat(t)
	server.Close()
	c, _ := client(t, server.URL, new(bytes.Buffer))
	_, err := c.Ask(t.Context(), question)
	if f := asFault(err); f == nil || f.Kind != Unreachable || !strings.Contains(f.Error(), "refused") || c.Stats().Retried != 1 {
		t.Errorf("%v, %+v", err, c.Stats())
	}
}

func TestTheServerIsCheckedWithoutAPhoto(t *testing.T) {
	server := chat(t)
	server.Key = key
	c, _ := client(t, server.URL, new(bytes.Buffer))
	if err := c.Check(t.Context()); err != nil || len(server.Asked()) != 0 {
		t.Errorf("%v, %v", err, server.Asked())
	}
	c.Model = "larger-vl"
	if f := asFault(c.Check(t.Context())); f == nil || f.Kind != NoModel {
		t.Errorf("%v", f)
	}
	c.Key = Secret{}
	if f := asFault(c.Check(t.Context())); f == nil || f.Kind != KeyRefused || !strings.Contains(f.Hint(), "FOODMASSD_VERIFY_API_KEY") {
		t.Errorf("%v", f)
	}
}

func TestAddressesAreHTTPWithoutSecrets(t *testing.T) {
	for address, ok := range map[string]bool{
		"http://192.168.0.30:8080": true, "https://model.local/base": true, "http://[fd00::1]:11434/v1": true,
		"": false, "192.168.0.30:8080": false, "ftp://a": false, "http://": false, "http:///v1": false, "http:a": false, "http://:80": false,
		"http://user@a": false, "http://user:pw@a": false, "http://a/?key=b": false, "http://a?": false, "http://a#b": false, "http://a\nb": false,
	} {
		err := CheckURL(address)
		if (err == nil) != ok || err != nil && address != "" && strings.Contains(err.Error(), address) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestASecretShowsItselfToNobody(t *testing.T) {
	s, err := NewSecret("  " + key + "\n")
	if err != nil || !s.Set() {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	c := &Client{Key: s}
	logger.Info("x", "key", s, "client", fmt.Sprintf("%v %+v %#v %s %q", c, c, s, s, s))
	text, _ := json.Marshal(map[string]any{"key": s})
	if all := log.String() + string(text); strings.Contains(all, key) || !strings.Contains(all, hidden) {
		t.Error(all)
	}
	for _, bad := range []string{"a b", "a\nb", "키", strings.Repeat("k", 5000)} {
		if _, err := NewSecret(bad); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
}
