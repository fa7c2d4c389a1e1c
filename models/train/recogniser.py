"""Train the recogniser: python3 recogniser.py --data DIR --work DIR [--fold K | all] [--steps N] [--sources ...]

Writes DIR/recogniser.pt (checkpoint, resumed when present), recogniser.log, and every tenth of the
steps the averaged weights as recogniser.onnx with its temperature. The trunk starts from YOLOX-nano.
"""
import argparse
import os

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import contract
import data
import manifest
import nets
import onnxfile
import recdata
import trunk
from schedule import Run


def edge_loss(logits, box, weight):
    """Cross-entropy of each side's distribution against its true position, shared between two bins."""
    total = 0.0
    for k, v in enumerate(logits):
        at = (box[:, k] * nets.REC_MASK - 0.5).clamp(0, nets.REC_MASK - 1.001)
        low = at.floor().long()
        part = (at - low)[:, None]
        logp = F.log_softmax(v, 1)
        two = logp.gather(1, low[:, None]) * (1 - part) + logp.gather(1, low[:, None] + 1) * part
        total = total - (two[:, 0] * weight).sum()
    return total / (4 * weight.sum().clamp(min=1))


def losses(net, b):
    """Class, auxiliary class, box, mask and view losses of a batch of samples."""
    images = torch.from_numpy(np.stack([s["image"] for s in b])).permute(0, 3, 1, 2).float() / 255
    r = net.raw(images.contiguous(memory_format=torch.channels_last))
    column = {k: torch.tensor([s[k] for s in b]) for k in ("class", "aux", "view", "box_weight", "mask_weight")}
    box = torch.from_numpy(np.stack([s["box"] for s in b])).float()
    mask = torch.from_numpy(np.stack([s["mask"] for s in b]))
    cls = F.cross_entropy(net.logits(r["embedding"], net.classes), column["class"], ignore_index=-1, label_smoothing=0.05)
    seen = column["aux"] >= 0
    aux = F.cross_entropy(net.logits(r["embedding"][seen], net.aux), column["aux"][seen]) if seen.any() else cls * 0
    w = column["box_weight"].float()
    inside = w[:, None] * ((box >= 0) & (box <= 1)).float()
    place = (F.smooth_l1_loss(r["box"], box, beta=0.01, reduction="none") * inside).sum() / inside.sum().clamp(min=1)
    bce = F.binary_cross_entropy_with_logits(r["mask"][:, 0], mask, reduction="none").mean((1, 2))
    outline = (bce * column["mask_weight"].float()).sum() / column["mask_weight"].sum().clamp(min=1)
    sighted = column["view"] >= 0
    view = F.binary_cross_entropy_with_logits(r["view"][sighted, 0], column["view"][sighted].float())
    return cls, 0.3 * aux, 20 * place + 0.25 * edge_loss(r["edges"], box, w), outline, 0.2 * view


def fixed_crops(items, per=2):
    """Validation crops jittered once with a fixed seed, without photometric change."""
    rng, out = np.random.default_rng(7), []
    for c in items:
        for _ in range(per if c["source"] == "ecustfd" and recdata.class_of(c) != recdata.OTHER else 1):
            plain = dict(c, view=None, poly=None)
            crop, box, _ = recdata.jitter(plain, rng)
            out.append((crop, recdata.class_of(c), box, c["view"], c["source"]))
    return out


def predict(net, crops):
    """Cosine logits, boxes and view probabilities for a list of uint8 crops."""
    parts = []
    with torch.no_grad():
        for i in range(0, len(crops), 32):
            x = torch.from_numpy(np.stack(crops[i:i + 32])).permute(0, 3, 1, 2).float() / 255
            r = net.raw(x)
            parts.append((net.logits(r["embedding"], net.classes), r["box"], torch.sigmoid(r["view"])[:, 0]))
    return [torch.cat(p) for p in zip(*parts)]


def temperature(logits, labels):
    """Temperature that minimises the cross-entropy, by grid."""
    grid = np.exp(np.linspace(np.log(0.3), np.log(3), 60))
    return float(grid[int(np.argmin([F.cross_entropy(logits / t, labels).item() for t in grid]))])


def validate(net, crops):
    """Report and temperature on validation crops."""
    logits, box, view = predict(net, [c[0] for c in crops])
    label = torch.tensor([c[1] for c in crops])
    known, strange = label < len(nets.FOODS), label == recdata.OTHER
    dish = ~known & ~strange
    right = (logits.argmax(1) == label).float()
    true = torch.from_numpy(np.stack([c[2] for c in crops]))
    size = (true[:, 2:] - true[:, :2])
    error = ((box[:, 2:] - box[:, :2]) / size - 1).abs()[known]
    side = ((box - true).abs() / size.repeat(1, 2))[known]
    top = torch.tensor([c[3] == "top" for c in crops])
    t = temperature(logits[known], label[known])
    return (f"foods right {right[known].mean():.4f}, dishes {right[dish].mean():.4f}, other {right[strange].mean():.4f}, box width/height error "
            f"{100 * error.mean():.2f} % (median {100 * error.median():.2f}), side {100 * side.mean():.2f} %, "
            f"view right {((view > 0.5) == top)[known].float().mean():.4f}, temperature {t:.2f}"), t


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True, help="checkpoint and log")
    parser.add_argument("--cache", help="folder of the cut crops, shared by runs; WORK unless given")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--fold", choices=[*"01234", "all"], help="hold out that fold of split.json, or nothing")
    parser.add_argument("--without", default="", help="foods never shown, to see whether they come out as unknown")
    parser.add_argument("--from-scratch", action="store_true", help="without YOLOX-nano's weights")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--sources", default="ecustfd,tray,cafeteria,clearplate,korean,coins")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--temperature", type=float, help="instead of fitting it on the validation crops")
    parser.add_argument("--out", default=contract.MODELS, help="where the network goes")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    items = recdata.cache(args.data, args.cache or args.work, args.sources.split(","))
    part = data.parts(args.fold)
    for c in items:
        c["split"] = part.get(c["portion"], c["split"])
    names = sorted({c["label"] for c in items if c["source"] not in ("ecustfd", "coins") and c["label"] != "background"})
    aux = {name: i for i, name in enumerate(names)}
    held = "val" if args.fold is None else "test"
    left_out = args.without.split(",")
    val = fixed_crops([c for c in items if c["split"] == held and c["label"] not in left_out and not recdata.ambiguous(c)])
    net = nets.Recogniser(aux=max(1, len(aux)))
    if not args.from_scratch:
        net.trunk.load(os.path.join(args.data, trunk.WEIGHTS))
    net = net.to(memory_format=torch.channels_last)
    run = Run(net, args.work, "recogniser", args.steps, lr=2e-3, gentle=() if args.from_scratch else [net.trunk])
    sampler = recdata.Sampler([c for c in items if c["split"] == "train" and c["label"] not in left_out], aux, args.seed + run.step)
    mean = np.zeros(5)
    while run.progress() < 1:
        net.train()
        parts = losses(net, [sampler.sample() for _ in range(args.batch)])
        run.update(sum(parts))
        mean = 0.95 * mean + 0.05 * np.array([p.item() for p in parts])
        if run.due(100):
            run.log("class %.3f aux %.3f box %.3f mask %.3f view %.3f" % tuple(mean))
        if run.due(10):
            report, t = validate(run.average, val)
            t = args.temperature or t
            run.log(held + " " + report)
            run.save()
            onnxfile.write(nets.ShippedRecogniser(run.average, t).eval(), nets.REC_SIZE, "crop", "out",
                           os.path.join(args.out, "recogniser.onnx"))
            contract.write(contract.RECOGNISER, folder=args.out, temperature=round(t, 3))
            manifest.write(args.out)


if __name__ == "__main__":
    main()
