// Package web is the page at /: its TypeScript sources (src/), their tests (test/ for the state
// machine, e2e/ in a real Chromium) and, embedded in the binary, the files that build.mjs makes of
// them (dist/). Nothing but those files comes out; the page speaks only the public wire contract and
// asks no other host for anything.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built page with index.html at its root, or only .gitkeep when the page has not
// been built (npm ci && npm run build).
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only for an invalid path, and this one is constant
	}
	return files
}
