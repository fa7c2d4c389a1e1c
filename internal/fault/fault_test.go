package fault

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"testing"
	"unicode"
)

func TestEveryCodeHasItsOwnSentenceInBothLanguages(t *testing.T) {
	korean, english := map[string]Code{}, map[string]Code{}
	for _, c := range Codes() {
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(string(c)) {
			t.Errorf("%q is not snake_case", c)
		}
		hangul := false
		for _, r := range c.Korean() {
			hangul = hangul || unicode.Is(unicode.Hangul, r)
		}
		if !hangul || c.English() == "" {
			t.Errorf("%s: %q, %q", c, c.Korean(), c.English())
		}
		if other, twice := korean[c.Korean()]; twice {
			t.Errorf("%s and %s read the same in Korean", c, other)
		}
		if other, twice := english[c.English()]; twice {
			t.Errorf("%s and %s read the same in English", c, other)
		}
		korean[c.Korean()], english[c.English()] = c, c
	}
}

func TestTheCodeIsFoundThroughWrappingAndUnknownErrorsAreInternal(t *testing.T) {
	coded := New(TruncatedImage, "inspect", io.ErrUnexpectedEOF)
	for _, tc := range []struct {
		err  error
		want Code
	}{
		{nil, ""},
		{fmt.Errorf("upload: %w", coded), TruncatedImage},
		{errors.Join(io.EOF, coded), TruncatedImage},
		{io.EOF, Internal},
	} {
		if got := CodeOf(tc.err); got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.err, got, tc.want)
		}
	}
	if !errors.Is(coded, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if Code("made_up").Korean() != Internal.Korean() {
		t.Error("an unknown code must read as an internal error")
	}
}
