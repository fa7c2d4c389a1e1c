package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"foodmassd/internal/fault"
)

//go:embed docs
var docs embed.FS

// loadDocuments returns the files under /docs/ by name.
func loadDocuments() (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, name := range []string{"index.html", "openapi.yaml", "asyncapi.yaml"} {
		b, err := docs.ReadFile("docs/" + name)
		if err != nil {
			return nil, fmt.Errorf("load documents: %w", err)
		}
		files[name] = b
	}
	var openapi map[string]any
	err := yaml.Unmarshal(files["openapi.yaml"], &openapi)
	if err == nil {
		files["openapi.json"], err = json.Marshal(openapi)
	}
	if err != nil {
		return nil, fmt.Errorf("load openapi.yaml: %w", err)
	}
	return files, nil
}

// document answers /docs/…
func (s *Server) document(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if name == "" {
		name = "index.html"
	}
	b, ok := s.documents[name]
	if !ok {
		s.fail(w, r, fault.New(fault.NotFound, "serve document", nil))
		return
	}
	serveFile(w, r, name, bytes.NewReader(b))
}

// contentTypes does not ask the system, whose tables differ from machine to machine.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json; charset=utf-8",
	".map":         "application/json; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff2":       "font/woff2",
	".yaml":        "application/yaml; charset=utf-8",
}

// page answers everything else from the built page: files only, no folders, nothing hidden.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	file, err := s.openPage(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			note(r).err = err
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		if name == "index.html" {
			io.WriteString(w, "the page was not built: run make build\n")
			return
		}
		io.WriteString(w, fault.NotFound.Korean()+"\n")
		return
	}
	defer file.Close()
	serveFile(w, r, name, file)
}

type seekableFile interface {
	fs.File
	io.Seeker
}

// openPage opens a file of the built page; fs.ErrNotExist for what is not to be seen.
func (s *Server) openPage(name string) (seekableFile, error) {
	if s.Web == nil || strings.Contains("/"+name, "/.") {
		return nil, fs.ErrNotExist
	}
	f, err := s.Web.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	file, seekable := f.(seekableFile)
	if err != nil || !info.Mode().IsRegular() || !seekable {
		f.Close()
		return nil, errors.Join(err, fs.ErrNotExist)
	}
	return file, nil
}

// serveFile answers with a file. What Vite puts under assets/ has a hash in its name and never
// changes; everything else is asked for anew.
func serveFile(w http.ResponseWriter, r *http.Request, name string, content io.ReadSeeker) {
	kind := contentTypes[path.Ext(name)]
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}
