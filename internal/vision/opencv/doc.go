// Package opencv is the eye: it decodes a photo, finds and recognises foods, outlines them and
// measures reference objects. A file path comes in, a vision.Scene goes out. It is the only package that
// links OpenCV and libjpeg; a C++ exception in OpenCV ends the process, so it belongs in the worker
// process (vision/worker) and nowhere else.
package opencv
