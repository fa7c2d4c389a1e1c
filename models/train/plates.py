"""Plate rims in the ECUSTFD top views, which nobody labelled: found by the coin's scale and two known diameters.

A circle of the plate's radius is slid over the photo's gradient, then every ray's strongest edge near it joins
a robust ellipse. Side views show the plate too flat to be a reference and get no label.
"""
import cv2
import numpy as np

import data

WHITE_MM, RED_MM = 207, 187
RAYS = 72


def directions():
    a = np.arange(RAYS) * 2 * np.pi / RAYS
    return np.stack([np.cos(a), np.sin(a)], 1)


def outward(image, points, normals, step):
    """Colour difference across each point along its normal, strongest channel; NaN outside the photo."""
    h, w = image.shape[:2]
    out = np.full(points.shape[:-1], np.nan)
    a, b = points - step * normals, points + step * normals
    inside = (np.minimum(a, b) >= 0).all(-1) & (np.maximum(a, b) < [w - 1, h - 1]).all(-1)
    pa, pb = (np.round(p[inside]).astype(int) for p in (a, b))
    out[inside] = np.abs(image[pb[:, 1], pb[:, 0]] - image[pa[:, 1], pa[:, 0]]).max(-1)
    return out


def rim(record, image):
    """Outline of the plate's rim in photo pixels (48 points), None when none stands out."""
    mm = data.mm_per_px(record)
    foods = [o["box"] for o in record["objects"] if o["kind"] == "food"]
    if record["source"] != "ecustfd" or record["view"] != "top" or mm is None or not foods:
        return None
    k = 400 / max(image.shape[:2])
    small = cv2.GaussianBlur(cv2.resize(image, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), (0, 0), 1.0).astype(np.float32)
    middle = np.mean([[(b[0] + b[2]) / 2, (b[1] + b[3]) / 2] for b in foods], 0) * k
    unit, best = directions(), (0, None, None)
    for diameter in (WHITE_MM, RED_MM):
        for stretch in (0.95, 0.98, 1.01, 1.04, 1.07, 1.1):
            r = diameter / 2 / mm * k * stretch
            grid = np.arange(-0.6, 0.61, 0.04) * r
            centres = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2) + middle
            edge = outward(small, centres[:, None] + r * unit, np.broadcast_to(unit, (len(centres), RAYS, 2)), 2)
            seen = np.isfinite(edge).mean(1)
            score = np.where(seen > 0.5, (np.nan_to_num(edge) > 20).sum(1) / np.maximum(np.isfinite(edge).sum(1), 1), 0)
            i = int(score.argmax())
            if score[i] > best[0]:
                best = (score[i], centres[i], r)
    if best[0] < 0.55:
        return None
    return refine(small, best[1], best[2], k)


def refine(small, centre, r, k):
    """Ellipse through the strongest edges within 7 % of the circle; None unless most rays agree with it."""
    unit, offsets = directions(), np.linspace(0.93, 1.07, 29)
    points = centre + r * offsets[None, :, None] * unit[:, None]
    edge = outward(small, points, np.broadcast_to(unit[:, None], points.shape), 1.5)
    strongest = np.nan_to_num(edge).argmax(1)
    keep = np.nan_to_num(edge).max(1) > 15
    p = points[np.arange(RAYS), strongest]
    for _ in range(4):
        if keep.sum() < RAYS // 2:
            return None
        ellipse = cv2.fitEllipse(p[keep].astype(np.float32))
        off = distance(p, ellipse) / r
        keep = (off < max(0.015, np.median(off[keep]) * 2.5)) & (np.nan_to_num(edge).max(1) > 15)
    (_, axes, _) = ellipse
    if (off < 0.02).mean() < 0.5 or min(axes) / max(axes) < 0.85 or not 0.9 < max(axes) / 2 / r < 1.1:
        return None
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return on(ellipse, t) / k


def on(ellipse, t):
    (cx, cy), (w, h), angle = ellipse
    a = np.deg2rad(angle)
    u, v = w / 2 * np.cos(t), h / 2 * np.sin(t)
    return np.stack([cx + u * np.cos(a) - v * np.sin(a), cy + u * np.sin(a) + v * np.cos(a)], 1)


def distance(p, ellipse):
    """Distance of points from an ellipse along the rays from its centre."""
    (cx, cy), (w, h), angle = ellipse
    a = np.deg2rad(angle)
    d = p - [cx, cy]
    u, v = d[:, 0] * np.cos(a) + d[:, 1] * np.sin(a), -d[:, 0] * np.sin(a) + d[:, 1] * np.cos(a)
    reach = np.hypot(u, v)
    return np.abs(reach * (1 - 1 / np.hypot(u / (w / 2), v / (h / 2))))
