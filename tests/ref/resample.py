#!/usr/bin/env python3
"""Resampling and intensity transforms in PyTorch and numpy: tests/ref/data/resample.safetensors.

Volumes are C x Z x Y x X with x fastest, as in core/volume; torch calls that N C D H W.
"""
import numpy as np
import torch
import torch.nn.functional as F

import ref

CHANNELS, DIM = 2, (7, 8, 10)  # z, y, x


def volume(name, scale=1.0):
    return torch.from_numpy(ref.values(name, (1, CHANNELS) + DIM, scale)).double()


def out(x):
    return x.reshape(-1).numpy().astype(np.float32)


def resize(x, size, mode):
    """Same extent, voxel centres: align_corners=False."""
    if mode == "nearest":
        return F.interpolate(x, size=size, mode="nearest-exact")
    return F.interpolate(x, size=size, mode="trilinear", align_corners=False)


def rotation(angle):
    """About x, then y, then z (x, y, z order)."""
    r = np.eye(3)
    for i, a in enumerate(angle):
        p, q = (i + 1) % 3, (i + 2) % 3
        one = np.eye(3)
        one[p, p] = one[q, q] = np.cos(a)
        one[q, p] = np.sin(a)
        one[p, q] = -np.sin(a)
        r = one @ r
    return r


def basis(t):
    """The four cubic B-spline weights at t in [0, 1), by the Cox-de Boor recursion."""
    def b(i, k, u):
        if k == 0:
            return float(i <= u < i + 1)
        return (u - i) / k * b(i, k - 1, u) + (i + k + 1 - u) / k * b(i + 1, k - 1, u)
    return np.array([b(j - 3, 3, t) for j in range(4)])


def displacement(control, gap, size):
    """B-spline displacement of a window, control: 3 x kz x ky x kx, in voxels; x, y, z."""
    d = np.zeros((3,) + tuple(size[::-1]))
    taps = [[(int(np.floor(i / gap[a])), basis(i / gap[a] - np.floor(i / gap[a])))
             for i in range(size[a])] for a in range(3)]
    for z, (kz, wz) in enumerate(taps[2]):
        for y, (ky, wy) in enumerate(taps[1]):
            for x, (kx, wx) in enumerate(taps[0]):
                block = control[:, kz:kz + 4, ky:ky + 4, kx:kx + 4]
                d[:, z, y, x] = np.einsum("cijk,i,j,k->c", block, wz, wy, wx)
    return d


def warp(x, size, start, angle, scale, shift, spacing, control, gap, mode, padding):
    size, start = np.array(size, float), np.array(start, float)
    c = (size - 1) / 2
    s = np.diag(spacing)
    m = np.diag(1 / np.array(scale)) @ np.linalg.inv(s) @ rotation(angle).T @ s
    grid = np.stack(np.meshgrid(*[np.arange(int(n)) for n in size[::-1]], indexing="ij")[::-1])
    o = grid.astype(float)
    if control is not None:
        o = o + displacement(control, gap, [int(n) for n in size])
    p = np.einsum("ij,jzyx->izyx", m, o - (c + np.array(shift))[:, None, None, None])
    p = p + (start + c)[:, None, None, None]
    n = np.array(DIM[::-1], float)[:, None, None, None]
    unit = torch.from_numpy((p + 0.5) * 2 / n - 1).permute(1, 2, 3, 0)[None]
    return F.grid_sample(x, unit, mode=mode, padding_mode=padding, align_corners=False)


def legendre(x, n):
    return np.polynomial.legendre.legval(x, [0] * n + [1])


def main():
    dump = {}
    x = volume("volume")
    for name, size in (("up", (9, 11, 13)), ("down", (4, 5, 10))):
        for mode in ("linear", "nearest"):
            dump["%s_%s" % (name, mode)] = out(resize(x, size, mode))
    gap, window = (4.5, 5.0, 4.0), (10, 8, 6)
    knots = [int((window[i] - 1) / gap[i]) + 4 for i in range(3)]
    control = ref.values("control", [3] + knots[::-1], 1.2).astype(float)
    setups = {
        "turned": dict(angle=(0.3, -0.2, 0.5), scale=(1.1, 0.9, 1.2), shift=(0.5, -1.25, 0),
                       control=None),
        "bent": dict(angle=(0, 0, 0), scale=(1, 1, 1), shift=(0, 0, 0), control=control),
        "both": dict(angle=(0.3, -0.2, 0.5), scale=(1.1, 0.9, 1.2), shift=(0.5, -1.25, 0),
                     control=control),
    }
    for name, s in setups.items():
        for mode, padding in (("bilinear", "zeros"), ("bilinear", "border"),
                              ("nearest", "zeros")):
            y = warp(x[:, :1], window, (2, 1, -1), spacing=(0.8, 0.8, 2.5), gap=gap, mode=mode,
                     padding=padding, **s)
            dump["%s_%s_%s" % (name, mode, padding)] = out(y)

    w = ref.values("intensity", (1, CHANNELS) + DIM, 2.0).astype(np.float64)
    dump["range"] = out(torch.from_numpy(np.clip((w + 1) / 2.5 * 3 - 2, -2, 1)))
    lo, hi = w.min(), w.max()
    dump["gamma"] = out(torch.from_numpy(((w - lo) / (hi - lo)) ** 1.7 * (hi - lo) + lo))
    mean = w.mean(axis=(2, 3, 4), keepdims=True)
    dump["centered"] = out(torch.from_numpy((w - mean) / w.std(axis=(2, 3, 4), keepdims=True)))
    y = torch.from_numpy(w)
    for axis, sigma in ((4, 0.7), (3, 0.7), (2, 0.7)):
        r = int(np.ceil(4 * sigma))
        k = torch.exp(-0.5 * torch.arange(-r, r + 1, dtype=torch.float64) ** 2 / sigma ** 2)
        k = (k / k.sum()).reshape([-1 if i == axis else 1 for i in range(5)])
        pad = [0] * 6
        pad[2 * (4 - axis)] = pad[2 * (4 - axis) + 1] = r
        both = F.pad(y, pad, mode="replicate")
        y = torch.cat([F.conv3d(both[:, c:c + 1], k) for c in range(CHANNELS)], dim=1)
    dump["blurred"] = out(y)
    axes = [np.linspace(-1, 1, n) for n in DIM]
    f = np.zeros(DIM)
    for i in range(4):
        for j in range(4 - i):
            for k in range(4 - i - j):
                f += 0.05 * np.einsum("z,y,x->zyx", legendre(axes[0], k), legendre(axes[1], j),
                                      legendre(axes[2], i))
    dump["bias"] = out(torch.from_numpy(w * np.exp(f)))
    ref.save("resample", dump)


main()
