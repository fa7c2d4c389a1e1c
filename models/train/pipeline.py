"""The shipped networks under OpenCV, as the daemon runs them: photo -> detections -> recognised foods."""
import json
import os

import cv2
import numpy as np

import decode
import onnxfile
from contract import MODELS
from nets import FILL, REC_MASK, REC_SIZE


class Models:
    """Both networks with their descriptions, from `folder`."""

    def __init__(self, folder=MODELS):
        self.detector, self.recogniser = (self._read(folder, n) for n in ("detector", "recogniser"))
        self.classes = self.recogniser[1]["classes"]

    @staticmethod
    def _read(folder, name):
        with open(os.path.join(folder, name + ".json")) as f:
            return cv2.dnn.readNetFromONNX(os.path.join(folder, name + ".onnx")), json.load(f)

    def maps(self, image):
        """Raw detector maps 7x80x80 and the letterbox scale of an RGB photo."""
        small, scale = decode.letterbox(image)
        return onnxfile.run(self.detector[0], small)[0], scale

    def detect(self, image, **thresholds):
        """Detections (kind, score, box in photo pixels)."""
        maps, scale = self.maps(image)
        found = decode.boxes(maps, dict(self.detector[1]["thresholds"], **thresholds))
        return [(k, s, [v / scale for v in b]) for k, s, b in found]

    def recognise(self, image, box, passes=1):
        """Dict of the recogniser's outputs for a box of a photo; `box` comes back in photo pixels."""
        for _ in range(passes):
            crop, origin, side = cut(image, box, self.recogniser[1]["input"]["margin"])
            vector = onnxfile.run(self.recogniser[0], crop)[0]
            out = {p["name"]: vector[p["offset"]:p["offset"] + p["length"]]
                   for p in self.recogniser[1]["output"]["layout"]}
            box = np.tile(origin, 2) + out["box"] * side
        out["box"], out["mask"] = box.tolist(), out["mask"].reshape(REC_MASK, REC_MASK)
        out["origin"], out["side"] = origin, side
        return out


def cut(image, box, margin):
    """The recogniser's 128x128 crop about a box, its top-left corner and side in photo pixels."""
    side = max(2, round(margin * max(box[2] - box[0], box[3] - box[1])))
    x, y = round((box[0] + box[2] - side) / 2), round((box[1] + box[3] - side) / 2)
    h, w = image.shape[:2]
    out = np.full((side, side, 3), FILL, np.uint8)
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + side, w), min(y + side, h)
    if x1 < x2 and y1 < y2:
        out[y1 - y:y2 - y, x1 - x:x2 - x] = image[y1:y2, x1:x2]
    how = cv2.INTER_AREA if side > REC_SIZE else cv2.INTER_LINEAR
    return cv2.resize(out, (REC_SIZE, REC_SIZE), interpolation=how), np.array([x, y]), side


def food_mask(models, image, foods):
    """Union of the recognised foods' outlines over a photo, as a boolean array."""
    h, w = image.shape[:2]
    out = np.zeros((h, w), bool)
    threshold = models.recogniser[1]["thresholds"]["mask"]
    for r in foods:
        x, y, s = *r["origin"], r["side"]
        k = s / REC_MASK
        m = np.array([[k, 0, x + 0.5 * (k - 1)], [0, k, y + 0.5 * (k - 1)]])
        out |= cv2.warpAffine(r["mask"], m, (w, h), flags=cv2.INTER_LINEAR) >= threshold
    return out
