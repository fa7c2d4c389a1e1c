package photo

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// pixels inflates the IDAT chunks and checks that exactly the pixels of the header come out. On
// success the last IDAT chunk has been read with its checksum.
func (w *pngWalk) pixels() error {
	idat := &idatReader{w: w}
	packed := bufio.NewReaderSize(idat, 4<<10)
	z, err := zlib.NewReader(packed)
	if err == nil {
		err = w.rows(z)
	}
	if idat.err != nil {
		return idat.err
	}
	var corrupt flate.CorruptInputError
	if errors.Is(err, zlib.ErrHeader) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrDictionary) ||
		errors.As(err, &corrupt) {
		return damaged("png", "pixel data: %w", err)
	}
	if err != nil {
		return err
	}
	if packed.Buffered() > 0 || w.left > 0 {
		return damaged("png", "data after the compressed pixels")
	}
	return w.endChunk()
}

// rows reads the filtered rows of every pass.
func (w *pngWalk) rows(z io.Reader) error {
	buf := make([]byte, 16<<10)
	for _, pass := range w.passes() {
		rowBytes := (int64(pass.width)*int64(w.bitsPerPixel()) + 7) / 8
		inRow := int64(0) // bytes of the current row still to come
		for total := int64(pass.height) * (1 + rowBytes); total > 0; {
			chunk := buf[:min(int64(len(buf)), total)]
			if _, err := io.ReadFull(z, chunk); err != nil {
				if err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				return err
			}
			total -= int64(len(chunk))
			for len(chunk) > 0 {
				if inRow == 0 {
					if chunk[0] > 4 { // Paeth is the last filter type
						return damaged("png", "row filter %d", chunk[0])
					}
					chunk, inRow = chunk[1:], rowBytes
				}
				n := min(int64(len(chunk)), inRow)
				chunk, inRow = chunk[n:], inRow-n
			}
		}
	}
	// Reading on to the end makes zlib verify its checksum.
	if n, err := io.ReadFull(z, buf[:1]); n > 0 {
		return damaged("png", "more pixel data than %d x %d", w.info.Width, w.info.Height)
	} else if err != io.EOF {
		return fmt.Errorf("end of pixel data: %w", err)
	}
	return nil
}

type pass struct{ width, height int }

// passes returns the sub-images: one, or the seven of Adam7 without the empty ones.
func (w *pngWalk) passes() []pass {
	width, height := w.info.Width, w.info.Height
	if !w.interlaced {
		return []pass{{width, height}}
	}
	var all []pass
	// offset and step in x, then in y; PNG specification section 8.2
	for _, a := range [7][4]int{{0, 8, 0, 8}, {4, 8, 0, 8}, {0, 4, 4, 8}, {2, 4, 0, 4}, {0, 2, 2, 4}, {1, 2, 0, 2}, {0, 1, 1, 2}} {
		p := pass{ceilDiv(width-a[0], a[1]), ceilDiv(height-a[2], a[3])}
		if p.width > 0 && p.height > 0 {
			all = append(all, p)
		}
	}
	return all
}

// idatReader joins the payloads of consecutive IDAT chunks, verifying each one's checksum. It stops
// with io.EOF at the end of an IDAT that another kind of chunk follows.
type idatReader struct {
	w   *pngWalk
	err error // what is wrong with the chunks, as opposed to with the compressed data
}

func (r *idatReader) Read(p []byte) (int, error) {
	for r.err == nil && r.w.left == 0 {
		// 4 bytes of checksum, 4 of the next chunk's length, 4 of its type
		ahead, err := r.w.br.Peek(12)
		if err != nil {
			r.err = err
			break
		}
		if string(ahead[8:]) != "IDAT" {
			return 0, io.EOF
		}
		if r.err = r.w.endChunk(); r.err == nil {
			r.err = r.w.next()
		}
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.w.Read(p)
	if err != nil {
		r.err = err
	}
	return n, err
}
