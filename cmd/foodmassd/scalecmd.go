package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"foodmassd/internal/api"
)

var scaleCommand = &command{
	name:    "scale",
	purpose: "see, zero, watch, calibrate or record the running daemon's scale",
	usage: `status|tare|watch|calibrate|container|trace [options] [--config FILE] [--data-dir DIR]

  status    what the scale says, and its state; --json for one JSON object. Exits with 0 when there are
            grams, with 1 otherwise
  tare      make what rests on the scale weigh nothing, from now on and after a restart: the empty tray, or
            a tray with a container. Refused, with the reason, while the load changes or the scale is faulty
  watch     the grams as they change, until Ctrl-C
  calibrate find out the counts per gram with known masses: asks for the empty scale and for two masses or
            more, shows how well they fit, and asks whether to keep the result. Nothing is changed before.
            --masses 500,1000 asks for these; --yes keeps without asking. The answers may come from a pipe.
            --history shows the calibrations so far, --back goes back to the one before, --to ID to any,
            0 being scale.counts_per_gram of the configuration
  container list | add NAME [--mass G] [--sd G] | use NAME | use none | remove NAME
            the bowls and trays that food comes in; add weighs what rests on the scale now unless --mass says
            it, adding a name again weighs it anew. The one in use is taken off a load of at least half of it
  trace FILE [--for 60s]
            write what the cell reads to FILE ("-": standard output), until Ctrl-C or for that long, an hour
            at most; "scale.source: trace" plays it again

For root, the daemon's own user and the members of group foodmass.

Examples:
  sudo foodmassd scale status
  sudo foodmassd scale tare
  sudo foodmassd scale calibrate --masses 500,1000
  sudo foodmassd scale calibrate --back
  sudo foodmassd scale container add 국그릇
  sudo foodmassd scale container use 국그릇
  sudo foodmassd scale trace kitchen.trace --for 5m`,
	run: runScale,
}

// scaleOptions are the options of all verbs of foodmassd scale.
type scaleOptions struct {
	json               bool
	masses, to         string
	yes, history, back bool
	massG, sdG         float64
	length             time.Duration
}

// scaleVerb is one of them: the options it takes, how many arguments, and what it does.
type scaleVerb struct {
	options []string
	least   int
	most    int
	run     func(context.Context, scaleCall) error
}

// scaleCall is what the technician asks of one.
type scaleCall struct {
	*command
	scaleOptions
	admin *adminClient
	args  []string
}

var scaleVerbs = map[string]scaleVerb{
	"status":    {[]string{"json"}, 0, 0, scaleStatus},
	"tare":      {nil, 0, 0, scaleTare},
	"watch":     {nil, 0, 0, scaleWatch},
	"calibrate": {[]string{"masses", "yes", "history", "back", "to"}, 0, 0, scaleCalibrate},
	"container": {[]string{"mass", "sd"}, 1, 2, scaleContainer},
	"trace":     {[]string{"for"}, 1, 1, scaleTrace},
}

func runScale(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	var o scaleOptions
	f.BoolVar(&o.json, "json", false, "status as one JSON object")
	f.StringVar(&o.masses, "masses", "", "known masses in `GRAMS`, e.g. 500,1000, to calibrate with instead of asking for them")
	f.BoolVar(&o.yes, "yes", false, "keep a good calibration without asking")
	f.BoolVar(&o.history, "history", false, "show the calibrations so far instead of calibrating")
	f.BoolVar(&o.back, "back", false, "go back to the calibration before instead of calibrating")
	f.StringVar(&o.to, "to", "", "go to the calibration with this `ID` instead of calibrating")
	f.Float64Var(&o.massG, "mass", 0, "a container's mass in `GRAMS` (default: what rests on the scale)")
	f.Float64Var(&o.sdG, "sd", 1, "standard deviation in `GRAMS` of a container's mass")
	f.DurationVar(&o.length, "for", api.MaxTrace, "`TIME` to record, e.g. 60s")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if wrong := scaleArguments(f, o, rest); wrong != "" {
		return c.usageError("%s", wrong)
	}
	conf, err := s.load()
	if err != nil {
		return err
	}
	return scaleVerbs[rest[0]].run(ctx, scaleCall{c, o, s.newAdminClient(conf.Storage.DataDir), rest[1:]})
}

// scaleArguments says what is wrong with them, "" when nothing is.
func scaleArguments(f *flag.FlagSet, o scaleOptions, rest []string) string {
	var verb scaleVerb
	if len(rest) > 0 {
		verb = scaleVerbs[rest[0]]
	}
	if verb.run == nil {
		return "say what to do: status, tare, watch, calibrate, container or trace"
	}
	wrong := ""
	if n := len(rest) - 1; n < verb.least || n > verb.most {
		wrong = fmt.Sprintf("%s does not take %d arguments", rest[0], n)
	}
	shared := []string{"config", "data-dir", "log-level"}
	f.Visit(func(given *flag.Flag) {
		if !slices.Contains(slices.Concat(shared, verb.options), given.Name) {
			wrong = fmt.Sprintf("--%s is not for %s", given.Name, rest[0])
		}
	})
	if o.length <= 0 || o.length > api.MaxTrace {
		wrong = fmt.Sprintf("--for must be more than 0 and up to %v", api.MaxTrace)
	}
	return wrong
}

func scaleStatus(ctx context.Context, c scaleCall) error {
	var s api.ScaleStatus
	if err := c.admin.ask(ctx, http.MethodGet, api.ScaleRoute, &s); err != nil {
		return err
	}
	if c.json {
		if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
			return err
		}
	} else {
		fmt.Print(describeScale(s))
	}
	if s.NetG == nil {
		return exitCode(1)
	}
	return nil
}

func scaleTare(ctx context.Context, c scaleCall) error {
	var s api.ScaleStatus
	if err := c.admin.ask(ctx, http.MethodPost, api.ScaleTareRoute, &s); err != nil {
		return err
	}
	if s.ZeroCounts != nil {
		fmt.Printf("zeroed at %.0f counts\n", *s.ZeroCounts)
	}
	return nil
}
