"""Split of the ECUSTFD portions by physical item: python3 split.py --data DIR

The same apple is photographed alone and inside a mixed plate; both must fall on the same
side. Portions sharing food, volume and mass are therefore joined (union-find), and whole
groups are held out. `test` is never trained on nor looked at when choosing thresholds;
`val` serves thresholds and temperature. `folds` deals all portions out over five parts for
cross-validation, each food spread as evenly as its groups allow.
"""
import argparse
import collections
import csv
import json
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20240611
FOLDS = 5


def groups(rows):
    """Portions that share a physical item, as a list of (portions, foods)."""
    parent = {}

    def find(x):
        parent.setdefault(x, x)
        while parent[x] != x:
            x = parent[x]
        return x

    for r in rows:
        parent[find(r["portion"])] = find((r["food"], r["volume_cm3"], r["mass_g"]))
    members = collections.defaultdict(lambda: (set(), set()))
    for r in rows:
        portions, foods = members[find(r["portion"])]
        portions.add(r["portion"])
        foods.add(r["food"])
    return sorted((sorted(p), sorted(f)) for p, f in members.values())


def hold_out(pool, share, rng):
    """Take about `share` of each food's groups, at least one where the food has three or more."""
    count = collections.Counter(f for _, foods in pool for f in foods)
    quota = {f: max(1, round(share * n)) if n >= 3 else 0 for f, n in count.items()}
    taken, order = [], list(pool)
    rng.shuffle(order)
    order.sort(key=lambda g: min(count[f] for f in g[1]))  # rare foods first
    for portions, foods in order:
        if all(quota[f] > 0 for f in foods):
            taken.append((portions, foods))
            for f in foods:
                quota[f] -= 1
    return taken, [g for g in pool if g not in taken]


def deal(pool, folds, rng):
    """Groups over `folds` parts: each goes where the rarest of its foods has come least, then where least has come."""
    count = collections.Counter(f for _, foods in pool for f in foods)
    order = list(pool)
    rng.shuffle(order)
    order.sort(key=lambda g: min(count[f] for f in g[1]))
    parts, seen = [[] for _ in range(folds)], [collections.Counter() for _ in range(folds)]
    for portions, foods in order:
        k = min(range(folds), key=lambda i: (sum(seen[i][f] / count[f] for f in foods), len(parts[i])))
        parts[k] += portions
        seen[k].update(foods)
    return [sorted(p) for p in parts]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    args = parser.parse_args()
    with open(os.path.join(args.data, "ecustfd", "portions.csv")) as f:
        pool = groups(list(csv.DictReader(f)))
    rng = random.Random(SEED)
    test, rest = hold_out(pool, 0.2, rng)
    val, train = hold_out(rest, 0.12, rng)
    out = {"seed": SEED, "unit": "groups of portions sharing a physical item"}
    for name, part in (("test", test), ("val", val), ("train", train)):
        out[name] = sorted(p for portions, _ in part for p in portions)
        print(name, len(part), "groups", len(out[name]), "portions")
    out["folds"] = deal(pool, FOLDS, random.Random(SEED))
    print("folds of", [len(p) for p in out["folds"]], "portions")
    with open(os.path.join(HERE, "split.json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
