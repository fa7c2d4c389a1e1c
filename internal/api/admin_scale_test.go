package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/user"
	"reflect"
	"strings"
	"testing"

	"foodmassd/internal/weighing"
)

// keeperScale writes down what it is asked for and refuses what refuses says.
type keeperScale struct {
	stubScale
	asked  []string
	record func(context.Context, io.Writer) error
}

func (s *keeperScale) note(format string, args ...any) error {
	s.asked = append(s.asked, fmt.Sprintf(format, args...))
	return s.refuses
}

func (s *keeperScale) Calibrate(_ context.Context, who string, r CalibrateRequest) error {
	return s.note("calibrate %s by %s with %v", r.CellID, who, r.Points)
}

func (s *keeperScale) UseCalibration(_ context.Context, r UseCalibrationRequest) error {
	if r.ID != nil {
		return s.note("use %d", *r.ID)
	}
	return s.note("back %v", r.Back)
}

func (s *keeperScale) Calibrations(context.Context) ([]ScaleCalibration, error) {
	return []ScaleCalibration{{ID: 7, Current: true}}, s.refuses
}

func (s *keeperScale) Containers(context.Context) (ScaleContainers, error) {
	return ScaleContainers{Containers: []weighing.Container{{Name: "국그릇", MassG: 200, SDG: 1}}}, s.refuses
}

func (s *keeperScale) AddContainer(_ context.Context, r AddContainerRequest) error {
	return s.note("add %s %v %v", r.Name, *r.MassG, r.SDG)
}
func (s *keeperScale) UseContainer(_ context.Context, name string) error {
	return s.note("in %s", name)
}
func (s *keeperScale) RemoveContainer(_ context.Context, name string) error {
	return s.note("remove %s", name)
}
func (s *keeperScale) Record(ctx context.Context, w io.Writer) error { return s.record(ctx, w) }

func post(t *testing.T, client *http.Client, route, body string) (text string, err error) {
	t.Helper()
	response, err := client.Post("http://x"+route, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var answer json.RawMessage
	err = ReadAdmin(response, &answer)
	return string(answer), err
}

func TestTheSocketPassesOnWhatATechnicianAsksOfTheScale(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	const status, containers = `"state":"stable"`, `"국그릇"`
	for _, tc := range []struct{ route, body, asked, answer string }{
		{ScaleCalibrationRoute, `{"cell_id":"left","points":[{"grams":0,"counts":84000.5,"noise_counts":31}]}`, "calibrate left by " + me.Username + " with [{0 84000.5 31}]", status},
		{ScaleCalibrationUseRoute, `{"id":0}`, "use 0", status},
		{ScaleCalibrationUseRoute, `{"back":true}`, "back true", status},
		{ScaleContainerRoute, `{"name":"국그릇","mass_g":200,"sd_g":1}`, "add 국그릇 200 1", containers},
		{ScaleContainerUseRoute, `{"name":"국그릇"}`, "in 국그릇", containers},
		{ScaleContainerRemoveRoute, `{"name":"국그릇"}`, "remove 국그릇", containers},
	} {
		scale := &keeperScale{}
		client := admin(t, &Admin{Scale: scale})
		if answer, err := post(t, client, tc.route, tc.body); err != nil || !strings.Contains(answer, tc.answer) || !reflect.DeepEqual(scale.asked, []string{tc.asked}) {
			t.Errorf("%s: %v %s, asked %q", tc.route, err, answer, scale.asked)
		}
		scale.asked = nil
		if _, err := post(t, client, tc.route, tc.body[:len(tc.body)-1]+`,"more":1}`); err == nil || !strings.Contains(err.Error(), "does not understand") || scale.asked != nil {
			t.Errorf("%s with an unknown member: %v, asked %q", tc.route, err, scale.asked)
		}
		scale.refuses = errors.New("the load is changing")
		if _, err := post(t, client, tc.route, tc.body); err == nil || err.Error() != "the load is changing" {
			t.Errorf("%s refused: %v", tc.route, err)
		}
		if _, err := post(t, admin(t, &Admin{}), tc.route, tc.body); err == nil || !strings.Contains(err.Error(), "scale.source") {
			t.Errorf("%s without a scale: %v", tc.route, err)
		}
	}
}

func TestTheSocketTellsCalibrationsAndContainers(t *testing.T) {
	client := admin(t, &Admin{Scale: &keeperScale{}})
	for route, want := range map[string]string{ScaleCalibrationsRoute: `"id":7,"current":true`, ScaleContainersRoute: `"mass_g":200`} {
		response, err := client.Get("http://x" + route)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v %s", route, err, text)
		}
	}
}

func TestABodyThatIsTooLongIsRefused(t *testing.T) {
	scale := &keeperScale{}
	long := `{"cell_id":"` + strings.Repeat("x", maxAdminBody) + `"}`
	if _, err := post(t, admin(t, &Admin{Scale: scale}), ScaleCalibrationRoute, long); err == nil || !strings.Contains(err.Error(), "more than 65536 bytes") || scale.asked != nil {
		t.Errorf("%v, asked %q", err, scale.asked)
	}
}

func TestATraceIsStreamedAndSaysWhyItEndsEarly(t *testing.T) {
	for name, tc := range map[string]struct {
		query  string
		record func(context.Context, io.Writer) error
		text   string // of the answer
		early  string // the trailer
	}{
		"to its end": {"?for=1ms", func(ctx context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "0 ok 1\n")
			<-ctx.Done()
			return err
		}, "0 ok 1\n", ""},
		"nothing in time": {"?for=1ms", func(ctx context.Context, _ io.Writer) error { <-ctx.Done(); return nil }, "", ""},
		"ends early": {"?for=1h", func(_ context.Context, w io.Writer) error {
			fmt.Fprint(w, "0 ok 1\n")
			return errors.New("it is full")
		}, "0 ok 1\n", "it is full"},
		"busy":     {"?for=1h", func(context.Context, io.Writer) error { return errors.New("another recording") }, `{"error":"another recording"}`, ""},
		"too long": {"?for=61m", nil, `{"error":"a trace lasts up to 1h0m0s"}`, ""},
		"no time":  {"", nil, `{"error":"a trace lasts up to 1h0m0s"}`, ""},
	} {
		response, err := admin(t, &Admin{Scale: &keeperScale{record: tc.record}}).Get("http://x" + ScaleTraceRoute + tc.query)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(text) != tc.text || response.Trailer.Get(TraceError) != tc.early {
			t.Errorf("%s: %v %q, trailer %v", name, err, text, response.Trailer)
		}
	}
}

func FuzzAdminBody(f *testing.F) {
	for _, text := range []string{
		`{"cell_id":"hx711, gain 128","points":[{"grams":0,"counts":84000.5,"noise_counts":31},{"grams":500,"counts":299000}]}`,
		`{"id":3}`, `{"back":true}`, `{"name":"국그릇","mass_g":200,"sd_g":1}`, `{"name":"none"}`, `null`, `[]`, `{}{}`, `{"points":[[]]}`, `{"sd_g":1e999}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, v := range []any{new(CalibrateRequest), new(UseCalibrationRequest), new(AddContainerRequest), new(NamedContainerRequest)} {
			if decodeAdmin(strings.NewReader(string(text)), v) != nil {
				continue
			}
			if !json.Valid(text) {
				t.Errorf("accepted as %T: %q", v, text)
			}
			again, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			same := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			if err := decodeAdmin(strings.NewReader(string(again)), same); err != nil || !reflect.DeepEqual(v, same) {
				t.Errorf("%v: %+v is read again as %+v", err, v, same)
			}
			if r, is := v.(*CalibrateRequest); is {
				_, _ = weighing.Calibrate(r.Points) // may refuse, must not panic
			}
		}
	})
}
