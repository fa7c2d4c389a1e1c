package camera

import (
	"reflect"
	"syscall"

	"github.com/blackjack/webcam"
)

// openPrivate opens a camera that the program's child processes do not inherit. A vision worker that is
// started anew while the camera is open would otherwise keep it open for good: unplugged and plugged in again,
// the camera would be at another /dev/videoN, because the old one is still in use.
func openPrivate(path string, open func(path string) (*webcam.Webcam, error)) (*webcam.Webcam, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	cam, err := open(path)
	if err == nil {
		syscall.CloseOnExec(int(descriptor(cam)))
	}
	return cam, err
}

// descriptor returns the open file of a camera, which the library keeps to itself.
func descriptor(cam *webcam.Webcam) uintptr {
	return uintptr(reflect.ValueOf(cam).Elem().FieldByName("fd").Uint())
}
