package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// AdminGroup is the group whose members may use the technician's socket.
const AdminGroup = "foodmass"

// ListenAdmin listens on a unix socket for its owner and AdminGroup. One that a killed daemon left behind is
// replaced, one that somebody listens on is an error.
func ListenAdmin(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		return nil, errors.Join(fmt.Errorf("another program listens on %s", path), conn.Close())
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if g, err := user.LookupGroup(AdminGroup); err == nil {
		if gid, err := strconv.Atoi(g.Gid); err == nil {
			_ = os.Chown(path, -1, gid) // only root and members can; without it the owner and root remain
		}
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

type peerKey struct{}

// peer is who is at the other end of a connection, as the kernel says.
type peer struct {
	cred *syscall.Ucred
	err  error
}

func withPeer(ctx context.Context, c net.Conn) context.Context {
	var p peer
	p.cred, p.err = credentials(c)
	return context.WithValue(ctx, peerKey{}, p)
}

func credentials(c net.Conn) (cred *syscall.Ucred, err error) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil, errors.New("no unix socket")
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil, err
	}
	if ctl := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); ctl != nil {
		return nil, ctl
	}
	return cred, err
}

// admitted lets only those through who MayAdminister.
func admitted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := r.Context().Value(peerKey{}).(peer)
		err := errors.Join(errors.New("cannot tell who is asking"), p.err)
		if p.cred != nil {
			err = MayAdminister(p.cred.Uid, p.cred.Gid, uint32(os.Geteuid()), inAdminGroup)
		}
		if err != nil {
			refuse(w, http.StatusForbidden, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// peerName says who asked, by name where the system knows it.
func peerName(ctx context.Context) string {
	p, _ := ctx.Value(peerKey{}).(peer)
	if p.cred == nil {
		return "unknown"
	}
	uid := strconv.FormatUint(uint64(p.cred.Uid), 10)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "user " + uid
}

// MayAdminister tells whether a process of user uid and group gid may administer a daemon of user own; the
// error is for whom it refuses.
func MayAdminister(uid, gid, own uint32, inGroup func(uid, gid uint32) bool) error {
	if uid == 0 || uid == own || inGroup(uid, gid) {
		return nil
	}
	return fmt.Errorf("user %d may not administer this daemon; use sudo, or join its group and log in again: sudo usermod -aG %s NAME", uid, AdminGroup)
}

func inAdminGroup(uid, gid uint32) bool {
	group, err := user.LookupGroup(AdminGroup)
	if err != nil {
		return false // there is none
	}
	if group.Gid == strconv.FormatUint(uint64(gid), 10) {
		return true
	}
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return false
	}
	groups, err := u.GroupIds()
	return err == nil && slices.Contains(groups, group.Gid)
}
