package api

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"foodmassd/internal/fault"
)

// Bounds of one WebSocket connection.
const (
	socketReadBytes  = 4 << 10          // of a client's message
	socketBuffer     = 256 << 10        // kept by the kernel for a client that does not read; less stalls on delayed ACKs
	writeTimeout     = 5 * time.Second  // then the client is dropped
	pingEvery        = 15 * time.Second // protocol pings, which browsers answer by themselves
	pongTimeout      = 45 * time.Second
	closeTimeout     = 2 * time.Second       // for the client's half of closing
	messageInterval  = 20 * time.Millisecond // at most this fast are a client's messages taken
	pendingQuestions = 8                     // more unanswered ones than that are ignored
)

// webSocket answers GET /ws/task/{id}/: the current state at once, then every change to the end.
func (s *Server) webSocket(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	note(r).task = id
	if err := s.mayUpgrade(r); err != nil {
		s.fail(w, r, err)
		return
	}
	watch, err := s.Tasks.Watch(r.Context(), id)
	if err != nil && fault.CodeOf(err) != fault.TaskNotFound {
		s.fail(w, r, err)
		return
	}
	if watch == nil {
		s.converse(w, r, unknown(id))
		return
	}
	defer watch.Close()
	s.converse(w, r, taskStory{watch, id})
}

// mayUpgrade tells why a request may not become a WebSocket.
func (s *Server) mayUpgrade(r *http.Request) error {
	if !websocket.IsWebSocketUpgrade(r) {
		return fault.New(fault.NotWebSocket, "upgrade", nil)
	}
	if !s.originAllowed(r) {
		return fault.New(fault.ForbiddenOrigin, "upgrade", errors.New(r.Header.Get("Origin")))
	}
	return nil
}

// story is what a WebSocket tells: a state that changes, until it ends.
type story interface {
	// Message returns the state now, and the code to close with after it; 0 while it may change.
	Message() (message any, closeCode int)
	// Changed receives after the state has changed.
	Changed() <-chan struct{}
	Pong() any
}

// converse makes a request that mayUpgrade a WebSocket and tells it a story.
func (s *Server) converse(w http.ResponseWriter, r *http.Request, tale story) {
	upgrader := websocket.Upgrader{
		ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10,
		CheckOrigin: func(*http.Request) bool { return true }, // checked above
		Error: func(w http.ResponseWriter, r *http.Request, _ int, err error) {
			s.fail(w, r, fault.New(fault.NotWebSocket, "upgrade", err))
		},
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &socket{
		conn:      conn,
		heartbeat: s.Heartbeat,
		closing:   s.closing,
		questions: make(chan string, pendingQuestions),
		gone:      make(chan struct{}),
	}
	if !s.enter(c) {
		conn.Close()
		return
	}
	defer s.leave(c)
	note(r).err = c.serve(tale)
}

// enter counts a socket in; false when the server is closed already.
func (s *Server) enter(c *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		return false
	default:
	}
	s.sockets[c] = struct{}{}
	s.running.Add(1)
	return true
}

func (s *Server) leave(c *socket) {
	s.mu.Lock()
	delete(s.sockets, c)
	s.mu.Unlock()
	s.running.Done()
}

// socket is one client following one story. The handler's goroutine alone writes messages; another
// one reads.
type socket struct {
	conn      *websocket.Conn
	heartbeat time.Duration
	closing   <-chan struct{} // the server's
	questions chan string     // types of client messages that want an answer
	gone      chan struct{}   // closed when nothing can be read any more
	closeCode int             // set before gone is closed: why this side closes, 0 otherwise
}

// serve writes until the story ends, the client leaves or the server closes. An error means that the client
// was lost.
func (c *socket) serve(tale story) error {
	defer c.conn.Close()
	if tcp, ok := c.conn.NetConn().(*net.TCPConn); ok {
		tcp.SetWriteBuffer(socketBuffer)
	}
	go c.read()
	code, err := c.follow(tale)
	if err == nil && code != 0 {
		c.close(code)
	}
	return err
}

// follow sends states until the last one, and returns the code to close with; 0 when the client
// has left.
func (c *socket) follow(tale story) (closeCode int, err error) {
	heartbeat, ping := time.NewTicker(c.heartbeat), time.NewTicker(pingEvery)
	defer heartbeat.Stop()
	defer ping.Stop()
	for state := true; ; {
		if state {
			current, end := tale.Message()
			if err := c.send(current); err != nil || end != 0 {
				return end, err
			}
			heartbeat.Reset(c.heartbeat)
		}
		state = true
		select {
		case <-tale.Changed():
		case <-heartbeat.C:
		case question := <-c.questions:
			if question == "ping" {
				state = false
				err = c.send(tale.Pong())
			}
		case <-ping.C:
			state = false
			err = c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout))
		case <-c.closing:
			return websocket.CloseGoingAway, nil
		case <-c.gone:
			return c.closeCode, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

func (c *socket) send(m any) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return c.conn.WriteMessage(websocket.TextMessage, text)
}

// close says goodbye and waits a moment for the client's answer. Closing on bytes that nobody has
// read would reset the connection and could take the last message with it.
func (c *socket) close(code int) {
	end := time.Now().Add(closeTimeout)
	c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), end)
	select {
	case <-c.gone:
	case <-time.After(closeTimeout):
		return
	}
	tcp, ok := c.conn.NetConn().(*net.TCPConn)
	if !ok {
		return
	}
	tcp.CloseWrite()
	tcp.SetReadDeadline(end)
	for buf := make([]byte, 4<<10); time.Now().Before(end); {
		if _, err := tcp.Read(buf); err != nil {
			return
		}
	}
}

// read takes the client's messages until the connection ends or the client breaks the rules.
func (c *socket) read() {
	defer close(c.gone)
	c.conn.SetReadLimit(socketReadBytes)
	c.conn.SetReadDeadline(time.Now().Add(pongTimeout))
	c.conn.SetPongHandler(func(string) error {
		return c.conn.SetReadDeadline(time.Now().Add(pongTimeout))
	})
	answer := c.conn.PingHandler()
	c.conn.SetPingHandler(func(data string) error {
		time.Sleep(messageInterval)
		return answer(data)
	})
	c.conn.SetCloseHandler(func(int, string) error { return nil }) // answered by closing
	for {
		kind, r, err := c.conn.NextReader()
		if err != nil {
			c.closeCode = codeFor(err)
			return
		}
		if kind == websocket.BinaryMessage {
			c.closeCode = websocket.CloseUnsupportedData
			return
		}
		var m struct{ Type string }
		if err := json.NewDecoder(r).Decode(&m); errors.Is(err, websocket.ErrReadLimit) {
			c.closeCode = websocket.CloseMessageTooBig
			return
		}
		if m.Type == "ping" || m.Type == "get_status" {
			select {
			case c.questions <- m.Type:
			default:
			}
		}
		time.Sleep(messageInterval) // a flood backs up into the client's own socket
	}
}

// codeFor returns the code to answer the end of reading with; 0 when there is nobody to answer.
func codeFor(err error) int {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return websocket.CloseMessageTooBig
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return websocket.CloseNormalClosure
	}
	return 0
}
