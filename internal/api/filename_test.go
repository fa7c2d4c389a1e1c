package api

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestBaseName(t *testing.T) {
	long := strings.Repeat("밥", 200)
	for given, want := range map[string]string{
		"test.jpg":                 "test.jpg",
		"점심 식판.JPG":                "점심 식판.JPG",
		"/etc/passwd":              "passwd",
		`C:\Users\me\사진.png`:       "사진.png",
		`..\..\a/b\..`:             "image.png",
		"a/":                       "image.png",
		"":                         "image.png",
		" . ":                      "image.png",
		"a\x00b\r\nc\u202egpj.jpg": "abcgpj.jpg",
		"\xc1\xa1\xbd\xc9.jpg":     ".jpg", // EUC-KR
		long + ".jpg":              strings.Repeat("밥", 83) + ".jpg",
		long:                       strings.Repeat("밥", 85),
	} {
		if got := baseName(given, "png"); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

func FuzzBaseName(f *testing.F) {
	f.Add(`C:\x/식판.jpg`)
	f.Add(strings.Repeat("밥", 100) + ".jpg")
	f.Add("." + strings.Repeat("\x80", 300))
	f.Fuzz(func(t *testing.T, given string) {
		got := baseName(given, "jpg")
		if got == "" || got == "." || got == ".." || len(got) > maxNameBytes || !utf8.ValidString(got) ||
			strings.ContainsAny(got, `/\`) || strings.IndexFunc(got, unicode.IsControl) >= 0 {
			t.Errorf("%q became %q", given, got)
		}
	})
}
