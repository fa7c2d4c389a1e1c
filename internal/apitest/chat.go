package apitest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Chat is a vision-language model's server as llama.cpp and Ollama are: it holds every question to the OpenAI
// chat API and answers with what Answer says.
type Chat struct {
	URL string
	// Key, when set, is required as a bearer token; another one is told back in the error, as some servers do.
	Key string
	// Answer returns the model's words; nil confirms every food as it was claimed.
	Answer func(ChatQuestion) string
	// Instead, when set, answers in place of all this; calls count from 1.
	Instead func(call int, w http.ResponseWriter, r *http.Request)

	server *httptest.Server
	mu     sync.Mutex
	asked  []ChatQuestion
	wrong  []string
	calls  int
}

// ChatQuestion is one question as a server understands it.
type ChatQuestion struct {
	Model  string
	Photo  image.Image
	Text   string
	Foods  []string // that an answer may name
	Claims []ChatClaim
}

// ChatClaim is one food as it was claimed.
type ChatClaim struct {
	Index  int
	Food   string
	NameKo string `json:"name_ko"`
	Box    [4]int
	Grams  float64
	SizeMM []float64 `json:"size_mm"`
}

// StartChat starts a server with one model, "tiny-vl".
func StartChat() *Chat {
	c := &Chat{}
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	c.URL = c.server.URL
	return c
}

// Close cuts all connections and stops the server.
func (c *Chat) Close() {
	c.server.CloseClientConnections()
	c.server.Close()
}

// Asked returns the questions so far that kept to the API.
func (c *Chat) Asked() []ChatQuestion {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]ChatQuestion(nil), c.asked...)
}

// Calls counts requests of any kind.
func (c *Chat) Calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// Wrong lists in which ways requests did not keep to the API.
func (c *Chat) Wrong() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.wrong...)
}

// Opinions returns the words of a model: for each index the food and its grams.
func Opinions(foods []string, grams []float64) string {
	list := []map[string]any{}
	for i := range foods {
		list = append(list, map[string]any{"index": i, "food": foods[i], "grams": grams[i]})
	}
	text, err := json.Marshal(map[string]any{"foods": list})
	if err != nil {
		panic(err) // only for NaN
	}
	return string(text)
}

func (c *Chat) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.calls++
	call := c.calls
	c.mu.Unlock()
	if c.Instead != nil {
		_, _ = io.Copy(io.Discard, r.Body) // until then nobody notices that the client has left
		c.Instead(call, w, r)
		return
	}
	if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); c.Key != "" && token != c.Key {
		refuse(w, http.StatusUnauthorized, "Incorrect API key provided: "+token)
		return
	}
	if r.Method == http.MethodGet && r.URL.Path == "/v1/models" {
		send(w, map[string]any{"object": "list", "data": []any{map[string]any{"id": "tiny-vl", "object": "model"}}})
		return
	}
	q, err := readQuestion(r)
	c.mu.Lock()
	if err != nil {
		c.wrong = append(c.wrong, err.Error())
	} else {
		c.asked = append(c.asked, q)
	}
	c.mu.Unlock()
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	c.Tell(w, c.words(q))
}

func (c *Chat) words(q ChatQuestion) string {
	if c.Answer != nil {
		return c.Answer(q)
	}
	var foods []string
	var grams []float64
	for _, claim := range q.Claims {
		foods, grams = append(foods, claim.Food), append(grams, claim.Grams)
	}
	return Opinions(foods, grams)
}

// Tell sends the model's words in a server's envelope.
func (c *Chat) Tell(w http.ResponseWriter, words string) {
	send(w, map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny-vl",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": words}}},
		"usage":   map[string]any{"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
	})
}

func send(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body) // the client left: nobody to tell
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error"}})
}

// chatRequest is the part of the API that is spoken here; a member beyond it is an error.
type chatRequest struct {
	Model       string  `json:"model"`
	Stream      *bool   `json:"stream"`
	Temperature float64 `json:"temperature"`
	MaxTokens   int     `json:"max_tokens"`
	Messages    []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	ResponseFormat struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Name   string `json:"name"`
			Strict bool   `json:"strict"`
			Schema struct {
				Type       string
				Properties struct {
					Foods struct {
						Items struct {
							Required             []string
							AdditionalProperties *bool
							Properties           struct{ Food struct{ Enum []string } }
						}
					}
				}
			} `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

func readQuestion(r *http.Request) (q ChatQuestion, err error) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Content-Type") != "application/json" {
		return q, fmt.Errorf("%s %s of %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return q, err
	}
	var asked chatRequest
	if err := json.Unmarshal(text, &asked); err != nil {
		return q, err
	}
	format := asked.ResponseFormat
	items := format.JSONSchema.Schema.Properties.Foods.Items
	switch {
	case asked.Stream == nil || *asked.Stream || asked.MaxTokens < 1:
		return q, fmt.Errorf("stream %v, max_tokens %d", asked.Stream, asked.MaxTokens)
	case format.Type != "json_schema" || !format.JSONSchema.Strict || format.JSONSchema.Name == "":
		return q, fmt.Errorf("response format %q", format.Type)
	case len(items.Required) != 3 || items.AdditionalProperties == nil || *items.AdditionalProperties:
		return q, fmt.Errorf("a schema that is not strict")
	case len(asked.Messages) != 2 || asked.Messages[0].Role != "system" || asked.Messages[1].Role != "user":
		return q, fmt.Errorf("%d messages", len(asked.Messages))
	}
	q.Model, q.Foods = asked.Model, items.Properties.Food.Enum
	return q, q.readParts(asked.Messages[1].Content)
}

func (q *ChatQuestion) readParts(content json.RawMessage) error {
	var parts []struct {
		Type, Text string
		ImageURL   struct{ URL string } `json:"image_url"`
	}
	if err := json.Unmarshal(content, &parts); err != nil || len(parts) != 2 || parts[0].Type != "text" || parts[1].Type != "image_url" {
		return fmt.Errorf("content of %d parts: %v", len(parts), err)
	}
	q.Text = parts[0].Text
	if err := json.Unmarshal([]byte(q.Text[strings.LastIndex(q.Text, "\n")+1:]), &q.Claims); err != nil {
		return err
	}
	code, ok := strings.CutPrefix(parts[1].ImageURL.URL, "data:image/jpeg;base64,")
	if !ok {
		return fmt.Errorf("no data URL of a JPEG")
	}
	photo, err := base64.StdEncoding.DecodeString(code)
	if err != nil {
		return err
	}
	q.Photo, err = jpeg.Decode(bytes.NewReader(photo))
	return err
}
