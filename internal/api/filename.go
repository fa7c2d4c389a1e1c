package api

import (
	"mime"
	"mime/multipart"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameBytes is what a file system would take; names are only shown, never opened.
const maxNameBytes = 255

// rawFileName returns the filename as the client sent it, path and all. multipart.Part.FileName
// would cut it by this system's rules, which know no backslash.
func rawFileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

// baseName makes a client's filename fit to show: its last element by either kind of slash, without
// what cannot be seen, at most maxNameBytes long with its own extension kept. extension, by content,
// serves where nothing is left.
func baseName(name, extension string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' {
			return -1
		}
		return c
	}, name)
	name = strings.TrimSpace(name)
	if strings.Trim(name, ".") == "" {
		return "image." + extension
	}
	if len(name) <= maxNameBytes {
		return name
	}
	stem, ext := name, ""
	if dot := strings.LastIndexByte(name, '.'); len(name)-dot <= 10 {
		stem, ext = name[:dot], name[dot:]
	}
	end := maxNameBytes - len(ext)
	for !utf8.RuneStart(stem[end]) {
		end--
	}
	return stem[:end] + ext
}
