"""Training samples for the detector: a cache of shrunk photos, augmentation and target maps."""
import os
import pickle

import cv2
import numpy as np

import augment as aug
import data
import plates
from decode import KINDS
from nets import DET_SIZE, DET_STRIDE

CACHE_SIDE = 480
ERASED = 160  # photos whose food is painted over, so that empty desks and plates are seen too


def erase(image, objects):
    """Paint over every object with an outline; photos without their food teach what empty looks like."""
    hole = np.zeros(image.shape[:2], np.uint8)
    for o in objects:
        cv2.fillPoly(hole, [o["poly"].astype(np.int32)], 255)
    hole = cv2.dilate(hole, np.ones((17, 17), np.uint8))
    return cv2.inpaint(image, hole, 5, cv2.INPAINT_TELEA)


def shrink(record):
    """The record with its photo at most CACHE_SIDE wide and high, and labels to match."""
    whole = data.load(record)
    if whole is None:
        return None
    s = CACHE_SIDE / max(whole.shape[:2])
    image = cv2.resize(whole, None, fx=s, fy=s, interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR)
    small = dict(record, image=image[:CACHE_SIDE, :CACHE_SIDE])
    objects = list(record["objects"])
    rim = plates.rim(record, whole)
    if rim is not None:
        objects.append({"kind": "plate", "label": "plate", "box": data.bounds(rim), "poly": rim})
    if record["source"] == "korean":  # a dish fills the thumbnail, nobody said how exactly
        h, w = whole.shape[:2]
        objects.append({"kind": "food", "label": record["label"], "box": [0.06 * w, 0.06 * h, 0.94 * w, 0.94 * h], "poly": None})
    small["plates"] = rim is not None or record["source"] == "tray"
    small["objects"] = [dict(o, box=[v * s for v in o["box"]], poly=None if o["poly"] is None else o["poly"] * s)
                        for o in objects]
    return small


def cache(root, folder, sources):
    """Shrunk records, decoded once into `folder`; plus copies with the food painted over."""
    path = os.path.join(folder, "detector-" + "-".join(sources) + ".pkl")
    if not os.path.exists(path):
        small = [r for r in map(shrink, data.records(root, sources)) if r is not None]
        rng = np.random.default_rng(0)
        full = [r for r in small if r["source"] in ("ecustfd", "tray") and r["masks"] and r["split"] != "test"
                and all(o["poly"] is not None for o in r["objects"])]
        for i in rng.permutation(len(full))[:ERASED]:
            gone = [o for o in full[i]["objects"] if o["kind"] == "food" or o["kind"] == "coin" and rng.random() < 0.5]
            small.append(dict(full[i], image=erase(full[i]["image"], gone), source="erased",
                              objects=[o for o in full[i]["objects"] if not any(o is g for g in gone)]))
        os.makedirs(folder, exist_ok=True)
        with open(path + ".tmp", "wb") as f:
            pickle.dump(small, f, protocol=4)
        os.replace(path + ".tmp", path)
    with open(path, "rb") as f:
        return pickle.load(f)


class Sampler:
    """Draws augmented samples. `full` letterboxes whole photos as at run time; else windows are cut."""

    MIX = {"ecustfd": 0.51, "tray": 0.17, "cafeteria": 0.12, "clearplate": 0.07, "erased": 0.08, "korean": 0.05}

    def __init__(self, records, seed):
        self.rng = np.random.default_rng(seed)
        self.by = {s: [r for r in records if r["source"] == s] for s in (*self.MIX, "coins")}
        self.sources = [s for s in self.MIX if self.by[s]]
        p = np.array([self.MIX[s] for s in self.sources])
        self.p = p / p.sum()
        self.cutouts = [(r, o) for r in self.by["ecustfd"] for o in r["objects"]
                        if o["poly"] is not None and o["kind"] != "plate"]

    def matrix(self, r, size, full):
        """Random affine map for a record, and whether it only turns by quarters."""
        rng, (h, w) = self.rng, r["image"].shape[:2]
        base, outlined = DET_SIZE / max(w, h), all(o["poly"] is not None for o in r["objects"])
        turn = int(rng.integers(4)) if rng.random() < 0.25 else 0
        angle = 0.0
        if outlined and rng.random() < 0.4:
            angle = rng.uniform(-np.pi, np.pi) if r["view"] == "top" and rng.random() < 0.5 else rng.uniform(-0.3, 0.3)
        scale = base * (rng.uniform(0.8, 1.0) if full else np.exp(rng.uniform(np.log(0.6), np.log(1.5))))
        if full and rng.random() < 0.5:
            scale, angle = base, 0.0
        lin = aug.affine(scale, angle, rng.random() < 0.5, np.exp(rng.uniform(-0.06, 0.06)), turn)
        if full:
            corners = aug.points(np.c_[lin, [0, 0]], [[0, 0], [w, 0], [w, h], [0, h]])
            return np.c_[lin, -corners.min(0)], angle == 0.0
        centre = rng.uniform(0, 1, 2) * (w, h)
        if r["objects"] and rng.random() < 0.8:
            b = np.array(r["objects"][rng.integers(len(r["objects"]))]["box"])
            centre = (b[:2] + b[2:]) / 2
        m = aug.place(lin, centre, size * rng.uniform(0.15, 0.85, 2))
        corners = aug.points(m, [[0, 0], [w, 0], [w, h], [0, h]])
        low, high = corners.min(0), corners.max(0)
        room = np.sort(np.stack([-low, size - high]), 0)  # shifts that keep the window filled, or the photo inside
        m[:, 2] += np.clip(0, room[0], room[1])
        return m, angle == 0.0

    def paste(self, image, objects, size):
        """Put a food cut-out or a coin on the photo where nothing else lies."""
        rng = self.rng
        if self.by["coins"] and rng.random() < 0.35:
            r = self.by["coins"][rng.integers(len(self.by["coins"]))]
            h, w = r["image"].shape[:2]
            t = np.linspace(0, 2 * np.pi, 32, endpoint=False)
            poly = np.stack([w / 2 + w * 0.49 * np.cos(t), h / 2 + h * 0.49 * np.sin(t)], 1)
            o, side = {"kind": "coin", "label": "coin"}, rng.uniform(12, 44)
        else:
            r, o = self.cutouts[rng.integers(len(self.cutouts))]
            poly = o["poly"]
            side = rng.uniform(12, 36) if o["kind"] == "coin" else rng.uniform(30, 130)
        b = np.array(data.bounds(poly))
        squash = rng.uniform(0.0, 0.25) if o["kind"] == "coin" else 0.05
        lin = aug.affine(side / max(b[2] - b[0], b[3] - b[1]), rng.uniform(-np.pi, np.pi), rng.random() < 0.5,
                         np.exp(rng.uniform(-squash, squash)))
        m = aug.place(lin, (b[:2] + b[2:]) / 2, rng.uniform(side / 2, size - side / 2, 2))
        poly = aug.points(m, poly)
        box = data.bounds(poly)
        grown = [box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3]
        if any(min(grown[2], c["box"][2]) > max(grown[0], c["box"][0]) and
               min(grown[3], c["box"][3]) > max(grown[1], c["box"][1]) for c in objects if c["kind"] != "plate"):
            return image
        alpha = cv2.GaussianBlur(aug.fill(poly, size).astype(np.float32), (0, 0), rng.uniform(0.5, 1.0))[..., None]
        gain = np.clip(rng.normal(1.0, 0.12), 0.6, 1.4)
        piece = np.clip(aug.warp(r["image"], m, size) * gain, 0, 255)
        objects.append({"kind": o["kind"], "label": o["label"], "box": box, "poly": poly, "visible": 1.0})
        return (image * (1 - alpha) + piece * alpha).astype(np.uint8)

    def sample(self, size, full=False):
        """One augmented photo (uint8 size x size x 3) and its target maps."""
        source = self.sources[self.rng.choice(len(self.sources), p=self.p)]
        r = self.by[source][self.rng.integers(len(self.by[source]))]
        m, exact = self.matrix(r, size, full)
        image, objects = aug.warp(r["image"], m, size), []
        for o in r["objects"]:
            box, poly = aug.move(m, o, exact)
            cut = [max(box[0], 0), max(box[1], 0), min(box[2], size), min(box[3], size)]
            if cut[2] - cut[0] < 2 or cut[3] - cut[1] < 2:
                continue
            seen = (cut[2] - cut[0]) * (cut[3] - cut[1]) / ((box[2] - box[0]) * (box[3] - box[1]))
            objects.append({"kind": o["kind"], "label": o["label"], "box": cut, "poly": poly, "visible": seen})
        if self.rng.random() < (0.6 if source == "erased" else 0.35):
            for _ in range(self.rng.integers(1, 4)):
                image = self.paste(image, objects, size)
        return aug.photometric(image, self.rng), targets(r, objects, size)


def targets(record, objects, size):
    """18 maps: heat and heat weight of food, coin, plate; distances (4) and their weight for foods and coins, for plates;
    mask and mask weight."""
    n = size // DET_STRIDE
    heat, weight = np.zeros((3, n, n), np.float32), np.ones((3, n, n), np.float32)
    sides = np.zeros((2, 5, n, n), np.float32)  # left, top, right, bottom, weight
    weight[2] = float(record["plates"])
    mask = np.zeros((size, size), np.float32)
    mask_w = np.full((n, n), 1.0 if record["foods"] and record["masks"] else 0.25 if record["masks"] else 0.0, np.float32)
    if not record["foods"]:
        weight[0] = 0.25
    c = (np.arange(n, dtype=np.float32) + 0.5) * DET_STRIDE
    for o in sorted(objects, key=lambda o: -(o["box"][2] - o["box"][0]) * (o["box"][3] - o["box"][1])):
        x1, y1, x2, y2 = o["box"]
        k = KINDS.index(o["kind"])
        i1, i2 = (int(np.clip(f, 0, n)) for f in (np.floor(x1 / DET_STRIDE), np.ceil(x2 / DET_STRIDE)))
        j1, j2 = (int(np.clip(f, 0, n)) for f in (np.floor(y1 / DET_STRIDE), np.ceil(y2 / DET_STRIDE)))
        if k == 0 and o["poly"] is not None:
            mask = np.maximum(mask, aug.fill(o["poly"], size))
            mask_w[j1:j2, i1:i2] = 1.0
        elif k == 0:
            mask_w[j1:j2, i1:i2] = 0.0
        if o["visible"] < 0.5:
            weight[k, j1:j2, i1:i2] = 0.0
            continue
        weight[k, j1:j2, i1:i2] = 1.0
        sx, sy = ((0.54 * v / DET_STRIDE + 1) / 6 * DET_STRIDE for v in (x2 - x1, y2 - y1))
        cx, cy = c[np.abs(c - (x1 + x2) / 2).argmin()], c[np.abs(c - (y1 + y2) / 2).argmin()]
        g = np.exp(-0.5 * (((c - cx) / sx) ** 2)[None, :] - 0.5 * (((c - cy) / sy) ** 2)[:, None])
        heat[k] = np.maximum(heat[k], g)
        near = g > 0.3
        dist = sides[k // 2]
        dist[4][near] = g[near] / g[near].sum() * (0.2 if record["source"] == "korean" else 1)
        for d, v in enumerate((c[None, :] - x1, c[:, None] - y1, x2 - c[None, :], y2 - c[:, None])):
            dist[d][near] = np.broadcast_to(v, (n, n))[near]
    mask = cv2.resize(mask, (n, n), interpolation=cv2.INTER_AREA)
    return np.concatenate([heat, weight, *sides, mask[None], mask_w[None]])
