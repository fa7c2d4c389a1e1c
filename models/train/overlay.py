"""Draw what the shipped networks see: python3 overlay.py OUT.jpg PHOTO... (EXIF orientation applied)"""
import argparse

import cv2
import numpy as np

import pipeline


def draw(models, image, side=400):
    """The photo with foods (red: detected, yellow: refined, green: outline), coins and plates (blue)."""
    found = models.detect(image)
    foods = [(s, b, models.recognise(image, b, 2)) for k, s, b in found if k == "food"]
    s = side / max(image.shape[:2])
    out = cv2.resize(image, None, fx=s, fy=s, interpolation=cv2.INTER_AREA)
    mask = pipeline.food_mask(models, image, [r for _, _, r in foods]).astype(np.uint8)
    lines, _ = cv2.findContours(cv2.resize(mask, out.shape[1::-1], interpolation=cv2.INTER_NEAREST), cv2.RETR_EXTERNAL,
                                cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(out, lines, -1, (0, 255, 0), 1)

    def rectangle(box, colour):
        p = [int(round(v * s)) for v in box]
        cv2.rectangle(out, (p[0], p[1]), (p[2], p[3]), colour, 1)
        return p

    for kind, _, box in found:
        if kind != "food":
            rectangle(box, (40, 80, 255))
    for score, box, r in foods:
        rectangle(box, (255, 0, 0))
        p = rectangle(r["box"], (255, 255, 0))
        k = int(r["probs"].argmax())
        text = f"{models.classes[k]} {r['probs'][k]:.2f} det {score:.2f} {'top' if r['top_view'][0] > .5 else 'side'}"
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(out, text, (max(p[0], 2), max(p[1] - 3, 10)), cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, width)
    tile = np.zeros((side, side, 3), np.uint8)
    tile[:out.shape[0], :out.shape[1]] = out[:side, :side]
    return tile


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--models", default=pipeline.MODELS)
    args = parser.parse_args()
    models = pipeline.Models(args.models)
    tiles = [draw(models, cv2.cvtColor(cv2.imread(p), cv2.COLOR_BGR2RGB)) for p in args.photos]
    columns = min(6, len(tiles))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i:i + columns]) for i in range(0, len(tiles), columns)]
    cv2.imwrite(args.out, cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
