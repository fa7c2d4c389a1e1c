package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"time"
)

// TaughtFood is a food that a kitchen has shown, with the photos that show it, oldest first.
type TaughtFood struct {
	Key            string
	NameKo, NameEn string
	Shape          string // one of the catalog's
	AddedAt        time.Time
	Examples       []Example
}

// Example is what the eye made of one photo of a taught food.
type Example struct {
	Embedding []float32 // the recogniser's unit vector
	TopView   float64   // probability in [0,1] that the camera looks from above
	VolumeCM3 float64   // as estimated, 0 without a metric scale
	Grams     *float64  // above 0; nil when it was not weighed
	// Recogniser is name and version of the network that made the embedding; another one's embeddings mean
	// nothing to it.
	Recogniser string
	At         time.Time
}

// Teach keeps one more example of a food, and the food when it is new; names and shape of a known food are
// replaced. w, which may be nil, is what the same photo teaches of the food's grams.
func (s *Store) Teach(ctx context.Context, food TaughtFood, w *Weighing) error {
	return s.change(ctx, "keep example", func(tx *sql.Tx) error {
		if err := insertTaught(tx, food); err != nil || w == nil {
			return err
		}
		var seq int64
		if err := tx.QueryRow("SELECT max(seq) FROM food_examples WHERE food = ?", food.Key).Scan(&seq); err != nil {
			return err
		}
		_, err := insertWeighing(tx, seq, *w)
		return err
	})
}

// insertTaught adds the examples to those that the food has.
func insertTaught(tx *sql.Tx, food TaughtFood) error {
	const upsert = `INSERT INTO taught_foods (key, name_ko, name_en, shape, added_at_ms) VALUES (?,?,?,?,?)
		ON CONFLICT (key) DO UPDATE SET name_ko = excluded.name_ko, name_en = excluded.name_en, shape = excluded.shape`
	if _, err := tx.Exec(upsert, food.Key, food.NameKo, food.NameEn, food.Shape, food.AddedAt.UnixMilli()); err != nil {
		return err
	}
	for _, e := range food.Examples {
		if err := insertExample(tx, food.Key, e); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`DELETE FROM food_examples WHERE seq IN
		(SELECT seq FROM food_examples WHERE food = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)`, food.Key, ExamplesKept)
	return err
}

func insertExample(tx *sql.Tx, key string, e Example) error {
	seq, err := nextLesson(tx)
	if err != nil {
		return err
	}
	embedding, err := binary.Append(nil, binary.LittleEndian, e.Embedding)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO food_examples (seq, food, embedding, top_view, volume_cm3, grams, recogniser, at_ms)
		VALUES (?,?,?,?,?,?,?,?)`, seq, key, embedding, e.TopView, e.VolumeCM3, e.Grams, e.Recogniser, e.At.UnixMilli())
	return err
}

func taughtFoods(tx *sql.Tx) ([]TaughtFood, error) {
	rows, err := tx.Query("SELECT key, name_ko, name_en, shape, added_at_ms FROM taught_foods ORDER BY added_at_ms, key")
	if err != nil {
		return nil, err
	}
	foods, err := scanAll(rows, func(f *TaughtFood) error {
		var addedMS int64
		err := rows.Scan(&f.Key, &f.NameKo, &f.NameEn, &f.Shape, &addedMS)
		f.AddedAt = time.UnixMilli(addedMS).UTC()
		return err
	})
	for i := range foods {
		if err == nil {
			foods[i].Examples, err = examples(tx, foods[i].Key)
		}
	}
	return foods, err
}

func examples(tx *sql.Tx, key string) ([]Example, error) {
	rows, err := tx.Query(`SELECT embedding, top_view, volume_cm3, grams, recogniser, at_ms FROM food_examples
		WHERE food = ? ORDER BY seq`, key)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(e *Example) error {
		var embedding []byte
		var atMS int64
		if err := rows.Scan(&embedding, &e.TopView, &e.VolumeCM3, &e.Grams, &e.Recogniser, &atMS); err != nil {
			return err
		}
		e.At = time.UnixMilli(atMS).UTC()
		e.Embedding = make([]float32, len(embedding)/4)
		return binary.Read(bytes.NewReader(embedding), binary.LittleEndian, e.Embedding)
	})
}
