package api

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// Query is how a FoodTeach travels beside its photo.
func (t FoodTeach) Query() url.Values {
	q := t.FoodPhoto.query()
	for name, value := range map[string]string{"name": t.Name, "key": t.Key, "name_en": t.NameEn, "shape": t.Shape} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// Query is how a FoodCalibrate travels beside its photo.
func (c FoodCalibrate) Query() url.Values {
	q := c.FoodPhoto.query()
	q.Set("key", c.Key)
	return q
}

func (p FoodPhoto) query() url.Values {
	q := url.Values{}
	if p.Grams != nil {
		q.Set("grams", strconv.FormatFloat(*p.Grams, 'g', -1, 64))
	}
	if p.Largest {
		q.Set("largest", "true")
	}
	if p.FixedCamera {
		q.Set("camera", "fixed")
	}
	return q
}

// readTeach reads a FoodTeach as its Query wrote it.
func readTeach(rawQuery string) (t FoodTeach, err error) {
	q, err := readQuery(rawQuery, "name", "key", "name_en", "shape")
	if err != nil {
		return t, err
	}
	t = FoodTeach{Name: q.Get("name"), Key: q.Get("key"), NameEn: q.Get("name_en"), Shape: q.Get("shape")}
	if t.FoodPhoto, err = readPhoto(q); err != nil {
		return t, err
	}
	errs := []error{checkName(t.Name)}
	if t.Key != "" {
		errs = append(errs, checkKey(t.Key))
	}
	if t.NameEn != "" {
		errs = append(errs, checkName(t.NameEn))
	}
	return t, errors.Join(errs...)
}

// readCalibrate reads a FoodCalibrate as its Query wrote it.
func readCalibrate(rawQuery string) (c FoodCalibrate, err error) {
	q, err := readQuery(rawQuery, "key")
	if err != nil {
		return c, err
	}
	c.Key = q.Get("key")
	if c.FoodPhoto, err = readPhoto(q); err != nil {
		return c, err
	}
	return c, checkKey(c.Key)
}

// readQuery takes the names given and a FoodPhoto's, each at most once.
func readQuery(rawQuery string, names ...string) (url.Values, error) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, fmt.Errorf("the request cannot be read: %w", err)
	}
	names = append(names, "grams", "largest", "camera")
	for name, values := range q {
		if !slices.Contains(names, name) || len(values) != 1 {
			return nil, fmt.Errorf("%q is not understood, or is given twice; is the daemon of the same version?", clip(name))
		}
	}
	return q, nil
}

func readPhoto(q url.Values) (p FoodPhoto, err error) {
	if q.Has("grams") {
		grams, err := strconv.ParseFloat(q.Get("grams"), 64)
		if err != nil {
			return p, fmt.Errorf("grams must be a number, not %q", clip(q.Get("grams")))
		}
		p.Grams = &grams
	}
	for name, flag := range map[string]struct {
		value string
		set   *bool
	}{"largest": {"true", &p.Largest}, "camera": {"fixed", &p.FixedCamera}} {
		if *flag.set = q.Get(name) == flag.value; q.Has(name) && !*flag.set {
			return p, fmt.Errorf("%s must be %s or left out", name, flag.value)
		}
	}
	return p, checkGrams(p.Grams)
}
