"""State dicts with MONAI's names, from torch modules nested as MONAI's networks are.

Writes the weights as a user would convert them (tests/ref/data/import_*.safetensors) and
what the network makes of values("image") in eval mode, for tests/unit/test_import.c.
Images are N C X Y Z here, as MONAI reads NIfTI.
"""
import json

import numpy as np
import torch
from torch import nn

from ref import save, values


def convolution(ci, co, kernel=3, stride=1, bias=True, only=False, up=False, norm=None, act=None):
    """MONAI's Convolution: conv, then adn with N and A."""
    m, pad = nn.Sequential(), (kernel - 1) // 2
    if up:
        m.add_module("conv", nn.ConvTranspose3d(ci, co, kernel, stride, pad, stride - 1,
                                                bias=bias))
    else:
        m.add_module("conv", nn.Conv3d(ci, co, kernel, stride, pad, bias=bias))
    if not only:
        adn = nn.Sequential()
        adn.add_module("N", (norm or nn.InstanceNorm3d)(co))
        adn.add_module("A", (act or nn.PReLU)())
        m.add_module("adn", adn)
    return m


class Residual(nn.Module):
    def __init__(self, ci, co, stride=1, units=2, last=False, **how):
        super().__init__()
        self.conv, self.residual = nn.Sequential(), nn.Identity()
        for i in range(units):
            self.conv.add_module("unit%d" % i, convolution(
                co if i else ci, co, 3, 1 if i else stride, only=last and i == units - 1, **how))
        if stride != 1 or ci != co:
            k = 3 if stride != 1 else 1
            self.residual = nn.Conv3d(ci, co, k, stride, (k - 1) // 2)

    def forward(self, x):
        return self.conv(x) + self.residual(x)


class Skip(nn.Module):
    def __init__(self, submodule):
        super().__init__()
        self.submodule = submodule

    def forward(self, x):
        return torch.cat([x, self.submodule(x)], 1)


class UNet(nn.Module):
    def __init__(self, ci, co, channels, strides, units, **how):
        super().__init__()

        def down(a, b, stride):
            if units:
                return Residual(a, b, stride, units, **how)
            return convolution(a, b, 3, stride, **how)

        def block(a, b, channels, strides, top):
            c = channels[0]
            if len(channels) > 2:
                sub, wide = block(c, c, channels[1:], strides[1:], False), 2 * c
            else:
                sub, wide = down(c, channels[1], 1), c + channels[1]
            up = convolution(wide, b, 3, strides[0], only=top and not units, up=True, **how)
            if units:
                up = nn.Sequential(up, Residual(b, b, 1, 1, last=top, **how))
            return nn.Sequential(down(a, c, strides[0]), Skip(sub), up)

        self.model = block(ci, co, channels, strides, True)

    def forward(self, x):
        return self.model(x)


class Block(nn.Module):
    """SegResNet's ResBlock."""

    def __init__(self, c):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(4, c), nn.GroupNorm(4, c)
        self.relu = nn.ReLU()
        self.conv1 = convolution(c, c, bias=False, only=True)
        self.conv2 = convolution(c, c, bias=False, only=True)

    def forward(self, x):
        y = self.conv1(self.relu(self.norm1(x)))
        return x + self.conv2(self.relu(self.norm2(y)))


class SegResNet(nn.Module):
    def __init__(self, ci, co, c, down, up):
        super().__init__()
        self.convInit = convolution(ci, c, bias=False, only=True)
        self.down_layers, self.up_layers = nn.ModuleList(), nn.ModuleList()
        self.up_samples = nn.ModuleList()
        for i, n in enumerate(down):
            w = c << i
            pre = convolution(w // 2, w, 3, 2, False, True) if i else nn.Identity()
            self.down_layers.append(nn.Sequential(pre, *[Block(w) for _ in range(n)]))
        for i, n in enumerate(up):
            w = c << (len(up) - i)
            self.up_layers.append(nn.Sequential(*[Block(w // 2) for _ in range(n)]))
            self.up_samples.append(nn.Sequential(
                convolution(w, w // 2, 1, bias=False, only=True),
                nn.Upsample(scale_factor=2, mode="trilinear", align_corners=False)))
        self.conv_final = nn.Sequential(nn.GroupNorm(4, c), nn.ReLU(),
                                        convolution(c, co, 1, only=True))

    def forward(self, x):
        x, skips = self.convInit(x), []
        for layer in self.down_layers:
            x = layer(x)
            skips.append(x)
        for i, (sample, layer) in enumerate(zip(self.up_samples, self.up_layers)):
            x = layer(sample(x) + skips[-2 - i])
        return self.conv_final(x)


def affine(c):
    return nn.InstanceNorm3d(c, affine=True)


def leaky():
    return nn.LeakyReLU(0.1)


class Two(nn.Sequential):
    def __init__(self, a, b):
        super().__init__()
        self.add_module("conv_0", convolution(a, b, norm=affine, act=leaky))
        self.add_module("conv_1", convolution(b, b, norm=affine, act=leaky))


class Up(nn.Module):
    def __init__(self, a, skip, out, half):
        super().__init__()
        self.upsample = nn.Sequential()
        self.upsample.add_module("deconv", nn.ConvTranspose3d(a, half, 2, 2))
        self.convs = Two(skip + half, out)

    def forward(self, x, skip):
        return self.convs(torch.cat([skip, self.upsample(x)], 1))


class BasicUNet(nn.Module):
    def __init__(self, ci, co, f):
        super().__init__()
        self.conv_0 = Two(ci, f[0])
        for i in range(1, 5):
            down = nn.Sequential()
            down.add_module("max_pooling", nn.MaxPool3d(2))
            down.add_module("convs", Two(f[i - 1], f[i]))
            self.add_module("down_%d" % i, down)
        for i in range(4, 0, -1):
            self.add_module("upcat_%d" % i, Up(f[i], f[i - 1], f[i - 1] if i > 1 else f[5],
                                               f[i] // 2 if i > 1 else f[i]))
        self.final_conv = nn.Conv3d(f[5], co, 1)

    def forward(self, x):
        skips = [self.conv_0(x)]
        for i in range(1, 5):
            skips.append(getattr(self, "down_%d" % i)(skips[-1]))
        x = skips[4]
        for i in range(4, 0, -1):
            x = getattr(self, "upcat_%d" % i)(x, skips[i - 1])
        return self.final_conv(x)


class Basic(nn.Module):
    """DynUNet's UnetBasicBlock."""

    def __init__(self, a, b, kernel, stride):
        super().__init__()
        pads = [(k - s + 1) // 2 for k, s in zip(kernel, stride)]
        self.conv1, self.conv2 = nn.Sequential(), nn.Sequential()
        self.conv1.add_module("conv", nn.Conv3d(a, b, kernel, stride, pads, bias=False))
        self.conv2.add_module("conv", nn.Conv3d(b, b, kernel, 1, [k // 2 for k in kernel],
                                                bias=False))
        self.norm1, self.norm2, self.lrelu = affine(b), affine(b), nn.LeakyReLU(0.01)

    def forward(self, x):
        return self.lrelu(self.norm2(self.conv2(self.lrelu(self.norm1(self.conv1(x))))))


class DynUp(nn.Module):
    def __init__(self, a, b, kernel, up):
        super().__init__()
        self.transp_conv = nn.Sequential()
        self.transp_conv.add_module("conv", nn.ConvTranspose3d(a, b, up, up, bias=False))
        self.conv_block = Basic(2 * b, b, kernel, (1, 1, 1))

    def forward(self, x, skip):
        return self.conv_block(torch.cat([self.transp_conv(x), skip], 1))


class DynUNet(nn.Module):
    def __init__(self, ci, co, kernels, strides, f):
        super().__init__()
        n = len(kernels)
        self.input_block = Basic(ci, f[0], kernels[0], strides[0])
        self.downsamples = nn.ModuleList(
            [Basic(f[i - 1], f[i], kernels[i], strides[i]) for i in range(1, n - 1)])
        self.bottleneck = Basic(f[n - 2], f[n - 1], kernels[n - 1], strides[n - 1])
        self.upsamples = nn.ModuleList(
            [DynUp(f[i], f[i - 1], kernels[i], strides[i]) for i in range(n - 1, 0, -1)])
        self.output_block = nn.Module()
        self.output_block.conv = nn.Sequential()
        self.output_block.conv.add_module("conv", nn.Conv3d(f[0], co, 1))
        self.deep_supervision_heads = nn.ModuleList([nn.Conv3d(f[1], co, 1)])

    def forward(self, x):
        skips = [self.input_block(x)]
        for layer in self.downsamples:
            skips.append(layer(skips[-1]))
        x = self.bottleneck(skips[-1])
        for layer, skip in zip(self.upsamples, skips[::-1]):
            x = layer(x, skip)
        return self.output_block.conv(x)


def dump(name, network, net, channels, size, prefix=""):
    torch.manual_seed(3)
    state = net.state_dict()
    for key, t in state.items():
        if t.dtype == torch.int64:
            continue
        if key.endswith("running_var"):
            t.uniform_(0.5, 2)
        elif t.dim() == 1:
            t.add_(0.2 * torch.randn(t.shape))
    net.eval()
    # the file of the image: z y x with x fastest, as ours; MONAI's tensor: x y z
    image = values("image", (1,) + size[::-1] + (channels,))
    x = torch.tensor(np.ascontiguousarray(image.transpose(0, 4, 3, 2, 1)))
    with torch.no_grad():
        out = net(x).numpy().transpose(0, 4, 3, 2, 1)
    save("import_" + name, {prefix + k: v.numpy() for k, v in state.items()},
         {"network": json.dumps(network)})
    save("imported_" + name, {"out": np.ascontiguousarray(out)},
         {"size": ",".join(str(n) for n in size), "channels": channels})


def main():
    torch.manual_seed(1)
    dump("unet", {"name": "UNet", "args": {
        "spatial_dims": 3, "in_channels": 2, "out_channels": 3, "channels": [3, 4, 6],
        "strides": [2, 2], "num_res_units": 2, "norm": "batch"}},
        UNet(2, 3, [3, 4, 6], [2, 2], 2, norm=nn.BatchNorm3d), 2, (8, 12, 4), "module.")
    dump("unet_plain", {"name": "UNet", "args": {
        "spatial_dims": 3, "in_channels": 1, "out_channels": 2, "channels": [3, 4],
        "strides": [2]}}, UNet(1, 2, [3, 4], [2], 0), 1, (6, 4, 8))
    dump("segresnet", {"name": "SegResNet", "args": {
        "in_channels": 1, "out_channels": 2, "init_filters": 4, "blocks_down": [1, 2],
        "blocks_up": [1], "norm": ["GROUP", {"num_groups": 4}]}},
        SegResNet(1, 2, 4, [1, 2], [1]), 1, (4, 6, 8))
    f = [2, 2, 4, 4, 4, 3]
    dump("basic_unet", {"name": "BasicUNet", "args": {
        "in_channels": 1, "out_channels": 1, "features": f}}, BasicUNet(1, 1, f), 1, (16, 16, 48))
    kernels, strides = [(3, 3, 1), (3, 1, 3), (1, 3, 3)], [(1, 1, 1), (2, 2, 1), (1, 2, 2)]
    dump("dynunet", {"name": "DynUNet", "args": {
        "in_channels": 1, "out_channels": 2, "kernel_size": kernels, "strides": strides,
        "upsample_kernel_size": strides[1:], "filters": [3, 4, 5]}},
        DynUNet(1, 2, kernels, strides, [3, 4, 5]), 1, (8, 8, 6))


if __name__ == "__main__":
    main()
