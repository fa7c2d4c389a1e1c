"""Building blocks shared by both networks.

Plain 3x3 convolutions with ReLU only: depthwise ones train six to ten times slower
on a CPU, and OpenCV 4.6 aborts the process on the Clip that ReLU6 exports to.
"""
import torch.nn as nn
import torch.nn.functional as F


def conv(cin, cout, k=3, stride=1, relu=True):
    """Convolution + batch norm (+ ReLU); the exporter folds the norm away."""
    layers = [nn.Conv2d(cin, cout, k, stride, k // 2, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Residual(nn.Module):
    """Two 3x3 convolutions around an identity."""

    def __init__(self, c):
        super().__init__()
        self.a, self.b = conv(c, c), conv(c, c, relu=False)

    def forward(self, x):
        return F.relu(x + self.b(self.a(x)))


def stage(cin, cout, blocks):
    """Halve the resolution, then `blocks` residual blocks."""
    return nn.Sequential(conv(cin, cout, stride=2), *[Residual(cout) for _ in range(blocks)])


def up2(x):
    """Double height and width, nearest neighbour."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
