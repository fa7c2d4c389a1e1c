package api

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"foodmassd/internal/counter"
	"foodmassd/internal/photo"
	"foodmassd/internal/task"
)

var (
	jpegPhoto = encode(func(w io.Writer) error { return jpeg.Encode(w, speckled(image.NewRGBA(size)), nil) })
	pngPhoto  = encode(func(w io.Writer) error { return png.Encode(w, speckled(image.NewNRGBA(size))) })
	size      = image.Rect(0, 0, 64, 48)
)

func encode(to func(io.Writer) error) []byte {
	var b bytes.Buffer
	if err := to(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func speckled[M interface {
	image.Image
	Set(x, y int, c color.Color)
}](m M) M {
	for y := range size.Dy() {
		for x := range size.Dx() {
			m.Set(x, y, color.NRGBA{uint8(x * y), uint8(x ^ y), uint8(x + y), uint8(255 - x)})
		}
	}
	return m
}

// hugePNG is a header that asks for 60000 × 60000 pixels, and nothing else.
func hugePNG() []byte {
	chunk := append([]byte("IHDR"), 0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func TestUploadsGetTheirDocumentedAnswer(t *testing.T) {
	h := build(t, weighApple)
	cmyk, err := os.ReadFile("../photo/testdata/cmyk.jpg")
	if err != nil {
		t.Fatal(err)
	}
	one := func(content []byte) []part { return []part{{"image", "a.jpg", content}} }
	tests := []struct {
		name  string
		parts []part
		want  string // code; "" when accepted
	}{
		{"jpeg", one(jpegPhoto), ""},
		{"png called jpg", one(pngPhoto), ""},
		{"cmyk", one(cmyk), ""},
		{"grey", one(encode(func(w io.Writer) error { return jpeg.Encode(w, speckled(image.NewGray(size)), nil) })), ""},
		{"16 bit", one(encode(func(w io.Writer) error { return png.Encode(w, speckled(image.NewNRGBA64(size))) })), ""},
		{"4000 x 10", one(encode(func(w io.Writer) error { return jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 4000, 10)), nil) })), ""},
		{"image without a filename", []part{{"image", "", jpegPhoto}}, ""},
		{"coin before", []part{{"coin_diameter_mm", "", []byte(" 26.5\n")}, {"image", "a.jpg", jpegPhoto}}, ""},
		{"coin after", []part{{"image", "a.jpg", jpegPhoto}, {"coin_diameter_mm", "", []byte("26.5")}}, ""},
		{"coin left empty", []part{{"image", "a.jpg", jpegPhoto}, {"coin_diameter_mm", "", nil}}, ""},
		{"fixed camera", []part{{"camera", "", []byte("fixed")}, {"image", "a.jpg", jpegPhoto}}, ""},
		{"camera left empty", []part{{"camera", "", nil}, {"image", "a.jpg", jpegPhoto}}, ""},
		{"other parts", []part{{"note", "", []byte("점심")}, {"image", "a.jpg", jpegPhoto}, {"thumb", "t.gif", []byte("GIF89a")}}, ""},
		{"0 byte", one(nil), "empty_image"},
		{"text", one([]byte("I am no photo, whatever my name says")), "unsupported_type"},
		{"gif", one([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00")), "unsupported_type"},
		{"heic", one([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")), "unsupported_type"},
		{"truncated jpeg", one(jpegPhoto[:len(jpegPhoto)-20]), "truncated_image"},
		{"truncated png", one(pngPhoto[:len(pngPhoto)-20]), "truncated_image"},
		{"damaged png", one(bytes.Replace(pngPhoto, []byte("IDAT"), []byte("IDAU"), 1)), "undecodable_image"},
		{"60000 x 60000", one(hugePNG()), "too_many_pixels"},
		{"11 MB", one(append(bytes.Clone(jpegPhoto), make([]byte, 11<<20)...)), "image_too_large"},
		{"11 MB beside the image", []part{{"video", "v.mp4", make([]byte, 12<<20)}, {"image", "a.jpg", jpegPhoto}}, "image_too_large"},
		{"wrong field", []part{{"photo", "a.jpg", jpegPhoto}}, "missing_image"},
		{"empty form", nil, "missing_image"},
		{"two images", append(one(jpegPhoto), one(pngPhoto)...), "multiple_images"},
		{"many parts", make([]part, maxParts+1), "bad_request"},
		{"coin of 9 mm", []part{{"image", "a.jpg", jpegPhoto}, {"coin_diameter_mm", "", []byte("9")}}, "bad_coin_diameter"},
		{"coin of NaN", []part{{"coin_diameter_mm", "", []byte("NaN")}, {"image", "a.jpg", jpegPhoto}}, "bad_coin_diameter"},
		{"coin of words", []part{{"coin_diameter_mm", "", []byte("백원")}, {"image", "a.jpg", jpegPhoto}}, "bad_coin_diameter"},
		{"other camera", []part{{"image", "a.jpg", jpegPhoto}, {"camera", "", []byte("phone")}}, "bad_camera"},
		{"camera of kilobytes", []part{{"camera", "", bytes.Repeat([]byte(" "), 9000)}, {"image", "a.jpg", jpegPhoto}}, "bad_camera"},
		{"scale of nobody", []part{{"image", "a.jpg", jpegPhoto}, {"scale", "", []byte("maybe")}}, "bad_scale"},
		{"scale of kilobytes", []part{{"scale", "", bytes.Repeat([]byte("u"), 9000)}}, "bad_scale"},
		{"coin of kilobytes", []part{{"coin_diameter_mm", "", bytes.Repeat([]byte("2"), 9000)}}, "bad_coin_diameter"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := h.upload(test.parts...)
			if test.want == "" {
				if a.status != http.StatusOK || !a.Success {
					t.Fatalf("%d %s", a.status, a.body)
				}
				if done := h.finished(a.Data.TaskID); done.Data.Status != "completed" {
					t.Errorf("ended as %s", done.body)
				}
				return
			}
			if a.status != http.StatusBadRequest || a.Code != test.want {
				t.Errorf("%d %s; want 400 %s", a.status, a.body, test.want)
			}
		})
	}
	if s := h.tasks.Stats(); s.Completed != s.Accepted || s.Failed != 0 {
		t.Errorf("a refused upload left a task: %+v", s)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(h.imagePath())), "incoming", "*")); len(left) > 0 {
		t.Errorf("refused uploads left %v", left)
	}
}

// imagePath is where the store put an image.
func (h *house) imagePath() string {
	got, err := h.tasks.Get(h.t.Context(), h.accept())
	if err != nil {
		h.t.Fatal(err)
	}
	return got.ImagePath
}

func TestUploadCarriesCoinCameraAndNameAlong(t *testing.T) {
	h := build(t, weighApple)
	a := h.upload(part{"image", `C:\사진\점심/../식판 #1.jpg`, jpegPhoto}, part{"coin_diameter_mm", "", []byte("26.5")}, part{"camera", "", []byte("fixed")})
	got, err := h.tasks.Get(t.Context(), a.Data.TaskID)
	if err != nil || got.CoinDiameterMM != 26.5 || !got.FixedCamera || got.Filename != "식판 #1.jpg" || a.Data.Filename != got.Filename {
		t.Errorf("%+v, %v; answered %s", got, err, a.body)
	}
	if !strings.HasSuffix(got.ImagePath, a.Data.TaskID+".jpg") {
		t.Errorf("stored as %s", got.ImagePath)
	}
}

func TestLongerSideIsRefusedWhereConfigured(t *testing.T) {
	h := build(t, weighApple, func(s *Server, _ *task.Manager) {
		s.Limits = photo.DefaultLimits
		s.Limits.MaxSidePX = 60
	})
	if a := h.upload(part{"image", "a.jpg", jpegPhoto}); a.status != 400 || a.Code != "resolution_too_high" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestRequestsThatAreNoForm(t *testing.T) {
	h := build(t, weighApple)
	for name, kind := range map[string]string{
		"no type": "", "json": "application/json", "no boundary": "multipart/form-data",
		"urlencoded": "application/x-www-form-urlencoded", "other boundary": "multipart/form-data; boundary=x",
	} {
		body, _ := formOf(part{"image", "a.jpg", jpegPhoto})
		a := h.do(http.MethodPost, "/mlserver/api/upload/", http.Header{"Content-Type": {kind}}, bytes.NewReader(body))
		if a.status != 400 || a.Code != "bad_request" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	endless := "multipart/form-data; boundary=x"
	header := "--x\r\nX-Long: " + strings.Repeat("a", 2*partHeaderBytes)
	if a := h.do(http.MethodPost, "/mlserver/api/upload/", http.Header{"Content-Type": {endless}}, strings.NewReader(header)); a.Code != "bad_request" {
		t.Errorf("part header without end: %d %s", a.status, a.body)
	}
}

// rawUpload opens a connection and sends the head of an upload of so many bytes.
func (h *house) rawUpload(kind string, length int) net.Conn {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.http.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /mlserver/api/upload/ HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", kind, length)
	return conn
}

// A client that sends everything before it reads, as browsers do, must still find its answer.
func TestRefusalReachesAClientThatSendsFirst(t *testing.T) {
	h := build(t, weighApple)
	for name, image := range map[string][]byte{
		"11 MB":       append(bytes.Clone(jpegPhoto), make([]byte, 11<<20)...),
		"30 MB video": make([]byte, 30<<20),
	} {
		body, kind := formOf(part{"image", "a.jpg", image})
		conn := h.rawUpload(kind, len(body))
		if _, err := conn.Write(body); err != nil {
			t.Errorf("%s: sending broke off: %v", name, err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte(`"code"`)) {
			t.Errorf("%s: %q, %v", name, answer, err)
		}
	}
}

func TestStalledUploadTimesOut(t *testing.T) {
	h := build(t, weighApple, func(s *Server, _ *task.Manager) { s.UploadStall = 100 * time.Millisecond })
	body, kind := formOf(part{"image", "a.jpg", jpegPhoto})
	conn := h.rawUpload(kind, len(body))
	conn.Write(body[:len(body)/2])
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte("upload_timeout")) {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestTricklingUploadTimesOutAsAWhole(t *testing.T) {
	h := build(t, weighApple, func(s *Server, _ *task.Manager) { s.UploadTotal = 300 * time.Millisecond })
	body, kind := formOf(part{"image", "a.jpg", jpegPhoto})
	conn := h.rawUpload(kind, len(body))
	go func() {
		for i := range body {
			if _, err := conn.Write(body[i : i+1]); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	if err != nil || !bytes.Contains(answer[:n], []byte("upload_timeout")) {
		t.Errorf("%q, %v", answer[:n], err)
	}
}

func TestClientThatLeavesFreesItsPlace(t *testing.T) {
	h := build(t, weighApple, func(_ *Server, m *task.Manager) { m.Capacity = 1 })
	body, kind := formOf(part{"image", "a.jpg", jpegPhoto})
	var conn net.Conn
	eventually(t, "the upload holds the only place", func() bool {
		if conn != nil {
			conn.Close() // the upload below came first and took the place
		}
		conn = h.rawUpload(kind, len(body))
		conn.Write(body[:len(body)/2])
		time.Sleep(20 * time.Millisecond)
		return h.upload(part{"image", "a.jpg", jpegPhoto}).status == http.StatusServiceUnavailable
	})
	conn.Close()
	eventually(t, "the place is free again", func() bool {
		return h.upload(part{"image", "a.jpg", jpegPhoto}).status == http.StatusOK
	})
}

func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !true(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestFullQueueTurnsUploadsAwayAndLosesNone(t *testing.T) {
	h := build(t, weighApple, func(_ *Server, m *task.Manager) { m.Capacity = 4 })
	var mu sync.Mutex
	var accepted []string
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			a := h.upload(part{"image", "a.jpg", jpegPhoto})
			mu.Lock()
			defer mu.Unlock()
			switch seconds, err := strconv.Atoi(a.header.Get("Retry-After")); {
			case a.status == http.StatusOK:
				accepted = append(accepted, a.Data.TaskID)
			case a.status != http.StatusServiceUnavailable || a.Code != "queue_full" || err != nil || seconds < 1:
				t.Errorf("%d %s, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
			}
		})
	}
	wg.Wait()
	t.Logf("%d of 200 accepted", len(accepted))
	if len(accepted) == 0 || len(accepted) == 200 {
		t.Error("the test wants some of each")
	}
	for _, id := range accepted {
		if a := h.finished(id); a.Data.Status != "completed" {
			t.Errorf("%s", a.body)
		}
	}
}

func TestShuttingDownIsSaid(t *testing.T) {
	h := build(t, weighApple)
	h.tasks.Close(t.Context())
	if a := h.upload(part{"image", "a.jpg", jpegPhoto}); a.status != 503 || a.Code != "shutting_down" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// onScale is a scale at rest under some grams, or with nothing to say.
type onScale struct {
	g, sd float64
	ok    bool
}

func (s onScale) Food() (g, sdG float64, ok bool) { return s.g, s.sd, s.ok }

func TestTheScaleCountsForWhomItIsMeant(t *testing.T) {
	fixed, use, ignore := part{"camera", "", []byte("fixed")}, part{"scale", "", []byte("use")}, part{"scale", "", []byte("ignore")}
	plate, moving, crumb := onScale{412.5, 1.5, true}, onScale{}, onScale{4.9, 0, true}
	for name, test := range map[string]struct {
		scale   counter.Weigher
		parts   []part
		g       float64 // 0: no reading
		missing bool
	}{
		"a phone's photo":                     {plate, nil, 0, false},
		"a phone's photo, to be weighed":      {plate, []part{use}, 412.5, false},
		"the counter's photo":                 {plate, []part{fixed}, 412.5, false},
		"the counter's photo, not weighed":    {plate, []part{fixed, ignore}, 0, false},
		"nothing said":                        {plate, []part{{"scale", "", []byte(" ")}}, 0, false},
		"the load moves":                      {moving, []part{use}, 0, true},
		"the load under the camera moves":     {moving, []part{fixed}, 0, true},
		"a crumb":                             {crumb, []part{use}, 0, true},
		"no scale, and to be weighed":         {nil, []part{use}, 0, true},
		"no scale, and the counter's photo":   {nil, []part{fixed}, 0, false},
		"scale before the photo in the form":  {plate, []part{use, {"image", "a.jpg", jpegPhoto}}, 412.5, false},
		"no scale, and none is to be thought": {nil, []part{ignore}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t, weighApple, func(s *Server, _ *task.Manager) { s.Scale = test.scale })
			parts := test.parts
			if len(parts) < 2 || parts[1].name != "image" {
				parts = append([]part{{"image", "a.jpg", jpegPhoto}}, parts...)
			}
			a := h.upload(parts...)
			got, err := h.tasks.Get(t.Context(), a.Data.TaskID)
			if err != nil || got.ScaleMissing != test.missing || (got.ScaleG != nil) != (test.g != 0) {
				t.Fatalf("%+v, %v", got.Weight, err)
			}
			if got.ScaleG != nil && (*got.ScaleG != test.g || got.ScaleSDG != 1.5) {
				t.Errorf("%g ± %g g", *got.ScaleG, got.ScaleSDG)
			}
		})
	}
}
