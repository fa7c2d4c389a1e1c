// Package fault gives every error that reaches a person one stable code, one Korean sentence for
// diners and the app, and one English sentence with a hint for the technician. Codes are part of the
// wire contract: they are added, never renamed.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Code is a stable snake_case name of a kind of error.
type Code string

// The codes, in the order in which a photo can meet them.
const (
	BadRequest       Code = "bad_request"
	MissingImage     Code = "missing_image"
	MultipleImages   Code = "multiple_images"
	EmptyImage       Code = "empty_image"
	UnsupportedType  Code = "unsupported_type"
	TruncatedImage   Code = "truncated_image"
	Undecodable      Code = "undecodable_image"
	TooLarge         Code = "image_too_large"
	TooManyPixels    Code = "too_many_pixels"
	Oversize         Code = "resolution_too_high"
	BadCoinDiameter  Code = "bad_coin_diameter"
	BadCamera        Code = "bad_camera"
	BadScale         Code = "bad_scale"
	CameraFailed     Code = "camera_failed"
	TrayMoved        Code = "tray_moved"
	QueueFull        Code = "queue_full"
	DiskFull         Code = "disk_full"
	ShuttingDown     Code = "shutting_down"
	TaskNotFound     Code = "task_not_found"
	ImageLost        Code = "image_lost"
	DeadlineExceeded Code = "deadline_exceeded"
	WorkerFailed     Code = "worker_failed"
	NotFound         Code = "not_found"
	MethodNotAllowed Code = "method_not_allowed"
	UploadTimeout    Code = "upload_timeout"
	ForbiddenOrigin  Code = "forbidden_origin"
	NotAtCounter     Code = "not_at_counter"
	NotWebSocket     Code = "not_websocket"
	Internal         Code = "internal_error"
)

// Error is an error with a code. Op says what was being done, Err is the cause (may be nil).
type Error struct {
	Code Code
	Op   string
	Err  error
}

// New returns an Error with a code and an English operation; cause may be nil.
func New(code Code, op string, cause error) *Error { return &Error{code, op, cause} }

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Op, e.Code)
	}
	return fmt.Sprintf("%s: %s: %v", e.Op, e.Code, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code that err carries, Internal when it carries none, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// sentence is what people read: Korean for the diner, English with a hint for the technician.
type sentence struct{ korean, english string }

var sentences = map[Code]sentence{
	BadRequest:       {"요청 형식이 올바르지 않습니다. multipart/form-data로 사진을 보내 주세요.", "not a multipart/form-data request; send the photo as file part \"image\""},
	MissingImage:     {"이미지 파일이 없습니다. 'image' 항목에 사진을 담아 보내 주세요.", "no file part \"image\" in the form"},
	MultipleImages:   {"사진은 한 번에 한 장만 올려 주세요.", "more than one file part \"image\"; send one photo per request"},
	EmptyImage:       {"빈 파일입니다. 사진을 다시 선택해 주세요.", "the file is empty"},
	UnsupportedType:  {"JPG 또는 PNG 사진만 올릴 수 있습니다.", "the content is neither JPEG nor PNG; convert it first"},
	TruncatedImage:   {"사진이 끝까지 전송되지 않았습니다. 다시 올려 주세요.", "the file ends before the image does; copy it again"},
	Undecodable:      {"사진을 읽을 수 없습니다. 다른 사진을 올려 주세요.", "the image data is damaged; try another copy"},
	TooLarge:         {"사진이 너무 큽니다. 10MB 이하의 사진을 올려 주세요.", "the file is larger than the limit (10 MB by default)"},
	TooManyPixels:    {"사진의 해상도가 너무 높습니다. 5천만 화소 이하의 사진을 올려 주세요.", "more pixels than the limit (50 megapixels by default)"},
	Oversize:         {"사진의 긴 변이 1920픽셀을 넘습니다. 줄여서 올려 주세요.", "the longer side exceeds 1920 px and limits.oversize is \"reject\""},
	BadCoinDiameter:  {"동전 지름은 10~50mm 사이의 숫자로 보내 주세요.", "coin_diameter_mm must be a number from 10 to 50"},
	BadCamera:        {"카메라 항목(camera)에는 fixed만 쓸 수 있습니다.", "camera must be \"fixed\" or left out"},
	BadScale:         {"저울 항목(scale)에는 use 또는 ignore만 쓸 수 있습니다.", "scale must be \"use\", \"ignore\" or left out"},
	CameraFailed:     {"카메라로 사진을 찍지 못했습니다. 관리자에게 알려 주세요.", "the appliance's camera took no photo; see the log and \"foodmassd doctor\""},
	TrayMoved:        {"식판이 움직여 사진을 찍지 못했습니다. 식판을 내렸다가 다시 올려 주세요.", "the tray never rested long enough for a photo of what was weighed"},
	QueueFull:        {"지금 요청이 많습니다. 잠시 후 다시 시도해 주세요.", "the queue is full; try again shortly"},
	DiskFull:         {"저장 공간이 부족합니다. 관리자에게 알려 주세요.", "no space left in the data directory; free some or lower retention"},
	ShuttingDown:     {"시스템을 다시 시작하는 중입니다. 잠시 후 다시 시도해 주세요.", "the daemon is shutting down"},
	TaskNotFound:     {"작업을 찾을 수 없습니다.", "no such task; see \"foodmassd task list\""},
	ImageLost:        {"저장된 사진을 찾을 수 없습니다. 다시 올려 주세요.", "the stored image is gone from the data directory; upload it again"},
	DeadlineExceeded: {"분석 시간이 초과되었습니다. 다시 시도해 주세요.", "the analysis missed its deadline; see task.deadline in the configuration"},
	WorkerFailed:     {"이미지 처리 중 오류가 발생했습니다.", "the vision worker failed on this image; see the log for its last words"},
	NotFound:         {"요청한 주소를 찾을 수 없습니다.", "no such address"},
	MethodNotAllowed: {"허용되지 않는 요청 방식입니다.", "method not allowed here"},
	UploadTimeout:    {"사진 전송이 너무 오래 걸렸습니다. 다시 시도해 주세요.", "the upload took too long"},
	ForbiddenOrigin:  {"허용되지 않은 페이지에서 보낸 요청입니다.", "the page's origin is not allowed; add it to server.allowed_origins"},
	NotAtCounter:     {"이 기능은 카운터의 기기에서만 쓸 수 있습니다.", "only for the page on the appliance itself; open it there as http://localhost:8000"},
	NotWebSocket:     {"WebSocket으로 연결해 주세요.", "this address speaks WebSocket only"},
	Internal:         {"서버 내부 오류가 발생했습니다.", "internal error; see the log"},
}

// Codes returns every code, sorted.
func Codes() []Code { return slices.Sorted(maps.Keys(sentences)) }

// Korean returns the sentence for diners and the app.
func (c Code) Korean() string { return c.sentence().korean }

// English returns the sentence for the technician's terminal.
func (c Code) English() string { return c.sentence().english }

func (c Code) sentence() sentence {
	if s, ok := sentences[c]; ok {
		return s
	}
	return sentences[Internal]
}
