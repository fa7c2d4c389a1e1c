"""Geometric and photometric augmentation shared by both trainers. Images are RGB uint8."""
import cv2
import numpy as np

from nets import FILL


def affine(scale, angle=0.0, flip=False, aspect=1.0, transpose=0):
    """2x2 matrix: optional mirror, quarter turns, rotation by `angle` radians, scale."""
    c, s = np.cos(angle + transpose * np.pi / 2), np.sin(angle + transpose * np.pi / 2)
    return np.array([[c, -s], [s, c]]) @ np.diag([scale * aspect * (-1 if flip else 1), scale / aspect])


def place(linear, source, target):
    """2x3 matrix that applies `linear` and takes the point `source` to `target`."""
    return np.concatenate([linear, (np.asarray(target) - linear @ np.asarray(source))[:, None]], 1)


def points(matrix, p):
    return np.asarray(p, float) @ matrix[:, :2].T + matrix[:, 2]


def box_points(b):
    return np.array([[b[0], b[1]], [b[2], b[1]], [b[2], b[3]], [b[0], b[3]]], float)


def move(matrix, obj, exact):
    """Box and outline of an object after `matrix`; `exact` when it only turns by quarters."""
    poly = None if obj["poly"] is None else points(matrix, obj["poly"])
    p = points(matrix, box_points(obj["box"])) if exact or poly is None else poly
    return [*p.min(0), *p.max(0)], poly


def warp(image, matrix, size, fill=(FILL, FILL, FILL)):
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=fill)


def fill(poly, size):
    """Filled outline as a size x size array of 0 and 1."""
    out = np.zeros((size, size), np.uint8)
    cv2.fillPoly(out, [np.round(poly * 16 - 8).astype(np.int32)], 1, shift=4)
    return out


def photometric(image, rng, hue=0.10):
    """Brightness, gamma, white balance, saturation, shadow, blur, noise and JPEG, each now and then."""
    gain = rng.uniform(0.65, 1.35) * rng.uniform(1 - hue, 1 + hue, 3) if rng.random() < 0.8 else np.ones(3)
    gamma = rng.uniform(0.75, 1.35) if rng.random() < 0.5 else 1.0
    x = np.arange(256)[:, None] / 255.0
    table = np.clip(x ** gamma * gain * 255, 0, 255).astype(np.uint8)
    image = cv2.LUT(image, table[None])
    if rng.random() < 0.4:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, 2)
        k = rng.uniform(0.6, 1.4)
        image = cv2.addWeighted(image, k, grey, 1 - k, 0)
    if rng.random() < 0.2:
        h, w = image.shape[:2]
        a, b = rng.uniform(0.5, 1.0, 2)
        ramp = np.linspace(a, b, w)[None, :] if rng.random() < 0.5 else np.linspace(a, b, h)[:, None]
        image = (image * np.broadcast_to(ramp, (h, w))[..., None]).astype(np.uint8)
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4))
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 9), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])
        image = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return image
