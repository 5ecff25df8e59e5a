#!/usr/bin/python3
"""The peer of bench_window: plain PyTorch, sliding windows of 96^3 with overlap 0.25 in batches of 4.

  torch_window.py IMAGE TOOLS [--bf16] [--reps N]

TOOLS holds torch_gpu_bench.py (the UNet in plain torch).  The volume has the size of IMAGE at 1.5 x 1.5 x 2 mm; blending is
constant, as in MONAI's sliding_window_inference.  Runs itself again with the settings that make torch fastest.
"""
import os, sys
BEST = {"OMP_NUM_THREADS": str(os.cpu_count()), "ATEN_CPU_CAPABILITY": "avx512",
        "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000", "MALLOC_TOP_PAD_": "268435456"}
if os.environ.get("PEER_TUNED") != "1":
    os.execve(sys.executable, [sys.executable] + sys.argv, {**os.environ, **BEST, "PEER_TUNED": "1"})
import time
T0 = time.time()
import statistics, resource
import numpy as np, nibabel as nib, torch
import torch.nn.functional as F
args = [a for a in sys.argv[1:] if not a.startswith("--")]
bf16 = "--bf16" in sys.argv
reps = int(sys.argv[sys.argv.index("--reps") + 1]) if "--reps" in sys.argv else 3
sys.path.insert(0, args[1])
import torch_gpu_bench as nets
img = nib.load(args[0])
x = torch.from_numpy(np.asarray(img.dataobj, np.float32))[None, None]
size = [max(1, round(d * s / t)) for d, s, t in zip(img.shape, img.header.get_zooms(), (1.5, 1.5, 2))]
x = ((F.interpolate(x, size=size, mode="trilinear") + 57) / 221).clamp(0, 1)
net = nets.UNet(1, 2, norm="batch").eval()
if bf16:
    net = net.to(memory_format=torch.channels_last_3d)


def starts(n, w, overlap=0.25):
    step = int(w * (1 - overlap))
    return [min(i * step, n - w) for i in range(-(-(n - w) // step) + 1)]


def infer():
    w = 96
    at = [(a, b, c) for a in starts(size[0], w) for b in starts(size[1], w) for c in starts(size[2], w)]
    out = torch.zeros(1, 2, *size)
    count = torch.zeros(1, 1, *size)
    for i in range(0, len(at), 4):
        part = at[i:i + 4]
        win = torch.cat([x[:, :, a:a + w, b:b + w, c:c + w] for a, b, c in part])
        if bf16:
            win = win.contiguous(memory_format=torch.channels_last_3d)
        p = net(win).float()
        for k, (a, b, c) in enumerate(part):
            out[0, :, a:a + w, b:b + w, c:c + w] += p[k]
            count[0, :, a:a + w, b:b + w, c:c + w] += 1
    return (out / count).argmax(1)


t = []
with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
    for i in range(reps + 1):
        s = time.perf_counter()
        infer()
        t.append(time.perf_counter() - s)
        if not i:
            first = time.time() - T0
q = sorted(t[1:])
print("torch %s %s  %s  first result in a cold process %.2f s  median %.3f (%.3f .. %.3f)  peak RSS %d MiB" % (
    torch.__version__, "bf16" if bf16 else "fp32", size, first, statistics.median(q), q[0], q[-1],
    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
