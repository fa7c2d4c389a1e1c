package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gorilla/websocket"
	"go.yaml.in/yaml/v3"

	"foodmassd/internal/apitest"
	"foodmassd/internal/fault"
)

// documented loads both documents once. The AsyncAPI's schemas are put into an OpenAPI document of
// their own: it is the schemas that real messages are checked against.
var documented = sync.OnceValues(func() (*documents, error) {
	read := func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		return docs.ReadFile("docs/" + u.Path[strings.LastIndex(u.Path, "/")+1:])
	}
	loader := &openapi3.Loader{IsExternalRefsAllowed: true, ReadFromURIFunc: read}
	http, err := loader.LoadFromURI(&url.URL{Path: "/openapi.yaml"})
	if err != nil {
		return nil, err
	}
	if err := http.Validate(loader.Context); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(http)
	if err != nil {
		return nil, err
	}
	var async struct {
		AsyncAPI   string `yaml:"asyncapi"`
		Components struct{ Schemas map[string]any }
	}
	text, err := docs.ReadFile("docs/asyncapi.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &async)
	}
	if err != nil {
		return nil, err
	}
	wrapped, err := json.Marshal(map[string]any{
		"openapi": "3.1.0", "info": map[string]string{"title": async.AsyncAPI, "version": "1"}, "paths": map[string]any{},
		"components": map[string]any{"schemas": async.Components.Schemas},
	})
	if err != nil {
		return nil, err
	}
	messages, err := loader.LoadFromDataWithPath(wrapped, &url.URL{Path: "/asyncapi.json"})
	if err != nil {
		return nil, err
	}
	return &documents{http, router, messages.Components.Schemas}, nil
})

type documents struct {
	http     *openapi3.T
	router   routers.Router
	messages openapi3.Schemas
}

// checkedTransport checks every answer of the documented addresses against openapi.yaml.
type checkedTransport struct {
	t    *testing.T
	next http.RoundTripper
}

func (c *checkedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err != nil || r.Method == http.MethodOptions {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return resp, err
	}
	if err := c.check(r, resp, body); err != nil {
		c.t.Errorf("%s %s answered %d %s\nagainst openapi.yaml: %v", r.Method, r.URL.Path, resp.StatusCode, body, err)
	}
	return resp, nil
}

func (c *checkedTransport) check(r *http.Request, resp *http.Response, body []byte) error {
	d, err := documented()
	if err != nil {
		return err
	}
	asked := r.Clone(r.Context())
	if strings.HasPrefix(asked.URL.Path, "/mlserver/api/") && !strings.HasSuffix(asked.URL.Path, "/") {
		asked.URL.Path += "/" // documented as the same
	}
	if resp.StatusCode == http.StatusMethodNotAllowed {
		asked.Method = resp.Header.Get("Allow")
	}
	route, params, err := d.router.FindRoute(asked)
	if err != nil {
		return nil // not documented: pages, probes, unknown addresses
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
}

// received is a WebSocket message.
type received = apitest.Message

// next reads a message and checks it against asyncapi.yaml.
func next(t *testing.T, conn *websocket.Conn) (received, error) {
	t.Helper()
	var m received
	_, text, err := conn.ReadMessage()
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("message %q: %v", text, err)
	}
	if err := checkMessage(m.Type, text); err != nil {
		t.Errorf("message %s\nagainst asyncapi.yaml: %v", text, err)
	}
	return m, nil
}

func checkMessage(kind string, text []byte) error {
	d, err := documented()
	if err != nil {
		return err
	}
	schema := d.messages[kind]
	if schema == nil {
		return fmt.Errorf("no schema %q", kind)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	return schema.Value.VisitJSON(value)
}

// The documents would be worth nothing if they let everything pass.
func TestDocumentsRefuseWrongMessages(t *testing.T) {
	for kind, text := range map[string]string{
		"task.update":    `{"type":"task.update","task_id":"x","data":{"status":"processing","progress":1,"message":""}}`,
		"task.completed": `{"type":"task.completed","task_id":"x","data":{"status":"completed","progress":1,"message":"","result":{}}}`,
		"task.failed":    `{"type":"task.failed","task_id":"x","data":{"status":"failed","error":"","message":"x","code":"x"}}`,
		"pong":           `{"type":"pong"}`,
	} {
		var refused *openapi3.SchemaError
		if err := checkMessage(kind, []byte(text)); !errors.As(err, &refused) && !errors.As(err, new(openapi3.MultiError)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// notFromUploads are the codes that an upload cannot be answered with.
var notFromUploads = []fault.Code{
	fault.TaskNotFound, fault.ImageLost, fault.DeadlineExceeded, fault.WorkerFailed, fault.NotFound,
	fault.ForbiddenOrigin, fault.NotWebSocket, fault.NotAtCounter, fault.CameraFailed, fault.TrayMoved,
}

func TestEveryCodeOfAnUploadIsDocumentedWithItsStatus(t *testing.T) {
	d, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[fault.Code]string)
	for status, response := range d.http.Paths.Value("/mlserver/api/upload/").Post.Responses.Map() {
		for _, part := range response.Value.Content.Get("application/json").Schema.Value.AllOf {
			if code := part.Value.Properties["code"]; code != nil {
				for _, v := range code.Value.Enum {
					listed[fault.Code(v.(string))] = status
				}
			}
		}
	}
	for _, code := range fault.Codes() {
		if slices.Contains(notFromUploads, code) {
			continue
		}
		if got, want := listed[code], fmt.Sprint(statusOf(code)); got != want {
			t.Errorf("%s is documented under status %q, answered with %s", code, got, want)
		}
		delete(listed, code)
	}
	for code := range listed {
		t.Errorf("%s is documented, and no such code", code)
	}
}
