package evaluate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// item is one physical food, in whatever portion and photo.
type item struct {
	key              string
	massG, volumeCM3 float64
}

func itemOf(t Truth) item { return item{t.Key, t.MassG, t.VolumeCM3} }

// choose returns the photos that each food is taught by.
func (s *school) choose(random *rand.Rand) (map[string][]Row, error) {
	lessons := map[string][]Row{}
	for _, food := range s.Foods {
		photos := s.photosOf(food)
		if len(photos) < 2 {
			return nil, fmt.Errorf("%s lies alone in the photos of %d portions; one to teach and one to test are needed", food, len(photos))
		}
		lessons[food] = take(random, photos, s.Photos)
	}
	return lessons, nil
}

// photosOf returns the photos in which the food was found alone, as a kitchen teaches it, by item.
func (s *school) photosOf(food string) [][]Row {
	byItem := map[item][]Row{}
	for _, p := range s.data.Photos {
		for i := range p.Foods {
			row, found := s.untaught[&p.Foods[i]]
			if found && p.Foods[i].Key == food && len(p.Foods) == 1 {
				byItem[itemOf(p.Foods[i])] = append(byItem[itemOf(p.Foods[i])], row)
			}
		}
	}
	var photos [][]Row
	for _, rows := range byItem {
		photos = append(photos, rows)
	}
	slices.SortFunc(photos, func(a, b []Row) int { return cmp.Compare(a[0].Photo.Name, b[0].Photo.Name) })
	return photos
}

// take returns n photos, or fewer where there are not as many, of as many items as possible but one, which is left to
// be tested.
func take(random *rand.Rand, photos [][]Row, n int) []Row {
	shuffle(random, photos)
	photos = photos[:min(n, len(photos)-1)]
	for i := range photos {
		photos[i] = slices.Clone(photos[i])
		shuffle(random, photos[i])
	}
	var taken []Row
	for turn := 0; len(taken) < n; turn++ {
		before := len(taken)
		for _, rows := range photos {
			if turn < len(rows) && len(taken) < n {
				taken = append(taken, rows[turn])
			}
		}
		if len(taken) == before {
			break
		}
	}
	return taken
}

func shuffle[T any](random *rand.Rand, s []T) {
	random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}
