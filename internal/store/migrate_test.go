package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// later are the shipped migrations and some that may come.
func later(t *testing.T, scripts ...string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("shipped migrations: %v, %v", names, err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: content}
	}
	for i, script := range scripts {
		files[string(rune('a'+i))+".sql"] = &fstest.MapFile{Data: []byte(script)} // sorts after 0001
	}
	return files
}

func schemaVersion(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.write.QueryRow("PRAGMA user_version").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrationKeepsTasksAndACopyOfTheOldDatabase(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	old := schemaVersion(t, s)
	if copies, _ := filepath.Glob(s.path("*.bak")); len(copies) != 0 {
		t.Errorf("a new database was copied: %v", copies)
	}
	x := mustAccept(t, s, time.Now(), "x")
	files := later(t, "ALTER TABLE tasks ADD COLUMN note TEXT", "CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)")
	if err := s.migrate(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	if v := schemaVersion(t, s); v != old+4 {
		t.Errorf("schema %d", v)
	}
	if got, err := s.Load(t.Context(), x.ID); err != nil || !equalTasks(got, x) {
		t.Errorf("migrated task is %+v, %v", got, err)
	}
	copies, _ := filepath.Glob(s.path("*.bak"))
	if len(copies) != 3 || strings.Contains(strings.Join(copies, " "), fmt.Sprintf("v%d.bak", old)) {
		t.Errorf("copies kept: %v, want the newest three", copies)
	}

	// The copy from just before the last step is a whole database of that schema with the task in it.
	was := t.TempDir()
	content, err := os.ReadFile(s.path(fmt.Sprintf("%s.v%d.bak", databaseName, old+3)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(was, databaseName), content, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := newStore(Options{Dir: was})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.Load(t.Context(), x.ID); err != nil || schemaVersion(t, o) != old+3 {
		t.Errorf("copy: schema %d, %v", schemaVersion(t, o), err)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	old := schemaVersion(t, s)
	err := s.migrate(t.Context(), later(t, "ALTER TABLE tasks ADD COLUMN note TEXT; CREATE TABLE oops (;"))
	if err == nil {
		t.Fatal("a broken migration succeeded")
	}
	if v := schemaVersion(t, s); v != old {
		t.Errorf("schema %d", v)
	}
	if _, err := s.write.Exec("ALTER TABLE tasks ADD COLUMN note TEXT"); err != nil {
		t.Errorf("half of the migration stayed: %v", err)
	}
}

func TestDatabaseOfANewerProgramIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	if _, err := s.write.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, openErr := Open(t.Context(), Options{Dir: dir, Logger: quiet})
	_, besideErr := OpenBeside(t.Context(), Options{Dir: dir, Logger: quiet})
	for _, err := range []error{openErr, besideErr} {
		if err == nil || !strings.Contains(err.Error(), "schema 99") {
			t.Errorf("newer database: %v", err)
		}
	}
}
