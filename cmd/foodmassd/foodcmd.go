package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/counter"
	"foodmassd/internal/weighing"
)

var foodCommand = &command{
	name:    "food",
	purpose: "teach the running daemon a kitchen's foods and what they weigh",
	usage: `list [--all] [--json] | teach NAME IMAGE…|--counter | calibrate KEY IMAGE…|--counter | forget KEY [--last]
                      | export FILE | import FILE | menu [show | set KEY… | clear]

  list       what was learnt: examples, and by what the grams are multiplied; --all for every key
  teach      show a food that is not in the catalogue, or more of one that is: one food per photo, three to ten
             photos of different portions. --grams when all photos show the same, weighed portion
  calibrate  correct a food's grams: a photo with the coin or card beside the food, and what it weighs, from the
             scale or --grams
             teach and calibrate --counter photograph what lies on the counter now, and ask the scale for its grams
  forget     all that was learnt of a food, or with --last what its last photo taught
  export     write all that was learnt to a file, for another appliance
  import     replace all that was learnt by such a file
  menu       today's foods

Plates on the scale teach by themselves. For root, the daemon's own user and the members of group foodmass.

Examples:
  sudo foodmassd food teach 시래기국 --counter
  sudo foodmassd food teach 시래기국 --name-en "radish leaf soup" --shape bowl soup1.jpg soup2.jpg
  sudo foodmassd food calibrate kimchi_stew --grams 412 stew.jpg
  sudo foodmassd food forget kimchi_stew --last
  sudo foodmassd food menu set steamed_rice kimchi_stew kimchi`,
	run: runFood,
}

// foodFlags are the options of foodmassd food; which verb takes which stands in foodVerbs.
type foodFlags struct {
	all, asJSON, last, counter bool
	teach                      api.FoodTeach
}

type foodVerb struct {
	run     func(ctx context.Context, a *adminClient, f foodFlags, args []string) error
	options []string
	min     int // arguments
	max     int
	want    string // what the arguments are
}

const anyNumber = 1 << 20

// foodTimeout is for a photo that waits behind others for the eye, and for its analysis.
const foodTimeout = 2 * time.Minute

var photoOptions = []string{"grams", "largest", "camera", "counter"}

var foodVerbs = map[string]foodVerb{
	"list":      {foodList, []string{"all", "json"}, 0, 0, "nothing"},
	"teach":     {foodTeach, append([]string{"key", "name-en", "shape"}, photoOptions...), 1, anyNumber, "a name"},
	"calibrate": {foodCalibrate, photoOptions, 1, anyNumber, "a key"},
	"forget":    {foodForget, []string{"last"}, 1, 1, "one key"},
	"export":    {foodExport, nil, 1, 1, "one file"},
	"import":    {foodImport, nil, 1, 1, "one file"},
	"menu":      {foodMenu, nil, 0, anyNumber, "show, set with keys, or clear"},
}

func runFood(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	var o foodFlags
	f.BoolVar(&o.all, "all", false, "list: every food, also what nothing was learnt of")
	f.BoolVar(&o.asJSON, "json", false, "list: one JSON object")
	f.BoolVar(&o.last, "last", false, "forget: only what the last photo taught")
	f.StringVar(&o.teach.Key, "key", "", "teach: the food's `KEY`, site_… for a new one (default: found by the name)")
	f.StringVar(&o.teach.NameEn, "name-en", "", "teach: the English `NAME`")
	f.StringVar(&o.teach.Shape, "shape", "", "teach: spheroid, ring, slab, mound, bowl or lump (default mound)")
	f.BoolVar(&o.teach.Largest, "largest", false, "teach, calibrate: take the largest food where a photo shows several")
	f.BoolVar(&o.counter, "counter", false, "teach, calibrate: photograph what lies on the counter, with the appliance's own camera")
	f.Func("grams", "teach, calibrate: what the food weighs in `GRAMS`", func(text string) error {
		grams, err := strconv.ParseFloat(text, 64)
		o.teach.Grams = &grams
		return err
	})
	f.Func("camera", "teach, calibrate: `fixed` when the photos come from the camera that was calibrated", func(text string) error {
		if o.teach.FixedCamera = text == "fixed"; !o.teach.FixedCamera {
			return errors.New("must be fixed or left out")
		}
		return nil
	})
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 || foodVerbs[rest[0]].run == nil {
		return c.usageError("say what to do: list, teach, calibrate, forget, export, import or menu")
	}
	verb := foodVerbs[rest[0]]
	if n := len(rest) - 1; n < verb.min || n > verb.max {
		return c.usageError("%s takes %s", rest[0], verb.want)
	}
	if err := onlyOptions(c, f, rest[0], verb.options); err != nil {
		return err
	}
	if slices.Contains(verb.options, "counter") && o.counter == (len(rest) > 2) {
		return c.usageError("%s takes either images or --counter", rest[0])
	}
	conf, err := s.load()
	if err != nil {
		return err
	}
	client := s.newAdminClient(conf.Storage.DataDir)
	client.http.Timeout = foodTimeout
	return verb.run(ctx, client, o, rest[1:])
}

func foodList(ctx context.Context, a *adminClient, f foodFlags, _ []string) error {
	var list api.FoodList
	if err := a.ask(ctx, http.MethodGet, api.FoodRoute, &list); err != nil {
		return err
	}
	shown := list.Foods[:0]
	for _, s := range list.Foods {
		if f.all || s.Examples > 0 || s.Top != nil || s.Side != nil {
			shown = append(shown, s)
		}
	}
	if list.Foods = shown; f.asJSON {
		return json.NewEncoder(os.Stdout).Encode(list)
	}
	for _, s := range shown {
		fmt.Println(describeFood(s))
	}
	if len(shown) == 0 {
		fmt.Println("nothing was learnt yet")
	}
	return nil
}

func foodTeach(ctx context.Context, a *adminClient, f foodFlags, args []string) error {
	f.teach.Name = args[0]
	if f.counter {
		return sendCounter(ctx, a, api.FoodTeachRoute, &f.teach.FoodPhoto, func() url.Values { return f.teach.Query() })
	}
	return eachPhoto(ctx, a, api.FoodTeachRoute, f.teach.Query(), args[1:])
}

func foodCalibrate(ctx context.Context, a *adminClient, f foodFlags, args []string) error {
	calibrate := api.FoodCalibrate{Key: args[0], FoodPhoto: f.teach.FoodPhoto}
	if f.counter {
		return sendCounter(ctx, a, api.FoodCalibrateRoute, &calibrate.FoodPhoto, func() url.Values { return calibrate.Query() })
	}
	return eachPhoto(ctx, a, api.FoodCalibrateRoute, calibrate.Query(), args[1:])
}

// sendCounter photographs what lies on the counter, notes in p its grams too when a scale knows them, sends the photo
// with what query says then, and tells what it has taught.
func sendCounter(ctx context.Context, a *adminClient, route string, p *api.FoodPhoto, query func() url.Values) error {
	photo, err := a.fetch(ctx, api.CameraRoute)
	if err != nil {
		return err
	}
	p.FixedCamera = true
	if p.Grams == nil {
		p.Grams = foodAtRest(ctx, a)
	}
	var learnt api.FoodLearnt
	if err := a.exchange(ctx, http.MethodPost, route+"?"+query().Encode(), bytes.NewReader(photo), &learnt); err != nil {
		return err
	}
	fmt.Println(describeLearnt(learnt))
	return nil
}

// foodPatience is how long a photographed food may take to come to rest on the scale.
const foodPatience = 5 * time.Second

// foodAtRest returns the grams of what lies on the scale; nil where there is no scale, or it finds no food.
func foodAtRest(ctx context.Context, a *adminClient) *float64 {
	ctx, cancel := context.WithTimeout(ctx, foodPatience)
	defer cancel()
	for {
		var s api.ScaleStatus
		switch err := a.ask(ctx, http.MethodGet, api.ScaleRoute, &s); {
		case err != nil:
			return nil
		case s.FoodG != nil && *s.FoodG >= counter.MinFoodG:
			return s.FoodG
		case s.State != string(weighing.Starting) && s.State != string(weighing.Settling):
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchTick):
		}
	}
}

// eachPhoto sends the photos one by one and tells what each has taught; one that is refused stops no other.
func eachPhoto(ctx context.Context, a *adminClient, route string, query url.Values, images []string) error {
	failed := false
	for _, image := range images {
		learnt, err := sendPhoto(ctx, a, route+"?"+query.Encode(), image)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", image, err)
		default:
			fmt.Printf("%s: %s\n", image, describeLearnt(learnt))
		}
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

func sendPhoto(ctx context.Context, a *adminClient, target, image string) (learnt api.FoodLearnt, err error) {
	file, err := os.Open(image)
	if err != nil {
		return learnt, errors.Unwrap(err) // the image is named already
	}
	defer file.Close()
	return learnt, a.exchange(ctx, http.MethodPost, target, file, &learnt)
}

func foodForget(ctx context.Context, a *adminClient, f foodFlags, args []string) error {
	var gone api.FoodForgotten
	if err := a.send(ctx, api.FoodForgetRoute, api.FoodForget{Key: args[0], Last: f.last}, &gone); err != nil {
		return err
	}
	fmt.Printf("%s: forgot %d weighings and %d examples\n", args[0], gone.Weighings, gone.Examples)
	return nil
}

func foodMenu(ctx context.Context, a *adminClient, _ foodFlags, args []string) error {
	var m api.FoodMenu
	var err error
	switch verb := cmp.Or(append(args, "")[0], "show"); {
	case verb == "show" && len(args) < 2:
		err = a.ask(ctx, http.MethodGet, api.FoodMenuRoute, &m)
	case verb == "set" && len(args) > 1, verb == "clear" && len(args) == 1:
		err = a.send(ctx, api.FoodMenuRoute, api.FoodMenu{Keys: append([]string{}, args[1:]...)}, &m)
	default:
		err = errors.New("the menu can be shown, set with at least one key, or cleared; see foodmassd food --help")
	}
	if err != nil {
		return err
	}
	fmt.Println(describeMenu(m))
	return nil
}

func foodImport(ctx context.Context, a *adminClient, _ foodFlags, args []string) error {
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	lessons, err := api.ReadFoodFile(file) // a damaged one is not sent
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	var body bytes.Buffer
	if err := api.WriteFoodFile(&body, lessons); err != nil {
		return err
	}
	var list api.FoodList
	if err := a.exchange(ctx, http.MethodPost, api.FoodImportRoute, &body, &list); err != nil {
		return err
	}
	fmt.Printf("imported %d taught foods and %d weighings\n", len(lessons.Foods), len(lessons.Weighings))
	return nil
}

func foodExport(ctx context.Context, a *adminClient, _ foodFlags, args []string) error {
	var text json.RawMessage
	if err := a.ask(ctx, http.MethodGet, api.FoodExportRoute, &text); err != nil {
		return err
	}
	lessons, err := api.ReadFoodFile(bytes.NewReader(text)) // what is not whole is not written
	if err != nil {
		return err
	}
	file, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(text))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(args[0]))
	}
	fmt.Printf("%s: %d taught foods and %d weighings\n", args[0], len(lessons.Foods), len(lessons.Weighings))
	return nil
}
