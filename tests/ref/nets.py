"""Networks written in plain torch, for the reference scripts.

A network is a function of a store of weights and an image (N C D H W).  The store makes
each weight at its first use from values(), under the name and with the rule that
tests/unit/ref_net.c uses: so the dumps hold results only.
"""
import json

import numpy as np
import torch
import torch.nn.functional as F

from ref import channels_last, digest, save, values

CODE = 128  # numbers that the variational branch draws


def fill(name, shape):
    """The rule of ref_net.c: by the ending of the name."""
    part = name.rsplit(".", 1)[1]
    if part == "gamma":
        return np.float32(1) + values(name, shape, 0.3)
    if part in ("beta", "bias"):
        v = values(name, shape, 0.1)
    elif len(shape) == 1:
        v = np.float32(0.25) + values(name, shape, 0.1)
    else:
        v = values(name, shape, float(np.sqrt(6.0 / np.prod(shape[1:], dtype=np.int64))))
    if name.startswith("vae_fc."):  # no spread: the draw is the mean
        v = v.copy()
        v[CODE:] = 0 if part == "weight" else -40
    return v


class Store:
    def __init__(self):
        self.p = {}

    def __call__(self, name, *shape):
        if name not in self.p:
            self.p[name] = torch.tensor(fill(name, shape), dtype=torch.float64,
                                        requires_grad=True)
        assert tuple(self.p[name].shape) == shape, name
        return self.p[name]


def conv(s, x, name, co, kernel, stride=1, bias=False, same=False):
    """kernel and stride: a number or three (D H W); same: padding as TensorFlow."""
    k = (kernel,) * 3 if isinstance(kernel, int) else tuple(kernel)
    t = (stride,) * 3 if isinstance(stride, int) else tuple(stride)
    w = s(name + ".weight", co, x.shape[1], *k)
    b = s(name + ".bias", co) if bias else None
    if not same:
        return F.conv3d(x, w, b, stride=t, padding=[(i - 1) // 2 for i in k])
    pads = []
    for n, i, j in reversed(list(zip(x.shape[2:], k, t))):
        total = max((-(-n // j) - 1) * j + i - n, 0)
        pads += [total // 2, total - total // 2]
    return F.conv3d(F.pad(x, pads), w, b, stride=t)


def deconv(s, x, name, co, kernel, stride, size, bias=True):
    """Transposed, padding (kernel - 1) / 2, to size."""
    pad = [(i - 1) // 2 for i in kernel]
    out = [size[i] - ((x.shape[2 + i] - 1) * stride[i] - 2 * pad[i] + kernel[i])
           for i in range(3)]
    w = s(name + ".weight", x.shape[1], co, *kernel)
    return F.conv_transpose3d(x, w, s(name + ".bias", co) if bias else None, stride=stride,
                              padding=pad, output_padding=out)


def norm(s, x, name, kind, groups=8, affine=True):
    c = x.shape[1]
    if kind is None:
        return x
    g = s(name + ".gamma", c) if affine else None
    b = s(name + ".beta", c) if affine else None
    if kind == "batch":
        return F.batch_norm(x, None, None, g, b, training=True, eps=1e-5)
    n = c if kind == "instance" else next(i for i in range(min(groups, c), 0, -1) if c % i == 0)
    return F.group_norm(x, n, g, b, eps=1e-5)


def act(s, x, name, kind, slope=0.0, slopes=1):
    if kind == "prelu":
        return F.prelu(x, s(name + ".weight", slopes))
    return F.leaky_relu(x, slope) if kind == "leaky" else F.relu(x)


def final(x, kind):
    if kind == "softmax":
        return torch.softmax(x, 1)
    return torch.sigmoid(x) if kind == "sigmoid" else x


def unet_v3(s, image, num_classes, nf_enc, nf_dec, kind=None, groups=8, final_activation="softmax"):
    def block(x, name, co, stride):
        x = conv(s, x, name + ".conv", co, 3, stride, kind is None, same=True)
        return F.leaky_relu(norm(s, x, name + ".norm", kind, groups), 0.2)

    def up(x, skip):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        d, h, w = skip.shape[2:]
        return torch.cat([x[:, :, :d, :h, :w], skip], 1)

    skips, x = [], image
    for i in range(4):
        x = block(x, "enc%d" % i, nf_enc[i], 2)
        skips.append(x)
    joins = {1: skips[2], 2: skips[1], 3: skips[0], 5: image}
    for i in range(7):
        x = block(up(x, joins[i]) if i in joins else x, "dec%d" % i, nf_dec[i], 1)
    return final(conv(s, x, "out.conv", num_classes, 1, 1, True), final_activation)


class Resnet:
    """SegResnet (v3) and SegResNet (MONAI)."""

    def __init__(self, s, image, down, up, filters, kind, groups=8, same=False, bias=False,
                 mode="trilinear"):
        self.__dict__.update(locals())
        flat = image.shape[2] == 1
        self.k3 = (1, 3, 3) if flat else (3, 3, 3)
        self.s2 = (1, 2, 2) if flat else (2, 2, 2)

    def conv(self, x, name, co, kernel, stride=1, bias=None):
        return conv(self.s, x, name, co, kernel, stride, self.bias if bias is None else bias,
                    self.same)

    def norm(self, x, name):
        return F.relu(norm(self.s, x, name, self.kind, self.groups))

    def block(self, x, name):
        y = x
        for i in (1, 2):
            y = self.conv(self.norm(y, "%s.norm%d" % (name, i)), "%s.conv%d.conv" % (name, i),
                          x.shape[1], self.k3)
        return x + y

    def encode(self):
        x, skips = self.conv(self.image, "convInit.conv", self.filters, self.k3), []
        for i, n in enumerate(self.down):
            if i:
                x = self.conv(x, "down_layers.%d.0.conv" % i, self.filters << i, self.k3, self.s2)
            for k in range(n):
                x = self.block(x, "down_layers.%d.%d" % (i, k + 1))
            skips.append(x)
        return skips

    def resize(self, x, like):
        return F.interpolate(x, size=like.shape[2:], mode="trilinear", align_corners=False)

    def decode(self, x, skips, join=True, prefix=""):
        for i, n in enumerate(self.up):
            level = len(self.up) - 1 - i
            c = self.filters << level
            x = self.conv(x, "%sup_samples.%d.0.conv" % (prefix, i), c, 1)
            if self.mode == "deconv":
                x = deconv(self.s, x, "%sup_samples.%d.1.deconv" % (prefix, i), c, self.s2,
                           self.s2, skips[level].shape[2:])
            else:
                x = self.resize(x, skips[level])
            x = x + skips[level] if join else x
            for k in range(n):
                x = self.block(x, "%sup_layers.%d.%d" % (prefix, i, k))
        return x

    def last(self, x, name, co):
        return self.conv(self.norm(x, name + ".0"), name + ".2.conv", co, 1, 1, True)

    def vae(self, end, skips):
        """The losses of the variational branch."""
        s = self.s
        x = self.norm(end, "vae_down.0")
        x = self.norm(self.conv(x, "vae_down.2.conv", 16, self.k3, self.s2), "vae_down.3")
        size = x.shape[2:]
        w = s("vae_fc.weight", 2 * CODE, 16, *size)
        stats = F.conv3d(x, w, s("vae_fc.bias", 2 * CODE))
        mean, log_var = stats[:, :CODE], stats[:, CODE:]
        kl = (mean * mean + log_var.exp() - log_var - 1).sum(dim=(1, 2, 3, 4)).mean()
        w = s("vae_draw.weight", CODE, 16, *size)
        x = F.relu(F.conv_transpose3d(mean, w, s("vae_draw.bias", 16)))
        x = self.resize(self.conv(x, "vae_up.0.conv", end.shape[1], 1), end)
        x = self.last(self.decode(x, skips, False, "vae_"), "vae_conv_final", self.image.shape[1])
        return kl / np.prod(self.image.shape[2:]) + 0.1 * F.mse_loss(x, self.image)


def segresnet(s, image, num_classes, down, up, filters, kind="group", groups=8,
              final_activation="softmax", vae=False):
    r = Resnet(s, image, down, up, filters, kind, groups, same=True, bias=kind is None)
    skips = r.encode()
    extra = r.vae(skips[-1], skips) if vae else 0
    x = r.last(r.decode(skips[-1], skips), "conv_final", num_classes)
    return final(x, final_activation), extra


def monai_segresnet(s, image, out_channels, down, up, filters, kind="group", groups=8,
                    mode="trilinear"):
    r = Resnet(s, image, down, up, filters, kind, groups, mode=mode)
    skips = r.encode()
    return r.last(r.decode(skips[-1], skips), "conv_final", out_channels)


def monai_unet(s, image, out_channels, channels, strides, kernel=3, up_kernel=3, units=0,
               kind="instance", affine=False, groups=8, activation="prelu", bias=True):
    """strides: per level a number or three (D H W)."""
    flat = image.shape[2] == 1

    def three(v):
        v = (v,) * 3 if isinstance(v, int) else tuple(v)
        return (1,) + v[1:] if flat else v

    k, uk, st = three(kernel), three(up_kernel), [three(v) for v in strides]

    def adn(x, name):
        x = norm(s, x, name + ".adn.N", kind, groups, affine)
        return act(s, x, name + ".adn.A", activation)

    def one(x, name, co, stride, only=False):
        x = conv(s, x, name + ".conv", co, k, stride, bias)
        return x if only else adn(x, name)

    def unit(x, name, co, stride, n, only=False):
        y, moves = x, np.prod(stride) != 1
        for i in range(n):
            y = one(y, "%s.conv.unit%d" % (name, i), co, stride if i == 0 else (1, 1, 1),
                    only and i == n - 1)
        if moves or x.shape[1] != co:
            x = conv(s, x, name + ".residual", co, k if moves else 1, stride, bias)
        return x + y

    def down(x, name, co, stride):
        return unit(x, name, co, stride, units) if units else one(x, name, co, stride)

    def level(x, name, co, i):
        a = down(x, name + ".0", channels[i], st[i])
        if i + 2 < len(channels):
            b = level(a, name + ".1.submodule", channels[i], i + 1)
        else:
            b = down(a, name + ".1.submodule", channels[i + 1], (1, 1, 1))
        base = name + (".2.0" if units else ".2")
        y = deconv(s, torch.cat([a, b], 1), base + ".conv", co, uk, st[i], x.shape[2:], bias)
        if units or i:
            y = adn(y, base)
        return unit(y, name + ".2.1", co, (1, 1, 1), 1, i == 0) if units else y

    return level(image, "model", out_channels, 0)


def basic_unet(s, image, out_channels, features, mode="deconv", kind="instance", groups=8):
    flat = image.shape[2] == 1
    k3, k2 = ((1, 3, 3), (1, 2, 2)) if flat else ((3, 3, 3), (2, 2, 2))

    def two(x, name, co):
        for i in (0, 1):
            x = conv(s, x, "%s.conv_%d.conv" % (name, i), co, k3, 1, True)
            x = F.leaky_relu(norm(s, x, "%s.conv_%d.adn.N" % (name, i), kind, groups), 0.1)
        return x

    def up(x, skip, name, half, co):
        if mode == "deconv":
            x = deconv(s, x, name + ".upsample.deconv", half, k2, k2, skip.shape[2:])
        else:
            x = conv(s, x, name + ".upsample.preconv", half, 1, 1, True)
            x = F.interpolate(x, size=skip.shape[2:], mode="trilinear", align_corners=True)
        return two(torch.cat([skip, x], 1), name + ".convs", co)

    skips = [two(image, "conv_0", features[0])]
    for i in range(1, 5):
        skips.append(two(F.max_pool3d(skips[-1], k2), "down_%d.convs" % i, features[i]))
    x = skips[4]
    for i in range(4, 0, -1):
        c = x.shape[1]
        x = up(x, skips[i - 1], "upcat_%d" % i, c // 2 if i > 1 else c,
               features[i - 1 if i > 1 else 5])
    return conv(s, x, "final_conv", out_channels, 1, 1, True)


def dump(name, component, args, shape, run):
    """Writes the dump NAME.

    shape: N D H W C of the image.  run(store, image) gives the output or (output, extra
    loss).  The loss is the mean squared difference from values("target") plus the extra
    one; the dump holds the output, the loss, and a digest of each gradient.
    """
    s = Store()
    image = torch.tensor(np.moveaxis(values("image", shape), -1, 1).astype(np.float64))
    out = run(s, image)
    out, extra = out if isinstance(out, tuple) else (out, 0)
    got = channels_last(out.detach().numpy())
    target = torch.tensor(np.moveaxis(values("target", got.shape), -1, 1).astype(np.float64))
    loss = F.mse_loss(out, target) + extra
    loss.backward()
    t = {"loss": np.array([float(loss.detach())], np.float64)}
    if got.size <= 10000:
        t["out"] = got.astype(np.float32)
    else:
        t["out.digest"] = digest("out", got)
    top = max(float(p.grad.norm()) for p in s.p.values())
    for key, p in s.p.items():
        g = p.grad.numpy()
        # the bias before a norm: no gradient but rounding
        t["grad." + key] = digest(key, g if np.linalg.norm(g) > 1e-9 * top else 0 * g)
    meta = {"network": component, "args": json.dumps(args),
            "shape": ",".join(str(i) for i in shape)}
    save(name, t, meta)
