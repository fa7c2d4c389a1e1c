package camera

import (
	"fmt"
	"os/exec"
	"reflect"
	"syscall"
	"testing"
	"unsafe"

	"github.com/blackjack/webcam"
)

// openAsTheLibrary opens any file as webcam.Open opens a camera: for child processes, too.
func openAsTheLibrary(path string) (*webcam.Webcam, error) {
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_NONBLOCK, 0)
	cam := new(webcam.Webcam)
	field := reflect.ValueOf(cam).Elem().FieldByName("fd")
	*(*uintptr)(unsafe.Pointer(field.UnsafeAddr())) = uintptr(fd)
	return cam, err
}

func TestNoChildProcessHoldsTheCamera(t *testing.T) {
	inherited := func(cam *webcam.Webcam) bool {
		return exec.Command("test", "-e", fmt.Sprintf("/proc/self/fd/%d", descriptor(cam))).Run() == nil
	}
	cam, err := openAsTheLibrary("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	if !inherited(cam) {
		t.Error("this test would notice nothing: the file is private by itself")
	}
	_ = cam.Close()
	if cam, err = openPrivate("/dev/null", openAsTheLibrary); err != nil {
		t.Fatal(err)
	}
	defer cam.Close()
	if inherited(cam) {
		t.Error("a vision worker would hold the camera")
	}
	if _, err := openPrivate("/dev/null", webcam.Open); err == nil {
		t.Error("what is no camera opens")
	}
}
