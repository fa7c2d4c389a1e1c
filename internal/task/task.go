// Package task runs the life of a task: accepted → waiting in a bounded queue → analysed under a
// deadline with a limited number of attempts → exactly one end, and tells everybody who watches. It
// does no I/O of its own: a Store keeps tasks, a Runner does the work, both declared here.
package task

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"foodmassd/internal/fault"
)

// Status is where a task stands.
type Status string

// The statuses of the wire contract; Completed and Failed are terminal.
const (
	Pending    Status = "pending"
	Processing Status = "processing"
	Completed  Status = "completed"
	Failed     Status = "failed"
)

// Terminal reports whether a task with this status will never change again.
func (s Status) Terminal() bool { return s == Completed || s == Failed }

// Weight is what the scale under the photographed tray says.
type Weight struct {
	// ScaleG is the load cell's net food load in grams when the photo was taken, nil when there is none or
	// it does not count.
	ScaleG *float64
	// ScaleSDG is what the reading's source adds to the scale's own standard uncertainty, in grams, such as
	// a container's; 0 where it adds nothing.
	ScaleSDG float64
	// ScaleMissing tells that the scale was to count and had no grams at rest.
	ScaleMissing bool
}

// Task is one photo's way through the appliance, as stored and as shown.
type Task struct {
	ID             string  // UUIDv4
	Filename       string  // the client's base name, sanitised; never a path
	ImagePath      string  // absolute path of the stored image, "" once it is gone
	CoinDiameterMM float64 // 0: the configured coin
	FixedCamera    bool    // the photo comes from the calibrated camera
	Status         Status
	Progress       float64 // [0,1); 1 once completed
	Message        string  // Korean
	Attempts       int     // analyses begun
	Result         json.RawMessage
	ErrorCode      fault.Code
	Error          string // Korean
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Weight
}

// Submission is what a client sends along with the image bytes.
type Submission struct {
	Filename       string
	CoinDiameterMM float64
	FixedCamera    bool
	Extension      string // "jpg" or "png", from the content
	Weight
}

// Draft is an image being received into a temporary file on the data disk.
type Draft interface {
	io.Writer
	// Discard removes the draft; it does nothing after a successful Accept.
	Discard()
}

// Store keeps tasks and images through a power cut. Errors carry fault.DiskFull where the disk is
// full and fault.TaskNotFound for an unknown id.
type Store interface {
	// NewDraft opens a temporary file for an image.
	NewDraft() (Draft, error)
	// Accept puts draft and task on stable storage (file, folder and row synced) and sets
	// t.ImagePath. When it returns nil the task survives a power cut.
	Accept(ctx context.Context, t *Task, d Draft, extension string) error
	// Begin records that another attempt starts, before it starts.
	Begin(ctx context.Context, id string, attempts int) error
	// Reopen puts a task that was interrupted through no fault of its own back to Pending, with
	// the attempts it had before.
	Reopen(ctx context.Context, id string, attempts int) error
	// Finish stores the terminal state durably.
	Finish(ctx context.Context, t Task) error
	// Load returns a task.
	Load(ctx context.Context, id string) (Task, error)
	// Open returns all tasks that are not terminal, oldest first; ImagePath is "" where the file
	// is gone.
	Open(ctx context.Context) ([]Task, error)
}

// Runner analyses one task's image. report may be called any number of times. The result is the
// JSON of estimate.Result; message the Korean closing sentence. The ctx carries the deadline.
// An error with fault.WorkerFailed is worth another attempt, every other error is final.
type Runner interface {
	Run(ctx context.Context, t Task, report func(fraction float64, message string)) (result json.RawMessage, message string, err error)
}

// Stats is the state of the queue for health and metrics.
type Stats struct {
	Waiting, Running, Capacity           int
	Accepted, Completed, Failed, Retried uint64
}
