package verify

import (
	"errors"
	"strings"
)

// Secret is a key that shows itself to nobody: printed, logged or encoded it is "[secret]".
type Secret struct{ reveal func() string }

const hidden = "[secret]"

// NewSecret takes a key, without the space around it; "" is no key. The error does not repeat it.
func NewSecret(text string) (Secret, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Secret{}, nil
	}
	outside := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(text) > 4096 || strings.ContainsFunc(text, outside) {
		return Secret{}, errors.New("the API key is longer than 4096 characters or holds some that cannot be sent")
	}
	return Secret{func() string { return text }}, nil
}

// Set reports whether there is a key.
func (s Secret) Set() bool { return s.reveal != nil }

// String hides the key.
func (s Secret) String() string { return hidden }

// GoString hides the key.
func (s Secret) GoString() string { return hidden }

// MarshalText hides the key, also from slog and JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
