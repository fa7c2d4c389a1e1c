"""From the detector's maps to boxes, as the daemon does it, and the scoring of boxes."""
import cv2
import numpy as np

from data import iou
from nets import DET_SIZE, DET_STRIDE, FILL


KINDS = ("food", "coin", "plate")
CHANNELS = {"food": (0, 2), "coin": (1, 2), "plate": (7, 8)}  # of the heat and of the first of four distances


def letterbox(image):
    """RGB photo -> 320x320 input and its scale (input pixels per photo pixel)."""
    h, w = image.shape[:2]
    s = DET_SIZE / max(h, w)
    small = cv2.resize(image, (max(1, round(w * s)), max(1, round(h * s))),
                       interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR)
    out = np.full((DET_SIZE, DET_SIZE, 3), FILL, np.uint8)
    out[:small.shape[0], :small.shape[1]] = small
    return out, s


def contained(a, b):
    """Share of box a that lies inside box b."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(w, 0) * max(h, 0) / max((a[2] - a[0]) * (a[3] - a[1]), 1e-6)


def boxes(maps, thresholds):
    """Detections (kind, score, [x1, y1, x2, y2] in input pixels), best first."""
    found = []
    for kind in KINDS:
        k, sides = CHANNELS[kind]
        heat = maps[k]
        peak = (heat == cv2.dilate(heat, np.ones((3, 3)))) & (heat >= thresholds["score_" + kind])
        kept = []
        for j, i in sorted(zip(*np.nonzero(peak)), key=lambda c: -heat[c]):
            box = average(maps, k, sides, j, i)
            if all(iou(box, b) < thresholds["nms_iou"] and contained(box, b) < thresholds.get("nms_contained", 0.8)
                   for _, _, b in kept):
                kept.append((kind, float(heat[j, i]), box))
        found += kept
    return sorted(found, key=lambda f: -f[1])


def average(maps, k, sides, j, i):
    """Heat-weighted mean of the boxes of the 3x3 cells about a peak: steadier than the peak's own."""
    n = maps.shape[1]
    total, sums = 0.0, np.zeros(4)
    for y in range(max(j - 1, 0), min(j + 2, n)):
        for x in range(max(i - 1, 0), min(i + 2, n)):
            cx, cy, w = (x + 0.5) * DET_STRIDE, (y + 0.5) * DET_STRIDE, maps[k, y, x]
            left, top, right, bottom = maps[sides:sides + 4, y, x]
            sums += w * np.array([cx - left, cy - top, cx + right, cy + bottom])
            total += w
    return [float(v) for v in sums / total]


class Score:
    """Greedy matching at IoU 0.5; collects recall, extras, IoU and side errors for foods, coins and plates."""

    def __init__(self):
        self.images = 0
        self.true, self.hit, self.extra = (dict.fromkeys(KINDS, 0) for _ in range(3))
        self.ious, self.sides = ({k: [] for k in KINDS} for _ in range(2))

    def add(self, objects, found, scale):
        """Objects in photo pixels, detections in input pixels of `scale`. Returns matched (object, box) pairs."""
        self.images += 1
        pairs = []
        for kind in KINDS:
            left = [o for o in objects if o["kind"] == kind]
            self.true[kind] += len(left)
            for _, _, box in (f for f in found if f[0] == kind):
                box = [v / scale for v in box]
                best = max(left, key=lambda o: iou(o["box"], box), default=None)
                if best is None or iou(best["box"], box) < 0.5:
                    self.extra[kind] += 1
                    continue
                left = [o for o in left if o is not best]
                self.hit[kind] += 1
                self.ious[kind].append(iou(best["box"], box))
                w, h = best["box"][2] - best["box"][0], best["box"][3] - best["box"][1]
                self.sides[kind].append(np.abs(np.array([(box[2] - box[0]) / w, (box[3] - box[1]) / h]) - 1))
                pairs.append((best, box))
        return pairs

    def __str__(self):
        return "; ".join(
            f"{k} {self.hit[k]}/{self.true[k]} found, {self.extra[k] / max(self.images, 1):.3f} extra per image, "
            f"IoU {np.mean(self.ious[k] or [0]):.3f}, side error {100 * np.mean(self.sides[k] or [0]):.1f} %"
            for k in KINDS if self.true[k] or k == "food")
