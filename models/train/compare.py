"""Compare regressors for grams on the rows of crossval.py: python3 compare.py --rows WORK/rows-0.csv ... (one file per fold)

Every file is estimated by a fit on the others, with the labelled class, so that only the regression differs. Prints MAPE in percent, top and side.
Needs scikit-learn.
"""
import argparse
import math
import warnings

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.neural_network import MLPRegressor

import massfit
from mass import FEATURES, choose, read_rows


def columns(rows, foods, shape):
    """Features: one-hot food, log sides, and with `shape` also log area and how much of the box it fills."""
    hot = np.eye(len(foods))[[foods.index(r["truth_key"]) for r in rows]]
    sides = np.array([[math.log(r["width_mm"] / 100), math.log(r["height_mm"] / 100)] for r in rows])
    longest = np.array([[s.max(), s.min()] for s in sides])
    area = np.array([[math.log(float(r["area_mm2"]) / 1e4), math.log(float(r["area_mm2"]) / r["width_mm"] / r["height_mm"])]
                     for r in rows])
    return hot, np.hstack([sides, longest] + ([area] if shape else []))


def sample_weight(rows):
    return massfit.Table(rows, ["log_long"], sorted({r["truth_key"] for r in rows})).w


def class_mean(train, test, foods, view):
    t = massfit.Table(train, FEATURES[view], foods)
    return massfit.class_means(t)[[foods.index(r["truth_key"]) for r in test]]


def ridge(train, test, foods, view):
    t, held = (massfit.Table(rows, FEATURES[view], foods) for rows in (train, test))
    return massfit.predict(massfit.fit(t, choose(t))[0], massfit.ranges(t), held)


def process(train, test, foods, view, shape=False):
    """Gaussian process about the class mean: distance between foods and in log sides, item noise."""
    base = class_mean(train, train, foods, view)
    hot, x = columns(train, foods, shape)
    hot2, x2 = columns(test, foods, shape)
    both, both2 = np.hstack([x, 1.0 * hot]), np.hstack([x2, 1.0 * hot2])
    kernel = ConstantKernel(0.2) * RBF(np.r_[np.full(x.shape[1], 0.5), np.full(len(foods), 1.5)], "fixed") + WhiteKernel(0.01)
    y = np.log([r["truth_g"] for r in train]) - base
    keep = np.random.RandomState(0).permutation(len(y))[:700]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gp = GaussianProcessRegressor(kernel, random_state=0).fit(both[keep], y[keep])
    return class_mean(train, test, foods, view) + gp.predict(both2)


def boosting(train, test, foods, view):
    base = class_mean(train, train, foods, view)
    x, x2 = (np.hstack(columns(rows, foods, True)) for rows in (train, test))
    model = GradientBoostingRegressor(n_estimators=150, max_depth=3, learning_rate=0.05, subsample=0.7, random_state=0)
    model.fit(x, np.log([r["truth_g"] for r in train]) - base, sample_weight=sample_weight(train))
    return class_mean(train, test, foods, view) + model.predict(x2)


def head(train, test, foods, view):
    """A small network over class, sides and area."""
    (hot, x), (hot2, x2) = (columns(rows, foods, True) for rows in (train, test))
    base = class_mean(train, train, foods, view)
    net = MLPRegressor((24,), alpha=1.0, max_iter=400, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(np.hstack([hot, x]), np.log([r["truth_g"] for r in train]) - base)
    return class_mean(train, test, foods, view) + net.predict(np.hstack([hot2, x2]))


def together(train, test, foods, view):
    """Ridge and Gaussian process, half each on the log scale."""
    return (ridge(train, test, foods, view) + process(train, test, foods, view)) / 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", required=True)
    args = parser.parse_args()
    parts = [read_rows([p]) for p in args.rows]
    foods = sorted({r["truth_key"] for rows in parts for r in rows})
    shaped = lambda *a: process(*a, shape=True)
    for name, method in (("class mean", class_mean), ("hierarchical ridge", ridge), ("Gaussian process", process),
                         ("… with area", shaped), ("boosted trees", boosting), ("learned head", head),
                         ("ridge and process", together)):
        cells = []
        for view in ("top", "side"):
            errors = []
            for k, rows in enumerate(parts):
                train = [r for i, p in enumerate(parts) if i != k for r in p if r["view"] == view]
                test = [r for r in rows if r["view"] == view]
                errors.append(np.abs(np.exp(method(train, test, foods, view)) / [r["truth_g"] for r in test] - 1))
            e = np.concatenate(errors)
            cells.append(f"{100 * e.mean():6.2f} ({100 * (e <= 0.2).mean():.0f} % within 20 %)")
        print(f"{name:20s}", *cells)


if __name__ == "__main__":
    main()
