// Command foodmassd looks at photos of food and says what each food weighs. One small file per
// subcommand; this package wires the rooms under internal/ together and holds no logic of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// version is set by the linker (make build).
var version = "development"

// command is one subcommand. run gets what follows its name and returns an error, or exitCode where
// it has said everything already.
type command struct {
	name    string
	purpose string
	usage   string // arguments and an example, shown by --help
	run     func(ctx context.Context, c *command, args []string) error
}

var commands = []*command{serveCommand, estimateCommand, evaluateCommand, scaleCommand, foodCommand, taskCommand, backupCommand, cardCommand, cameraCommand,
	doctorCommand, configCommand, versionCommand, workerCommand}

// exitCode ends the program without another word.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:])
	stop()
	var code exitCode
	switch {
	case err == nil:
	case errors.As(err, &code):
		os.Exit(int(code))
	default:
		fmt.Fprintln(os.Stderr, "foodmassd:", err)
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		printOverview()
		if len(args) == 0 {
			return exitCode(2)
		}
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, c, args[1:])
		}
	}
	return fmt.Errorf("unknown command %q; see foodmassd --help", args[0])
}

func printOverview() {
	fmt.Println("foodmassd looks at photos of food and says what each food weighs.\n\nCommands:")
	for _, c := range commands {
		if c.purpose != "" {
			fmt.Printf("  %-14s %s\n", c.name, c.purpose)
		}
	}
	fmt.Println("\nfoodmassd COMMAND --help tells more.")
}

// flags returns the command's flag set with its help.
func (c *command) flags() *flag.FlagSet {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "Usage: foodmassd %s %s\n", c.name, c.usage)
		options := false
		f.VisitAll(func(*flag.Flag) { options = true })
		if options {
			fmt.Fprintln(f.Output(), "\nOptions:")
			f.PrintDefaults()
		}
	}
	return f
}

// parse reads options wherever they stand among the arguments, as a shell user expects, and returns
// the arguments that are none. After "--" everything is an argument.
func parse(f *flag.FlagSet, args []string) ([]string, error) {
	var plain []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, exitCode(0)
			}
			return nil, exitCode(2) // the flag package has said why
		}
		rest := f.Args()
		if len(rest) == 0 {
			return plain, nil
		}
		if at := len(args) - len(rest); at > 0 && args[at-1] == "--" {
			return append(plain, rest...), nil
		}
		plain, args = append(plain, rest[0]), rest[1:]
	}
}

// parseOptions is parse for commands that take options only.
func (c *command) parseOptions(f *flag.FlagSet, args []string) error {
	rest, err := parse(f, args)
	if err == nil && len(rest) > 0 {
		return c.usageError("unexpected argument %q", rest[0])
	}
	return err
}

// usageError says what is wrong with the arguments and where help is.
func (c *command) usageError(format string, args ...any) error {
	fmt.Fprintf(os.Stderr, "foodmassd %s: %s; see foodmassd %s --help\n",
		c.name, strings.TrimSuffix(fmt.Sprintf(format, args...), "."), c.name)
	return exitCode(2)
}
