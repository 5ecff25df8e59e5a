"""data.py SYNTHETIC [IMAGE LABEL]: NIfTI reading and transforms with nibabel and torch, on request.

Answers "read 1" (nibabel, int16 as stored), "spacing 1" (image and label to 1 mm by
grid_sample) and "range 1" (ScaleIntensityRange as MONAI writes it) with {"ms": [...]}.
"""
import sys
import time

from torch_env import say, start

torch = start()
try:
    import nibabel
    import numpy as np
except ImportError:
    say(missing="python3-nibabel python3-numpy")
    sys.exit(0)
import torch.nn.functional as F

paths, loaded = sys.argv[1:], []
for p in paths[1:]:
    image = nibabel.load(p)
    data = torch.from_numpy(np.ascontiguousarray(np.asarray(image.dataobj, np.float32)))[None, None]
    loaded.append((data, [float(v) for v in image.header.get_zooms()[:3]]))


def read():
    return np.asarray(nibabel.load(paths[0]).dataobj)


def spacing():
    out = []
    for (x, zooms), mode in zip(loaded, ("bilinear", "nearest")):
        size = [int(np.ceil((n - 1) * z)) + 1 for n, z in zip(x.shape[2:], zooms)]
        scale = [(m - 1) / ((n - 1) * z) for m, n, z in zip(size, x.shape[2:], zooms)][::-1]
        theta = torch.tensor([[[scale[0], 0, 0, 0], [0, scale[1], 0, 0], [0, 0, scale[2], 0]]])
        grid = F.affine_grid(theta, [1, 1] + size, align_corners=True)
        out.append(F.grid_sample(x, grid, mode=mode, padding_mode="border", align_corners=True))
    return out


def scale_range():
    x = (loaded[0][0] + 57.0) / (164.0 + 57.0)
    return torch.clamp(x, 0.0, 1.0)


say(nibabel=nibabel.__version__, torch=torch.__version__)
for line in sys.stdin:
    work = {"read": read, "spacing": spacing, "range": scale_range}[line.split()[0]]
    begin = time.perf_counter()
    work()
    say(ms=[1e3 * (time.perf_counter() - begin)])
