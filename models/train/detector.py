"""Train the detector: python3 detector.py --data DIR --work DIR [--steps 5100] [--sources ecustfd,tray,...]

Writes DIR/detector.pt (checkpoint, resumed when present), detector.log, and every eighth of the
steps the averaged weights as ../detector.onnx. With --plates-onto a shipped detector learns plates.
"""
import argparse
import os

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import contract
import decode
import detdata
import manifest
import nets
import onnxfile
from schedule import Run


def heat_loss(logits, target, weight):
    """CenterNet's penalty-reduced focal loss; cells of weight 0 do not count."""
    p = torch.sigmoid(logits)
    hit = (target > 0.999).float() * weight
    gain = hit * (1 - p) ** 2 * F.logsigmoid(logits)
    cost = (1 - hit) * weight * (1 - target) ** 4 * p ** 2 * F.logsigmoid(-logits)
    return -(gain + cost).sum() / hit.sum().clamp(min=1)


def box_loss(dist, target, weight):
    """1 - IoU (generalised) plus relative side error, over the cells near each centre."""
    total = weight.sum().clamp(min=1)
    inter = (torch.minimum(dist[:, 0], target[:, 0]) + torch.minimum(dist[:, 2], target[:, 2])) * \
            (torch.minimum(dist[:, 1], target[:, 1]) + torch.minimum(dist[:, 3], target[:, 3]))
    hull = (torch.maximum(dist[:, 0], target[:, 0]) + torch.maximum(dist[:, 2], target[:, 2])) * \
           (torch.maximum(dist[:, 1], target[:, 1]) + torch.maximum(dist[:, 3], target[:, 3]))
    area, true = ((d[:, 0] + d[:, 2]) * (d[:, 1] + d[:, 3]) for d in (dist, target))
    union = area + true - inter
    giou = inter / (union + 1e-6) - (hull - union) / (hull + 1e-6)
    sides = (target[:, 0:2] + target[:, 2:4]).repeat(1, 2, 1, 1).clamp(min=4)
    relative = F.smooth_l1_loss(dist / sides, target / sides, beta=0.02, reduction="none").mean(1)
    return ((1 - giou + 4 * relative) * weight).sum() / total


def mask_loss(logits, target, weight):
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (bce * weight).sum() / weight.sum().clamp(min=1)


def losses(net, images, t):
    heat, dist, plate, mask = net.raw(images)
    return (heat_loss(heat[:, :2], t[:, :2], t[:, 3:5]) + 0.3 * heat_loss(heat[:, 2:], t[:, 2:3], t[:, 5:6]),
            box_loss(dist, t[:, 6:10], t[:, 10]) + 0.3 * box_loss(plate, t[:, 11:15], t[:, 15]),
            mask_loss(mask[:, 0], t[:, 16], t[:, 17]))


def validate(net, records):
    """Recall, extras and mean IoU of foods, coins and plates on whole photos."""
    score = decode.Score()
    with torch.no_grad():
        for r in records:
            image, scale = decode.letterbox(r["image"])
            x = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32) / 255)
            found = decode.boxes(net(x)[0].numpy(), contract.DETECTOR["thresholds"])
            score.add(r["objects"], found, scale)
    return score


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True, help="cache, checkpoint and log")
    parser.add_argument("--steps", type=int, default=5100)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--plates-onto", metavar="ONNX", help="shipped detector that learns plates; all else of it stays as it is")
    parser.add_argument("--sources", default="ecustfd,tray,cafeteria,clearplate,korean,coins")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=contract.MODELS, help="where the network goes")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    records = detdata.cache(args.data, args.work, args.sources.split(","))
    val = [r for r in records if r["split"] == "val" and r["source"] in ("ecustfd", "tray", "erased")]
    net = nets.Detector()
    if args.plates_onto:
        net.load(args.plates_onto)
        net.requires_grad_(False)
        net.plate.requires_grad_(True)
    net = net.to(memory_format=torch.channels_last)
    run = Run(net, args.work, "detector", args.steps, lr=2e-3)
    sampler = detdata.Sampler([r for r in records if r["split"] == "train"], args.seed + run.step)
    mean = np.zeros(3)
    while run.progress() < 1:
        full = run.progress() > 0.8  # windows first, whole letterboxed photos at last
        size = nets.DET_SIZE if full else 256
        batch = [sampler.sample(size, full) for _ in range(args.batch)]
        images = torch.from_numpy(np.stack([b[0] for b in batch])).permute(0, 3, 1, 2).float() / 255
        net.train(not args.plates_onto)
        net.plate.train()
        parts = losses(net, images.contiguous(memory_format=torch.channels_last),
                       torch.from_numpy(np.stack([b[1] for b in batch])))
        run.update(parts[0] + parts[1] + parts[2])
        mean = 0.95 * mean + 0.05 * np.array([p.item() for p in parts])
        if run.due(100):
            run.log("heat %.3f box %.3f mask %.3f" % tuple(mean))
        if run.due(8):
            run.log("val " + str(validate(run.average, val)))
            run.save()
            onnxfile.write(run.average, nets.DET_SIZE, "image", "maps", os.path.join(args.out, "detector.onnx"))
            manifest.write(args.out)


if __name__ == "__main__":
    main()
