"""Figures of the shipped networks under OpenCV: python3 evaluate.py --data DIR [--split test] [--passes 2]

Runs the daemon's own steps on photos that were held out: detection at IoU 0.5, class with the
detector's boxes, refined boxes, coins, view, food area on trays, and photos with the food painted over.
"""
import argparse
import collections

import cv2
import numpy as np

import data
import decode
import detdata
import pipeline


def by_source(records, name, split):
    return [r for r in records if r["source"] == name and r["split"] == split]


def ecustfd(models, records, passes):
    """Detection, class, refined box and view on ECUSTFD photos; prints a table of confusions."""
    score, confused = decode.Score(), collections.Counter()
    right, sure, view, error, signed, ious, per_food = [], [], [], [], [], [], collections.defaultdict(list)
    for r in records:
        image = data.load(r)
        for o, box in score.add(r["objects"], models.detect(image), 1.0):
            if o["kind"] == "coin":
                continue
            seen = models.recognise(image, box, passes)
            k = int(seen["probs"].argmax())
            right.append(models.classes[k] == o["label"])
            per_food[o["label"]].append(right[-1])
            sure.append(seen["probs"][k])
            view.append((seen["top_view"][0] > 0.5) == (r["view"] == "top"))
            b, t = np.array(seen["box"]), np.array(o["box"])
            size = t[2:] - t[:2]
            error.append(np.abs((b[2:] - b[:2]) / size - 1))
            signed.append((b[2:] - b[:2]) / size - 1)
            ious.append(data.iou(b, t))
            if not right[-1]:
                confused[o["label"] + " -> " + models.classes[k]] += 1
    right, sure, error = np.array(right), np.array(sure), np.array(error)
    print(f"ECUSTFD, {len(records)} photos: {score}")
    print(f"  class right {100 * right.mean():.1f} % of {len(right)} found foods; mean over foods "
          f"{100 * np.mean([np.mean(v) for v in per_food.values()]):.1f} %; probability > 0.9 on {100 * np.mean(sure > .9):.0f} %, "
          f"right {100 * right[sure > .9].mean():.1f} %")
    print(f"  refined box: width/height error mean {100 * error.mean():.2f} % median {100 * np.median(error):.2f} %, "
          f"bias {100 * np.mean(signed):+.2f} %, IoU {np.mean(ious):.3f}; view right {100 * np.mean(view):.1f} %")
    print("  confused:", ", ".join(f"{k} {n}" for k, n in confused.most_common(12)))


def areas(models, records, name):
    """Class-agnostic food area: IoU of outlines and of the detector's own mask with the labelled outlines."""
    outline, coarse, score = [], [], decode.Score()
    threshold = models.detector[1]["thresholds"]["mask"]
    for r in records:
        image = data.load(r)
        h, w = image.shape[:2]
        true = np.zeros((h, w), np.uint8)
        for o in r["objects"]:
            cv2.fillPoly(true, [o["poly"].astype(np.int32)], 1)
        found = models.detect(image)
        score.add(r["objects"], found, 1.0)
        mask = pipeline.food_mask(models, image, [models.recognise(image, b) for k, _, b in found if k == "food"])
        maps, scale = models.maps(image)
        m = np.array([[4 / scale, 0, 0.5 * (4 / scale - 1)], [0, 4 / scale, 0.5 * (4 / scale - 1)]])
        low = cv2.warpAffine(maps[6], m, (w, h)) >= threshold
        for out, guess in ((outline, mask), (coarse, low)):
            out.append((np.logical_and(guess, true).sum(), np.logical_or(guess, true).sum()))
    whole = [100 * np.sum(v, 0)[0] / np.sum(v, 0)[1] for v in (outline, coarse)]
    each = [100 * np.mean([i / max(u, 1) for i, u in v]) for v in (outline, coarse)]
    print(f"{name}, {len(records)} photos: {score}")
    print(f"  food area IoU: recogniser outlines {whole[0]:.1f} % pooled, {each[0]:.1f} % mean per photo; "
          f"detector mask {whole[1]:.1f} % pooled, {each[1]:.1f} %")


def empty(models, records):
    """Foods reported on photos whose food was painted over."""
    extra = n = 0
    for r in records:
        foods = [o for o in r["objects"] if o["kind"] == "food"]
        if foods and all(o["poly"] is not None for o in foods):
            found = models.detect(detdata.erase(data.load(r), foods))
            extra += sum(k == "food" for k, _, _ in found)
            n += 1
    print(f"food painted over, {n} photos: {extra / max(n, 1):.3f} foods reported per photo")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", default=pipeline.MODELS)
    parser.add_argument("--split", default="test", choices=("test", "val", "train"))
    parser.add_argument("--passes", type=int, default=2, help="recogniser passes per food")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    models = pipeline.Models(args.models)
    records = data.records(args.data, ("ecustfd", "tray", "cafeteria", "clearplate"))
    photos = by_source(records, "ecustfd", args.split)
    ecustfd(models, photos, args.passes)
    empty(models, photos[::3])
    areas(models, by_source(records, "tray", args.split), "school trays")
    areas(models, by_source(records, "clearplate", args.split), "clearplate (labels incomplete)")
    score = decode.Score()
    for r in by_source(records, "cafeteria", args.split):
        score.add(r["objects"], models.detect(data.load(r)), 1.0)
    print(f"cafeteria plates (labels incomplete), {score.images} photos: {score}")


if __name__ == "__main__":
    main()
