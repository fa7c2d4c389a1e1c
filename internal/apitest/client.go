package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Answer is the envelope of an upload or a poll.
type Answer struct {
	Status  int // HTTP
	Success bool
	Error   string
	Code    string
	Data    struct {
		TaskID   string `json:"task_id"`
		Filename string
		Status   string
		Progress float64
		Message  string
		Result   json.RawMessage
	}
}

// Upload sends a photo as the app does. fields are further text parts, name and value in turn.
func Upload(url, filename string, photo []byte, fields ...string) (Answer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			return Answer{}, err
		}
	}
	part, err := form.CreateFormFile("image", filename)
	if err != nil {
		return Answer{}, err
	}
	if _, err := part.Write(photo); err != nil {
		return Answer{}, err
	}
	if err := form.Close(); err != nil {
		return Answer{}, err
	}
	return answer(http.Post(url+"/mlserver/api/upload/", form.FormDataContentType(), &body))
}

// Poll asks for a task.
func Poll(url, taskID string) (Answer, error) {
	return answer(http.Get(url + "/mlserver/api/tasks/" + taskID + "/"))
}

func answer(response *http.Response, err error) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: response.StatusCode}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("status %d, not an envelope: %q", response.StatusCode, text)
	}
	return a, nil
}

// Message is one message of the WebSocket.
type Message struct {
	Type   string
	TaskID string `json:"task_id"`
	Data   struct {
		Status   string
		Progress float64
		Message  string
		Error    string
		Code     string
		Result   json.RawMessage
	}
}

// Terminal reports whether no message may follow.
func (m Message) Terminal() bool { return m.Type == "task.completed" || m.Type == "task.failed" }

// Follow watches a task to its end and returns all messages and the close code.
func Follow(url, taskID string) (messages []Message, closeCode int, err error) {
	closeCode, err = FollowEach(url, taskID, func(m Message) { messages = append(messages, m) })
	return messages, closeCode, err
}

// FollowEach watches a task to its end, shows each message as it comes and returns the close code.
func FollowEach(url, taskID string, show func(Message)) (closeCode int, err error) {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws/task/"+taskID+"/", nil)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	for {
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil { // as the app gives up
			return 0, err
		}
		var m Message
		if err := conn.ReadJSON(&m); err != nil {
			if e, ok := err.(*websocket.CloseError); ok {
				return e.Code, nil
			}
			return 0, err
		}
		show(m)
	}
}
