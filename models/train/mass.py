"""Fit mass.json: grams from millimetres, per view and food, with a calibrated distribution.

    python3 crossval.py ...                            # leaves rows-0.csv to rows-4.csv in WORK
    python3 mass.py --rows WORK/rows-*.csv             # writes ../mass.json and the manifest

The rows come from the program itself (foodmassd evaluate --csv), with a recogniser that never saw the row's
item, so the model is fitted on exactly what it is later given; after a change of the networks run both again.
log grams = offset(food) + slopes(food) · log sides of the box, a hierarchical Bayesian ridge: every
food's slopes are drawn around shared ones, an item counts by the square root of its photos. Foods whose
sizes say less than their mean (bread, lemon) are shrunk towards it; beyond the sizes seen grams
grow with the third power of length. Folds are grouped by physical item. What was tried stands in
mass_report.md. Needs numpy.
"""
import argparse
import csv
import itertools
import json
import math
import os

import numpy as np

import manifest
from massfit import Prior, Table, cross_validate, fit, mape, ranges

VERSION = "0.3.0"
FEATURES = {"top": ["log_long", "log_short"], "side": ["log_width", "log_height"]}
SIZE_FEATURES = {"top": ["log_size", "log_long_short"], "side": ["log_size", "log_width_height"]}
MIN_IOU = 0.7  # boxes worse than that are no measurement


def read_rows(paths):
    """Measured foods."""
    rows = []
    for path in paths:
        with open(path) as f:
            for r in csv.DictReader(f):
                if not r["truth_key"] or not r["width_mm"]:
                    continue
                if float(r["iou"]) < MIN_IOU or r["cut"] == "true":
                    continue
                for k in ("truth_g", "truth_cm3", "width_mm", "height_mm", "scale_sd"):
                    r[k] = float(r[k])
                rows.append(r)
    return rows


def choose(t):
    """The prior with the least cross-validated error."""
    best = None
    for noise, slope, pull in itertools.product((0.08, 0.12), (0.15, 0.3, 0.5), (1, 4)):
        prior = Prior(noise, slope, pull=pull)
        score = mape(cross_validate(t, prior, seeds=1)[0])
        if best is None or score < best[0]:
            best = (score, prior)
    return best[1]


def noise_per_food(t, error, variance):
    """Noise SD per food, shrunk to the pooled one by four items, and the factor that makes 90 % cover 90 %."""
    square = (error ** 2).mean(0) - variance.mean(0)
    pooled = max(np.average(square, weights=t.mean_w), 1e-3)
    noise = np.zeros(t.foods)
    for k in range(t.foods):
        m = t.food == k
        items = len(set(t.group[m]))
        own = (t.mean_w[m] * square[m]).sum() if items else 0
        noise[k] = math.sqrt(max((4 * pooled + own) / (4 + items), pooled / 6))
    z = np.abs(error) / np.sqrt(variance + noise[t.food] ** 2)
    order = np.argsort(z.mean(0))
    weight = np.cumsum(t.mean_w[order]) / t.mean_w.sum()
    return noise, z.mean(0)[order][np.searchsorted(weight, 0.9)] / 1.645


def sizes(rows, view, foods):
    """Mean and SD of the size features per food, items counting once, the SD shrunk to the pooled one by
    four items; "unknown" spans all foods and twice their spread."""
    t = Table(rows, SIZE_FEATURES[view], foods)
    mean = np.array([np.average(t.x[t.food == k], axis=0, weights=t.mean_w[t.food == k]) for k in range(t.foods)])
    square = (t.x - mean[t.food]) ** 2
    pooled = np.average(square, axis=0, weights=t.mean_w)
    out = {}
    for k, food in enumerate(foods):
        m = t.food == k
        items = len(set(t.group[m]))
        own = (t.mean_w[m][:, None] * square[m]).sum(0)
        out[food] = {"mean": figures(mean[k]), "sd": figures(np.sqrt((4 * pooled + own) / (4 + items) * (1 + 1 / items)))}
    out["unknown"] = {"mean": figures(mean.mean(0)), "sd": figures(2 * mean.std(0))}
    return out


def figures(x):
    return [float(f"{v:.5g}") for v in np.ravel(x)]


def fit_view(rows, view, foods):
    rows = [r for r in rows if r["view"] == view]
    t = Table(rows, FEATURES[view], foods)
    prior = choose(t)
    error, variance = cross_validate(t, prior)
    noise, factor = noise_per_food(t, error, variance)
    mean, cov, volume, share = fit(t, prior)
    low, high = ranges(t)
    out = {}
    for k, food in enumerate(foods):
        m = t.food == k
        if not m.any():
            continue
        out[food] = {"mean": figures(mean[k]), "cov": [figures(c) for c in cov[k] * factor ** 2],
                     "noise_sd": float(f"{noise[k] * factor:.4g}"),
                     "low": figures(low[k]), "high": figures(high[k]), "volume": figures(volume[k])}
    covered = (np.abs(error) < 1.645 * factor * np.sqrt(variance + noise[t.food] ** 2)).mean()
    table = {"rows": len(rows), "items": len(set(t.group)), "mape": mape(error),
             "within20": 100 * (np.abs(np.exp(error) - 1) <= 0.2).mean(), "covered": 100 * covered, "factor": factor,
             "noise": prior.noise, "slope": prior.slope, "pull": prior.pull, "trust": {f: round(s, 2) for f, s in zip(foods, share)},
             "foods": {f: mape(error[:, t.food == k]) for k, f in enumerate(foods) if (t.food == k).any()}}
    return {"features": FEATURES[view], "foods": out, "size_features": SIZE_FEATURES[view],
            "sizes": sizes(rows, view, foods)}, table


def fit_model(rows):
    """The whole model and, per view, what its cross-validation says."""
    foods = sorted({r["truth_key"] for r in rows})
    model = {"name": "foodmass-mass", "version": VERSION,
             "scale_sd": float(f"{np.median([r['scale_sd'] for r in rows]):.3g}")}
    tables = {}
    for view in ("top", "side"):
        model[view], tables[view] = fit_view(rows, view, foods)
    return model, tables


def write(model, folder):
    """mass.json and the manifest of a folder of models."""
    path = os.path.join(folder, "mass.json")
    with open(path + ".tmp", "w") as f:
        f.write(compact(model))
    os.replace(path + ".tmp", path)
    manifest.write(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", required=True, help="CSV files of foodmassd evaluate --csv")
    parser.add_argument("--out", default=manifest.MODELS, help="folder of models")
    args = parser.parse_args()
    model, tables = fit_model(read_rows(args.rows))
    print(json.dumps(tables, indent=1))
    write(model, args.out)


def compact(model):
    """JSON with one line per food."""
    def lines(table):
        return "{\n" + ",\n".join(f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items()) + "\n  }"

    text = json.dumps({k: v for k, v in model.items() if k not in FEATURES}, indent=1)[:-2]
    for view in FEATURES:
        members = ",\n".join(f"  {json.dumps(k)}: {lines(v) if isinstance(v, dict) else json.dumps(v)}"
                             for k, v in model[view].items())
        text += f',\n "{view}": {{\n{members}\n }}'
    return text + "\n}\n"


if __name__ == "__main__":
    main()
