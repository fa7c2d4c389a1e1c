"""How well foods never taught are told from known ones: python3 strangers.py --data DIR --models DIR --fold K --without A,B

The models were made by recogniser.py with the same --fold and --without. Known are the other foods of the fold's
portions, strange the foods left out, every crop cut at its labelled box. Prints the area under the ROC curve of the
probability that the food is none of the known ones, and what the shipped threshold does.
"""
import argparse
import collections

import cv2
import numpy as np

import data
import pipeline


def auroc(known, strange):
    """Probability that a strange food scores higher than a known one; both are arrays of scores."""
    order = np.argsort(np.concatenate([known, strange]), kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    n, m = len(known), len(strange)
    return (rank[n:].sum() - m * (m + 1) / 2) / (n * m)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--fold", required=True)
    parser.add_argument("--without", required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    models, part, out = pipeline.Models(args.models), data.parts(args.fold), args.without.split(",")
    other = models.classes.index("other")
    scores, named = collections.defaultdict(list), collections.Counter()
    for r in data.records(args.data, ("ecustfd",)):
        foods = [o for o in r["objects"] if o["kind"] == "food"]
        if part[r["portion"]] != "test" and not any(o["label"] in out for o in foods):
            continue
        image = data.load(r)
        for o in foods:
            strange = o["label"] in out
            if not strange and part[r["portion"]] != "test":
                continue
            p = models.recognise(image, o["box"])["probs"]
            kinds = {"other": p[other], "least sure": 1 - np.delete(p, other).max(),
                     "entropy": -(p * np.log(p + 1e-9)).sum()}
            for name, value in kinds.items():
                scores[name, strange].append(value)
            if strange:
                named[o["label"] + " -> " + models.classes[int(p.argmax())]] += 1
    for name in ("other", "least sure", "entropy"):
        known, strange = (np.array(scores[name, s]) for s in (False, True))
        print(f"{name}: AUROC {auroc(known, strange):.3f} ({len(known)} known, {len(strange)} strange)")
    known, strange = (np.array(scores["least sure", s]) for s in (False, True))
    for limit in (0.5, 0.6, 0.7, 0.8):
        print(f"called unknown below a probability of {1 - limit:.1f}: {100 * (known > limit).mean():.1f} % of known, "
              f"{100 * (strange > limit).mean():.1f} % of strange")
    print("taken for:", ", ".join(f"{k} {n}" for k, n in named.most_common(12)))


if __name__ == "__main__":
    main()
