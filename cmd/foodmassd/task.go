package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
)

var taskCommand = &command{
	name:    "task",
	purpose: "list, show or remove tasks",
	usage: `list|show ID|purge [options]

  list             the newest tasks, a line each
  show ID          one task whole, as the API shows it
  purge ID         remove one task that has ended, with its photo
  purge --older-than 24h
                   remove all tasks that ended and were accepted before that; 0s removes all

Works beside a running daemon.

Examples:
  foodmassd task list --status failed --limit 20
  foodmassd task purge --older-than 720h`,
	run: runTask,
}

func runTask(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	status := f.String("status", "", "list only pending, processing, completed or failed tasks")
	limit := f.Int("limit", 50, "list at most this many")
	olderThan := f.Duration("older-than", -1, "purge tasks accepted longer ago, e.g. 24h")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if wrong := taskArguments(rest, *olderThan); wrong != "" {
		return c.usageError("%s", wrong)
	}
	db, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	switch verb, ids := rest[0], rest[1:]; {
	case verb == "list":
		return listTasks(ctx, db, store.Filter{Status: task.Status(*status)}, *limit)
	case verb == "show":
		return showTask(ctx, db, ids[0])
	case len(ids) == 1:
		return reportPurge(db.Purge(ctx, ids[0]))
	}
	return reportPurge(db.PurgeEnded(ctx, time.Now().Add(-*olderThan)))
}

// taskArguments says what is wrong with them, "" when nothing is.
func taskArguments(args []string, olderThan time.Duration) string {
	switch n := len(args); {
	case n == 0:
		return "say what to do: list, show or purge"
	case args[0] == "list" && n == 1, args[0] == "show" && n == 2,
		args[0] == "purge" && n == 2 && olderThan < 0, args[0] == "purge" && n == 1 && olderThan >= 0:
		return ""
	}
	return "list takes no task, show takes one, purge takes one or --older-than"
}

func listTasks(ctx context.Context, db *store.Store, filter store.Filter, limit int) error {
	tasks, err := db.List(ctx, filter, limit)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "TASK\tACCEPTED\tSTATUS\tATTEMPTS\tFILE\tERROR")
	for _, t := range tasks {
		fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%s\t%s\n", t.ID, t.CreatedAt.Local().Format(time.DateTime), t.Status, t.Attempts, t.Filename, t.ErrorCode)
	}
	return out.Flush()
}

func showTask(ctx context.Context, db *store.Store, id string) error {
	t, err := db.Load(ctx, id)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(api.DataOf(t))
}

func reportPurge(removed store.Removed, err error) error {
	if err == nil {
		fmt.Printf("removed %d tasks and %d photos (%d bytes)\n", removed.Tasks, removed.Images, removed.ImageBytes)
	}
	return err
}
