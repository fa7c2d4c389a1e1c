"""The backbone of YOLOX-nano (Megvii, Apache-2.0) with its COCO weights, as a start for the recogniser.

Depthwise, but narrow: at 128 pixels it trains as fast as the plain 3x3 backbone it replaces. Batch norms are
folded into the convolutions in the file the weights come from.
"""
import os

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import numpy_helper

WEIGHTS = os.path.join("weights", "yolox_nano_coco.onnx")  # under the data folder


class Conv(nn.Module):
    """Convolution with bias and SiLU."""

    def __init__(self, cin, cout, k=1, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, stride, (k - 1) // 2, groups=groups)

    def forward(self, x):
        return F.silu(self.conv(x))


def separable(cin, cout, stride=1):
    """Depthwise 3x3, then pointwise."""
    return nn.Sequential(Conv(cin, cin, 3, stride, cin), Conv(cin, cout))


class Bottleneck(nn.Module):
    def __init__(self, c, add):
        super().__init__()
        self.a, self.b, self.add = Conv(c, c), separable(c, c), add

    def forward(self, x):
        y = self.b(self.a(x))
        return x + y if self.add else y


class Csp(nn.Module):
    """Cross-stage partial block. Its parts are declared in the order in which the ONNX file lists them."""

    def __init__(self, c, blocks, add=True):
        super().__init__()
        self.left, self.right = Conv(c, c // 2), Conv(c, c // 2)
        self.blocks = nn.Sequential(*[Bottleneck(c // 2, add) for _ in range(blocks)])
        self.join = Conv(c, c)

    def forward(self, x):
        return self.join(torch.cat([self.blocks(self.left(x)), self.right(x)], 1))


class Pyramid(nn.Module):
    """Spatial pyramid pooling over 5, 9 and 13 cells."""

    def __init__(self, c):
        super().__init__()
        self.squeeze, self.join = Conv(c, c // 2), Conv(2 * c, c)

    def forward(self, x):
        x = self.squeeze(x)
        return self.join(torch.cat([x] + [F.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)], 1))


class Trunk(nn.Module):
    """1x3xHxW RGB in [0, 1] -> maps of strides 2, 4, 8, 16, 32 with WIDTH channels."""

    WIDTH = (16, 32, 64, 128, 256)

    def __init__(self):
        super().__init__()
        w = self.WIDTH
        self.stem = Conv(3, w[0], 6, 2)
        self.s4 = nn.Sequential(separable(w[0], w[1], 2), Csp(w[1], 1))
        self.s8 = nn.Sequential(separable(w[1], w[2], 2), Csp(w[2], 3))
        self.s16 = nn.Sequential(separable(w[2], w[3], 2), Csp(w[3], 3))
        self.s32 = nn.Sequential(separable(w[3], w[4], 2), Pyramid(w[4]), Csp(w[4], 1, add=False))

    def forward(self, x):
        maps = [self.stem(x)]
        for stage in (self.s4, self.s8, self.s16, self.s32):
            maps.append(stage(maps[-1]))
        return maps

    def load(self, path):
        """Take over the weights of YOLOX-nano's ONNX file, whose convolutions come in the order of ours."""
        for conv, (weight, bias) in zip((m for m in self.modules() if isinstance(m, nn.Conv2d)), convolutions(path)):
            if conv is self.stem.conv:
                weight = unfocus(weight) * 255  # the file wants 0 to 255
            assert weight.shape == tuple(conv.weight.shape), (weight.shape, conv)
            conv.weight.data, conv.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)


def convolutions(path):
    """Weight and bias of every convolution of an ONNX file, in the order they are computed."""
    graph = onnx.load(path).graph
    value = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    return [tuple(value[name].copy() for name in n.input[1:3]) for n in graph.node if n.op_type == "Conv"]


def unfocus(weight):
    """16x12x3x3 over the four interleaved quarter images of a BGR photo -> the same as 16x3x6x6 over RGB."""
    out = np.zeros((len(weight), 3, 6, 6), np.float32)
    for q, (row, col) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        out[:, ::-1, row::2, col::2] = weight[:, 3 * q:3 * q + 3]
    return out
