#!/usr/bin/env python3
"""Reference numbers of every optimizer: 20 steps on two tensors, in float64.

PyTorch's own optimizers where it has them; the two NovoGrads are written down from Clara
v3's documentation and from MONAI's.  Writes tests/ref/data/optimizers.safetensors, which
tests/unit/test_ref_optim.c compares.
"""
import math

import numpy as np
import torch

import ref

SIZES = (61, 300)
STEPS = 20


def rate(t):
    return 0.02 / (1 + 0.1 * t)


def novograd(w, g, s, lr, b1=0.95, b2=0.99, eps=1e-8, wd=0.0, averaging=False, nesterov=False):
    n = float((g * g).sum())
    s["v"] = n if "v" not in s else b2 * s["v"] + (1 - b2) * n
    d = g / math.sqrt(s["v"] + eps) + wd * w
    d = lr * d * ((1 - b1) if averaging else 1)
    s["m"] = b1 * s.get("m", 0) + d
    return w - (b1 * s["m"] + d if nesterov else s["m"])


def novograd_monai(w, g, s, lr, b1=0.9, b2=0.98, eps=1e-8, wd=0.0, averaging=False):
    n = float((g * g).sum())
    s["v"] = n if "v" not in s else b2 * s["v"] + (1 - b2) * n
    d = g / (math.sqrt(s["v"]) + eps) + wd * w
    s["m"] = b1 * s.get("m", 0) + d * ((1 - b1) if averaging else 1)
    return w - lr * s["m"]


O = torch.optim
CASES = {
    "adam": (O.Adam, {}),
    "adam_args": (O.Adam, dict(betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1)),
    "adamw": (O.AdamW, {}),
    "adamw_decay": (O.AdamW, dict(weight_decay=0.5)),
    "momentum": (O.SGD, dict(momentum=0.9)),
    "momentum_nesterov": (O.SGD, dict(momentum=0.8, nesterov=True, weight_decay=0.05)),
    "sgd": (O.SGD, dict(weight_decay=0.01)),
    "sgd_args": (O.SGD, dict(momentum=0.7, dampening=0.2, weight_decay=0.1)),
    "rmsprop": (O.RMSprop, {}),
    "rmsprop_args": (O.RMSprop, dict(alpha=0.9, eps=1e-3, momentum=0.5, centered=True,
                                     weight_decay=0.02)),
    "novograd": (novograd, {}),
    "novograd_args": (novograd, dict(b1=0.9, b2=0.8, wd=0.01, averaging=True)),
    "novograd_nesterov": (novograd, dict(nesterov=True)),
    "monai": (novograd_monai, {}),
    "monai_args": (novograd_monai, dict(b1=0.8, b2=0.9, wd=0.05, averaging=True)),
}


def run(fn, args):
    w = [torch.tensor(ref.values("w%d" % i, (n,)).astype(np.float64)) for i, n in enumerate(SIZES)]
    torch_class = isinstance(fn, type)
    states = [{} for _ in w]
    params = [torch.nn.Parameter(x.clone()) for x in w]
    opt = fn(params, lr=1.0, **args) if torch_class else None
    for t in range(1, STEPS + 1):
        for i, p in enumerate(params):
            g = ref.values("g%d.%d" % (t, i), (SIZES[i],), 1.0 / t)
            p.grad = torch.tensor(g.astype(np.float64))
            if not torch_class:
                p.data = fn(p.data, p.grad, states[i], rate(t), **args)
        if torch_class:
            opt.param_groups[0]["lr"] = rate(t)
            opt.step()
    return [p.detach().numpy().astype(np.float32) for p in params]


def main():
    tensors = {}
    for name, (fn, args) in CASES.items():
        for i, w in enumerate(run(fn, args)):
            tensors["%s.%d" % (name, i)] = w
    g = [torch.nn.Parameter(torch.zeros(n, dtype=torch.float64)) for n in SIZES]
    for i, p in enumerate(g):
        p.grad = torch.tensor(ref.values("clip%d" % i, (SIZES[i],), 3.0).astype(np.float64))
    norm = torch.nn.utils.clip_grad_norm_(g, 2.5)
    tensors["clip.norm"] = np.array([float(norm)], np.float64)
    for i, p in enumerate(g):
        tensors["clip.%d" % i] = p.grad.numpy().astype(np.float32)
    ref.save("optimizers", tensors)


main()
