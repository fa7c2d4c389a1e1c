package apitest

import (
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Counter is one message of the counter's WebSocket.
type Counter struct {
	Type  string
	Scale *struct {
		State string
		NetG  *float64 `json:"net_g"`
	}
	Camera  *struct{ State string }
	TaskID  *string `json:"task_id"`
	Message string
}

// FollowCounter shows each message of the counter as it comes while show wants more.
func FollowCounter(url string, show func(Counter) (more bool)) error {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws/counter/", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return err
		}
		var c Counter
		if err := conn.ReadJSON(&c); err != nil {
			return fmt.Errorf("follow the counter: %w", err)
		}
		if !show(c) {
			return nil
		}
	}
}
