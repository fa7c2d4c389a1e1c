package opencv

// #cgo !customenv pkg-config: opencv4
// extern void fm_set_threads(int n);
import "C"

// setThreads sets OpenCV's number of threads; gocv has no such call and the environment sets none.
func setThreads(n int) { C.fm_set_threads(C.int(n)) }
