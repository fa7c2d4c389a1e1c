package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

// taskState is a task as polling and WebSocket messages show it. Error and Code are there only when
// it failed, Result only when it completed.
type taskState struct {
	Status   task.Status     `json:"status"`
	Progress float64         `json:"progress"`
	Message  string          `json:"message"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
	Code     fault.Code      `json:"code,omitempty"`
}

func stateOf(t task.Task) taskState {
	return taskState{t.Status, t.Progress, t.Message, t.Result, t.Error, t.ErrorCode}
}

// TaskData is a task as GET /mlserver/api/tasks/{id}/ shows it.
type TaskData struct {
	TaskID string `json:"task_id"`
	taskState
	CreatedAt string `json:"created_at"` // RFC 3339, UTC
}

// DataOf returns what the wire shows of a task.
func DataOf(t task.Task) TaskData {
	return TaskData{t.ID, stateOf(t), t.CreatedAt.UTC().Format(time.RFC3339Nano)}
}

// task answers GET /mlserver/api/tasks/{id}/.
func (s *Server) task(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	note(r).task = id
	t, err := s.Tasks.Get(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, success{true, DataOf(t)})
}

// message is what a WebSocket carries to the client.
type message struct {
	Type   string     `json:"type"`
	TaskID string     `json:"task_id"`
	Data   *taskState `json:"data,omitempty"` // absent from a pong
}

// The types of messages.
const (
	typeUpdate    = "task.update"
	typeCompleted = "task.completed"
	typeFailed    = "task.failed"
	typePong      = "pong"
)

func messageOf(t task.Task) message {
	state := stateOf(t)
	kind := typeUpdate
	switch t.Status {
	case task.Completed:
		kind = typeCompleted
	case task.Failed:
		kind = typeFailed
	}
	return message{kind, t.ID, &state}
}

// taskStory is a task as a WebSocket tells it: to its terminal state.
type taskStory struct {
	*task.Watch
	id string
}

// Message implements story.
func (s taskStory) Message() (any, int) {
	t := s.Current()
	if t.Status.Terminal() {
		return messageOf(t), websocket.CloseNormalClosure
	}
	return messageOf(t), 0
}

// Pong implements story.
func (s taskStory) Pong() any { return message{Type: typePong, TaskID: s.id} }

// closeUnknownTask is the close code of the wire contract for an unknown task.
const closeUnknownTask = 4404

// unknown is the story of an id that is no task's.
type unknown string

// Message implements story.
func (id unknown) Message() (any, int) { return unknownTask(string(id)), closeUnknownTask }

// Changed implements story; nothing ever does.
func (id unknown) Changed() <-chan struct{} { return nil }

// Pong implements story.
func (id unknown) Pong() any { return message{Type: typePong, TaskID: string(id)} }

func unknownTask(id string) message {
	text := fault.TaskNotFound.Korean()
	return message{typeFailed, id, &taskState{Status: task.Failed, Message: text, Error: text, Code: fault.TaskNotFound}}
}
