package opencv

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foodmassd/models"
)

// specWith reads the shipped detector's description with further channels and a threshold for plates.
func specWith(t *testing.T, scorePlate float64, channels ...string) (*detectorSpec, error) {
	t.Helper()
	set, err := models.Open("")
	if err != nil {
		t.Fatal(err)
	}
	var s detectorSpec
	if err := set.ReadJSON(detectorFile, &s); err != nil {
		t.Fatal(err)
	}
	s.Output.Channels = append([]string{heatFood, heatCoin, "left", "top", "right", "bottom"}, channels...)
	s.Output.Shape[1] = len(s.Output.Channels)
	s.Thresholds.ScorePlate = scorePlate
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	manifest := fmt.Appendf(nil, `{"sha256": {%q: "%x"}}`, detectorFile, sha256.Sum256(text))
	for name, text := range map[string][]byte{detectorFile: text, models.ManifestName: manifest} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if set, err = models.Open(dir); err != nil {
		t.Fatal(err)
	}
	return readDetectorSpec(set)
}

func TestPlatesAreSeenByNetworksThatKnowThem(t *testing.T) {
	plates := append([]string{heatPlate}, plateSides...)
	if s, err := specWith(t, 0); err != nil || s.seesPlates() {
		t.Errorf("without plates: %v, %v", s, err)
	}
	if s, err := specWith(t, 0.35, plates...); err != nil || !s.seesPlates() {
		t.Errorf("with plates: %v, %v", s, err)
	}
	if _, err := specWith(t, 0, plates...); err == nil || !strings.Contains(err.Error(), "score_plate") {
		t.Errorf("without a threshold: %v", err)
	}
	if _, err := specWith(t, 0.35, heatPlate, "plate_left"); err == nil || !strings.Contains(err.Error(), `"plate_top"`) {
		t.Errorf("with half of the sides: %v", err)
	}
}
