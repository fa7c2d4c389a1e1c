"""Choose the thresholds in detector.json and recogniser.json: python3 calibrate.py --data DIR

Uses only validation photos (split `val`): nothing that figures are reported on is looked at.
"""
import argparse
import collections
import itertools

import cv2
import numpy as np

import contract
import data
import decode
import detdata
import manifest
import pipeline
from nets import CLASSES


PRICE = {"food": 4.0, "coin": 0.5}  # a phantom food adds grams; a missed coin loses the scale, a spare one little


def detection(models, photos):
    """Thresholds with the best recall, averaged over the sources, minus PRICE times the extras per photo.

    Photos are (source, whether completely labelled, image, objects). Of a plateau the middle is taken, for coins the low end.
    """
    seen = [(source, complete, objects, *models.maps(image)) for source, complete, image, objects in photos]
    best = {}
    for kind, key in (("food", "score_food"), ("coin", "score_coin")):
        rows = []
        overlaps = itertools.product((0.4, 0.55), (0.7, 0.9)) if kind == "food" else \
            [(best["nms_iou"], best["nms_contained"])]
        for (nms, inside), score in itertools.product(overlaps, np.arange(0.15, 0.71, 0.05)):
            t = {"score_food": 2.0, "score_coin": 2.0, "score_plate": 2.0, key: score, "nms_iou": nms, "nms_contained": inside}
            recall, extra = collections.defaultdict(decode.Score), decode.Score()
            for source, complete, objects, maps, scale in seen:
                found = decode.boxes(maps, t)
                recall[source].add(objects, found, scale)
                if complete:
                    extra.add(objects, found, scale)
            hits = {s: r.hit[kind] / r.true[kind] for s, r in recall.items() if r.true[kind]}
            spare = extra.extra[kind] / extra.images
            rows.append((np.mean(list(hits.values())) - PRICE[kind] * spare, score, nms, inside, hits, spare))
        top = max(rows, key=lambda r: r[0])
        good = [r for r in rows if r[0] >= top[0] - 0.002 and r[2:4] == top[2:4]]
        pick = good[0] if kind == "coin" else good[len(good) // 2]
        best.update({key: round(float(pick[1]), 2), "nms_iou": pick[2], "nms_contained": pick[3]})
        print(f"{key} {pick[1]:.2f} (plateau {good[0][1]:.2f} to {good[-1][1]:.2f}), nms {pick[2:4]}: found "
              + ", ".join(f"{s} {100 * v:.1f} %" for s, v in pick[4].items()) + f", extra per photo {pick[5]:.3f}")
    return best


def masks(models, photos):
    """Outline threshold with the best pooled food area IoU, detector map and recogniser mask separately."""
    grid, total = np.arange(0.3, 0.71, 0.05), {}
    for image, objects in photos:
        h, w = image.shape[:2]
        true = np.zeros((h, w), np.uint8)
        for o in (o for o in objects if o["kind"] == "food"):
            cv2.fillPoly(true, [o["poly"].astype(np.int32)], 1)
        maps, scale = models.maps(image)
        m = np.array([[4 / scale, 0, 0.5 * (4 / scale - 1)], [0, 4 / scale, 0.5 * (4 / scale - 1)]])
        coarse = cv2.warpAffine(maps[6], m, (w, h))
        foods = [models.recognise(image, b) for k, _, b in models.detect(image) if k == "food"]
        for t in grid:
            models.recogniser[1]["thresholds"]["mask"] = t
            for name, guess in (("detector", coarse >= t), ("recogniser", pipeline.food_mask(models, image, foods))):
                both = np.array([np.logical_and(guess, true).sum(), np.logical_or(guess, true).sum()])
                total[name, t] = total.get((name, t), 0) + both
    out = {}
    for name in ("detector", "recogniser"):
        iou = {t: total[name, t][0] / total[name, t][1] for t in grid}
        out[name] = round(float(max(iou, key=iou.get)), 2)
        print(f"{name} mask threshold {out[name]}: IoU {100 * max(iou.values()):.1f} %")
    return out


def unknown(models, known, strange):
    """Probability of the best food below which a crop is called unknown: best balanced accuracy."""
    def scores(pairs):
        return np.array([models.recognise(image, box)["probs"][:len(CLASSES) - 1].max() for image, box in pairs])

    a, b = scores(known), scores(strange)
    grid = np.arange(0.1, 0.91, 0.05)
    value = [np.mean(a >= t) + np.mean(b < t) for t in grid]
    t = float(grid[int(np.argmax(value))])
    print(f"unknown {t:.2f}: keeps {100 * np.mean(a >= t):.1f} % of foods, rejects {100 * np.mean(b < t):.1f} % of others")
    return round(t, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", default=contract.MODELS)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    models = pipeline.Models(args.models)
    records = [r for r in data.records(args.data, ("ecustfd", "tray", "cafeteria")) if r["split"] == "val"]
    photos = [(r["source"], r["foods"], data.load(r), r["objects"]) for r in records]
    bare = []  # a few photos with the food painted over: nothing may be found there
    for (_, _, image, objects), r in list(zip(photos, records))[::4]:
        foods = [o for o in objects if o["kind"] == "food"]
        if r["masks"] and foods:
            bare.append((r["source"], True, detdata.erase(image, foods), [o for o in objects if o["kind"] == "coin"]))
    found = detection(models, photos + bare)
    models.detector[1]["thresholds"].update(found)
    trays = [(image, objects) for source, _, image, objects in photos if source == "tray"]
    at = masks(models, trays)
    known = [(image, o["box"]) for source, _, image, objects in photos for o in objects
             if source == "ecustfd" and o["kind"] == "food"]
    strange = [(image, o["box"]) for image, objects in trays for o in objects]
    contract.write(contract.DETECTOR, args.models, mask=at["detector"], **found)
    contract.write(contract.RECOGNISER, args.models, mask=at["recogniser"], unknown=unknown(models, known, strange),
                   temperature=pipeline.Models(args.models).recogniser[1]["temperature"])
    manifest.write(args.models)


if __name__ == "__main__":
    main()
