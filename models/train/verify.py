"""Check that the shipped ONNX files give under OpenCV what the trained checkpoints give under torch.

python3 verify.py --work DIR [--tolerance 1e-4]   (checkpoints detector.pt and recogniser.pt in DIR)
"""
import argparse
import os
import sys

import cv2
import numpy as np
import torch

import contract
import nets
import onnxfile
import pipeline


def load(net, path):
    net.load_state_dict(torch.load(path)["average"])
    return net.eval()


def shipped(folder, models):
    """(name, torch network, OpenCV network, input side) of both."""
    detector = load(nets.Detector(), os.path.join(folder, "detector.pt"))
    path = os.path.join(folder, "recogniser.pt")
    aux = torch.load(path)["average"]["aux.weight"].shape[0]
    recogniser = nets.ShippedRecogniser(load(nets.Recogniser(aux=aux), path), models.recogniser[1]["temperature"])
    return (("detector", detector, models.detector[0], nets.DET_SIZE),
            ("recogniser", recogniser.eval(), models.recogniser[0], nets.REC_SIZE))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--models", default=contract.MODELS)
    parser.add_argument("--tolerance", type=float, default=1e-4, help="relative to 1 or to the value, if larger")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rng, worst = np.random.default_rng(0), 0.0
    for name, net, opencv, side in shipped(args.work, pipeline.Models(args.models)):
        for smooth in (0, 3, 20):
            image = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            if smooth:
                image = cv2.normalize(cv2.GaussianBlur(image, (0, 0), smooth), None, 0, 255, cv2.NORM_MINMAX)
            with torch.no_grad():
                want = net(torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32) / 255)).numpy()
            got = onnxfile.run(opencv, image)
            worst = max(worst, float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want)))))
        print(f"{name}: largest difference so far {worst:.1e}")
    sys.exit(worst > args.tolerance)


if __name__ == "__main__":
    main()
