package camera

import (
	"fmt"
	"syscall"
	"unsafe"

	"github.com/blackjack/webcam"
	"github.com/blackjack/webcam/ioctl"
)

// videoCapture is V4L2_BUF_TYPE_VIDEO_CAPTURE (linux/videodev2.h).
const videoCapture = 1

// pixFormat is struct v4l2_pix_format (linux/videodev2.h): the form of the pictures that a driver delivers.
type pixFormat struct {
	width, height uint32 // in pixels
	format        webcam.PixelFormat
	field         uint32
	bytesPerLine  uint32 // from one line's beginning to the next one's; 0 where pictures are compressed
	_             [7]uint32
}

// formatRequest is struct v4l2_format. What it holds is as aligned as a pointer and 200 bytes long, whatever
// the kind of buffer.
type formatRequest struct {
	kind uint32
	_    [0]uintptr
	pix  pixFormat
	_    [200 - unsafe.Sizeof(pixFormat{})]byte
}

// getFormat is VIDIOC_G_FMT.
var getFormat = ioctl.IoRW('V', 4, unsafe.Sizeof(formatRequest{}))

// formatInForce asks the driver in what form pictures come. SetImageFormat does not tell: the size that it
// returns is the one that it was given.
func formatInForce(cam *webcam.Webcam) (pixFormat, error) {
	request := formatRequest{kind: videoCapture}
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, descriptor(cam), getFormat, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return pixFormat{}, errno
	}
	return request.pix, nil
}

// granted returns what the driver has made of the mode. A size that it does not have is no error: an HDMI
// grabber delivers what is plugged into it.
func (m mode) granted(p pixFormat) (mode, error) {
	if p.format != m.format {
		return m, fmt.Errorf("it does not take the format %s", m)
	}
	return mode{p.format, int(p.width), int(p.height), int(p.bytesPerLine)}, nil
}
