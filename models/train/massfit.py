"""The regression behind mass.py: hierarchical ridge, shrinkage to the class mean, grouped folds."""
import collections
import math

import numpy as np

FOLDS = 5
MEASURE = {
    "log_width": lambda r: math.log(r["width_mm"] / 100),
    "log_height": lambda r: math.log(r["height_mm"] / 100),
    "log_long": lambda r: math.log(max(r["width_mm"], r["height_mm"]) / 100),
    "log_short": lambda r: math.log(min(r["width_mm"], r["height_mm"]) / 100),
    "log_size": lambda r: math.log(r["width_mm"] * r["height_mm"] / 1e4) / 2,
    "log_long_short": lambda r: abs(math.log(r["width_mm"] / r["height_mm"])),
    "log_width_height": lambda r: math.log(r["width_mm"] / r["height_mm"]),
}


class Table:
    """Rows of one view as arrays."""

    def __init__(self, rows, features, foods):
        self.x = np.array([[MEASURE[f](r) for f in features] for r in rows])
        self.y = np.log([r["truth_g"] for r in rows])
        self.v = np.log([r["truth_cm3"] for r in rows])
        self.food = np.array([foods.index(r["truth_key"]) for r in rows])
        item = [(r["group"], r["truth_key"]) for r in rows]
        count = collections.Counter(item)
        self.w = np.array([1 / math.sqrt(count[i]) for i in item])
        self.mean_w = np.array([1 / count[i] for i in item])
        self.group = np.array([r["group"] for r in rows])
        self.foods = len(foods)

    def take(self, mask):
        t = object.__new__(Table)
        t.foods = self.foods
        for k in ("x", "y", "v", "food", "w", "mean_w", "group"):
            setattr(t, k, getattr(self, k)[mask])
        return t


class Prior:
    """noise: SD of a row; slope: SD of a food's slopes about the shared ones; pull: shrinkage to the mean."""

    def __init__(self, noise=0.1, slope=0.2, shared=0.5, offset=0.6, pull=1.0):
        self.noise, self.slope, self.shared, self.offset, self.pull = noise, slope, shared, offset, pull


def ridge(t, y, prior):
    """Posterior (mean, covariance) of offset and slopes per food: arrays K×(d+1) and K×(d+1)×(d+1).

    Unknowns: shared offset and slopes, then each food's deviation from them.
    """
    n, d = t.x.shape
    one = np.hstack([np.ones((n, 1)), t.x])
    z = np.zeros((n, (d + 1) * (t.foods + 1)))
    z[:, :d + 1] = one
    for k in range(t.foods):
        z[t.food == k, (d + 1) * (k + 1):(d + 1) * (k + 2)] = one[t.food == k]
    sd = np.tile([prior.offset] + [prior.slope] * d, t.foods + 1)
    sd[:d + 1] = [3] + [prior.shared] * d
    start = np.zeros(len(sd))
    start[:d + 1] = [5.5] + [3 / d] * d  # mass grows with the third power of a length
    zw = z.T * (t.w / prior.noise ** 2)
    cov = np.linalg.inv(zw @ z + np.diag(1 / sd ** 2))
    b = start + cov @ (zw @ (y - z @ start))
    means, covs = [], []
    for k in range(t.foods):
        pick = np.zeros((d + 1, len(sd)))
        pick[:, :d + 1] = np.eye(d + 1)
        pick[:, (d + 1) * (k + 1):(d + 1) * (k + 2)] = np.eye(d + 1)
        means.append(pick @ b)
        covs.append(pick @ cov @ pick.T)
    return np.array(means), np.array(covs)


def ranges(t):
    """Least and greatest features per food; boundless for foods without rows."""
    low, high = np.full((t.foods, t.x.shape[1]), -np.inf), np.full((t.foods, t.x.shape[1]), np.inf)
    for k in np.unique(t.food):
        low[k], high[k] = t.x[t.food == k].min(0), t.x[t.food == k].max(0)
    return low, high


def predict(mean, within, t):
    """Log grams: linear within the sizes of the fit, the third power of length beyond them."""
    low, high = within
    x = np.clip(t.x, low[t.food], high[t.food])
    beyond = 3 / x.shape[1] * (t.x - x).sum(1)
    return np.einsum("ij,ij->i", mean[t.food], np.hstack([np.ones((len(t.y), 1)), x])) + beyond


def spread(cov, t):
    one = np.hstack([np.ones((len(t.y), 1)), t.x])
    return np.einsum("ij,ijk,ik->i", one, cov[t.food], one)


def class_means(t):
    """Mean log grams per food, each item counting once; the overall mean where a food is missing."""
    out = np.full(t.foods, np.average(t.y, weights=t.mean_w))
    for k in range(t.foods):
        m = t.food == k
        if m.any():
            out[k] = np.average(t.y[m], weights=t.mean_w[m])
    return out


def trust(t, prior):
    """Share λ of geometry against the class mean per food, from items left out one at a time."""
    geometry, mean = np.zeros(len(t.y)), np.zeros(len(t.y))
    for g in np.unique(t.group):
        out = t.group == g
        rest = t.take(~out)
        geometry[out] = predict(ridge(rest, rest.y, prior)[0], ranges(rest), t.take(out)) - t.y[out]
        mean[out] = class_means(rest)[t.food[out]] - t.y[out]
    share = np.ones(t.foods)
    for k in range(t.foods):
        m = t.food == k
        items = len(set(t.group[m]))
        if items < 2:
            continue
        a, b, w = geometry[m], mean[m], t.mean_w[m]
        # minimise Σ w (λ a + (1-λ) b)² + pull·noise²·(1-λ)²
        c = prior.pull * prior.noise ** 2
        share[k] = np.clip(1 - (w * a * (a - b)).sum() / ((w * (a - b) ** 2).sum() + c), 0, 1)
    return share


def fit(t, prior):
    """Posterior per food after shrinkage towards the class mean, and the volume's coefficients."""
    mean, cov = ridge(t, t.y, prior)
    volume, _ = ridge(t, t.v, prior)
    share, centre = trust(t, prior), class_means(t)
    for k in range(t.foods):
        mean[k] *= share[k]
        mean[k][0] += (1 - share[k]) * centre[k]
        cov[k] *= share[k] ** 2
        items = max(1, len(set(t.group[t.food == k])))
        cov[k][0, 0] += (1 - share[k]) ** 2 * prior.noise ** 2 / items
    return mean, cov, volume, share


def folds(t, seed):
    """A fold per row: items stay whole and each food's items are dealt out over the folds."""
    order = list(np.random.RandomState(seed).permutation(np.unique(t.group)))
    order.sort(key=lambda g: t.food[t.group == g].min())
    place = {g: i % FOLDS for i, g in enumerate(order)}
    return np.array([place[g] for g in t.group])


def cross_validate(t, prior, seeds=2):
    """log(estimate/truth) and parameter variance of every row, from folds without its item; seeds×rows."""
    error, variance = np.zeros((seeds, len(t.y))), np.zeros((seeds, len(t.y)))
    for s in range(seeds):
        fold = folds(t, s)
        for f in range(FOLDS):
            out = fold == f
            rest, held = t.take(~out), t.take(out)
            mean, cov, _, _ = fit(rest, prior)
            error[s, out], variance[s, out] = predict(mean, ranges(rest), held) - held.y, spread(cov, held)
    return error, variance


def mape(error):
    return 100 * np.abs(np.exp(error) - 1).mean()
