package config

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Camera is the appliance's own camera over the counter and when it takes a photo.
type Camera struct {
	Source   string // "none", "v4l2", "stream" or "folder"
	Device   string // v4l2
	URL      string // stream: rtsp, http or https; may carry a user name and a password
	Pipeline string // stream: a GStreamer pipeline that ends in JPEG, instead of the URL
	Folder   string // folder: JPEG files that are shown in turn
	Width    int    // wanted, in pixels; the nearest that the camera has is taken
	Height   int
	Trigger  string  // "weight" or "none"
	TriggerG float64 // the least net load that is photographed
}

var pixels = regexp.MustCompile(`^([1-9][0-9]{1,4})x([1-9][0-9]{1,4})$`)

var cameraKeys = []key{
	{"camera.source", `"none", "v4l2", "stream" or "folder"`, false, func(c *Config, v []string) bool {
		c.Camera.Source = v[0]
		return slices.Contains([]string{"none", "v4l2", "stream", "folder"}, v[0])
	}},
	{"camera.device", "an absolute path such as /dev/video0", false, path(func(c *Config) *string { return &c.Camera.Device })},
	{"camera.url", "an address that begins with rtsp://, http:// or https://, without spaces, quotes and backslashes", false, func(c *Config, v []string) bool {
		c.Camera.URL = v[0]
		u, err := url.Parse(v[0])
		return err == nil && slices.Contains([]string{"rtsp", "http", "https"}, u.Scheme) && u.Hostname() != "" &&
			!strings.ContainsAny(v[0], "\"'\\ \t\r\n")
	}},
	{"camera.pipeline", "elements of GStreamer, joined by !, that end in JPEG", false, func(c *Config, v []string) bool {
		c.Camera.Pipeline = v[0]
		return strings.TrimSpace(v[0]) != "" && len(v[0]) <= 2000 && !strings.HasPrefix(strings.TrimSpace(v[0]), "-")
	}},
	{"camera.folder", "an absolute path to a folder with JPEG files", false, path(func(c *Config) *string { return &c.Camera.Folder })},
	{"camera.size", "width and height in pixels such as 1920x1080, each from 10 to 9999", false, func(c *Config, v []string) bool {
		m := pixels.FindStringSubmatch(v[0])
		if m == nil {
			return false
		}
		c.Camera.Width, _ = strconv.Atoi(m[1])
		c.Camera.Height, _ = strconv.Atoi(m[2])
		return c.Camera.Width <= 9999 && c.Camera.Height <= 9999
	}},
	{"camera.trigger", `"weight" or "none"`, false, func(c *Config, v []string) bool {
		c.Camera.Trigger = v[0]
		return v[0] == "weight" || v[0] == "none"
	}},
	{"camera.trigger_g", "a number from 5 to 5000 (grams, without a unit)", false, number(func(c *Config) *float64 { return &c.Camera.TriggerG }, 5, 5000)},
}

func (s Camera) unmet() (path, fault string) {
	switch {
	case s.Source == "stream" && s.URL == "" && s.Pipeline == "":
		return "camera.url", "missing, and source stream needs it or camera.pipeline; allowed is an address such as rtsp://192.168.0.40/stream1"
	case s.Source == "stream" && s.URL != "" && s.Pipeline != "":
		return "camera.pipeline", "camera.url says where the picture comes from; allowed is one of them"
	case s.Source == "folder" && s.Folder == "":
		return "camera.folder", "missing, and source folder needs it; allowed is an absolute path to a folder with JPEG files"
	}
	return "", ""
}
