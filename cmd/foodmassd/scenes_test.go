package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"foodmassd/internal/apitest"
	"foodmassd/internal/estimate"
)

// A plate with an orange and a place for a coin beside it, in units of 1/600 of the height; the photos
// are 816 × 612 pixels. What is asserted holds for any networks worth shipping.
const (
	plateX, plateY   = 480, 300
	orangeX, orangeY = 500, 300
	coinX, coinY     = 140, 270
)

var (
	dish   = apitest.Dish(plateX, plateY, 205)
	orange = apitest.Orange(orangeX, orangeY, 88)
	coin   = apitest.Coin(coinX, coinY)
)

// look estimates rendered photos, each of the table with these layers on it, with the whole program.
func look(t *testing.T, scenes ...[]apitest.Layer) []*estimate.Result {
	t.Helper()
	var files []string
	for i, layers := range scenes {
		m := apitest.Render(816, 612, 1, append([]apitest.Layer{apitest.Wood}, layers...)...)
		files = append(files, write(t, fmt.Sprintf("%d.jpg", i), apitest.JPEG(m)))
	}
	lines, exit := estimateJSON(t, files...)
	if exit != 0 || len(lines) != len(scenes) {
		t.Fatalf("exit %d, %+v", exit, lines)
	}
	var results []*estimate.Result
	for _, l := range lines {
		results = append(results, l.Result)
	}
	return results
}

// theOrange returns the food where the orange lies, and what else was taken for food.
func theOrange(t *testing.T, r *estimate.Result) (orange estimate.Food, others []estimate.Food) {
	t.Helper()
	const px = 612.0 / 600
	found := false
	for _, f := range r.MassEstimation.Foods {
		x, y := f.BBox.X+f.BBox.Width/2, f.BBox.Y+f.BBox.Height/2
		if !found && math.Hypot(x-orangeX*px, y-orangeY*px) < 30 {
			orange, found = f, true
		} else {
			others = append(others, f)
		}
	}
	if !found {
		t.Fatalf("no orange in %+v", r.MassEstimation.Foods)
	}
	return orange, others
}

// spread is the ratio of the interval's ends.
func spread(f estimate.Food) float64 { return f.MassIntervalG[1] / f.MassIntervalG[0] }

func TestAPhotoWithoutReferenceIsATypicalPortion(t *testing.T) {
	r := look(t, []apitest.Layer{dish, orange})[0]
	f, _ := theOrange(t, r)
	if r.ScaleSource != estimate.ScaleNone || f.VerificationMethod != estimate.ClassPrior || f.AreaCM2 != nil || f.VolumeCM3 != nil {
		t.Errorf("scale %s, %+v", r.ScaleSource, f)
	}
	if spread(f) < 2 || f.Confidence > 0.6 {
		t.Errorf("%v with confidence %g without a scale", f.MassIntervalG, f.Confidence)
	}
}

func TestTwoEqualCoinsAgreeWithOne(t *testing.T) {
	r := look(t, []apitest.Layer{dish, orange, coin}, []apitest.Layer{dish, orange, coin, apitest.Coin(coinX+10, coinY+130)})
	one, _ := theOrange(t, r[0])
	two, _ := theOrange(t, r[1])
	if len(r[0].References) != 1 || len(r[1].References) != 2 {
		t.Fatalf("references %+v and %+v", r[0].References, r[1].References)
	}
	if math.Abs(*two.AreaCM2 / *one.AreaCM2 - 1) > 0.04 || spread(two) > 1.01*spread(one) {
		t.Errorf("one coin: %g cm² %v g, two coins: %g cm² %v g", *one.AreaCM2, one.MassIntervalG, *two.AreaCM2, two.MassIntervalG)
	}
}

func TestACoinCutOffByThePhotosBorderLeavesDoubt(t *testing.T) {
	scenes := [][]apitest.Layer{{dish, orange, coin}}
	for _, outside := range []float64{4, 12, 27} {
		scenes = append(scenes, []apitest.Layer{dish, orange, apitest.Coin(coinX, 600-apitest.CoinRadius+outside)})
	}
	r := look(t, scenes...)
	whole, _ := theOrange(t, r[0])
	for i, r := range r[1:] {
		f, _ := theOrange(t, r)
		if spread(f) < 1.1*spread(whole) || f.Confidence >= whole.Confidence {
			t.Errorf("cut %d: %v with confidence %g, whole coin: %v with %g", i, f.MassIntervalG, f.Confidence, whole.MassIntervalG, whole.Confidence)
		}
		if whole.EstimatedMassG < f.MassIntervalG[0] || whole.EstimatedMassG > f.MassIntervalG[1] {
			t.Errorf("cut %d: %v does not admit %g g", i, f.MassIntervalG, whole.EstimatedMassG)
		}
		if !strings.Contains(f.Reasoning, "기준 물체가 없어") && !strings.Contains(f.Reasoning, "기준이 되는 크기가 정확하지 않습니다") {
			t.Errorf("cut %d: reasoning %q", i, f.Reasoning)
		}
	}
}

// What looks like a coin may be taken for one; the answer must then admit that it may be wrong.
func TestThingsLikeACoinBesideItAreAdmitted(t *testing.T) {
	names := []string{"coin alone", "small biscuit", "biscuit a little larger", "large biscuit", "spoon"}
	r := look(t,
		[]apitest.Layer{dish, orange, coin},
		[]apitest.Layer{dish, orange, coin, apitest.Biscuit(coinX+10, coinY+130, 20)},
		[]apitest.Layer{dish, orange, coin, apitest.Biscuit(coinX+10, coinY+130, 30)},
		[]apitest.Layer{dish, orange, coin, apitest.Biscuit(coinX+10, coinY+130, 40)},
		[]apitest.Layer{dish, orange, coin, apitest.Spoon(740, 280)},
	)
	alone, _ := theOrange(t, r[0])
	for i := 1; i < len(r); i++ {
		f, _ := theOrange(t, r[i])
		if alone.EstimatedMassG < f.MassIntervalG[0] || alone.EstimatedMassG > f.MassIntervalG[1] {
			t.Errorf("%s: %v does not admit the %g g of the coin alone", names[i], f.MassIntervalG, alone.EstimatedMassG)
		}
		if wrong := math.Abs(math.Log(f.EstimatedMassG / alone.EstimatedMassG)); wrong > 0.1 && !strings.Contains(f.Reasoning, "서로 맞지 않습니다") {
			t.Errorf("%s: %g g instead of %g g, and the reasoning is %q", names[i], f.EstimatedMassG, alone.EstimatedMassG, f.Reasoning)
		}
	}
}

func TestAnEmptyPlateIsNoFood(t *testing.T) {
	for i, r := range look(t, []apitest.Layer{dish, coin}, []apitest.Layer{dish, coin, apitest.Spoon(plateX, plateY-70)}) {
		if r.MassEstimation.FoodCount != 0 || r.MassEstimation.TotalMassG != 0 || r.MassEstimation.TotalIntervalG != [2]float64{} {
			t.Errorf("scene %d: %+v", i, r.MassEstimation)
		}
	}
	d := startDaemon(t, "127.0.0.1:0", t.TempDir())
	a, err := apitest.Upload(d.URL, "empty.jpg", apitest.JPEG(apitest.Render(816, 612, 1, apitest.Wood, dish, coin)))
	if err != nil {
		t.Fatal(err)
	}
	messages, _, err := apitest.Follow(d.URL, a.Data.TaskID)
	if err != nil || len(messages) == 0 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if last := messages[len(messages)-1]; last.Type != "task.completed" || !strings.Contains(last.Data.Message, "음식을 찾지 못했습니다") {
		t.Errorf("got %+v", last)
	}
}

func TestAHandIsNeverSurelyFood(t *testing.T) {
	for i, r := range look(t,
		[]apitest.Layer{dish, orange, coin, apitest.Hand(170, 360)},
		[]apitest.Layer{dish, orange, coin, apitest.Hand(390, 350)},
		[]apitest.Layer{dish, coin, apitest.Hand(plateX, 330)},
	) {
		foods := r.MassEstimation.Foods
		if i < 2 {
			_, foods = theOrange(t, r)
		}
		if len(foods) > 1 || len(foods) == 1 && foods[0].Confidence > 0.5 {
			t.Errorf("scene %d: the hand is %+v", i, foods)
		}
	}
}
