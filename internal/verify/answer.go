package verify

import (
	"encoding/json"
	"fmt"
	"strings"

	"foodmassd/internal/estimate"
)

// maxGrams is more than any one food on a tray weighs.
const maxGrams = 5000

// content returns what the model said, from the server's envelope.
func content(text []byte) (string, error) {
	var envelope struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return "", &Fault{Kind: Broken, detail: "not the envelope of a chat", passing: true}
	}
	if len(envelope.Choices) == 0 || envelope.Choices[0].Message.Content == "" {
		return "", &Fault{Kind: Broken, detail: "the model said nothing", passing: true}
	}
	return envelope.Choices[0].Message.Content, nil
}

// parse reads the model's words: one entry for each of the foods, known keys, grams in (0, 5000]. What is not
// exactly that is a *Fault.
func parse(text string, foods int, known func(key string) bool) ([]estimate.Opinion, error) {
	if !json.Valid([]byte(text)) {
		return nil, &Fault{Kind: Broken, passing: true}
	}
	var answer struct {
		Foods []struct {
			Index *int     `json:"index"`
			Food  *string  `json:"food"`
			Grams *float64 `json:"grams"`
		} `json:"foods"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&answer); err != nil {
		return nil, nonsense("it does not follow the schema")
	}
	if len(answer.Foods) != foods {
		return nil, nonsense("%d entries for %d foods", len(answer.Foods), foods)
	}
	opinions := make([]estimate.Opinion, foods)
	for _, f := range answer.Foods {
		switch {
		case f.Index == nil || f.Food == nil || f.Grams == nil:
			return nil, nonsense("a member is missing")
		case *f.Index < 0 || *f.Index >= foods || opinions[*f.Index].Key != "":
			return nil, nonsense("an index is out of range or comes twice")
		case !known(*f.Food):
			return nil, nonsense("a name is not in the catalogue")
		case !(*f.Grams > 0 && *f.Grams <= maxGrams):
			return nil, nonsense("grams are not in (0, %d]", maxGrams)
		}
		opinions[*f.Index] = estimate.Opinion{Key: *f.Food, MassG: *f.Grams}
	}
	return opinions, nil
}

func nonsense(format string, args ...any) *Fault {
	return &Fault{Kind: Nonsense, detail: fmt.Sprintf(format, args...)}
}
