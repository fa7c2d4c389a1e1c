// Package worker puts a vision.Seer into a process of its own, because a C++ exception, a leak or an
// endless loop in OpenCV must cost one photo and not the daemon. The Supervisor, on the daemon's side,
// is itself a vision.Seer: it starts the process, feeds it one request at a time, and kills and restarts
// it. Run and Serve are the side inside the process. Between them go frames over a pair of pipes; the
// supervisor trusts nothing it reads from them.
package worker
