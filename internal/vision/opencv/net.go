package opencv

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"foodmassd/models"

	"gocv.io/x/gocv"
)

// network is a loaded ONNX file with one input and one output.
type network struct {
	net  gocv.Net
	spec netSpec
	out  []int // shape of the output
}

// load reads the ONNX file that spec names and runs it once, so that the first photo finds it warm and
// an output of another shape is found at once.
func load(set *models.Set, spec netSpec, out []int) (*network, error) {
	data, err := set.Read(spec.File)
	if err != nil {
		return nil, err
	}
	net, err := gocv.ReadNetFromONNXBytes(data)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", spec.File, err)
	}
	if net.Empty() {
		return nil, fmt.Errorf("load %s: OpenCV finds no network in it", spec.File)
	}
	n := &network{net, spec, out}
	grey := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(spec.Input.Fill, spec.Input.Fill, spec.Input.Fill, 0),
		spec.side(), spec.side(), gocv.MatTypeCV8UC3)
	defer grey.Close()
	if _, err := n.forward(grey); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *network) close() { n.net.Close() }

// forward runs the network on a BGR image of exactly its input size and returns a copy of the output.
func (n *network) forward(bgr gocv.Mat) ([]float32, error) {
	blob := gocv.BlobFromImage(bgr, n.spec.Input.Scale, image.Pt(n.spec.side(), n.spec.side()), gocv.Scalar{}, true, false)
	defer blob.Close()
	n.net.SetInput(blob, "")
	m := n.net.Forward("")
	defer m.Close()
	if !slices.Equal(m.Size(), n.out) {
		return nil, fmt.Errorf("%s %s gives an output of shape %v, not %v", n.spec.Name, n.spec.Version, m.Size(), n.out)
	}
	values, err := m.DataPtrFloat32()
	if err != nil {
		return nil, fmt.Errorf("%s output: %w", n.spec.Name, err)
	}
	return slices.Clone(values), nil
}

// fill is the colour of what lies outside the image.
func (n *network) fill() color.RGBA {
	v := uint8(n.spec.Input.Fill)
	return color.RGBA{v, v, v, 0}
}

// resize scales to w×h, averaging when shrinking, as in training.
func resize(m gocv.Mat, w, h int) gocv.Mat {
	how := gocv.InterpolationLinear
	if w < m.Cols() || h < m.Rows() {
		how = gocv.InterpolationArea
	}
	to := gocv.NewMat()
	gocv.Resize(m, &to, image.Pt(w, h), 0, 0, how)
	return to
}
