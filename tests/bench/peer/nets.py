"""The networks of the step bench in plain torch, laid out as MONAI's (and Clara v3's Unet).

Parameter counts are compared with ours by the bench, so a layer that is missing on one
side shows.  Norms and activations are in place where torch allows it, which is the fastest.
"""
import torch
import torch.nn.functional as F
from torch import nn


def conv(a, b, k=3, s=1, bias=True):
    return nn.Conv3d(a, b, k, s, (k - s + 1) // 2 if s == 1 else k // 2, bias=bias)


class ResidualUnit(nn.Module):
    def __init__(self, a, b, stride=1, units=2, last=False):
        super().__init__()
        layers = []
        for i in range(units):
            layers.append(conv(b if i else a, b, 3, 1 if i else stride))
            if not (last and i == units - 1):
                layers += [nn.InstanceNorm3d(b), nn.PReLU()]
        self.conv = nn.Sequential(*layers)
        self.residual = nn.Identity()
        if stride != 1 or a != b:
            self.residual = conv(a, b, 3 if stride != 1 else 1, stride)

    def forward(self, x):
        return self.conv(x) + self.residual(x)


class UNet(nn.Module):
    """monai.networks.nets.UNet(num_res_units=2, norm="instance"), strides of 2."""

    def __init__(self, classes=3, channels=(16, 32, 64, 128, 256)):
        super().__init__()
        n = len(channels)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i, c in enumerate(channels):
            self.down.append(ResidualUnit(channels[i - 1] if i else 1, c, 2 if i < n - 1 else 1))
        for i in range(n - 1):
            out = channels[i - 1] if i else classes
            wide = channels[i] + channels[i + 1 if i == n - 2 else i]
            self.up.append(nn.Sequential(
                nn.ConvTranspose3d(wide, out, 3, 2, 1, 1), nn.InstanceNorm3d(out), nn.PReLU(),
                ResidualUnit(out, out, 1, 1, last=i == 0)))

    def forward(self, x):
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for layer in reversed(self.up):
            x = layer(torch.cat([skips.pop(), x], 1))
        return x


class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(nn.GroupNorm(8, c), nn.ReLU(True), conv(c, c, bias=False),
                                  nn.GroupNorm(8, c), nn.ReLU(True), conv(c, c, bias=False))

    def forward(self, x):
        return self.body(x) + x


class SegResNet(nn.Module):
    """monai.networks.nets.SegResNet, blocks_down (1, 2, 2, 4), blocks_up (1, 1, 1)."""

    def __init__(self, filters, classes=3, down=(1, 2, 2, 4), up=(1, 1, 1)):
        super().__init__()
        self.first = conv(1, filters, bias=False)
        self.down, self.reduce, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for i, n in enumerate(down):
            c = filters << i
            pre = [conv(c // 2, c, 3, 2, False)] if i else []
            self.down.append(nn.Sequential(*pre, *[ResBlock(c) for _ in range(n)]))
        for i, n in enumerate(up):
            c = filters << (len(up) - i)
            self.reduce.append(conv(c, c // 2, 1, 1, False))
            self.up.append(nn.Sequential(*[ResBlock(c // 2) for _ in range(n)]))
        self.last = nn.Sequential(nn.GroupNorm(8, filters), nn.ReLU(True), conv(filters, classes, 1))

    def forward(self, x):
        x = self.first(x)
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for reduce, layer in zip(self.reduce, self.up):
            x = F.interpolate(reduce(x), scale_factor=2, mode="trilinear", align_corners=False)
            x = layer(x + skips.pop())
        return self.last(x)


class UnetV3(nn.Module):
    """Clara v3's Unet with group norm: convolution, norm, leaky ReLU; doubling by repetition."""

    def __init__(self, classes=3, enc=(32, 64, 64, 64), dec=(64, 64, 64, 64, 64, 32, 32)):
        super().__init__()

        def block(a, b, stride=1):
            return nn.Sequential(conv(a, b, 3, stride, False), nn.GroupNorm(8, b),
                                 nn.LeakyReLU(0.2, True))

        self.enc, self.dec = nn.ModuleList(), nn.ModuleList()
        a = 1
        for b in enc:
            self.enc.append(block(a, b, 2))
            a = b
        join = {1: enc[2], 2: enc[1], 3: enc[0], 5: 1}
        for i, b in enumerate(dec):
            self.dec.append(block(a + join.get(i, 0), b))
            a = b
        self.out = conv(a, classes, 1)

    def forward(self, x):
        skips = [x]
        for layer in self.enc:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for i, layer in enumerate(self.dec):
            if i in (1, 2, 3, 5):
                x = torch.cat([F.interpolate(x, scale_factor=2), skips.pop()], 1)
            x = layer(x)
        return self.out(x)


class DynUNet(nn.Module):
    """monai.networks.nets.DynUNet: kernels of 3, strides 1, 2, 2, 2, affine instance norm."""

    def __init__(self, classes=3, filters=(32, 64, 128, 256)):
        super().__init__()

        def block(a, b, stride):
            return nn.Sequential(
                conv(a, b, 3, stride, False), nn.InstanceNorm3d(b, affine=True),
                nn.LeakyReLU(0.01, True), conv(b, b, 3, 1, False),
                nn.InstanceNorm3d(b, affine=True), nn.LeakyReLU(0.01, True))

        self.down, self.trans, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for i, f in enumerate(filters):
            self.down.append(block(filters[i - 1] if i else 1, f, 2 if i else 1))
        for a, b in zip(filters[1:], filters):
            self.trans.append(nn.ConvTranspose3d(a, b, 2, 2, bias=False))
            self.up.append(block(2 * b, b, 1))
        self.out = conv(filters[0], classes, 1)

    def forward(self, x):
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for trans, layer in zip(reversed(self.trans), reversed(self.up)):
            x = layer(torch.cat([trans(x), skips.pop()], 1))
        return self.out(x)


NETS = {"unet": UNet, "segresnet8": lambda: SegResNet(8), "segresnet16": lambda: SegResNet(16),
        "unet_v3": UnetV3, "dynunet": DynUNet}


def dice_ce(logits, label):
    """MONAI's DiceCELoss(to_onehot_y=True, softmax=True); label N 1 D H W, int64."""
    logp = F.log_softmax(logits.float(), 1)
    ce = F.nll_loss(logp, label[:, 0])
    p = logp.exp()
    hot = torch.zeros_like(p).scatter_(1, label, 1.0)
    dims = (2, 3, 4)
    inter, total = (p * hot).sum(dims), p.sum(dims) + hot.sum(dims)
    return ce + (1 - (2 * inter + 1e-5) / (total + 1e-5)).mean()
