package verify

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind is a stable name of a way in which a question can fail.
type Kind string

// The kinds.
const (
	Unreachable Kind = "unreachable"
	TooSlow     Kind = "too_slow"
	KeyRefused  Kind = "key_refused"
	BadStatus   Kind = "bad_status"
	Redirected  Kind = "redirected"
	WrongType   Kind = "wrong_content_type"
	TooLarge    Kind = "answer_too_large"
	Broken      Kind = "answer_broken"
	Nonsense    Kind = "answer_senseless"
	NoModel     Kind = "model_missing"
)

// Fault is a question that failed. It holds nothing that the server has said.
type Fault struct {
	Kind   Kind
	Status int    // HTTP, where that is the fault
	detail string // of our own making
	// passing tells that asking again at once may help.
	passing bool
}

// Error says what happened, in English.
func (f *Fault) Error() string {
	text := map[Kind]string{
		Unreachable: "the server cannot be reached", TooSlow: "no answer in time",
		KeyRefused: "the server refuses the API key", BadStatus: "the server answers with an error",
		Redirected: "the server redirects elsewhere, which is not followed",
		WrongType:  "the answer is no JSON by its content type", TooLarge: "the answer is too large",
		Broken: "the answer is broken JSON", Nonsense: "the answer makes no sense", NoModel: "the server does not have the model",
	}[f.Kind]
	if f.Status != 0 {
		text += fmt.Sprintf(" (status %d)", f.Status)
	}
	if f.detail != "" {
		text += ": " + f.detail
	}
	return text
}

// Hint tells the technician what to do.
func (f *Fault) Hint() string {
	switch f.Kind {
	case Unreachable:
		return "start the server, check the network and verify.url"
	case TooSlow:
		return "use a smaller model or a faster machine, or raise verify.timeout"
	case KeyRefused:
		return "set the key by FOODMASSD_VERIFY_API_KEY or the systemd credential verify_api_key"
	case Redirected:
		return "set verify.url to where it redirects to, if that is right"
	case NoModel:
		return "load the model there or correct verify.model"
	case BadStatus:
		if f.Status == http.StatusNotFound {
			return "verify.url must be the part before /v1/chat/completions, and verify.model a model of the server"
		}
		return "see the server's log"
	case WrongType:
		return "check that verify.url is an OpenAI-compatible server"
	}
	return "use a model that reads pictures and a server that keeps to a JSON schema (response_format)"
}

// asFault returns the Fault in err; nil for nil.
func asFault(err error) *Fault {
	var f *Fault
	if err != nil && !errors.As(err, &f) {
		return &Fault{Kind: Broken, detail: "question could not be put"}
	}
	return f
}
