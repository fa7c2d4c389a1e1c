package store

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func mustOpen(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// accept stores a task created at a time with content as its image.
func accept(s *Store, created time.Time, content []byte) (task.Task, error) {
	t := task.Task{
		ID: uuid.NewString(), Filename: "점심 식판.jpg", CoinDiameterMM: 24, FixedCamera: true, Status: task.Pending,
		Weight:  task.Weight{ScaleG: new(412.5), ScaleSDG: 1.5},
		Message: "대기 중...", CreatedAt: created.UTC().Truncate(time.Millisecond),
	}
	t.UpdatedAt = t.CreatedAt
	d, err := s.NewDraft()
	if err != nil {
		return t, err
	}
	defer d.Discard()
	if _, err := d.Write(content); err != nil {
		return t, err
	}
	return t, s.Accept(context.Background(), &t, d, "jpg")
}

func mustAccept(t *testing.T, s *Store, created time.Time, content string) task.Task {
	t.Helper()
	accepted, err := accept(s, created, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return accepted
}

func mustFinish(t *testing.T, s *Store, x task.Task) task.Task {
	t.Helper()
	x.Status, x.Progress, x.Attempts, x.Result = task.Completed, 1, 1, json.RawMessage(`{"food_count":1}`)
	x.Message = "음식 분석이 완료되었습니다."
	if err := s.Finish(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	return x
}

func wantCode(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("error %v has code %q, want %q", err, fault.CodeOf(err), code)
	}
}

func ids(tasks []task.Task) (list []string) {
	for _, t := range tasks {
		list = append(list, t.ID)
	}
	return list
}

func equalTasks(a, b task.Task) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestTasksComeBackAsTheyWereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	open := mustAccept(t, s, time.Now(), "first image")
	completed := mustFinish(t, s, mustAccept(t, s, time.Now(), "second image"))
	if completed.ScaleG == nil || *completed.ScaleG != 412.5 {
		t.Errorf("accepted as %+v", completed.Weight)
	}
	failed := mustAccept(t, s, time.Now(), "third image")
	failed.Status, failed.Progress, failed.Attempts = task.Failed, 0.4, 2
	failed.ErrorCode, failed.Error, failed.Message = fault.WorkerFailed, "오류", "분석 실패"
	if err := s.Finish(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = mustOpen(t, dir)
	for _, want := range []task.Task{open, completed, failed} {
		got, err := s.Load(t.Context(), want.ID)
		if err != nil || !equalTasks(got, want) {
			t.Errorf("loaded %+v, %v; want %+v", got, err, want)
		}
	}
	if image, err := os.ReadFile(open.ImagePath); string(image) != "first image" {
		t.Errorf("image is %q, %v", image, err)
	}
}

func TestOpenTasksComeInOrderOfAcceptanceWhateverTheClockSays(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	now := time.Now()
	var want []string
	for _, offset := range []time.Duration{0, -time.Hour, 400 * 24 * time.Hour, -50 * 365 * 24 * time.Hour} {
		want = append(want, mustAccept(t, s, now.Add(offset), "x").ID)
	}
	mustFinish(t, s, mustAccept(t, s, now, "x"))
	if err := s.Begin(t.Context(), want[1], 1); err != nil {
		t.Fatal(err)
	}
	open, err := s.Open(t.Context())
	if err != nil || !slices.Equal(ids(open), want) {
		t.Fatalf("open %v, %v; want %v", ids(open), err, want)
	}
	if open[1].Attempts != 1 || open[1].Status != task.Processing {
		t.Errorf("begun task is %+v", open[1])
	}
	if err := s.Reopen(t.Context(), want[1], 0); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Load(t.Context(), want[1]); got.Attempts != 0 || got.Status != task.Pending {
		t.Errorf("reopened task is %+v", got)
	}
}

func TestOpenTaskWhoseImageIsGoneHasNoPath(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	if err := os.Remove(mustAccept(t, s, time.Now(), "x").ImagePath); err != nil {
		t.Fatal(err)
	}
	open, err := s.Open(t.Context())
	if err != nil || len(open) != 1 || open[0].ImagePath != "" {
		t.Errorf("open %+v, %v", open, err)
	}
}

func TestUnknownTasksAreNotFound(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	id := uuid.NewString()
	_, err := s.Load(t.Context(), id)
	wantCode(t, err, fault.TaskNotFound)
	wantCode(t, s.Begin(t.Context(), id, 1), fault.TaskNotFound)
	wantCode(t, s.Finish(t.Context(), task.Task{ID: id, Status: task.Failed}), fault.TaskNotFound)
	_, err = s.Purge(t.Context(), id)
	wantCode(t, err, fault.TaskNotFound)
}

func TestSecondDaemonIsRefusedUntilTheFirstIsGone(t *testing.T) {
	dir := t.TempDir()
	first := mustOpen(t, dir)
	if _, err := Open(t.Context(), Options{Dir: dir, Logger: quiet}); err == nil || !strings.Contains(err.Error(), "another foodmassd") {
		t.Fatalf("second daemon: %v", err)
	}
	first.Close()
	mustOpen(t, dir)
}

func TestAnyDirectoryNameWorks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?b#c%20 d&mode=memory", "자료")
	x := mustAccept(t, mustOpen(t, dir), time.Now(), "x")
	if _, err := os.Stat(filepath.Join(dir, databaseName)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(x.ImagePath); err != nil {
		t.Error(err)
	}
}

func TestDataIsReadableByItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	mustAccept(t, mustOpen(t, dir), time.Now(), "x")
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, databaseName): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

func TestLeftoversOfACrashAreRemovedAtStartAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	kept := mustAccept(t, s, time.Now(), "kept")
	s.Close()
	leftovers := []string{s.images(incoming, "draft"), s.images(kept.ID[:2], "never-a-task.jpg")}
	for _, path := range leftovers {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustOpen(t, dir)
	for _, path := range leftovers {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if _, err := os.Stat(kept.ImagePath); err != nil {
		t.Error(err)
	}
}

func TestDiscardedAndRefusedDraftsLeaveNothing(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	d, err := s.NewDraft()
	if err != nil {
		t.Fatal(err)
	}
	d.Write([]byte("x"))
	d.Discard()
	d.Discard()
	if err := s.Accept(t.Context(), &task.Task{ID: uuid.NewString()}, d, "jpg"); err == nil {
		t.Error("a discarded draft was accepted")
	}
	if files := imageFiles(t, s); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

// imageFiles lists every file under images/, drafts included.
func imageFiles(t *testing.T, s *Store) (files []string) {
	t.Helper()
	err := filepath.WalkDir(s.images(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestDamagedDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	for range 50 {
		mustAccept(t, s, time.Now(), "x")
	}
	s.Close()
	path := filepath.Join(dir, databaseName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(content); i++ {
		content[i] ^= 0x5a
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Logger: quiet}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged database: %v", err)
	}
}

func TestCommandsWorkBesideTheDaemonWithoutDisturbingIt(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenBeside(t.Context(), Options{Dir: dir}); err == nil {
		t.Error("opened a directory in which no daemon has been")
	}
	daemon := mustOpen(t, dir)
	ended := mustFinish(t, daemon, mustAccept(t, daemon, time.Now(), "x"))
	open := mustAccept(t, daemon, time.Now(), "y")
	receiving, err := daemon.NewDraft()
	if err != nil {
		t.Fatal(err)
	}
	receiving.Write([]byte("z"))

	beside, err := OpenBeside(t.Context(), Options{Dir: dir, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	list, err := beside.List(t.Context(), Filter{}, 10)
	if err != nil || !slices.Equal(ids(list), []string{open.ID, ended.ID}) {
		t.Errorf("list %v, %v", ids(list), err)
	}
	list, err = beside.List(t.Context(), Filter{Status: task.Completed}, 10)
	if err != nil || !slices.Equal(ids(list), []string{ended.ID}) {
		t.Errorf("list of completed %v, %v", ids(list), err)
	}
	if _, err := beside.Purge(t.Context(), open.ID); err == nil {
		t.Error("an open task was purged")
	}
	if removed, err := beside.Purge(t.Context(), ended.ID); err != nil || removed.Tasks != 1 {
		t.Errorf("purge: %+v, %v", removed, err)
	}
	if err := beside.Close(); err != nil {
		t.Fatal(err)
	}

	next := task.Task{ID: uuid.NewString(), Status: task.Pending}
	if err := daemon.Accept(t.Context(), &next, receiving, "png"); err != nil {
		t.Errorf("upload under way: %v", err)
	}
	_, err = daemon.Load(t.Context(), ended.ID)
	wantCode(t, err, fault.TaskNotFound)
}
