"""Read the data sets into one list of records.

A record is one photo: {"source", "path", "split", "view", "objects",
"foods", "coins", "masks", "raw"}; the three booleans say whether foods and coins are completely labelled
and whether every labelled food has an outline, so that a loss can be weakened or left out.
An object is {"kind": "food" | "coin", "label", "box": [x1, y1, x2, y2], "poly": Nx2 or None}, in pixels.
"""
import collections
import csv
import glob
import hashlib
import json
import os
import xml.etree.ElementTree as ET

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("ecustfd", "tray", "cafeteria", "clearplate", "korean", "coins")
CLEARPLATE = ["Bones", "Chicken", "Egg", "Fish", "Fruits", "Green veg", "Non green veg", "Pork", "Potato", "Rice",
              "Tofu"]
KEYS = {"qiwi": "kiwi", "fired_dough_twist": "fried_dough_twist"}  # the data set's spellings


def by_hash(name):
    """Fixed 80/10/10 split of photos without portions."""
    x = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 10
    return "test" if x < 2 else "val" if x == 2 else "train"


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return w * h / (area - w * h)


def bounds(poly):
    return [*poly.min(0), *poly.max(0)]


def shape_points(s):
    """Outline of one ECUSTFD shape as points."""
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    if s["shape"] == "circle":
        return np.stack([s["cx"] + s["r"] * np.cos(t), s["cy"] + s["r"] * np.sin(t)], 1)
    if s["shape"] == "ellipse":
        a, u, v = s.get("theta", 0.0), s["rx"] * np.cos(t), s["ry"] * np.sin(t)
        return np.stack([s["cx"] + u * np.cos(a) - v * np.sin(a), s["cy"] + u * np.sin(a) + v * np.cos(a)], 1)
    if s["shape"] == "rect":
        x, y, w, h = (s[k] for k in ("x", "y", "width", "height"))
        return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], float)
    return np.array(s["points"], float)


COIN_MM = 25.0  # 1 yuan, beside every ECUSTFD food


def mm_per_px(record):
    """Millimetres per pixel by the coin's outline, None without one. Its axes stand for the diameter as they do in the program."""
    coins = [bounds(o["poly"]) for o in record["objects"] if o["kind"] == "coin" and o["poly"] is not None]
    if record["source"] != "ecustfd" or not coins:
        return None
    minor, major = sorted((coins[0][2] - coins[0][0], coins[0][3] - coins[0][1]))
    share = np.clip((minor / major - 0.75) / 0.15, 0, 1)
    return COIN_MM / (major * (minor / major) ** (share / 2))


def parts(fold=None):
    """Portion -> "train", "val" or "test": the fixed split, or one fold held out, or with "all" none."""
    with open(os.path.join(HERE, "split.json")) as f:
        split = json.load(f)
    if fold is None:
        return {p: name for name in ("train", "val", "test") for p in split[name]}
    return {p: "test" if str(k) == fold else "train" for k, portions in enumerate(split["folds"]) for p in portions}


def ecustfd(root):
    base, part = os.path.join(root, "ecustfd"), parts()
    with open(os.path.join(base, "suspect.txt")) as f:
        suspect = set(f.read().split())
    with open(os.path.join(base, "shapes.jsonl")) as f:
        shapes = {r["image"]: r["shapes"] for r in map(json.loads, f)}
    rows = collections.defaultdict(list)
    with open(os.path.join(base, "boxes.csv")) as f:
        for r in csv.DictReader(f):
            rows[r["image"]].append(r)
    for image, boxes in sorted(rows.items()):
        if image in suspect:
            continue
        objects = []
        for r in boxes:
            box = [float(r[k]) for k in ("xmin", "ymin", "xmax", "ymax")]
            outlines = [shape_points(s) for s in shapes.get(image, []) if s["object"] == r["object"]]
            fit = max(outlines, key=lambda p: iou(bounds(p), box), default=None)
            if fit is not None and iou(bounds(fit), box) < 0.8:
                fit = None
            coin = r["object"] == "coin"
            objects.append({"kind": "coin" if coin else "food", "label": KEYS.get(r["object"], r["object"]),
                            "box": box, "poly": fit})
        yield {"source": "ecustfd", "path": os.path.join(base, "images", image), "split": part[boxes[0]["portion"]],
               "portion": boxes[0]["portion"], "view": boxes[0]["view"], "objects": objects, "foods": True,
               "coins": True, "masks": all(o["poly"] is not None for o in objects if o["kind"] == "food")}


def tray(root):
    base = os.path.join(root, "tw_school_tray")
    with open(os.path.join(base, "instances.json")) as f:
        coco = json.load(f)
    names = {c["id"]: c["name"] for c in coco["categories"]}
    objects = collections.defaultdict(list)
    for a in coco["annotations"]:
        poly = max((np.array(s, float).reshape(-1, 2) for s in a["segmentation"]), key=len)
        objects[a["image_id"]].append({"kind": "food", "label": "tray " + names[a["category_id"]],
                                       "box": bounds(poly), "poly": poly})
    for i in coco["images"]:
        yield {"source": "tray", "path": os.path.join(base, "images", i["file_name"]), "view": "top",
               "split": by_hash(i["file_name"]), "objects": objects[i["id"]], "foods": True, "coins": True,
               "masks": True}


def cafeteria(root):
    base = os.path.join(root, "tw_cafeteria_plate")
    with open(os.path.join(base, "scale.json")) as f:
        scale = json.load(f)
    for path, ((w0, _), (w, _)) in sorted(scale.items()):
        image = os.path.join(base, path)
        notes = os.path.splitext(image.replace("/imgs/", "/anns/"))[0] + ".xml"
        if not os.path.exists(image) or not os.path.exists(notes):
            continue
        objects = []
        for o in ET.parse(notes).iter("object"):
            box = [float(o.find("bndbox").find(k).text) * w / w0 for k in ("xmin", "ymin", "xmax", "ymax")]
            objects.append({"kind": "food", "label": "cafeteria " + o.find("name").text, "box": box, "poly": None})
        yield {"source": "cafeteria", "path": image, "view": None, "split": by_hash(os.path.basename(path)),
               "objects": objects, "foods": False, "coins": True, "masks": False, "raw": True}


def clearplate(root):
    for path in sorted(glob.glob(os.path.join(root, "clearplate_seg", "*", "images", "*.jpg"))):
        objects = []
        with open(path.replace("/images/", "/labels/")[:-4] + ".txt") as f:
            for line in f:
                v = line.split()
                poly = np.array(v[1:], float).reshape(-1, 2) * 480
                if len(poly) >= 3:
                    objects.append({"kind": "food", "label": "clearplate " + CLEARPLATE[int(v[0])],
                                    "box": bounds(poly), "poly": poly})
        name = os.path.basename(path).split(".rf.")[0]
        yield {"source": "clearplate", "path": path, "view": None, "split": by_hash(name), "objects": objects,
               "foods": False, "coins": True, "masks": True}


def korean(root):
    """Dishes without boxes: the whole thumbnail is one object of an unboxed dish."""
    for path in sorted(glob.glob(os.path.join(root, "kr_dish_web15", "*", "*"))):
        yield {"source": "korean", "path": path, "view": None, "split": by_hash(os.path.basename(path)),
               "label": "korean " + os.path.basename(os.path.dirname(path)), "objects": [], "foods": False,
               "coins": False, "masks": False}


def coins(root):
    """Coins cropped to their rim, for pasting."""
    for path in sorted(glob.glob(os.path.join(root, "won_coins", "train", "*", "*.jpg"))):
        yield {"source": "coins", "path": path, "view": "top", "split": "train", "label": "coin", "objects": [],
               "foods": False, "coins": False, "masks": False}


def records(root, sources=SOURCES):
    """All records of the named sources, without their pixels."""
    return [r for name in sources for r in globals()[name](root)]


def load(record):
    """The photo as RGB uint8, in the pixel grid of its labels."""
    flags = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if record.get("raw") else 0)
    image = cv2.imread(record["path"], flags)
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
