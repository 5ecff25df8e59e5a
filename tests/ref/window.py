"""Sliding windows with a convolution as the network: whole outputs for tests/unit/test_ref_window.c.

Windows step by int(size * (1 - overlap)), the last one ends at the border; a volume that is
smaller than the window is padded with zeros on both sides.  Outputs are averaged with weights
that are 1, or a Gaussian about the window's centre with deviation 0.125 * size per axis, at
least 1e-4 per axis.
"""
import numpy as np
import torch
import torch.nn.functional as F

import ref

W = torch.tensor(ref.values("window.weight", (2, 1, 3, 3, 3), 0.5))


def network(x):
    return torch.sigmoid(F.conv3d(x, W, padding=1))


def starts(dim, size, overlap):
    if dim <= size:
        return [0]
    step = max(1, int(size * (1 - overlap)))
    at = list(range(0, dim - size, step))
    return at + [dim - size]


def weights(size, gaussian):
    if not gaussian:
        return torch.ones(size, dtype=torch.float64)
    i = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    return torch.exp(-(i ** 2) / (2 * (0.125 * size) ** 2)).clamp_min(1e-4)


def infer(image, roi, overlap, gaussian):
    """image: D H W; roi: D H W."""
    dim = image.shape
    before = [max(0, (r - d) // 2) for d, r in zip(dim, roi)]
    after = [max(0, r - d) - b for d, r, b in zip(dim, roi, before)]
    pad = F.pad(image, [before[2], after[2], before[1], after[1], before[0], after[0]])
    one = [weights(r, gaussian) for r in roi]
    w = one[0][:, None, None] * one[1][None, :, None] * one[2][None, None, :]
    total = torch.zeros(pad.shape, dtype=torch.float64)
    out = torch.zeros((2,) + tuple(pad.shape), dtype=torch.float64)
    for z in starts(pad.shape[0], roi[0], overlap):
        for y in starts(pad.shape[1], roi[1], overlap):
            for x in starts(pad.shape[2], roi[2], overlap):
                at = (slice(z, z + roi[0]), slice(y, y + roi[1]), slice(x, x + roi[2]))
                out[(slice(None),) + at] += network(pad[at][None, None])[0].double() * w
                total[at] += w
    out = out / total
    cut = tuple(slice(b, b + d) for b, d in zip(before, dim))
    return out[(slice(None),) + cut].float().numpy()


CASES = {  # name: (dim D H W, roi D H W, overlap, gaussian)
    "gaussian": ((13, 18, 21), (8, 9, 10), 0.25, True),
    "constant": ((13, 18, 21), (8, 9, 10), 0.5, False),
    "small": ((6, 18, 7), (8, 9, 10), 0.25, True),
}

if __name__ == "__main__":
    dump = {}
    for name, (dim, roi, overlap, gaussian) in CASES.items():
        image = torch.tensor(ref.values("window.image." + name, dim))
        dump[name] = np.ascontiguousarray(infer(image, roi, overlap, gaussian))
    ref.save("window", dump)
