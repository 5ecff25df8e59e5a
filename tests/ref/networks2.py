"""DenseNet121, Alexnet, SegAhnet and DynUNet in plain torch: outputs, and digests of every
gradient of the mean cross entropy, at float64 with the weights of value_of().

Writes tests/ref/data/nets2_*.safetensors; tests/unit/test_ref_nets2.c is the C side.
"""
import numpy as np
import torch
import torch.nn.functional as F

import ref


def value_of(name, shape, calm):
    """Weights by name: He uniform, gammas around 1, the rest around 0.

    calm: the betas of norms keep what goes into a ReLU away from 0, where float32 and
    float64 disagree about the sign: a quarter of the channels is off, the rest on.
    Without it, deep batch-norm networks give gradients that differ by percents between
    PyTorch's own two precisions.
    """
    n = int(np.prod(shape))
    if name.endswith(".weight") and len(shape) == 5:
        return ref.values(name, shape, float(np.sqrt(6.0 * shape[0] / n)))
    if name.endswith(".gamma"):
        return ref.values(name, shape, 0.2) + np.float32(0.4 if calm else 1)
    if name.endswith(".beta") and calm:
        v = ref.values(name, shape)
        side = name.endswith(("bn3.beta", "downsample.1.beta"))  # added before the ReLU
        return np.where((v < -0.5) & (not side), v - np.float32(3), v + np.float32(4))
    return ref.values(name, shape, 0.2)


class Net:
    """Parameters by name, made when first asked for; x is N C D H W throughout."""

    def __init__(self, calm):
        self.params = {}
        self.calm = calm

    def param(self, name, *shape):
        p = torch.tensor(value_of(name, shape, self.calm).astype(np.float64), requires_grad=True)
        assert name not in self.params
        self.params[name] = p
        return p

    def conv(self, x, name, co, k, s=1, pad=None, bias=False):
        k = [k] * 3 if isinstance(k, int) else list(k)
        s = [s] * 3 if isinstance(s, int) else list(s)
        pad = [a // 2 for a in k] if pad is None else pad
        w = self.param(name + ".weight", co, x.shape[1], *k)
        b = self.param(name + ".bias", co) if bias else None
        return F.conv3d(x, w, b, s, pad)

    def norm(self, x, name, groups=None):
        """Batch norm in training, or group norm."""
        c = x.shape[1]
        gamma, beta = self.param(name + ".gamma", c), self.param(name + ".beta", c)
        if groups is None:
            return F.batch_norm(x, None, None, gamma, beta, True, 0.0, 1e-5)
        return F.group_norm(x, groups, gamma, beta, 1e-5)

    def nr(self, x, name):
        return F.relu(self.norm(x, name))


def flat(d2, n, one=1):
    return [one, n, n] if d2 else [n, n, n]


def densenet(n, x, d2, classes, init, growth, blocks, bn=4):
    x = n.conv(x, "features.conv0", init, flat(d2, 7), flat(d2, 2))
    x = n.nr(x, "features.norm0")
    x = F.max_pool3d(x, flat(d2, 3), flat(d2, 2), flat(d2, 1, 0))
    for b, layers in enumerate(blocks, 1):
        for i in range(1, layers + 1):
            at = "features.denseblock%d.denselayer%d.layers." % (b, i)
            y = n.conv(n.nr(x, at + "norm1"), at + "conv1", bn * growth, 1)
            y = n.conv(n.nr(y, at + "norm2"), at + "conv2", growth, flat(d2, 3))
            x = torch.cat([x, y], 1)
        if b < len(blocks):
            at = "features.transition%d." % b
            x = n.conv(n.nr(x, at + "norm"), at + "conv", x.shape[1] // 2, 1)
            x = F.avg_pool3d(x, flat(d2, 2), flat(d2, 2))
    x = n.nr(x, "features.norm5")
    x = x.mean((2, 3, 4), keepdim=True)
    return n.conv(x, "class_layers.out", classes, 1, bias=True)


def same(x, k, s):
    """TensorFlow's SAME padding as F.pad() wants it."""
    pads = []
    for size, kk, ss in zip(reversed(x.shape[2:]), reversed(k), reversed(s)):
        total = max((-(-size // ss) - 1) * ss + kk - size, 0)
        pads += [total // 2, total - total // 2]
    return pads


def alexnet(n, x, d2, classes, feat, groups, mil):
    for i in range(5):
        k, s = flat(d2, [11, 5, 3, 3, 3][i]), flat(d2, 1 if i else 4)
        x = n.conv(F.pad(x, same(x, k, s)), "conv%d" % (i + 1), feat[i], k, s, 0)
        x = F.relu(n.norm(x, "norm%d" % (i + 1), groups))
        if i in (0, 1, 4):
            k = flat(d2, 2)
            x = F.max_pool3d(F.pad(x, same(x, k, k), value=-1e30), k, k)
    if not mil:
        x = x.mean((2, 3, 4), keepdim=True)
    for i in (5, 6):
        x = F.relu(n.conv(x, "fc%d" % (i + 1), feat[i], 1, bias=True))
    x = n.conv(x, "out", classes, 1, bias=True)
    return x.amax((2, 3, 4), keepdim=True) if mil else x


def plane(normal, k, t=1):
    w = [k] * 3
    w[normal] = t
    return w


def interpolate(x, like):
    return F.interpolate(x, like.shape[2:], mode="trilinear", align_corners=False)


def ah_dense(n, x, block, normal, d2):
    for i in range(1, 4):
        at = "dense%d.denselayer%d." % (block, i)
        y = n.conv(n.nr(x, at + "bn1"), at + "conv1", 80, 1)
        a = n.conv(n.nr(y, at + "bn2"), at + "conv2", 20, plane(normal, 3))
        if not d2:
            a = a + n.conv(a, at + "conv3", 20, plane(normal, 1, 3))
        y = n.conv(n.nr(a, at + "bn3"), at + "conv4", 20, 1)
        x = torch.cat([x, y], 1)
    return x


def segahnet(n, x, d2, classes, normal, psp):
    image = x
    conv1 = n.nr(n.conv(x, "conv1", 64, plane(normal, 7), plane(normal, 2)), "bn0")
    k = flat(d2, 2)
    pool = F.max_pool3d(F.pad(conv1, same(conv1, k, k), value=-1e30), k, k)
    x, fm = pool, []
    for i, blocks in enumerate([3, 4, 6, 3]):
        for b in range(blocks):
            at, width, s = "layer%d.%d." % (i + 1, b), 64 << i, 2 if i and not b else 1
            y = n.nr(n.conv(x, at + "conv1", width, 1), at + "bn1")
            y = n.nr(n.conv(y, at + "conv2", width, plane(normal, 3), plane(normal, s)),
                     at + "bn2")
            y = n.norm(n.conv(y, at + "conv3", width * 4, 1), at + "bn3")
            if x.shape[1] != width * 4:
                x = n.conv(x, at + "downsample.0", width * 4, 1, plane(normal, s))
                x = n.norm(x, at + "downsample.1")
            x = F.relu(x + y)
        fm.append(x)
    for block, (at, skip) in enumerate([("up0", fm[2]), ("up1", fm[1]), ("up2", fm[0]),
                                        ("trans1", pool), ("up3", conv1)]):
        x = n.conv(n.nr(x, at + ".norm"), at + ".conv", skip.shape[1], 1)
        x = ah_dense(n, interpolate(x, skip) + skip, block, normal, d2)
    if psp:
        join = [x]
        for i in range(4):
            k = plane(normal, 2 << i)
            pads = same(x, k, k)
            ones = F.pad(torch.ones_like(x[:1, :1]), pads)
            y = F.avg_pool3d(F.pad(x, pads), k, k) / F.avg_pool3d(ones, k, k)
            y = n.conv(n.nr(y, "psp.norm%d" % i), "psp.conv%d" % i, 1, 1)
            join.append(interpolate(y, x))
        x = torch.cat(join, 1)
    x = n.conv(n.nr(x, "final.norm"), "final.conv", classes, 1, bias=True)
    return interpolate(x, image)


def dynunet(n, x, classes, kernels, strides, ups, filters, res):
    """kernels, strides, ups in the order D H W."""
    def conv(x, at, i, co, k, s):
        pad = [(a - b + 1) // 2 for a, b in zip(k, s)]
        y = n.conv(x, "%s.conv%d.conv" % (at, i), co, k, s, pad)
        return n.norm(y, "%s.norm%d" % (at, i), co)

    def block(x, at, co, k, s):
        side = x
        if res and (max(s) > 1 or x.shape[1] != co):
            side = conv(x, at, 3, co, [1, 1, 1], s)
        x = F.leaky_relu(conv(x, at, 1, co, k, s), 0.01)
        x = conv(x, at, 2, co, k, [1, 1, 1])
        return F.leaky_relu(x + side if res else x, 0.01)

    skips, last = [], len(strides) - 1
    for i in range(last + 1):
        at = "input_block" if not i else "bottleneck" if i == last else \
            "downsamples.%d" % (i - 1)
        x = block(x, at, filters[i], kernels[i], strides[i])
        skips.append(x)
    for i in range(last - 1, -1, -1):
        at = "upsamples.%d" % (last - 1 - i)
        w = n.param(at + ".transp_conv.conv.weight", x.shape[1], filters[i], *ups[i])
        x = F.conv_transpose3d(x, w, None, ups[i])
        x = torch.cat([x, skips[i]], 1)
        x = block(x, at + ".conv_block", filters[i], kernels[i + 1], [1, 1, 1])
    return n.conv(x, "output_block.conv.conv", classes, 1, bias=True)


def dump(name, shape, classes, build, calm=False):
    """shape: N D H W C of the image."""
    n = Net(calm)
    image = ref.values("image", shape).astype(np.float64)
    x = torch.tensor(np.moveaxis(image, -1, 1).copy())
    logits = build(n, x)
    spatial = (shape[0],) + tuple(logits.shape[2:])
    label = torch.tensor(ref.labels("label", spatial, classes).astype(np.int64))
    loss = F.cross_entropy(logits, label)
    loss.backward()
    out = {"loss": np.array([loss.item()]),
           "logits": ref.digest("logits", ref.channels_last(logits.detach().numpy()))}
    for k, p in n.params.items():
        out[k] = ref.digest(k, p.grad.numpy())
    ref.save("nets2_" + name, out)


if __name__ == "__main__":
    dump("densenet121_2d", (2, 1, 64, 64, 1), 3,
         lambda n, x: densenet(n, x, True, 3, 64, 32, [6, 12, 24, 16]), True)
    dump("densenet_3d", (2, 24, 32, 28, 2), 2,
         lambda n, x: densenet(n, x, False, 2, 8, 4, [2, 3], 2), True)
    feat = [8, 16, 16, 16, 16, 24, 32]
    dump("alexnet_2d", (2, 1, 67, 64, 1), 4, lambda n, x: alexnet(n, x, True, 4, feat, 4, False))
    dump("alexnet_3d_mil", (2, 37, 32, 33, 1), 3,
         lambda n, x: alexnet(n, x, False, 3, feat, 4, True))
    dump("segahnet_2d", (2, 1, 64, 64, 1), 2, lambda n, x: segahnet(n, x, True, 2, 0, True), True)
    dump("segahnet_3d", (1, 64, 64, 6, 1), 2, lambda n, x: segahnet(n, x, False, 2, 2, False), True)
    k3, s1, s2 = [3, 3, 3], [1, 1, 1], [2, 2, 2]
    dump("dynunet_3d", (1, 8, 16, 16, 1), 3,
         lambda n, x: dynunet(n, x, 3, [[1, 3, 3], k3, k3], [s1, [1, 2, 2], s2],
                              [[1, 2, 2], s2], [6, 8, 10], False))
    f2, t2 = [1, 3, 3], [1, 2, 2]
    dump("dynunet_2d_res", (2, 1, 24, 16, 2), 2,
         lambda n, x: dynunet(n, x, 2, [f2, f2, f2], [s1, t2, t2], [t2, t2], [4, 8, 8], True))
