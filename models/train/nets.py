"""The two networks that are shipped. What goes in and out is written in contract.py's JSON."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from blocks import conv, stage, up2
import trunk

DET_SIZE, DET_STRIDE, FILL = 320, 4, 114
REC_SIZE, REC_MARGIN, REC_MASK = 128, 1.3, 64
BOX_UNIT = 16.0  # pixels per unit of the detector's distance head

FOODS = ["apple", "banana", "bread", "bun", "doughnut", "egg", "fried_dough_twist", "grape", "kiwi", "lemon",
         "litchi", "mango", "mooncake", "orange", "peach", "pear", "plum", "sachima", "tomato"]
# What the other data sets call foods that have a name of their own in the catalogue.
NAMED = {"korean 국밥": "rice_soup", "korean 김치": "kimchi", "korean 김치볶음밥": "kimchi_fried_rice",
         "korean 김치찌개": "kimchi_stew", "korean 냉면": "cold_noodles", "korean 돈까스": "pork_cutlet",
         "korean 떡볶이": "tteokbokki", "korean 라면": "ramyeon", "korean 샐러드": "salad", "korean 쌀밥": "steamed_rice",
         "korean 양념치킨": "seasoned_chicken", "korean 잔치국수": "banquet_noodles", "korean 짜장면": "black_bean_noodles",
         "korean 카레": "curry", "korean 탕수육": "sweet_and_sour_pork",
         "cafeteria rice": "steamed_rice", "cafeteria curry": "curry", "cafeteria mung_bean_sprouts": "bean_sprouts",
         "cafeteria fried_chicken": "fried_chicken", "cafeteria fried_eggs": "fried_egg",
         "cafeteria water_spinach": "water_spinach", "cafeteria triangle_hash_brown": "hash_brown",
         "cafeteria chinese_cabbage": "stir_fried_cabbage", "cafeteria chinese_sausage": "sausage",
         "cafeteria carrot_eggs": "carrot_egg", "cafeteria fried_dumplings": "fried_dumplings",
         "cafeteria chicken_nuggets": "chicken_nuggets", "clearplate Rice": "steamed_rice", "clearplate Fish": "fish",
         "clearplate Potato": "potato", "clearplate Tofu": "tofu"}
CLASSES = FOODS + sorted(set(NAMED.values())) + ["other"]
EMBED = 64


class Detector(nn.Module):
    """CenterNet-style: 1x3x320x320 -> 1x12x80x80 (food, coin, left, top, right, bottom, mask, and plate with its sides)."""

    def __init__(self, width=(16, 24, 40, 80, 128), neck=40, fine=24):
        super().__init__()
        w = width
        self.stem, self.s4 = conv(3, w[0], stride=2), conv(w[0], w[1], stride=2)
        self.s8, self.s16, self.s32 = (stage(w[i], w[i + 1], 1) for i in (1, 2, 3))
        self.l4, self.l8, self.l16, self.l32 = (conv(c, d, 1) for c, d in zip(w[1:], (fine, neck, neck, neck)))
        self.d16, self.d8, self.d4 = conv(neck, neck), conv(neck, fine), conv(fine, fine)
        self.heat, self.dist, self.mask = nn.Conv2d(fine, 2, 1), nn.Conv2d(fine, 4, 1), nn.Conv2d(fine, 1, 1)
        self.plate = Plates(w[2:], fine)
        nn.init.constant_(self.heat.bias, -4.0)
        nn.init.constant_(self.dist.bias, 3.0)

    def raw(self, x):
        """Logits of heat (food, coin, plate) and mask, distances of foods and coins, of plates, in input pixels."""
        c4 = self.s4(self.stem(x))
        c8 = self.s8(c4)
        c16 = self.s16(c8)
        c32 = self.s32(c16)
        p = self.d16(self.l16(c16) + up2(self.l32(c32)))
        p = self.d8(self.l8(c8) + up2(p))
        p = self.d4(self.l4(c4) + up2(p))
        heat, dist, mask = self.heat(p), F.softplus(self.dist(p)) * BOX_UNIT, self.mask(p)
        plate = self.plate(c8, c16, c32)
        return torch.cat([heat, plate[:, :1]], 1), dist, F.softplus(plate[:, 1:]) * BOX_UNIT, mask

    def forward(self, x):
        heat, dist, plate, mask = self.raw(x)
        heat = torch.sigmoid(heat)
        return torch.cat([heat[:, :2], dist, torch.sigmoid(mask), heat[:, 2:], plate], 1)

    def load(self, path):
        """Take over a shipped detector's convolutions, into which its norms were folded; norms become identities.

        Layers that the file lacks stay as they are.
        """
        order, hooks = [], []
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                hooks.append(m.register_forward_hook(lambda m, i, o: order.append(m)))
        norm = {a: b for s in self.modules() if isinstance(s, nn.Sequential) for a, b in zip(s, list(s)[1:])
                if isinstance(b, nn.BatchNorm2d)}
        with torch.no_grad():
            self.eval().raw(torch.zeros(1, 3, 64, 64))
        for h in hooks:
            h.remove()
        for conv, (weight, bias) in zip(order, trunk.convolutions(path)):
            assert weight.shape == tuple(conv.weight.shape), (weight.shape, conv)
            conv.weight.data = torch.from_numpy(weight)
            if conv in norm:
                norm[conv].weight.data.fill_((1 + norm[conv].eps) ** 0.5)
                norm[conv].bias.data = torch.from_numpy(bias)
            else:
                conv.bias.data = torch.from_numpy(bias)


class Plates(nn.Module):
    """Heat and sides of plates, which lie about foods: a neck of its own on the detector's maps at strides 8, 16 and 32."""

    def __init__(self, width, fine, neck=32):
        super().__init__()
        self.l8, self.l16, self.l32 = (conv(c, neck, 1) for c in width)
        self.d32, self.d16, self.d8, self.d4 = (conv(neck, n) for n in (neck, neck, neck, fine))
        self.out = nn.Conv2d(fine, 5, 1)
        self.out.bias.data = torch.tensor([-4.0] + [5.0] * 4)

    def forward(self, c8, c16, c32):
        p = self.d16(self.l16(c16) + up2(self.d32(self.l32(c32))))
        return self.out(self.d4(up2(self.d8(self.l8(c8) + up2(p)))))


class Edges(nn.Module):
    """Positions of a box's two sides along one axis: pool the other axis away, then a soft arg-max.

    Regressing through a distribution over positions keeps sub-cell precision and needs no
    fully connected layer over the map. axis 3 gives left and right, axis 2 top and bottom.
    """

    def __init__(self, c, axis, n=REC_MASK):
        super().__init__()
        self.axis, self.n = axis, n
        k, pad = ((n, 1), (0, 2)) if axis == 3 else ((1, n), (2, 0))
        self.mean, self.top = nn.AvgPool2d(k, 1), nn.MaxPool2d(k, 1)
        kernel = (1, 5) if axis == 3 else (5, 1)
        self.mix = nn.Sequential(nn.Conv2d(2 * c, 32, kernel, padding=pad), nn.ReLU(inplace=True),
                                 nn.Conv2d(32, 32, kernel, padding=pad), nn.ReLU(inplace=True))
        self.first, self.last = nn.Conv2d(32, 1, 1), nn.Conv2d(32, 1, 1)
        self.place = nn.Linear(n, 1, bias=False)
        self.place.weight.data[0] = (torch.arange(n) + 0.5) / n
        self.place.weight.requires_grad_(False)

    def forward(self, x):
        f = self.mix(torch.cat([self.mean(x), self.top(x)], 1))
        logits = self.first(f).flatten(1), self.last(f).flatten(1)
        return [self.place(F.softmax(v, 1)) for v in logits], logits


class Pool(nn.Module):
    """Mean about the middle of an n x n map, where the food is, and the greatest value: Nxc maps -> 2c numbers."""

    def __init__(self, c, n):
        super().__init__()
        g = torch.exp(-((torch.arange(n) - (n - 1) / 2) / (0.35 * n)) ** 2)
        self.mean, self.top = nn.Conv2d(c, c, n, groups=c, bias=False), nn.MaxPool2d(n)
        self.mean.weight.data[:] = torch.outer(g, g) / g.sum() ** 2
        self.mean.weight.requires_grad_(False)

    def forward(self, x):
        return torch.cat([self.mean(x), self.top(x)], 1).flatten(1)


class Recogniser(nn.Module):
    """1x3x128x128 crop -> class scores, embedding, tight box, view and mask."""

    def __init__(self, neck=32, fine=16, aux=1):
        super().__init__()
        self.trunk = trunk.Trunk()
        w = self.trunk.WIDTH
        self.l2, self.l4, self.l8, self.l16 = (conv(c, d, 1) for c, d in zip(w, (fine, neck, neck, neck)))
        self.d4, self.d2 = conv(neck, fine), conv(fine, fine)
        self.mask = nn.Conv2d(fine, 1, 1)
        self.cols, self.rows = Edges(fine, 3), Edges(fine, 2)
        self.drop = nn.Dropout(0.2)
        self.middle, self.whole = Pool(w[3], REC_SIZE // 16), Pool(w[4], REC_SIZE // 32)
        self.embed = nn.Linear(2 * (w[3] + w[4]), EMBED)
        self.classes = nn.Linear(EMBED, len(CLASSES), bias=False)
        self.aux = nn.Linear(EMBED, aux, bias=False)  # other data sets' classes, training only
        self.view = nn.Linear(2 * w[4], 1)
        self.total = nn.Linear(EMBED, EMBED, bias=False)  # sum over the vector, kept in its shape
        self.total.weight.data.fill_(1.0)
        self.total.weight.requires_grad_(False)
        self.scale = 16.0

    def raw(self, x):
        """Dict of training quantities: embedding, cosine logits, box, mask and view logits."""
        c2, c4, c8, c16, c32 = self.trunk(x)
        p = self.l8(c8) + up2(self.l16(c16))
        p = self.d4(self.l4(c4) + up2(p))
        p = self.d2(self.l2(c2) + up2(p))
        middle, whole = self.middle(c16), self.whole(c32)
        e = self.embed(self.drop(torch.cat([middle, whole], 1)))
        e = e / torch.sqrt(self.total(e * e) + 1e-6)
        (left, right), col_logits = self.cols(p)
        (top, bottom), row_logits = self.rows(p)
        return {"embedding": e, "box": torch.cat([left, top, right, bottom], 1), "mask": self.mask(p),
                "view": self.view(whole), "edges": (col_logits[0], row_logits[0], col_logits[1], row_logits[1])}

    def logits(self, e, head):
        return self.scale * F.linear(e, F.normalize(head.weight, dim=1))


class ShippedRecogniser(nn.Module):
    """The recogniser with the training parts dropped and the temperature folded in."""

    def __init__(self, net, temperature):
        super().__init__()
        self.net = net
        self.head = nn.Linear(EMBED, len(CLASSES), bias=False)
        self.head.weight.data = F.normalize(net.classes.weight.data, dim=1) * net.scale / temperature

    def forward(self, x):
        r = self.net.raw(x)
        return torch.cat([F.softmax(self.head(r["embedding"]), 1), r["embedding"], r["box"],
                          torch.sigmoid(r["view"]), torch.sigmoid(r["mask"]).flatten(1)], 1)
