"""Cross-validate the whole program: python3 crossval.py --data DIR --work DIR --program bin/foodmassd

WORK/fold0 … WORK/fold4 hold complete sets of models whose recogniser never saw that fold's portions
(recogniser.py --fold K --out WORK/foldK, the other files copied beside it). Each set measures its own fold
into WORK/rows-K.csv; a mass model fitted on the rows of the other folds then estimates it into
WORK/result-K.csv, from which the figures are printed. No portion meets a recogniser or a mass model that
knows it or another portion of the same physical item.
"""
import argparse
import collections
import csv
import json
import os
import subprocess

import numpy as np

import mass
from split import FOLDS, HERE


def evaluate(program, work, k, portions, data, out):
    """Run `foodmassd evaluate` on one fold with its own models."""
    listed, config = os.path.join(work, f"fold{k}.txt"), os.path.join(work, f"fold{k}.yaml")
    with open(listed, "w") as f:
        f.write("\n".join(portions) + "\n")
    with open(config, "w") as f:
        f.write(f"vision: {{models_dir: {os.path.abspath(os.path.join(work, f'fold{k}'))}}}\n")
    command = [program, "evaluate", "--config", config, "--portions", listed, "--csv", out, os.path.join(data, "ecustfd")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def read(paths):
    """Rows with numbers where there are some."""
    rows = []
    for path in paths:
        with open(path) as f:
            for r in csv.DictReader(f):
                rows.append({k: number(v) for k, v in r.items()})
    return rows


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def medians(rows):
    """Per row the median mass of its food over the other physical items."""
    items = {(r["truth_key"], r["group"]): r["truth_g"] for r in rows}
    return [np.median([g for (food, group), g in items.items() if food == r["truth_key"] and group != r["group"]]
                      or [r["truth_g"]]) for r in rows]


def figures(rows):
    """Errors over labelled foods, in percent; `by portion` with the half width of its 95 % interval."""
    found = [r for r in rows if r["key"]]
    error = np.array([abs(r["estimated_g"] / r["truth_g"] - 1) for r in found])
    portions = collections.defaultdict(list)
    for r, e in zip(found, error):
        portions[r["portion"], r["truth_key"]].append(e)
    means = np.array([np.mean(e) for e in portions.values()])
    return {
        "foods": len(rows), "portions": len(portions), "found": 100 * len(found) / len(rows),
        "class": 100 * np.mean([r["key"] == r["truth_key"] for r in found]), "mape": 100 * error.mean(),
        "by portion": 100 * means.mean(), "±": 196 * means.std(ddof=1) / len(means) ** 0.5 if len(means) > 1 else 0,
        "≤20": 100 * (error <= 0.2).mean(),
        "covered": 100 * np.mean([r["low_g"] <= r["truth_g"] <= r["high_g"] for r in found]),
        "class median": 100 * np.mean([abs(m / r["truth_g"] - 1) for m, r in zip(medians(rows), rows)]),
    }


def show(rows):
    """The table per view and food, the extra detections and the confusions."""
    labelled = [r for r in rows if r["truth_key"]]
    cuts = [(view, [r for r in labelled if r["view"] == view]) for view in ("top", "side")] + [("any", labelled)]
    cuts += [(food, [r for r in labelled if r["truth_key"] == food]) for food in sorted({r["truth_key"] for r in labelled})]
    print("%-18s" % "", *("%12s" % k for k in figures(labelled)))
    for name, part in cuts:
        print("%-18s" % name, *("%12.1f" % v for v in figures(part).values()))
    photos = len({r["image"] for r in rows})
    print(f"\nextra detections per photo {(len(rows) - len(labelled)) / photos:.4f} ({photos} photos)")
    confused = collections.Counter(f"{r['truth_key']} → {r['key']}" for r in labelled if r["key"] and r["key"] != r["truth_key"])
    print("confused:", ", ".join(f"{k} {n}" for k, n in confused.most_common(14)))
    bins = collections.defaultdict(list)
    for r in labelled:
        if r["key"]:
            bins[min(int(r["confidence"] * 10), 9)].append((r["confidence"], abs(r["estimated_g"] / r["truth_g"] - 1) <= 0.2))
    print("confidence, stated/right:", ", ".join(
        f"{100 * np.mean([c for c, _ in b]):.0f}/{100 * np.mean([w for _, w in b]):.0f} ({len(b)})" for _, b in sorted(bins.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--program", required=True)
    args = parser.parse_args()
    with open(os.path.join(HERE, "split.json")) as f:
        folds = json.load(f)["folds"]
    rows, results = ([os.path.join(args.work, f"{name}-{k}.csv") for k in range(FOLDS)] for name in ("rows", "result"))
    for k, portions in enumerate(folds):
        evaluate(args.program, args.work, k, portions, args.data, rows[k])
    for k, portions in enumerate(folds):
        model, _ = mass.fit_model(mass.read_rows([p for i, p in enumerate(rows) if i != k]))
        mass.write(model, os.path.join(args.work, f"fold{k}"))
        evaluate(args.program, args.work, k, portions, args.data, results[k])
    show(read(results))


if __name__ == "__main__":
    main()
