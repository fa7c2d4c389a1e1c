"""Training samples for the recogniser: a cache of wide crops, augmentation and targets."""
import collections
import os
import pickle

import cv2
import numpy as np

import augment as aug
import data
from nets import CLASSES, FILL, NAMED, REC_MARGIN, REC_MASK, REC_SIZE

WIDE, SIDE = 2.0, 256  # cached crops: twice the box, 256 pixels


def wide_crop(image, box):
    """Square of WIDE times the box's longer side about its centre, SIDE pixels, and the matrix to it."""
    side = WIDE * max(box[2] - box[0], box[3] - box[1])
    k = SIDE / side
    m = aug.place(np.eye(2) * k, [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], [SIDE / 2, SIDE / 2])
    if k < 0.5:  # shrink by area first, a plain warp would alias
        f = 2 * k
        image = cv2.resize(image, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        return aug.warp(image, np.c_[m[:, :2] / f, m[:, 2]], SIDE), m
    return aug.warp(image, m, SIDE), m


def background_box(shape, objects, rng):
    """A random box that covers no food, or misses one badly; None if none was found."""
    h, w = shape[:2]
    for _ in range(20):
        side = rng.uniform(0.1, 0.4) * max(w, h)
        x, y = rng.uniform(0, max(w - side, 1)), rng.uniform(0, max(h - side, 1))
        box = [x, y, x + side, y + side * rng.uniform(0.6, 1.2)]
        if all(data.iou(box, o["box"]) < 0.15 for o in objects):
            return box
    return None


def crops(record, rng):
    """Every labelled thing of one record as a wide crop with targets."""
    image = data.load(record)
    if image is None:
        return
    h, w = image.shape[:2]
    common = {"source": record["source"], "split": record["split"], "view": record["view"],
              "portion": record.get("portion")}
    things = [(o["label"], o["box"], o["poly"], True) for o in record["objects"]]
    if record["source"] in ("korean", "coins"):  # the photo itself is the crop
        things = [(record["label"], [w * 0.08, h * 0.08, w * 0.92, h * 0.92], None, False)]
    if record["source"] in ("ecustfd", "tray", "cafeteria"):
        box = background_box(image.shape, record["objects"], rng)
        things += [("background", box, None, False)] if box else []
    for label, box, poly, boxed in things:
        if max(box[2] - box[0], box[3] - box[1]) < 16:
            continue
        crop, m = wide_crop(image, box)
        yield dict(common, image=crop, label=label, boxed=boxed,
                   box=aug.points(m, np.array(box).reshape(2, 2)).ravel().tolist(),
                   poly=None if poly is None else aug.points(m, poly))


def cache(root, folder, sources):
    """All wide crops, cut once into `folder`."""
    path = os.path.join(folder, "recogniser-" + "-".join(sources) + ".pkl")
    if not os.path.exists(path):
        rng = np.random.default_rng(0)
        out = [c for r in data.records(root, sources) for c in crops(r, rng)]
        os.makedirs(folder, exist_ok=True)
        with open(path + ".tmp", "wb") as f:
            pickle.dump(out, f, protocol=4)
        os.replace(path + ".tmp", path)
    with open(path, "rb") as f:
        return pickle.load(f)


OTHER = len(CLASSES) - 1


def class_of(crop):
    """Index of the shipped class: a food with a name, or `other`."""
    key = crop["label"] if crop["source"] == "ecustfd" else NAMED.get(crop["label"])
    return CLASSES.index(key) if key in CLASSES else OTHER


def ambiguous(crop):
    """Things of other sets that may be one of the named foods: they teach outlines, not names."""
    return crop["label"] in ("clearplate Egg", "clearplate Fruits", "clearplate Chicken", "tray staple food")


class Sampler:
    """Draws augmented crops: every class by the root of its count within its source's share, `other` by source."""

    SHARE = {"ecustfd": 0.60, "korean": 0.12, "cafeteria": 0.10, "clearplate": 0.04, "tray": 0.07, "nothing": 0.06, "coins": 0.01}

    def __init__(self, items, aux, seed):
        self.rng = np.random.default_rng(seed)
        self.aux = aux
        self.items = items
        group = [("nothing" if c["label"] in ("background", "coin") and c["source"] != "coins" else c["source"], class_of(c))
                 for c in items]
        count = collections.Counter(group)
        root = collections.Counter()
        for (source, _), n in count.items():
            root[source] += n ** 0.5
        p = np.array([self.SHARE[g[0]] / root[g[0]] / count[g] ** 0.5 for g in group])
        self.p = p / p.sum()

    def sample(self):
        """One augmented crop (uint8 128x128x3) with its targets."""
        c = self.items[self.rng.choice(len(self.items), p=self.p)]
        crop, box, mask = jitter(c, self.rng)
        return {"image": aug.photometric(crop, self.rng, hue=0.06), "class": -1 if ambiguous(c) else class_of(c),
                "aux": self.aux.get(c["label"], -1) if class_of(c) == OTHER else -1,
                "view": -1 if c["source"] != "ecustfd" else int(c["view"] == "top"),
                "box": box, "box_weight": 0.0 if not c["boxed"] else 0.3 if c["source"] in ("cafeteria", "clearplate")
                else 1.0, "mask": mask, "mask_weight": float(c["poly"] is not None)}


def jitter(c, rng):
    """Crop as the detector would have cut it: its box off by up to about 15 % of a side, turned, mirrored.

    Returns the crop, the tight box as fractions of it and the outline.
    """
    top, exact, angle, turn = c["view"] == "top", True, 0.0, 0
    if c["poly"] is not None and rng.random() < 0.35:
        angle, exact = rng.uniform(-np.pi, np.pi) if top and rng.random() < 0.6 else rng.uniform(-0.25, 0.25), False
    if rng.random() < (0.4 if top else 0.1):
        turn = int(rng.integers(1, 4))
    lin = aug.affine(1.0, angle, rng.random() < 0.5, np.exp(rng.normal(0, 0.03)), turn)
    box, _ = aug.move(np.c_[lin, [0, 0]], c, exact)
    box, size = np.array(box), np.array([box[2] - box[0], box[3] - box[1]])
    off = np.clip(rng.normal(0, 0.06, 4), -0.15, 0.15) * np.tile(size, 2)
    guess = box + off
    side = REC_MARGIN * max(guess[2] - guess[0], guess[3] - guess[1])
    centre = (guess[:2] + guess[2:]) / 2
    k = REC_SIZE / side
    m = np.c_[lin * k, REC_SIZE / 2 - centre * k]
    source = c["image"]
    if k < 0.75:
        source = cv2.GaussianBlur(source, (0, 0), 0.35 / k)
    crop = aug.warp(source, m, REC_SIZE)
    box, poly = aug.move(m, c, exact)
    mask = np.zeros((REC_MASK, REC_MASK), np.float32) if poly is None else \
        cv2.resize(aug.fill(poly, REC_SIZE).astype(np.float32), (REC_MASK, REC_MASK), interpolation=cv2.INTER_AREA)
    return crop, np.array(box, np.float32) / REC_SIZE, mask
