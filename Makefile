# foodmassd: make run | make test | make build. See README.md.

# The lean link: gocv brings wrappers for all of OpenCV; sections nobody calls are dropped, and with
# them the libraries they would pull in (265 shared libraries become about 30).
OPENCV_LIBS := -lopencv_dnn -lopencv_imgproc -lopencv_core
export GOFLAGS      := -tags=customenv
export CGO_ENABLED  := 1
export CGO_CPPFLAGS := -I/usr/include/opencv4
export CGO_CFLAGS   := -O2 -ffunction-sections -fdata-sections
export CGO_CXXFLAGS := -O2 -ffunction-sections -fdata-sections --std=c++11
export CGO_LDFLAGS  := -Wl,--gc-sections -Wl,--as-needed $(OPENCV_LIBS)
# Where scripts/deps puts a Go when Debian's is too old.
export PATH         := $(HOME)/.local/share/foodmassd/go/bin:$(PATH)

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)

.PHONY: run build test deps test-deps page vet test-go test-race test-page bench go-env help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: deps build ## install what is missing, build, and serve on :8000 with the shipped models and a simulated scale
	bin/foodmassd serve --listen :8000 --data-dir .run --scale simulated

build: tools page ## leave the daemon in bin/foodmassd
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/foodmassd ./cmd/foodmassd

# One clear line instead of a compiler's hundred.
.PHONY: tools
tools:
	@command -v go >/dev/null && command -v npm >/dev/null && pkg-config --exists opencv4 libjpeg \
		|| { echo "Go, Node, OpenCV or libjpeg is missing; install them with: make deps" >&2; exit 1; }

deps: ## install by apt what building needs and the machine lacks
	@scripts/deps build

test-deps:
	@scripts/deps test

# npm runs when the lock file has changed, the build when a source has.
web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

PAGE := $(shell find web/src web/public web/index.html web/build.mjs -type f 2>/dev/null)
web/dist/index.html: web/node_modules/.package-lock.json $(PAGE)
	cd web && npm run -s build

page: web/dist/index.html

test: test-deps build vet test-go test-page ## every test, in Go, Node and Chromium
	@echo "make test: all passed"

vet: build
	@unformatted=$$(gofmt -l cmd internal hardware models scripts web/*.go); [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted" >&2; exit 1; }
	go vet ./...

test-go: build
	go test -timeout 10m ./...

# The rooms whose goroutines share state; vision/opencv has none of its own and would be slow.
test-race: ## look for data races
	go test -race -timeout 15m ./internal/api ./internal/task ./internal/store ./internal/vision/worker ./internal/weighing ./internal/counter ./internal/verify ./internal/health

test-page: build
	cd web && npm run -s check && npm test && npm run -s e2e

bench: build ## measure speed and memory of bin/foodmassd from outside
	go run ./scripts/bench

go-env: ## shell lines that give a terminal the lean link: eval "$(make -s go-env)"
	@for v in GOFLAGS CGO_ENABLED CGO_CPPFLAGS CGO_CFLAGS CGO_CXXFLAGS CGO_LDFLAGS; do \
		eval "printf 'export %s=\"%s\"\n' $$v \"\$$$$v\""; done
