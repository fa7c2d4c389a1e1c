"""detector.json and recogniser.json: everything a program must know to use the two ONNX files."""
import json
import os

import nets

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.dirname(HERE)
VERSION = "0.3.0"

DETECTOR = {
    "name": "foodmass-detector", "version": VERSION, "file": "detector.onnx",
    "input": {"name": "image", "shape": [1, 3, nets.DET_SIZE, nets.DET_SIZE], "colour": "rgb", "scale": 1 / 255,
              "letterbox": "longer side to 320 (area interpolation), placed top-left, rest filled", "fill": nets.FILL},
    "output": {"name": "maps", "shape": [1, 12, nets.DET_SIZE // nets.DET_STRIDE, nets.DET_SIZE // nets.DET_STRIDE],
               "stride": nets.DET_STRIDE, "cell_centre": "input pixel = (cell index + 0.5) * stride",
               "channels": ["heat_food", "heat_coin", "left", "top", "right", "bottom", "mask_food",
                            "heat_plate", "plate_left", "plate_top", "plate_right", "plate_bottom"],
               "distance_unit": "input pixels from the cell centre to the box side"},
    "thresholds": {"score_food": 0.35, "score_coin": 0.35, "score_plate": 0.55, "nms_iou": 0.45, "nms_contained": 0.8, "mask": 0.5},
}

RECOGNISER = {
    "name": "foodmass-recogniser", "version": "0.3.1", "file": "recogniser.onnx",
    "input": {"name": "crop", "shape": [1, 3, nets.REC_SIZE, nets.REC_SIZE], "colour": "rgb", "scale": 1 / 255,
              "crop": "square about the box centre, side = margin * max(width, height)",
              "margin": nets.REC_MARGIN, "fill": nets.FILL},
    "output": {"name": "out", "layout": []},
    "classes": nets.CLASSES,
    "thresholds": {"unknown": 0.5, "top_view": 0.5, "mask": 0.5},
    "temperature": 1.0, "temperature_folded_in": True,
}

LAYOUT = [("probs", [len(nets.CLASSES)], "softmax over classes, sums to 1"),
          ("embedding", [nets.EMBED], "L2 length 1"),
          ("box", [4], "left, top, right, bottom of the tight box, fractions of the crop side"),
          ("top_view", [1], "probability that the camera looks from above"),
          ("mask", [nets.REC_MASK, nets.REC_MASK], "row-major food probability over the crop")]

offset = 0
for name, shape, meaning in LAYOUT:
    length = 1
    for n in shape:
        length *= n
    RECOGNISER["output"]["layout"].append(
        {"name": name, "offset": offset, "length": length, "shape": shape, "meaning": meaning})
    offset += length
RECOGNISER["output"]["shape"] = [1, offset]


def write(description, folder=MODELS, **changes):
    """Write one description; `changes` replace or extend its thresholds and temperature."""
    out = json.loads(json.dumps(description))
    for key, value in changes.items():
        if key in out["thresholds"]:
            out["thresholds"][key] = value
        else:
            out[key] = value
    path = os.path.join(folder, out["file"].replace(".onnx", ".json"))
    with open(path + ".tmp", "w") as f:
        json.dump(out, f, indent=2)
        f.write("\n")
    os.replace(path + ".tmp", path)


if __name__ == "__main__":
    write(DETECTOR)
    write(RECOGNISER)
